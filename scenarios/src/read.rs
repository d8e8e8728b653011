//! How does a text become a scenario, or a list of everything that is wrong with it?
//!
//! The text is split into elements, each is read alone, the systems of all arms and cells are assembled, and what they
//! complain about is brought back to its place in the text.

mod assumptions;
mod capacity;
mod change;
mod demands;
mod endless;
mod expectations;
mod flags;
mod gaps;
mod grid;
mod idle;
mod idle_layers;
mod properties;
mod quorums;
mod searches;
mod system;
mod warnings;

use crate::data::Data;
use crate::problem::{Problem, Problems, Span};
use crate::scenario::{Scenario, SweepSize};
use crate::sweep::too_large;
use crate::text::parse::parse;
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::{Element, Field};
use crate::text::{Source, first_comment};
use crate::threshold::ThresholdSearch;
use assumptions::assumptions;
use change::changed;
use models::plan::{Clockwork, SystemSpec};
use models::strategies::Vocabulary;
use serde::de::DeserializeOwned;
use sim_core::time::SimDuration;

/// The fields a scenario may have, in the order of the documentation.
pub const FIELDS: [&str; 24] = [
    "schema",
    "name",
    "horizon",
    "warm_up",
    "drain",
    "bin",
    "hold",
    "level",
    "nodes",
    "groups",
    "clocks",
    "links",
    "routing",
    "faults",
    "storm",
    "experiment",
    "objective",
    "alerts",
    "stacks",
    "arms",
    "properties",
    "history_limit",
    "expect",
    "sweep",
];

/// At most so many replications of a cell.
const MOST_REPLICATIONS: u32 = 1_000_000;

/// `sweep:` as a scenario writes it; `vary` is read apart.
#[derive(Clone, Debug, Default)]
struct SweepSpec<'a> {
    replications: Option<u32>,
    first_seed: Option<u64>,
    vary: Vec<(String, Span, Vec<Element<'a>>)>,
    searches: Vec<(Span, ThresholdSearch)>,
}

/// How much of a scenario's grid is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The system as written (with the changes), whatever `sweep.vary` says: for one run.
    AsWritten,
    /// Every cell of the grid. A path that is changed is not varied.
    Grid,
}

/// Reads a scenario.
///
/// `origin` is what a user types to name it again, `changes` are `path=value` pairs to be applied first.
///
/// # Errors
/// Everything wrong with the text, and the text as it was with the changes applied: places refer to that.
pub fn read(source: Source, origin: &str, changes: &[(String, String)], extent: Extent) -> Result<Scenario, (Source, Problems)> {
    read_with(source, origin, changes, extent, &Vocabulary::default())
}

/// Does what [`read`] does, for a scenario that may name strategies from outside.
///
/// # Errors
/// See [`read`].
pub fn read_with(
    source: Source,
    origin: &str,
    changes: &[(String, String)],
    extent: Extent,
    vocabulary: &Vocabulary,
) -> Result<Scenario, (Source, Problems)> {
    let mut source = source;
    let mut problems = Problems::new();
    for (path, value) in changes {
        match Path::parse(path).and_then(|path| changed(&source, &path, value)) {
            Ok(text) => source.text = text,
            // A text that is no RON is reported once, below.
            Err(_) if source.root().is_err() => {}
            Err(problem) => problems.push(Problem { message: format!("cannot set `{path}`: {}", problem.message), ..problem }),
        }
    }
    let data = Data::beside(&source);
    let scenario =
        Reader::new(&source, &data, vocabulary, &mut problems).and_then(|reader| reader.scenario(origin, changes, extent, &mut problems));
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err((source, problems)),
    }
}

