//! How sure is the mean of a measure over the runs made so far, and is that enough?
//!
//! Intervals and the rule for stopping are those of [`stopping`]. A run whose measure does not exist (no call of it succeeded, so that it has
//! no latency) is left out and counted. Recovery is cut off at the horizon: a run that had not come back counts with what was seen of it,
//! and a run whose recovery cannot be judged is left out.

use crate::measure::{Recovery, RunMeasures};
use crate::results::Results;
use sim_core::stats::skewed::Estimate;
use sim_core::stats::stopping;
use sim_core::time::SimDuration;
use sim_core::units::Share;
use std::collections::BTreeMap;

/// What a measure's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A share between 0 and 1.
    Share,
    /// Seconds.
    Time,
    /// A number of things.
    Count,
}

/// A measure of a run that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// What a user calls it.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    of: fn(&RunMeasures) -> Option<f64>,
}

/// All of them; the first is the usual one.
pub const MEASURES: [Measure; 7] = [
    Measure { name: "availability", kind: Kind::Share, of: |run| quotient(run.succeeded, run.calls) },
    Measure { name: "recovered", kind: Kind::Share, of: |run| recovery(run).map(|(_, came_back)| f64::from(u8::from(came_back))) },
    Measure { name: "recovery", kind: Kind::Time, of: |run| recovery(run).map(|(seen, _)| seconds(seen)) },
    Measure { name: "latency-mean", kind: Kind::Time, of: |run| latency(run, run.latency.mean) },
    Measure { name: "latency-p50", kind: Kind::Time, of: |run| latency(run, run.latency.p50) },
    Measure { name: "latency-p99", kind: Kind::Time, of: |run| latency(run, run.latency.p99) },
    Measure { name: "attempts", kind: Kind::Count, of: |run| Some(run.edges.iter().map(|edge| edge.attempts).sum::<u64>() as f64) },
];

/// The measure of a name.
pub fn measure(name: &str) -> Option<Measure> {
    MEASURES.into_iter().find(|measure| measure.name == name)
}

fn quotient(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn seconds(length: SimDuration) -> f64 {
    length.as_nanos() as f64 / 1e9
}

fn latency(run: &RunMeasures, of: SimDuration) -> Option<f64> {
    (run.latency.count > 0).then(|| seconds(of))
}

/// The slowest recovery of a run, as far as it was seen, and whether it came back; `None` if that cannot be said.
fn recovery(run: &RunMeasures) -> Option<(SimDuration, bool)> {
    let mut slowest = (SimDuration::ZERO, true);
    for episode in &run.episodes {
        match episode.recovery {
            Recovery::Unharmed => {}
            Recovery::After(length) => slowest.0 = slowest.0.max(length),
            Recovery::Censored(length) => slowest = (slowest.0.max(length), false),
            Recovery::Undecided(_) => return None,
        }
    }
    (!run.episodes.is_empty()).then_some(slowest)
}

/// How far the end of an interval may be from the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// So large a part of the mean; of a difference: of the baseline's mean.
    Relative(Share),
    /// So much, in the measure's own unit.
    Absolute(f64),
}

impl Target {
    /// Reads `5%`, and for a share `0.1pp`, for a time `2ms`, for a count `0.5`.
    ///
    /// # Errors
    /// A sentence that says what could be written.
    pub fn parse(text: &str, measure: &Measure) -> Result<Self, String> {
        let own = match measure.kind {
            Kind::Share => text.strip_suffix("pp").and_then(decimal).map(|points| points / 100.0),
            Kind::Time => text.parse::<SimDuration>().ok().map(seconds),
            Kind::Count => decimal(text),
        };
        let part = || text.parse::<Share>().ok().map(Self::Relative);
        let is_some = |target: &Self| match target {
            Self::Relative(share) => *share > Share::NONE,
            Self::Absolute(size) => *size > 0.0,
        };
        own.map(Self::Absolute).or_else(part).filter(is_some).ok_or_else(|| {
            let absolute = match measure.kind {
                Kind::Share => "`0.1pp` for a tenth of a percentage point",
                Kind::Time => "`2ms` for so much time",
                Kind::Count => "`0.5` for so many",
            };
            format!("`{text}` is no precision of {}; write `5%` for a part of the mean, or {absolute}", measure.name)
        })
    }

