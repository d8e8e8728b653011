//! How is a whole grid of runs made, and folded into results that no thread count can change?

use crate::edges;
use crate::journal::{ContentKey, Journal, KnownRuns, Saved, content_key};
use crate::parallel::map_in_index_order;
use crate::restarted::is_restarted;
use crate::results::{CellSeries, FaultWindow, Manifest, Results, RunOutcome, RunRow, add_to, told};
use crate::run::{Run, run};
use crate::scenario::{ArmPlan, Cell, Scenario};
use crate::story::story;
use models::faults::{FaultPlan, StormPlan};
use models::plan::Plan;
use sim_core::draw::Seed;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a sweep is made.
pub struct SweepOptions<'a> {
    /// Threads.
    pub jobs: usize,
    /// Whether to go on: asked before every run, by any thread.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told of every finished run: how many are done, of how many.
    pub progress: &'a mut dyn FnMut(usize, usize),
}

/// Makes every run of a scenario that is not known already, in grid order, and folds them all into results.
///
/// # Errors
/// What the file system says of the journal, or that no threads can be started.
pub fn sweep(scenario: &Scenario, known: &KnownRuns, journal: &mut Journal, options: SweepOptions<'_>) -> io::Result<Results> {
    sweep_with(scenario, known, journal, options, |arm, seed| run(arm, seed, TieBreak::ByRank, None))
}

/// Does what [`sweep`] does with another way to make a run: for tests of what happens when a run goes wrong.
///
/// # Errors
/// What the file system says of the journal, or that no threads can be started.
pub fn sweep_with(
    scenario: &Scenario,
    known: &KnownRuns,
    journal: &mut Journal,
    options: SweepOptions<'_>,
    make: impl Fn(&ArmPlan, u64) -> Run + Sync,
) -> io::Result<Results> {
    let saved = saved(scenario);
    let grid = Grid::of(&saved.manifest);
    let mut results = Results::nothing_yet(saved.manifest.clone());
    let mut kept = Ok(());
    let can_keep = AtomicBool::new(true);
    let fold = |index: usize, finished: Result<Run, String>| {
        let place = grid.place(index);
        if let Ok(run) = &finished
            && run.stalled.is_none()
        {
            let key = place.key(&saved);
            if kept.is_ok() && !known.has(&key) {
                kept = journal.keep(&key, place.seed, run);
                can_keep.store(kept.is_ok(), Ordering::Relaxed);
            }
        }
        add((&mut results.runs, &mut results.series), &saved, place, finished);
        (options.progress)(index + 1, grid.count());
    };
    let work = |index: usize| {
        let place = grid.place(index);
        let arm = &scenario.cells[place.cell as usize].arms[place.arm as usize];
        known.get(&place.key(&saved)).unwrap_or_else(|| make(arm, place.seed))
    };
    // A full disk must not cost hours of runs that cannot be kept.
    let go_on = || can_keep.load(Ordering::Relaxed) && (options.go_on)();
    map_in_index_order(options.jobs, grid.count(), go_on, work, fold).map_err(io::Error::other)?;
    kept.map(|()| results)
}

/// How many runs a scenario's grid has.
pub fn size(scenario: &Scenario) -> usize {
    scenario.cells.len() * scenario.arms.len() * scenario.sweep.replications as usize
}

/// How many runs of a scenario's grid are known.
pub fn known_of(scenario: &Scenario, known: &KnownRuns) -> usize {
    let saved = saved(scenario);
    let grid = Grid::of(&saved.manifest);
    (0..grid.count()).filter(|index| known.has(&grid.place(*index).key(&saved))).count()
}

/// The most runs of one sweep: each is a row in memory, of about a kilobyte.
const MOST_RUNS: u64 = 2_000_000;
/// The most time bins over all runs: an interrupted sweep goes on from all of them in memory, 150 bytes each.
const MOST_BINS: u64 = 25_000_000;
/// The most time bins over all arms and cells: their sums and histograms take some hundred bytes each, and as much for every service.
const MOST_SUMS: u64 = 5_000_000;