/// A text taken apart into its top-level fields.
struct Reader<'a> {
    source: &'a Source,
    data: &'a Data,
    vocabulary: &'a Vocabulary,
    root: Element<'a>,
    fields: Vec<Field<'a>>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, data: &'a Data, vocabulary: &'a Vocabulary, problems: &mut Problems) -> Option<Self> {
        let root = problems.note(source.root())?;
        problems.note(root.fields_as_written())?;
        let fields = root.fields_noting(problems);
        Some(Self { source, data, vocabulary, root, fields })
    }

    fn field(&self, name: &str) -> Option<Element<'a>> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value)
    }

    fn read<T: DeserializeOwned>(&self, name: &str, problems: &mut Problems) -> Option<T> {
        problems.note(parse(self.field(name)?))
    }

    fn scenario(&self, origin: &str, changes: &[(String, String)], extent: Extent, problems: &mut Problems) -> Option<Scenario> {
        self.refuse_unknown_fields(problems);
        let clockwork = self.clockwork(problems);
        let name: String = self.required("name", "a name such as \"payment-brownout\"", problems).unwrap_or_default();
        if name.trim().is_empty() && self.field("name").is_some() {
            problems.push(Problem::new("the name is empty").at(self.field("name").expect("it was found").span()));
        }
        let arms = self.arms(problems);
        let mut sweep = self.sweep(problems);
        sweep
            .searches
            .retain(|(_, search)| extent == Extent::Grid && !changes.iter().any(|(changed, _)| is_same_path(changed, &search.path)));
        sweep.vary.retain(|(path, ..)| extent == Extent::Grid && !changes.iter().any(|(changed, _)| is_same_path(changed, path)));
        let names: Vec<String> = arms.iter().map(|(name, _)| name.clone()).collect();
        let expect = self.expect(&names, problems);
        let mut of_systems = Problems::new();
        let base = self.systems(&arms, clockwork, &mut of_systems);
        let is_sound = of_systems.is_empty() && !base.is_empty();
        problems.extend(of_systems);
        if !is_sound {
            return None;
        }
        self.refuse_unknown_flags(&base, problems);
        self.refuse_unknown_names(base.iter().map(|(_, arm)| arm), problems);
        let load = load_of(&base.first()?.0);
        let assumptions = assumptions(&base.first()?.0, self.root);
        let axes: Vec<String> = sweep.vary.iter().map(|(path, ..)| path.clone()).collect();
        let base = base.into_iter().map(|(_, arm)| arm).collect();
        let mut of_cells = Problems::new();
        let cells = self.cells(base, &sweep, &mut of_cells);
        problems.extend(of_cells);
        self.refuse_ends(&sweep, problems);
        if let Some(cells) = cells.as_ref().filter(|_| extent == Extent::Grid && changes.is_empty()) {
            self.refuse_unknown_cells(&axes, cells, problems);
        }
        let cells = cells.filter(|_| problems.is_empty())?;
        let mut scenario = Scenario {
            source: self.source.clone(),
            origin: origin.to_owned(),
            name,
            description: first_comment(&self.source.text),
            changes: changes.to_vec(),
            clockwork,
            load,
            arms: names,
            axes,
            cells,
            sweep: SweepSize { replications: sweep.replications.unwrap_or(20), first_seed: sweep.first_seed.unwrap_or(1) },
            searches: sweep.searches.iter().map(|(_, search)| search.clone()).collect(),
            expect,
            properties: self.titles(),
            assumptions,
            warnings: Problems::new(),
            advice: Problems::new(),
            sums: Vec::new(),
        };
        scenario.warnings = self.warnings(&scenario, &arms, &sweep);
        scenario.advice = self.capacity(&scenario, &arms);
        scenario.sums = capacity::sums(&scenario);
        if let Some(sentence) = too_large(&scenario).filter(|_| extent == Extent::Grid) {
            problems.push(Problem::new(sentence).at(self.field("sweep").unwrap_or(self.root).head()));
        }
        Some(scenario)
    }

    fn refuse_unknown_fields(&self, problems: &mut Problems) {
        for field in self.fields.iter().filter(|field| !FIELDS.contains(&field.name)) {
            let problem = Problem::new(format!("unknown field `{}`", field.name)).at(field.name_span);
            problems.push(problem.expected(crate::problem::one_of(FIELDS)).suggest(field.name, FIELDS));
        }
        match self.read::<u32>("schema", problems) {
            Some(1) => {}
            Some(other) => {
                let problem = Problem::new(format!("schema {other} is not known to this version")).hint("write `schema: 1`");
                problems.push(problem.at(self.field("schema").expect("it was read").span()));
            }
            None if self.field("schema").is_none() => {
                problems.push(Problem::new("`schema` is missing").at(self.root.head()).hint("begin the scenario with `schema: 1`"));
            }
            None => {}
        }
    }

    fn required<T: DeserializeOwned>(&self, name: &str, example: &str, problems: &mut Problems) -> Option<T> {
        if self.field(name).is_none() {
            problems.push(Problem::new(format!("`{name}` is missing")).at(self.root.head()).expected(format!("`{name}: ...`, {example}")));
        }
        self.read(name, problems)
    }

    fn clockwork(&self, problems: &mut Problems) -> Clockwork {
        let usual = Clockwork::default();
        let horizon = self.required::<SimDuration>("horizon", "how long calls are made, such as \"5m\"", problems);
        Clockwork {
            warm_up: self.read("warm_up", problems).unwrap_or(usual.warm_up),
            // A wrong horizon is reported once; the usual one keeps the other checks going.
            horizon: horizon.unwrap_or(SimDuration::from_secs(86_400)),
            drain: self.read("drain", problems).unwrap_or(usual.drain),
            bin: self.read("bin", problems).unwrap_or(usual.bin),
            hold: self.read("hold", problems).unwrap_or(usual.hold),
            level: self.read("level", problems).unwrap_or(usual.level),
        }
    }

    /// The arms in order of writing; one that changes nothing if none is written.
    fn arms(&self, problems: &mut Problems) -> Vec<(String, Option<Element<'a>>)> {
        let Some(section) = self.field("arms") else { return vec![("as written".to_owned(), None)] };
        let entries = section.entries_noting(problems);
        for entry in entries.iter().filter(|entry| entry.key.trim().is_empty()) {
            problems.push(Problem::new("the name of an arm is empty").at(entry.key_span));
        }
        if entries.is_empty() {
            problems.push(Problem::new("`arms` has no arm").at(section.head()).hint("leave `arms` out to run the scenario as it is"));
        }
        entries.into_iter().map(|entry| (entry.key, Some(entry.value))).collect()
    }

    fn sweep(&self, problems: &mut Problems) -> SweepSpec<'a> {
        let Some(section) = self.field("sweep") else { return SweepSpec::default() };
        let known = ["replications", "first_seed", "vary"];
        let mut spec = SweepSpec::default();
        for field in section.fields_noting(problems) {
            match field.name {
                "replications" => spec.replications = problems.note(parse(field.value)),
                "first_seed" => spec.first_seed = problems.note(parse(field.value)),
                "vary" => {
                    for entry in field.value.entries_noting(problems) {
                        if entry.value.variant_name().is_some() {
                            spec.searches.extend(self.threshold_search(&entry, problems));
                            continue;
                        }
                        let values = problems.note(entry.value.list()).unwrap_or_default();
                        if values.is_empty() {
                            problems.push(Problem::new("a path is varied over at least one value").at(entry.value.head()));
                        } else {
                            spec.vary.push((entry.key, entry.key_span, values));
                        }
                    }
                }
                other => {
                    let problem = Problem::new(format!("unknown field `{other}`")).at(field.name_span);
                    problems.push(problem.expected(crate::problem::one_of(known)).suggest(other, known));
                }
            }
        }
        let replications = spec.replications.unwrap_or(1);
        if !(1..=MOST_REPLICATIONS).contains(&replications) {
            let problem = Problem::new(format!("a sweep makes 1 to {MOST_REPLICATIONS} runs per cell and arm, not {replications}"));
            let field = Path::from(Step::Name("replications".to_owned()));
            problems.push(problem.at(locate_in(section, &field).map_or(section.head(), Element::span)));
        }
        spec
    }
}

/// Whether two spellings name one path.
fn is_same_path(a: &str, b: &str) -> bool {
    matches!((Path::parse(a), Path::parse(b)), (Ok(a), Ok(b)) if a == b)
}

fn load_of(spec: &SystemSpec) -> String {
    let mut kinds: Vec<&str> =
        spec.clients.iter().filter(|(_, clients)| !clients.synthetic).map(|(_, clients)| clients.arrivals.load()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(" and ")
}
