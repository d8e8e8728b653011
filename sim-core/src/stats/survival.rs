//! How long does something take, when some were still waiting when we stopped looking?
//!
//! Source: Kaplan and Meier, JASA 53 (1958), the product-limit estimate. S(t) is the share that still waits after t; a
//! run that was cut off at t was seen to wait at least until t and leaves the risk set after the events of that instant.
//! Nothing is said beyond the last observation: a quantile the curve does not come down to is *not reached*.
//!
//! The variance is Greenwood's (1926); its interval is taken on the scale log(-log S), which keeps it between 0 and 1 and covers well
//! from twenty runs on (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, section 1.4). The restricted mean is
//! the area under the curve up to a limit, the log-rank test Mantel's (Cancer Chemotherapy Reports 50, 1966).

use super::interval;
use super::normal;
use super::quantile::Quantile;

/// One time, and whether the wait was cut off then instead of ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observed {
    /// When the wait ended, or was last seen to go on.
    pub time: u64,
    /// Whether it was cut off. Sorted after an end at the same time, as the estimate demands.
    pub censored: bool,
}

/// A point where the curve comes down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub time: u64,
    /// How many still waited just before.
    pub at_risk: u64,
    /// How many waits ended then.
    pub ended: u64,
    /// The share that waits longer.
    pub survival: f64,
}

/// The share that still waits, as a function of time: 1 before the first step, constant between steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// Where it comes down, in order of time.
    pub steps: Vec<Step>,
    /// How many were observed.
    pub observed: u64,
    /// How many of them were cut off.
    pub censored: u64,
    /// The last time at which anything was seen; nothing is known beyond.
    pub last: u64,
    /// When those were cut off, in order.
    cut_off_at: Vec<u64>,
}

/// A quantile of censored times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// That share was done by this time.
    At(u64),
    /// That share was not done by the last time at which anything was seen.
    NotBy(u64),
}

impl Survival {
    /// The curve of these observations; `None` if there are none.
    ///
    /// ```
    /// use sim_core::stats::{quantile::Quantile, survival::{Observed, Reached, Survival}};
    /// let seen = [(2, false), (5, false), (60, true)].map(|(time, censored)| Observed { time, censored });
    /// let curve = Survival::of(seen.to_vec()).expect("three runs");
    /// assert_eq!(curve.quantile(Quantile::MEDIAN), Reached::At(5));
    /// assert_eq!(curve.quantile(Quantile::P99), Reached::NotBy(60));
    /// ```
    pub fn of(mut observations: Vec<Observed>) -> Option<Self> {
        observations.sort_unstable();
        let last = observations.last()?.time;
        let mut steps: Vec<Step> = Vec::new();
        let (mut at_risk, mut survival) = (observations.len() as u64, 1.0);
        for instant in observations.chunk_by(|a, b| a.time == b.time) {
            let ended = instant.iter().filter(|observed| !observed.censored).count() as u64;
            if ended > 0 {
                survival *= (at_risk - ended) as f64 / at_risk as f64;
                steps.push(Step { time: instant[0].time, at_risk, ended, survival });
            }
            at_risk -= instant.len() as u64;
        }
        let cut_off_at: Vec<u64> = observations.iter().filter(|observed| observed.censored).map(|observed| observed.time).collect();
        Some(Self { steps, observed: observations.len() as u64, censored: cut_off_at.len() as u64, last, cut_off_at })
    }

    /// The share that waits longer than `time`.
    pub fn at(&self, time: u64) -> f64 {
        let passed = self.steps.partition_point(|step| step.time <= time);
        passed.checked_sub(1).map_or(1.0, |index| self.steps[index].survival)
    }

    /// The 95 % interval of the share that waits longer than `time`. Where everybody or nobody has waited longer so far, Greenwood has
    /// nothing to say, and the interval is that of a share of those who were not cut off before (Agresti and Coull).
    pub fn interval_at(&self, time: u64) -> (f64, f64) {
        let passed = &self.steps[..self.steps.partition_point(|step| step.time <= time)];
        let share = passed.last().map_or(1.0, |step| step.survival);
        if passed.is_empty() || share <= 0.0 {
            let watched = self.observed - self.cut_off_at.partition_point(|cut| *cut < time) as u64;
            let waiting = if passed.is_empty() { watched } else { 0 };
            return interval::share(waiting, watched).unwrap_or((0.0, 1.0));
        }
        let log = libm::log(share);
        let half = normal::quantile(0.975) * relative_error(passed) / log.abs();
        let bound = |way: f64| libm::exp(log * libm::exp(way * half));
        (bound(1.0), bound(-1.0))
    }

