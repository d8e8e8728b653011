//! How does a measure change along a varied axis, arm by arm?
//!
//! One line per arm, one point per cell: the form of the figures in Marc Brooker, "Exponential Backoff And Jitter", AWS
//! Architecture Blog, 2015. An axis whose path ends in `.count` counts clients, and its pictures keep those names.

use super::axis::Axis;
use super::coinciding;
use super::over_time::provenance;
use super::plane::Plane;
use super::scale::Scale;
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::number;
use crate::summary::{ArmSummary, Kind, reached_cell};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::interval;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// A measure along an axis.
pub struct Along {
    name: &'static str,
    summary: &'static str,
    /// Whether the axis counts clients; `None` if that does not matter.
    counts: Option<bool>,
    kinds: &'static [Kind],
    /// What the y axis says, and what the columns are called.
    measure: &'static str,
    unit: &'static str,
    /// How the picture is called, before its axis is named.
    title: &'static str,
    /// Lower end, middle and upper end over the runs.
    band: fn(&ArmSummary) -> [Cell; 3],
    /// Whether the ends are drawn as whiskers: shares of few runs have wide intervals, whose bands would hide each other.
    whiskers: bool,
    /// What line and band are.
    caption: &'static str,
}

const QUANTILES: [Quantile; 3] = [Quantile::P5, Quantile::MEDIAN, Quantile::P95];
const MEDIANS: &str = "Line: median over the runs; band: 5th to 95th percentile of the runs";
const WITH_SHARES: &[Kind] = &[Kind::Faults, Kind::Steady];

/// Runs that do not come back.
pub static NOT_RECOVERED: Along = Along {
    name: "not-recovered-along-axis",
    summary: "Share of runs that do not recover along a varied axis, per arm",
    counts: None,
    kinds: &[Kind::Faults],
    measure: "runs not recovered",
    unit: "0..1",
    title: "Share of runs that do not recover",
    band: |arm| match interval::share(arm.not_recovered, arm.judged()) {
        Some((low, high)) => [Cell::share(low), Cell::Ratio(arm.not_recovered, arm.judged()), Cell::share(high)],
        None => [Cell::Missing, Cell::Missing, Cell::Missing],
    },
    whiskers: true,
    caption: "Mark: share of the runs; whiskers: its 95 % interval (Agresti and Coull); arms stand side by side",
};

/// What callers get.
pub static AVAILABILITY: Along = Along {
    name: "availability-along-axis",
    summary: "Availability along a varied axis, per arm",
    counts: None,
    kinds: WITH_SHARES,
    measure: "availability",
    unit: "0..1",
    title: "Share of the calls that succeed",
    band: |arm| {
        let calls = arm.by_seed.iter().filter(|(_, _, calls)| *calls > 0);
        let mut shares: Vec<u64> = calls.map(|&(_, ok, calls)| (u128::from(ok) * BILLION / u128::from(calls)) as u64).collect();
        shares.sort_unstable();
        QUANTILES.map(|quantile| Cell::or_missing(quantile.of(&shares), |share| Cell::Ratio(share, BILLION as u64)))
    },
    whiskers: false,
    caption: MEDIANS,
};

/// How long the unlucky ones wait.
pub static LATENCY: Along = Along {
    name: "latency-along-axis",
    summary: "99th percentile of the latency of successful calls along a varied axis, per arm",
    counts: None,
    kinds: WITH_SHARES,
    measure: "latency p99",
    unit: "s",
    title: "99th percentile of the latency of successful calls",
    band: |arm| QUANTILES.map(|quantile| Cell::or_missing(quantile.of(&arm.latency_p99), Cell::Length)),
    whiskers: false,
    caption: "Failed calls are not in it. Line: median over the runs of each run's quantile; band: 5th to 95th percentile of the runs",
};

/// The work of contention, against the number of clients.
pub static CALLS_BY_CLIENTS: Along = Along {
    name: "calls-by-clients",
    summary: "Attempts put on the wire until the end of the run, by number of clients, per arm",
    counts: Some(true),
    title: "How many attempts it takes until everybody is done, as more clients compete",
    ..ATTEMPTS
};

/// The length of contention, against the number of clients.
pub static COMPLETION_BY_CLIENTS: Along = Along {
    name: "completion-by-clients",
    summary: "Time until the last call has succeeded, by number of clients, per arm",
    counts: Some(true),
    title: "How long it takes until everybody is done, as more clients compete",
    ..COMPLETION
};

/// The work of contention, along any other axis.
pub static ATTEMPTS_ALONG: Along = ATTEMPTS;

/// The length of contention, along any other axis.
pub static COMPLETION_ALONG: Along = COMPLETION;

const ATTEMPTS: Along = Along {
    name: "attempts-along-axis",
    summary: "Attempts put on the wire until the end of the run along a varied axis, per arm",
    counts: Some(false),
    kinds: &[Kind::OneShot],
    measure: "attempts",
    unit: "",
    title: "How many attempts it takes until everybody is done",
    band: |arm| QUANTILES.map(|quantile| Cell::or_missing(quantile.of(&arm.attempts), Cell::Count)),
    whiskers: false,
    caption: MEDIANS,
};

const COMPLETION: Along = Along {
    name: "completion-along-axis",
    summary: "Time until the last call has succeeded along a varied axis, per arm",
    counts: Some(false),
    kinds: &[Kind::OneShot],
    measure: "done",
    unit: "s",
    title: "How long it takes until everybody is done",
    band: |arm| QUANTILES.map(|quantile| Cell::or_missing(arm.completion_quantile(quantile), reached_cell)),
    whiskers: false,
    caption: MEDIANS,
};

