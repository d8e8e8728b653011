//! How sure is the mean of a measure over the runs made so far, and is that enough?
//!
//! Intervals and the rule for stopping are those of [`stopping`]. A run that has no such value is left out and counted; a value that the end
//! of the run cut off, such as a recovery that did not come, counts with what was seen of it.

use crate::measures::{Measure, Reading, Unit};
use crate::results::Results;
use sim_core::stats::skewed::Estimate;
use sim_core::stats::stopping;
use sim_core::time::SimDuration;
use sim_core::units::Share;
use std::collections::BTreeMap;

/// How far the end of an interval may be from the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// So large a part of the mean; of a difference: of the baseline's mean.
    Relative(Share),
    /// So much, in the measure's own unit.
    Absolute(f64),
}

impl Target {
    /// Reads `5%`, and for a share `0.1pp`, for a time `2ms`, for a rate `5/s`, for anything else `0.5`.
    ///
    /// # Errors
    /// A sentence that says what could be written.
    pub fn parse(text: &str, measure: &Measure) -> Result<Self, String> {
        let (own, absolute) = match measure.unit {
            Unit::Share => {
                (text.strip_suffix("pp").and_then(decimal).map(|points| points / 100.0), "`0.1pp` for a tenth of a percentage point")
            }
            Unit::Time => (text.parse::<SimDuration>().ok().map(|length| length.as_nanos() as f64 / 1e9), "`2ms` for so much time"),
            Unit::Rate => (text.strip_suffix("/s").and_then(decimal), "`5/s` for so many in a second"),
            Unit::Count | Unit::Ratio => (decimal(text), "`0.5` for so many"),
        };
        let part = || text.parse::<Share>().ok().map(Self::Relative);
        let is_some = |target: &Self| match target {
            Self::Relative(share) => *share > Share::NONE,
            Self::Absolute(size) => *size > 0.0,
        };
        let told = || format!("`{text}` is no precision of {}; write `5%` for a part of the mean, or {absolute}", measure.name);
        own.map(Self::Absolute).or_else(part).filter(is_some).ok_or_else(told)
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
#[derive(Clone, Debug)]
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
    /// Whether it is as precise as it shall be. Where no run has the measure, further runs would not help.
    pub fn is_enough(&self) -> bool {
        self.is_missing() || self.estimate.is_some_and(|estimate| estimate.reach() <= self.allowed)
    }

    /// Whether no run has the measure.
    pub const fn is_missing(&self) -> bool {
        self.runs.0 == 0
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
        let parts = self.measure.unit.parts() as f64;
        let value = |reading: Reading| match reading {
            Reading::Is(value) | Reading::Beyond(value) | Reading::AtLeast(value) => Some(value as f64 / parts),
            Reading::Missing => None,
        };
        results.runs_of(cell, arm).filter_map(|(seed, run)| Some((seed, value(self.measure.of(run, &results.manifest))?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{RunOutcome, RunRow};
    use models::measure::RunMeasures;

    fn target(name: &str, text: &str) -> Result<Target, String> {
        Target::parse(text, &Measure::named(name).expect("it has a name"))
    }

    #[test]
    fn a_precision_is_a_part_of_the_mean_or_in_the_unit_of_the_measure() {
        assert_eq!(target("availability", "0.1pp"), Ok(Target::Absolute(0.001)));
        assert_eq!(target("latency p99", "2ms"), Ok(Target::Absolute(0.002)));
        assert_eq!(target("attempts", "0.5"), Ok(Target::Absolute(0.5)));
        assert_eq!(target("goodput", "5/s"), Ok(Target::Absolute(5.0)));
        assert!((target("recovery time", "5%").unwrap().allowed(-40.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_precision_is_explained_with_what_is_one() {
        for (name, text) in
            [("availability", "2ms"), ("availability", "0%"), ("latency mean", "0.1pp"), ("attempts", "-3"), ("attempts", "inf")]
        {
            let sentence = target(name, text).unwrap_err();
            assert!(sentence.contains("write `5%`") && sentence.contains(text), "{sentence}");
        }
    }

    /// Runs of two arms, each with so many of a thousand calls that succeed, by seed.
    fn results(arms: [fn(u64) -> u64; 2], runs: u64) -> Results {
        let text = r#"(schema: 1, name: "x", horizon: "20s", nodes: {
            "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
            arms: { "one": (), "two": (nodes: { "server": Service(workers: 2, demand: Constant("10ms")) }) })"#;
        let source = crate::text::Source::new("x.ron", text);
        let manifest = crate::sweep::manifest(&crate::read(source, "x.ron", &[], crate::Extent::Grid).expect("the scenario is sound"));
        let row = |(arm, seed): (usize, u64)| RunRow {
            cell: 0,
            arm: arm as u32,
            seed,
            outcome: RunOutcome::Finished {
                measures: RunMeasures { calls: 1_000, succeeded: arms[arm](seed), ..RunMeasures::default() },
                digest: 0,
            },
        };
        let runs = (0..2).flat_map(|arm| (0..runs).map(move |seed| (arm, seed))).map(row).collect();
        Results { runs, ..Results::nothing_yet(manifest) }
    }

    #[test]
    fn what_two_arms_owe_to_the_seed_does_not_make_their_difference_unsure() {
        let results = results([|seed| 400 + 50 * (seed % 7), |seed| 420 + 50 * (seed % 7) + seed % 2], 40);
        let wanted = |paired| Wanted { measure: Measure::named("availability").unwrap(), target: Target::Absolute(0.01), paired };
        let alone = wanted(false).judge(&results);
        assert_eq!(alone.iter().map(|precise| (precise.arm, precise.is_enough())).collect::<Vec<_>>(), [(0, false), (1, false)]);
        let paired = wanted(true).judge(&results);
        assert_eq!((paired.len(), paired[0].arm, paired[0].is_enough()), (1, 1, true));
        let estimate = paired[0].estimate.unwrap();
        assert!((estimate.mean - 0.0205).abs() < 1e-9 && estimate.low < estimate.mean, "{estimate:?}");
    }

    #[test]
    fn more_runs_do_not_help_a_measure_that_no_run_has() {
        let results = results([|_| 500, |_| 500], 40);
        let wanted = Wanted { measure: Measure::named("latency p99").unwrap(), target: Target::Absolute(0.01), paired: false };
        assert!(wanted.judge(&results).iter().all(|precise| precise.is_missing() && precise.is_enough() && precise.runs == (0, 40)));
    }
}
