//! Do two groups of values lie at the same height, when nothing pairs them?
//!
//! Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947); the shift as Hodges and Lehmann (same, 34, 1963), with the
//! interval of Moses (Conover, Practical Nonparametric Statistics, section 5.4). Exact by counting for up to 50 values without ties in all,
//! else by the normal curve with a correction for ties and continuity. Where seeds are the same, [`wilcoxon`](super::wilcoxon) sees more.

use super::normal;
use std::cmp::Ordering;

/// Up to so many values all arrangements are counted.
const MOST_COUNTED: usize = 50;

/// The chance that luck alone sets two groups as far apart as this: 1 if nothing does.
///
/// ```
/// use sim_core::stats::rank_sum::two_sided;
/// // Of 20 ways to choose three of six, 2 are as extreme.
/// assert!((two_sided(&[1, 2, 3], &[4, 5, 6]) - 0.1).abs() < 1e-12);
/// ```
pub fn two_sided(one: &[i128], other: &[i128]) -> f64 {
    let (n, m) = (one.len(), other.len());
    if n == 0 || m == 0 {
        return 1.0;
    }
    // Twice the number of pairs in which the one is larger; ties count half.
    let doubled: u64 = one
        .iter()
        .map(|a| {
            other
                .iter()
                .map(|b| match a.cmp(b) {
                    Ordering::Greater => 2,
                    Ordering::Equal => 1,
                    Ordering::Less => 0,
                })
                .sum::<u64>()
        })
        .sum();
    let mut all: Vec<i128> = one.iter().chain(other).copied().collect();
    all.sort_unstable();
    let ties: f64 = all.chunk_by(|a, b| a == b).map(|alike| alike.len() as f64).map(|count| count * count * count - count).sum();
    if ties <= 0.0 && n + m <= MOST_COUNTED {
        return counted(doubled as usize / 2, n, m);
    }
    let (n, m) = (n as f64, m as f64);
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let beyond = ((doubled as f64 / 2.0 - n * m / 2.0).abs() - 0.5).max(0.0);
    (2.0 * normal::at_most(-beyond / variance.sqrt())).min(1.0)
}

/// The chance of so many pairs or fewer in which the one is larger, or as far from the middle on the other side.
fn counted(pairs: usize, n: usize, m: usize) -> f64 {
    let far = pairs.min(n * m - pairs);
    // Ways to choose n of n + m places whose pairs come to each number: place by place from below.
    let mut ways = vec![vec![0.0_f64; n * m + 1]; n + 1];
    ways[0][0] = 1.0;
    for place in 0..n + m {
        for chosen in (1..=n.min(place + 1)).rev() {
            // The place is the chosen-th: so many of the others lie below it.
            let below = place + 1 - chosen;
            if below <= m {
                for sum in (below..=n * m).rev() {
                    let more = ways[chosen - 1][sum - below];
                    ways[chosen][sum] += more;
                }
            }
        }
    }
    let all: f64 = ways[n].iter().sum();
    (2.0 * ways[n][..=far].iter().sum::<f64>() / all).min(1.0)
}

/// By how much the one group lies above the other: the median of all differences, and two of them that enclose the shift with 95 %
/// confidence, where there are enough.
pub fn shift(one: &[i128], other: &[i128]) -> Option<(i128, Option<(i128, i128)>)> {
    let mut differences: Vec<i128> = one.iter().flat_map(|a| other.iter().map(move |b| a.saturating_sub(*b))).collect();
    differences.sort_unstable();
    let middle = *differences.get(differences.len().checked_sub(1)? / 2)?;
    let (n, m) = (one.len() as f64, other.len() as f64);
    let rank = n * m / 2.0 - normal::quantile(0.975) * (n * m * (n + m + 1.0) / 12.0).sqrt();
    let interval = (rank >= 1.0).then(|| {
        let rank = rank as usize;
        (differences[rank - 1], differences[differences.len() - rank])
    });
    Some((middle, interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_published_table() {
        // Mann and Whitney's table: with five and five, at most 2 pairs in 3.2 % of cases on both sides; with ten and ten, 23 is the limit at 5 %.
        assert!((counted(2, 5, 5) - 8.0 / 252.0).abs() < 1e-12);
        assert!(counted(23, 10, 10) < 0.05 && counted(24, 10, 10) > 0.05);
        assert!((counted(50, 10, 10) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn counting_and_the_normal_curve_agree_where_both_serve() {
        // More values than are counted, so that the curve is asked; in 351 of 900 pairs the one is larger.
        let (one, other): (Vec<i128>, Vec<i128>) =
            ((0..30).map(|value| 10 * value).collect(), (0..30).map(|value| 10 * value + 37).collect());
        let (curve, exact) = (two_sided(&one, &other), counted(351, 30, 30));
        assert!((curve - exact).abs() < 0.002 && exact > 0.05, "{curve} and {exact}");
        let tied: Vec<i128> = other.iter().map(|value| value / 20 * 20).collect();
        assert!(two_sided(&one, &tied) > exact, "rounding brings them together");
    }

    #[test]
    fn the_shift_of_a_group_is_found_and_enclosed() {
        let one: Vec<i128> = (0..15).map(|value| value * value).collect();
        let other: Vec<i128> = one.iter().map(|value| value - 40).collect();
        let (middle, interval) = shift(&one, &other).unwrap();
        let (low, high) = interval.unwrap();
        assert_eq!(middle, 40);
        assert!(low <= 40 && 40 <= high && low > -100 && high < 180, "{low} to {high}");
        assert_eq!((shift(&[], &[1]), shift(&[5], &[1])), (None, Some((4, None))));
        assert!((two_sided(&[3, 3], &[3, 3]) - 1.0).abs() < 1e-12);
    }
}
