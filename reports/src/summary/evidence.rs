//! How sure is it that an arm is better than the baseline, and what is it worth that both met the same seeds?
//!
//! Methods and how often they are right: docs/statistics.md. Chances are two-sided and corrected for the number of arms by Holm,
//! measure by measure. *Variance saved* is the variance of a difference between runs of different seeds, the sum of both arms' own, over
//! that of the differences seed by seed: so many times as many runs would be needed without common seeds. The latency of a run is the mean, or the quantile,
//! of its own successful calls; a run without any has none, and its seed is left out.

use super::arm::{ArmSummary, LATENCIES};
use super::ranking::{Ranking, Score, shares};
use super::ranking_table::{interval_cell, reached_cell};
use crate::number;
use crate::table::{Cell, Column, Table};
use sim_core::stats::holm::corrected;
use sim_core::stats::interval;
use sim_core::stats::paired::Paired;
use sim_core::stats::pooled;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::log_rank;
use sim_core::stats::wilcoxon;
use sim_core::time::SimDuration;

/// Of fewer seeds than this the spread of a mean is too little known to say an interval.
const FEWEST: usize = 10;

/// What is called more than luck.
const LUCK: f64 = 0.05;

/// Said below a table in which an interval and a test seem to contradict each other.
const OTHERWISE: &str = "In some row the interval of the median holds 0 though the p-value is below 0.05, or leaves it out though it is not: these are two \
                         questions. The interval says where the median of the differences may lie; the test weighs every seed by the size of its difference, and its \
                         p-value is corrected for the number of arms.";

/// Whether the interval of the median and the chance of the test lead to different answers.
fn speaks_otherwise((low, high): (i128, i128), chance: f64) -> bool {
    let holds_zero = low <= 0 && high >= 0;
    holds_zero == (chance < LUCK)
}

/// One measure that arms are compared in, seed by seed.
struct Measure {
    name: &'static str,
    of: fn(&ArmSummary) -> Score,
    /// What a difference looks like.
    cell: fn(f64) -> Cell,
    /// The nearest difference that there can be.
    within: fn(f64) -> f64,
}

const AVAILABILITY: Measure = Measure {
    name: "availability",
    of: shares,
    cell: |billionths| Cell::Points(billionths as i64),
    within: |billionths| billionths.clamp(-1e9, 1e9),
};
const ATTEMPTS: Measure = Measure {
    name: "attempts per run",
    of: attempts,
    cell: |attempts| Cell::Told(number::signed(attempts), attempts, ""),
    within: anything,
};
/// Under closed load, where attempts say who did most, and not who took most to do it.
const GOODPUT: Measure = Measure {
    name: "goodput",
    of: goodput,
    cell: |millionths| Cell::Told(format!("{} /s", number::signed(millionths / 1e6)), millionths / 1e6, "1/s"),
    within: anything,
};

/// The latency of successful calls. Less is better, and who turns away or gives up what is slow has less of it.
const OF_LATENCY: [Measure; 4] = [latency::<0>(), latency::<1>(), latency::<2>(), latency::<3>()];

const fn latency<const WHICH: usize>() -> Measure {
    Measure {
        name: LATENCIES[WHICH],
        of: latencies::<WHICH>,
        cell: |nanos| Cell::Told(number::longer_by(nanos), nanos / 1e9, "s"),
        within: anything,
    }
}

const fn anything(difference: f64) -> f64 {
    difference
}

pub(super) fn latencies<const WHICH: usize>(arm: &ArmSummary) -> Score {
    arm.latency_by_seed.iter().map(|(seed, of)| (*seed, i128::from(of[WHICH].as_nanos()))).collect()
}

fn goodput(arm: &ArmSummary) -> Score {
    arm.goodput_by_seed.iter().map(|&(seed, millionths)| (seed, i128::from(millionths))).collect()
}

fn attempts(arm: &ArmSummary) -> Score {
    arm.attempts_by_seed.iter().map(|&(seed, attempts)| (seed, i128::from(attempts))).collect()
}

/// What one measure says of one arm beside the baseline.
struct Compared {
    paired: Paired,
    mean: f64,
    mean_interval: Option<(f64, f64)>,
    /// The chance that it is luck, before correction.
    chance: f64,
    /// How many times the variance of the differences that of unpaired ones is.
    saved: Option<f64>,
}

