//! Which runs of each arm went worst, and how does one see them again?

use super::arm::all_attempts;
use super::outcome::{Fate, badness};
use crate::command;
use crate::table::{Cell, Column, Table};
use scenarios::measure::RunMeasures;
use scenarios::results::Results;

/// Runs of each arm that are named.
const NAMED: usize = 3;

/// The worst runs of each arm in one cell, worst first, with what became of each and the command that repeats it.
pub fn worst_runs(results: &Results, cell: u32) -> Table {
    let manifest = &results.manifest;
    let columns = vec![
        Column::text("arm"),
        Column::text("seed"),
        Column::text("violates"),
        Column::number("availability", "0..1"),
        Column::number("recovery", "s"),
        Column::number("attempts", ""),
        Column::text("command"),
    ];
    let mut table = Table::new("Worst runs of each arm", columns);
    for (arm, name) in (0..).zip(&manifest.arms) {
        let mut runs: Vec<_> = results.runs_of(cell, arm).map(|(seed, run)| (seed, run, Fate::of(run))).collect();
        runs.sort_by_key(|(seed, run, fate)| std::cmp::Reverse(badness(run, fate, *seed)));
        for (seed, run, fate) in runs.iter().take(NAMED) {
            let recovery = match fate {
                Fate::Unharmed => Cell::text("unharmed"),
                Fate::After(length) => Cell::Length(*length),
                Fate::Not(length) => Cell::Censored(*length),
                Fate::CutOff(cut_off) => Cell::Censored(cut_off.after),
                Fate::Unstruck | Fate::Unknown => Cell::Missing,
            };
            table.push(vec![
                Cell::text(name),
                Cell::text(seed.to_string()),
                Cell::or_missing(violated(run), Cell::Text),
                Cell::Ratio(run.succeeded, run.calls),
                recovery,
                Cell::Count(all_attempts(run)),
                Cell::Code(command::run(manifest, cell, arm, *seed)),
            ]);
        }
    }
    table.without_empty_columns()
}

/// The properties that a run violates.
fn violated(run: &RunMeasures) -> Option<String> {
    let names: Vec<&str> = run.findings.iter().filter(|finding| finding.is_violated()).map(|finding| finding.property.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
