//! How does a text become a scenario, or a list of everything that is wrong with it?
//!
//! The text is split into elements, each is read alone, the systems of all arms and cells are assembled, and what they
//! complain about is brought back to its place in the text.

use crate::expect::Clause;
use crate::problem::{Problem, Problems, Span};
use crate::results::Assumption;
use crate::scenario::{ArmPlan, Cell, Scenario, SweepSize};
use crate::text::overlay::{Overlay, overlay};
use crate::text::parse::{parse, parse_as};
use crate::text::patch::replace;
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::{Element, Field};
use crate::text::{Source, first_comment};
use models::faults::AnyFault;
use models::links::Link;
use models::plan::{Clockwork, Plan, SystemSpec};
use models::protocols::Group;
use models::registry::Complaint;
use models::services::Service;
use models::strategies::Layer;
use models::workloads::Clients;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use std::sync::Arc;

/// The fields a scenario may have, in the order of the documentation.
pub const FIELDS: [&str; 15] = [
    "schema", "name", "horizon", "warm_up", "drain", "bin", "hold", "nodes", "groups", "links", "faults", "stacks", "arms", "expect",
    "sweep",
];

/// At most so many cells in a grid, and replications of each.
const MOST_CELLS: usize = 10_000;
const MOST_REPLICATIONS: u32 = 1_000_000;

/// A node, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "node")]
enum NodeSpec {
    Clients(Clients),
    Service(Service),
}

/// `sweep:` as a scenario writes it; `vary` is read apart.
#[derive(Clone, Debug, Default)]
struct SweepSpec<'a> {
    replications: Option<u32>,
    first_seed: Option<u64>,
    vary: Vec<(String, Span, Vec<Element<'a>>)>,
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
    let mut source = source;
    for (path, value) in changes {
        let changed = Path::parse(path).and_then(|path| replace(&source, &path, value));
        match changed {
            Ok(text) => source.text = text,
            Err(problem) => return Err((source, problem.into())),
        }
    }
    let mut problems = Problems::new();
    let scenario = Reader::new(&source, &mut problems).and_then(|reader| reader.scenario(origin, changes, extent, &mut problems));
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err((source, problems)),
    }
}

