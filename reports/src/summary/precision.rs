//! How precise are the means of a measure, after runs that were made until they were precise enough?

use super::cell_label;
use super::ranking_table::interval_cell;
use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::measures::Unit;
use scenarios::precision::{Precise, Wanted};
use scenarios::results::Manifest;
use sim_core::time::SimDuration;

/// A table of the means with their intervals, in grid order.
pub fn precision(manifest: &Manifest, wanted: &Wanted, judged: &[Precise]) -> Table {
    let compares = is_difference(manifest, wanted);
    let mean = if compares { "mean\ndifference" } else { "mean" };
    let mut columns = vec![
        Column::text("arm"),
        Column::number("runs with\nthe measure", ""),
        Column::number(mean, ""),
        Column::number("95 % interval", ""),
        Column::number("reaches", ""),
        Column::number("may reach", ""),
        Column::text("precise\nenough"),
    ];
    let several = manifest.cells.len() > 1;
    if several {
        columns.insert(0, Column::text("cell"));
    }
    let of = if compares { format!(", against \"{}\" seed by seed", manifest.arms[0]) } else { String::new() };
    let mut table = Table::new(format!("Precision of {}{of}", wanted.measure.name), columns);
    for precise in judged {
        let value = |value: f64| shown(wanted.measure.unit, compares, value);
        let reach = |value: f64| shown(wanted.measure.unit, false, value);
        let estimate = precise.estimate;
        let mut row = vec![
            Cell::text(&manifest.arms[precise.arm as usize]),
            Cell::OutOf(precise.runs.0, precise.runs.1),
            Cell::or_missing(estimate, |estimate| value(estimate.mean)),
            Cell::or_missing(estimate, |estimate| interval_cell(value(estimate.low), value(estimate.high))),
            Cell::or_missing(estimate, |estimate| reach(estimate.reach())),
            Cell::or_missing(estimate, |_| reach(precise.allowed)),
            Cell::text(match (precise.is_missing(), precise.is_enough()) {
                (true, _) => "no run has it",
                (false, true) => "yes",
                (false, false) => "no",
            }),
        ];
        if several {
            row.insert(0, Cell::text(cell_label(manifest, precise.cell)));
        }
        table.push(row);
    }
    table
}

/// Why no further runs were made, in a sentence.
pub fn why_stopped(manifest: &Manifest, wanted: &Wanted, judged: &[Precise], at_most: u32) -> String {
    let runs = number::count(u64::from(manifest.replications));
    let what = if is_difference(manifest, wanted) { "difference from the baseline" } else { "arm" };
    let missing = judged.iter().filter(|precise| !precise.is_enough()).count();
    if missing == 0 {
        return format!("stopped after {runs} runs per arm: {} of every {what} is as precise as it shall be", wanted.measure.name);
    }
    let which = if manifest.cells.len() > 1 { format!("{what}s in their cells") } else { format!("{what}s") };
    let of = format!("{missing} of {} {which} are not as precise as they shall be in {}", judged.len(), wanted.measure.name);
    if manifest.replications >= at_most {
        return format!("stopped at the most, {runs} runs per arm: {of}; allow more with --at-most, or ask for less");
    }
    format!("interrupted after {runs} runs per arm: {of}")
}

fn is_difference(manifest: &Manifest, wanted: &Wanted) -> bool {
    wanted.paired && manifest.arms.len() > 1
}

fn shown(unit: Unit, is_signed: bool, value: f64) -> Cell {
    let nanos = value.abs() * 1e9;
    match (unit, is_signed) {
        (Unit::Share, true) => Cell::Points((value * 1e9) as i64),
        (Unit::Share, false) => Cell::text(percentage(value)),
        (Unit::Time, signed) => {
            let length = number::length(SimDuration::from_nanos(nanos as u64));
            let sign = if value < 0.0 { "−" } else { "" };
            Cell::text(if signed && value > 0.0 { format!("+{length}") } else { format!("{sign}{length}") })
        }
        (Unit::Count | Unit::Ratio | Unit::Rate, true) => Cell::text(number::signed(value)),
        (Unit::Count | Unit::Ratio | Unit::Rate, false) => Cell::Number(value),
    }
}

/// A mean share, whose interval may leave the range of shares, and whose reach may be far below a hundredth of a point.
fn percentage(share: f64) -> String {
    let points = 100.0 * share;
    if points.abs() >= 1.0 { format!("{points:.2} %") } else { format!("{} %", number::significant(points)) }
}
