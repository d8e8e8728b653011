//! How long after the fault does a run take to come back, and does it at all?
//!
//! The empirical distribution of recovery times by Kaplan and Meier, with Greenwood's 95 % band on the scale log(-log). A run that never
//! came back never lifts its curve: a curve that ends below 100 % is an arm that fails, and ticks on it say when runs were cut off.

use super::axis::Axis;
use super::coinciding;
use super::objective::Objective;
use super::over_time::provenance;
use super::plane::Plane;
use super::sheet::{self, Entry, Frame, Mark};
use super::{Chart, View};
use crate::number;
use crate::summary::{ArmSummary, Kind, faults};
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
            Column::number("at least", "0..1"),
            Column::number("at most", "0..1"),
        ];
        let mut table = Table::new(view.titled(self.summary()), columns);
        for arm in arms(results, view) {
            let Some(curve) = &arm.recovery else { continue };
            for step in &curve.steps {
                let time = Cell::Length(SimDuration::from_nanos(step.time));
                let counts = [Cell::Count(step.at_risk), Cell::Count(step.ended)];
                let shares = recovered(curve, step.time).map(billionths);
                table.push([vec![Cell::text(&arm.name), time], counts.to_vec(), shares.to_vec()].concat());
            }
            if curve.censored > 0 {
                let time = Cell::Censored(SimDuration::from_nanos(curve.last));
                let counts = [Cell::Count(curve.censored), Cell::Count(0)];
                let shares = recovered(curve, curve.last).map(billionths);
                table.push([vec![Cell::text(&arm.name), time], counts.to_vec(), shares.to_vec()].concat());
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
        let objectives = Objective::of(&results.manifest, view.cell());
        let span = Span::of(&arms, &objectives);
        let offsets = offsets(&arms);
        let frame = Frame {
            title: view.titled(&title(&arms)),
            legend: expected_of(&arms, &objectives, theme),
            caption: vec![
                format!(
                    "{NOTE}{}{}{}{}",
                    if arms.iter().filter_map(|arm| arm.recovery.as_ref()).any(|curve| curve.censored > 0) { TICKS } else { "" },
                    if objectives.iter().any(|objective| objective.seconds() <= span.drawn) { OBJECTIVES } else { "" },
                    coinciding::said(&offsets, "Curves"),
                    span.note()
                ),
                provenance(results),
            ],
            body: 360.0,
        };
        Some(sheet::draw(theme, &frame, |sheet| {
            let x = Axis::time(&format!("time after {}", faults::counted_from(results, view.cell())), span.drawn * 1.03);
            let mut y = Axis::percent("share of runs recovered");
            // Room for curves that run side by side along 0 and 100 %.
            y.range = (-0.025, 1.025);
            let plane = Plane::new(sheet, sheet.body, 8.0, x, y);
            for arm in first_of_each(&arms) {
                if let Some(curve) = &arm.recovery {
                    plane.band(&band(curve, span.drawn), theme.arm(arm.arm as usize));
                }
            }
            objectives.iter().for_each(|objective| objective.draw(&plane, span.drawn, theme));
            for (arm, offset) in arms.iter().zip(offsets) {
                if let Some(curve) = &arm.recovery {
                    let (beside, colour) = ((offset, offset), theme.arm(arm.arm as usize));
                    plane.line_beside(&stairs(curve, span.drawn), beside, colour, LINE);
                    for (at, share) in cuts(curve, span.drawn) {
                        plane.whisker(at, (share - TICK, share + TICK), beside, colour);
                    }
                }
            }
        }))
    }
}

/// Width of a curve, in pixels.
const LINE: f64 = 2.4;

/// Half the height of a tick, as a share.
const TICK: f64 = 0.022;

const TICKS: &str = " Ticks: runs that were cut off there, or beyond the right edge.";
const OBJECTIVES: &str = " Dashed upright, with a ring: what is expected, in the colour of the arm if of one alone; its curve passes above the ring, or left of it.";
const NOTE: &str = "Kaplan-Meier estimate of the share of runs back at their level for good. Runs that never recovered never lift a curve. Bands: 95 % at each time (Greenwood, log-log).";

