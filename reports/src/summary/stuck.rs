//! Which runs did not recover, and what says whether they are stuck?

use super::arm::ArmSummary;
use crate::table::{Cell, Column, Table};
use scenarios::measure::{RunMeasures, StuckEvidence};
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// The arms of which a run did not recover at the horizon, one in a row, with what was seen in their last two windows; nothing if all runs did.
pub fn stuck(results: &Results, cell: u32) -> Option<Table> {
    let columns = vec![
        Column::text("arm"),
        Column::number("down at\nthe horizon", "runs"),
        Column::number("stuck", "runs"),
        Column::number("no fault on\nfor at least", "s"),
        Column::number("calls offered\nagainst before", "0..1"),
        Column::number("successes\nagainst the level", "0..1"),
        Column::text("not stuck, because"),
    ];
    let title = "Runs that were down at the horizon, and what says whether they are stuck";
    let mut table = Table::new(title, columns);
    for arm in 0..results.manifest.arms.len() as u32 {
        let runs: Vec<&RunMeasures> = results.runs_of(cell, arm).map(|(_, run)| run).collect();
        let seen: Vec<StuckEvidence> = runs.iter().filter_map(|run| run.stuck_evidence).collect();
        if !seen.is_empty() {
            let name = ArmSummary::of(results, cell, arm).name;
            table.push(row(name, runs.len() as u64, &seen));
        }
    }
    (!table.rows.is_empty()).then(|| table.without_empty_columns())
}

fn row(name: String, runs: u64, seen: &[StuckEvidence]) -> Vec<Cell> {
    let stuck = seen.iter().filter(|one| one.is_stuck()).count() as u64;
    let gone = seen.iter().filter_map(|one| one.trigger_gone).min();
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for reason in seen.iter().filter_map(StuckEvidence::objection) {
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} ({count})")).collect();
    vec![
        Cell::text(name),
        Cell::OutOf(seen.len() as u64, runs),
        Cell::OutOf(stuck, runs),
        Cell::or_missing(gone, Cell::Length),
        median(seen.iter().map(|one| (one.offered, one.offered_before))),
        median(seen.iter().map(|one| (one.succeeded, one.level))),
        if reasons.is_empty() { Cell::Missing } else { Cell::text(reasons.join("; ")) },
    ]
}

/// The median of quotients; those of nothing are left out.
fn median(parts: impl Iterator<Item = (u64, u64)>) -> Cell {
    let billionths = |(part, whole): (u64, u64)| (u128::from(part) * 1_000_000_000).checked_div(u128::from(whole));
    let mut shares: Vec<u64> = parts.filter_map(billionths).filter_map(|share| u64::try_from(share).ok()).collect();
    shares.sort_unstable();
    Cell::or_missing(Quantile::MEDIAN.of(&shares), |share| Cell::Ratio(share, 1_000_000_000))
}

/// What a run says of it: the verdict, and behind it the numbers it rests on.
pub(super) fn of_run(run: &RunMeasures, say: &mut dyn FnMut(&str, Cell, &str)) {
    if run.episodes.is_empty() {
        return;
    }
    if !run.stuck && run.untold().is_some() {
        return say("stuck", Cell::text("undecided"), "whether it recovers cannot be said, and so neither whether it is stuck");
    }
    let Some(seen) = run.stuck_evidence else {
        return say("stuck", Cell::text("no"), "whether it stays below the level with no fault active and the load as before");
    };
    let said = match seen.objection() {
        None => "metastable: the trigger is gone, the load is as before, and service stays down".to_owned(),
        Some(reason) => format!("it has not recovered, but {reason}"),
    };
    say("stuck", Cell::text(if run.stuck { "yes" } else { "no" }), &said);
    let gone = Cell::or_missing(seen.trigger_gone, Cell::Length);
    say("stuck: trigger gone", gone, "how long no fault had been on at the horizon");
    let windows = crate::number::length(seen.watched);
    let share =
        |part: u64, whole: u64| if whole == 0 || seen.watched == SimDuration::ZERO { Cell::Missing } else { Cell::Ratio(part, whole) };
    let of = |what: &str| format!("in the last {windows}, against {what}");
    say(
        "stuck: load",
        share(seen.offered, seen.offered_before),
        &of("the calls that came before the first fault, or to the twin, in as much time"),
    );
    say("stuck: goodput", share(seen.succeeded, seen.level), &of("the successes that the level comes to"));
}
