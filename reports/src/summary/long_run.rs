//! How sure is one long run of its own means?

use super::ranking_table::interval_cell;
use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::long_run::LongRunMeans;
use sim_core::stats::batches::{BATCHES, Verdict};
use sim_core::time::SimDuration;

/// Means of one run with their intervals by batch means, or why there is none.
pub fn long_run(means: &LongRunMeans) -> Table {
    let columns = vec![
        Column::text("measure"),
        Column::number("mean", ""),
        Column::number("95 % interval", ""),
        Column::text("what other seeds would show, from this run alone"),
    ];
    let mut table = Table::new(format!("How sure is this run? ({BATCHES} batch means)"), columns);
    table.push(row("availability", &means.availability, Cell::share));
    table.push(row("latency mean", &means.latency, length));
    table.push(row("goodput", &means.goodput, Cell::Rate));
    table
}

fn row(name: &str, verdict: &Verdict, cell: fn(f64) -> Cell) -> Vec<Cell> {
    let (mean, interval, remark) = match verdict {
        Verdict::Sure(mean) if mean.reach() > 0.0 => {
            let interval = interval_cell(cell(mean.low), cell(mean.high));
            (cell(mean.mean), interval, "batches are all but independent".to_owned())
        }
        Verdict::Sure(mean) => (cell(mean.mean), Cell::Missing, "it was the same all the time".to_owned()),
        Verdict::Correlated(by) => {
            let sentence = "too short: one stretch is like the next (correlation";
            (Cell::Missing, Cell::Missing, format!("{sentence} {}); make it longer, or many runs", number::significant(*by)))
        }
        Verdict::TooFew => (Cell::Missing, Cell::Missing, "too short: there is a stretch without any call".to_owned()),
    };
    vec![Cell::text(name), mean, interval, Cell::text(remark)]
}

fn length(seconds: f64) -> Cell {
    Cell::Length(SimDuration::from_nanos((seconds.max(0.0) * 1e9) as u64))
}
