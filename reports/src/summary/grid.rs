//! How do the arms fare over the cells of a swept grid? One table per question, a row per cell, a column per arm.

use super::{ArmSummary, Kind, reached_cell};
use crate::charts::scale::written;
use crate::table::{Cell, Column, Table};
use scenarios::properties::Finding;
use scenarios::results::{Results, RunRow};
use sim_core::stats::quantile::Quantile;

type Question = (&'static str, fn(&ArmSummary) -> Cell);

/// The tables of a grid, the most telling question first.
pub fn grid(results: &Results) -> Vec<Table> {
    const VIOLATED: Question = ("Runs that violate a stated property", |arm| match arm.violated_by_seed.len() as u64 {
        0 => Cell::Missing,
        runs => Cell::OutOf(arm.violated(), runs),
    });
    let is_violated = results.runs.iter().filter_map(RunRow::measures).any(|run| run.findings.iter().any(Finding::is_violated));
    let first = is_violated.then_some(&VIOLATED).into_iter();
    first.chain(questions(Kind::of(results))).map(|&(title, answer)| table(results, title, answer)).collect()
}

fn questions(kind: Kind) -> &'static [Question] {
    match kind {
        Kind::Faults => &[
            ("Runs that did not recover", |arm| match arm.judged() {
                0 => Cell::Missing,
                runs => Cell::OutOf(arm.not_recovered, runs),
            }),
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
    let mut columns: Vec<Column> = manifest.axes.iter().map(|axis| Column::number(axis, "")).collect();
    columns.extend(manifest.arms.iter().map(|arm| Column::number(arm, "")));
    let mut table = Table::new(title, columns);
    for cell in 0..manifest.cells.len() as u32 {
        let values = manifest.cells[cell as usize].iter().map(|value| written(value));
        let answers = (0..manifest.arms.len() as u32).map(|arm| answer(&ArmSummary::of(results, cell, arm)));
        table.push(values.chain(answers).collect());
    }
    table
}