/// A text taken apart into its top-level fields.
struct Reader<'a> {
    source: &'a Source,
    root: Element<'a>,
    fields: Vec<Field<'a>>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, problems: &mut Problems) -> Option<Self> {
        let root = problems.note(source.root())?;
        let fields = root.fields_noting(problems);
        Some(Self { source, root, fields })
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
            problems.push(Problem::new("a scenario has a name").at(self.field("name").expect("it was found").span()));
        }
        let arms = self.arms(problems);
        let mut sweep = self.sweep(problems);
        sweep.vary.retain(|(path, ..)| extent == Extent::Grid && !changes.iter().any(|(changed, _)| is_same_path(changed, path)));
        let names: Vec<String> = arms.iter().map(|(name, _)| name.clone()).collect();
        let expect = self.expect(&names, problems);
        let base = self.systems(&arms, clockwork, problems);
        if !problems.is_empty() {
            return None;
        }
        let load = load_of(&base.first()?.0);
        let assumptions = assumptions(&base.first()?.0, self.root);
        let axes: Vec<String> = sweep.vary.iter().map(|(path, ..)| path.clone()).collect();
        let base = base.into_iter().map(|(_, arm)| arm).collect();
        let cells = self.cells(base, &sweep, problems)?;
        Some(Scenario {
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
            expect,
            assumptions,
        })
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
        }
    }

    /// The arms in order of writing; one that changes nothing if none is written.
    fn arms(&self, problems: &mut Problems) -> Vec<(String, Option<Element<'a>>)> {
        let Some(section) = self.field("arms") else { return vec![("as written".to_owned(), None)] };
        let entries = section.entries_noting(problems);
        for entry in entries.iter().filter(|entry| entry.key.trim().is_empty()) {
            problems.push(Problem::new("an arm has a name").at(entry.key_span));
        }
        if entries.is_empty() {
            problems.push(Problem::new("`arms` has no arm").at(section.head()).hint("leave `arms` out to run the scenario as it is"));
        }
        entries.into_iter().map(|entry| (entry.key, Some(entry.value))).collect()
    }

    fn expect(&self, arms: &[String], problems: &mut Problems) -> Vec<Clause> {
        let Some(section) = self.field("expect") else { return Vec::new() };
        let mut clauses = Vec::new();
        for item in problems.note(section.list()).unwrap_or_default() {
            let Some(clause) = problems.note(parse_as::<Clause>(item, "expectation")) else { continue };
            for arm in clause.arms().into_iter().flatten().filter(|arm| !arms.contains(arm)) {
                let place = Path::parse("arms").and_then(|path| locate_in(item, &path)).map_or_else(|_| item.head(), Element::span);
                let problem = Problem::new(format!("no arm is called `{arm}`")).at(place);
                problems.push(
                    problem.expected(crate::problem::one_of(arms.iter().map(String::as_str))).suggest(arm, arms.iter().map(String::as_str)),
                );
            }
            if let Err(sentence) = clause.check() {
                problems.push(Problem::new(sentence).at(item.head()));
            }
            clauses.push(clause);
        }
        clauses
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
                        let values = problems.note(entry.value.list()).unwrap_or_default();
                        if values.is_empty() {
                            problems.push(Problem::new("a path is varied over at least one value").at(entry.value.head()));
                        }
                        spec.vary.push((entry.key, entry.key_span, values));
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
            problems.push(problem.at(section.head()).path("sweep.replications"));
        }
        spec
    }

    /// The system of every arm, checked.
    fn systems(&self, arms: &[(String, Option<Element<'a>>)], clockwork: Clockwork, problems: &mut Problems) -> Vec<(SystemSpec, ArmPlan)> {
        let faults = self.faults(problems);
        let mut systems = Vec::new();
        for (_, arm) in arms {
            let pieces = overlay(self.root, *arm, &[], problems);
            let spec = self.system(&pieces, &faults, clockwork, problems);
            if !problems.is_empty() {
                continue;
            }
            match Plan::new(&spec) {
                Ok(plan) => {
                    let group = spec.groups.first().map(|(_, group)| group.clone());
                    let content = content_of(&spec);
                    systems.push((spec, ArmPlan { plan: Arc::new(plan), group, content }));
                }
                Err(complaints) => complaints.into_iter().for_each(|complaint| problems.push(self.placed(complaint, &pieces))),
            }
        }
        systems
    }

    fn faults(&self, problems: &mut Problems) -> Vec<AnyFault> {
        let Some(section) = self.field("faults") else { return Vec::new() };
        let items = problems.note(section.list()).unwrap_or_default();
        items.into_iter().filter_map(|item| problems.note(parse_as(item, "fault"))).collect()
    }

    fn system(&self, pieces: &Overlay<'a>, faults: &[AnyFault], clockwork: Clockwork, problems: &mut Problems) -> SystemSpec {
        let mut spec = SystemSpec { faults: faults.to_vec(), clockwork, ..SystemSpec::default() };
        for piece in pieces.section("nodes") {
            let key = piece.key.clone().unwrap_or_default();
            match problems.note(parse_as::<NodeSpec>(piece.value, "kind of node")) {
                Some(NodeSpec::Clients(clients)) => spec.clients.push((key, clients)),
                Some(NodeSpec::Service(service)) => spec.services.push((key, service)),
                None => {}
            }
        }
        for piece in pieces.section("groups") {
            let key = piece.key.clone().unwrap_or_default();
            spec.groups.extend(problems.note(parse_as::<Group>(piece.value, "kind of group")).map(|group| (key, group)));
        }
        for piece in pieces.section("links") {
            spec.links.extend(problems.note(parse_link(piece.value)));
        }
        for piece in pieces.section("stacks") {
            let items = problems.note(piece.value.list()).unwrap_or_default();
            let layers = items.into_iter().filter_map(|item| problems.note(parse_as::<Layer>(item, "layer"))).collect();
            spec.stacks.push((piece.key.clone().unwrap_or_default(), layers));
        }
        spec
    }

    /// Finds the place in the text that a complaint is about: the innermost part of its path that is written.
    fn placed(&self, complaint: Complaint, pieces: &Overlay<'a>) -> Problem {
        let mut problem = Problem::new(complaint.message).path(complaint.field.clone());
        if let Some((word, known)) = &complaint.unknown {
            problem = problem.suggest(word, known.iter().map(String::as_str));
        }
        let Ok(path) = Path::parse(&complaint.field) else { return problem };
        let mut element = self.root;
        let mut place = None;
        for (depth, step) in path.steps().iter().enumerate() {
            let found = match (depth, path.steps(), step) {
                (1, [Step::Name(section), ..], Step::Name(key)) => {
                    let piece = pieces.section(section).iter().find(|piece| piece.key.as_ref() == Some(key));
                    piece.map(|piece| (piece.value, piece.key_span))
                }
                (1, [Step::Name(section), ..], Step::Index(index)) if !pieces.section(section).is_empty() => {
                    pieces.section(section).get(*index).map(|piece| (piece.value, piece.key_span))
                }
                _ => locate_in(element, &Path::from(step.clone())).ok().map(|inner| (inner, inner.span())),
            };
            let Some((inner, span)) = found else { break };
            element = inner;
            let is_last = depth + 1 == path.steps().len();
            place = Some(if is_last && element.span() == span { short(element) } else { span });
        }
        match place {
            Some(place) => problem.at(place),
            None => problem,
        }
    }

    fn cells(&self, base: Vec<ArmPlan>, sweep: &SweepSpec<'a>, problems: &mut Problems) -> Option<Vec<Cell>> {
        let count = sweep.vary.iter().try_fold(1_usize, |count, (_, _, values)| count.checked_mul(values.len()));
        let Some(count) = count.filter(|&count| count <= MOST_CELLS) else {
            let problem = Problem::new(format!("the grid has more than {MOST_CELLS} cells")).hint("vary fewer paths, or over fewer values");
            problems.push(problem.at(self.field("sweep").expect("a grid needs `sweep`").head()));
            return None;
        };
        if sweep.vary.is_empty() {
            return Some(vec![Cell { values: Vec::new(), arms: base }]);
        }
        let cells = (0..count).map(|index| self.cell(index, sweep, problems)).collect::<Option<Vec<_>>>();
        cells.filter(|_| problems.is_empty())
    }

    /// The cell with this index: the last path varies fastest.
    fn cell(&self, index: usize, sweep: &SweepSpec<'a>, problems: &mut Problems) -> Option<Cell> {
        let mut rest = index;
        let mut chosen: Vec<(usize, Element<'a>)> = Vec::new();
        for (axis, (_, _, values)) in sweep.vary.iter().enumerate().rev() {
            chosen.push((axis, values[rest % values.len()]));
            rest /= values.len();
        }
        chosen.reverse();
        let mut source = self.source.clone();
        for &(axis, value) in &chosen {
            let (path, key_span, _) = &sweep.vary[axis];
            match Path::parse(path).and_then(|path| replace(&source, &path, value.text())) {
                Ok(text) => source.text = text,
                Err(problem) => {
                    problems.push(Problem { place: Some(*key_span), second: None, ..problem });
                    return None;
                }
            }
        }
        let mut inner = Problems::new();
        let arms = Reader::new(&source, &mut inner).map(|reader| {
            let clockwork = reader.clockwork(&mut inner);
            let arms = reader.arms(&mut inner);
            reader.systems(&arms, clockwork, &mut inner)
        });
        for problem in inner.sorted() {
            // Its place is one in the changed text; what the reader can mend is the value that was put there.
            let place = chosen.last().map(|(_, value)| value.span());
            let with: Vec<String> = chosen.iter().map(|&(axis, value)| format!("{} = {}", sweep.vary[axis].0, value.text())).collect();
            let message = format!("with {}: {}", with.join(", "), problem.message);
            problems.push(Problem { place, path: problem.path.clone(), message, second: None, ..problem.clone() });
        }
        let values = chosen.iter().map(|(_, value)| value.text().trim_matches('"').to_owned()).collect();
        Some(Cell { values, arms: arms?.into_iter().map(|(_, arm)| arm).collect() })
    }
}

/// Whether two spellings name one path.
fn is_same_path(a: &str, b: &str) -> bool {
    matches!((Path::parse(a), Path::parse(b)), (Ok(a), Ok(b)) if a == b)
}

/// What a problem with a whole element points at.
fn short(element: Element<'_>) -> Span {
    if element.text().contains('\n') { element.head() } else { element.span() }
}

fn parse_link(element: Element<'_>) -> Result<Link, Problem> {
    /// The only kind of link there is, so that `Link(...)` reads like everything else.
    #[derive(Deserialize)]
    #[serde(rename = "link")]
    enum LinkSpec {
        Link(Link),
    }
    parse_as::<LinkSpec>(element, "kind of link").map(|LinkSpec::Link(link)| link)
}

/// Hash of everything that decides a run besides its seed: names, comments and other arms are not part of it, except
/// names that draws are keyed by.
fn content_of(spec: &SystemSpec) -> [u8; 32] {
    let text = serde_json::to_vec(&(
        models::BEHAVIOUR_VERSION,
        (&spec.clients, &spec.services, &spec.groups),
        (&spec.links, &spec.stacks, &spec.faults),
        (spec.clockwork.warm_up, spec.clockwork.horizon, spec.clockwork.drain, spec.clockwork.bin, spec.clockwork.hold),
    ));
    *blake3::hash(&text.expect("a system can be written as JSON")).as_bytes()
}

fn load_of(spec: &SystemSpec) -> String {
    let mut kinds: Vec<&str> = spec.clients.iter().map(|(_, clients)| clients.arrivals.load()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(" and ")
}

/// Defaults that decide verdicts, with what holds in the baseline.
fn assumptions(spec: &SystemSpec, root: Element<'_>) -> Vec<Assumption> {
    let written = |path: &str| Path::parse(path).and_then(|path| locate_in(root, &path)).is_ok();
    let mut list = Vec::new();
    let mut add = |path: String, value: String| list.push(Assumption { written: written(&path), path, value });
    for (name, service) in &spec.services {
        let node = format!("nodes.{}", models::quoted(name));
        add(format!("{node}.threads"), format!("{:?}", service.threads));
        add(format!("{node}.late_work"), format!("{:?}", service.late_work));
        add(format!("{node}.demand_of_retry"), format!("{:?}", service.demand_of_retry));
        let models::services::Queue::Fifo(queue) = &service.queue;
        let limit = queue.limit.map_or("without limit".to_owned(), |limit| format!("limit {limit}, a full queue refuses at once"));
        add(format!("{node}.queue"), format!("Fifo, {limit}"));
    }
    add("drain".to_owned(), spec.clockwork.drain.to_string());
    add("hold".to_owned(), format!("{}, recovered at 95 % of the level before the fault", spec.clockwork.hold));
    list
}
