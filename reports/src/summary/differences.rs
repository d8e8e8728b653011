//! By how much does each arm differ from the baseline, seed by seed, in what ranks arms, and in latency?
//!
//! The median of the differences and its interval by order statistics (docs/statistics.md). A run that never recovers, or is never
//! done, is longer than any other: an order statistic can be such a difference, a mean could not. Seeds of which neither run ever does say
//! nothing of how much later one would have been than the other, and are left out.

use super::arm::{ArmSummary, Kind};
use super::evidence::latencies;
use super::ranking::{Score, shares};
use crate::number;
use crate::table::Cell;
use scenarios::measure::RunMeasures;
use scenarios::results::Results;
use sim_core::stats::paired::Paired;

/// One measure in which arms of a cell differ from the baseline.
#[derive(Clone, Debug)]
pub(crate) struct Differences {
    /// What the measure is called.
    pub measure: &'static str,
    /// The unit of the differences as numbers: percentage points, seconds, a number per second, or none.
    pub unit: &'static str,
    /// Whether more is better.
    pub more_is_better: bool,
    /// Every arm but the baseline that could be compared.
    pub arms: Vec<(u32, Paired)>,
}

/// One difference of two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Difference {
    /// In the unit of its measure.
    Of(f64),
    /// This arm never does where the baseline does.
    Never,
    /// The baseline never does where this arm does.
    OnlyHere,
}

/// Longer than any run.
const NEVER: i128 = 1 << 100;
/// Parts of a percentage point, of a second, and of one a second.
const PARTS: [(&str, f64); 3] = [("pp", 1e7), ("s", 1e9), ("/s", 1e6)];

impl Differences {
    /// All measures in which any arm differs from the baseline in any seed.
    pub fn of(results: &Results, cell: u32) -> Vec<Self> {
        let arms: Vec<ArmSummary> = (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, cell, arm)).collect();
        // What was not tried, or not in order at the end, is nothing to compare with.
        let sound: Vec<&ArmSummary> = arms.iter().filter(|arm| arm.hypothesis_failed == [0, 0]).collect();
        let Some((baseline, others)) = sound.split_first().filter(|(first, _)| first.arm == 0) else { return Vec::new() };
        let measure = |measure, unit, more_is_better, score: &dyn Fn(&ArmSummary) -> Score| {
            let of_baseline = score(baseline);
            let paired = |arm: &&ArmSummary| {
                let pairs = score(arm).into_iter().filter_map(|(seed, value)| Some((value, *of_baseline.get(&seed)?)));
                let differences = pairs.filter(|pair| *pair != (NEVER, NEVER)).map(|(value, other)| value - other);
                Some((arm.arm, Paired::of(differences.collect())?))
            };
            let arms: Vec<(u32, Paired)> = others.iter().filter_map(paired).collect();
            Self { measure, unit, more_is_better, arms }
        };
        let mut all = vec![
            measure("availability", "pp", true, &shares),
            match baseline.goodput() {
                None => measure("attempts per run", "", false, &|arm| by_seed(&arm.attempts_by_seed)),
                Some(_) => measure("goodput", "/s", true, &|arm| by_seed(&arm.goodput_by_seed)),
            },
        ];
        match Kind::of(results) {
            Kind::Faults => all.insert(0, measure("recovery time", "s", false, &recovery)),
            Kind::OneShot => all.insert(0, measure("time until all are done", "s", false, &|arm| completion(results, cell, arm))),
            Kind::Steady => {}
        }
        if Kind::of(results) != Kind::OneShot {
            all.push(measure("latency p50 of successes", "s", false, &latencies::<1>));
            all.push(measure("latency p99 of successes", "s", false, &latencies::<3>));
        }
        all.retain(|one| one.arms.iter().any(|(_, paired)| paired.ties < paired.seeds()));
        all
    }

    /// A difference as it is drawn.
    pub fn difference(&self, value: i128) -> Difference {
        match value {
            never if never > NEVER / 2 => Difference::Never,
            only if only < -NEVER / 2 => Difference::OnlyHere,
            _ => Difference::Of(value as f64 / PARTS.iter().find(|(unit, _)| *unit == self.unit).map_or(1.0, |(_, parts)| *parts)),
        }
    }
}

impl Difference {
    /// As a cell of a table.
    pub fn cell(self) -> Cell {
        match self {
            Self::Of(value) => Cell::Number(value),
            Self::Never => Cell::Written("never".to_owned(), f64::INFINITY),
            Self::OnlyHere => Cell::Written("only here".to_owned(), f64::NEG_INFINITY),
        }
    }

    /// As a reader sees it.
    pub fn shown(self) -> String {
        match self {
            Self::Of(value) => number::signed(value).replace('-', "\u{2212}"),
            Self::Never => "never".to_owned(),
            Self::OnlyHere => "only here".to_owned(),
        }
    }
}

fn by_seed(counts: &[(u64, u64)]) -> Score {
    counts.iter().map(|&(seed, count)| (seed, i128::from(count))).collect()
}

fn recovery(arm: &ArmSummary) -> Score {
    arm.recovery_by_seed.iter().map(|(seed, after)| (*seed, after.map_or(NEVER, |after| after.as_nanos().into()))).collect()
}

fn completion(results: &Results, cell: u32, arm: &ArmSummary) -> Score {
    let done = |run: &RunMeasures| run.last_success.filter(|_| run.succeeded == run.calls).map_or(NEVER, |last| last.as_nanos().into());
    results.runs_of(cell, arm.arm).filter(|(_, run)| run.calls > 0).map(|(seed, run)| (seed, done(run))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_that_never_does_what_the_baseline_does_is_later_by_more_than_any_length() {
        let later = |unit| Differences { measure: "recovery time", unit, more_is_better: false, arms: Vec::new() };
        let seconds = later("s");
        assert_eq!(seconds.difference(NEVER - 5_000_000_000), Difference::Never);
        assert_eq!(seconds.difference(90_000_000_000 - NEVER), Difference::OnlyHere);
        assert_eq!((seconds.difference(-2_500_000_000), later("pp").difference(-5_000_000)), (Difference::Of(-2.5), Difference::Of(-0.5)));
        assert_eq!(["+1.23", "\u{2212}4", "0"], [1.234, -4.0, 0.0].map(|value| Difference::Of(value).shown()));
    }
}
