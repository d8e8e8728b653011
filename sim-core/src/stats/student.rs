//! Between which bounds does a mean lie, when the spread has to be learnt from the same few values?
//!
//! Source: "Student", Biometrika 6 (1908). Exact for normal values; for others the better, the more there are and the less they are
//! skewed. Where a few runs rule the mean, its interval says little, and quantiles are the better question.

use super::normal;

/// The value that a t distributed value with so many degrees of freedom (at least 1) does not exceed with the chance `p`, strictly
/// between 0 and 1.
///
/// ```
/// use sim_core::stats::student::quantile;
/// assert!((quantile(0.975, 9) - 2.262_157).abs() < 1e-6);
/// ```
pub fn quantile(p: f64, freedom: u64) -> f64 {
    assert!(p > 0.0 && p < 1.0 && freedom > 0, "a share lies strictly between 0 and 1, and there is some freedom");
    if p < 0.5 {
        return -quantile(1.0 - p, freedom);
    }
    // The upper end is far beyond any quantile that p can ask for; halving the range 200 times leaves nothing of it.
    let (mut low, mut high) = (0.0_f64, normal::quantile(p).abs().max(1.0));
    while at_most(high, freedom) < p {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        // No number lies between the two any more.
        if middle <= low || middle >= high {
            break;
        }
        if at_most(middle, freedom) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The chance of a t distributed value of at most `t`.
pub fn at_most(t: f64, freedom: u64) -> f64 {
    let n = freedom as f64;
    let tail = 0.5 * incomplete_beta(0.5 * n, 0.5, n / (n + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The regularised incomplete beta function, by its continued fraction (Lentz's way; Numerical Recipes, section 6.4, gives the
/// fraction).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log(1.0 - x);
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..500 {
        let m = f64::from(step);
        for term in
            [m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)), -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))]
        {
            d = 1.0 / tiny(1.0 + term * d);
            c = tiny(1.0 + term / c);
            fraction *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    libm::exp(log_front) * fraction / a
}

/// A mean and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of single values, by n - 1.
    pub deviation: f64,
    /// The ends of the 95 % interval.
    pub interval: (f64, f64),
}

/// The mean of `values` with its 95 % interval; `None` for fewer than two.
///
/// ```
/// use sim_core::stats::student::mean;
/// let of = mean(&[4.0, 6.0, 5.0, 5.0]).expect("four values");
/// assert!(of.mean == 5.0 && of.interval.0 < 3.71 && of.interval.0 > 3.69);
/// ```
pub fn mean(values: &[f64]) -> Option<Mean> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    let half = quantile(0.975, values.len() as u64 - 1) * deviation / n.sqrt();
    Some(Mean { mean, deviation, interval: (mean - half, mean + half) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        let table = [
            (0.975, 1, 12.706_205),
            (0.975, 2, 4.302_653),
            (0.975, 5, 2.570_582),
            (0.975, 19, 2.093_024),
            (0.975, 99, 1.984_217),
            (0.95, 10, 1.812_461),
            (0.995, 30, 2.749_996),
        ];
        for (p, freedom, t) in table {
            assert!((quantile(p, freedom) - t).abs() < 1e-5, "{p}, {freedom}: {}", quantile(p, freedom));
            assert!((quantile(1.0 - p, freedom) + t).abs() < 1e-5);
        }
        assert!((quantile(0.975, 10_000_000) - normal::quantile(0.975)).abs() < 1e-6);
    }

    #[test]
    fn darwins_maize_gives_fishers_interval() {
        // Crossed minus self-fertilised height in eighths of an inch: mean 20.93, t = 2.148 with 14 degrees (Fisher, 1935).
        let darwin = [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];
        let of = mean(&darwin).unwrap();
        assert!((of.mean - 20.933).abs() < 1e-3);
        assert!((of.mean / (of.deviation / 15.0_f64.sqrt()) - 2.148).abs() < 1e-3);
        assert!((of.interval.0 - 0.03).abs() < 5e-3 && (of.interval.1 - 41.84).abs() < 5e-3, "{:?}", of.interval);
        assert_eq!(mean(&[1.0]), None);
    }
}
