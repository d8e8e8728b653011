//! How long do the unlucky wait? The distribution of latency, nine by nine.
//!
//! The form of Gil Tene's HdrHistogram plots: the percentile on an axis on which every further nine takes as much room as the one before, the
//! latency up; successes and failures apart, because an arm that fails fast looks fast. All calls of all runs together, as far out as there are
//! calls: a line ends where one call is left. A median says nothing about the hundredth call, and a page of ten calls meets that hundredth often.

use super::axis::Axis;
use super::coinciding;
use super::over_time::{self, provenance};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::measure::FineHistogram;
use scenarios::results::Results;
use sim_core::stats::log10;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Latency by percentile, one line per arm.
pub struct LatencyPercentiles;

/// Percentiles within a nine: of so many calls, so many above.
const WITHIN: [u64; 4] = [10, 5, 3, 2];
/// Nines at most.
const NINES: u32 = 6;
/// What is told apart.
const ENDS: [&str; 2] = ["success", "failure"];

impl Chart for LatencyPercentiles {
    fn name(&self) -> &'static str {
        "latency-percentiles"
    }

    fn summary(&self) -> &'static str {
        "Latency by percentile on a scale of nines, successes and failures apart, per arm (HDR plot)"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if results.manifest.load == "one-shot" { Vec::new() } else { View::per_cell(results) }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let columns = vec![
            Column::text("arm"),
            Column::text("calls that end in"),
            Column::number("percentile", "%"),
            Column::number("share of calls above", "0..1"),
            Column::number("latency", "s"),
            Column::number("calls", ""),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for (arm, name) in results.manifest.arms.iter().enumerate() {
            let Some(series) = results.series_of(view.cell(), arm as u32) else { continue };
            for (end, histogram) in ENDS.into_iter().zip([&series.latencies.successes, &series.latencies.failures]) {
                for (above, of, latency) in points(histogram) {
                    table.push(vec![
                        Cell::text(name),
                        Cell::text(end),
                        percentile(above, of),
                        Cell::Number(above as f64 / of as f64),
                        Cell::Length(latency),
                        Cell::Count(histogram.len()),
                    ]);
                }
            }
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(4)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let arms = &results.manifest.arms;
        let ends: Vec<&str> = ENDS.into_iter().filter(|end| table.rows.iter().any(|row| row[1] == Cell::text(*end))).collect();
        let lines: Vec<Vec<Vec<(f64, f64)>>> = ends.iter().map(|end| arms.iter().map(|arm| line(&table, arm, end)).collect()).collect();
        let headings: Vec<&str> = ends.iter().map(|end| if *end == ENDS[0] { "Calls that succeed" } else { "Calls that fail" }).collect();
        let runs = results.series_of(view.cell(), 0).map_or(0, |series| series.runs);
        let drawn = |line: &Vec<(f64, f64)>| (!line.is_empty()).then(|| line.clone());
        let places: Vec<Vec<f64>> = lines.iter().map(|panel| coinciding::offsets(&panel.iter().map(drawn).collect::<Vec<_>>())).collect();
        let beside = coinciding::said(&places.concat(), "Lines");
        let (y, at_once) = Axis::latencies("latency", table.rows.iter().filter_map(|row| row[4].value()));
        let frame = Frame {
            title: view.titled("How long calls take, nine by nine"),
            legend: arms.iter().enumerate().map(|(arm, name)| Entry::line(name.as_str(), theme.arm(arm))).collect(),
            caption: vec![
                format!(
                    "All calls of n = {runs} runs together, measured from the intended start; a line ends where one call is left. An arm that fails fast looks fast.{at_once}{beside}"
                ),
                provenance(results),
            ],
            body: over_time::height_of(&headings, theme, 350.0),
        };
        let furthest = table.rows.iter().filter_map(|row| row[3].value()).fold(1.0, f64::min);
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::in_rows(sheet, &headings, (&nines(furthest), &y), |plane, panel| {
                for (arm, line) in lines[panel].iter().enumerate() {
                    plane.line_beside(line, (0.0, places[panel][arm]), theme.arm(arm), 2.2);
                }
            });
        }))
    }
}

/// Every nine of it: a number of three digits would be 100.
fn percentile(above: u64, of: u64) -> Cell {
    let percent = 100.0 * (of - above) as f64 / of as f64;
    let shown = format!("{percent:.4}");
    Cell::Written(shown.trim_end_matches('0').trim_end_matches('.').to_owned(), percent)
}

/// Of so many calls so many above, and the latency there; as far out as one call is left.
fn points(histogram: &FineHistogram) -> Vec<(u64, u64, SimDuration)> {
    let mut points = Vec::new();
    let mut whole = 10;
    for _ in 0..NINES {
        for above in WITHIN {
            // 0 %, 50 %, 70 %, 80 %, then 90 % and so on: the last nine begins the next.
            if above == 10 && whole == 10 {
                continue;
            }
            if above * histogram.len() < whole {
                return points;
            }
            let quantile = Quantile::new(whole - above, whole);
            points.extend(histogram.about(quantile).map(|latency| (above, whole, SimDuration::from_nanos(latency))));
        }
        whole *= 10;
    }
    points
}

/// The axis of percentiles up to where only this share of the calls is above: so many nines, each as wide as the one before.
fn nines(furthest: f64) -> Axis {
    let last = -log10(furthest.clamp(1e-6, 0.1));
    let marks = (0..=NINES).map(|nines| match nines {
        0 => (-log10(0.5), "50 %".to_owned()),
        1 => (1.0, "90 %".to_owned()),
        2 => (2.0, "99 %".to_owned()),
        _ => (f64::from(nines), format!("99.{} %", "9".repeat(nines as usize - 2))),
    });
    let marks = marks.take_while(|(place, _)| *place <= last + 0.05).collect();
    Axis { label: "percentile (every nine as wide as the one before)".to_owned(), range: (0.2, last + 0.1), marks, is_log: false }
}

fn line(table: &Table, arm: &str, end: &str) -> Vec<(f64, f64)> {
    let rows = table.rows.iter().filter(|row| row[0] == Cell::text(arm) && row[1] == Cell::text(end));
    rows.filter_map(|row| Some((-log10(row[3].value()?), row[4].value()?))).collect()
}
