//! Does every shipped scenario keep its word?
//!
//! What a scenario's comment claims is either a clause of its own `expect:`, judged here over 30 seeds
//! (29 are the fewest that can pass a `p90`), or one of the tests in the files beside. Limits are the numbers of the comments with room for chance. The rankings are kept as snapshots, to be read as prose:
//! after a change that is meant to alter them, `INSTA_UPDATE=always cargo test --test main scenarios`.

mod arrivals;
mod faults;
mod groups;
mod layers;
mod links;
mod programs;
mod raft;
mod registers;
mod retries;
mod stores;
mod strategies;

use camino::Utf8Path;
use reports::export::markdown;
use reports::summary::{Ranking, doubts, fates, grid};
use scenarios::expect::{self, Judgement};
use scenarios::journal::{Journal, KnownRuns};
use scenarios::library::SHIPPED;
use scenarios::measure::{Recovery, RunMeasures};
use scenarios::numbers::Numbers;
use scenarios::results::{Results, RunOutcome};
use scenarios::sweep::{SweepOptions, sweep};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

const SEEDS: u32 = 30;

fn shipped(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let text = scenarios::library::find(name).expect("the scenario is shipped").text;
    let changes: Vec<_> = changes.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    read(Source::new(name, text), name, &changes, Extent::Grid)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

fn made(mut scenario: Scenario, replications: u32) -> Results {
    scenario.sweep.replications = replications;
    let folder = tempfile::tempdir().expect("there is room for results");
    let mut journal = Journal::open(Utf8Path::from_path(folder.path()).expect("the path is text")).expect("results can be written");
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let options = SweepOptions { jobs, go_on: &|| true, progress: &mut |_, _| {} };
    sweep(&scenario, &KnownRuns::default(), &mut journal, options).expect("results can be written")
}

/// The runs of a shipped scenario, as it is compared, made once for all tests.
fn results(name: &str) -> Arc<Results> {
    static MADE: Mutex<BTreeMap<String, Arc<Results>>> = Mutex::new(BTreeMap::new());
    let mut all = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Arc::clone(all.entry(name.to_owned()).or_insert_with(|| Arc::new(made(shipped(name, &[]), SEEDS))))
}

/// The runs of one arm in one cell.
#[derive(Clone, Copy)]
struct Arm<'a> {
    results: &'a Results,
    cell: u32,
    arm: u32,
}

fn arm<'a>(results: &'a Results, cell: u32, name: &str) -> Arm<'a> {
    let arm = results.manifest.arms.iter().position(|arm| arm == name).expect("the arm exists");
    Arm { results, cell, arm: arm as u32 }
}

