//! What do the pictures along a counted axis share?
//!
//! The number of clients on the x axis, one line per arm: the form of the figures in Marc Brooker, "Exponential Backoff And
//! Jitter", AWS Architecture Blog, 2015.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::Plane;
use super::sheet::{self, Entry, Frame, Mark};
use super::view::{View, count_axis};
use crate::number;
use crate::theme::Theme;
use scenarios::results::{Manifest, Results};

/// One point of a line: number of clients, and 5th percentile, median and 95th percentile over the runs.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub clients: f64,
    pub band: [f64; 3],
    /// Whether the value is only known to be larger: drawn as a ring.
    pub is_bound: bool,
}

/// The value of the counted axis in one cell.
pub(super) fn clients(manifest: &Manifest, cell: u32) -> Option<f64> {
    let text = manifest.cells.get(cell as usize)?.get(count_axis(manifest)?)?;
    text.replace('_', "").parse().ok().filter(|count: &f64| count.is_finite())
}

/// Draws one line per arm, in the order of the arms.
pub(super) fn draw(
    results: &Results,
    view: &View,
    theme: &Theme,
    title: String,
    y_label: &str,
    lines: &[Vec<Point>],
    y_text: fn(f64) -> String,
) -> String {
    let manifest = &results.manifest;
    let entry = |(arm, name): (usize, &String)| Entry::line(name.as_str(), theme.arm(arm));
    let runs = view.cells.iter().map(|cell| results.runs_of(*cell, 0).count()).min().unwrap_or(0);
    let bounds =
        if lines.iter().flatten().any(|point| point.is_bound) { " Ring: not all done at the end, the true value is larger." } else { "" };
    let frame = Frame {
        title: view.titled(&title),
        legend: manifest.arms.iter().enumerate().map(entry).collect(),
        caption: vec![
            format!("Line: median over {runs} runs per point; band: 5th to 95th percentile of the runs.{bounds}"),
            provenance(results),
        ],
        body: 380.0,
    };
    let points = || lines.iter().flatten();
    let counted = count_axis(manifest).map_or("", |axis| manifest.axes[axis].as_str());
    sheet::draw(theme, &frame, |sheet| {
        let x = Axis::fitting(&axis_label(counted), points().map(|point| point.clients), number::significant);
        let y = Axis::fitting(y_label, points().flat_map(|point| point.band), y_text);
        let plane = Plane::new(sheet, sheet.body, 8.0, x, y);
        for (arm, line) in lines.iter().enumerate() {
            let colour = theme.arm(arm);
            plane.band(&line.iter().map(|point| (point.clients, point.band[0], point.band[2])).collect::<Vec<_>>(), colour);
        }
        for (arm, line) in lines.iter().enumerate() {
            let colour = theme.arm(arm);
            plane.line(&line.iter().map(|point| (point.clients, point.band[1])).collect::<Vec<_>>(), colour, 2.4);
            for point in line {
                plane.mark((point.clients, point.band[1]), if point.is_bound { Mark::Ring } else { Mark::Dot }, colour);
            }
        }
    })
}

/// `nodes.writers.count` as a reader would say it: `number of writers`.
fn axis_label(path: &str) -> String {
    let name = path.strip_suffix(".count").unwrap_or(path);
    format!("number of {}", name.rsplit('.').next().unwrap_or(name).trim_matches('"'))
}
