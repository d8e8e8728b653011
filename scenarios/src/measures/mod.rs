//! Which numbers of a run can be asked for by name?
//!
//! Every number that an expectation, a stopping rule, a search or a comparison may speak of has one name, one unit and one
//! way to be read off a run. Names are those that tables show: `latency p99`, `attempts per call of shop -> db`, `utilisation of db`,
//! and whatever a run observes. To add one: a line in the file of its family. What they mean is said in docs/measures.md.

mod classes;
mod detection;
mod edges;
mod fairness;
mod latency;
mod recovery;
mod services;
mod totals;
mod uptime;
mod value;

pub(crate) use edges::normalised;
pub use value::{Better, Reading, Unit};

use crate::results::Manifest;
use models::measure::{self, Fold, RunMeasures};

/// A number of a run, by name.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The name, as a user writes it and a table shows it.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    of: Of,
}

/// A number that every run has.
struct Fixed {
    name: &'static str,
    unit: Unit,
    better: Better,
    summary: &'static str,
    of: fn(&RunMeasures, &Manifest) -> Reading,
}

/// A number of one edge, service or class: its name ends in whose it is.
struct Owned {
    /// The name up to and with the last blank before the owner.
    prefix: &'static str,
    owner: Owner,
    unit: Unit,
    better: Better,
    summary: &'static str,
    of: fn(&RunMeasures, &Manifest, &str) -> Reading,
}

/// Whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An edge, `shop -> db`.
    Edge,
    /// A service.
    Service,
    /// A class of requests.
    Class,
    /// An alert.
    Alert,
    /// A population of clients.
    Population,
    /// A service or group whose members go down.
    Fleet,
}

impl Owner {
    /// A measure of such an owner.
    const fn measure(
        self,
        prefix: &'static str,
        unit: Unit,
        better: Better,
        summary: &'static str,
        of: fn(&RunMeasures, &Manifest, &str) -> Reading,
    ) -> Owned {
        Owned { prefix, owner: self, unit, better, summary, of }
    }

    /// What stands for it in lists.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Edge => "CALLER -> CALLEE",
            Self::Service => "SERVICE",
            Self::Class => "CLASS",
            Self::Alert => "ALERT",
            Self::Population => "CLIENTS",
            Self::Fleet => "NODE",
        }
    }
}

/// Where the number is found.
#[derive(Clone, Debug)]
enum Of {
    Run(fn(&RunMeasures, &Manifest) -> Reading),
    Owned(fn(&RunMeasures, &Manifest, &str) -> Reading, Owner, String),
    Observed(Fold, String),
}

const FIXED: [&[Fixed]; 4] = [&totals::ALL, &recovery::ALL, &latency::ALL, &detection::ALL];
const OWNED: [&[Owned]; 6] = [&edges::ALL, &services::ALL, &uptime::ALL, &classes::ALL, &detection::OF_ALERTS, &fairness::ALL];

/// Name and summary of every measure that does not depend on the scenario; owners are written as placeholders.
pub fn list() -> Vec<(String, String)> {
    let fixed = FIXED.iter().copied().flatten().map(|one| (one.name.to_owned(), one.summary.to_owned()));
    let owned = OWNED.iter().copied().flatten();
    fixed.chain(owned.map(|one| (format!("{}{}", one.prefix, one.owner.placeholder()), one.summary.to_owned()))).collect()
}

