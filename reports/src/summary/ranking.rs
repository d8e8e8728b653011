//! Which arm is best, by how much, and how sure is that?
//!
//! Own definition. With faults: the share of runs that recovered, then the median recovery, then availability, then
//! attempts per call. Without: availability, then attempts per call. One-shot: availability, then the median number of
//! attempts. Arms that are equal in all of these keep the order of the scenario.

use super::arm::{ArmSummary, Kind};
use super::cell_label;
use crate::command;
use crate::table::{Cell, Column, Table};
use scenarios::results::{Manifest, Results};
use sim_core::stats::paired::Paired;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use sim_core::time::SimDuration;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Shares are compared in billionths.
const BILLION: i128 = 1_000_000_000;

/// The arms of one cell, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// What the cell is called; empty if nothing is varied.
    pub label: String,
    /// Index of the cell.
    pub cell: u32,
    /// Which questions the runs can answer.
    pub kind: Kind,
    /// The arms, best first.
    pub arms: Vec<ArmSummary>,
    baseline: String,
    /// Of availability and of attempts, against the baseline; `None` for the baseline itself.
    paired: Vec<(Option<Paired>, Option<Paired>)>,
}

impl Ranking {
    /// Ranks the arms of one cell.
    pub fn of(results: &Results, cell: u32) -> Self {
        let kind = Kind::of(results);
        let mut arms: Vec<ArmSummary> = (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, cell, arm)).collect();
        let baseline = arms.first().cloned();
        arms.sort_by(|a, b| compare(kind, a, b));
        let against = |arm: &ArmSummary| match baseline.as_ref().filter(|_| arm.arm != 0) {
            Some(baseline) => (availability_differences(arm, baseline), attempt_differences(arm, baseline)),
            None => (None, None),
        };
        let paired = arms.iter().map(against).collect();
        let baseline = baseline.map(|arm| arm.name).unwrap_or_default();
        Self { label: cell_label(&results.manifest, cell), cell, kind, arms, baseline, paired }
    }

    /// Whether the first and the last arm are equal in everything that ranks them.
    pub fn is_tied(&self) -> bool {
        match (self.arms.first(), self.arms.last()) {
            (Some(best), Some(worst)) => compare(self.kind, best, worst) == Ordering::Equal,
            _ => true,
        }
    }

    /// The ranking as a table; columns that say nothing here are absent.
    pub fn table(&self) -> Table {
        let place = if self.label.is_empty() { String::new() } else { format!(", {}", self.label) };
        let mut table = Table::new(format!("Arms, best first{place}"), self.columns());
        // Where nothing fails the differences of availability say nothing, attempts do.
        let by_attempts =
            self.kind == Kind::OneShot && self.paired.iter().flat_map(|(paired, _)| paired).all(|paired| paired.ties == paired.seeds());
        for (index, (arm, paired)) in self.arms.iter().zip(&self.paired).enumerate() {
            let mut row =
                vec![Cell::Count(index as u64 + 1), Cell::text(&arm.name), Cell::Count(arm.runs), Cell::Ratio(arm.succeeded, arm.calls)];
            row.extend(paired_cells(paired.0.as_ref().filter(|_| !by_attempts)));
            let fewer = paired.1.as_ref().filter(|_| by_attempts);
            row.push(Cell::or_missing(fewer, |paired| Cell::OutOf(paired.losses, paired.seeds())));
            row.extend(self.fate_cells(arm));
            row.extend([Cell::Factor(arm.first_edge.0, arm.first_edge.1), Cell::Factor(arm.end_to_end.0, arm.end_to_end.1)]);
            row.extend([0, 1].map(|index| Cell::or_missing(arm.latency[index], Cell::Length)));
            row.push(Cell::or_missing(arm.worst_seed, |seed| Cell::text(seed.to_string())));
            table.push(row);
        }
        table.without_empty_columns()
    }

    /// The command that repeats the worst run of each arm, best arm first.
    pub fn worst_commands(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let worst = |arm: &ArmSummary| arm.worst_seed.map(|seed| (arm.name.clone(), command::run(manifest, self.cell, arm.arm, seed)));
        self.arms.iter().filter_map(worst).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::number("rank", ""),
            Column::text("arm"),
            Column::number("runs", ""),
            Column::number("availability", "0..1"),
            Column::number(format!("against \"{}\"", self.baseline), "pp"),
            Column::number("95 % from", "pp"),
            Column::number("95 % to", "pp"),
            Column::number("better in", "seeds"),
            Column::number(format!("fewer attempts than \"{}\" in", self.baseline), "seeds"),
            Column::number("not recovered", "runs"),
            Column::number("recovery p50", "s"),
            Column::number("recovery p99", "s"),
            Column::number("attempts p50", ""),
            Column::number("done p50", "s"),
            Column::number("done p99", "s"),
            Column::number("attempts/call, first edge", ""),
            Column::number("attempts/call, busiest edge", ""),
            Column::number("latency p50", "s"),
            Column::number("latency p99", "s"),
            Column::number("worst seed", ""),
        ]
    }

    fn fate_cells(&self, arm: &ArmSummary) -> [Cell; 6] {
        let reached = |reached: Option<Reached>| Cell::or_missing(reached, reached_cell);
        let mut cells = std::array::from_fn(|_| Cell::Missing);
        match self.kind {
            Kind::Faults => {
                cells[0] = if arm.judged() > 0 { Cell::OutOf(arm.not_recovered, arm.judged()) } else { Cell::Missing };
                cells[1] = reached(arm.recovery_quantile(Quantile::MEDIAN));
                cells[2] = reached(arm.recovery_quantile(Quantile::P99));
            }
            Kind::OneShot => {
                cells[3] = Cell::or_missing(Quantile::MEDIAN.of(&arm.attempts), Cell::Count);
                cells[4] = reached(arm.completion_quantile(Quantile::MEDIAN));
                cells[5] = reached(arm.completion_quantile(Quantile::P99));
            }
            Kind::Steady => {}
        }
        cells
    }
}

