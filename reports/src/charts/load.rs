//! How much work was put on the wire, and how much of it came to something?

use super::axis::Axis;
use super::over_time::{self, Panel, Track};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::export::series::bands;
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;

/// Attempts per second against successful calls per second, one panel per arm.
pub struct LoadOverTime;

/// Places of the two lines among the theme's colours: far apart in hue, dash and grey.
const OFFERED: usize = 1;
const GOODPUT: usize = 0;

impl Chart for LoadOverTime {
    fn name(&self) -> &'static str {
        "load-and-goodput"
    }

    fn summary(&self) -> &'static str {
        "Attempts put on the wire per second against calls completed with success per second, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        // A one-shot sweep is told by its counts; thirteen almost empty pictures would bury them.
        let is_sweep = results.manifest.cells.len() > 1;
        if results.manifest.load == "one-shot" && is_sweep { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("start of bin", "s")];
        for of in ["offered load", "goodput"] {
            columns.extend(["p5", "median", "p95"].map(|name| Column::number(format!("{of} {name}"), "1/s")));
        }
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            for (index, bin) in results.series_of(view.cell(), arm as u32)?.bins.iter().enumerate() {
                let (_, goodput, offered) = bands(bin, results.manifest.bin);
                let mut row = vec![Cell::text(name), Cell::Length(results.manifest.bin.saturating_mul(index as u64))];
                row.extend(offered.into_iter().chain(goodput).map(|rate| Cell::or_missing(rate, Cell::Rate)));
                table.push(row);
            }
        }
        table.rows.iter().any(|row| row[3] != Cell::Missing).then_some(table)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let manifest = &results.manifest;
        let half = manifest.bin.as_secs_f64() / 2.0;
        let track = |name: &Cell, first: usize, colour| {
            let point = |row: &Vec<Cell>| {
                let value = |index: usize| row[first + index].value();
                let band = value(0).zip(value(1)).zip(value(2)).map(|((low, middle), high)| [low, middle, high]);
                (row[1].value().unwrap_or(0.0) + half, band)
            };
            Track { colour, points: table.rows.iter().filter(|row| row[0] == *name).map(point).collect() }
        };
        let panel = |name: &String| {
            let cell = Cell::text(name);
            let tracks = vec![track(&cell, 2, theme.arm(OFFERED)), track(&cell, 5, theme.arm(GOODPUT))];
            Panel { heading: name.clone(), tracks }
        };
        let panels: Vec<Panel> = manifest.arms.iter().map(panel).collect();
        let highest = table.rows.iter().flat_map(|row| [4, 7].map(|index| row[index].value().unwrap_or(0.0))).fold(0.0, f64::max);
        let entry = |text: &str, colour| Entry::line(text, theme.arm(colour));
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let frame = Frame {
            title: view.titled("What retries cost: attempts put on the wire against calls that succeed"),
            legend: vec![entry("attempts, all edges", OFFERED), entry("goodput (calls that succeeded)", GOODPUT)],
            caption: over_time::caption(results, view, runs, panels.len()),
            body: over_time::height(&over_time::headings(&panels), theme),
        };
        let y = Axis::linear("per second", 0.0, highest * 1.05, number::significant);
        Some(sheet::draw(theme, &frame, |sheet| over_time::draw(sheet, results, view, &panels, &y)))
    }
}
