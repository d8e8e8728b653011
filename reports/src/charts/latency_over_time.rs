//! When do callers wait, and how long?
//!
//! The median, the 90th and the 99th percentile of the latency of successful calls, by when they were started, over all calls of all runs together; a panel
//! per arm. The histograms behind it have buckets that are at most a quarter wide, which is as much as a line on a logarithmic axis shows.

use super::axis::Axis;
use super::over_time;
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::number;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Latency quantiles of successful calls over time, one panel per arm.
pub struct LatencyOverTime;

/// The quantiles: what they are called, and their places among the theme's colours, far apart in hue, dash and grey.
const SHOWN: [(&str, Quantile, usize); 3] = [("p50", Quantile::MEDIAN, 0), ("p90", Quantile::new(90, 100), 4), ("p99", Quantile::P99, 1)];

impl Chart for LatencyOverTime {
    fn name(&self) -> &'static str {
        "latency-over-time"
    }

    fn summary(&self) -> &'static str {
        "Latency of successful calls by when they were started: median, 90th and 99th percentile, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if results.manifest.load == "one-shot" { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("from", "s"), Column::number("successful calls", "")];
        columns.extend(SHOWN.map(|(name, ..)| Column::number(format!("latency {name}"), "s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            let Some(series) = results.series_of(view.cell(), arm as u32) else { continue };
            let stretch = results.manifest.bin.saturating_mul(u64::from(series.latencies.bins_of_stretch));
            for (index, histogram) in (0..).zip(&series.latencies.over_time) {
                let mut row = vec![Cell::text(name), Cell::Length(stretch.saturating_mul(index)), Cell::Count(histogram.len())];
                let length =
                    |(_, quantile, _)| Cell::or_missing(histogram.about(quantile), |nanos| Cell::Length(SimDuration::from_nanos(nanos)));
                row.extend(SHOWN.map(length));
                table.push(row);
            }
        }
        table.rows.iter().any(|row| row[3] != Cell::Missing).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(5)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let manifest = &results.manifest;
        let headings: Vec<&str> = manifest.arms.iter().map(String::as_str).collect();
        let series = results.series_of(view.cell(), 0);
        let stretch = manifest.bin.saturating_mul(series.map_or(1, |series| u64::from(series.latencies.bins_of_stretch.max(1))));
        let half = stretch.as_secs_f64() / 2.0;
        let runs = series.map_or(0, |series| series.runs);
        let mut caption = over_time::caption(results, view, runs, headings.len());
        if let Some(first) = caption.first_mut() {
            let shaded = first.find(" Shaded").map_or("", |at| &first[at..]).to_owned();
            *first = format!(
                "All successful calls of n = {runs} runs together, by when they were started; a gap: none succeeded. Stretches of {}.{shaded}",
                number::length(stretch)
            );
        }
        let (y, at_once) = Axis::latencies("latency", table.rows.iter().flat_map(|row| row[3..].iter().filter_map(Cell::value)));
        if let Some(first) = caption.first_mut() {
            first.push_str(at_once);
        }
        let frame = Frame {
            title: view.titled("How long successful calls take, by when they were started"),
            legend: SHOWN.map(|(name, _, place)| Entry::line(name, theme.arm(place))).to_vec(),
            caption,
            body: over_time::height(&headings, theme),
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::panels(sheet, results, view, &headings, &y, |plane, arm| {
                let rows: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| row[0] == Cell::text(headings[arm])).collect();
                for (place, (.., colour)) in SHOWN.into_iter().enumerate() {
                    for stretch in rows.chunk_by(|a, b| (a[3] == Cell::Missing) == (b[3] == Cell::Missing)) {
                        let point = |row: &&Vec<Cell>| Some((row[1].value()? + half, row[3 + place].value()?));
                        plane.line(&stretch.iter().filter_map(point).collect::<Vec<_>>(), theme.arm(colour), 1.8);
                    }
                }
            });
        }))
    }
}
