//! What has changed since other results of this scenario, and is it more than noise?
//!
//! An earlier version of the scenario, or of the program, left its results; the runs of now are compared with them cell by cell, arm by
//! arm, measure by measure. Arms whose runs have the digests they had are the same, and nothing is asked of them. Of the others, every
//! measure is compared: seed by seed where both have the same seeds, which is by Wilcoxon's signed ranks, and as two groups by rank sums
//! where they have not. All the chances are corrected by Holm for there being so many of them; what is left below 5 % is beyond noise.

mod change;
mod difference;
mod measures;
mod notes;
mod table;

pub use change::{Change, Judged};

use crate::summary::cell_label;
use change::Compared;
use scenarios::results::{Manifest, Results};

/// Results, with the hash of the system of every arm in every cell.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What the runs left behind.
    pub results: &'a Results,
    /// By cell and arm: the hash of everything that decides its runs besides their seeds.
    pub contents: &'a [Vec<String>],
}

/// What has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    /// Every arm that is in both, in the order of now.
    pub arms: Vec<ArmPair>,
    /// Every comparison of a measure, in the order of now.
    pub changes: Vec<Change>,
    /// What else there is to know, as sentences.
    pub notes: Vec<String>,
    /// Whether what is compared is the same in all respects: the arms, the cells, and the digests of all runs.
    pub is_unchanged: bool,
    /// Runs that are in both, with the same digests.
    pub equal_runs: u64,
}

/// An arm in a cell that both results have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmPair {
    /// Index of the cell, then and now.
    pub cells: (u32, u32),
    /// Index of the arm, then and now.
    pub arms: (u32, u32),
    /// Whether its system is the one it was.
    pub is_same_system: bool,
    /// Seeds that are in both.
    pub common: u64,
    /// Those of them whose runs have the same digest.
    pub equal: u64,
    /// Whether it is compared seed by seed.
    pub is_paired: bool,
}

impl ArmPair {
    /// Whether all its runs are the runs they were.
    pub fn is_equal(&self) -> bool {
        self.common > 0 && self.common == self.equal
    }
}

/// Fewer common seeds than this cannot show a difference, however clear.
const FEWEST: u64 = 6;

impl Against {
    /// Compares.
    pub fn of(before: Side<'_>, after: Side<'_>) -> Self {
        let arms = pairs(before, after);
        let mut compared: Vec<Compared> = Vec::new();
        for pair in arms.iter().filter(|pair| !pair.is_equal()) {
            compared.extend(measures::compared(before.results, after.results, pair));
        }
        let changes = change::judged(compared);
        let (gone, come) = notes::gone_and_come(&before.results.manifest, &after.results.manifest);
        let has_runs = arms.iter().any(|pair| pair.common > 0);
        let same_counts = arms.iter().all(|pair| {
            let runs = |side: Side<'_>, cell, arm| side.results.rows_of(cell, arm).len() as u64;
            runs(before, pair.cells.0, pair.arms.0) == pair.common && runs(after, pair.cells.1, pair.arms.1) == pair.common
        });
        let is_unchanged = has_runs && same_counts && arms.iter().all(ArmPair::is_equal) && gone.is_empty() && come.is_empty();
        let equal_runs = arms.iter().map(|pair| pair.equal).sum();
        let mut notes: Vec<String> = [come, gone].concat();
        notes.extend(notes::of(before, after, &arms, &changes));
        Self { arms, changes, notes, is_unchanged, equal_runs }
    }

    /// Whether anything got worse beyond noise.
    pub fn is_worse(&self) -> bool {
        self.count(Judged::Worse) > 0
    }

    /// So many comparisons ended so.
    pub fn count(&self, wanted: Judged) -> usize {
        self.changes.iter().filter(|change| change.judged == wanted).count()
    }

    /// All of it in a sentence; `what` names what it is compared with.
    pub fn headline(&self, what: &str) -> String {
        if self.is_unchanged {
            return format!("Nothing changed against {what}: {} runs, all with the digests they had", self.equal_runs);
        }
        let [worse, better] = [Judged::Worse, Judged::Better].map(|judged| self.count(judged));
        let noise = self.changes.len() - worse - better;
        format!("Against {what}: {worse} worse, {better} better beyond noise, {noise} within noise")
    }
}

/// The arms and cells that both have. Cells are the same if the same is varied to the same values.
fn pairs(before: Side<'_>, after: Side<'_>) -> Vec<ArmPair> {
    let (then, now) = (&before.results.manifest, &after.results.manifest);
    let mut pairs = Vec::new();
    for cell in 0..now.cells.len() as u32 {
        let Some(old_cell) = (0..then.cells.len() as u32).find(|old| key(then, *old) == key(now, cell)) else { continue };
        for (arm, name) in (0..).zip(&now.arms) {
            let Some(old_arm) = then.arms.iter().position(|old| old == name) else { continue };
            let old_arm = old_arm as u32;
            let (common, equal) = digests(before.results, after.results, (old_cell, cell), (old_arm, arm));
            let hash = |side: Side<'_>, cell: u32, arm: u32| side.contents.get(cell as usize)?.get(arm as usize).cloned();
            pairs.push(ArmPair {
                cells: (old_cell, cell),
                arms: (old_arm, arm),
                is_same_system: hash(before, old_cell, old_arm) == hash(after, cell, arm),
                common,
                equal,
                is_paired: common >= FEWEST,
            });
        }
    }
    pairs
}

/// What a cell is called, whatever order its axes stand in.
fn key(manifest: &Manifest, cell: u32) -> Vec<(String, String)> {
    let values = manifest.cells.get(cell as usize).cloned().unwrap_or_default();
    let mut pairs: Vec<(String, String)> = manifest.axes.iter().cloned().zip(values).collect();
    pairs.sort_unstable();
    pairs
}

/// How many seeds are in both, and how many of their runs are the same to the last event.
fn digests(before: &Results, after: &Results, cells: (u32, u32), arms: (u32, u32)) -> (u64, u64) {
    use scenarios::results::{RunOutcome, RunRow};
    let old = before.rows_of(cells.0, arms.0);
    let find = |row: &RunRow| old.binary_search_by_key(&row.seed, |row| row.seed).ok().map(|place| &old[place]);
    let both = after.rows_of(cells.1, arms.1).iter().filter_map(|row| Some((find(row)?, row)));
    let is_equal = |(old, new): &(&RunRow, &RunRow)| match (&old.outcome, &new.outcome) {
        (RunOutcome::Finished { digest: then, measures: had }, RunOutcome::Finished { digest: now, measures: has }) => {
            then == now && had == has
        }
        (then, now) => then == now,
    };
    both.fold((0, 0), |(common, equal), pair| (common + 1, equal + u64::from(is_equal(&pair))))
}

/// An arm, and the cell where there are several.
fn place(manifest: &Manifest, cell: u32, arm: u32) -> String {
    let name = manifest.arms.get(arm as usize).map_or("", String::as_str);
    let label = cell_label(manifest, cell);
    if label.is_empty() { format!("`{name}`") } else { format!("`{name}` at {label}") }
}

#[cfg(test)]
mod tests;
