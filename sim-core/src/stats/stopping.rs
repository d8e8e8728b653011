//! After how many runs is a mean known well enough to stop?
//!
//! Own choice among what is known of sequential sampling (Chow and Robbins, Annals of Mathematical Statistics 36, 1965; Law and Kelton,
//! Simulation Modeling and Analysis, section 9.4.1). Who looks after every run and stops when the interval happens to be narrow stops most
//! gladly when the spread was underestimated, and covers the truth too seldom. Three things against that: no verdict below
//! [`LEAST`] runs, rounds that grow by half so that there are few looks, and intervals of 96 % that bend with the skewness of the values ([`skewed`]), so that what is
//! left after stopping covers the truth in 95 of 100 cases. How often that is so stands in docs/statistics.md.
//!
//! What comes up in fewer than one run in twenty may not come up in forty: no rule can know of it.

use super::skewed::{self, Estimate};

/// The fewest runs that are judged.
pub const LEAST: u32 = 40;

/// What intervals are made with, so that those at which is stopped cover the truth in 95 of 100 cases.
pub const CONFIDENCE: f64 = 0.96;

/// The numbers of runs after which is looked: each half as many again as the one before, up to `most`.
///
/// ```
/// use sim_core::stats::stopping::rounds;
/// assert_eq!(rounds(150), [40, 60, 90, 135, 150]);
/// assert_eq!(rounds(40), [40]);
/// ```
pub fn rounds(most: u32) -> Vec<u32> {
    let mut rounds = vec![LEAST.min(most)];
    while let Some(last) = rounds.last().copied().filter(|last| *last < most) {
        rounds.push(last.saturating_add(last.div_ceil(2)).min(most));
    }
    rounds
}

/// The mean of the values of a round with the interval that decides; `None` for fewer than three values.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    if values.len() < 3 {
        return None;
    }
    skewed::mean_with(values, critical(values.len()), 1.0)
}

/// The critical value of the interval of so many values, at least two.
pub fn critical(count: usize) -> f64 {
    skewed::critical(CONFIDENCE, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_grow_by_half_and_end_at_the_most() {
        let rounds = rounds(1_000);
        assert_eq!((rounds[0], rounds[rounds.len() - 1]), (LEAST, 1_000));
        assert!(rounds.windows(2).all(|pair| pair[0] < pair[1] && pair[1] <= pair[0] + pair[0].div_ceil(2)));
        assert_eq!(super::rounds(7), [7]);
    }

    #[test]
    fn an_interval_that_decides_is_wider_than_the_plain_one() {
        let values: Vec<f64> = (0..40).map(|at| f64::from(at % 7)).collect();
        let (deciding, plain) = (estimate(&values).unwrap(), skewed::mean(&values).unwrap());
        assert!(deciding.reach() > plain.reach() && deciding.reach() < 1.1 * plain.reach());
    }
}
