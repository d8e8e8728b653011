//! How does a comparison with earlier results look as a table?

use super::{Against, Change, Judged};
use crate::command;
use crate::number;
use crate::summary::cell_label;
use crate::table::{Cell, Column, Table};
use scenarios::numbers::Numbers;
use scenarios::results::Manifest;

impl Against {
    /// What got worse or better beyond noise, the worst news first.
    pub fn beyond_noise(&self, manifest: &Manifest) -> Table {
        self.table(manifest, "Changed beyond noise", |change| change.judged != Judged::Noise)
    }

    /// Every comparison in which any run differs.
    pub fn all(&self, manifest: &Manifest) -> Table {
        self.table(manifest, "Every comparison in which any run differs", |change| change.differs)
    }

    /// With numbers as readers see them, and in files as scenarios write them.
    fn table(&self, manifest: &Manifest, title: &str, wanted: impl Fn(&Change) -> bool) -> Table {
        let form = |numbers: Numbers| self.form(manifest, title, &wanted, numbers);
        Table { files: Some(Box::new(form(Numbers::Written))), ..form(Numbers::Read) }
    }

    fn form(&self, manifest: &Manifest, title: &str, wanted: &dyn Fn(&Change) -> bool, numbers: Numbers) -> Table {
        let columns = vec![
            Column::text("verdict"),
            Column::text("arm"),
            Column::text("cell"),
            Column::text("measure"),
            Column::number("then", ""),
            Column::number("now", ""),
            Column::number("difference", ""),
            Column::number("95 % interval", ""),
            Column::number("better in", ""),
            Column::number("worse in", ""),
            Column::number("chance that\nit is luck", ""),
            Column::text("worst run"),
        ];
        let mut table = Table::new(title, columns);
        let mut changes: Vec<&Change> = self.changes.iter().filter(|change| wanted(change)).collect();
        changes.sort_by_key(|change| change.judged);
        for change in changes {
            let label = cell_label(manifest, change.cell);
            let seeds = |of: fn((u64, u64)) -> u64| Cell::or_missing(change.seeds, |seeds| Cell::OutOf(of(seeds), change.runs));
            let mean = if change.is_mean { " (mean)" } else { "" };
            let worst = (change.judged != Judged::Noise).then(|| command::run(manifest, change.cell, change.arm, change.worst_seed));
            table.push(vec![
                Cell::text(change.judged.name()),
                Cell::or_missing(manifest.arms.get(change.arm as usize), Cell::text),
                Cell::or_missing(Some(label).filter(|label| !label.is_empty()), Cell::Text),
                Cell::text(format!("{}{mean}", change.measure)),
                Cell::Text(numbers.of(&change.before)),
                Cell::Text(numbers.of(&change.after)),
                Cell::Text(numbers.of(&change.difference)),
                Cell::or_missing(change.interval.as_ref(), |(low, high)| Cell::Text(number::range(&numbers.of(low), &numbers.of(high)))),
                seeds(|seeds| seeds.0),
                seeds(|seeds| seeds.1),
                Cell::text(number::chance(change.chance)),
                Cell::or_missing(worst, Cell::Code),
            ]);
        }
        table.without_empty_columns()
    }
}
