//! How long do successful calls wait, and how long do the unlucky ones?

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::{Plane, row_height};
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::number;
use crate::summary::ArmSummary;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;

/// Latency quantiles of successful calls, one row per arm.
pub struct LatencyByArm;

/// The marks of the three quantiles, and what they mean.
const MARKS: [(Mark, &str); 3] = [(Mark::Dot, "median"), (Mark::Ring, "99th percentile"), (Mark::Diamond, "99.9th percentile")];

impl Chart for LatencyByArm {
    fn name(&self) -> &'static str {
        "latency-by-arm"
    }

    fn summary(&self) -> &'static str {
        "Latency of successful calls per arm: median, 99th and 99.9th percentile"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if results.manifest.load == "one-shot" { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("runs", "")];
        columns.extend(["p50", "p99", "p99.9"].map(|name| Column::number(format!("latency {name}"), "s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in 0..results.manifest.arms.len() as u32 {
            let arm = ArmSummary::of(results, view.cell(), arm);
            let mut row = vec![Cell::text(&arm.name), Cell::Count(arm.runs)];
            row.extend(arm.latency.map(|length| Cell::or_missing(length, Cell::Length)));
            table.push(row);
        }
        table.rows.iter().any(|row| row[2] != Cell::Missing).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(3)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let names = &results.manifest.arms;
        let runs: Vec<u64> = table.rows.iter().filter_map(|row| if let Cell::Count(runs) = row[1] { Some(runs) } else { None }).collect();
        let n = number::range(&runs.iter().min().unwrap_or(&0).to_string(), &runs.iter().max().unwrap_or(&0).to_string());
        let (x, at_once) = Axis::latencies("latency", table.rows.iter().flat_map(|row| row[2..].iter().filter_map(Cell::value)));
        let frame = Frame {
            title: view.titled("How long successful calls wait, and how long the unlucky ones among them"),
            legend: MARKS.map(|(mark, text)| Entry::mark(text, theme.arm(0), mark)).to_vec(),
            caption: vec![
                format!(
                    "Each mark: the median over the runs (n = {n} per arm). Calls that failed are not in it: \
                     an arm that fails fast looks fast. Latency is measured from the intended start.{at_once}"
                ),
                provenance(results),
            ],
            body: 64.0 + names.len() as f64 * row_height(names, theme),
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let plane = Plane::new(sheet, sheet.body, 4.0, x, Axis::names(names));
            for (index, row) in table.rows.iter().enumerate() {
                let y = names.len() as f64 - 0.5 - index as f64;
                let points: Vec<(f64, f64)> = row[2..].iter().filter_map(Cell::value).map(|value| (value, y)).collect();
                plane.line(&points, theme.muted, 1.2);
                for (point, (mark, _)) in points.iter().zip(MARKS) {
                    plane.mark(*point, mark, theme.arm(0));
                }
                if points.is_empty() {
                    plane.note((0.0, y), "no call succeeded");
                }
            }
        }))
    }
}
