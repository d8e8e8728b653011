//! Which measures of two arms are compared, and with what evidence?

use super::ArmPair;
use super::change::Compared;
use super::difference::Difference;
use scenarios::expect::Clause;
use scenarios::measures::{Better, Measure, Reading};
use scenarios::results::{Manifest, Results};

/// What is always compared, where runs have it. Numbers that say the same otherwise (goodput beside availability, five quantiles of one
/// latency) are left out: the more is asked, the clearer each answer has to be.
const ALWAYS: [&str; 14] = [
    "availability",
    "availability outside the faults",
    "unfinished calls",
    "wrong answers",
    "degraded answers",
    "latency p50",
    "latency p99",
    "recovery time",
    "downtime",
    "calls lost",
    "relapses",
    "stuck",
    "attempts per call",
    "wasted work",
];

/// Those, the completion time of one-shot contention, and whatever the scenario has an expectation about, in which one way is better.
fn of(manifest: &Manifest) -> Vec<Measure> {
    let asked = manifest.expect.iter().filter_map(|clause| match clause.bare() {
        Clause::Measure(bounds) => Some(bounds.of.as_str()),
        _ => None,
    });
    let completion = (manifest.load == "one-shot").then_some("completion time");
    let mut measures: Vec<Measure> = Vec::new();
    for measure in ALWAYS.into_iter().chain(completion).chain(asked).filter_map(Measure::named) {
        if measure.better != Better::Unsaid && measures.iter().all(|known| known.name != measure.name) {
            measures.push(measure);
        }
    }
    measures
}

/// A run that was cut off is longer than any other.
const BEYOND: i128 = 1 << 100;

fn values(results: &Results, cell: u32, arm: u32, measure: &Measure) -> Vec<(u64, i128)> {
    let number = |reading: Reading| match reading {
        Reading::Is(value) => Some(value),
        Reading::Beyond(_) => Some(BEYOND),
        // Nobody saw how long it took.
        Reading::AtLeast(_) | Reading::Missing => None,
    };
    results.runs_of(cell, arm).filter_map(|(seed, run)| Some((seed, number(measure.of(run, &results.manifest))?))).collect()
}

/// Every measure that both have.
pub(super) fn compared(before: &Results, after: &Results, pair: &ArmPair) -> Vec<Compared> {
    let mut compared = Vec::new();
    for measure in of(&after.manifest) {
        let then = values(before, pair.cells.0, pair.arms.0, &measure);
        let now = values(after, pair.cells.1, pair.arms.1, &measure);
        let found = if pair.is_paired { Difference::paired(&then, &now) } else { Difference::unpaired(&then, &now) };
        compared.extend(found.map(|difference| Compared { cell: pair.cells.1, arm: pair.arms.1, measure, difference }));
    }
    compared
}

/// Whether a value was cut off.
pub(super) fn is_beyond(value: i128) -> bool {
    value.abs() >= BEYOND / 2
}
