//! What was observed of that of which the scenario expects something, arm by arm?
//!
//! No order of arms looks at observations: a saga that is left half-way is an answered call like any other. A table says what they were.

use super::run::observed;
use crate::table::{Cell, Column, Table};
use scenarios::expect::Clause;
use scenarios::measure::{Fold, Observation, RunMeasures};
use scenarios::results::{Manifest, Results};
use sim_core::stats::quantile::Quantile;

/// A row per arm of a cell and observation that an expectation names: the median over the runs, the least and the most. Nothing
/// where none is named, or none was observed.
pub fn observations(results: &Results, cell: u32) -> Option<Table> {
    table_of(results, cell, "What was observed, of all runs", &named(&results.manifest))
}

/// The same of everything that any run has observed, in the order in which it comes up; nothing where that is no more than expectations name.
pub fn all_observations(results: &Results, cell: u32) -> Option<Table> {
    let mut names: Vec<String> = Vec::new();
    for run in (0..results.manifest.arms.len() as u32).flat_map(|arm| results.runs_of(cell, arm)).map(|(_, run)| run) {
        for title in run.observations.iter().map(Observation::title) {
            if !names.contains(&title) {
                names.push(title);
            }
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_more = names.len() > named(&results.manifest).len();
    is_more.then(|| table_of(results, cell, "Everything that was observed, of all runs", &names)).flatten()
}

fn table_of(results: &Results, cell: u32, title: &str, names: &[&str]) -> Option<Table> {
    let mut columns = vec![Column::text("observed"), Column::text("arm")];
    columns.extend(["median", "least", "most"].map(|name| Column::number(name, "")));
    let mut table = Table::new(title, columns);
    let arms = || (0..).zip(&results.manifest.arms);
    let runs = |arm: u32| results.runs_of(cell, arm).map(|(_, run)| run);
    for &name in names {
        let Some(kind) = arms().flat_map(|(arm, _)| runs(arm)).find_map(|run| find(run, name)) else { continue };
        for (arm, label) in arms() {
            let mut values: Vec<i64> = runs(arm).filter_map(|run| value(run, name, kind)).collect();
            values.sort_unstable();
            let shown = |value: Option<&i64>| Cell::or_missing(value, |value| observed(&Observation { value: *value, ..kind.clone() }));
            let row = [Quantile::MEDIAN.of(&values).as_ref(), values.first(), values.last()].map(shown);
            table.push([Cell::text(name), Cell::text(label)].into_iter().chain(row).collect());
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// The observations that expectations name, each once, in their order.
fn named(manifest: &Manifest) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for clause in &manifest.expect {
        if let Clause::Observation(bounds) = clause.bare()
            && !names.contains(&bounds.name.as_str())
        {
            names.push(&bounds.name);
        }
    }
    names
}

/// What a run has under a name: its title, or else that of a number that is summed up or taken the extreme of.
fn find<'a>(run: &'a RunMeasures, name: &str) -> Option<&'a Observation> {
    let by_title = run.observations.iter().find(|one| one.title() == name);
    by_title.or_else(|| run.observations.iter().find(|one| one.name == name))
}

/// The number of a run; a count that it does not mention is 0.
fn value(run: &RunMeasures, name: &str, kind: &Observation) -> Option<i64> {
    find(run, name).map(|one| one.value).or((kind.fold == Fold::Sum).then_some(0))
}
