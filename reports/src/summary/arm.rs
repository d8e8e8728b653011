//! What did the runs of one arm in one cell do, taken together?
//!
//! Own definition. What became of each run is said in `outcome`. One that did not recover counts as longer than any limit, and one that was above its level
//! when nobody could look any longer is neither: both are cut off in the survival curve and never part of a mean. Ratios are pooled over runs, quantiles
//! of latency are medians over runs.

use super::outcome::{CutOff, Fate, badness};
use super::run::synthetic;
use scenarios::measure::{LatencySummary, RunMeasures};
use scenarios::results::{Manifest, Results, RunOutcome, RunRow};
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::{Observed, Reached, Survival};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Which questions the runs can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Faults were planned: who recovers, and how fast?
    Faults,
    /// No faults, or faults that come and go until the end: who succeeds, at which cost?
    Steady,
    /// Everybody starts at once: how many calls does it take, and how long?
    OneShot,
}

impl Kind {
    /// What these results are about.
    pub fn of(results: &Results) -> Self {
        let has_episode = |outcome: &RunOutcome| matches!(outcome, RunOutcome::Finished { measures, .. } if !measures.episodes.is_empty());
        if results.manifest.load == "one-shot" {
            Self::OneShot
        } else if results.manifest.wears {
            Self::Steady
        } else if results.manifest.faults.iter().any(|faults| !faults.is_empty())
            || !results.manifest.random_faults.is_empty()
            || results.runs.iter().any(|row| has_episode(&row.outcome))
        {
            Self::Faults
        } else {
            Self::Steady
        }
    }
}

/// The runs of one arm in one cell, taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmSummary {
    /// Index of the arm in the manifest.
    pub arm: u32,
    /// Its name.
    pub name: String,
    /// Runs that finished.
    pub runs: u64,
    /// Runs that were stopped because their time did not pass.
    pub stalled: u64,
    /// Runs in which the simulator itself failed.
    pub panicked: u64,
    /// Client calls over all runs.
    pub calls: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those of them that ended with a makeshift or an old answer, or rest on one.
    pub degraded: u64,
    /// Those of them that rest on a wrong answer.
    pub wrong: u64,
    /// Runs in which the hypothesis of an experiment failed: before the faults, after them.
    pub hypothesis_failed: [u64; 2],
    /// Runs in which the experiment was aborted.
    pub aborted: u64,
    /// Stated properties that some run violates, in the order of the scenario, each with how many runs do.
    pub violations: Vec<(String, u64)>,
    /// The objective of the scenario, if it has one.
    pub objective: Option<Objective>,
    /// Per run that was asked for properties: the seed and whether it violates any.
    pub violated_by_seed: Vec<(u64, bool)>,
    /// Runs that came back from every episode, the unharmed ones included.
    pub recovered: u64,
    /// Runs in which no episode pushed service below its level.
    pub unharmed: u64,
    /// Runs that were still below their level at the end, or between episodes.
    pub not_recovered: u64,
    /// Those of them that were stuck: the fault had ended, the load was as before.
    pub stuck: u64,
    /// Runs that were above their level when the next episode or the horizon cut them off, and not yet for long enough; in ascending order.
    pub cut_off: Vec<CutOff>,
    /// Runs in which no fault struck.
    pub unstruck: u64,
    /// Runs for which recovery cannot be said otherwise.
    pub undecided: u64,
    /// Recovery times as a survival curve; `None` if no run can be judged.
    pub recovery: Option<Survival>,
    /// The same, run by run.
    pub waits: Vec<Observed>,
    /// Recovery times of the runs that recovered, ascending, zero for the unharmed ones.
    pub recovered_after: Vec<SimDuration>,
    /// When the last call succeeded, as a survival curve; cut off in runs where not every call did.
    pub completion: Option<Survival>,
    /// Attempts and calls of every edge, in their order.
    pub edges: Vec<(u64, u64)>,
    /// Attempts on the edge that carries most of them, or on all edges of clients if these together carry more, and client calls.
    pub end_to_end: (u64, u64),
    /// The name of that edge; `None` where there is only one, or clients call over several.
    pub busiest: Option<String>,
    /// Attempts on all edges, per run, ascending.
    pub attempts: Vec<u64>,
    /// Median over the runs of the mean latency of successes.
    pub latency_mean: Option<SimDuration>,
    /// Medians over the runs of the latency quantiles p50, p99 and p99.9 of successes.
    pub latency: [Option<SimDuration>; 3],
    /// The latency quantile p99 of each run with a success, ascending.
    pub latency_p99: Vec<SimDuration>,
    /// Per run with a success: the seed and the latency of its successes: mean, p50, p90 and p99.
    pub latency_by_seed: Vec<(u64, [SimDuration; 4])>,
    /// Per run: the seed and how many of how many calls succeeded.
    pub by_seed: Vec<(u64, u64, u64)>,
    /// Per run that can be judged: the seed and how long recovery took, `None` if it did not come.
    pub recovery_by_seed: Vec<(u64, Option<SimDuration>)>,
    /// How many of how many calls succeeded that were started in the last two windows before the horizon, in all runs.
    pub at_the_end: Option<(u64, u64)>,
    /// What clients that are no users met: the edge, and how many of how many calls succeeded.
    pub synthetic: Vec<(String, u64, u64)>,
    /// Per run: the seed and the attempts on all edges.
    pub attempts_by_seed: Vec<(u64, u64)>,
    /// Under closed load, per run: the seed and the successes per second of the measured time, in millionths; empty under any other load. Who
    /// calls again when the answer has come makes more attempts the better it is served: what was done tells arms apart there, not attempts.
    pub goodput_by_seed: Vec<(u64, u64)>,
    /// The seed of the run that fared worst.
    pub worst_seed: Option<u64>,
}

