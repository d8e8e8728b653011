//! Which observed value stands at a given share of a sorted sample, and between which two does the true one lie?
//!
//! Definition: the nearest-rank quantile, Hyndman and Fan (1996) type 1. The q-quantile of n sorted values is the one of
//! rank `ceil(q n)`, at least 1: the smallest observed value that at least the share q of the sample does not exceed.
//! It is always a value that occurred; nothing is interpolated.
//!
//! Interval: order statistics (Conover, Practical Nonparametric Statistics, section 3.2). The number of values below
//! the true quantile is binomial(n, q) whatever the distribution, so two ranks can be named that enclose it with at
//! least the wanted confidence. Left out: interpolated intervals, which are shorter and not exact.

use super::binomial::log_terms;

/// Confidence of every interval in reports: 95 %, that is, at most one in forty on each side.
const TAIL: f64 = 0.025;

/// A share of a sample as an exact fraction, strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantile {
    numerator: u64,
    denominator: u64,
}

impl Quantile {
    /// Five in a hundred lie below.
    pub const P5: Self = Self::new(5, 100);
    /// Half of the sample lies below.
    pub const MEDIAN: Self = Self::new(1, 2);
    /// Ninety-five in a hundred lie below.
    pub const P95: Self = Self::new(95, 100);
    /// Ninety-nine in a hundred lie below.
    pub const P99: Self = Self::new(99, 100);

    /// The share `numerator / denominator`.
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        assert!(0 < numerator && numerator < denominator, "a quantile lies strictly between 0 and 1");
        Self { numerator, denominator }
    }

    /// The rank, from 1, of this quantile among `count` sorted values; zero if there are none.
    ///
    /// ```
    /// use sim_core::stats::quantile::Quantile;
    /// assert_eq!(Quantile::MEDIAN.rank(5), 3);
    /// assert_eq!(Quantile::P99.rank(100), 99);
    /// ```
    pub fn rank(self, count: u64) -> u64 {
        let product = u128::from(count) * u128::from(self.numerator);
        product.div_ceil(u128::from(self.denominator)) as u64
    }

    /// The share as a float, for formulas.
    pub fn share(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The value of this quantile in `sorted` (ascending); `None` if it is empty.
    pub fn of<T: Copy>(self, sorted: &[T]) -> Option<T> {
        let rank = self.rank(sorted.len() as u64) as usize;
        rank.checked_sub(1).map(|index| sorted[index])
    }

    /// The value of this quantile where each value comes with how often it occurred, values ascending.
    pub fn of_counted<T: Copy>(self, counted: impl Iterator<Item = (T, u64)> + Clone) -> Option<T> {
        let mut missing = self.rank(counted.clone().map(|(_, count)| count).sum());
        for (value, count) in counted {
            if count > 0 && count >= missing {
                return (missing > 0).then_some(value);
            }
            missing -= count;
        }
        None
    }

    /// Two values of `sorted` (ascending) that enclose the true quantile with at least 95 % confidence;
    /// `None` where the sample is too small to say so (fewer than 6 values for a median, 368 for a 99th percentile).
    pub fn interval<T: Copy>(self, sorted: &[T]) -> Option<(T, T)> {
        let (low, high) = self.interval_ranks(sorted.len() as u64)?;
        Some((sorted[low as usize - 1], sorted[high as usize - 1]))
    }

    /// The ranks, from 1, of the interval's ends: the largest lower and the smallest upper one with at most 2.5 % beyond each.
    pub fn interval_ranks(self, count: u64) -> Option<(u64, u64)> {
        let (low, high) = self.end_ranks(count);
        low.zip(high)
    }

    /// The ranks of the interval's ends, each by itself: a sample may be large enough to say how long a 99th percentile is at least, and
    /// too small to say how long it is at most.
    pub fn end_ranks(self, count: u64) -> (Option<u64>, Option<u64>) {
        let log_term = log_terms(count, self.share());
        // P(B <= low - 1) <= tail, for the largest such low.
        let (mut low, mut below) = (0, 0.0);
        while low < count {
            below += libm::exp(log_term(low));
            if below > TAIL {
                break;
            }
            low += 1;
        }
        // P(B >= high) <= tail, for the smallest such high, summed from the top where the terms are small.
        let (mut high, mut above) = (count + 1, 0.0);
        while high > 1 {
            above += libm::exp(log_term(high - 1));
            if above > TAIL {
                break;
            }
            high -= 1;
        }
        ((low >= 1).then_some(low), (high <= count).then_some(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Key, Seed};

    #[test]
    fn the_nearest_rank_is_a_value_that_occurred() {
        // The worked example of the nearest-rank method: 15, 20, 35, 40, 50.
        let sorted = [15, 20, 35, 40, 50];
        let at = |percent| Quantile::new(percent, 100).of(&sorted);
        assert_eq!((at(5), at(30), at(40), at(50), at(99)), (Some(15), Some(20), Some(20), Some(35), Some(50)));
        assert_eq!(Quantile::MEDIAN.of::<u64>(&[]), None);
    }

    #[test]
    fn counted_values_give_the_same_quantile_as_written_out_ones() {
        let counted = [(15, 2), (20, 0), (35, 3), (40, 1)];
        let written = [15, 15, 35, 35, 35, 40];
        for percent in 1..100 {
            let quantile = Quantile::new(percent, 100);
            assert_eq!(quantile.of_counted(counted.into_iter()), quantile.of(&written), "{percent} %");
        }
        assert_eq!(Quantile::MEDIAN.of_counted(std::iter::empty::<(u64, u64)>()), None);
        assert_eq!(Quantile::MEDIAN.of_counted([(7, 0)].into_iter()), None);
    }

    #[test]
    fn the_ranks_of_a_median_are_those_of_the_published_table() {
        // The well-known ranks for a 95 % interval of the median: n -> lower and upper rank.
        for (count, ranks) in [(6, (1, 6)), (10, (2, 9)), (16, (4, 13)), (20, (6, 15)), (25, (8, 18)), (100, (40, 61))] {
            assert_eq!(Quantile::MEDIAN.interval_ranks(count), Some(ranks), "n = {count}");
        }
    }

    #[test]
    fn a_sample_that_is_too_small_has_no_interval() {
        assert_eq!(Quantile::MEDIAN.interval_ranks(0), None);
        assert_eq!(Quantile::MEDIAN.interval_ranks(5), None);
        assert_eq!(Quantile::P99.interval_ranks(367), None);
        assert!(Quantile::P99.interval_ranks(368).is_some());
        assert!(Quantile::MEDIAN.interval_ranks(200_000).is_some(), "no underflow");
        assert_eq!((Quantile::P99.end_ranks(30), Quantile::P99.end_ranks(1)), ((Some(28), None), (Some(1), None)));
    }

    #[test]
    fn the_interval_covers_the_true_median_at_least_as_often_as_it_says() {
        let (samples, half) = (2_000, 1_u64 << 63);
        let covered = (0..samples)
            .filter(|&sample| {
                let seed = Seed::new(sample);
                let mut values: Vec<u64> = (0..25).map(|i| seed.draws(Key::named("value"), i).wait().bits()).collect();
                values.sort_unstable();
                let (low, high) = Quantile::MEDIAN.interval(&values).unwrap();
                (low..=high).contains(&half)
            })
            .count();
        // Exact coverage for n = 25 is 95.67 %; four standard errors are 1.8 points.
        assert!((1_878..=1_950).contains(&covered), "{covered} of {samples}");
    }
}