    /// The standard error of the share that waits longer than `time`, by Greenwood; 0 where everybody or nobody does.
    pub fn standard_error_at(&self, time: u64) -> f64 {
        let passed = &self.steps[..self.steps.partition_point(|step| step.time <= time)];
        passed.last().filter(|step| step.survival > 0.0).map_or(0.0, |step| step.survival * relative_error(passed))
    }

    /// When those were cut off that were, in order.
    pub fn cut_off_at(&self) -> &[u64] {
        &self.cut_off_at
    }

    /// The mean wait if every wait ended at `limit` at the latest, with the standard error of that; beyond the last observation
    /// the curve is taken to stay where it is.
    pub fn restricted_mean(&self, limit: u64) -> (f64, f64) {
        let mut area_behind = 0.0;
        let mut variance = 0.0;
        let mut end = limit;
        // From the right, so that the area that is still to come is known at every step.
        for (index, step) in self.steps.iter().enumerate().rev().filter(|(_, step)| step.time < limit) {
            area_behind += step.survival * (end - step.time) as f64;
            end = step.time;
            let left = self.steps[index].at_risk - step.ended;
            if left > 0 {
                variance += area_behind * area_behind * step.ended as f64 / (step.at_risk as f64 * left as f64);
            }
        }
        (area_behind + end as f64, variance.sqrt())
    }

    /// The first time by which the share `quantile` is done.
    pub fn quantile(&self, quantile: Quantile) -> Reached {
        // The product of rounded quotients may end a few units above the exact share.
        let waiting = 1.0 - quantile.share() + 1e-12;
        self.steps.iter().find(|step| step.survival <= waiting).map_or(Reached::NotBy(self.last), |step| Reached::At(step.time))
    }
}

/// Greenwood's standard error as a share of the estimate.
fn relative_error(passed: &[Step]) -> f64 {
    let sum: f64 = passed.iter().map(|step| step.ended as f64 / (step.at_risk as f64 * (step.at_risk - step.ended) as f64)).sum();
    sum.sqrt()
}

/// The chance that luck alone shows two samples of waits as different as these, to either side: the log-rank test. 1 if nothing tells
/// them apart.
pub fn log_rank(one: &[Observed], other: &[Observed]) -> f64 {
    let LogRank { beyond, variance, .. } = LogRank::of(one, other);
    if variance <= 0.0 { 1.0 } else { (2.0 * normal::at_most(-beyond.abs() / variance.sqrt())).min(1.0) }
}

/// How many waits of the first sample ended beyond what is expected if both are alike, and how much that varies by luck.
struct LogRank {
    beyond: f64,
    variance: f64,
    #[cfg_attr(not(test), expect(dead_code, reason = "what textbooks print of the test, held by tests"))]
    expected: f64,
}

