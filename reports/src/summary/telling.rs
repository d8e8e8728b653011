//! Which cells of a large grid are looked at one by one?

use super::across::farthest_cell;
use scenarios::results::Results;

/// More cells than this are too many to be looked at one by one.
pub const FEW_CELLS: usize = 4;

/// The cells whose own rankings, evidence and pictures are shown: all if there are few, else the one in which the headline finds the arms farthest apart.
pub fn telling_cells(results: &Results) -> Vec<u32> {
    let count = results.manifest.cells.len();
    if count <= FEW_CELLS { (0..count as u32).collect() } else { farthest_cell(results).into_iter().collect() }
}

/// The same, the one in which the arms are farthest apart before the others.
pub fn most_telling_first(results: &Results) -> Vec<u32> {
    let mut cells = telling_cells(results);
    if cells.len() > 1 {
        let farthest = farthest_cell(results);
        cells.sort_by_key(|cell| Some(*cell) != farthest);
    }
    cells
}