    /// How far the end of an interval may be from this mean.
    pub fn allowed(self, mean: f64) -> f64 {
        match self {
            Self::Relative(share) => share.parts() as f64 / Share::ALL.parts() as f64 * mean.abs(),
            Self::Absolute(size) => size,
        }
    }
}

/// A number with a point and no sign.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| is_plain)
}

/// What shall be how precise.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The measure.
    pub measure: Measure,
    /// How precise its mean shall be.
    pub target: Target,
    /// Whether differences from the baseline shall be, seed by seed, instead of the arms themselves.
    pub paired: bool,
}

/// How precise the mean of one arm of one cell is, or its difference from the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precise {
    /// The cell.
    pub cell: u32,
    /// The arm.
    pub arm: u32,
    /// Runs, or pairs of runs, that have the measure, and all.
    pub runs: (u64, u64),
    /// The mean with its interval; `None` if too few runs have the measure.
    pub estimate: Option<Estimate>,
    /// How far the interval may reach.
    pub allowed: f64,
}

impl Precise {
    /// Whether it is as precise as it shall be.
    pub fn is_enough(&self) -> bool {
        self.estimate.is_some_and(|estimate| estimate.reach() <= self.allowed)
    }
}

impl Wanted {
    /// How precise every arm of every cell is after the runs made so far, in grid order.
    pub fn judge(&self, results: &Results) -> Vec<Precise> {
        let manifest = &results.manifest;
        let (cells, arms) = (manifest.cells.len() as u32, manifest.arms.len() as u32);
        let compares = self.paired && arms > 1;
        let judged = (0..cells).flat_map(|cell| (u32::from(compares)..arms).map(move |arm| (cell, arm)));
        judged.map(|(cell, arm)| if compares { self.of_pairs(results, cell, arm) } else { self.of_arm(results, cell, arm) }).collect()
    }

    fn of_arm(&self, results: &Results, cell: u32, arm: u32) -> Precise {
        let values: Vec<f64> = self.values(results, cell, arm).into_values().collect();
        let estimate = stopping::estimate(&values);
        let allowed = estimate.map_or(0.0, |estimate| self.target.allowed(estimate.mean));
        Precise { cell, arm, runs: (values.len() as u64, results.rows_of(cell, arm).len() as u64), estimate, allowed }
    }

    fn of_pairs(&self, results: &Results, cell: u32, arm: u32) -> Precise {
        let (own, baseline) = (self.values(results, cell, arm), self.values(results, cell, 0));
        let differences: Vec<f64> = own.iter().filter_map(|(seed, value)| Some(value - baseline.get(seed)?)).collect();
        let usual = baseline.values().sum::<f64>() / baseline.len().max(1) as f64;
        let runs = (differences.len() as u64, results.rows_of(cell, arm).len() as u64);
        Precise { cell, arm, runs, estimate: stopping::estimate(&differences), allowed: self.target.allowed(usual) }
    }

    fn values(&self, results: &Results, cell: u32, arm: u32) -> BTreeMap<u64, f64> {
        results.runs_of(cell, arm).filter_map(|(seed, run)| Some((seed, (self.measure.of)(run)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, text: &str) -> Result<Target, String> {
        Target::parse(text, &measure(name).expect("it has a name"))
    }

    #[test]
    fn a_precision_is_a_part_of_the_mean_or_in_the_unit_of_the_measure() {
        assert_eq!(target("availability", "0.1pp"), Ok(Target::Absolute(0.001)));
        assert_eq!(target("latency-p99", "2ms"), Ok(Target::Absolute(0.002)));
        assert_eq!(target("attempts", "0.5"), Ok(Target::Absolute(0.5)));
        assert!((target("recovery", "5%").unwrap().allowed(-40.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_precision_is_explained_with_what_is_one() {
        for (name, text) in
            [("availability", "2ms"), ("availability", "0%"), ("latency-mean", "0.1pp"), ("attempts", "-3"), ("attempts", "inf")]
        {
            let sentence = target(name, text).unwrap_err();
            assert!(sentence.contains("write `5%`") && sentence.contains(text), "{sentence}");
        }
    }
}