impl ArmSummary {
    /// Sums up the runs of one cell and arm.
    pub fn of(results: &Results, cell: u32, arm: u32) -> Self {
        let rows = results.rows_of(cell, arm);
        let runs: Vec<(u64, &RunMeasures)> = rows.iter().filter_map(finished).collect();
        let fates: Vec<Fate> = runs.iter().map(|(_, run)| Fate::of(run)).collect();
        let count = |of: fn(&Fate) -> bool| fates.iter().filter(|fate| of(fate)).count() as u64;
        let total = |of: fn(&RunMeasures) -> u64| runs.iter().map(|(_, run)| of(run)).sum::<u64>();
        let mut recovered_after: Vec<SimDuration> = fates.iter().filter_map(|fate| fate.recovered_after()).collect();
        recovered_after.sort_unstable();
        let mut attempts: Vec<u64> = runs.iter().map(|(_, run)| all_attempts(run)).collect();
        attempts.sort_unstable();
        let calls = total(|run| run.calls);
        let edges: Vec<(u64, u64)> = (0..results.manifest.edges.len()).map(|edge| edge_total(&runs, edge)).collect();
        // Of edges that carry equally much, the first.
        let busiest = (0..edges.len()).rev().max_by_key(|edge| edges[*edge].0).unwrap_or(0);
        let most = edges.get(busiest).map_or(0, |edge| edge.0);
        let by_clients: u64 = results.manifest.edges_of_users().map(|edge| edges[edge].0).sum();
        let judged = runs.iter().zip(&fates).filter(|(_, fate)| fate.is_judged());
        Self {
            arm,
            name: results.manifest.arms.get(arm as usize).cloned().unwrap_or_default(),
            runs: runs.len() as u64,
            stalled: rows.iter().filter(|row| matches!(row.outcome, RunOutcome::Stalled(_))).count() as u64,
            panicked: rows.iter().filter(|row| matches!(row.outcome, RunOutcome::Panicked(_))).count() as u64,
            calls,
            succeeded: total(|run| run.succeeded),
            degraded: total(|run| run.degraded),
            wrong: total(|run| run.wrong),
            hypothesis_failed: [
                total(|run| u64::from(run.experiment.is_some_and(|outcome| !outcome.held_before))),
                total(|run| u64::from(run.experiment.is_some_and(|outcome| outcome.held_before && !outcome.held_after))),
            ],
            aborted: total(|run| u64::from(run.experiment.is_some_and(|outcome| outcome.aborted.is_some()))),
            violations: violations(&results.manifest, &runs),
            objective: Objective::of(&runs),
            violated_by_seed: asked(&runs).map(|(seed, run)| (seed, violated(run) > 0)).collect(),
            recovered: count(|fate| matches!(fate, Fate::Unharmed | Fate::After(_))),
            unharmed: count(|fate| matches!(fate, Fate::Unharmed)),
            not_recovered: count(|fate| matches!(fate, Fate::Not(_))),
            stuck: total(|run| u64::from(run.stuck)),
            cut_off: cut_off(&fates),
            unstruck: count(|fate| matches!(fate, Fate::Unstruck)),
            undecided: count(|fate| matches!(fate, Fate::Unknown)),
            recovery: Survival::of(fates.iter().filter_map(Fate::observed).collect()),
            waits: fates.iter().filter_map(Fate::observed).collect(),
            recovered_after,
            completion: Survival::of(runs.iter().filter_map(|(_, run)| completion(run)).collect()),
            end_to_end: (most.max(by_clients), calls),
            busiest: results.manifest.edges.get(busiest).filter(|_| edges.len() > 1 && by_clients <= most).cloned(),
            edges,
            synthetic: all_synthetic(results, &runs),
            attempts,
            latency_mean: median_latency(&runs, |latency| latency.mean),
            latency: [|l: &LatencySummary| l.p50, |l: &LatencySummary| l.p99, |l: &LatencySummary| l.p999]
                .map(|of| median_latency(&runs, of)),
            latency_p99: latencies(&runs, |latency| latency.p99),
            latency_by_seed: latencies_by_seed(&runs),
            by_seed: runs.iter().map(|(seed, run)| (*seed, run.succeeded, run.calls)).collect(),
            recovery_by_seed: judged.map(|((seed, _), fate)| (*seed, fate.recovered_after())).collect(),
            at_the_end: at_the_end(results, cell, arm),
            attempts_by_seed: runs.iter().map(|(seed, run)| (*seed, all_attempts(run))).collect(),
            goodput_by_seed: goodput(&results.manifest, &runs),
            worst_seed: runs.iter().zip(&fates).max_by_key(|((seed, run), fate)| badness(run, fate, *seed)).map(|((seed, _), _)| *seed),
        }
    }

