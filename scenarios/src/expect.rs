//! What must the runs of a scenario fulfil, and do they?
//!
//! A clause speaks of the runs of one cell and arm together, and is judged for each cell and arm apart. It passes or fails if the whole
//! 95 % interval of what the runs show lies on one side of its limits (`shown.rs`), and is undecided otherwise, with the numbers that say so.

mod about;
mod alone;
mod amplification;
mod class;
mod detection;
mod in_cells;
mod latency;
mod measure;
mod observation;
mod places;
mod quotient;
mod recovery;
mod shares;
mod shown;
mod sound;
mod violated;

pub use about::{ClausePage, PAGES};
pub use amplification::AmplificationLimits;
pub(crate) use detection::unknown_alert;
pub use detection::{AlertBounds, DetectionLimits};
pub use in_cells::InCells;
pub use latency::LatencyLimits;
pub(crate) use measure::Owners;
pub use measure::{Amount, Beside, MeasureBounds, Over};
pub use observation::{Limit, ObservationBounds};
pub use places::{Places, places};
pub(crate) use quotient::Quotient;
pub use recovery::RecoveryLimits;
pub(crate) use shown::{Limits, Shown};
use sound::contradiction;
pub use violated::ViolationBounds;

use crate::numbers::Numbers;
use crate::results::Results;
use crate::uptime::UptimeBounds;
use models::measure::RunMeasures;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;
use std::fmt;
use std::ops::Deref;

/// One clause, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "expectation")]
pub enum Clause {
    /// The share of calls that succeed, over all runs together.
    Availability(Bounds),
    /// Recovery times over the runs; a run that never recovers counts as longer than any limit.
    Recovery(RecoveryLimits),
    /// The share of runs that are stuck at the horizon (metastable).
    Stuck(Bounds),
    /// Attempts per call on an edge, over all runs together.
    Amplification(AmplificationLimits),
    /// The latency of calls that succeed: medians over the runs.
    Latency(LatencyLimits),
    /// The share of successes that rest on a wrong answer, over all runs together.
    WrongAnswers(Bounds),
    /// What protocols and clocks observe, in every run.
    Observation(ObservationBounds),
    /// The share of time that so many members of a service or group are up, over all runs together.
    Uptime(UptimeBounds),
    /// Detection times over the runs; a fault that is not detected counts as longer than any limit.
    Detection(DetectionLimits),
    /// The share of the alarms of an alert that are not false, over all runs together.
    Precision(AlertBounds),
    /// The share of faults that an alert detects, over all runs together.
    Recall(AlertBounds),
    /// The share of runs in which a property is violated.
    Violated(ViolationBounds),
    /// Any measure of a run, by name: over the runs, or against another arm.
    Measure(MeasureBounds),
    /// Any of the others, in some cells of the grid alone.
    In(InCells),
}

/// Bounds of a share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// It is not below this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Share>,
    /// It is not above this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Share>,
    /// Whether only calls count that were started in bins no fault touches (availability only).
    pub outside_faults: bool,
    /// Only calls of this class count (availability only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The arms it speaks of; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// What came of a clause in one cell and arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Index of the clause in `expect`, which may lead to several verdicts; behind those, of the property in `properties`.
    pub index: u32,
    /// Index of the cell.
    pub cell: u32,
    /// Index of the arm.
    pub arm: u32,
    /// The clause in words.
    pub clause: String,
    /// Whether it holds.
    pub judgement: Judgement,
    /// What was seen, in words.
    pub evidence: String,
    /// The seed of the run that speaks most against it, where runs differ in that.
    pub worst_seed: Option<u64>,
}

/// Whether a clause holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judgement {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It cannot be said.
    Undecided,
}

impl Judgement {
    /// The word in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Undecided => "undecided",
        }
    }

    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed }
    }
}

