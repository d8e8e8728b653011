//! How do the arms fare over the cells of a swept grid? One table per question, a row per cell, a column per arm.

use super::{ArmSummary, Kind, cell_label, reached_cell};
use crate::charts::scale::written;
use crate::table::{Cell, Column, Table};
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;

type Question = (&'static str, fn(&ArmSummary) -> Cell);

/// The tables of a grid, the most telling question first.
pub fn grid(results: &Results) -> Vec<Table> {
    questions(Kind::of(results)).iter().map(|&(title, answer)| table(results, title, answer)).collect()
}

fn questions(kind: Kind) -> &'static [Question] {
    match kind {
        Kind::Faults => &[
            ("Runs that did not recover", |arm| Cell::OutOf(arm.not_recovered, arm.judged())),
            ("Recovery time, median over the runs", |arm| Cell::or_missing(arm.recovery_quantile(Quantile::MEDIAN), reached_cell)),
            ("Availability", |arm| Cell::Ratio(arm.succeeded, arm.calls)),
        ],
        Kind::Steady => &[
            ("Availability", |arm| Cell::Ratio(arm.succeeded, arm.calls)),
            ("Latency p99, median over the runs", |arm| Cell::or_missing(arm.latency[1], Cell::Length)),
            ("Attempts on the busiest edge per client call", |arm| Cell::Factor(arm.end_to_end.0, arm.end_to_end.1)),
        ],
        Kind::OneShot => &[
            ("Attempts until everybody is done, median over the runs", |arm| {
                Cell::or_missing(Quantile::MEDIAN.of(&arm.attempts), Cell::Count)
            }),
            ("Time until everybody is done, median over the runs", |arm| {
                Cell::or_missing(arm.completion_quantile(Quantile::MEDIAN), reached_cell)
            }),
        ],
    }
}

fn table(results: &Results, title: &str, answer: fn(&ArmSummary) -> Cell) -> Table {
    let manifest = &results.manifest;
    let by_one = manifest.axes.len() == 1;
    let heading = if by_one { manifest.axes[0].clone() } else { "cell".to_owned() };
    let mut columns = vec![if by_one { Column::number(heading, "") } else { Column::text(heading) }];
    columns.extend(manifest.arms.iter().map(|arm| Column::number(arm, "")));
    let mut table = Table::new(title, columns);
    for cell in 0..manifest.cells.len() as u32 {
        let label = if by_one { written(&manifest.cells[cell as usize][0]) } else { Cell::text(cell_label(manifest, cell)) };
        let answers = (0..manifest.arms.len() as u32).map(|arm| answer(&ArmSummary::of(results, cell, arm)));
        table.push(std::iter::once(label).chain(answers).collect());
    }
    table
}
