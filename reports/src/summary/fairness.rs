//! How evenly were clients served, and how well was the objective kept?

use crate::table::{Cell, Column};
use scenarios::measure::{Evenness, FairnessMeasures, RunMeasures};
use scenarios::measures::{Measure, Reading};
use scenarios::results::Manifest;

/// Parts of an index of one.
const BILLION: u64 = 1_000_000_000;

/// What a run says of its objective and of its clients, one by one.
pub(super) fn of_run(manifest: &Manifest, run: &RunMeasures, say: &mut dyn FnMut(&str, Cell, &str)) {
    if run.objective.is_some() {
        say("nines", nines(manifest, run), "availability as a number of nines: 3 is 99.9 %");
        say("error budget used", budget(run), "calls that did not succeed, of those that the objective allows not to: 1 is all of it");
        say("bins at the objective", kept(run), "time bins in which at least the share of the objective succeeded");
    }
    for of in &run.fairness {
        let name = &of.population;
        say(&format!("fairness of {name}"), index(of.successes), "Jain's index over the successes of its clients: 1 if all have as many");
        say(&format!("fairness of attempts of {name}"), index(of.attempts), "the same over their attempts");
        say(&format!("fewest successes of a client of {name}"), Cell::Count(of.successes.least.into()), "of the one that has fewest");
        say(&format!("most successes of a client of {name}"), Cell::Count(of.successes.most.into()), "of the one that has most");
    }
}

fn nines(manifest: &Manifest, run: &RunMeasures) -> Cell {
    match Measure::named("nines").map(|nines| nines.of(run, manifest)) {
        Some(Reading::Is(value)) => Cell::Number(value as f64 / 1e6),
        // As many as the calls can tell would claim too much.
        _ => Cell::Missing,
    }
}

fn budget(run: &RunMeasures) -> Cell {
    let millionths = run.error_budget().and_then(|(used, all)| (used * 1_000_000).checked_div(all));
    Cell::or_missing(millionths.and_then(|millionths| u64::try_from(millionths).ok()), |millionths| Cell::Factor(millionths, 1_000_000))
}

fn kept(run: &RunMeasures) -> Cell {
    Cell::or_missing(run.objective, |seen| Cell::Ratio(seen.kept, seen.bins))
}

fn index(spread: Evenness) -> Cell {
    Cell::or_missing(spread.jain, |jain| Cell::Factor(jain.into(), BILLION))
}

/// The columns of the objective in a file of runs.
pub fn columns_of_objective() -> [Column; 3] {
    [Column::number("nines", ""), Column::number("error budget used", ""), Column::number("bins at the objective", "0..1")]
}

/// The cells of the objective in the row of a run.
pub fn cells_of_objective(manifest: &Manifest, run: Option<&RunMeasures>) -> [Cell; 3] {
    run.map_or([const { Cell::Missing }; 3], |run| [nines(manifest, run), budget(run), kept(run)])
}

/// The populations of these runs whose clients were counted one by one.
pub fn names<'a>(runs: impl Iterator<Item = &'a RunMeasures>) -> Vec<String> {
    let mut names: Vec<String> = runs.flat_map(|run| &run.fairness).map(|of| of.population.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The columns of such a population in a file of runs.
pub fn columns(name: &str) -> [Column; 4] {
    ["fairness", "fairness of attempts", "fewest successes", "most successes"]
        .map(|what| Column::number(format!("clients {name}: {what}"), ""))
}

/// Its cells in the row of a run.
pub fn cells(run: Option<&RunMeasures>, name: &str) -> [Cell; 4] {
    let count = |number: u32| Cell::Count(number.into());
    let of = |of: &FairnessMeasures| [index(of.successes), index(of.attempts), count(of.successes.least), count(of.successes.most)];
    run.and_then(|run| run.fairness.iter().find(|of| of.population == name)).map_or([const { Cell::Missing }; 4], of)
}
