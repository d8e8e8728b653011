//! Between which bounds does a mean lie, when a few values lie far off on one side?
//!
//! Source: Willink, A Confidence Interval and Test for the Mean of an Asymmetric Distribution, Communications in Statistics: Theory and
//! Methods 34 (2005): Student's interval with its ends moved by the third moment, by the inverse of a cubic (Hall, JRSS B 54, 1992). It
//! leans to the side to which the values are skewed, costs no resampling, and is Student's where nothing is skewed.

use super::student;

/// A mean between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// How far the farther end of the interval is from the mean.
    pub fn reach(&self) -> f64 {
        (self.mean - self.low).max(self.high - self.mean)
    }
}

/// The value beyond which so large a part of Student's distribution lies on either side that `confidence`, strictly between 0 and 1, is
/// left between them, for the mean of `count` values, at least two.
pub fn critical(confidence: f64, count: usize) -> f64 {
    student::quantile(0.5 + 0.5 * confidence, count as u64 - 1)
}

/// The mean of `values` with its 95 % interval; `None` for fewer than three.
///
/// ```
/// use sim_core::stats::skewed::mean;
/// let of = mean(&[1.0, 1.0, 2.0, 1.0, 9.0, 1.0, 2.0, 1.0]).expect("eight values");
/// assert!(of.high - of.mean > 1.5 * (of.mean - of.low));
/// ```
pub fn mean(values: &[f64]) -> Option<Estimate> {
    mean_with(values, if values.len() < 3 { 0.0 } else { critical(0.95, values.len()) }, 1.0)
}

/// The mean of `values` with the interval of this [`critical`] value, its variance multiplied by `inflation` where values are not
/// independent; `None` for fewer than three.
pub fn mean_with(values: &[f64], critical: f64, inflation: f64) -> Option<Estimate> {
    if values.len() < 3 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (squares, cubes) = values.iter().fold((0.0, 0.0), |(squares, cubes), value| {
        let off = value - mean;
        (squares + off * off, cubes + off * off * off)
    });
    let variance = squares / (n - 1.0);
    if variance <= 0.0 {
        return Some(Estimate { mean, low: mean, high: mean });
    }
    let skewness = n / ((n - 1.0) * (n - 2.0)) * cubes / (variance * variance.sqrt());
    let bend = skewness / (6.0 * n.sqrt());
    // Without skewness the cubic is a straight line, and its inverse divides nothing by nothing.
    let bent = |z: f64| if bend.abs() < 1e-6 { z } else { (libm::cbrt(1.0 + 6.0 * bend * (z - bend)) - 1.0) / (2.0 * bend) };
    let error = (variance * inflation / n).sqrt();
    Some(Estimate { mean, low: mean - bent(critical) * error, high: mean - bent(-critical) * error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_skewness_it_is_students_interval() {
        let values = [4.0, 6.0, 5.0, 5.0, 3.0, 7.0];
        let (of, students) = (mean(&values).unwrap(), student::mean(&values).unwrap());
        assert!((of.low - students.interval.0).abs() < 1e-9 && (of.high - students.interval.1).abs() < 1e-9);
        assert!((of.reach() - (of.high - of.mean)).abs() < 1e-12);
    }

    #[test]
    fn mirrored_values_have_the_mirrored_interval() {
        let values = [0.0, 0.1, 0.3, 0.2, 4.0, 0.4, 0.1];
        let mirrored = values.map(|value| -value);
        let (one, other) = (mean(&values).unwrap(), mean(&mirrored).unwrap());
        assert!((one.low + other.high).abs() < 1e-12 && (one.high + other.low).abs() < 1e-12);
        assert!(one.high - one.mean > one.mean - one.low);
    }

    #[test]
    fn equal_values_have_no_width_and_two_values_no_interval() {
        assert_eq!(mean(&[2.0; 5]), Some(Estimate { mean: 2.0, low: 2.0, high: 2.0 }));
        assert_eq!(mean(&[1.0, 2.0]), None);
    }

    #[test]
    fn what_depends_on_each_other_is_less_sure() {
        let values = [4.0, 6.0, 5.0, 5.0, 3.0, 7.0];
        let (sure, less) = (mean_with(&values, 2.0, 1.0).unwrap(), mean_with(&values, 2.0, 4.0).unwrap());
        assert!((less.reach() - 2.0 * sure.reach()).abs() < 1e-12);
    }
}
