//! How do the calls of each class of requests fare, arm by arm?

use crate::table::{Cell, Column, Table};
use scenarios::measure::{ClassMeasures, LatencySummary, RunMeasures};
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// A row per arm and class of a cell; nothing where calls have no classes. Shares are pooled over the runs, latencies are medians of
/// theirs.
pub fn classes(results: &Results, cell: u32) -> Option<Table> {
    let columns = vec![
        Column::text("class"),
        Column::text("arm"),
        Column::number("calls", ""),
        Column::number("availability", "0..1"),
        Column::number("latency\np50,\nmedian run", "s"),
        Column::number("latency\np99,\nmedian run", "s"),
    ];
    let mut table = Table::new("Calls by class", columns);
    let arms = 0..results.manifest.arms.len() as u32;
    for class in names(arms.flat_map(|arm| results.runs_of(cell, arm)).map(|(_, run)| run)) {
        for (arm, name) in (0..).zip(&results.manifest.arms) {
            let seen: Vec<&ClassMeasures> =
                results.runs_of(cell, arm).filter_map(|(_, run)| run.classes.iter().find(|measures| measures.class == class)).collect();
            let sum = |of: fn(&ClassMeasures) -> u64| seen.iter().map(|class| of(class)).sum::<u64>();
            let (calls, succeeded) = (sum(|class| class.calls), sum(|class| class.succeeded));
            let latency = |of: fn(&LatencySummary) -> SimDuration| Cell::or_missing(median(&seen, of), Cell::Length);
            table.push(vec![
                Cell::text(&class),
                Cell::text(name),
                Cell::Count(calls),
                Cell::Ratio(succeeded, calls),
                latency(|seen| seen.p50),
                latency(|seen| seen.p99),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// The names of all classes of these runs, in the order in which they come up.
pub fn names<'a>(runs: impl Iterator<Item = &'a RunMeasures>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for class in runs.flat_map(|run| &run.classes) {
        if !names.contains(&class.class) {
            names.push(class.class.clone());
        }
    }
    names
}

fn median(seen: &[&ClassMeasures], of: fn(&LatencySummary) -> SimDuration) -> Option<SimDuration> {
    let mut values: Vec<SimDuration> = seen.iter().filter(|class| class.latency.count > 0).map(|class| of(&class.latency)).collect();
    values.sort_unstable();
    Quantile::MEDIAN.of(&values)
}

/// The measures of each class of one run, for a table of measures.
pub(super) fn of_run(run: &RunMeasures, say: &mut dyn FnMut(&str, Cell, &str)) {
    for class in &run.classes {
        let name = &class.class;
        say(&format!("calls, {name}"), Cell::Count(class.calls), "client calls of this class");
        say(&format!("availability, {name}"), Cell::Ratio(class.succeeded, class.calls), "the share of them that succeeded");
        if class.latency.count > 0 {
            say(&format!("latency p50, {name}"), Cell::Length(class.latency.p50), "of those that succeeded");
            say(&format!("latency p99, {name}"), Cell::Length(class.latency.p99), "of those that succeeded");
        }
    }
}
