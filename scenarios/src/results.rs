//! What does a sweep leave behind, and in which order?
//!
//! The order is the grid's: cell by cell, arm by arm, seed by seed. Everything is a whole number or a name, so that
//! results are the same bytes for every number of threads. Reports read this module and run nothing.

use crate::course::Course;
use crate::expect::Clause;
use crate::story::Story;
use crate::threshold::Threshold;
mod adding;

pub(crate) use adding::add_to;
use models::measure::RunMeasures;
pub use models::measure::{CLASSES, FineHistogram, FurtherAttempts, Latencies, MILLIONTHS, THOUSANDTHS};
use serde::{Deserialize, Serialize};
use sim_core::draw::Key;
use sim_core::stats::log_linear;
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Everything a sweep leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// What was run.
    pub manifest: Manifest,
    /// One row per finished run, in grid order.
    pub runs: Vec<RunRow>,
    /// One series per cell and arm, in grid order.
    pub series: Vec<CellSeries>,
    /// Where the edge of the stable region was found, for every path along which it was looked for.
    pub thresholds: Vec<Threshold>,
    /// The same comparison under other assumptions, if it was asked for.
    pub stressed: Vec<Stressed>,
    /// The measure that these comparisons were asked of, if not of what ranks arms.
    pub stressed_of: Option<String>,
}

/// A comparison made again under another assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stressed {
    /// What was assumed, in words.
    pub assumption: String,
    /// What came of it.
    pub results: Results,
}

/// What was run: enough to draw every report without the scenario file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the tool that ran it.
    pub tool_version: String,
    /// The scenario's name.
    pub scenario: String,
    /// What a user types to name the scenario again: a shipped name, or the path as given.
    pub source: String,
    /// The first comment of the scenario, as plain text: what it is about.
    pub description: String,
    /// Hash of the scenario's text with all changes applied, hexadecimal.
    pub scenario_hash: String,
    /// The scenario as text, with the `--set` changes of the command line applied.
    pub text: String,
    /// `--set` changes of the command line, in order: path and value.
    pub changes: Vec<(String, String)>,
    /// The seed of the first replication; replication r has seed `first_seed + r`.
    pub first_seed: u64,
    /// Runs per cell and arm that were asked for.
    pub replications: u32,
    /// Names of the arms, the baseline first.
    pub arms: Vec<String>,
    /// Paths that are varied, outermost first.
    pub axes: Vec<String>,
    /// The cells of the grid, in order: one value, as text, for each of the axes. One empty cell if nothing is varied.
    pub cells: Vec<Vec<String>>,
    /// When measuring begins.
    pub warm_up: SimDuration,
    /// When arrivals stop.
    pub horizon: SimDuration,
    /// Width of the time bins of all series.
    pub bin: SimDuration,
    /// Width of the rolling window that decides recovery: the loss must have left it.
    pub hold: SimDuration,
    /// Whether load is open, closed or one-shot, for every chart that shows latency or availability.
    pub load: String,
    /// Callers and callees of the edges of all arms, in the order of the edge measures: `"checkout -> payments"`. An arm that lacks one
    /// makes no call over it.
    pub edges: Vec<String>,
    /// Those of the edges over which clients call that are no users, by their place in [`edges`](Self::edges).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synthetic: Vec<u32>,
    /// Planned faults in order of time, for each of the cells: what is varied may move them.
    pub faults: Vec<Vec<FaultWindow>>,
    /// What is planned at times that differ from run to run, in words, labels first: faults that come and go at random, or on an event.
    pub random_faults: Vec<String>,
    /// Whether members fail and are repaired at random until the horizon: then no time is free of faults, and availability
    /// is what arms are ranked by, not recovery.
    pub wears: bool,
    /// Whether something in a run decides when faults strike, so that the arms of a seed meet them at different instants.
    pub instants_differ: bool,
    /// Defaults that decide verdicts, and where each came from.
    pub assumptions: Vec<Assumption>,
    /// What loads and capacities come to, by arithmetic alone, in the first cell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Sum>,
    /// What was run in words, and seen from above.
    #[serde(default)]
    pub story: Story,
    /// Clauses that the runs must fulfil.
    pub expect: Vec<Clause>,
    /// The properties that the scenario states, as tables name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
}

/// A planned fault as a band on a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultWindow {
    /// What it is called, which a scenario may say: `crash of server`, `slow database`.
    pub label: String,
    /// What it is, and whom it strikes, where its label does not say that: `database 5 times slower`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// When it begins.
    pub begin: SimTime,
    /// When it ends; `None` if it never does.
    pub end: Option<SimTime>,
}

