//! How likely is a value under the normal curve, and beyond which value do so many lie?
//!
//! The curve by `erfc`; its inverse by Newton steps on it from a rough start, to the last bits a float has.

/// The chance of a value of at most `z`.
///
/// ```
/// use sim_core::stats::normal::at_most;
/// assert!((at_most(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
/// ```
pub fn at_most(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The value that the share `p`, strictly between 0 and 1, does not exceed.
///
/// ```
/// use sim_core::stats::normal::quantile;
/// assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
/// ```
pub fn quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a share lies strictly between 0 and 1");
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    // Abramowitz and Stegun 26.2.22, within 0.003, and from there on Newton's way on the logarithm, which does not overshoot.
    let t = (-2.0 * libm::log(p)).sqrt();
    let mut z = -(t - (2.30753 + 0.27061 * t) / (1.0 + 0.99229 * t + 0.04481 * t * t));
    for _ in 0..6 {
        let density = libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
        let share = at_most(z);
        z -= share / density * libm::log(share / p);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.9, 1.281_551_565_544_6), (0.99, 2.326_347_874_040_8), (0.001, -3.090_232_306_167_8)] {
            assert!((quantile(p) - z).abs() < 1e-11, "{p}: {}", quantile(p));
        }
        assert!((quantile(1e-12) + 7.034_483_7).abs() < 1e-6);
    }

    #[test]
    fn the_quantile_undoes_the_curve() {
        for step in 1..1_000 {
            let p = f64::from(step) / 1_000.0;
            assert!((at_most(quantile(p)) - p).abs() < 1e-14, "{p}");
        }
    }
}