impl Compared {
    fn of(arm: &Score, baseline: &Score) -> Option<Self> {
        let pairs: Vec<(i128, i128)> = arm.iter().filter_map(|(seed, value)| Some((*value, *baseline.get(seed)?))).collect();
        let differences: Vec<i128> = pairs.iter().map(|(value, other)| value - other).collect();
        let floats = |of: &dyn Fn(&(i128, i128)) -> i128| pairs.iter().map(|pair| of(pair) as f64).collect::<Vec<f64>>();
        let [own, other, both] = [floats(&|pair| pair.0), floats(&|pair| pair.1), floats(&|pair| pair.0 - pair.1)];
        let variance = |values: &[f64]| {
            let (n, mean) = (values.len() as f64, values.iter().sum::<f64>() / values.len() as f64);
            (values.len() > 1).then(|| values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
        };
        let saved = match (variance(&own), variance(&other), variance(&both)) {
            (Some(own), Some(other), Some(both)) if both > 0.0 => Some((own + other) / both),
            _ => None,
        };
        let chance = wilcoxon::two_sided(&differences);
        let of = pooled::mean(&both);
        let mean = of.map_or_else(|| both.iter().sum(), |of| of.value);
        let mean_interval = of.filter(|_| both.len() >= FEWEST).map(|of| of.interval);
        Some(Self { paired: Paired::of(differences)?, mean, mean_interval, chance, saved })
    }
}

impl Ranking {
    /// How sure the differences are: seed by seed against the baseline, and of recovery. Tables without rows are left out.
    pub fn evidence(&self) -> Vec<Table> {
        [self.seed_by_seed(), self.of_recovery()].into_iter().filter(|table| !table.rows.is_empty()).collect()
    }

    fn baseline(&self) -> Option<&ArmSummary> {
        self.arms.iter().find(|arm| arm.name == self.baseline)
    }

    fn seed_by_seed(&self) -> Table {
        let columns = vec![
            Column::text("arm"),
            Column::text("measure"),
            Column::number("more in", "seeds"),
            Column::number("less in", "seeds"),
            Column::number("median\ndifference", ""),
            Column::number("95 % interval", ""),
            Column::number("mean\ndifference", ""),
            Column::number("95 % interval\nof the mean", ""),
            Column::number("p-value\n(Wilcoxon)", ""),
            Column::number("variance\nsaved", ""),
        ];
        let mut table = Table::new(format!("Against \"{}\", seed by seed", self.baseline), columns);
        let Some(baseline) = self.baseline() else { return table };
        let others: Vec<&ArmSummary> = self.arms.iter().filter(|arm| arm.name != self.baseline).collect();
        let mut differ = false;
        let cost = if baseline.goodput().is_some() { &GOODPUT } else { &ATTEMPTS };
        for measure in [&AVAILABILITY, cost].into_iter().chain(&OF_LATENCY) {
            let of_baseline = (measure.of)(baseline);
            let compared: Vec<(&ArmSummary, Compared)> =
                others.iter().filter_map(|arm| Some((*arm, Compared::of(&(measure.of)(arm), &of_baseline)?))).collect();
            if compared.iter().all(|(_, compared)| compared.paired.ties == compared.paired.seeds()) {
                continue;
            }
            let chances = corrected(&compared.iter().map(|(_, compared)| compared.chance).collect::<Vec<f64>>());
            for ((arm, compared), chance) in compared.iter().zip(chances) {
                differ |= compared.paired.interval.is_some_and(|interval| speaks_otherwise(interval, chance));
                table.push(compared.row(&arm.name, measure, chance));
            }
        }
        table.note = differ.then(|| OTHERWISE.to_owned());
        table
    }

