//! When could callers rely on the service, and when not?

use super::axis::Axis;
use super::objective;
use super::over_time::{self, Panel, Track};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::export::series::bands;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::time::SimDuration;

/// More arms than this get a panel each.
const ARMS_IN_ONE: usize = 4;

/// Availability per time bin, one line per arm.
pub struct AvailabilityOverTime;

impl Chart for AvailabilityOverTime {
    fn name(&self) -> &'static str {
        "availability-over-time"
    }

    fn summary(&self) -> &'static str {
        "Share of the calls started in each time bin that succeed, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        // Where everybody starts at once there is one bin.
        if results.manifest.load == "one-shot" { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let mut columns = vec![Column::text("arm"), Column::number("start of bin", "s"), Column::number("calls started", "")];
        columns.extend(["availability p5", "availability median", "availability p95"].map(|name| Column::number(name, "0..1")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            for (index, bin) in results.series_of(view.cell(), arm as u32)?.bins.iter().enumerate() {
                let start = results.manifest.bin.saturating_mul(index as u64);
                let mut row = vec![Cell::text(name), Cell::Length(start), Cell::Count(bin.started)];
                row.extend(bands(bin, results.manifest.bin).0.map(|value| Cell::or_missing(value, |share| Cell::Ratio(share, 1000))));
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
        let tracks: Vec<Track> = (0..manifest.arms.len()).map(|arm| track(&table, manifest, arm, theme)).collect();
        let many = tracks.len() > ARMS_IN_ONE;
        let panels = if many {
            let panel = |(track, name): (Track, &String)| Panel { heading: name.clone(), tracks: vec![track] };
            tracks.into_iter().zip(&manifest.arms).map(panel).collect()
        } else {
            vec![Panel { heading: String::new(), tracks }]
        };
        let entry = |(arm, name): (usize, &String)| Entry::line(name.as_str(), theme.arm(arm));
        let legend = if many { Vec::new() } else { manifest.arms.iter().enumerate().map(entry).collect() };
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let title = view.titled("Who comes back after the fault: share of the calls started at each moment that succeed");
        let steady = view.titled("Share of the calls started at each moment that succeed");
        let mut caption = over_time::caption(results, view, runs, panels.len());
        if let Some(first) = caption.first_mut() {
            *first += &objective::said_of_availability(manifest);
        }
        let headings = over_time::headings(&panels);
        let frame = Frame {
            title: if manifest.faults_of(view.cell()).is_empty() && manifest.random_faults.is_empty() { steady } else { title },
            legend,
            caption,
            body: over_time::height(&headings, theme),
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::panels(sheet, results, view, &headings, &Axis::percent("availability"), |plane, index| {
                over_time::fill(plane, &panels[index]);
                objective::draw_availability(plane, manifest);
            });
        }))
    }
}

fn track(table: &Table, manifest: &scenarios::results::Manifest, arm: usize, theme: &Theme) -> Track {
    let half = SimDuration::from_nanos(manifest.bin.as_nanos() / 2).as_secs_f64();
    let name = Cell::text(&manifest.arms[arm]);
    let point = |row: &Vec<Cell>| {
        let value = |index: usize| row[index].value();
        let band = value(3).zip(value(4)).zip(value(5)).map(|((low, middle), high)| [low, middle, high]);
        (value(1).unwrap_or(0.0) + half, band)
    };
    Track { colour: theme.arm(arm), points: table.rows.iter().filter(|row| row[0] == name).map(point).collect() }
}