/// What the load and the capacity of a service come to in an arm, by arithmetic alone. Rates are in millionths of a request a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Index of the arm.
    pub arm: u32,
    /// The service.
    pub service: String,
    /// First attempts that come.
    pub comes: u64,
    /// What it can do, if anything limits that.
    pub can: Option<u64>,
    /// Attempts that one call may make of itself here if all of them fail, if anything limits that.
    pub attempts: Option<u64>,
    /// The load up to which it can do all of these attempts: below it, it comes back from any backlog.
    pub safe: Option<u64>,
    /// How long the least patient caller waits.
    pub patience: Option<SimDuration>,
    /// The load at which the mean time of a request is that long.
    pub late: Option<u64>,
}

/// A default that decides verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Path of the field.
    pub path: String,
    /// Its value, as it would be written.
    pub value: String,
    /// Whether the scenario wrote it.
    pub written: bool,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRow {
    /// Index of the cell in [`Manifest::cells`].
    pub cell: u32,
    /// Index of the arm in [`Manifest::arms`].
    pub arm: u32,
    /// What `run --seed` takes to repeat the run.
    pub seed: u64,
    /// What happened.
    pub outcome: RunOutcome,
}

impl RunRow {
    /// Its measures, if it ran to its end.
    pub fn measures(&self) -> Option<&RunMeasures> {
        match &self.outcome {
            RunOutcome::Finished { measures, .. } => Some(measures),
            RunOutcome::Stalled(_) | RunOutcome::Panicked(_) => None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "nearly every run finishes, so a box would cost and save nothing")]
pub enum RunOutcome {
    /// It ran to its end.
    Finished {
        /// Its measures.
        measures: RunMeasures,
        /// Fingerprint of everything observable in it.
        digest: u64,
    },
    /// It was stopped because its time did not pass, which this sentence explains: the scenario is wrong.
    Stalled(String),
    /// The simulator itself failed, with this message: a bug in Stormglass.
    Panicked(String),
}

/// Sums over the runs of one cell and arm, per time bin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSeries {
    /// Index of the cell.
    pub cell: u32,
    /// Index of the arm.
    pub arm: u32,
    /// Runs added up.
    pub runs: u64,
    /// One entry per bin from the start to the horizon, warm-up included.
    pub bins: Vec<BinTotals>,
    /// What layers showed over time, by edge and layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauges: Vec<GaugeTotals>,
    /// How long calls of users took, over all runs together.
    #[serde(default)]
    pub latencies: Latencies,
    /// How full services were over time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occupancies: Vec<OccupancyTotals>,
    /// Over all runs, by bin: attempts that were not the first of their call, by their number. It ends with the last bin that has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FurtherAttempts>,
    /// Whether the runs had settled when they were measured, and how they ended.
    #[serde(default)]
    pub course: Course,
}

/// What a layer showed over time, over all runs of a cell and arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaugeTotals {
    /// The edge, by its index in [`Manifest::edges`].
    pub edge: u32,
    /// The layer of its stack; the outermost is 0.
    pub layer: u32,
    /// What it shows.
    pub name: String,
    /// For each bin: the sum over the runs in millionths, and how many runs had a value.
    pub bins: Vec<(i64, u32)>,
}

/// How full a service was over time, over all runs of a cell and arm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OccupancyTotals {
    /// The service.
    pub service: String,
    /// Workers of all its replicas, as the scenario says; 0 if nothing limits them.
    pub workers: u64,
    /// Runs added up.
    pub runs: u64,
    /// For each bin: busy workers.
    pub busy: Vec<LevelTotals>,
    /// For each bin: how many waited for a worker.
    pub waiting: Vec<LevelTotals>,
}

/// A mean over a time bin, over all runs of a cell and arm, in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelTotals {
    /// The sum over the runs.
    pub sum: u64,
    /// Over the runs: the value -> number of runs, in buckets that are 3 % wide.
    pub runs: log_linear::Histogram<5>,
}

/// One time bin over all runs of a cell and arm: integer sums, and integer histograms over the runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinTotals {
    /// Client calls started in the bin.
    pub started: u64,
    /// Those of them that succeeded, whenever that was.
    pub succeeded: u64,
    /// Client calls that ended in success within the bin.
    pub completed: u64,
    /// Client calls that ended in failure within the bin.
    pub failed: u64,
    /// Attempts put on the wire within the bin, over all edges.
    pub attempts: u64,
    /// Over the runs: availability of the bin in thousandths, rounded down -> number of runs. Runs without a call in the bin are absent.
    pub availability: BTreeMap<u16, u32>,
    /// Over the runs: successes completed in the bin -> number of runs.
    pub goodput: BTreeMap<u64, u32>,
    /// Over the runs: attempts put on the wire in the bin -> number of runs.
    pub offered: BTreeMap<u64, u32>,
}

