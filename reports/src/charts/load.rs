//! How much work is asked for, how much of it comes to something, and how much is put on the wire for it?

use super::axis::Axis;
use super::over_time::{self, Panel, Track};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::export::series::{ATTEMPTS_ON_ALL_EDGES, bands};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;

/// Calls started, calls that succeed and attempts, each per second, one panel per arm.
pub struct LoadOverTime;

/// What is drawn: its name in the legend, its place among the theme's colours (far apart in hue, dash and grey), and the first of its columns.
const ATTEMPTS: (&str, usize, usize) = ("attempts, all edges together", 1, 6);
const STARTED: (&str, usize, usize) = ("offered load (calls that clients start)", 6, 2);
const GOODPUT: (&str, usize, usize) = ("goodput (calls that succeed)", 0, 3);
/// What the lines are that are not what the others are.
const NOTE: &str =
    " Offered load: mean over the runs. Attempts: on all edges together, so that a call that passes two edges is two attempts or more.";

impl Chart for LoadOverTime {
    fn name(&self) -> &'static str {
        "load-and-goodput"
    }

    fn summary(&self) -> &'static str {
        "Calls that clients start, calls that succeed, and attempts on all edges together, per second, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        // A one-shot sweep is told by its counts; thirteen almost empty pictures would bury them.
        let is_sweep = results.manifest.cells.len() > 1;
        if results.manifest.load == "one-shot" && is_sweep { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("start of bin", "s"), Column::number("calls started mean", "1/s")];
        for of in ["goodput", ATTEMPTS_ON_ALL_EDGES] {
            columns.extend(["p5", "median", "p95"].map(|name| Column::number(format!("{of} {name}"), "1/s")));
        }
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            let series = results.series_of(view.cell(), arm as u32)?;
            let seconds = series.runs as f64 * results.manifest.bin.as_secs_f64();
            for (index, bin) in series.bins.iter().enumerate() {
                let (_, goodput, attempts) = bands(bin, results.manifest.bin);
                let mut row = vec![Cell::text(name), Cell::Length(results.manifest.bin.saturating_mul(index as u64))];
                row.push(if seconds > 0.0 { Cell::Rate(bin.started as f64 / seconds) } else { Cell::Missing });
                row.extend(goodput.into_iter().chain(attempts).map(|rate| Cell::or_missing(rate, Cell::Rate)));
                table.push(row);
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
        let half = manifest.bin.as_secs_f64() / 2.0;
        let track = |name: &Cell, (_, colour, first): (&str, usize, usize)| {
            // One column is a mean, three are a band.
            let columns = if first == STARTED.2 { [first; 3] } else { [first, first + 1, first + 2] };
            let point = |row: &Vec<Cell>| {
                let [low, middle, high] = columns.map(|index| row[index].value());
                let band = low.zip(middle).zip(high).map(|((low, middle), high)| [low, middle, high]);
                (row[1].value().unwrap_or(0.0) + half, band)
            };
            Track { colour: theme.arm(colour), points: table.rows.iter().filter(|row| row[0] == *name).map(point).collect() }
        };
        let panel = |name: &String| {
            let tracks = [ATTEMPTS, GOODPUT, STARTED].map(|drawn| track(&Cell::text(name), drawn)).into();
            Panel { heading: name.clone(), tracks }
        };
        let panels: Vec<Panel> = manifest.arms.iter().map(panel).collect();
        let highest = table.rows.iter().flat_map(|row| row[2..].iter().filter_map(Cell::value)).fold(0.0, f64::max);
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let mut caption = over_time::caption(results, view, runs, panels.len());
        if let Some(first) = caption.first_mut() {
            *first += NOTE;
        }
        let frame = Frame {
            title: view.titled("What retries cost: calls that clients start, calls that succeed, and attempts put on the wire for them"),
            legend: [STARTED, GOODPUT, ATTEMPTS].map(|(text, colour, _)| Entry::line(text, theme.arm(colour))).into(),
            caption,
            body: over_time::height(&over_time::headings(&panels), theme),
        };
        let y = Axis::linear("per second", 0.0, highest * 1.05, number::significant);
        Some(sheet::draw(theme, &frame, |sheet| over_time::draw(sheet, results, view, &panels, &y)))
    }
}
