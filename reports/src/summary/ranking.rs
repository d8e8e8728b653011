//! Which arm is best, by how much, and how sure is that?
//!
//! Own definition. With faults: the share of runs that recovered, then the median recovery, then availability, then
//! attempts per call. Without: availability, then attempts per call. One-shot: availability, then the median number of
//! attempts. Arms that are equal in all of these keep the order of the scenario.

use super::arm::{ArmSummary, Kind};
use super::cell_label;
use crate::command;
use scenarios::results::{Manifest, Results};
use sim_core::stats::paired::Paired;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Shares are compared in billionths.
const BILLION: i128 = 1_000_000_000;

/// The arms of one cell, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// What the cell is called; empty if nothing is varied.
    pub label: String,
    /// Index of the cell.
    pub cell: u32,
    /// Which questions the runs can answer.
    pub kind: Kind,
    /// The arms, best first.
    pub arms: Vec<ArmSummary>,
    /// Arms whose hypothesis failed in some run of an experiment: they are not ranked.
    pub set_apart: Vec<ArmSummary>,
    /// Whether the arms of a seed meet the faults at instants of their own.
    pub instants_differ: bool,
    pub(super) baseline: String,
    /// Of availability and of attempts, against the baseline; `None` for the baseline itself.
    pub(super) paired: Vec<(Option<Paired>, Option<Paired>)>,
}

impl Ranking {
    /// Ranks the arms of one cell.
    pub fn of(results: &Results, cell: u32) -> Self {
        let kind = Kind::of(results);
        let mut arms: Vec<ArmSummary> = (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, cell, arm)).collect();
        let baseline = arms.first().cloned();
        let set_apart: Vec<ArmSummary> = arms.extract_if(.., |arm| arm.hypothesis_failed != [0, 0]).collect();
        // What was not tried, or not in order at the end, is nothing to compare with either.
        let baseline = baseline.filter(|baseline| baseline.hypothesis_failed == [0, 0]);
        arms.sort_by(|a, b| compare(kind, a, b));
        let against = |arm: &ArmSummary| match baseline.as_ref().filter(|_| arm.arm != 0) {
            Some(baseline) => (availability_differences(arm, baseline), attempt_differences(arm, baseline)),
            None => (None, None),
        };
        let paired = arms.iter().map(against).collect();
        let baseline = baseline.map(|arm| arm.name).unwrap_or_default();
        let instants_differ = results.manifest.instants_differ;
        Self { label: cell_label(&results.manifest, cell), instants_differ, cell, kind, arms, set_apart, baseline, paired }
    }

    /// What the cell is called, where several are shown.
    pub fn heading(&self) -> String {
        format!("{}{}", self.label, if self.instants_differ { ", instants differ" } else { "" })
    }

    /// Whether the first and the last arm are equal in everything that ranks them.
    pub fn is_tied(&self) -> bool {
        match (self.arms.first(), self.arms.last()) {
            (Some(best), Some(worst)) => compare(self.kind, best, worst) == Ordering::Equal,
            _ => true,
        }
    }

    /// The arms that no other ranks before.
    pub fn best(&self) -> impl Iterator<Item = &ArmSummary> {
        let first = self.arms.first();
        self.arms.iter().take_while(move |arm| first.is_some_and(|first| compare(self.kind, first, arm) == Ordering::Equal))
    }

    /// The command that repeats the worst run of each arm, best arm first.
    pub fn worst_commands(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let worst = |arm: &ArmSummary| arm.worst_seed.map(|seed| (arm.name.clone(), command::run(manifest, self.cell, arm.arm, seed)));
        self.arms.iter().filter_map(worst).collect()
    }
}

/// Differences of availability, seed by seed, in billionths; seeds without a call on one side are left out.
fn availability_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    let shares = |arm: &ArmSummary| -> BTreeMap<u64, i128> {
        let called = arm.by_seed.iter().filter(|(_, _, calls)| *calls > 0);
        called.map(|&(seed, ok, calls)| (seed, i128::from(ok) * BILLION / i128::from(calls))).collect()
    };
    differences(&shares(arm), &shares(baseline))
}

fn attempt_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    let counts = |arm: &ArmSummary| arm.attempts_by_seed.iter().map(|&(seed, attempts)| (seed, i128::from(attempts))).collect();
    differences(&counts(arm), &counts(baseline))
}

fn differences(arm: &BTreeMap<u64, i128>, baseline: &BTreeMap<u64, i128>) -> Option<Paired> {
    Paired::of(arm.iter().filter_map(|(seed, value)| Some(value - baseline.get(seed)?)).collect())
}

fn compare(kind: Kind, a: &ArmSummary, b: &ArmSummary) -> Ordering {
    let availability = || by_share((b.succeeded, b.calls), (a.succeeded, a.calls));
    let amplification = || by_share(a.end_to_end, b.end_to_end);
    match kind {
        Kind::Faults => by_share((b.recovered, b.judged()), (a.recovered, a.judged()))
            .then_with(|| median_recovery(a).cmp(&median_recovery(b)))
            .then_with(availability)
            .then_with(amplification),
        Kind::Steady => availability().then_with(amplification),
        Kind::OneShot => availability().then_with(|| Quantile::MEDIAN.of(&a.attempts).cmp(&Quantile::MEDIAN.of(&b.attempts))),
    }
}

/// Compares two quotients exactly; one without a divisor is smaller than any other.
pub(super) fn by_share(a: (u64, u64), b: (u64, u64)) -> Ordering {
    match (a.1, b.1) {
        (0, 0) => Ordering::Equal,
        (0, _) => Ordering::Less,
        (_, 0) => Ordering::Greater,
        _ => (u128::from(a.0) * u128::from(b.1)).cmp(&(u128::from(b.0) * u128::from(a.1))),
    }
}

fn median_recovery(arm: &ArmSummary) -> u64 {
    match arm.recovery_quantile(Quantile::MEDIAN) {
        Some(Reached::At(nanos)) => nanos,
        // Longer than any limit.
        Some(Reached::NotBy(_)) | None => u64::MAX,
    }
}
