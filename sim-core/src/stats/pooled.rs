//! Between which bounds does a quotient of sums lie, when whole runs were drawn and not the calls in them?
//!
//! Source: the ratio estimator (Cochran, Sampling Techniques, 3rd edition, section 6.3): calls of one run share its luck, so that a run
//! counts once, however many calls it has. What each run has too much for the common quotient is a value with the mean zero, and its
//! spread from run to run is the error. The ends are those of Student's t, and those that lean to the long side of skewed values
//! ([`skewed`]) wherever they lie further off: failures that come in few runs would be missed otherwise. Left out: a bias of the order of
//! 1 / runs.

use super::skewed;

/// A quotient of sums and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// The sum of all parts over the sum of all wholes.
    pub value: f64,
    /// The ends of the 95 % interval.
    pub interval: (f64, f64),
    /// Whether every run has this same quotient: then the interval has no width, and says nothing of what no run has shown.
    pub is_alike: bool,
}

/// Of one part and one whole per run; runs whose whole is zero say nothing. `None` for fewer than two others.
///
/// ```
/// use sim_core::stats::pooled::ratio;
/// let of = ratio(&[(99.0, 100.0), (198.0, 200.0), (97.0, 100.0), (195.0, 200.0)]).expect("four runs");
/// assert!((of.value - 589.0 / 600.0).abs() < 1e-12 && of.interval.0 < 0.972 && of.interval.1 > 0.991);
/// ```
pub fn ratio(pairs: &[(f64, f64)]) -> Option<Pooled> {
    let pairs: Vec<(f64, f64)> = pairs.iter().copied().filter(|(_, whole)| *whole > 0.0).collect();
    let (first, count) = (*pairs.first()?, pairs.len() as f64);
    if pairs.len() < 2 {
        return None;
    }
    if pairs.iter().all(|(part, whole)| (part * first.1).total_cmp(&(first.0 * whole)).is_eq()) {
        let value = first.0 / first.1;
        return Some(Pooled { value, interval: (value, value), is_alike: true });
    }
    let (parts, wholes) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let value = parts / wholes;
    let off: Vec<f64> = pairs.iter().map(|(part, whole)| (part - value * whole) * count / wholes).collect();
    let (low, high) = ends(&off);
    Some(Pooled { value, interval: (value + low, value + high), is_alike: false })
}

/// Of the mean of `values`, one per run; `None` for fewer than two.
pub fn mean(values: &[f64]) -> Option<Pooled> {
    ratio(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>())
}

/// How far the mean of values whose mean is zero may lie off to either side.
fn ends(off: &[f64]) -> (f64, f64) {
    let n = off.len() as f64;
    let critical = skewed::critical(0.95, off.len());
    let half = critical * (off.iter().map(|value| value * value).sum::<f64>() / (n * (n - 1.0))).sqrt();
    let bent = skewed::mean_with(off, critical, 1.0);
    bent.map_or((-half, half), |bent| (bent.low.min(-half), bent.high.max(half)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::student;

    #[test]
    fn without_skewness_the_interval_of_a_mean_is_students() {
        let values = [4.0, 6.0, 5.0, 5.0, 3.0, 7.0];
        let (pooled, student) = (mean(&values).unwrap(), student::mean(&values).unwrap());
        assert!((pooled.interval.0 - student.interval.0).abs() < 1e-9 && (pooled.interval.1 - student.interval.1).abs() < 1e-9);
        assert!(!pooled.is_alike && (pooled.value - 5.0).abs() < 1e-12);
    }

    #[test]
    fn an_interval_reaches_further_to_the_long_side_of_skewed_values() {
        let values: Vec<f64> = (0..30).map(|run| if run == 7 { 1.0 } else { 0.0 }).collect();
        let of = mean(&values).unwrap();
        // Exact for one hit of thirty, by Clopper and Pearson: 0.08 % to 17.2 %. Student's t alone would end at 10.2 %.
        assert!(of.interval.1 > 0.17 && of.interval.1 < 0.30, "{of:?}");
        assert!(of.value - of.interval.0 < of.interval.1 - of.value);
    }

    #[test]
    fn a_run_counts_once_and_weighs_as_much_as_it_has_calls() {
        let of = ratio(&[(10.0, 10.0), (500.0, 1_000.0), (10.0, 10.0), (520.0, 1_000.0), (0.0, 0.0)]).unwrap();
        assert!((of.value - 1_040.0 / 2_020.0).abs() < 1e-12);
        // The two runs with a thousand calls each decide; those with ten are luck.
        assert!(of.interval.0 < 0.5 && of.interval.1 > 0.52 && of.interval.1 < 0.56, "{of:?}");
    }

    #[test]
    fn runs_that_are_all_alike_have_no_width_and_one_run_says_nothing() {
        let of = ratio(&[(50.0, 100.0), (7.0, 14.0), (1.0, 2.0)]).unwrap();
        assert_eq!(of, Pooled { value: 0.5, interval: (0.5, 0.5), is_alike: true });
        assert_eq!((ratio(&[(1.0, 2.0)]), ratio(&[(1.0, 2.0), (0.0, 0.0)]), mean(&[])), (None, None, None));
    }
}
