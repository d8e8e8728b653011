//! How likely are at most k of n, when each comes with the same chance, by itself?
//!
//! The binomial distribution, summed term by term. Its sums are the exact (Clopper and Pearson, Biometrika 26, 1934) way to
//! say whether a seen share speaks for or against a claimed one: no normal curve is fitted.

/// The chance of at most `count` out of `total` where each has the chance `share`, strictly between 0 and 1.
///
/// ```
/// use sim_core::stats::binomial::at_most;
/// // Five heads of five coins, seen from the tails.
/// assert!((at_most(0, 5, 0.5) - 1.0 / 32.0).abs() < 1e-12);
/// ```
pub fn at_most(count: u64, total: u64, share: f64) -> f64 {
    let log_term = log_terms(total, share);
    let sum = (0..=count.min(total)).fold(0.0, |sum, k| sum + libm::exp(log_term(k)));
    sum.min(1.0)
}

/// The chance of at least `count` out of `total`.
pub fn at_least(count: u64, total: u64, share: f64) -> f64 {
    // As many hits as that are at most so many misses: the small terms are summed, nothing is taken from 1.
    if count > total { 0.0 } else { at_most(total - count, total, 1.0 - share) }
}

/// Between which shares the true one lies, with 95 % confidence, where `count` out of `total` were seen: the exact interval, with at most
/// one in forty beyond either end. `None` if nothing was seen.
///
/// ```
/// use sim_core::stats::binomial::interval;
/// let (low, high) = interval(0, 30).expect("something was seen");
/// assert!(low == 0.0 && (high - 0.1157).abs() < 5e-5);
/// ```
pub fn interval(count: u64, total: u64) -> Option<(f64, f64)> {
    assert!(count <= total, "no more hits than trials");
    // Where the tail, which grows or falls with the share, is one in forty.
    let end = |is_too_low: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle: f64 = 0.5 * (low + high);
            if is_too_low(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    };
    let low = if count == 0 { 0.0 } else { end(&|share| at_least(count, total, share) < TAIL) };
    let high = if count == total { 1.0 } else { end(&|share| at_most(count, total, share) > TAIL) };
    (total > 0).then_some((low, high))
}

/// What may lie beyond either end of an interval of 95 %.
const TAIL: f64 = 0.025;

/// The logarithm of P(B = k) for B binomial(count, share).
pub(super) fn log_terms(count: u64, share: f64) -> impl Fn(u64) -> f64 {
    let (log_in, log_out) = (libm::log(share), libm::log(1.0 - share));
    let log_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    let all = log_factorial(count);
    move |k| all - log_factorial(k) - log_factorial(count - k) + k as f64 * log_in + (count - k) as f64 * log_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_the_published_tables() {
        // CRC Standard Mathematical Tables, cumulative binomial: n = 10 and n = 20.
        for (count, total, share, table) in [(3, 10, 0.5, 0.1719), (0, 10, 0.1, 0.3487), (2, 20, 0.1, 0.6769), (5, 20, 0.5, 0.0207)] {
            assert!((at_most(count, total, share) - table).abs() < 5e-5, "{count} of {total} at {share}");
        }
    }

    #[test]
    fn the_exact_interval_is_that_of_newcombes_table() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 5.
        for (count, total, low, high) in
            [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)]
        {
            let (l, h) = interval(count, total).unwrap();
            assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{count} of {total}: {l} to {h}");
            let (ml, mh) = interval(total - count, total).unwrap();
            assert!((l + mh - 1.0).abs() < 1e-12 && (h + ml - 1.0).abs() < 1e-12);
        }
        assert_eq!(interval(0, 0), None);
    }

    #[test]
    fn both_sums_together_count_the_middle_term_twice() {
        let middle = libm::exp(log_terms(50, 0.3)(12));
        assert!((at_most(12, 50, 0.3) + at_least(12, 50, 0.3) - 1.0 - middle).abs() < 1e-12);
        assert!((at_least(0, 50, 0.3) - 1.0).abs() < 1e-12 && at_least(51, 50, 0.3) == 0.0);
    }
}