/// Says what a sweep of this scenario has too much of, and what to do about it; nothing if memory will do.
pub fn too_large(scenario: &Scenario) -> Option<String> {
    let (cells, arms, replications) = (scenario.cells.len() as u64, scenario.arms.len() as u64, u64::from(scenario.sweep.replications));
    let grid = format!("{cells} cells x {arms} arms");
    let bins = scenario.clockwork.horizon.as_nanos().div_ceil(scenario.clockwork.bin.as_nanos());
    let runs = cells * arms * replications;
    if scenario.sweep.first_seed.checked_add(replications).is_none() {
        return Some(format!("{replications} seeds from {} on go beyond the largest seed, {}", scenario.sweep.first_seed, u64::MAX));
    }
    if runs > MOST_RUNS {
        let least = (MOST_RUNS / (cells * arms)).max(1);
        return Some(format!(
            "{grid} x {replications} replications are more than the {MOST_RUNS} runs a sweep can hold; {least} replications would do"
        ));
    }
    if runs * bins > MOST_BINS {
        return Some(format!(
            "{runs} runs x {bins} time bins are more than the {MOST_BINS} a sweep can hold; write a longer `bin`, or fewer replications"
        ));
    }
    if cells * arms * bins > MOST_SUMS {
        return Some(format!("{grid} x {bins} time bins are more than the {MOST_SUMS} a report can hold; write a longer `bin`"));
    }
    None
}

/// The manifest of a scenario, and the hashes of its arms in every cell.
pub fn saved(scenario: &Scenario) -> Saved {
    let contents = scenario.cells.iter().map(|cell| cell.arms.iter().map(|arm| arm.content.clone()).collect());
    let manifest = manifest(scenario);
    let places_of_edges = edges::places(scenario, &manifest.edges);
    Saved { manifest, contents: contents.collect(), places_of_edges }
}

/// The manifest for reports of one run of an arm: with the edges of that arm, as the run knows them.
pub fn manifest_of_arm(scenario: &Scenario, arm: usize) -> Manifest {
    Manifest { edges: edges::names([&*scenario.cells[0].arms[arm].plan]), ..manifest(scenario) }
}

/// Adds a run to the rows, and to the sums of its cell and arm; the runs of a cell and arm come one after the other, in order of their seeds.
pub(crate) fn add((rows, series): (&mut Vec<RunRow>, &mut Vec<CellSeries>), saved: &Saved, place: Place, finished: Result<Run, String>) {
    let outcome = match finished {
        Ok(Run { stalled: Some(stalled), .. }) => RunOutcome::Stalled(stalled.to_string()),
        Ok(mut run) => {
            if let Some(places) = saved.places_of_edges.get(place.cell as usize) {
                edges::put(&mut run, &places[place.arm as usize], saved.manifest.edges.len());
            }
            // What is not there because the run was stopped is no hole in the service.
            if !run.is_cut_short() {
                add_to(series, &saved.manifest, (place.cell, place.arm), &run);
            }
            RunOutcome::Finished { measures: run.measures, digest: run.digest.value() }
        }
        Err(message) => RunOutcome::Panicked(message),
    };
    rows.push(RunRow { cell: place.cell, arm: place.arm, seed: place.seed, outcome });
}

