//! What is left of a small chance, when many questions were asked at once?
//!
//! Source: Holm, Scandinavian Journal of Statistics 6 (1979). The smallest of m chances is multiplied by m, the next by m - 1, and
//! so on; none becomes smaller than one before it. The chance of any false alarm among all stays below the limit, whatever the
//! questions have to do with each other.

/// The chances, each corrected for there being the others, in the same order.
///
/// ```
/// use sim_core::stats::holm::corrected;
/// assert_eq!(corrected(&[0.5, 0.125]), [0.5, 0.25]);
/// ```
pub fn corrected(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let (mut corrected, mut least) = (vec![1.0; chances.len()], 0.0_f64);
    for (place, index) in order.into_iter().enumerate() {
        least = least.max(chances[index] * (chances.len() - place) as f64).min(1.0);
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbook_example_is_corrected_step_by_step() {
        // Four chances: 0.01, 0.04, 0.03, 0.005, at 4, 3, 2 and 1 times.
        let seen = corrected(&[0.01, 0.04, 0.03, 0.005]);
        for (is, wanted) in seen.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((is - wanted).abs() < 1e-12, "{seen:?}");
        }
        assert_eq!(corrected(&[]), [0.0; 0]);
        assert_eq!(corrected(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