    /// Runs for which it can be said whether they recovered.
    pub const fn judged(&self) -> u64 {
        self.recovered + self.not_recovered
    }

    /// Those, and runs that were seen until they were cut off.
    pub fn watched(&self) -> u64 {
        self.judged() + self.cut_off.len() as u64
    }

    /// Runs that violate a stated property. What is undecided, or was never reached, is not violated.
    pub fn violated(&self) -> u64 {
        self.violated_by_seed.iter().filter(|(_, is_violated)| *is_violated).count() as u64
    }

    /// Whether no run violates a stated property.
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }

    /// Successes per second of the measured time, on average over the runs; `None` unless load is closed.
    pub fn goodput(&self) -> Option<f64> {
        let sum: f64 = self.goodput_by_seed.iter().map(|(_, millionths)| *millionths as f64 / 1e6).sum();
        (!self.goodput_by_seed.is_empty()).then(|| sum / self.goodput_by_seed.len() as f64)
    }

    /// A quantile of the recovery time over the runs.
    pub fn recovery_quantile(&self, quantile: Quantile) -> Option<Reached> {
        self.recovery.as_ref().map(|curve| curve.quantile(quantile))
    }

    /// A quantile of the completion time over the runs.
    pub fn completion_quantile(&self, quantile: Quantile) -> Option<Reached> {
        self.completion.as_ref().map(|curve| curve.quantile(quantile))
    }
}

/// How an objective was met: the share of calls that should succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// That share.
    pub share: Share,
    /// Runs in which it was met, of those that had calls.
    pub met: u64,
    /// Those.
    pub runs: u64,
    /// Calls that did not succeed, of all runs, and how many the objective allows not to, in parts of those.
    pub used: (u128, u128),
}

impl Objective {
    fn of(runs: &[(u64, &RunMeasures)]) -> Option<Self> {
        let share = runs.iter().find_map(|(_, run)| run.objective)?.objective;
        let budgets: Vec<(u128, u128)> = runs.iter().filter(|(_, run)| run.calls > 0).filter_map(|(_, run)| run.error_budget()).collect();
        let met = budgets.iter().filter(|(used, all)| used <= all).count() as u64;
        let used = budgets.iter().fold((0, 0), |sum, budget| (sum.0 + budget.0, sum.1 + budget.1));
        Some(Self { share, met, runs: budgets.len() as u64, used })
    }

    /// The share as a reader sees it.
    pub fn shown(&self) -> String {
        self.share.to_string().replace('%', " %")
    }
}

/// Runs that were asked whether a property holds.
fn asked<'a>(runs: &[(u64, &'a RunMeasures)]) -> impl Iterator<Item = (u64, &'a RunMeasures)> {
    runs.iter().filter(|(_, run)| !run.findings.is_empty()).copied()
}

/// How many properties a run violates.
pub(super) fn violated(run: &RunMeasures) -> u64 {
    run.findings.iter().filter(|finding| finding.is_violated()).count() as u64
}