impl<'a> Arm<'a> {
    fn runs(self) -> impl Iterator<Item = &'a RunMeasures> {
        self.results.runs_of(self.cell, self.arm).map(|(_, run)| run)
    }

    /// The middle one of what each run says.
    fn median(self, of: impl Fn(&RunMeasures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.runs().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    fn total(self, of: impl Fn(&RunMeasures) -> u64) -> f64 {
        self.runs().map(of).sum::<u64>() as f64
    }

    /// Half of the runs recovered within so many seconds.
    fn recovery(self) -> f64 {
        self.median(|run| match &run.episodes[0].recovery {
            Recovery::Unharmed => 0.0,
            Recovery::After(length) => length.as_secs_f64(),
            Recovery::Censored(_) | Recovery::CutOff { .. } => f64::INFINITY,
            Recovery::Undecided(reason) => panic!("{reason}"),
        })
    }

    /// The share of the calls started in these seconds that succeed.
    fn availability(self, seconds: std::ops::Range<usize>) -> f64 {
        let bins = &self.results.series_of(self.cell, self.arm).expect("the arm was run").bins[seconds];
        bins.iter().map(|bin| bin.succeeded).sum::<u64>() as f64 / bins.iter().map(|bin| bin.started).sum::<u64>() as f64
    }

    /// Attempts per second of a run in these seconds, over all edges.
    fn load(self, seconds: std::ops::Range<usize>) -> f64 {
        let series = self.results.series_of(self.cell, self.arm).expect("the arm was run");
        let attempts = series.bins[seconds.clone()].iter().map(|bin| bin.attempts).sum::<u64>();
        attempts as f64 / (series.runs * seconds.len() as u64) as f64
    }

    /// Attempts per call.
    fn amplification(self) -> f64 {
        self.total(|run| run.edges[0].attempts) / self.total(|run| run.edges[0].calls)
    }

    /// The share of the server time that went into attempts nobody waited for.
    fn wasted(self) -> f64 {
        self.total(|run| run.wasted_work.as_nanos()) / self.total(|run| run.work.as_nanos())
    }
}

/// Asserts that a number lies in a range, and shows it if not.
#[track_caller]
fn assert_within(what: &str, seen: f64, range: std::ops::RangeInclusive<f64>) {
    assert!(range.contains(&seen), "{what}: {seen:.4} is not in {range:?}");
}

#[test]
fn every_shipped_scenario_says_what_it_is_about_and_what_it_expects() {
    for file in SHIPPED {
        let scenario = shipped(file.name, &[]);
        assert_eq!(scenario.name, file.name, "the name inside a file is that of the file");
        assert!(!scenario.expect.is_empty(), "{} expects nothing", file.name);
        let first = scenario.description.lines().next().unwrap_or_default();
        assert!(first.ends_with(['.', '?']) && first.len() > 40, "{} begins with a sentence of one line, not with {first:?}", file.name);
        let points = first.matches('.').count();
        assert!(points <= 1, "`list` would cut the first line of {} at its first point", file.name);
        assert!(file.text.lines().count() <= 70, "{} is too long to be read", file.name);
    }
}

#[test]
fn every_file_of_the_library_is_shipped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library");
    for entry in std::fs::read_dir(folder).expect("the library is a folder") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("the name is text").to_owned();
        assert!(scenarios::library::find(&name).is_some(), "{name} is not in scenarios/src/library.rs");
    }
}

#[test]
fn every_shipped_scenario_keeps_its_word() {
    let mut broken = String::new();
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let results = results(name);
        assert!(results.runs.iter().all(|row| matches!(row.outcome, RunOutcome::Finished { .. })), "a run of {name} panicked");
        let verdicts = expect::judge(&results, Numbers::Written);
        assert!(!verdicts.is_empty(), "nothing was judged of {name}");
        for verdict in verdicts.iter().filter(|verdict| verdict.judgement != Judgement::Passed) {
            let (arm, cell) = (&results.manifest.arms[verdict.arm as usize], &results.manifest.cells[verdict.cell as usize]);
            writeln!(broken, "{name}, {arm}, {cell:?}: {}, but {} ({:?})", verdict.clause, verdict.evidence, verdict.judgement)
                .expect("text can be written to a string");
        }
    }
    assert!(broken.is_empty(), "\n{broken}");
}

#[test]
fn nobody_need_doubt_the_numbers_of_a_shipped_scenario() {
    let doubted =
        SHIPPED.iter().flat_map(|shipped| doubts(&results(shipped.name)).into_iter().map(|doubt| format!("{}: {doubt}", shipped.name)));
    let doubted: Vec<String> = doubted.collect();
    assert!(doubted.is_empty(), "{doubted:#?}");
}

#[test]
fn the_rankings_of_every_shipped_scenario_read_well() {
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let results = results(name);
        let cells = results.manifest.cells.len() as u32;
        let mut text = format!("{}\n", fates::headline(&results));
        if cells > 4 {
            grid(&results).iter().for_each(|table| text += &format!("\n{}\n\n{}", table.title, markdown::table(table)));
        }
        for cell in (0..cells).filter(|_| cells <= 4) {
            let table = Ranking::of(&results, cell).table();
            text += &format!("\n{}\n\n{}", table.title, markdown::table(&table));
            if let Some(apart) = Ranking::of(&results, cell).table_of_set_apart() {
                text += &format!("\n{}\n\n{}", apart.title, markdown::table(&apart));
            }
        }
        insta::assert_snapshot!(name, text);
    }
}