impl Manifest {
    /// The planned faults of one cell, in order of time.
    pub fn faults_of(&self, cell: u32) -> &[FaultWindow] {
        self.faults.get(cell as usize).map_or(&[], Vec::as_slice)
    }

    /// The edges over which users call, by their place in [`edges`](Self::edges): those whose caller nobody calls, without those of probes.
    pub fn edges_of_users(&self) -> impl Iterator<Item = usize> {
        let ends = |edge: &str| edge.split_once(" -> ").map(|(caller, callee)| (caller.to_owned(), callee.to_owned()));
        let called: Vec<String> = self.edges.iter().filter_map(|edge| ends(edge)).map(|(_, callee)| callee).collect();
        let is_first = move |edge: &str| ends(edge).is_some_and(|(caller, _)| !called.contains(&caller));
        let users = self.edges.iter().enumerate().filter(move |(index, _)| !self.synthetic.contains(&(*index as u32)));
        users.filter(move |(_, edge)| is_first(edge)).map(|(index, _)| index)
    }

    /// Whether the faults of all cells are the same, at the same times.
    pub fn has_same_faults(&self) -> bool {
        self.faults.windows(2).all(|pair| pair[0] == pair[1])
    }
}

impl FaultWindow {
    /// What happens, in words, its label first: `crash of server`, `slow database: database 5 times slower`.
    pub fn told(&self) -> String {
        told(&self.label, self.what.as_deref())
    }

    /// Whether it is on at any moment from `begin` up to, and without, `end`: nanoseconds since the start.
    pub fn touches(&self, begin: u64, end: u64) -> bool {
        self.begin.as_nanos() < end && self.end.is_none_or(|last| last.as_nanos() > begin)
    }
}

/// A label, and what is meant by it where it does not say that itself.
pub(crate) fn told(label: &str, what: Option<&str>) -> String {
    what.map_or_else(|| label.to_owned(), |what| format!("{label}: {what}"))
}

impl Results {
    /// The results of what is about to be run.
    pub const fn nothing_yet(manifest: Manifest) -> Self {
        Self { manifest, runs: Vec::new(), series: Vec::new(), thresholds: Vec::new(), stressed: Vec::new(), stressed_of: None }
    }

    /// The rows of one cell and arm, in order of their seeds: a stretch of all rows, because those are in grid order.
    pub fn rows_of(&self, cell: u32, arm: u32) -> &[RunRow] {
        let start = self.runs.partition_point(|row| (row.cell, row.arm) < (cell, arm));
        let length = self.runs[start..].partition_point(|row| (row.cell, row.arm) == (cell, arm));
        &self.runs[start..start + length]
    }

    /// The finished runs of one cell and arm, in order of their seeds.
    pub fn runs_of(&self, cell: u32, arm: u32) -> impl Iterator<Item = (u64, &RunMeasures)> {
        self.rows_of(cell, arm).iter().filter_map(|row| match &row.outcome {
            RunOutcome::Finished { measures, .. } => Some((row.seed, measures)),
            RunOutcome::Stalled(_) | RunOutcome::Panicked(_) => None,
        })
    }

    /// Fingerprint of all finished runs: the wrapping sum of a 64-bit mix of each run's place, seed and digest. Equal results have equal
    /// fingerprints, and those of runs of which one differs in anything that can be observed have others.
    pub fn digest(&self) -> u64 {
        let each = self.runs.iter().map(|row| match &row.outcome {
            RunOutcome::Finished { digest, .. } => {
                let place = Key::named("run of these results").child(u64::from(row.cell)).child(u64::from(row.arm));
                place.child(row.seed).child(*digest).bits()
            }
            RunOutcome::Stalled(_) | RunOutcome::Panicked(_) => 0,
        });
        each.fold(0, u64::wrapping_add)
    }

    /// The series of one cell and arm.
    pub fn series_of(&self, cell: u32, arm: u32) -> Option<&CellSeries> {
        let place = self.series.binary_search_by_key(&(cell, arm), |series| (series.cell, series.arm));
        place.ok().map(|index| &self.series[index])
    }
}

#[cfg(test)]
mod tests;
