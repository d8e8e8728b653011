//! How does a measure change over a grid of two varied parameters?
//!
//! One panel per arm, one field per cell: darker is worse, and the value stands in the field where there is room, so that a print in grey
//! says as much. With more than two varied parameters there is a picture for each choice of the others.

use super::axis::Axis;
use super::over_time::{self, provenance};
use super::scale;
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::number;
use crate::summary::{ArmSummary, Kind, reached_cell};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::{exp, ln};
use sim_core::time::SimDuration;

/// A measure over two varied parameters.
pub struct HeatMap {
    name: &'static str,
    summary: &'static str,
    kinds: &'static [Kind],
    measure: &'static str,
    unit: &'static str,
    title: &'static str,
    /// The value of an arm in a cell.
    of: fn(&ArmSummary) -> Cell,
    /// Whether a larger value is worse.
    more_is_worse: bool,
    caption: &'static str,
}

/// Runs that do not come back.
pub static NOT_RECOVERED: HeatMap = HeatMap {
    name: "not-recovered-over-grid",
    summary: "Share of runs that do not recover over two varied parameters, per arm (heat map)",
    kinds: &[Kind::Faults],
    measure: "runs not recovered",
    unit: "0..1",
    title: "Share of runs that do not recover",
    of: |arm| if arm.judged() == 0 { Cell::Missing } else { Cell::Ratio(arm.not_recovered, arm.judged()) },
    more_is_worse: true,
    caption: "Share of the runs that do not come back",
};

/// How long those need that do.
pub static RECOVERY: HeatMap = HeatMap {
    name: "recovery-over-grid",
    summary: "Median recovery time over two varied parameters, per arm (heat map)",
    kinds: &[Kind::Faults],
    measure: "recovery p50",
    unit: "s",
    title: "Median time to recover",
    of: |arm| Cell::or_missing(arm.recovery_quantile(Quantile::MEDIAN), reached_cell),
    more_is_worse: true,
    caption: "Median over the runs by Kaplan and Meier; \">\": fewer than half of the runs came back",
};

/// What callers get.
pub static AVAILABILITY: HeatMap = HeatMap {
    name: "availability-over-grid",
    summary: "Availability over two varied parameters, per arm (heat map)",
    kinds: &[Kind::Faults, Kind::Steady],
    measure: "availability",
    unit: "0..1",
    title: "Share of the calls that succeed",
    of: |arm| if arm.calls == 0 { Cell::Missing } else { Cell::Ratio(arm.succeeded, arm.calls) },
    more_is_worse: false,
    caption: "Successful calls of all calls, over all runs of a cell",
};

/// How long it takes until everybody is done.
pub static COMPLETION: HeatMap = HeatMap {
    name: "completion-over-grid",
    summary: "Median time until the last call has succeeded over two varied parameters, per arm (heat map)",
    kinds: &[Kind::OneShot],
    measure: "done p50",
    unit: "s",
    title: "Median time until everybody is done",
    of: |arm| Cell::or_missing(arm.completion_quantile(Quantile::MEDIAN), reached_cell),
    more_is_worse: true,
    caption: "Median over the runs; \">\": not all done at the end",
};

/// Letters of the y axis have so many pixels.
const SIDE: f64 = 170.0;

/// Steps of the legend.
const STEPS: usize = 5;

