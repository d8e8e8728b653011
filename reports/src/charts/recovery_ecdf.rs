//! How many runs are known to be back by a given time, and what is estimated where runs were cut off?
//!
//! On the left the empirical distribution over all runs that can be judged: a run that was cut off is counted as not back, so the curve is a
//! lower bound. On the right the estimate of Kaplan and Meier, which takes a run out of the sample when it is cut off. Both agree as long as no
//! run is cut off before the last one came back; where they part, runs were cut off early, by the next fault. Neither leaves out runs that never
//! recovered, as a distribution of the times that were seen would.

use super::axis::Axis;
use super::coinciding;
use super::over_time::{self, provenance};
use super::recovery::{Span, arms, band, band_through, billionths, first_of_each, legend, offsets, seconds, stairs, stairs_through};
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::summary::{ArmSummary, Kind, faults};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::interval;
use sim_core::time::SimDuration;

/// The empirical distribution of recovery times beside the Kaplan-Meier estimate.
pub struct RecoveryEcdf;

impl Chart for RecoveryEcdf {
    fn name(&self) -> &'static str {
        "recovery-ecdf"
    }

    fn summary(&self) -> &'static str {
        "Share of all runs known to be back by a given time (ECDF), beside the Kaplan-Meier estimate, per arm"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if Kind::of(results) == Kind::Faults { View::per_cell(results) } else { Vec::new() }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let columns = vec![
            Column::text("arm"),
            Column::number("time after the fault", "s"),
            Column::number("runs back by then", ""),
            Column::number("of", ""),
            Column::number("share back (ECDF)", "0..1"),
            Column::number("at least", "0..1"),
            Column::number("at most", "0..1"),
            Column::number("share back (Kaplan-Meier)", "0..1"),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in arms(results, view) {
            let Some(curve) = &arm.recovery else { continue };
            for step in known(&arm) {
                let [low, share, high] = step.share.map(billionths);
                let estimate = billionths(1.0 - curve.at(step.time));
                let (time, counts) = (Cell::Length(SimDuration::from_nanos(step.time)), [step.back, arm.watched()].map(Cell::Count));
                let [back, of] = counts;
                table.push(vec![Cell::text(&arm.name), time, back, of, share, low, high, estimate]);
            }
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn measure(&self) -> Option<usize> {
        Some(4)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        self.table(results, view)?;
        let arms = arms(results, view);
        let span = Span::of(&arms, &[]);
        let offsets = offsets(&arms);
        let headings = ["Known to be back (ECDF of all runs)", "Estimated (Kaplan-Meier)"];
        let beside = coinciding::said(&offsets, "Curves");
        let frame = Frame {
            title: view.titled("How many runs are back, and how soon"),
            legend: arms.iter().map(|arm| Entry::line(legend(arm), theme.arm(arm.arm as usize))).collect(),
            caption: vec![
                format!(
                    "Left: runs back by then of all runs, those that were cut off counted as not back; band: 95 % at each time (Agresti and Coull). Right: runs count until they are cut off; band: 95 % at each time (Greenwood, log-log).{beside}"
                ),
                provenance(results),
            ],
            body: over_time::height_of(&headings, theme, 330.0),
        };
        let x = Axis::time(&format!("time after {}", faults::counted_from(results, view.cell())), span.drawn * 1.03);
        let mut y = Axis::percent("share of runs recovered");
        // Room for curves that run side by side along 0 and 100 %.
        y.range = (-0.025, 1.025);
        Some(sheet::draw(theme, &frame, |sheet| {
            over_time::in_rows(sheet, &headings, (&x, &y), |plane, panel| {
                for arm in first_of_each(&arms) {
                    let Some(curve) = &arm.recovery else { continue };
                    let band = if panel == 0 { known_band(arm, span.drawn) } else { band(curve, span.drawn) };
                    plane.band(&band, theme.arm(arm.arm as usize));
                }
                for (arm, offset) in arms.iter().zip(offsets.iter().copied()) {
                    let Some(curve) = &arm.recovery else { continue };
                    let line = if panel == 0 { known_stairs(arm, span.drawn) } else { stairs(curve, span.drawn) };
                    plane.line_beside(&line, (offset, offset), theme.arm(arm.arm as usize), 2.2);
                }
            });
        }))
    }
}

/// How many runs are back by a time.
struct Known {
    time: u64,
    back: u64,
    /// Lower end, share, upper end.
    share: [f64; 3],
}

fn known(arm: &ArmSummary) -> Vec<Known> {
    let mut steps: Vec<Known> = Vec::new();
    for (back, after) in (1..).zip(&arm.recovered_after) {
        let time = after.as_nanos();
        if steps.last().is_some_and(|last| last.time == time) {
            steps.pop();
        }
        let (low, high) = interval::share(back, arm.watched()).unwrap_or((0.0, 1.0));
        steps.push(Known { time, back, share: [low, back as f64 / arm.watched().max(1) as f64, high] });
    }
    steps
}

fn known_stairs(arm: &ArmSummary, end: f64) -> Vec<(f64, f64)> {
    stairs_through(known(arm).iter().map(|step| (seconds(step.time), step.share[1])), (arm.recovered < arm.watched()).then_some(end))
}

fn known_band(arm: &ArmSummary, end: f64) -> Vec<(f64, f64, f64)> {
    let bounds = known(arm);
    let bounds = bounds.iter().map(|step| (seconds(step.time), step.share[0], step.share[2]));
    band_through(bounds, (arm.recovered < arm.watched()).then_some(end))
}
