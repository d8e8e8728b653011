//! How does the answer of a command look to a program?
//!
//! One object: the version of the shape, what was asked, what is said in words, and under `tables` everything that a terminal shows as a table,
//! each by a name of its own. Tables look as in `results.json`.

use super::json;
use crate::summary::{self, Ranking, fates, verdicts};
use crate::table::Table;
use scenarios::expect;
use scenarios::numbers::Numbers;
use scenarios::results::{Manifest, Results};
use serde_json::{Map, Value, json};

/// The version of the shape: it grows when something is renamed, removed or means something else, and not when something is added.
pub const SCHEMA_VERSION: u64 = 1;

/// The answer of one command, as it grows.
#[derive(Clone, Debug)]
pub struct Answer {
    fields: Map<String, Value>,
    tables: Vec<Value>,
}

impl Answer {
    /// The answer to a question about this scenario.
    pub fn new(command: &str, manifest: &Manifest) -> Self {
        let mut answer = Self { fields: Map::new(), tables: Vec::new() };
        answer.say("schema_version", SCHEMA_VERSION);
        answer.say("tool_version", manifest.tool_version.as_str());
        answer.say("command", command);
        answer.say("scenario", manifest.scenario.as_str());
        answer.say("hash", manifest.scenario_hash.as_str());
        if !manifest.changes.is_empty() {
            let changes: Vec<Value> = manifest.changes.iter().map(|(path, value)| json!({ "path": path, "value": value })).collect();
            answer.say("changes", changes);
        }
        answer
    }

    /// Says something that is no table.
    pub fn say(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// Adds a table under a name.
    pub fn add(&mut self, name: &str, table: &Table) {
        self.tables.push(named(name, table));
    }

    /// Adds several tables under one name.
    pub fn add_all<'a>(&mut self, name: &str, tables: impl IntoIterator<Item = &'a Table>) {
        tables.into_iter().for_each(|table| self.add(name, table));
    }

    /// The whole answer.
    pub fn value(mut self) -> Value {
        self.fields.insert("tables".to_owned(), Value::Array(self.tables));
        Value::Object(self.fields)
    }
}

fn named(name: &str, table: &Table) -> Value {
    let mut value = json::table(table);
    value["name"] = Value::from(name);
    value
}

/// What a comparison says: of all cells, and of each by itself.
pub fn comparison(command: &str, results: &Results) -> Answer {
    let manifest = &results.manifest;
    let mut answer = Answer::new(command, manifest);
    let judged = expect::judge(results, Numbers::Written);
    answer.say("digest", format!("{:016x}", results.digest()));
    answer.say("headline", fates::headline(results));
    answer.say("arms", manifest.arms.clone());
    answer.say("fates", fates::over_cells(results).iter().map(ToString::to_string).collect::<Vec<_>>());
    answer.say("doubts", summary::doubts(results));
    if let Some(line) = verdicts::line(&judged) {
        answer.say("verdict", line);
        answer.add("expectations", &verdicts::all(manifest, &judged));
    }
    if !results.thresholds.is_empty() {
        answer.say("edges", summary::threshold_sentences(results));
        answer.add_all("edges", &summary::thresholds(results));
    }
    if manifest.cells.len() > 1 {
        answer.add_all("grid", &summary::grid(results));
        answer.add_all("sensitivity", &summary::sensitivity(results));
    }
    if !results.stressed.is_empty() {
        answer.say("stress", summary::stress_sentences(results));
        answer.add_all("stress", &summary::stress(results));
    }
    answer.say("cells", (0..manifest.cells.len() as u32).map(|cell| of_cell(results, cell)).collect::<Vec<_>>());
    answer
}

fn of_cell(results: &Results, cell: u32) -> Value {
    let ranking = Ranking::of(results, cell);
    let tables: [(&str, Option<Table>); 8] = [
        ("consistency", summary::consistency(results, cell)),
        ("properties", summary::properties(results, cell)),
        ("episodes", summary::episodes(results, cell)),
        ("stuck", summary::stuck(results, cell)),
        ("set apart", ranking.table_of_set_apart()),
        ("classes", summary::classes(results, cell)),
        ("observations", summary::observations(results, cell)),
        ("everything observed", summary::all_observations(results, cell)),
    ];
    let tables = tables.iter().filter_map(|(name, table)| Some(named(name, table.as_ref()?)));
    let worst = named("worst runs", &summary::worst_runs(results, cell));
    json!({
        "cell": ranking.label,
        "fates": fates::sentences(&ranking),
        "ties": fates::ties(&ranking),
        "ranking": json::table(&ranking.table()),
        "evidence": ranking.evidence().iter().map(json::table).collect::<Vec<_>>(),
        "tables": tables.chain([worst]).collect::<Vec<_>>(),
    })
}
