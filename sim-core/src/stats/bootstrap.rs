//! How far would a mean move, had other runs been drawn?
//!
//! Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 12.5: the bootstrap-t. Each resample says how many
//! of its own standard errors its mean lies off; the quantiles of that, not those of the normal curve, make the interval. So it leans
//! to the side to which the values are skewed, and covers a mean of twenty skewed values where the plain percentile interval is too short.
//! Draws are keyed by the resample, so that the same values give the same interval on every machine.

use crate::draw::Key;

/// How many resamples are drawn.
pub const RESAMPLES: u32 = 999;

/// The 95 % interval of the mean of `values`; `None` for fewer than ten, of which resamples say nothing.
///
/// ```
/// use sim_core::stats::bootstrap::mean_interval;
/// let (low, high) = mean_interval(&[9.0, 10.0, 11.0, 10.0, 12.0, 8.0, 10.0, 9.0, 11.0, 10.0]).expect("ten values");
/// assert!(low > 9.0 && low < 10.0 && high > 10.0 && high < 11.0);
/// ```
pub fn mean_interval(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 10 {
        return None;
    }
    let (mean, error) = mean_and_error(values.iter().copied());
    if error <= 0.0 {
        return Some((mean, mean));
    }
    let count = values.len() as u64;
    let mut off: Vec<f64> = (0..RESAMPLES)
        .map(|resample| {
            let key = Key::named("resample").child(u64::from(resample));
            // A place is drawn by the key itself: hundreds of thousands of draws are worth no cipher.
            let drawn = (0..count).map(|place| values[((u128::from(key.child(place).bits()) * u128::from(count)) >> 64) as usize]);
            let (of, spread) = mean_and_error(drawn);
            // A resample of one value only has no spread; it lies as far off as can be.
            if spread > 0.0 { (of - mean) / spread } else { (of - mean).signum() * f64::MAX }
        })
        .collect();
    off.sort_by(f64::total_cmp);
    let at = |share: f64| off[((f64::from(RESAMPLES + 1) * share) as usize).clamp(1, off.len()) - 1];
    Some((mean - at(0.975) * error, mean - at(0.025) * error))
}

/// A mean and its standard error.
fn mean_and_error(values: impl Iterator<Item = f64>) -> (f64, f64) {
    // Welford's way, in one pass.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let off = value - mean;
        mean += off / count;
        squares += off * (value - mean);
    }
    (mean, (squares / (count * (count - 1.0))).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skewed_values_have_an_interval_that_leans_to_their_long_side() {
        let skewed: Vec<f64> = (0..40).map(|place| if place % 10 == 0 { 50.0 } else { f64::from(place % 7) }).collect();
        let (mean, _) = mean_and_error(skewed.iter().copied());
        let (low, high) = mean_interval(&skewed).unwrap();
        assert!(high - mean > 1.2 * (mean - low), "{low} to {mean} to {high}");
    }

    #[test]
    fn equal_values_have_no_width_and_few_values_no_interval() {
        assert_eq!(mean_interval(&[3.0; 12]), Some((3.0, 3.0)));
        assert_eq!(mean_interval(&[1.0; 9]), None);
    }
}
