//! By how much do two variants differ, when both met the same seeds?
//!
//! One difference per seed removes what both owe to the seed's luck. The median of the differences and its interval by
//! order statistics assume nothing about their distribution but that seeds are independent. Left out: means, which one
//! run that never recovers would rule.

use super::quantile::Quantile;

/// What the differences of one pair of variants say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paired {
    /// Seeds with a positive difference.
    pub wins: u64,
    /// Seeds with a negative difference.
    pub losses: u64,
    /// Seeds without a difference.
    pub ties: u64,
    /// The median difference, by nearest rank.
    pub median: i128,
    /// Two differences that enclose the true median with at least 95 % confidence; `None` below 6 seeds.
    pub interval: Option<(i128, i128)>,
}

impl Paired {
    /// Sums up one difference per seed, variant minus baseline; `None` without a seed.
    ///
    /// ```
    /// use sim_core::stats::paired::Paired;
    /// let paired = Paired::of(vec![3, -1, 0, 4, 5]).expect("five seeds");
    /// assert_eq!((paired.median, paired.wins, paired.losses, paired.ties), (3, 3, 1, 1));
    /// assert_eq!(paired.interval, None);
    /// ```
    pub fn of(mut differences: Vec<i128>) -> Option<Self> {
        differences.sort_unstable();
        let count = |of: std::cmp::Ordering| differences.iter().filter(|difference| difference.cmp(&&0) == of).count() as u64;
        Some(Self {
            wins: count(std::cmp::Ordering::Greater),
            losses: count(std::cmp::Ordering::Less),
            ties: count(std::cmp::Ordering::Equal),
            median: Quantile::MEDIAN.of(&differences)?,
            interval: Quantile::MEDIAN.interval(&differences),
        })
    }

    /// How many seeds were compared.
    pub const fn seeds(&self) -> u64 {
        self.wins + self.losses + self.ties
    }

    /// Whether the interval lies wholly on one side of zero: the difference is not luck.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0 || high < 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Darwin's maize (Fisher, Design of Experiments, 1935): crossed minus self-fertilised height, in eighths of an inch.
    const DARWIN: [i128; 15] = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

    #[test]
    fn darwins_maize_gives_the_textbook_median_and_sign_interval() {
        let paired = Paired::of(DARWIN.to_vec()).unwrap();
        assert_eq!((paired.wins, paired.losses, paired.ties), (13, 2, 0));
        assert_eq!(paired.median, 24);
        // For n = 15 the ranks are 4 and 12.
        assert_eq!(paired.interval, Some((8, 49)));
        assert!(paired.is_clear());
    }

    #[test]
    fn exchanging_the_variants_mirrors_everything() {
        let paired = Paired::of(DARWIN.iter().map(|difference| -difference).collect()).unwrap();
        assert_eq!((paired.wins, paired.losses), (2, 13));
        assert_eq!((paired.median, paired.interval), (-24, Some((-49, -8))));
    }

    #[test]
    fn equal_variants_do_not_differ_and_no_seed_says_nothing() {
        let paired = Paired::of(vec![0; 40]).unwrap();
        assert_eq!((paired.ties, paired.median, paired.interval), (40, 0, Some((0, 0))));
        assert!(!paired.is_clear());
        assert_eq!(Paired::of(Vec::new()), None);
    }
}