impl Measure {
    /// The measure of this name, unless it is something that only runs can know: an observation.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if let Some(one) = FIXED.iter().copied().flatten().find(|one| one.name == name) {
            return Some(Self { name: name.to_owned(), unit: one.unit, better: one.better, of: Of::Run(one.of) });
        }
        // "calls of a" is no prefix of another measure's name, but "attempts of" is one of "attempts per call of": the longest counts.
        let fitting = OWNED.iter().copied().flatten().filter_map(|one| Some((one, name.strip_prefix(one.prefix)?)));
        let (one, owner) = fitting.max_by_key(|(one, _)| one.prefix.len())?;
        let owner = if one.owner == Owner::Edge { normalised(owner) } else { owner.to_owned() };
        let name = format!("{}{owner}", one.prefix);
        Some(Self { name, unit: one.unit, better: one.better, of: Of::Owned(one.of, one.owner, owner) })
    }

    /// The measure of this name among those that every run has and those that these runs observed.
    ///
    /// # Errors
    /// A sentence that says what is measured and observed instead.
    pub fn find<'a>(name: &str, runs: impl Iterator<Item = &'a RunMeasures> + Clone) -> Result<Self, String> {
        if let Some(named) = Self::named(name) {
            return Ok(named);
        }
        let all = || runs.clone().flat_map(|run| &run.observations);
        let mut found: Vec<(Fold, measure::Unit, String)> =
            all().filter(|one| one.title() == name || one.name == name).map(|one| (one.fold, one.unit, one.title())).collect();
        if let Some(exact) = found.iter().position(|(.., title)| title == name) {
            found = vec![found.swap_remove(exact)];
        }
        found.sort_unstable_by_key(|one| one.0);
        found.dedup_by_key(|one| one.0);
        match found.as_slice() {
            [(fold, unit, title)] => Ok(Self::observed(*fold, *unit, title)),
            [] => {
                let mut titles: Vec<String> = all().map(|one| format!("`{}`", one.title())).collect();
                titles.sort_unstable();
                titles.dedup();
                let observed = if titles.is_empty() { String::new() } else { format!("; the runs observed {}", titles.join(", ")) };
                Err(format!("nothing is measured as `{name}`{observed}; `stormglass list measures` shows what always is"))
            }
            several => {
                let titles: Vec<String> = several.iter().map(|(.., title)| format!("`{title}`")).collect();
                Err(format!("`{name}` may be any of {}; write one of them", titles.join(", ")))
            }
        }
    }

    fn observed(fold: Fold, unit: measure::Unit, title: &str) -> Self {
        let unit = if unit == measure::Unit::Time { Unit::Time } else { Unit::Count };
        Self { name: title.to_owned(), unit, better: Better::Unsaid, of: Of::Observed(fold, title.to_owned()) }
    }

    /// What it is in a run.
    pub fn of(&self, run: &RunMeasures, manifest: &Manifest) -> Reading {
        match &self.of {
            Of::Run(of) => of(run, manifest),
            Of::Owned(of, _, owner) => of(run, manifest, owner),
            Of::Observed(fold, title) => match run.observations.iter().find(|one| one.title() == *title) {
                Some(one) => Reading::Is(i128::from(one.value)),
                // What was not counted did not happen; an extreme of nothing is nothing.
                None if *fold == Fold::Sum => Reading::Is(0),
                None => Reading::Missing,
            },
        }
    }

    /// Whose number it is, if it is an edge's, a service's or a class's.
    pub fn owner(&self) -> Option<(Owner, &str)> {
        match &self.of {
            Of::Owned(_, kind, owner) => Some((*kind, owner)),
            Of::Run(_) | Of::Observed(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::measure::{EdgeMeasures, Observation};

    fn manifest() -> Manifest {
        let text = r#"(schema: 1, name: "x", horizon: "20s", warm_up: "10s", nodes: {
            "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) })"#;
        let source = crate::text::Source::new("x.ron", text);
        crate::sweep::manifest(&crate::read(source, "x.ron", &[], crate::Extent::Grid).expect("the scenario is sound"))
    }

    #[test]
    fn every_measure_of_the_list_is_found_by_its_name_and_names_are_unique() {
        let names: Vec<String> = list().into_iter().map(|(name, _)| name).collect();
        for (index, name) in names.iter().enumerate() {
            assert_eq!(Measure::named(name).map(|found| found.name).as_deref(), Some(name.as_str()));
            assert!(!names[..index].contains(name), "{name}");
        }
        assert!(Measure::named("latency p98").is_none());
    }

    #[test]
    fn a_number_of_an_edge_is_read_off_that_edge_however_it_is_spaced() {
        let edges = vec![EdgeMeasures { calls: 8, attempts: 20, ..EdgeMeasures::default() }];
        let run = RunMeasures { edges, calls: 8, succeeded: 6, ..RunMeasures::default() };
        let read = |name: &str| Measure::named(name).unwrap().of(&run, &manifest());
        assert_eq!(read("attempts per call of clients->server"), Reading::Is(2_500_000));
        assert_eq!(read("attempts per call of clients -> other"), Reading::Missing);
        assert_eq!((read("availability"), read("goodput")), (Reading::Is(750_000_000), Reading::Is(600_000)));
        assert_eq!((read("latency p99"), read("recovery time")), (Reading::Missing, Reading::Missing));
    }

    #[test]
    fn uptime_is_that_of_all_members_of_a_majority_or_of_any() {
        let secs = sim_core::time::SimDuration::from_secs;
        let up = measure::Uptime {
            of: "machines".to_owned(),
            members: 3,
            exactly: vec![(0, secs(1)), (1, secs(2)), (2, secs(3)), (3, secs(4))],
        };
        let run = RunMeasures { up: vec![up], ..RunMeasures::default() };
        let read = |name: &str| Measure::named(name).unwrap().of(&run, &manifest());
        let tenths = |tenths: i128| Reading::Is(tenths * 100_000_000);
        assert_eq!((read("uptime of machines"), read("uptime of a majority of machines")), (tenths(4), tenths(7)));
        assert_eq!((read("uptime of any of machines"), read("uptime of others")), (tenths(9), Reading::Missing));
    }

    #[test]
    fn what_runs_observed_is_a_measure_and_what_is_none_says_what_there_is() {
        let observed = |fold, unit, value| Observation { name: "detection time".to_owned(), fold, unit, value };
        let run = RunMeasures {
            observations: vec![observed(Fold::Least, measure::Unit::Time, 3), observed(Fold::Most, measure::Unit::Time, 4)],
            ..RunMeasures::default()
        };
        let runs = [run];
        let most = Measure::find("detection time, most", runs.iter()).expect("it was observed");
        assert_eq!((most.unit, most.of(&runs[0], &manifest())), (Unit::Time, Reading::Is(4)));
        assert_eq!(most.of(&RunMeasures::default(), &manifest()), Reading::Missing);
        assert!(Measure::find("detection time", runs.iter()).unwrap_err().contains("`detection time, least`"));
        assert!(Measure::find("elections", runs.iter()).unwrap_err().contains("list measures"));
    }
}
