//! Which cells of a large grid are looked at one by one?

use super::ArmSummary;
use scenarios::results::Results;

/// More cells than this are too many to be looked at one by one.
const FEW: usize = 4;

/// The cells whose own rankings and pictures a page shows: all if there are few, else the one in which the arms differ most in availability.
pub fn telling_cells(results: &Results) -> Vec<u32> {
    let count = results.manifest.cells.len();
    if count <= FEW {
        return (0..count as u32).collect();
    }
    let arms = results.manifest.arms.len() as u32;
    let spread = |cell: u32| {
        let share = |arm| {
            let arm = ArmSummary::of(results, cell, arm);
            // In millionths; what was never called differs from nothing.
            (arm.succeeded * 1_000_000).checked_div(arm.calls)
        };
        let shares: Vec<u64> = (0..arms).filter_map(share).collect();
        shares.iter().max().zip(shares.iter().min()).map_or(0, |(high, low)| high - low)
    };
    // Of cells with equal spreads, the first.
    (0..count as u32).rev().max_by_key(|cell| spread(*cell)).into_iter().collect()
}
