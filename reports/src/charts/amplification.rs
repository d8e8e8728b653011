//! How much work does a call become along the call graph?
//!
//! Per edge, in the order of the scenario: attempts on that edge for each call of a user. Where every layer tries again, the numbers multiply
//! from edge to edge; where calls fan out, they add. Beside it attempts per call of that very edge, which is what its own stack does.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::{Plane, names_width, row_height};
use super::sheet::{self, Entry, Frame, Mark, Rect};
use super::{Chart, View};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::measure::RunMeasures;
use scenarios::results::Results;

/// Attempts per call of a user, and per call of the edge, edge by edge.
pub struct Amplification;

impl Chart for Amplification {
    fn name(&self) -> &'static str {
        "amplification"
    }

    fn summary(&self) -> &'static str {
        "Attempts on every edge of the call graph per call of a user, and per call of the edge itself, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        View::per_cell(results)
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let columns = vec![
            Column::text("edge"),
            Column::text("arm"),
            Column::number("attempts", ""),
            Column::number("calls of the edge", ""),
            Column::number("calls of users", ""),
            Column::number("attempts per call of a user", ""),
            Column::number("attempts per call of the edge", ""),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (edge, name) in results.manifest.edges.iter().enumerate() {
            for (arm, arm_name) in results.manifest.arms.iter().enumerate() {
                let total =
                    |of: &dyn Fn(&RunMeasures) -> u64| results.runs_of(view.cell(), arm as u32).map(|(_, run)| of(run)).sum::<u64>();
                let attempts = total(&|run| run.edges.get(edge).map_or(0, |edge| edge.attempts));
                let calls = total(&|run| run.edges.get(edge).map_or(0, |edge| edge.calls));
                let users = total(&|run| run.calls);
                let per = |whole: u64| if whole == 0 { Cell::Missing } else { Cell::Factor(attempts, whole) };
                let counts = [attempts, calls, users].map(Cell::Count);
                table.push([vec![Cell::text(name), Cell::text(arm_name)], counts.to_vec(), vec![per(users), per(calls)]].concat());
            }
        }
        table.rows.iter().any(|row| row[2] != Cell::Count(0)).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(5)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let (edges, arms) = (&results.manifest.edges, &results.manifest.arms);
        // Every arm has a line of its own in the row of an edge: equal values must not hide each other.
        let each = (arms.len() as f64 * 11.0 + 16.0).max(row_height(edges, theme));
        let frame = Frame {
            title: view.titled("How much work a call becomes: attempts along the call graph"),
            legend: arms.iter().enumerate().map(|(arm, name)| Entry::mark(name.as_str(), theme.arm(arm), Mark::of_arm(arm))).collect(),
            caption: vec![caption(results, view), provenance(results)],
            body: HEADING + 58.0 + each * edges.len() as f64,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let Rect(left, top, right, bottom) = sheet.body;
            let for_names = names_width(edges, theme);
            let width = (right - left - for_names) / 2.0;
            for (panel, (column, heading)) in [(5, "per call of a user"), (6, "per call of the edge itself")].into_iter().enumerate() {
                let from = if panel == 0 { left } else { left + for_names + width };
                let outer = Rect(from, top, left + for_names + (panel + 1) as f64 * width, bottom);
                let mut y = Axis::names(edges);
                if panel > 0 {
                    y.marks.iter_mut().for_each(|(_, text)| text.clear());
                }
                let values = table.rows.iter().filter_map(|row| row[column].value());
                let x = Axis::fitting("attempts", values, number::significant);
                let is_log = x.is_log;
                let plane = Plane::new(sheet, outer, HEADING, x, y);
                plane.heading(heading, HEADING - 3.0);
                for (index, row) in table.rows.iter().enumerate() {
                    let (edge, arm) = (index / arms.len(), index % arms.len());
                    let Some(value) = row[column].value().filter(|value| *value > 0.0) else { continue };
                    let y = (edges.len() - edge) as f64 - (arm as f64 + 1.0) / (arms.len() as f64 + 1.0);
                    if !is_log {
                        plane.thin(&[(0.0, y), (value, y)], theme.arm(arm));
                    }
                    plane.mark((value, y), Mark::of_arm(arm), theme.arm(arm));
                }
            }
        }))
    }
}

/// Room for the heading of a panel.
const HEADING: f64 = 26.0;

fn caption(results: &Results, view: &View) -> String {
    let runs = (0..results.manifest.arms.len() as u32).map(|arm| results.runs_of(view.cell(), arm).count() as u64);
    let runs: Vec<u64> = runs.collect();
    let n = number::range(&runs.iter().min().unwrap_or(&0).to_string(), &runs.iter().max().unwrap_or(&0).to_string());
    format!(
        "Attempts of all runs (n = {n} per arm) by calls of all runs; edges from top to bottom in the order of the scenario. An edge without a mark was not called."
    )
}
