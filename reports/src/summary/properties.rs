//! Which properties were violated, in how many runs, and in which?

use crate::command;
use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::measure::RunMeasures;
use scenarios::properties::{Finding, Verdict, WITHIN_LIMITS};
use scenarios::results::Results;
use sim_core::stats::binomial;

/// A row per property and arm of a cell: in how many runs it is violated, which share that is of all possible runs, and the first run.
/// Nothing where no property is stated.
pub fn properties(results: &Results, cell: u32) -> Option<Table> {
    let mut columns = vec![Column::text("property"), Column::text("arm")];
    columns.extend(["runs", "violated", "not reached", "unknown"].map(|name| Column::number(name, "")));
    columns.extend([
        Column::number("share", "0..1"),
        Column::text("95 % interval"),
        Column::text("first violation"),
        Column::text("worst run"),
    ]);
    let mut table = Table::new("Properties", columns);
    let stated = results.manifest.properties.iter().map(String::as_str);
    for property in stated.chain([WITHIN_LIMITS]) {
        for (arm, name) in (0..).zip(&results.manifest.arms) {
            let judged = |run: &RunMeasures| run.findings.iter().find(|finding| finding.property == property).cloned();
            let found: Vec<(u64, Finding)> =
                results.runs_of(cell, arm).filter_map(|(seed, run)| judged(run).map(|finding| (seed, finding))).collect();
            if !found.is_empty() {
                table.push(row(results, (property, name), (cell, arm), &found));
            }
        }
    }
    (!table.rows.is_empty()).then(|| table.without_empty_columns())
}

fn row(results: &Results, (property, name): (&str, &str), (cell, arm): (u32, u32), found: &[(u64, Finding)]) -> Vec<Cell> {
    let count = |wanted: Verdict| found.iter().filter(|(_, finding)| finding.verdict == wanted).count() as u64;
    let (violated, missed, unknown) = (count(Verdict::Violated), count(Verdict::NotReached), count(Verdict::Unknown));
    let decided = found.len() as u64 - missed - unknown;
    let interval = binomial::interval(violated, decided).filter(|_| decided > 0);
    let percent = |share: f64| Cell::share(share).shown();
    let witnessed = || found.iter().filter(|(_, finding)| finding.is_violated());
    let first = witnessed().next().and_then(|(_, finding)| finding.first.as_ref());
    let worst = witnessed().min_by_key(|(seed, finding)| (std::cmp::Reverse(finding.count), *seed)).map(|(seed, _)| *seed);
    let some = |count: u64| if count == 0 { Cell::Missing } else { Cell::Count(count) };
    vec![
        Cell::text(property),
        Cell::text(name),
        Cell::Count(found.len() as u64),
        Cell::Count(violated),
        some(missed),
        some(unknown),
        if decided > 0 { Cell::Ratio(violated, decided) } else { Cell::Missing },
        Cell::or_missing(interval, |(low, high)| Cell::Text(number::between(&percent(low), &percent(high)))),
        Cell::or_missing(first, |first| Cell::Text(format!("{} at {}", first.sentence, first.at))),
        Cell::or_missing(worst, |seed| Cell::Code(command::run(&results.manifest, cell, arm, seed))),
    ]
}

/// What came of each property of one run, for its table of measures.
pub(super) fn of_run(run: &RunMeasures, say: &mut dyn FnMut(&str, Cell, &str)) {
    for finding in &run.findings {
        say(&finding.property, Cell::text(finding.verdict.name()), &meaning(finding));
    }
}

fn meaning(finding: &Finding) -> String {
    let first = finding.first.as_ref();
    match (finding.verdict, first) {
        (Verdict::Violated, Some(first)) => {
            let times = if finding.count == 1 { "once".to_owned() } else { format!("{} times, first", finding.count) };
            format!("{times} at {}: {}", first.at, first.sentence)
        }
        (Verdict::Unknown, Some(first)) => first.sentence.clone(),
        (Verdict::Holds, Some(first)) => format!("{} at {}", first.sentence, first.at),
        (Verdict::NotReached, _) => "what it speaks of never came about, so that this run says nothing of it".to_owned(),
        (Verdict::Holds, None) if finding.count > 0 => format!("{} operations or events speak for it", finding.count),
        (Verdict::Holds | Verdict::Violated | Verdict::Unknown, None) => "no violation was seen".to_owned(),
    }
}

/// The violations of one run with the operations that cannot be explained together, in lines.
pub fn violations(run: &RunMeasures) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in run.findings.iter().filter(|finding| finding.is_violated()) {
        let Some(first) = finding.first.as_ref().filter(|first| !first.operations.is_empty()) else { continue };
        lines.push(format!("{} is violated: {}", finding.property, first.sentence));
        lines.extend(scenarios::history::told(&first.operations).into_iter().map(|line| format!("  {line}")));
    }
    lines
}
