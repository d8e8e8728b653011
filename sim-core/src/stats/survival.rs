//! How long does something take, when some were still waiting when we stopped looking?
//!
//! Source: Kaplan and Meier, JASA 53 (1958), the product-limit estimate. S(t) is the share that still waits after t; a
//! run that was cut off at t was seen to wait at least until t and leaves the risk set after the events of that instant.
//! Nothing is said beyond the last observation: a quantile the curve does not come down to is *not reached*.
//! Left out: confidence bands (Greenwood), which mislead in the small tails where they would be wanted.

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
        let censored = observations.iter().filter(|observed| observed.censored).count() as u64;
        Some(Self { steps, observed: observations.len() as u64, censored, last })
    }

    /// The share that waits longer than `time`.
    pub fn at(&self, time: u64) -> f64 {
        let passed = self.steps.partition_point(|step| step.time <= time);
        passed.checked_sub(1).map_or(1.0, |index| self.steps[index].survival)
    }

    /// The first time by which the share `quantile` is done.
    pub fn quantile(&self, quantile: Quantile) -> Reached {
        // The product of rounded quotients may end a few units above the exact share.
        let waiting = 1.0 - quantile.share() + 1e-12;
        self.steps.iter().find(|step| step.survival <= waiting).map_or(Reached::NotBy(self.last), |step| Reached::At(step.time))
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