/// What is run, for reports.
pub fn manifest(scenario: &Scenario) -> Manifest {
    let first = &scenario.cells[0].arms[0].plan;
    Manifest {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.name.clone(),
        source: scenario.origin.clone(),
        description: scenario.description.clone(),
        scenario_hash: scenario.hash(),
        text: scenario.source.text.clone(),
        changes: scenario.changes.clone(),
        first_seed: scenario.sweep.first_seed,
        replications: scenario.sweep.replications,
        arms: scenario.arms.clone(),
        axes: scenario.axes.clone(),
        cells: scenario.cells.iter().map(|cell| cell.values.clone()).collect(),
        warm_up: scenario.clockwork.warm_up,
        horizon: scenario.clockwork.horizon,
        bin: scenario.clockwork.bin,
        hold: scenario.clockwork.hold,
        load: scenario.load.clone(),
        edges: edges::names(scenario.cells.iter().flat_map(|cell| &cell.arms).map(|arm| &*arm.plan)),
        synthetic: first.populations.iter().filter(|population| population.synthetic).map(|population| population.edge.0).collect(),
        faults: scenario.cells.iter().map(|cell| fault_windows(cell, scenario.sweep.first_seed)).collect(),
        random_faults: first
            .faults
            .iter()
            .filter(|fault| fault.is_random())
            .map(|fault| told(&fault.label, fault.what().as_deref()))
            .collect(),
        wears: first.faults.iter().any(FaultPlan::renews),
        instants_differ: depends_on_run(scenario),
        assumptions: scenario.assumptions.clone(),
        sums: scenario.sums.clone(),
        story: story(scenario),
        expect: scenario.expect.clone(),
        properties: scenario.properties.clone(),
    }
}

/// Whether something in a run decides when faults strike or end, in any arm.
fn depends_on_run(scenario: &Scenario) -> bool {
    let first = &scenario.cells[0].arms[0].plan;
    let deploys = first.faults.iter().any(|fault| fault.fault.is_deploy());
    first.experiment.is_some()
        || first.faults.iter().any(FaultPlan::depends_on_run)
        || first.storm.as_ref().is_some_and(StormPlan::aims)
        || deploys && scenario.cells[0].arms.iter().any(|arm| is_taken_back(&arm.plan))
}

/// Whether deploys are taken back in this system by something that looks at it.
fn is_taken_back(plan: &Plan) -> bool {
    plan.services.iter().any(|service| service.rolls_back.is_some())
}

/// Faults are common to all arms, as they are planned: an arm may take a deploy back sooner.
fn fault_windows(cell: &Cell, first_seed: u64) -> Vec<FaultWindow> {
    let (plan, seed) = (&cell.arms[0].plan, Seed::new(first_seed));
    let ends_sooner = cell.arms.iter().any(|arm| is_taken_back(&arm.plan));
    // What is restarted sooner or later in some run is over then: of its length nothing is known but that it begins.
    let is_over = |fault: &FaultPlan| cell.arms.iter().all(|arm| is_restarted(&arm.plan, fault));
    let windows = |fault: &FaultPlan| {
        let ends = |end: Option<SimTime>, begin: SimTime| if end.is_none() && is_over(fault) { Some(begin) } else { end };
        let until = |end: Option<SimTime>| if end.is_none() && is_over(fault) { " until it is restarted" } else { "" };
        let sooner = if ends_sooner && fault.fault.is_deploy() { ", unless taken back sooner" } else { "" };
        let window = |(begin, end)| {
            let more = format!("{}{sooner}", until(end));
            // Behind everything else that is said of it.
            let (label, what) = match fault.what() {
                Some(what) => (fault.label.clone(), Some(format!("{what}{more}"))),
                None => (format!("{}{more}", fault.label), None),
            };
            FaultWindow { label, what, begin, end: ends(end, begin) }
        };
        fault.extents(plan.clockwork.horizon, &seed).into_iter().map(window).collect::<Vec<_>>()
    };
    let mut faults: Vec<FaultWindow> = plan.faults.iter().flat_map(windows).collect();
    faults.extend(plan.storm.iter().map(|storm| {
        let (begin, end) = storm.window();
        FaultWindow { label: "storm".to_owned(), what: Some(storm.what()), begin, end: Some(end) }
    }));
    faults.sort_by_key(|fault| fault.begin);
    faults
}

/// Where a run stands in the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    cell: u32,
    arm: u32,
    seed: u64,
}

impl Place {
    pub(crate) fn key(self, saved: &Saved) -> ContentKey {
        content_key(&saved.contents[self.cell as usize][self.arm as usize], self.seed)
    }
}

/// The runs of a sweep in order: cell by cell, arm by arm, seed by seed.
pub(crate) struct Grid {
    cells: usize,
    arms: usize,
    pub(crate) replications: usize,
    first_seed: u64,
}

