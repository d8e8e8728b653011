//! How is a whole grid of runs made, and folded into results that no thread count can change?

use crate::journal::{Journal, KnownRuns, content_key};
use crate::parallel::map_in_index_order;
use crate::results::{BinTotals, CellSeries, FaultWindow, Manifest, Results, RunOutcome, RunRow};
use crate::run::{Run, run};
use crate::scenario::Scenario;
use models::measure::Bin;
use sim_core::simulation::TieBreak;
use std::io;

/// How a sweep is made.
pub struct SweepOptions<'a> {
    /// Threads.
    pub jobs: usize,
    /// Whether to go on: asked again and again.
    pub go_on: &'a dyn Fn() -> bool,
    /// Told of every finished run: how many are done, of how many.
    pub progress: &'a mut dyn FnMut(usize, usize),
}

/// Makes every run of a scenario that is not known already, in grid order, and folds them all into results.
///
/// # Errors
/// What the file system says of the journal, or that no threads can be started.
pub fn sweep(scenario: &Scenario, known: &KnownRuns, journal: &mut Journal, options: SweepOptions<'_>) -> io::Result<Results> {
    let grid = Grid::of(scenario);
    let mut results = Results { manifest: manifest(scenario), runs: Vec::new(), series: Vec::new() };
    let mut kept = Ok(());
    let fold = |index: usize, finished: Result<Run, String>| {
        let place = grid.place(index);
        let outcome = match finished {
            Ok(run) => {
                let key = grid.key(scenario, index);
                if kept.is_ok() && known.get(&key).is_none() {
                    kept = journal.keep(&key, place.seed, &run);
                }
                add_to_series(&mut results.series, place, &run.bins);
                RunOutcome::Finished { measures: run.measures, digest: run.digest.value() }
            }
            Err(message) => RunOutcome::Panicked(message),
        };
        results.runs.push(RunRow { cell: place.cell, arm: place.arm, seed: place.seed, outcome });
        (options.progress)(index + 1, grid.count());
    };
    let work = |index: usize| {
        known.get(&grid.key(scenario, index)).cloned().unwrap_or_else(|| {
            let place = grid.place(index);
            run(&scenario.cells[place.cell as usize].arms[place.arm as usize], place.seed, TieBreak::ByRank, None)
        })
    };
    map_in_index_order(options.jobs, grid.count(), options.go_on, work, fold).map_err(io::Error::other)?;
    kept.and_then(|()| journal.flush())?;
    Ok(results)
}

/// The results of those runs of a scenario that are known, without making any.
pub fn gather(scenario: &Scenario, known: &KnownRuns) -> Results {
    let grid = Grid::of(scenario);
    let mut results = Results { manifest: manifest(scenario), runs: Vec::new(), series: Vec::new() };
    for index in 0..grid.count() {
        let place = grid.place(index);
        if let Some(run) = known.get(&grid.key(scenario, index)) {
            add_to_series(&mut results.series, place, &run.bins);
            let outcome = RunOutcome::Finished { measures: run.measures.clone(), digest: run.digest.value() };
            results.runs.push(RunRow { cell: place.cell, arm: place.arm, seed: place.seed, outcome });
        }
    }
    results
}

/// How many runs a scenario's grid has.
pub fn size(scenario: &Scenario) -> usize {
    Grid::of(scenario).count()
}

fn add_to_series(all: &mut Vec<CellSeries>, place: Place, bins: &[Bin]) {
    if all.last().is_none_or(|last| (last.cell, last.arm) != (place.cell, place.arm)) {
        all.push(CellSeries { cell: place.cell, arm: place.arm, runs: 0, bins: vec![BinTotals::default(); bins.len()] });
    }
    let Some(series) = all.last_mut() else { return };
    series.runs += 1;
    for (total, bin) in series.bins.iter_mut().zip(bins) {
        total.started += bin.started;
        total.succeeded += bin.succeeded;
        total.completed += bin.completed;
        total.failed += bin.failed;
        total.attempts += bin.attempts;
        if let Some(thousandths) = (bin.succeeded * 1000).checked_div(bin.started) {
            *total.availability.entry(u16::try_from(thousandths).expect("no more calls succeed than are started")).or_default() += 1;
        }
        *total.goodput.entry(bin.completed).or_default() += 1;
        *total.offered.entry(bin.attempts).or_default() += 1;
    }
}

/// What is run, for reports.
pub fn manifest(scenario: &Scenario) -> Manifest {
    let first = &scenario.cells[0].arms[0].plan;
    let mut faults: Vec<FaultWindow> =
        first.faults.iter().map(|fault| FaultWindow { label: fault.label.clone(), begin: fault.begin, end: fault.end }).collect();
    faults.sort_by_key(|fault| fault.begin);
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
        load: scenario.load.clone(),
        edges: first.edges.iter().map(|edge| edge.name.clone()).collect(),
        faults,
        assumptions: scenario.assumptions.clone(),
        expect: scenario.expect.clone(),
    }
}

/// Where a run stands in the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    cell: u32,
    arm: u32,
    seed: u64,
}

struct Grid {
    cells: usize,
    arms: usize,
    replications: usize,
    first_seed: u64,
}

impl Grid {
    fn of(scenario: &Scenario) -> Self {
        let sweep = scenario.sweep;
        Self {
            cells: scenario.cells.len(),
            arms: scenario.arms.len(),
            replications: sweep.replications as usize,
            first_seed: sweep.first_seed,
        }
    }

    const fn count(&self) -> usize {
        self.cells * self.arms * self.replications
    }

    const fn place(&self, index: usize) -> Place {
        let (group, replication) = (index / self.replications, index % self.replications);
        let seed = self.first_seed.wrapping_add(replication as u64);
        Place { cell: (group / self.arms) as u32, arm: (group % self.arms) as u32, seed }
    }

    fn key(&self, scenario: &Scenario, index: usize) -> String {
        let place = self.place(index);
        content_key(&scenario.cells[place.cell as usize].arms[place.arm as usize].content, place.seed)
    }
}
