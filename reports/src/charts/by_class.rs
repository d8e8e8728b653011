//! How do the calls of each class fare: who is served, who waits, who is turned away first?
//!
//! A row per class of requests, a line in it per arm: the share of the class's calls that succeed, and how long those took. One number over all
//! calls would hide what priorities are for: that some are lost so that others are not.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::{Plane, names_width, row_height};
use super::sheet::{self, Entry, Frame, Mark, Rect};
use super::{Chart, View};
use crate::number;
use crate::summary::classes;
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::measure::ClassMeasures;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Availability and latency of each class of requests, one line per arm.
pub struct ByClass;

/// The panels: the column that each shows, and what it is about.
const PANELS: [(usize, &str); 3] = [(4, "calls that succeed"), (7, "their median latency"), (8, "99th percentile")];
/// The columns of the ends of the whiskers of the first panel.
const ENDS: (usize, usize) = (5, 6);
/// Room for the heading of a panel, and between two panels, for the marks of their axes.
const HEADING: f64 = 26.0;
const BETWEEN: f64 = 18.0;

impl Chart for ByClass {
    fn name(&self) -> &'static str {
        "calls-by-class"
    }

    fn summary(&self) -> &'static str {
        "Availability and latency of the calls of each class of requests, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        View::per_cell(results)
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let names = names(results, view);
        // One class is all calls, of which other pictures speak.
        if names.len() < 2 {
            return None;
        }
        let mut columns = vec![Column::text("class"), Column::text("arm"), Column::number("runs", ""), Column::number("calls", "")];
        columns.extend(["availability", "availability p5", "availability p95"].map(|name| Column::number(name, "0..1")));
        columns.extend(["latency p50", "latency p99"].map(|name| Column::number(name, "s")));
        let mut table = Table::new(view.titled(self.summary()), columns);
        for class in &names {
            for (arm, arm_name) in (0..).zip(&results.manifest.arms) {
                table.push([vec![Cell::text(class), Cell::text(arm_name)], measured(results, view, arm, class)].concat());
            }
        }
        table.rows.iter().any(|row| row[3] != Cell::Count(0)).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(4)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        let table = self.table(results, view)?;
        let (names, arms) = (names(results, view), &results.manifest.arms);
        // Every arm has a line of its own in the row of a class: equal values must not hide each other.
        let each = (arms.len() as f64 * 11.0 + 16.0).max(row_height(&names, theme));
        let frame = Frame {
            title: view.titled("Who is served, and how fast: calls by their class"),
            legend: arms.iter().enumerate().map(|(arm, name)| Entry::mark(name.as_str(), theme.arm(arm), Mark::of_arm(arm))).collect(),
            caption: vec![caption(&table), provenance(results)],
            body: HEADING + 58.0 + each * names.len() as f64,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let Rect(left, top, right, bottom) = sheet.body;
            let for_names = names_width(&names, theme);
            let width = (right - left - for_names - BETWEEN * (PANELS.len() - 1) as f64) / PANELS.len() as f64;
            for (panel, (column, heading)) in PANELS.into_iter().enumerate() {
                // The names stand once, beside the first panel.
                let begin = left + for_names + panel as f64 * (width + BETWEEN);
                let outer = Rect(if panel == 0 { left } else { begin }, top, begin + width, bottom);
                let mut y = Axis::names(&names);
                if panel > 0 {
                    y.marks.iter_mut().for_each(|(_, text)| text.clear());
                }
                let plane = Plane::new(sheet, outer, HEADING, axis(&table, panel), y);
                plane.heading(heading, HEADING - 3.0);
                for (index, row) in table.rows.iter().enumerate() {
                    let (class, arm) = (index / arms.len(), index % arms.len());
                    let Some(value) = row[column].value() else { continue };
                    let y = (names.len() - class) as f64 - (arm as f64 + 1.0) / (arms.len() as f64 + 1.0);
                    if let (0, Some(low), Some(high)) = (panel, row[ENDS.0].value(), row[ENDS.1].value()) {
                        plane.thin(&[(low, y), (high, y)], theme.arm(arm));
                    }
                    plane.mark((value, y), Mark::of_arm(arm), theme.arm(arm));
                }
            }
        }))
    }
}

/// The classes of the calls in a cell, in the order in which they come up.
fn names(results: &Results, view: &View) -> Vec<String> {
    let arms = 0..results.manifest.arms.len() as u32;
    classes::names(arms.flat_map(|arm| results.runs_of(view.cell(), arm)).map(|(_, run)| run))
}

/// How the calls of a class fare in one arm: runs, calls, availability with its ends, latencies.
fn measured(results: &Results, view: &View, arm: u32, class: &str) -> Vec<Cell> {
    let runs = results.runs_of(view.cell(), arm).filter_map(|(_, run)| run.classes.iter().find(|measures| measures.class == class));
    let seen: Vec<&ClassMeasures> = runs.filter(|class| class.calls > 0).collect();
    let sum = |of: fn(&ClassMeasures) -> u64| seen.iter().map(|class| of(class)).sum::<u64>();
    let (calls, succeeded) = (sum(|class| class.calls), sum(|class| class.succeeded));
    let mut shares: Vec<u64> =
        seen.iter().map(|class| (u128::from(class.succeeded) * 1_000_000_000 / u128::from(class.calls)) as u64).collect();
    shares.sort_unstable();
    let share = |quantile: Quantile| Cell::or_missing(quantile.of(&shares), |share| Cell::Ratio(share, 1_000_000_000));
    let latency = |of: fn(&ClassMeasures) -> SimDuration| {
        let mut all: Vec<SimDuration> = seen.iter().filter(|class| class.latency.count > 0).map(|class| of(class)).collect();
        all.sort_unstable();
        Cell::or_missing(Quantile::MEDIAN.of(&all), Cell::Length)
    };
    vec![
        Cell::Count(seen.len() as u64),
        Cell::Count(calls),
        if calls == 0 { Cell::Missing } else { Cell::Ratio(succeeded, calls) },
        share(Quantile::P5),
        share(Quantile::P95),
        latency(|class| class.latency.p50),
        latency(|class| class.latency.p99),
    ]
}

/// The x axis of a panel: shares, or lengths; both latencies on one scale, so that the eye may go from one to the other.
fn axis(table: &Table, panel: usize) -> Axis {
    let values =
        |columns: &'static [usize]| table.rows.iter().flat_map(move |row| columns.iter().filter_map(|column| row[*column].value()));
    if panel > 0 {
        return Axis::fitting("latency", values(&[7, 8]), |seconds| number::length(SimDuration::from_secs_f64(seconds)));
    }
    let mut axis = Axis::shares("availability", values(&[4, 5, 6]).fold(1.0, f64::min));
    axis.range.0 -= (axis.range.1 - axis.range.0) * 0.02;
    axis
}

fn caption(table: &Table) -> String {
    let runs: Vec<u64> = table.rows.iter().filter_map(|row| if let Cell::Count(runs) = row[2] { Some(runs) } else { None }).collect();
    let n = number::range(&runs.iter().min().unwrap_or(&0).to_string(), &runs.iter().max().unwrap_or(&0).to_string());
    format!(
        "On the left successful calls of all calls of a class, over all runs (n = {n}); whiskers: 5th to 95th percentile of the runs. Latency: of successful calls, the median over the runs of each run's quantile; no mark: none succeeded."
    )
}