impl Grid {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        Self {
            cells: manifest.cells.len(),
            arms: manifest.arms.len(),
            replications: manifest.replications as usize,
            first_seed: manifest.first_seed,
        }
    }

    pub(crate) const fn count(&self) -> usize {
        self.cells * self.arms * self.replications
    }

    pub(crate) const fn place(&self, index: usize) -> Place {
        let (group, replication) = (index / self.replications, index % self.replications);
        let seed = self.first_seed.wrapping_add(replication as u64);
        Place { cell: (group / self.arms) as u32, arm: (group % self.arms) as u32, seed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, read};

    fn scenario() -> Scenario {
        let text = r#"(schema: 1, name: "small", horizon: "2s",
            nodes: { "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
            arms: { "one": (), "two": (nodes: { "server": Service(workers: 2, demand: Constant("10ms")) }) },
            sweep: (replications: 3))"#;
        read(Source::new("small.ron", text), "small.ron", &[], Extent::Grid).expect("the scenario is sound")
    }

    fn options<'a>(go_on: &'a (dyn Fn() -> bool + Sync), progress: &'a mut dyn FnMut(usize, usize)) -> SweepOptions<'a> {
        SweepOptions { jobs: 2, go_on, progress }
    }

    #[test]
    fn every_planned_fault_says_what_it_is_whatever_it_is_called() {
        let of = |faults: &str| {
            let text = format!(
                r#"(schema: 1, name: "small", horizon: "60s", drain: "1s",
                nodes: {{ "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(replicas: 3, workers: 1, demand: Constant("10ms")) }},
                {faults})"#
            );
            manifest(&read(Source::new("small.ron", text), "small.ron", &[], Extent::Grid).expect("the scenario is sound"))
        };
        let plain = of(r#"faults: [Crash(node: "server", at: "1s", lasts: "1s")]"#);
        assert_eq!((plain.faults[0][0].told().as_str(), plain.faults[0][0].what.as_deref()), ("crash of server", None));
        let labelled = of(r#"faults: [SlowNode(label: "disk", node: "server[1]", factor: 4, at: "1s", lasts: "1s"),
            Crash(label: "then", node: "server", when: FaultEnds(label: "disk"), lasts: "1s")]"#);
        assert_eq!(labelled.faults[0][0].told(), "disk: server[1] 4 times slower");
        assert_eq!(labelled.random_faults, ["then: crash of server"]);
        let storm = of(
            r#"storm: Storm(from: "10s", lasts: "20s", quiet: "5s", families: [Crash(node: "server"), Crash(node: "server", while_down: Refusal), Pause(node: "server")])"#,
        );
        assert_eq!(storm.faults[0][0].told(), "storm: drawn anew by every seed from crash of server; pause of server");
    }

    #[test]
    fn a_run_that_panics_is_one_row_and_the_others_go_on() {
        let scenario = scenario();
        let make = |arm: &ArmPlan, seed: u64| {
            assert!(seed != 2 || arm.content == scenario.cells[0].arms[0].content, "time ran backwards");
            run(arm, seed, TieBreak::ByRank, None)
        };
        let mut done = 0;
        let mut progress = |index, of| done += usize::from(of == 6 && index == done + 1);
        let results = sweep_with(&scenario, &KnownRuns::default(), &mut Journal::nowhere(), options(&|| true, &mut progress), make)
            .expect("no files");
        assert_eq!(done, 6);
        let panicked: Vec<_> = results.runs.iter().filter(|row| matches!(row.outcome, RunOutcome::Panicked(_))).collect();
        assert_eq!(panicked.len(), 1);
        assert_eq!((panicked[0].arm, panicked[0].seed), (1, 2));
        assert_eq!(panicked[0].outcome, RunOutcome::Panicked("time ran backwards".to_owned()));
        assert_eq!(results.series.iter().map(|series| series.runs).collect::<Vec<_>>(), [3, 2]);
    }
}