    fn of_recovery(&self) -> Table {
        let columns = vec![
            Column::text("arm"),
            Column::number("not\nrecovered", "runs"),
            Column::number("95 % interval\nof the share", ""),
            Column::number("recovery\np50", "s"),
            Column::number("p90", "s"),
            Column::number("p99", "s"),
            Column::number("mean up\nto the limit", "s"),
            Column::number("95 % interval\nof the mean", ""),
            Column::number("p-value\n(log-rank)", ""),
        ];
        let judged: Vec<&ArmSummary> = self.arms.iter().filter(|arm| arm.recovery.is_some()).collect();
        // All arms up to one limit, or longer runs would look slower.
        let limit = judged.iter().filter_map(|arm| arm.recovery.as_ref()).map(|curve| curve.last).max().unwrap_or(0);
        let title = format!("Recovery, with runs that never came back; means up to {}", number::length(SimDuration::from_nanos(limit)));
        let mut table = Table::new(title, columns);
        if limit == 0 {
            return table;
        }
        let baseline = self.baseline().filter(|arm| arm.recovery.is_some());
        let others: Vec<&ArmSummary> = judged.iter().copied().filter(|arm| arm.name != self.baseline).collect();
        let chances: Vec<f64> = others.iter().filter_map(|arm| Some(log_rank(&arm.waits, &baseline?.waits))).collect();
        let chances: Vec<(&str, f64)> = others.iter().map(|arm| arm.name.as_str()).zip(corrected(&chances)).collect();
        for arm in judged {
            let Some(curve) = &arm.recovery else { continue };
            let (mean, error) = curve.restricted_mean(limit);
            let half = sim_core::stats::normal::quantile(0.975) * error;
            let length = |nanos: f64| Cell::Length(SimDuration::from_nanos(nanos.max(0.0) as u64));
            let chance = chances.iter().find(|(name, _)| *name == arm.name).map(|(_, chance)| *chance);
            let quantile = |quantile| reached_cell(curve.quantile(quantile));
            table.push(vec![
                Cell::text(&arm.name),
                Cell::OutOf(arm.not_recovered, arm.judged()),
                Cell::or_missing(interval::share(arm.not_recovered, arm.judged()), |(low, high)| {
                    interval_cell(Cell::share(low), Cell::share(high))
                }),
                quantile(Quantile::MEDIAN),
                quantile(Quantile::new(90, 100)),
                quantile(Quantile::P99),
                length(mean),
                interval_cell(length(mean - half), length(mean + half)),
                Cell::or_missing(chance, |chance| Cell::Told(number::chance(chance), chance, "")),
            ]);
        }
        table
    }
}

impl Compared {
    fn row(&self, arm: &str, measure: &Measure, chance: f64) -> Vec<Cell> {
        let cell = measure.cell;
        let paired = &self.paired;
        vec![
            Cell::text(arm),
            Cell::text(measure.name),
            Cell::OutOf(paired.wins, paired.seeds()),
            Cell::OutOf(paired.losses, paired.seeds()),
            cell(paired.median as f64),
            Cell::or_missing(paired.interval, |(low, high)| interval_cell(cell(low as f64), cell(high as f64))),
            cell(self.mean),
            Cell::or_missing(self.mean_interval, |(low, high)| interval_cell(cell((measure.within)(low)), cell((measure.within)(high)))),
            Cell::Told(number::chance(chance), chance, ""),
            Cell::or_missing(self.saved, Cell::Number),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by seed: what the seed's luck makes of both, and a difference of their own.
    fn score(luck: impl Fn(u64) -> i128, own: i128) -> Score {
        (1..=40).map(|seed| (seed, 1_000 * luck(seed) + own * (seed as i128 % 3))).collect()
    }

    #[test]
    fn common_seeds_save_the_variance_that_both_arms_owe_to_the_seed() {
        let luck = |seed: u64| i128::from(seed % 7);
        let compared = Compared::of(&score(luck, 1), &score(luck, 0)).unwrap();
        assert!(compared.saved.unwrap() > 1_000.0, "{:?}", compared.saved);
        assert!((compared.mean - 40.0 / 40.0).abs() < 0.05 && compared.chance < 0.001);
        // Without common luck nothing is saved.
        let other = Compared::of(&score(luck, 1), &score(|seed| i128::from(seed * 5 % 11), 0)).unwrap();
        assert!((0.5..2.0).contains(&other.saved.unwrap()), "{:?}", other.saved);
    }

    #[test]
    fn an_interval_with_zero_beside_a_small_chance_is_a_contradiction_to_be_explained_and_so_is_the_reverse() {
        let said = [((-3, 4), 0.02), ((1, 4), 0.2), ((-3, 4), 0.2), ((1, 4), 0.02), ((0, 4), 0.049)];
        assert_eq!(said.map(|(interval, chance)| speaks_otherwise(interval, chance)), [true, true, false, false, true]);
    }

    #[test]
    fn equal_arms_are_no_evidence() {
        let compared = Compared::of(&score(|_| 4, 0), &score(|_| 4, 0)).unwrap();
        assert_eq!((compared.chance, compared.saved, compared.paired.ties), (1.0, None, 40));
        assert!(Compared::of(&Score::new(), &Score::new()).is_none());
    }
}
