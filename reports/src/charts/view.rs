//! Which cells does one picture speak about?

use crate::summary::cell_label;
use scenarios::results::Results;

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
                gauge: None,
            }
        };
        groups.into_iter().enumerate().map(view).collect()
    }

    /// The only cell of a view per cell.
    pub(super) fn cell(&self) -> u32 {
        self.cells.first().copied().unwrap_or(0)
    }

    /// `sentence`, and in which cell it is so.
    pub(super) fn titled(&self, sentence: &str) -> String {
        if self.label.is_empty() { sentence.to_owned() } else { format!("{sentence} ({})", self.label) }
    }
}