fn violations(manifest: &Manifest, runs: &[(u64, &RunMeasures)]) -> Vec<(String, u64)> {
    let is_violated = |run: &RunMeasures, name: &str| run.findings.iter().any(|finding| finding.property == name && finding.is_violated());
    let count = |name: &String| (name.clone(), runs.iter().filter(|(_, run)| is_violated(run, name)).count() as u64);
    manifest.properties.iter().map(count).filter(|(_, runs)| *runs > 0).collect()
}

fn at_the_end(results: &Results, cell: u32, arm: u32) -> Option<(u64, u64)> {
    let manifest = &results.manifest;
    let bins = &results.series_of(cell, arm)?.bins;
    let whole = ((manifest.horizon / manifest.bin) as usize).min(bins.len());
    let first = whole.saturating_sub(2 * (manifest.hold / manifest.bin) as usize);
    let sum = bins[first..whole].iter().fold((0, 0), |sum, bin| (sum.0 + bin.succeeded, sum.1 + bin.started));
    (sum.1 > 0).then_some(sum)
}

fn cut_off(fates: &[Fate]) -> Vec<CutOff> {
    let mut found: Vec<CutOff> =
        fates.iter().filter_map(|fate| if let Fate::CutOff(cut_off) = fate { Some(*cut_off) } else { None }).collect();
    found.sort_unstable();
    found
}

fn all_synthetic(results: &Results, runs: &[(u64, &RunMeasures)]) -> Vec<(String, u64, u64)> {
    let mut all: Vec<(String, u64, u64)> = Vec::new();
    for (_, run) in runs {
        for (index, (edge, succeeded, calls)) in synthetic(&results.manifest, run).enumerate() {
            match all.get_mut(index) {
                Some(sum) => (sum.1, sum.2) = (sum.1 + succeeded, sum.2 + calls),
                None => all.push((edge.to_owned(), succeeded, calls)),
            }
        }
    }
    all
}

fn goodput(manifest: &Manifest, runs: &[(u64, &RunMeasures)]) -> Vec<(u64, u64)> {
    let time = u128::from(manifest.horizon.saturating_sub(manifest.warm_up).as_nanos());
    if !manifest.load.contains("closed") || time == 0 {
        return Vec::new();
    }
    runs.iter().map(|(seed, run)| (*seed, (u128::from(run.succeeded) * 1_000_000_000_000_000 / time) as u64)).collect()
}

fn finished(row: &RunRow) -> Option<(u64, &RunMeasures)> {
    match &row.outcome {
        RunOutcome::Finished { measures, .. } => Some((row.seed, measures)),
        RunOutcome::Stalled(_) | RunOutcome::Panicked(_) => None,
    }
}

/// Attempts on all edges of one run.
pub(crate) fn all_attempts(run: &RunMeasures) -> u64 {
    run.edges.iter().map(|edge| edge.attempts).sum()
}

fn completion(run: &RunMeasures) -> Option<Observed> {
    if run.calls == 0 {
        return None;
    }
    match run.last_success {
        Some(last) if run.succeeded == run.calls => Some(Observed { time: last.as_nanos(), censored: false }),
        _ => Some(Observed { time: run.ended.as_nanos(), censored: true }),
    }
}

fn edge_total(runs: &[(u64, &RunMeasures)], edge: usize) -> (u64, u64) {
    let edges = runs.iter().filter_map(|(_, run)| run.edges.get(edge));
    edges.fold((0, 0), |(attempts, calls), edge| (attempts + edge.attempts, calls + edge.calls))
}

fn median_latency(runs: &[(u64, &RunMeasures)], of: fn(&LatencySummary) -> SimDuration) -> Option<SimDuration> {
    Quantile::MEDIAN.of(&latencies(runs, of))
}

/// What is kept of the latency of each run's successes.
pub const LATENCIES: [&str; 4] = ["latency mean", "latency p50", "latency p90", "latency p99"];

fn latencies_by_seed(runs: &[(u64, &RunMeasures)]) -> Vec<(u64, [SimDuration; 4])> {
    let succeeded = runs.iter().filter(|(_, run)| run.latency.count > 0);
    succeeded.map(|(seed, run)| (*seed, [run.latency.mean, run.latency.p50, run.latency.p90, run.latency.p99])).collect()
}

/// Of each run with a success, ascending.
fn latencies(runs: &[(u64, &RunMeasures)], of: fn(&LatencySummary) -> SimDuration) -> Vec<SimDuration> {
    let mut values: Vec<SimDuration> = runs.iter().filter(|(_, run)| run.latency.count > 0).map(|(_, run)| of(&run.latency)).collect();
    values.sort_unstable();
    values
}