impl LogRank {
    fn of(one: &[Observed], other: &[Observed]) -> Self {
        let mut all: Vec<(Observed, bool)> = one.iter().map(|wait| (*wait, true)).chain(other.iter().map(|wait| (*wait, false))).collect();
        all.sort_unstable();
        let (mut at_risk, mut at_risk_one) = (all.len() as f64, one.len() as f64);
        let (mut beyond, mut variance, mut expected) = (0.0, 0.0, 0.0);
        for instant in all.chunk_by(|a, b| a.0.time == b.0.time) {
            let count = |wanted: fn(&(Observed, bool)) -> bool| instant.iter().filter(|wait| wanted(wait)).count() as f64;
            let ended = count(|wait| !wait.0.censored);
            if ended > 0.0 {
                let share = at_risk_one / at_risk;
                expected += ended * share;
                beyond += count(|wait| !wait.0.censored && wait.1) - ended * share;
                if at_risk > 1.0 {
                    variance += ended * share * (1.0 - share) * (at_risk - ended) / (at_risk - 1.0);
                }
            }
            at_risk_one -= count(|wait| wait.1);
            at_risk -= instant.len() as f64;
        }
        Self { beyond, variance, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ended: &[u64], censored: &[u64]) -> Vec<Observed> {
        let one = |censored| move |&time| Observed { time, censored };
        ended.iter().map(one(false)).chain(censored.iter().map(one(true))).collect()
    }

    #[test]
    fn the_leukaemia_trial_gives_the_published_curve() {
        // Freireich et al. (1963), weeks of remission under 6-MP; the curve is in every textbook.
        let curve = Survival::of(seen(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])).unwrap();
        let published =
            [(6, 21, 0.8571), (7, 17, 0.8067), (10, 15, 0.7529), (13, 12, 0.6902), (16, 11, 0.6275), (22, 7, 0.5378), (23, 6, 0.4482)];
        assert_eq!(curve.steps.len(), published.len());
        for (step, (time, at_risk, survival)) in curve.steps.iter().zip(published) {
            assert_eq!((step.time, step.at_risk), (time, at_risk));
            assert!((step.survival - survival).abs() < 5e-5, "at {time}: {}", step.survival);
        }
        assert_eq!(curve.quantile(Quantile::MEDIAN), Reached::At(23));
        assert_eq!(curve.quantile(Quantile::P99), Reached::NotBy(35));
        assert_eq!((curve.observed, curve.censored), (21, 12));
    }

