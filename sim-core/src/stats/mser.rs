//! How many of the first values of a series still show how it began, and are better left out?
//!
//! Source: White, An Effective Truncation Heuristic for Bias Reduction in Simulation Output, Simulation 69 (1997), on batches as White,
//! Cobb and Spratt, Proceedings of the Winter Simulation Conference (2000): the marginal standard error rule. The best point to cut is that after
//! which the rest has the smallest standard error of its mean: what is cut costs values, what is left in costs spread. If the best point
//! lies beyond the middle, the series is too short to say.
//!
//! The rule names a point for any series, chance alone included: whether what comes before it differs is another question.

/// How many of the first values to leave out: the first point of those with the smallest marginal standard error, at most half of all;
/// `None` for fewer than five values, or if the smallest lies beyond the middle, so that the series is too short to say.
///
/// ```
/// use sim_core::stats::mser::truncation;
/// assert_eq!(truncation(&[0.0, 3.0, 5.1, 4.9, 5.0, 5.1, 4.9, 5.0, 5.0, 5.1]), Some(2));
/// ```
pub fn truncation(values: &[f64]) -> Option<usize> {
    if values.len() < 5 {
        return None;
    }
    let scores = scores(values);
    // A rest of a few values is alike by chance, which is why the rule looks no farther than that.
    let least = (0..scores.len()).fold(0, |least, point| if scores[point] < scores[least] { point } else { least });
    (least <= values.len() / 2).then_some(least)
}

/// The squared marginal standard error after each point that leaves four values or more.
fn scores(values: &[f64]) -> Vec<f64> {
    let score = |rest: &[f64]| {
        let n = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / n;
        rest.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n * n)
    };
    (0..=values.len() - 4).map(|point| score(&values[point..])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_does_not_change_is_kept_whole() {
        assert_eq!(truncation(&[7.0; 20]), Some(0));
    }

    #[test]
    fn what_rises_and_then_stays_is_cut_where_it_stays() {
        let values: Vec<f64> = (0..40).map(|at: u32| f64::from(at.min(10)) + if at.is_multiple_of(2) { 0.1 } else { -0.1 }).collect();
        let cut = truncation(&values).unwrap();
        assert!((9..=11).contains(&cut), "{cut}");
    }

    #[test]
    fn what_rises_to_its_end_is_too_short_to_say() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(truncation(&values), None);
        assert_eq!(truncation(&[1.0; 4]), None);
    }
}