impl Clause {
    /// Name and summary of every clause.
    pub const ALL: &'static [(&'static str, &'static str)] = &[
        ("Availability", "the share of calls that succeed lies within bounds"),
        ("Recovery", "a quantile of the recovery times over the runs stays within a limit"),
        ("Stuck", "the share of runs that stay in a failed state lies within bounds"),
        ("Amplification", "attempts per call on an edge stay within limits"),
        ("Latency", "quantiles of the latency of calls that succeed stay within limits"),
        ("WrongAnswers", "the share of successes that rest on a wrong answer lies within bounds"),
        ("Observation", "what a protocol or a clock observes lies within bounds in every run"),
        ("Uptime", "the share of time that so many members of a service or group are up lies within bounds"),
        ("Detection", "a quantile over the runs of the time until something, or an alert, reacts to faults stays within a limit"),
        ("Precision", "the share of the alarms of an alert that are not false lies within bounds"),
        ("Recall", "the share of faults that an alert detects lies within bounds"),
        ("Violated", "the share of runs in which a property is violated lies within bounds"),
        ("Measure", "any measure, by name, lies within limits over the runs, or differs so much from another arm's"),
        ("In", "one of the others holds in those cells of the grid in which varied paths have the values that are named"),
    ];

    /// The arms it speaks of; all if not said.
    pub fn arms(&self) -> Option<&Vec<String>> {
        match self {
            Self::In(cells) => cells.expect.arms(),
            Self::Availability(bounds) | Self::Stuck(bounds) | Self::WrongAnswers(bounds) => bounds.arms.as_ref(),
            Self::Latency(limits) => limits.arms.as_ref(),
            Self::Observation(bounds) => bounds.arms.as_ref(),
            Self::Recovery(limits) => limits.arms.as_ref(),
            Self::Amplification(limits) => limits.arms.as_ref(),
            Self::Uptime(bounds) => bounds.arms.as_ref(),
            Self::Detection(limits) => limits.arms.as_ref(),
            Self::Precision(bounds) | Self::Recall(bounds) => bounds.arms.as_ref(),
            Self::Violated(bounds) => bounds.arms.as_ref(),
            Self::Measure(bounds) => bounds.arms.as_ref(),
        }
    }

    /// Whether it speaks of this arm: of all unless said, but none is compared with itself.
    pub fn speaks_of(&self, arm: &str) -> bool {
        let other = if let Self::Measure(bounds) = self.bare() { bounds.other().map(|(other, _)| other) } else { None };
        self.arms().map_or(other != Some(arm), |arms| arms.iter().any(|name| name == arm))
    }

    /// The alert it speaks of, if it speaks of one.
    pub(crate) fn alert(&self) -> Option<&str> {
        match self.bare() {
            Self::Detection(limits) => limits.alert.as_deref(),
            Self::Precision(bounds) | Self::Recall(bounds) => Some(&bounds.alert),
            _ => None,
        }
    }

    fn judge(&self, results: &Results, (cell, arm): (u32, u32), numbers: Numbers) -> Vec<Judged> {
        let runs = Runs { runs: results.runs_of(cell, arm).collect(), numbers };
        if runs.is_empty() {
            return vec![("expectation".to_owned(), Judgement::Undecided, "no run was finished".to_owned(), None)];
        }
        match self {
            Self::Availability(Bounds { class: Some(class), .. }) | Self::Latency(LatencyLimits { class: Some(class), .. }) => {
                class::judge(self, class, &runs)
            }
            Self::Availability(bounds) => vec![shares::availability(bounds, "availability", &runs)],
            Self::Recovery(limits) => recovery::judge(limits, &runs),
            Self::Stuck(bounds) => vec![shares::stuck(bounds, &runs)],
            Self::Amplification(limits) => vec![limits.judge(&results.manifest.edges, &runs)],
            Self::Latency(limits) => limits.judge("latency", &runs),
            Self::WrongAnswers(bounds) => vec![shares::wrong_answers(bounds, &runs)],
            Self::Observation(bounds) => vec![bounds.judge(&runs)],
            Self::Uptime(bounds) => vec![bounds.judge(&runs)],
            Self::Detection(limits) => limits.judge(&runs),
            Self::Precision(bounds) => vec![bounds.judge_precision(&runs)],
            Self::Recall(bounds) => vec![bounds.judge_recall(&runs)],
            Self::Violated(bounds) => vec![bounds.judge(&runs)],
            Self::Measure(bounds) => vec![bounds.judge(results, cell, &runs)],
            Self::In(cells) => cells.expect.judge(results, (cell, arm), numbers),
        }
    }
}