const BILLION: u128 = 1_000_000_000;
/// How far whiskers are drawn apart, in pixels.
const WHISKERS_APART: f64 = 8.0;

impl Chart for Along {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn views(&self, results: &Results) -> Vec<View> {
        let Some(scale) = Scale::of(&results.manifest) else {
            return Vec::new();
        };
        let fits = self.kinds.contains(&Kind::of(results)) && self.counts.is_none_or(|counts| counts == scale.counts());
        if fits { View::along(results, scale.axis) } else { Vec::new() }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let scale = Scale::of(&results.manifest)?;
        let mut columns = vec![Column::text("arm"), scale.column(), Column::number("runs", "")];
        let heads = if self.name == NOT_RECOVERED.name { ["95 % from", "share", "95 % to"] } else { ["p5", "median", "p95"] };
        columns.extend(heads.map(|head| Column::number(format!("{} {head}", self.measure), self.unit)));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in 0..results.manifest.arms.len() as u32 {
            for (cell, place) in scale.places(&results.manifest, &view.cells) {
                let arm = ArmSummary::of(results, cell, arm);
                let mut row = vec![Cell::text(&arm.name), scale.cell(place), Cell::Count(arm.runs)];
                row.extend((self.band)(&arm));
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
        let scale = Scale::of(manifest)?;
        let lines: Vec<Vec<Point>> = manifest.arms.iter().map(|arm| line(&table, arm)).collect();
        let places = coinciding::offsets(&lines.iter().map(|line| middles(line)).collect::<Vec<_>>());
        let entry = |(arm, name): (usize, &String)| Entry::marked_line(name.as_str(), theme.arm(arm), Mark::of_arm(arm));
        let title = if self.counts == Some(true) { self.title.to_owned() } else { format!("{}, by {}", self.title, scale.name) };
        let frame = Frame {
            title: view.titled(&title),
            legend: manifest.arms.iter().enumerate().map(entry).collect(),
            caption: vec![self.caption_of(&table, &lines, &places), provenance(results)],
            body: 380.0,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let x = scale.drawn(lines.iter().flatten().map(|point| point.x));
            let plane = Plane::new(sheet, sheet.body, 8.0, x, self.y_axis(&lines));
            for (arm, line) in lines.iter().enumerate() {
                if !self.whiskers {
                    plane.band(&line.iter().map(|point| (point.x, point.band[0], point.band[2])).collect::<Vec<_>>(), theme.arm(arm));
                }
            }
            for (arm, (line, place)) in lines.iter().zip(places).enumerate() {
                let colour = theme.arm(arm);
                let along = (arm as f64 - (manifest.arms.len() - 1) as f64 / 2.0) * WHISKERS_APART;
                let beside = (if self.whiskers { along } else { place }, place);
                let points: Vec<(f64, f64)> = line.iter().map(|point| (point.x, point.band[1])).collect();
                plane.line_beside(&points, beside, colour, 2.4);
                for point in line {
                    if self.whiskers {
                        plane.whisker(point.x, (point.band[0], point.band[2]), beside, colour);
                    }
                    let mark = if point.is_bound { Mark::Ring } else { Mark::of_arm(arm) };
                    plane.mark_beside((point.x, point.band[1]), beside, mark, colour);
                }
            }
        }))
    }
}

impl Along {
    fn y_axis(&self, lines: &[Vec<Point>]) -> Axis {
        let values = || lines.iter().flatten().flat_map(|point| point.band);
        match self.unit {
            "0..1" => {
                let low = if self.name == NOT_RECOVERED.name { 0.0 } else { values().fold(1.0, f64::min) };
                let mut axis = Axis::shares(self.measure, low);
                let room = (axis.range.1 - axis.range.0) * 0.02;
                axis.range.0 -= room;
                axis
            }
            "s" => {
                let label = if self.measure == "done" { "time of the last success" } else { self.measure };
                Axis::fitting(label, values(), |seconds| number::length(SimDuration::from_secs_f64(seconds)))
            }
            _ => Axis::fitting("attempts, all edges", values(), number::significant),
        }
    }

    fn caption_of(&self, table: &Table, lines: &[Vec<Point>], places: &[f64]) -> String {
        let runs = table.rows.iter().filter_map(|row| row[2].value()).fold(f64::INFINITY, f64::min);
        let each = match runs {
            1.0 => " (one run per point)".to_owned(),
            _ if runs.is_finite() => format!(" ({} runs per point)", number::significant(runs)),
            _ => String::new(),
        };
        let has_bounds = lines.iter().flatten().any(|point| point.is_bound);
        let bounds = if has_bounds { " Ring: not all done at the end, the true value is larger." } else { "" };
        let beside = coinciding::said(places, "Lines");
        format!("{}{each}.{bounds}{beside}", self.caption)
    }
}

/// One point of a line.
#[derive(Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    band: [f64; 3],
    /// Whether the value is only known to be larger: drawn as a ring.
    is_bound: bool,
}

fn line(table: &Table, arm: &str) -> Vec<Point> {
    let point = |row: &Vec<Cell>| {
        let band = row[3].value().zip(row[4].value()).zip(row[5].value()).map(|((low, middle), high)| [low, middle, high])?;
        Some(Point { x: row[1].value()?, band, is_bound: matches!(row[4], Cell::Censored(_)) })
    };
    table.rows.iter().filter(|row| row[0] == Cell::text(arm)).filter_map(point).collect()
}

/// What is seen of a line, if anything is.
fn middles(line: &[Point]) -> Option<Vec<(f64, f64)>> {
    (!line.is_empty()).then(|| line.iter().map(|point| (point.x, point.band[1])).collect())
}
