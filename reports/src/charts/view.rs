//! Which cells does one picture speak about?

use super::scale;
use crate::summary::cell_label;
use crate::table::{Cell, Column, Table};
use scenarios::results::{Manifest, Results};

/// The cells one picture is drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What distinguishes its files: empty, or `-3` for the fourth cell.
    pub suffix: String,
    /// The cell or group in words; empty if there is only one.
    pub label: String,
    /// The cells, in grid order.
    pub cells: Vec<u32>,
    /// The axis it runs along, if it compares cells.
    pub axis: Option<usize>,
    /// The other axis, if it is drawn over a grid of two.
    pub second: Option<usize>,
    /// Which of the searches for an edge it shows, if it shows one.
    pub search: Option<usize>,
    /// Of a picture that would be higher than a sheet of paper: which of its parts it is, from 0, and of how many.
    pub part: Option<(usize, usize)>,
    /// What the layers of an edge show, if it speaks about that: the edge and the name.
    pub gauge: Option<(u32, String)>,
}

impl View {
    /// One view per cell.
    pub fn per_cell(results: &Results) -> Vec<Self> {
        let count = results.manifest.cells.len() as u32;
        let suffix = |cell| if count == 1 { String::new() } else { format!("-{cell}") };
        (0..count)
            .map(|cell| Self {
                suffix: suffix(cell),
                label: cell_label(&results.manifest, cell),
                cells: vec![cell],
                axis: None,
                second: None,
                search: None,
                part: None,
                gauge: None,
            })
            .collect()
    }

    /// One view per combination of the other axes, along this one.
    pub fn along(results: &Results, axis: usize) -> Vec<Self> {
        Self::grouped(results, axis, None)
    }

    /// One view per combination of the other axes, over these two.
    pub fn over(results: &Results, (axis, second): (usize, usize)) -> Vec<Self> {
        Self::grouped(results, axis, Some(second))
    }

    fn grouped(results: &Results, axis: usize, second: Option<usize>) -> Vec<Self> {
        let manifest = &results.manifest;
        let is_other = |index: &usize| *index != axis && Some(*index) != second;
        let mut groups: Vec<(Vec<&str>, Vec<u32>)> = Vec::new();
        for (index, values) in manifest.cells.iter().enumerate() {
            let others: Vec<&str> = values.iter().enumerate().filter(|(i, _)| is_other(i)).map(|(_, value)| value.as_str()).collect();
            match groups.iter_mut().find(|(key, _)| *key == others) {
                Some((_, cells)) => cells.push(index as u32),
                None => groups.push((others, vec![index as u32])),
            }
        }
        let names: Vec<&String> = manifest.axes.iter().enumerate().filter(|(i, _)| is_other(i)).map(|(_, name)| name).collect();
        let count = groups.len();
        let view = |(index, (values, cells)): (usize, (Vec<&str>, Vec<u32>))| {
            let pairs: Vec<String> = names.iter().zip(values).map(|(name, value)| format!("{name} = {value}")).collect();
            Self {
                suffix: if count == 1 { String::new() } else { format!("-{index}") },
                label: pairs.join(", "),
                cells,
                axis: Some(axis),
                second,
                search: None,
                part: None,
                gauge: None,
            }
        };
        groups.into_iter().enumerate().map(view).collect()
    }

    /// The only cell of a view per cell.
    pub(super) fn cell(&self) -> u32 {
        self.cells.first().copied().unwrap_or(0)
    }

    /// A table of this view with one more column in files, but for readers, whom its title tells: the value of each varied parameter that is the
    /// same in all of its cells.
    pub(super) fn with_fixed(&self, manifest: &Manifest, table: Table) -> Table {
        let fixed: Vec<(Column, Cell)> = (0..manifest.axes.len()).filter_map(|axis| self.fixed(manifest, axis)).collect();
        let fixed: Vec<_> =
            fixed.into_iter().filter(|(column, _)| table.in_files().columns.iter().all(|known| known.name != column.name)).collect();
        if fixed.is_empty() {
            return table;
        }
        let mut in_files = table.in_files().into_owned();
        in_files.columns.splice(0..0, fixed.iter().map(|(column, _)| column.clone()));
        in_files.rows.iter_mut().for_each(|row| drop(row.splice(0..0, fixed.iter().map(|(_, cell)| cell.clone()))));
        Table { files: Some(Box::new(in_files)), ..table }
    }

    /// A varied parameter with its value in these cells, if it is one and the same.
    fn fixed(&self, manifest: &Manifest, axis: usize) -> Option<(Column, Cell)> {
        let is_drawn = self.axis == Some(axis) || self.second == Some(axis);
        let values = || self.cells.iter().filter_map(|cell| manifest.cells.get(*cell as usize)?.get(axis));
        let value = values().next().filter(|first| !is_drawn && values().all(|other| other == *first))?;
        Some(scale::fixed(manifest, axis, value))
    }

    /// `sentence`, and in which cell it is so.
    pub(super) fn titled(&self, sentence: &str) -> String {
        if self.label.is_empty() { sentence.to_owned() } else { format!("{sentence} ({})", self.label) }
    }
}