/// How long runs were watched, and how much of it is drawn, in seconds.
pub(super) struct Span {
    watched: f64,
    slowest: f64,
    pub(super) drawn: f64,
}

impl Span {
    pub(super) fn of(arms: &[ArmSummary], objectives: &[Objective]) -> Self {
        let curves = || arms.iter().filter_map(|arm| arm.recovery.as_ref());
        let watched = curves().map(|curve| seconds(curve.last)).fold(0.0, f64::max);
        let slowest = curves().filter_map(|curve| curve.steps.last()).map(|step| seconds(step.time)).fold(0.0, f64::max);
        // Long flat ends say nothing and squeeze what does.
        let told = if slowest > 0.0 && watched > 2.5 * slowest { 2.0 * slowest } else { watched };
        // Nor does a limit that is far from anything that happened.
        let near = |limit: &f64| *limit <= 5.0 * told;
        let drawn = objectives.iter().map(|objective| 1.1 * objective.seconds()).filter(near).fold(told, f64::max);
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

pub(super) fn seconds(nanos: u64) -> f64 {
    SimDuration::from_nanos(nanos).as_secs_f64()
}

/// The share that has recovered by a time, and its bounds.
fn recovered(curve: &Survival, time: u64) -> [f64; 3] {
    let (low, high) = curve.interval_at(time);
    [1.0 - curve.at(time), 1.0 - high, 1.0 - low]
}

pub(super) fn billionths(share: f64) -> Cell {
    Cell::Ratio((share * 1e9 + 0.5) as u64, 1_000_000_000)
}

/// The band as stairs, from the first run that comes back to where the curve ends.
pub(super) fn band(curve: &Survival, end: f64) -> Vec<(f64, f64, f64)> {
    let bounds = curve.steps.iter().map(|step| {
        let [_, low, high] = recovered(curve, step.time);
        (seconds(step.time), low, high)
    });
    band_through(bounds, known_until(curve, end))
}

/// The curve as stairs; one on which every run recovered ends with the last of them.
pub(super) fn stairs(curve: &Survival, end: f64) -> Vec<(f64, f64)> {
    stairs_through(curve.steps.iter().map(|step| (seconds(step.time), 1.0 - step.survival)), known_until(curve, end))
}

/// When the last run of an arm was cut off: nothing is known after it. `None` if no run was.
fn known_until(curve: &Survival, end: f64) -> Option<f64> {
    (curve.censored > 0).then(|| end.min(seconds(curve.last)))
}

/// Stairs from nothing up through `(time, share)`, and on to where they end, if they go on after the last step.
pub(super) fn stairs_through(steps: impl Iterator<Item = (f64, f64)>, end: Option<f64>) -> Vec<(f64, f64)> {
    let (mut points, mut before) = (vec![(0.0, 0.0)], 0.0);
    for (time, share) in steps {
        points.extend([(time, before), (time, share)]);
        before = share;
    }
    points.extend(end.map(|end| (end, before)));
    points
}

/// A band of stairs through `(time, low, high)`, from the first of these on.
pub(super) fn band_through(steps: impl Iterator<Item = (f64, f64, f64)>, end: Option<f64>) -> Vec<(f64, f64, f64)> {
    let (mut points, mut before) = (Vec::new(), None);
    for (time, low, high) in steps {
        points.extend(before.map(|(low, high)| (time, low, high)));
        points.push((time, low, high));
        before = Some((low, high));
    }
    points.extend(before.zip(end).map(|((low, high), end)| (end, low, high)));
    points
}

/// When runs were cut off, and what share had recovered then; each time once, what lies beyond the paper at its edge.
fn cuts(curve: &Survival, end: f64) -> Vec<(f64, f64)> {
    let mut cuts: Vec<(f64, f64)> = curve.cut_off_at().iter().map(|&time| (seconds(time).min(end), 1.0 - curve.at(time))).collect();
    cuts.dedup();
    cuts
}

/// Of arms whose curves coincide the first: their bands would lie on each other.
pub(super) fn first_of_each(arms: &[ArmSummary]) -> impl Iterator<Item = &ArmSummary> {
    arms.iter().enumerate().filter(|(index, arm)| !arms[..*index].iter().any(|before| curve(before) == curve(arm))).map(|(_, arm)| arm)
}

/// Where each curve is drawn among those that coincide with it.
pub(super) fn offsets(arms: &[ArmSummary]) -> Vec<f64> {
    coinciding::offsets(&arms.iter().map(curve).collect::<Vec<_>>())
}

/// What is drawn of a curve.
fn curve(arm: &ArmSummary) -> Option<(Vec<(u64, f64)>, bool)> {
    arm.recovery.as_ref().map(|curve| (curve.steps.iter().map(|step| (step.time, step.survival)).collect(), curve.censored > 0))
}

/// In how many arms the runs come back.
fn title(arms: &[ArmSummary]) -> String {
    let judged: Vec<&ArmSummary> = arms.iter().filter(|arm| arm.judged() > 0).collect();
    let count = |of: fn(&ArmSummary) -> bool| judged.iter().filter(|arm| of(arm)).count();
    let (every, none) = (count(|arm| arm.not_recovered == 0), count(|arm| arm.recovered == 0));
    match (judged.len(), every, none) {
        (0, _, _) => "Share of runs that have recovered".to_owned(),
        (all, every, _) if every == all => "Every run recovers".to_owned(),
        (all, _, none) if none == all => "No run recovers".to_owned(),
        (1, _, _) => "Some runs recover".to_owned(),
        (all, every, none) if every + none == all => format!("Every run recovers in {every} of {all} arms, none in {none}"),
        (all, every, none) => {
            format!("Every run recovers in {every} of {all} arms, some runs in {}, none in {none}", all - every - none)
        }
    }
}

pub(super) fn arms(results: &Results, view: &View) -> Vec<ArmSummary> {
    (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, view.cell(), arm)).collect()
}

pub(super) fn legend(arm: &ArmSummary) -> String {
    match (arm.judged(), arm.not_recovered) {
        (0, _) if !arm.cut_off.is_empty() => format!("{} ({} cut off)", arm.name, arm.cut_off.len()),
        (0, _) => format!("{} (cannot be judged)", arm.name),
        (runs, 0) => format!("{} (n = {runs}{})", arm.name, cut_off(arm)),
        (runs, lost) => format!("{} (n = {runs}, {lost} never{})", arm.name, cut_off(arm)),
    }
}

/// The legend of arms that something is expected of: it stands beside their names, where no curve runs; what is expected of all is said once.
fn expected_of(arms: &[ArmSummary], objectives: &[Objective], theme: &Theme) -> Vec<Entry> {
    let entry = |arm: &ArmSummary| {
        let own: Vec<String> = objectives.iter().filter(|one| one.is_of(arm.arm)).map(Objective::said).collect();
        let expected = if own.is_empty() { String::new() } else { format!("; expected: {})", own.join(", ")) };
        let said = legend(arm);
        // Within the brackets that end the entry.
        let said = if expected.is_empty() { said } else { said.trim_end_matches(')').to_owned() };
        Entry::line(format!("{said}{expected}"), theme.arm(arm.arm as usize))
    };
    let of_all: Vec<String> = objectives.iter().filter(|one| one.is_of_all()).map(Objective::said).collect();
    let said = (!of_all.is_empty()).then(|| Entry::mark(format!("expected of every arm: {}", of_all.join(", ")), theme.ink, Mark::Ring));
    arms.iter().map(entry).chain(said).collect()
}

/// How many runs were cut off above their level, if any.
fn cut_off(arm: &ArmSummary) -> String {
    if arm.cut_off.is_empty() { String::new() } else { format!(", {} cut off", arm.cut_off.len()) }
}
