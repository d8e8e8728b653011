//! How did each arm come through each episode of faults, where there are several?
//!
//! A run has recovered when it is back from its slowest episode, and a ranking shows that one alone: what differs only in another episode is here. Own
//! definition. What is lost in an episode that began when service was below its level already is the doing of those before it as well, and says so. Of at most eight episodes, and only where every run has the same number of them.

use super::ranking_table::reached_cell;
use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::measure::{Episode, Recovery};
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::{Observed, Survival};
use sim_core::time::SimDuration;

/// More episodes than this are too many to be looked at one by one.
const MOST: usize = 8;

/// A row per episode and arm of a cell; nothing where there is only one episode, or where runs differ in how many they have.
pub fn episodes(results: &Results, cell: u32) -> Option<Table> {
    let arms = 0..results.manifest.arms.len() as u32;
    let runs = |arm: u32| results.runs_of(cell, arm).map(|(_, run)| run);
    let mut counts = arms.clone().flat_map(runs).map(|run| run.episodes.len());
    let count = counts.next().filter(|count| (2..=MOST).contains(count))?;
    if counts.any(|other| other != count) {
        return None;
    }
    let columns = vec![
        Column::text("episode"),
        Column::text("arm"),
        Column::number("below already\nwhen it began", "runs"),
        Column::number("recovered", "runs"),
        Column::number("cut off\nabove the level", "runs"),
        Column::number("recovery\np50", "s"),
        Column::number("recovery\np99", "s"),
        Column::number("calls lost,\nmedian run", ""),
        Column::number("downtime,\nmedian run", "s"),
    ];
    let mut table = Table::new("Episode by episode", columns);
    for index in 0..count {
        for arm in arms.clone() {
            let seen: Vec<&Episode> = runs(arm).map(|run| &run.episodes[index]).collect();
            if let Some(first) = seen.first() {
                table.push(row(&title(results, cell, index, first), &results.manifest.arms[arm as usize], &seen));
            }
        }
    }
    Some(table.without_empty_columns())
}

fn row(title: &str, arm: &str, seen: &[&Episode]) -> Vec<Cell> {
    let count = |is_meant: fn(&Episode) -> bool| seen.iter().filter(|episode| is_meant(episode)).count() as u64;
    let (runs, cut_off) = (seen.len() as u64, count(|episode| matches!(episode.recovery, Recovery::CutOff { .. })));
    let (down, undecided) = (
        count(|episode| matches!(episode.recovery, Recovery::Censored(_))),
        count(|episode| matches!(episode.recovery, Recovery::Undecided(_))),
    );
    let judged = runs - cut_off - undecided;
    let curve = Survival::of(seen.iter().filter_map(|episode| observed(&episode.recovery)).collect());
    let quantile = |quantile| Cell::or_missing(curve.as_ref(), |curve| reached_cell(curve.quantile(quantile)));
    let median = |of: &dyn Fn(&Episode) -> Option<u64>| {
        let mut values: Vec<u64> = seen.iter().filter_map(|episode| of(episode)).collect();
        values.sort_unstable();
        Quantile::MEDIAN.of(&values)
    };
    let some = |count: u64| if count > 0 { Cell::OutOf(count, runs) } else { Cell::Missing };
    vec![
        Cell::text(title),
        Cell::text(arm),
        some(count(|episode| episode.began_below)),
        if judged > 0 { Cell::OutOf(judged - down, judged) } else { Cell::Missing },
        some(cut_off),
        quantile(Quantile::MEDIAN),
        quantile(Quantile::P99),
        Cell::or_missing(median(&Episode::measured_loss), Cell::Count),
        Cell::or_missing(median(&|episode| episode.measured_downtime().map(SimDuration::as_nanos)), |nanos| {
            Cell::Length(SimDuration::from_nanos(nanos))
        }),
    ]
}

fn observed(recovery: &Recovery) -> Option<Observed> {
    let (length, censored) = match recovery {
        Recovery::Unharmed => (SimDuration::ZERO, false),
        Recovery::After(length) => (*length, false),
        Recovery::Censored(length) | Recovery::CutOff { after: length, .. } => (*length, true),
        Recovery::Undecided(_) => return None,
    };
    Some(Observed { time: length.as_nanos(), censored })
}

/// Which episode it is, when it was, and what struck; where a run decides when faults strike, its number alone.
fn title(results: &Results, cell: u32, index: usize, first: &Episode) -> String {
    let manifest = &results.manifest;
    if manifest.instants_differ || !manifest.random_faults.is_empty() {
        return (index + 1).to_string();
    }
    let (begin, end) = (first.begin.since_start(), first.end.since_start());
    let within = manifest.faults_of(cell).iter().filter(|fault| fault.begin >= first.begin && fault.begin <= first.end);
    let mut labels: Vec<&str> = Vec::new();
    for fault in within {
        if !labels.contains(&fault.label.as_str()) {
            labels.push(&fault.label);
        }
    }
    let when = number::range(&number::length(begin), &number::length(end));
    if labels.is_empty() { format!("{}: {when}", index + 1) } else { format!("{}: {when}, {}", index + 1, labels.join(", ")) }
}
