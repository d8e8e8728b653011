//! What does each arm give up: availability, latency or consistency?
//!
//! CAP: while some cannot speak to others, a system answers or is consistent. PACELC: else it is fast or consistent. The table has all of
//! it side by side, for scenarios that state two levels of consistency or more.

use crate::table::{Cell, Column, Table};
use scenarios::measure::{LatencySummary, RunMeasures};
use scenarios::properties::Verdict;
use scenarios::results::Results;
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Levels of consistency, each no weaker than those behind it or not to be compared with them, and what people call them.
const LEVELS: [(&str, &str); 6] = [
    ("Linearizable", "linearizable"),
    ("Sequential", "sequential"),
    ("Causal", "causal"),
    ("MonotonicReads", "monotonic reads"),
    ("ReadYourWrites", "read your writes"),
    ("MonotonicWrites", "monotonic writes"),
];

/// The stronger a level, the more of the others it includes.
const INCLUDED: [&[&str]; 6] = [
    &["Sequential", "Causal", "MonotonicReads", "ReadYourWrites", "MonotonicWrites"],
    &["Causal", "MonotonicReads", "ReadYourWrites", "MonotonicWrites"],
    &["MonotonicReads", "ReadYourWrites", "MonotonicWrites"],
    &[],
    &[],
    &[],
];

/// A row per arm of a cell: availability while faults are on and else, latency, and the strongest level of consistency that all runs
/// had. Nothing unless the scenario states two levels or more.
pub fn consistency(results: &Results, cell: u32) -> Option<Table> {
    let stated: Vec<usize> =
        (0..LEVELS.len()).filter(|level| results.manifest.properties.iter().any(|name| name == LEVELS[*level].0)).collect();
    if stated.len() < 2 {
        return None;
    }
    let columns = vec![
        Column::text("arm"),
        Column::number("available\nin faults", "0..1"),
        Column::number("available\nelse", "0..1"),
        Column::number("latency\np50,\nmedian run", "s"),
        Column::number("latency\np99,\nmedian run", "s"),
        Column::text("strongest consistency"),
        Column::text("violated"),
    ];
    let mut table = Table::new("Availability, latency and consistency", columns);
    for (arm, name) in (0..).zip(&results.manifest.arms) {
        let runs: Vec<&RunMeasures> = results.runs_of(cell, arm).map(|(_, run)| run).collect();
        if runs.is_empty() {
            continue;
        }
        let sum = |of: fn(&RunMeasures) -> u64| runs.iter().map(|run| of(run)).sum::<u64>();
        let (calm, calm_good) = (sum(|run| run.calm_calls), sum(|run| run.calm_succeeded));
        let (struck, struck_good) = (sum(|run| run.calls) - calm, sum(|run| run.succeeded) - calm_good);
        let share = |good: u64, all: u64| if all > 0 { Cell::Ratio(good, all) } else { Cell::Missing };
        let latency = |of: fn(&LatencySummary) -> SimDuration| Cell::or_missing(median(&runs, of), Cell::Length);
        let (strongest, violated) = levels(&runs, &stated);
        table.push(vec![
            Cell::text(name),
            share(struck_good, struck),
            share(calm_good, calm),
            latency(|seen| seen.p50),
            latency(|seen| seen.p99),
            Cell::Text(strongest),
            Cell::or_missing(Some(violated).filter(|violated| !violated.is_empty()), Cell::Text),
        ]);
    }
    Some(table)
}

/// The strongest of the stated levels that no run violates, with those beside it that it does not include, and those that some violate.
fn levels(runs: &[&RunMeasures], stated: &[usize]) -> (String, String) {
    let verdicts = |level: usize| {
        let name = LEVELS[level].0;
        runs.iter().filter_map(move |run| run.findings.iter().find(|finding| finding.property == name)).map(|finding| finding.verdict)
    };
    let is_violated = |level: usize| verdicts(level).any(|verdict| verdict == Verdict::Violated);
    let holds = |level: usize| !is_violated(level) && verdicts(level).all(|verdict| verdict == Verdict::Holds);
    let held: Vec<usize> = stated.iter().copied().filter(|level| holds(*level)).collect();
    let is_included = |level: usize| held.iter().any(|other| INCLUDED[*other].contains(&LEVELS[level].0));
    let strongest: Vec<&str> = held.iter().filter(|level| !is_included(**level)).map(|level| LEVELS[*level].1).collect();
    let violated: Vec<&str> = stated.iter().filter(|level| is_violated(**level)).map(|level| LEVELS[*level].1).collect();
    (if strongest.is_empty() { "none of these".to_owned() } else { strongest.join(", ") }, violated.join(", "))
}

fn median(runs: &[&RunMeasures], of: fn(&LatencySummary) -> SimDuration) -> Option<SimDuration> {
    let mut values: Vec<SimDuration> = runs.iter().filter(|run| run.latency.count > 0).map(|run| of(&run.latency)).collect();
    values.sort_unstable();
    Quantile::MEDIAN.of(&values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::properties::Finding;

    fn run(verdicts: &[(&str, Verdict)]) -> RunMeasures {
        let finding = |&(name, verdict): &(&str, Verdict)| Finding { property: name.to_owned(), verdict, count: 1, first: None };
        RunMeasures { findings: verdicts.iter().map(finding).collect(), ..RunMeasures::default() }
    }

    #[test]
    fn the_strongest_level_is_one_that_no_run_violates() {
        use Verdict::{Holds, NotReached, Violated};
        let told = |runs: &[RunMeasures]| levels(&runs.iter().collect::<Vec<_>>(), &[0, 2, 3, 4]);
        let all = |first: [Verdict; 4]| {
            run(&[("Linearizable", first[0]), ("Causal", first[1]), ("MonotonicReads", first[2]), ("ReadYourWrites", first[3])])
        };
        assert_eq!(told(&[all([Holds; 4])]), ("linearizable".to_owned(), String::new()));
        let weak = all([Violated, Holds, Holds, Holds]);
        assert_eq!(told(&[all([Holds; 4]), weak]), ("causal".to_owned(), "linearizable".to_owned()));
        let weaker = all([Violated, Violated, Holds, Holds]);
        assert_eq!(told(&[weaker]), ("monotonic reads, read your writes".to_owned(), "linearizable, causal".to_owned()));
        let nothing = all([Violated, NotReached, Violated, Violated]);
        assert_eq!(told(&[nothing]).0, "none of these");
    }
}
