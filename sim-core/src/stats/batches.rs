//! How sure is a mean over one long run, whose values depend on each other?
//!
//! Source: the method of batch means (Law and Kelton, Simulation Modeling and Analysis, section 9.5.3): the run is cut into batches of
//! equal length, so long that their means are all but independent, and these are treated like runs. Whether they are long enough is asked of shorter pieces,
//! eight to a batch, where dependence shows sooner: if neighbours are correlated by more than chance (von Neumann's ratio, Fishman,
//! Management Science 25, 1978), the run is too short. What correlation is left widens the interval by (1 + r) / (1 - r), as for an
//! autoregressive series, and skewness bends it ([`skewed`]), both as in Skart (Tafazzoli and Wilson, Transactions on Modeling and Computer Simulation 21, 2011).
//!
//! A share or a mean per call is a quotient of two sums, taken to its first order: a batch counts as much as it holds.
//! Left out: overlapping batches, and more batches for longer runs, which would narrow the interval by a tenth.

use super::skewed::{self, Estimate};

/// Batches that make the interval.
pub const BATCHES: usize = 16;

/// Pieces of which is asked whether neighbours are correlated.
pub const PIECES: usize = 8 * BATCHES;

/// One in twenty series without any correlation is called correlated by this many standard deviations.
const ONE_SIDED: f64 = 1.644_853_626_951_472_7;

/// What one long run says of a quotient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The quotient, and its 95 % interval.
    Sure(Estimate),
    /// Pieces of so great a correlation that batches of eight may depend on each other: the run is too short.
    Correlated(f64),
    /// Fewer cells than [`PIECES`], or nothing to divide by in some batch.
    TooFew,
}

/// Judges the quotient of two sums over the cells of a run, which are of equal length and in order of time: for each its part of the
/// dividend and of the divisor.
///
/// ```
/// use sim_core::stats::batches::{Verdict, of};
/// // Values that have nothing to do with each other: 1, 0, 0, 1 and so on, by a shuffled counter.
/// let cells: Vec<(f64, f64)> = (0..4096_u32).map(|at| (f64::from((at.wrapping_mul(2_654_435_761) >> 15) & 1), 1.0)).collect();
/// let Verdict::Sure(mean) = of(&cells) else { panic!("they are not correlated") };
/// assert!(mean.low < 0.5 && mean.high > 0.5 && mean.reach() < 0.05);
/// ```
pub fn of(cells: &[(f64, f64)]) -> Verdict {
    let Some(pieces) = batched(cells, PIECES) else { return Verdict::TooFew };
    let Some(batches) = batched(cells, BATCHES) else { return Verdict::TooFew };
    let count = PIECES as f64;
    let correlated = correlation(&pieces);
    // The estimate is low by one over the count where there is no correlation.
    if correlated > ONE_SIDED / count.sqrt() - 1.0 / count {
        return Verdict::Correlated(correlated);
    }
    let left = (correlation(&batches) + 1.0 / BATCHES as f64).clamp(0.0, 0.9);
    let critical = skewed::critical(0.95, BATCHES);
    skewed::mean_with(&batches, critical, (1.0 + left) / (1.0 - left)).map_or(Verdict::TooFew, Verdict::Sure)
}

/// So many batches, each as the value whose mean over all is the quotient; `None` if cells are too few, or one batch has no divisor.
fn batched(cells: &[(f64, f64)], count: usize) -> Option<Vec<f64>> {
    let sum = |part: &[(f64, f64)]| part.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let (dividend, divisor) = sum(cells);
    if cells.len() < PIECES || divisor <= 0.0 {
        return None;
    }
    let (quotient, usual) = (dividend / divisor, divisor / count as f64);
    let value = |nth: usize| {
        let (part, of) = sum(&cells[nth * cells.len() / count..(nth + 1) * cells.len() / count]);
        (of > 0.0).then_some(quotient + (part - quotient * of) / usual)
    };
    (0..count).map(value).collect()
}

/// The correlation of neighbours; none if all values are equal.
fn correlation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let spread: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let shared: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if spread > 0.0 { shared / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_wanders_is_too_short() {
        let wandering: Vec<(f64, f64)> = (0..1_000).map(|at| (f64::from(at), 1.0)).collect();
        assert!(matches!(of(&wandering), Verdict::Correlated(by) if by > 0.9));
    }

    #[test]
    fn a_batch_counts_as_much_as_it_holds() {
        // Every other cell holds three calls, of which one succeeds, and the rest one, which succeeds.
        let cells: Vec<(f64, f64)> = (0..1_024).map(|at| if at % 2 == 0 { (1.0, 3.0) } else { (1.0, 1.0) }).collect();
        let Verdict::Sure(share) = of(&cells) else { panic!("batches are alike") };
        assert!((share.mean - 0.5).abs() < 1e-12 && share.reach() < 1e-9);
    }

    #[test]
    fn too_few_cells_or_a_batch_without_anything_say_nothing() {
        assert_eq!(of(&[(1.0, 1.0); PIECES - 1]), Verdict::TooFew);
        let empty: Vec<(f64, f64)> = (0..1_000).map(|at| if at < 100 { (0.0, 0.0) } else { (1.0, 1.0) }).collect();
        assert_eq!(of(&empty), Verdict::TooFew);
    }
}
