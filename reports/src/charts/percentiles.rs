//! How long do the unlucky wait? The distribution of latency, nine by nine.
//!
//! The form of Gil Tene's HdrHistogram plots: the percentile on an axis on which every further nine takes as much room as the one before, the
//! latency up. A median says nothing about the hundredth call, and a page of ten calls meets that hundredth often.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::Plane;
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::measure::LatencySummary;
use scenarios::results::Results;
use sim_core::stats::log10;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Latency of successful calls by percentile, one line per arm.
pub struct LatencyPercentiles;

/// A quantile that every run keeps: its name, the share of calls above it, where it is kept.
type Kept = (&'static str, f64, fn(&LatencySummary) -> SimDuration);

const KEPT: [Kept; 4] =
    [("p50", 0.5, |all| all.p50), ("p90", 0.1, |all| all.p90), ("p99", 0.01, |all| all.p99), ("p99.9", 0.001, |all| all.p999)];

const BAND: [Quantile; 3] = [Quantile::P5, Quantile::MEDIAN, Quantile::P95];

impl Chart for LatencyPercentiles {
    fn name(&self) -> &'static str {
        "latency-percentiles"
    }

    fn summary(&self) -> &'static str {
        "Latency of successful calls by percentile on a scale of nines, per arm (HDR plot)"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if results.manifest.load == "one-shot" { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::text("percentile"), Column::number("runs", "")];
        columns.extend(["p5", "median", "p95"].map(|name| Column::number(format!("latency, {name} of the runs"), "s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            for (percentile, _, of) in KEPT {
                let runs = results.runs_of(view.cell(), arm as u32).filter(|(_, run)| run.latency.count > 0);
                let mut values: Vec<SimDuration> = runs.map(|(_, run)| of(&run.latency)).collect();
                values.sort_unstable();
                let mut row = vec![Cell::text(name), Cell::text(percentile), Cell::Count(values.len() as u64)];
                row.extend(BAND.map(|quantile| Cell::or_missing(quantile.of(&values), Cell::Length)));
                table.push(row);
            }
        }
        table.rows.iter().any(|row| row[4] != Cell::Missing).then_some(table)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let arms = &results.manifest.arms;
        let lines: Vec<Vec<(f64, [f64; 3])>> = (0..arms.len()).map(|arm| line(&table, &arms[arm])).collect();
        let entry = |(arm, name): (usize, &String)| {
            let none = if lines[arm].is_empty() { " (no call succeeded)" } else { "" };
            Entry::marked_line(format!("{name}{none}"), theme.arm(arm), Mark::of_arm(arm))
        };
        let runs = table.rows.iter().filter_map(|row| if let Cell::Count(count) = row[2] { Some(count) } else { None }).max().unwrap_or(0);
        let place = |arm: usize| {
            let same = |other: &&Vec<(f64, [f64; 3])>| **other == lines[arm] && !lines[arm].is_empty();
            let (twins, before) = (lines.iter().filter(same).count().max(1), lines[..arm].iter().filter(same).count());
            before as f64 - (twins - 1) as f64 / 2.0
        };
        let beside = if (0..lines.len()).any(|arm| place(arm) != 0.0) { " Lines that coincide are drawn side by side." } else { "" };
        let frame = Frame {
            title: view.titled("How long successful calls wait, nine by nine"),
            legend: arms.iter().enumerate().map(entry).collect(),
            caption: vec![
                format!(
                    "Line: median over n = {runs} runs of each run's percentile; band: 5th to 95th percentile of the runs. Calls that failed are not in it: an arm that fails fast looks fast. Latency is measured from the intended start.{beside}"
                ),
                provenance(results),
            ],
            body: 380.0,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let values = || lines.iter().flatten().flat_map(|(_, band)| *band).filter(|value| *value > 0.0);
            let (low, high) = values().fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
            let y = Axis::log("latency", low, high, |seconds| number::length(SimDuration::from_secs_f64(seconds)));
            let plane = Plane::new(sheet, sheet.body, 8.0, nines(), y);
            for (arm, line) in lines.iter().enumerate().filter(|(arm, line)| !lines[..*arm].contains(line)) {
                plane.band(&line.iter().map(|(x, [low, _, high])| (*x, *low, *high)).collect::<Vec<_>>(), theme.arm(arm));
            }
            for (arm, line) in lines.iter().enumerate() {
                let (colour, beside) = (theme.arm(arm), (0.0, place(arm) * 3.4));
                let points: Vec<(f64, f64)> = line.iter().map(|(x, [_, middle, _])| (*x, *middle)).collect();
                plane.line_beside(&points, beside, colour, 2.2);
                points.iter().for_each(|point| plane.mark_beside(*point, beside, Mark::of_arm(arm), colour));
            }
        }))
    }
}

/// The axis of percentiles: so many nines, each as wide as the one before.
fn nines() -> Axis {
    let marks = KEPT.iter().map(|(name, above, _)| (-log10(*above), format!("{} %", name.trim_start_matches('p')))).collect();
    let last = -log10(KEPT[KEPT.len() - 1].1);
    Axis {
        label: "percentile of the successful calls (every nine as wide as the one before)".to_owned(),
        range: (0.2, last + 0.1),
        marks,
        is_log: false,
    }
}

fn line(table: &Table, arm: &str) -> Vec<(f64, [f64; 3])> {
    let point = |row: &Vec<Cell>| {
        let (_, above, _) = KEPT.iter().find(|(name, ..)| row[1] == Cell::text(*name))?;
        let band = row[3].value().zip(row[4].value()).zip(row[5].value()).map(|((low, middle), high)| [low, middle, high])?;
        Some((-log10(*above), band))
    };
    table.rows.iter().filter(|row| row[0] == Cell::text(arm)).filter_map(point).collect()
}