    /// Freireich's trial: the weeks of both arms.
    fn leukaemia() -> (Vec<Observed>, Vec<Observed>) {
        let treated = seen(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
        let placebo = seen(&[1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], &[]);
        (treated, placebo)
    }

    #[test]
    fn the_leukaemia_trial_gives_the_published_intervals_and_chance() {
        let (treated, placebo) = leukaemia();
        // log-log intervals and the log-rank test (chi-square 16.79), as statistics packages print them.
        let curve = Survival::of(treated.clone()).unwrap();
        for (time, low, high) in [(6, 0.620, 0.952), (10, 0.503, 0.889), (23, 0.188, 0.680)] {
            let (is_low, is_high) = curve.interval_at(time);
            assert!((is_low - low).abs() < 1e-3 && (is_high - high).abs() < 1e-3, "{time}: {is_low} to {is_high}");
        }
        let chance = log_rank(&treated, &placebo);
        assert!((chance - 4.17e-5).abs() < 2e-6, "{chance}");
        assert!((chance - log_rank(&placebo, &treated)).abs() < 1e-15);
        assert!((log_rank(&treated, &treated) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_leukaemia_trial_gives_greenwoods_published_standard_errors() {
        // Kalbfleisch and Prentice; Collett, Modelling Survival Data in Medical Research: the table of the 6-MP arm.
        let (treated, placebo) = leukaemia();
        let curve = Survival::of(treated).unwrap();
        for (time, error) in [(6, 0.0764), (7, 0.0869), (10, 0.0963), (13, 0.1068), (16, 0.1141), (22, 0.1282), (23, 0.1346)] {
            assert!((curve.standard_error_at(time) - error).abs() < 5e-5, "{time}: {}", curve.standard_error_at(time));
        }
        assert!(curve.standard_error_at(5) == 0.0);
        // Without censoring Greenwood's is the error of a share: 9 of 21 still wait after 8 weeks less one tie of four.
        let curve = Survival::of(placebo).unwrap();
        let by_hand = [(1, 19), (2, 17), (3, 16), (4, 14), (5, 12), (8, 8), (11, 6), (12, 4), (15, 3), (17, 2), (22, 1), (23, 0)];
        assert_eq!(curve.steps.len(), by_hand.len());
        for (step, (time, left)) in curve.steps.iter().zip(by_hand) {
            let share = f64::from(left) / 21.0;
            assert!(step.time == time && (step.survival - share).abs() < 1e-12, "{time}: {}", step.survival);
            assert!((curve.standard_error_at(time) - (share * (1.0 - share) / 21.0).sqrt()).abs() < 1e-12, "{time}");
        }
    }

    #[test]
    fn the_leukaemia_trial_gives_the_published_log_rank_table() {
        // 9 and 21 relapses where 19.25 and 10.75 are expected, chi-square 16.79 with variance 6.257.
        let (treated, placebo) = leukaemia();
        let LogRank { beyond, variance, expected } = LogRank::of(&treated, &placebo);
        assert!((expected - 19.25).abs() < 5e-3 && (beyond - (9.0 - 19.25)).abs() < 5e-3, "{expected}");
        assert!((variance - 6.257).abs() < 5e-4 && (beyond * beyond / variance - 16.79).abs() < 5e-3, "{variance}");
    }

    #[test]
    fn ties_of_ends_and_cuts_are_worked_as_by_hand() {
        // Seven runs: ends at 2, 2, 5; cut off at 2, 5, 7, 9. At 2 all seven are at risk, the one cut off at 2 among them: 5/7. At 5
        // four are (7 - 2 - 1), and the one cut off at 5 is one of them: 3/4. S = 15/28. Greenwood: 2 / (7 x 5) + 1 / (4 x 3).
        let curve = Survival::of(seen(&[2, 5, 2], &[9, 2, 5, 7])).unwrap();
        let steps: Vec<(u64, u64, u64)> = curve.steps.iter().map(|step| (step.time, step.at_risk, step.ended)).collect();
        assert_eq!(steps, [(2, 7, 2), (5, 4, 1)]);
        assert!((curve.at(2) - 5.0 / 7.0).abs() < 1e-15 && (curve.at(8) - 15.0 / 28.0).abs() < 1e-15);
        let by_hand = 15.0 / 28.0 * (2.0 / 35.0_f64 + 1.0 / 12.0).sqrt();
        assert!((curve.standard_error_at(8) - by_hand).abs() < 1e-15, "{}", curve.standard_error_at(8));
        // On the scale log(-log S): -log S = 0.624154, error of it sqrt(59/420) / 0.624154 = 0.600495.
        let (low, high) = curve.interval_at(8);
        assert!((low - 0.131_99).abs() < 5e-5 && (high - 0.825_00).abs() < 5e-5, "{low} to {high}");
        assert_eq!(curve.cut_off_at(), [2, 5, 7, 9]);
    }

    #[test]
    fn the_restricted_mean_is_the_mean_of_the_waits_cut_off_at_the_limit() {
        let (_, placebo) = leukaemia();
        let waits: Vec<u64> = placebo.iter().map(|wait| wait.time).collect();
        let curve = Survival::of(placebo).unwrap();
        for limit in [1, 5, 10, 23, 40] {
            let mean = waits.iter().map(|wait| (*wait).min(limit) as f64).sum::<f64>() / waits.len() as f64;
            let (is, error) = curve.restricted_mean(limit);
            assert!((is - mean).abs() < 1e-9, "{limit}: {is} for {mean}");
            // Without censoring it is the standard error of that mean, by n.
            let squares: f64 = waits.iter().map(|wait| ((*wait).min(limit) as f64 - mean) * ((*wait).min(limit) as f64 - mean)).sum();
            assert!((error - squares.sqrt() / waits.len() as f64).abs() < 1e-9, "{limit}: {error}");
        }
    }

    #[test]
    fn where_nobody_has_come_back_the_interval_is_that_of_a_share() {
        let curve = Survival::of(seen(&[], &[90; 20])).unwrap();
        let (low, high) = curve.interval_at(60);
        assert!((low - 0.8102).abs() < 1e-4 && (high - 1.0).abs() < 1e-12);
        let curve = Survival::of(seen(&[5; 20], &[])).unwrap();
        let (low, high) = curve.interval_at(60);
        assert!(low < 1e-12 && (high - 0.1898).abs() < 1e-4);
    }

    #[test]
    fn without_censoring_it_is_the_nearest_rank_quantile() {
        for count in 1..60_u64 {
            let times: Vec<u64> = (1..=count).map(|i| 10 * i).collect();
            let curve = Survival::of(seen(&times, &[])).unwrap();
            for percent in 1..100 {
                let quantile = Quantile::new(percent, 100);
                assert_eq!(curve.quantile(quantile), Reached::At(quantile.of(&times).unwrap()), "{percent} % of {count}");
            }
        }
    }

    #[test]
    fn what_never_ended_is_never_averaged_away() {
        let curve = Survival::of(seen(&[], &[90, 90, 90])).unwrap();
        assert!(curve.steps.is_empty());
        assert_eq!(curve.quantile(Quantile::MEDIAN), Reached::NotBy(90));
        assert!((curve.at(1_000) - 1.0).abs() < 1e-15);
        assert_eq!(Survival::of(Vec::new()), None);
    }
}