/// A quantile of censored times as a cell.
pub(crate) fn reached_cell(reached: Reached) -> Cell {
    match reached {
        Reached::At(nanos) => Cell::Length(SimDuration::from_nanos(nanos)),
        Reached::NotBy(nanos) => Cell::Censored(SimDuration::from_nanos(nanos)),
    }
}

fn paired_cells(paired: Option<&Paired>) -> [Cell; 4] {
    let Some(paired) = paired else {
        return [Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing];
    };
    let points = |billionths: i128| Cell::Points(billionths as i64);
    let (low, high) = paired.interval.unzip();
    let wins = Cell::OutOf(paired.wins, paired.seeds());
    [points(paired.median), Cell::or_missing(low, points), Cell::or_missing(high, points), wins]
}

/// Differences of availability, seed by seed, in billionths; seeds without a call on one side are left out.
fn availability_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    let shares = |arm: &ArmSummary| -> BTreeMap<u64, i128> {
        let called = arm.by_seed.iter().filter(|(_, _, calls)| *calls > 0);
        called.map(|&(seed, ok, calls)| (seed, i128::from(ok) * BILLION / i128::from(calls))).collect()
    };
    differences(&shares(arm), &shares(baseline))
}

fn attempt_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    let counts = |arm: &ArmSummary| arm.attempts_by_seed.iter().map(|&(seed, attempts)| (seed, i128::from(attempts))).collect();
    differences(&counts(arm), &counts(baseline))
}

fn differences(arm: &BTreeMap<u64, i128>, baseline: &BTreeMap<u64, i128>) -> Option<Paired> {
    Paired::of(arm.iter().filter_map(|(seed, value)| Some(value - baseline.get(seed)?)).collect())
}

fn compare(kind: Kind, a: &ArmSummary, b: &ArmSummary) -> Ordering {
    let availability = || by_share((b.succeeded, b.calls), (a.succeeded, a.calls));
    let amplification = || by_share(a.end_to_end, b.end_to_end);
    match kind {
        Kind::Faults => by_share((b.recovered, b.judged()), (a.recovered, a.judged()))
            .then_with(|| median_recovery(a).cmp(&median_recovery(b)))
            .then_with(availability)
            .then_with(amplification),
        Kind::Steady => availability().then_with(amplification),
        Kind::OneShot => availability().then_with(|| Quantile::MEDIAN.of(&a.attempts).cmp(&Quantile::MEDIAN.of(&b.attempts))),
    }
}

/// Compares two quotients exactly; one without a divisor is smaller than any other.
fn by_share(a: (u64, u64), b: (u64, u64)) -> Ordering {
    match (a.1, b.1) {
        (0, 0) => Ordering::Equal,
        (0, _) => Ordering::Less,
        (_, 0) => Ordering::Greater,
        _ => (u128::from(a.0) * u128::from(b.1)).cmp(&(u128::from(b.0) * u128::from(a.1))),
    }
}

fn median_recovery(arm: &ArmSummary) -> u64 {
    match arm.recovery_quantile(Quantile::MEDIAN) {
        Some(Reached::At(nanos)) => nanos,
        // Longer than any limit.
        Some(Reached::NotBy(_)) | None => u64::MAX,
    }
}