/// Judges every clause for every cell and arm it speaks of, in the order of the clauses; in the words of the verdicts, numbers stand so.
pub fn judge(results: &Results, numbers: Numbers) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (index, clause) in (0..).zip(&results.manifest.expect) {
        for cell in 0..results.manifest.cells.len() as u32 {
            for (arm, name) in (0..).zip(&results.manifest.arms) {
                if clause.speaks_of(name) && clause.speaks_of_cell(&results.manifest, cell) {
                    let judged = clause.judge(results, (cell, arm), numbers).into_iter();
                    verdicts.extend(judged.map(|(clause, judgement, evidence, worst_seed)| Verdict {
                        index,
                        cell,
                        arm,
                        clause,
                        judgement,
                        evidence,
                        worst_seed,
                    }));
                }
            }
        }
    }
    verdicts.extend(stated(results, numbers));
    verdicts.extend(within_limits(results, numbers));
    verdicts
}

/// Arms of which runs were stopped because they came to a limit of the scenario. They are counted behind the properties.
fn within_limits(results: &Results, numbers: Numbers) -> Vec<Verdict> {
    let manifest = &results.manifest;
    let index = (manifest.expect.len() + manifest.properties.len()) as u32;
    let places = (0..manifest.cells.len() as u32).flat_map(|cell| (0..manifest.arms.len() as u32).map(move |arm| (cell, arm)));
    let judged = places.filter_map(|(cell, arm)| {
        let runs = Runs { runs: results.runs_of(cell, arm).collect(), numbers };
        let (clause, judgement, evidence, worst_seed) = violated::judge_limits(&runs)?;
        Some(Verdict { index, cell, arm, clause, judgement, evidence, worst_seed })
    });
    judged.collect()
}

/// What became of the properties that the scenario states, in the arms of which no clause says in how many runs they may be violated. They
/// are counted behind the clauses.
fn stated(results: &Results, numbers: Numbers) -> Vec<Verdict> {
    let manifest = &results.manifest;
    let speaks = |clause: &Clause, property: &str, arm: &str| matches!(clause, Clause::Violated(bounds) if bounds.property == property && clause.speaks_of(arm));
    let mut verdicts = Vec::new();
    for (index, property) in (manifest.expect.len() as u32..).zip(&manifest.properties) {
        for cell in 0..manifest.cells.len() as u32 {
            for (arm, name) in (0..).zip(&manifest.arms) {
                if manifest.expect.iter().any(|clause| speaks(clause, property, name)) {
                    continue;
                }
                let runs = Runs { runs: results.runs_of(cell, arm).collect(), numbers };
                verdicts.extend(violated::judge_stated(property, &runs).map(|(clause, judgement, evidence, worst_seed)| Verdict {
                    index,
                    cell,
                    arm,
                    clause,
                    judgement,
                    evidence,
                    worst_seed,
                }));
            }
        }
    }
    verdicts
}

/// The limits that are written, in words: `at least 50% and at most 99%`.
pub(crate) fn between<T: fmt::Display>(at_least: Option<T>, at_most: Option<T>, numbers: Numbers) -> String {
    let limit = |word: &str, limit: Option<T>| limit.map(|limit| format!("{word} {}", numbers.of(limit)));
    [limit("at least", at_least), limit("at most", at_most)].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// A clause in words, what came of it, the evidence, and the seed of the run that speaks most against it.
pub(crate) type Judged = (String, Judgement, String, Option<u64>);

/// The runs that are judged, by their seeds, and how numbers are to stand in what is said of them.
#[derive(Clone, Debug)]
pub(crate) struct Runs<'a> {
    runs: Vec<(u64, &'a RunMeasures)>,
    pub numbers: Numbers,
}

impl<'a> From<Vec<(u64, &'a RunMeasures)>> for Runs<'a> {
    fn from(runs: Vec<(u64, &'a RunMeasures)>) -> Self {
        Self { runs, numbers: Numbers::Written }
    }
}

impl<'a> Deref for Runs<'a> {
    type Target = [(u64, &'a RunMeasures)];

    fn deref(&self) -> &Self::Target {
        &self.runs
    }
}
