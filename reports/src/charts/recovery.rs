//! How long after the fault does a run take to come back, and does it at all?
//!
//! The empirical distribution of recovery times by Kaplan and Meier. A run that never came back never lifts its curve:
//! a curve that ends below 100 % is an arm that fails.

use super::axis::Axis;
use super::over_time::provenance;
use super::plane::Plane;
use super::sheet::{self, Entry, Frame};
use super::{Chart, View};
use crate::number;
use crate::summary::{ArmSummary, Kind, Ranking, fates};
use crate::table::{Cell, Column, Table};
use crate::theme::Theme;
use scenarios::results::Results;
use sim_core::stats::survival::Survival;
use sim_core::time::SimDuration;

/// The share of runs that recovered by a given time after the fault, one curve per arm.
pub struct RecoveryTimes;

impl Chart for RecoveryTimes {
    fn name(&self) -> &'static str {
        "recovery-times"
    }

    fn summary(&self) -> &'static str {
        "Share of runs that have recovered by a given time after the fault, per arm (Kaplan-Meier)"
    }

    fn views(&self, results: &Results) -> Vec<View> {
        if Kind::of(results) == Kind::Faults { View::per_cell(results) } else { Vec::new() }
    }

    fn table(&self, results: &Results, view: &View) -> Option<Table> {
        let columns = vec![
            Column::text("arm"),
            Column::number("time after the fault", "s"),
            Column::number("runs still down before", ""),
            Column::number("recovered then", ""),
            Column::number("share recovered", "0..1"),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in arms(results, view) {
            let Some(curve) = &arm.recovery else { continue };
            for step in &curve.steps {
                let share = ((1.0 - step.survival) * 1e9 + 0.5) as u64;
                let time = Cell::Length(SimDuration::from_nanos(step.time));
                let counts = [Cell::Count(step.at_risk), Cell::Count(step.ended)];
                table.push([vec![Cell::text(&arm.name), time], counts.to_vec(), vec![Cell::Ratio(share, 1_000_000_000)]].concat());
            }
            let last = curve.steps.last().map_or(0, |step| ((1.0 - step.survival) * 1e9 + 0.5) as u64);
            if curve.censored > 0 {
                let time = Cell::Censored(SimDuration::from_nanos(curve.last));
                table.push(vec![
                    Cell::text(&arm.name),
                    time,
                    Cell::Count(curve.censored),
                    Cell::Count(0),
                    Cell::Ratio(last, 1_000_000_000),
                ]);
            }
        }
        (!table.rows.is_empty()).then_some(table)
    }

    fn svg(&self, results: &Results, view: &View, theme: &Theme) -> Option<String> {
        self.table(results, view)?;
        let arms = arms(results, view);
        let span = Span::of(&arms);
        let frame = Frame {
            title: view.titled(&fates::verdict(&Ranking::of(results, view.cell()))),
            legend: arms.iter().map(|arm| Entry::line(legend(arm), theme.arm(arm.arm as usize))).collect(),
            caption: vec![format!("{NOTE}{}", span.note()), provenance(results)],
            body: 360.0,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let x = Axis::linear("time after the end of the fault (s)", 0.0, span.drawn, number::significant);
            let plane = Plane::new(sheet, sheet.body, 8.0, x, Axis::percent("share of runs recovered"));
            for arm in &arms {
                if let Some(curve) = &arm.recovery {
                    plane.line(&stairs(curve, span.drawn), theme.arm(arm.arm as usize), 2.4);
                }
            }
        }))
    }
}

const NOTE: &str = "Kaplan-Meier estimate of the share of runs back at their level for good. Runs that never recovered never lift a curve.";

/// How long runs were watched, and how much of it is drawn, in seconds.
struct Span {
    watched: f64,
    slowest: f64,
    drawn: f64,
}

impl Span {
    fn of(arms: &[ArmSummary]) -> Self {
        let curves = || arms.iter().filter_map(|arm| arm.recovery.as_ref());
        let watched = curves().map(|curve| seconds(curve.last)).fold(0.0, f64::max);
        let slowest = curves().filter_map(|curve| curve.steps.last()).map(|step| seconds(step.time)).fold(0.0, f64::max);
        // Long flat ends say nothing and squeeze what does.
        let drawn = if slowest > 0.0 && watched > 2.5 * slowest { 2.0 * slowest } else { watched };
        Self { watched, slowest, drawn }
    }

    fn note(&self) -> String {
        if self.drawn < self.watched {
            let shown = |secs| number::length(SimDuration::from_secs_f64(secs));
            format!(" Runs were watched for {} after the fault; none recovered later than {}.", shown(self.watched), shown(self.slowest))
        } else {
            String::new()
        }
    }
}

fn seconds(nanos: u64) -> f64 {
    SimDuration::from_nanos(nanos).as_secs_f64()
}

/// The curve as stairs; one on which every run recovered ends with the last of them.
fn stairs(curve: &Survival, end: f64) -> Vec<(f64, f64)> {
    let (mut points, mut share) = (vec![(0.0, 0.0)], 0.0);
    for step in &curve.steps {
        points.push((seconds(step.time), share));
        share = 1.0 - step.survival;
        points.push((seconds(step.time), share));
    }
    if curve.censored > 0 {
        // Nothing is known after the last run of this arm was cut off.
        points.push((end.min(seconds(curve.last)), share));
    }
    points
}

fn arms(results: &Results, view: &View) -> Vec<ArmSummary> {
    (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, view.cell(), arm)).collect()
}

fn legend(arm: &ArmSummary) -> String {
    match (arm.judged(), arm.not_recovered) {
        (0, _) => format!("{} (cannot be judged)", arm.name),
        (runs, 0) => format!("{} (n = {runs})", arm.name),
        (runs, lost) => format!("{} (n = {runs}, {lost} never)", arm.name),
    }
}