impl Chart for HeatMap {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn views(&self, results: &Results) -> Vec<View> {
        match scale::two(&results.manifest) {
            Some(pair) if self.kinds.contains(&Kind::of(results)) => View::over(results, pair),
            _ => Vec::new(),
        }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let (x, y) = view.axis.zip(view.second)?;
        let manifest = &results.manifest;
        let axes = [x, y].map(|axis| Column::text(&manifest.axes[axis]));
        let mut columns = vec![Column::text("arm")];
        columns.extend(axes);
        columns.extend([Column::number("runs", ""), Column::number(self.measure, self.unit)]);
        let mut table = Table::new(view.titled(self.summary), columns);
        for arm in 0..manifest.arms.len() as u32 {
            for &cell in &view.cells {
                let arm = ArmSummary::of(results, cell, arm);
                let value = |axis: usize| Cell::text(&manifest.cells[cell as usize][axis]);
                table.push(vec![Cell::text(&arm.name), value(x), value(y), Cell::Count(arm.runs), (self.of)(&arm)]);
            }
        }
        table.rows.iter().any(|row| row[4] != Cell::Missing).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(4)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let manifest = &results.manifest;
        let (x, y) = view.axis.zip(view.second)?;
        let (columns, rows) = (scale::in_order(manifest, x, &view.cells), scale::in_order(manifest, y, &view.cells));
        let range = Range::of(self, &table);
        let headings: Vec<&str> = manifest.arms.iter().map(String::as_str).collect();
        let in_a_row = headings.len().clamp(1, 3);
        let body = over_time::height_of(&headings, theme, 66.0 + (rows.len() as f64 * 26.0).max(150.0));
        let frame = Frame {
            title: view.titled(self.title),
            legend: range.legend(theme),
            caption: vec![
                format!(
                    "{}; darker is worse; n = {} runs per field.{} Right: {}; up: {}.",
                    self.caption,
                    runs(&table),
                    range.note(),
                    manifest.axes[x],
                    manifest.axes[y]
                ),
                provenance(results),
            ],
            body,
        };
        let width = 900.0 / in_a_row as f64 - 80.0;
        let (x_axis, y_axis) = (
            Axis::places(over_time::short(&manifest.axes[x], width, theme), &columns, (width / columns.len().max(1) as f64).max(1.0)),
            Axis::places(over_time::short(&manifest.axes[y], SIDE, theme), &rows, 26.0),
        );
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::in_rows(sheet, &headings, (&x_axis, &y_axis), |plane, arm| {
                let field = |row: &Vec<Cell>| {
                    let place = |all: &[String], cell: &Cell| all.iter().position(|value| Cell::text(value) == *cell).unwrap_or(0) as f64;
                    let (column, line) = (place(&columns, &row[1]), place(&rows, &row[2]));
                    ([(column, line), (column + 1.0, line + 1.0)], range.heat(&row[4]), row[4].shown())
                };
                let mut fields: Vec<_> = table.rows.iter().filter(|row| row[0] == Cell::text(headings[arm])).map(field).collect();
                // Those alike beside each other, and words after all fields: what neighbours share is written once.
                fields.sort_by(|a, b| a.1.unwrap_or(-1.0).total_cmp(&b.1.unwrap_or(-1.0)));
                for (corners, heat, _) in &fields {
                    heat.iter().for_each(|heat| plane.fill(*corners, theme.heat(*heat)));
                }
                for (corners, heat, shown) in &fields {
                    match heat {
                        Some(heat) => plane.words_within(*corners, shown, theme.on_heat(*heat)),
                        None => plane.words_within(*corners, number::MISSING, theme.ink),
                    }
                }
            });
        }))
    }
}

fn runs(table: &Table) -> String {
    let counts = || table.rows.iter().filter_map(|row| if let Cell::Count(count) = row[3] { Some(count) } else { None });
    number::range(&number::count(counts().min().unwrap_or(0)), &number::count(counts().max().unwrap_or(0)))
}

/// From which value to which the colours go.
struct Range {
    low: f64,
    high: f64,
    /// Whether a step of the colour is a factor: one long time would make all others look alike.
    is_log: bool,
    more_is_worse: bool,
    unit: &'static str,
}

impl Range {
    fn of(map: &HeatMap, table: &Table) -> Self {
        let values = || table.rows.iter().filter_map(|row| row[4].value());
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        // Shares of runs mean the same in every picture.
        let (low, high) = if map.name == NOT_RECOVERED.name { (0.0, 1.0) } else { (low.min(high), high) };
        let is_log = map.unit == "s" && low > 0.0 && high > 20.0 * low;
        Self { low, high, is_log, more_is_worse: map.more_is_worse, unit: map.unit }
    }

    fn heat(&self, cell: &Cell) -> Option<f64> {
        // What is only known to be longer than a bound is the worst there is.
        let value = if matches!(cell, Cell::Censored(_)) { self.high } else { cell.value()? };
        let share = match (self.high > self.low, self.is_log) {
            (false, _) => 0.0,
            (true, true) => ln(value.max(self.low) / self.low) / ln(self.high / self.low),
            (true, false) => (value - self.low) / (self.high - self.low),
        };
        Some(if self.more_is_worse { share } else { 1.0 - share })
    }

    fn legend(&self, theme: &Theme) -> Vec<Entry> {
        let steps = if self.high > self.low { STEPS } else { 1 };
        let step = |index: usize| {
            let heat = index as f64 / (steps.max(2) - 1) as f64;
            let share = if self.more_is_worse { heat } else { 1.0 - heat };
            let value =
                if self.is_log { self.low * exp(share * ln(self.high / self.low)) } else { self.low + share * (self.high - self.low) };
            let shown = if self.unit == "s" {
                number::length(SimDuration::from_secs_f64(value))
            } else {
                number::percent((value * 1e9 + 0.5) as u64, 1_000_000_000)
            };
            Entry::mark(shown, theme.heat(heat), Mark::Square)
        };
        (0..steps).map(step).collect()
    }

    fn note(&self) -> &'static str {
        match (self.high > self.low, self.is_log) {
            (false, _) => " All fields have the same value.",
            (true, true) => " Colours are logarithmic.",
            (true, false) => "",
        }
    }
}
