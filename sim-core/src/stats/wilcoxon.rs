//! Do paired differences lie more on one side of zero than luck would have it, their sizes included?
//!
//! Source: Wilcoxon, Biometrics Bulletin 1 (1945); ties and zeros as Pratt (JASA 54, 1959) and Conover (Practical Nonparametric
//! Statistics, section 5.7) treat them: zeros are dropped, equal sizes share the mean of their ranks. Exact for up to 50 differences
//! without ties, by counting; else by the normal curve with a correction for ties and continuity. It asks more than the sign test
//! (that the differences lie symmetrically) and so sees more.

use super::normal;
use std::cmp::Ordering;

/// Up to so many differences all arrangements of signs are counted.
const MOST_COUNTED: usize = 50;

/// The chance that luck alone shows a difference as clear as this, to either side: 1 if there is none.
///
/// ```
/// use sim_core::stats::wilcoxon::two_sided;
/// // Five differences, all up: 2 of 32 arrangements of signs are as clear.
/// assert!((two_sided(&[1, 2, 3, 4, 5]) - 0.0625).abs() < 1e-12);
/// ```
pub fn two_sided(differences: &[i128]) -> f64 {
    let mut sizes: Vec<(u128, bool)> =
        differences.iter().filter(|difference| **difference != 0).map(|difference| (difference.unsigned_abs(), *difference > 0)).collect();
    sizes.sort_unstable();
    if sizes.is_empty() {
        return 1.0;
    }
    // Twice the ranks, so that the mean of several is whole.
    let (mut ranks_up, mut rank, mut ties) = (0_u64, 1_u64, 0.0);
    for alike in sizes.chunk_by(|a, b| a.0 == b.0) {
        let count = alike.len() as u64;
        let doubled = 2 * rank + count - 1;
        ranks_up += doubled * alike.iter().filter(|(_, is_up)| *is_up).count() as u64;
        rank += count;
        let count = count as f64;
        ties += count * count * count - count;
    }
    if ties == 0.0 && sizes.len() <= MOST_COUNTED {
        return counted(ranks_up / 2, sizes.len());
    }
    let n = sizes.len() as f64;
    let (mean, variance) = (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0);
    let beyond = ((ranks_up as f64 / 2.0 - mean).abs() - 0.5).max(0.0);
    (2.0 * normal::at_most(-beyond / variance.sqrt())).min(1.0)
}

/// To which side of zero the differences lean, by the sum of their ranks: the side of which [`two_sided`] speaks.
///
/// ```
/// use sim_core::stats::wilcoxon::leaning;
/// assert!(leaning(&[-1, -2, 9]).is_eq() && leaning(&[-1, 2, 9]).is_gt());
/// ```
pub fn leaning(differences: &[i128]) -> Ordering {
    let mut sizes: Vec<i128> = differences.iter().copied().filter(|difference| *difference != 0).collect();
    sizes.sort_unstable_by_key(|difference| difference.unsigned_abs());
    let (mut rank, mut sum) = (1_i128, 0);
    for alike in sizes.chunk_by(|a, b| a.unsigned_abs() == b.unsigned_abs()) {
        let count = alike.len() as i128;
        sum += (2 * rank + count - 1) * alike.iter().map(|difference| difference.signum()).sum::<i128>();
        rank += count;
    }
    sum.cmp(&0)
}

/// The share of all arrangements of signs of the ranks 1 to `count` whose sum of positive ranks is as far from the middle.
fn counted(sum: u64, count: usize) -> f64 {
    let most = count * (count + 1) / 2;
    let far = (sum as usize).min(most - sum as usize);
    // How many arrangements have which sum, as shares, so that nothing overflows.
    let mut shares = vec![0.0_f64; most + 1];
    shares[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..=most).rev() {
            let with = if sum >= rank { shares[sum - rank] } else { 0.0 };
            shares[sum] = 0.5 * (shares[sum] + with);
        }
    }
    (2.0 * shares[..=far].iter().sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn darwins_maize_gives_the_published_chance() {
        // V = 96 and p = 0.0413 (exact) without ties; the data have none among their sizes but in signs.
        let darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
        assert!((two_sided(&darwin) - 0.0413).abs() < 1e-4, "{}", two_sided(&darwin));
    }

    #[test]
    fn sums_are_those_of_the_published_table() {
        // For n = 10 a sum of 8 is the last that is clear at 5 % (two-sided 0.0488), for n = 20 it is 52 (0.0484).
        assert!((counted(8, 10) - 0.0488).abs() < 1e-4 && counted(9, 10) > 0.05);
        assert!((counted(52, 20) - 0.0484).abs() < 1e-4 && counted(53, 20) > 0.05);
    }

    #[test]
    fn counting_and_the_normal_curve_agree_where_both_serve() {
        let spread: Vec<i128> = (1..=50).map(|rank| if rank % 3 == 0 { -rank } else { rank }).collect();
        let exact = two_sided(&spread);
        let many: Vec<i128> = spread.iter().map(|difference| difference.signum() * (difference.abs() + 1) / 2 * 2).collect();
        assert!((exact - two_sided(&many)).abs() < 0.01, "{exact} and {}", two_sided(&many));
    }

    #[test]
    fn no_difference_is_no_evidence_and_the_sides_are_alike() {
        assert_eq!((two_sided(&[]), two_sided(&[0, 0, 0])), (1.0, 1.0));
        let some = [5, -3, 8, 9, -1, 12, 0, 7];
        let turned = some.map(|difference: i128| -difference);
        assert!((two_sided(&some) - two_sided(&turned)).abs() < 1e-12);
    }
}
