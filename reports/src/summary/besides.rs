//! In what do arms differ that no order of them looks at?
//!
//! Own definition. Said where the order itself says little: arms do not differ in it, or by their attempts (their goodput) or the properties they violate
//! alone. Latency (p99, or else p50) and observations are looked at: the arm with the least and the one with the largest value, medians over the runs or what
//! all runs count together. They differ if a sign test over the seeds shows it, made stricter by the number of pairs of arms, and if the larger value is a
//! twentieth larger at least: what is sure and small is in the tables.

use super::arm::ArmSummary;
use super::fates::named;
use super::ranking::{Ranking, Score, signs};
use super::run::observed;
use crate::number;
use scenarios::expect::Clause;
use scenarios::measure::{Fold, Observation, RunMeasures, Unit};
use scenarios::results::{Results, RunRow};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// More observations than this are counted and not told.
const MOST_TOLD: usize = 3;

/// An arm with what it has in each run.
type Scored<'a> = (&'a ArmSummary, Score);

/// A whole number of a run, where it has one.
type Of<'a> = dyn Fn(&RunMeasures) -> Option<i128> + 'a;

/// What arms differ in beside the order, as a sentence; nothing if that is nothing, or if the order says what matters.
pub(super) fn sentence(results: &Results, ranking: &Ranking) -> Option<String> {
    if ranking.arms.len() < 2 || !(ranking.is_tied() || ranking.is_by_cost()) {
        return None;
    }
    let parts = parts(results, ranking);
    let begin = if ranking.is_tied() { "They do differ in" } else { "This order leaves out" };
    let (last, before) = parts.split_last()?;
    let list = if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) };
    Some(format!("{begin} {list}."))
}

/// How many runs a value of an arm stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The median over the runs.
    Median,
    /// The sum over the runs: what is counted, and mostly is not there at all.
    Sum,
}

fn parts(results: &Results, ranking: &Ranking) -> Vec<String> {
    let arms = |of: &Of<'_>| -> Vec<Scored<'_>> {
        let score = |arm: &ArmSummary| results.runs_of(ranking.cell, arm.arm).filter_map(|(seed, run)| Some((seed, of(run)?))).collect();
        ranking.arms.iter().map(|arm| (arm, score(arm))).collect()
    };
    let latency = |name: &str, of: fn(&RunMeasures) -> SimDuration| {
        let seen = |run: &RunMeasures| (run.latency.count > 0).then(|| i128::from(of(run).as_nanos()));
        let shown = |nanos: i128| number::length(SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(0)));
        apart(&arms(&seen), Over::Median).map(|ends| told(name, ends, shown))
    };
    let p99 = latency("latency p99", |run| run.latency.p99);
    let mut parts: Vec<String> = p99.or_else(|| latency("latency p50", |run| run.latency.p50)).into_iter().collect();
    parts.extend(of_observations(results, &arms));
    parts
}

/// Observations that differ, those that expectations name first, and then those that are farthest apart.
fn of_observations<'a>(results: &Results, arms: &dyn Fn(&Of<'_>) -> Vec<Scored<'a>>) -> Vec<String> {
    let is_expected = |title: &str| {
        results.manifest.expect.iter().any(|clause| matches!(clause.bare(), Clause::Observation(bounds) if bounds.name == title))
    };
    let runs = results.runs.iter().filter_map(RunRow::measures);
    let all: BTreeMap<String, &Observation> = runs.flat_map(|run| &run.observations).map(|one| (one.title(), one)).collect();
    let mut found: Vec<(bool, i128, String)> = Vec::new();
    for (title, kind) in all {
        let of = |run: &RunMeasures| match run.observations.iter().find(|one| one.title() == title) {
            Some(one) => Some(i128::from(one.value)),
            // What was not counted did not happen; an extreme of nothing is nothing.
            None => (kind.fold == Fold::Sum).then_some(0),
        };
        let (over, name) = match (kind.fold, kind.unit) {
            (Fold::Sum, Unit::Count) => (Over::Sum, format!("{title} in all runs")),
            _ => (Over::Median, title.clone()),
        };
        if let Some(ends) = apart(&arms(&of), over) {
            let shown = |value: i128| observed(&Observation { value: i64::try_from(value).unwrap_or(i64::MAX), ..kind.clone() }).shown();
            // In thousandths of the larger.
            let gap = (ends[1].1 - ends[0].1) * 1000 / ends[1].1.abs().max(1);
            found.push((!is_expected(&title), -gap, told(&name, ends, shown)));
        }
    }
    found.sort();
    let more = found.len().saturating_sub(MOST_TOLD);
    let told = found.into_iter().take(MOST_TOLD).map(|(.., words)| words);
    told.chain((more > 0).then(|| format!("{more} more of what was observed"))).collect()
}

/// The arms with the least and the largest value over the runs, and that value, if these differ by more than luck.
fn apart<'a>(arms: &[Scored<'a>], over: Over) -> Option<[(&'a ArmSummary, i128); 2]> {
    let value = |score: &Score| {
        let mut values: Vec<i128> = score.values().copied().collect();
        values.sort_unstable();
        Quantile::MEDIAN.of(&values).map(|median| if over == Over::Sum { values.iter().sum() } else { median })
    };
    let mut all: Vec<(i128, &Scored<'a>)> = arms.iter().filter_map(|arm| Some((value(&arm.1)?, arm))).collect();
    all.sort_by_key(|(value, _)| *value);
    let ((low, least), (high, largest)) = (all.first()?, all.last()?);
    let pairs = all.len() * (all.len() - 1) / 2;
    let is_shown = pairs > 0 && low < high && signs(&largest.1, &least.1, pairs) == Ordering::Greater;
    (is_shown && (high - low) * 20 >= high.abs()).then_some([(least.0, *low), (largest.0, *high)])
}

fn told(name: &str, ends: [(&ArmSummary, i128); 2], shown: impl Fn(i128) -> String) -> String {
    let [low, high] = ends.map(|(arm, value)| format!("{} of {}", shown(value), named(&arm.name)));
    format!("{name} ({low} to {high})")
}
