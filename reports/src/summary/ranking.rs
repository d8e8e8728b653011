//! Which arm is best, by how much, and how sure is that?
//!
//! Own definition. An arm in which some run violates a stated property ranks behind every arm in which none does, whatever else the two do: one witness
//! proves that it may, and no number of other runs takes that back (docs/decisions/0017). Arms that violate are ordered by how many runs
//! do, and then as all others are. With faults: the share of runs that recovered, then availability, then the median recovery, then
//! attempts per call. Without: availability, then attempts per call. One-shot: availability, then the median number of
//! attempts. Under closed load goodput, successes per second, stands where attempts do: whoever calls again once the answer has come makes more of
//! them the better the service is. An arm that recovers more often, to a level at which its users get less at any time, comes behind (docs/decisions/0018). Arms that are equal in all of these keep the order of the scenario.
//!
//! Two arms differ if in one of these measures, the first that shows anything, one is better in so many more seeds than it is
//! worse that luck would do so in less than one case in twenty: the two-sided sign test over the seeds that differ (Conover,
//! Practical Nonparametric Statistics, section 3.4), which at least six seeds can pass; and if it is better on average as well, so that few runs that
//! end in ruin are not made up for by many that fare a little better. That measure then orders them. An arm shares the rank of those before
//! it as long as it does not differ from any of them; the next one counts all arms before it.

use super::arm::{ArmSummary, Kind};
use super::cell_label;
use super::levels::serves_more;
use crate::command;
use scenarios::results::{Manifest, Results};
use sim_core::stats::binomial::at_most;
use sim_core::stats::paired::Paired;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use sim_core::time::SimDuration;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Shares are compared in billionths.
const BILLION: i128 = 1_000_000_000;

/// The arms of one cell, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// What the cell is called; empty if nothing is varied.
    pub label: String,
    /// Index of the cell.
    pub cell: u32,
    /// Which questions the runs can answer.
    pub kind: Kind,
    /// The arms, best first.
    pub arms: Vec<ArmSummary>,
    /// Arms whose hypothesis failed in some run of an experiment: they are not ranked.
    pub set_apart: Vec<ArmSummary>,
    /// Arms of which no run is there: there is nothing to rank.
    pub absent: Vec<ArmSummary>,
    /// The rank of each arm, from 1; arms between which no difference is shown share one.
    pub ranks: Vec<u64>,
    /// Callers and callees of the edges.
    pub(super) edges: Vec<String>,
    /// Width of the window that decides recovery.
    pub(super) window: SimDuration,
    /// What recovery is counted from, in words.
    pub(super) since: &'static str,
    /// Whether the arms of a seed meet the faults at instants of their own.
    pub instants_differ: bool,
    pub(super) baseline: String,
    /// Of availability and of attempts, against the baseline; `None` for the baseline itself.
    pub(super) paired: Vec<(Option<Paired>, Option<Paired>)>,
}

impl Ranking {
    /// Ranks the arms of one cell.
    pub fn of(results: &Results, cell: u32) -> Self {
        let kind = Kind::of(results);
        let mut arms: Vec<ArmSummary> = (0..results.manifest.arms.len() as u32).map(|arm| ArmSummary::of(results, cell, arm)).collect();
        let baseline = arms.first().cloned();
        let absent: Vec<ArmSummary> = arms.extract_if(.., |arm| arm.runs == 0).collect();
        let baseline = baseline.filter(|baseline| baseline.runs > 0);
        let set_apart: Vec<ArmSummary> = arms.extract_if(.., |arm| arm.hypothesis_failed != [0, 0]).collect();
        // What was not tried, or not in order at the end, is nothing to compare with either.
        let baseline = baseline.filter(|baseline| baseline.hypothesis_failed == [0, 0]);
        arms.sort_by(|a, b| compare(kind, a, b));
        let ranks = rank(kind, &mut arms);
        let against = |arm: &ArmSummary| match baseline.as_ref().filter(|_| arm.arm != 0) {
            Some(baseline) => (availability_differences(arm, baseline), attempt_differences(arm, baseline)),
            None => (None, None),
        };
        let paired = arms.iter().map(against).collect();
        let baseline = baseline.map(|arm| arm.name).unwrap_or_default();
        let manifest = &results.manifest;
        let (window, instants_differ) = (manifest.hold, super::faults::instants_differ(results));
        let since = super::faults::counted_from(results, cell);
        let (label, edges) = (cell_label(manifest, cell), manifest.edges.clone());
        Self { label, cell, kind, arms, set_apart, absent, ranks, edges, window, since, instants_differ, baseline, paired }
    }

    /// What the cell is called, where several are shown.
    pub fn heading(&self) -> String {
        format!("{}{}", self.label, if self.instants_differ { ", instants differ" } else { "" })
    }

    /// Whether no difference is shown between any two arms.
    pub fn is_tied(&self) -> bool {
        self.ranks.iter().all(|rank| *rank == 1)
    }

    /// Whether all arms are equal in everything that ranks them.
    pub fn is_equal(&self) -> bool {
        // Attempts are counted on all edges where ranks are shown, and on the busiest one where arms are put in order.
        self.is_tied() && self.arms.windows(2).all(|pair| compare(self.kind, &pair[0], &pair[1]) == Ordering::Equal)
    }

    /// What arms are ranked by, in words, what matters most first.
    pub fn measures(&self) -> &'static str {
        match (self.kind, self.arms.iter().any(|arm| arm.goodput().is_some())) {
            (Kind::Faults, false) => "availability, recovery or attempts",
            (Kind::Faults, true) => "availability, recovery or goodput",
            (_, false) => "availability or attempts",
            (_, true) => "availability or goodput",
        }
    }

    /// Whether attempts, or goodput, or violated properties alone tell the first arm from the last.
    pub(super) fn is_by_cost(&self) -> bool {
        let (Some(first), Some(last)) = (self.arms.first(), self.arms.last()) else { return false };
        let scores = |arm: &ArmSummary| {
            let mut scores = scores(self.kind, arm);
            scores.pop();
            scores
        };
        !self.is_tied() && first_shown(&scores(first), &scores(last)) == Ordering::Equal
    }

    /// Whether there is no arm that keeps every property in every run.
    pub(super) fn is_unsound(&self) -> bool {
        !self.arms.is_empty() && self.arms.iter().all(|arm| !arm.is_sound())
    }

    /// The arms of the first rank.
    pub fn best(&self) -> &[ArmSummary] {
        &self.arms[..self.ranks.iter().take_while(|rank| **rank == 1).count()]
    }

    /// The arms of the last rank.
    pub fn worst(&self) -> &[ArmSummary] {
        let last = self.ranks.last();
        &self.arms[self.ranks.iter().take_while(|rank| Some(*rank) != last).count()..]
    }

    /// The runs of the arm that has most of them.
    pub(super) fn most_runs(&self) -> u64 {
        self.arms.iter().map(|arm| arm.runs).max().unwrap_or(0)
    }

    /// Arms that share a rank, rank by rank: only those of which there are several.
    pub fn shared(&self) -> Vec<(u64, &[ArmSummary])> {
        let groups = self.ranks.chunk_by(|a, b| a == b);
        let from = |rank: u64| rank as usize - 1;
        groups.filter(|group| group.len() > 1).map(|group| (group[0], &self.arms[from(group[0])..from(group[0]) + group.len()])).collect()
    }

    /// The command that repeats the worst run of each arm, best arm first.
    pub fn worst_commands(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let worst = |arm: &ArmSummary| arm.worst_seed.map(|seed| (arm.name.clone(), command::run(manifest, self.cell, arm.arm, seed)));
        self.arms.iter().filter_map(worst).collect()
    }
}

/// Differences of availability, seed by seed, in billionths; seeds without a call on one side are left out.
fn availability_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    differences(&shares(arm), &shares(baseline))
}

pub(super) fn shares(arm: &ArmSummary) -> Score {
    let called = arm.by_seed.iter().filter(|(_, _, calls)| *calls > 0);
    called.map(|&(seed, ok, calls)| (seed, i128::from(ok) * BILLION / i128::from(calls))).collect()
}

fn attempt_differences(arm: &ArmSummary, baseline: &ArmSummary) -> Option<Paired> {
    let counts = |arm: &ArmSummary| arm.attempts_by_seed.iter().map(|&(seed, attempts)| (seed, i128::from(attempts))).collect();
    differences(&counts(arm), &counts(baseline))
}

fn differences(arm: &Score, baseline: &Score) -> Option<Paired> {
    Paired::of(arm.iter().filter_map(|(seed, value)| Some(value - baseline.get(seed)?)).collect())
}

/// Puts right what luck has put in the wrong order, and those that violate a property behind all others; answers the rank of each arm.
fn rank(kind: Kind, arms: &mut [ArmSummary]) -> Vec<u64> {
    arms.sort_by_key(|arm| !arm.is_sound());
    let mut ranks: Vec<u64> = Vec::new();
    for group in arms.chunk_by_mut(|a, b| a.is_sound() == b.is_sound()) {
        let scores: Vec<Vec<Score>> = group.iter().map(|arm| std::iter::once(kept(arm)).chain(scores(kind, arm)).collect()).collect();
        let (order, own) = places(scores.len(), |one, other| {
            let shown = first_shown(&scores[one], &scores[other]);
            let (before, behind) = if shown.is_gt() { (one, other) } else { (other, one) };
            let up_to = |count: usize| first_shown(&scores[before][..count], &scores[behind][..count]);
            let is_by_recovery = kind == Kind::Faults && up_to(RECOVERED - 1).is_eq() && up_to(RECOVERED).is_ne();
            // Who recovers more often, to a lower level, is not better for that.
            if is_by_recovery && serves_more(&group[behind], &group[before]) { shown.reverse() } else { shown }
        });
        let sorted: Vec<ArmSummary> = order.iter().map(|index| group[*index].clone()).collect();
        group.clone_from_slice(&sorted);
        let before = ranks.len() as u64;
        ranks.extend(own.into_iter().map(|rank| before + rank));
    }
    ranks
}

/// In which seeds every property is kept.
fn kept(arm: &ArmSummary) -> Score {
    arm.violated_by_seed.iter().map(|(seed, is_violated)| (*seed, i128::from(!is_violated))).collect()
}

/// Before this among the scores of an arm, behind those of its properties, stands how many of its runs recovered.
const RECOVERED: usize = 2;

/// In which order so many arms stand, given the one they are in before anybody asks what is `shown` of each pair of them, and the rank at each place of it.
/// What is shown of a pair the other way round is the reverse.
pub(super) fn places(count: usize, shown: impl Fn(usize, usize) -> Ordering) -> (Vec<usize>, Vec<u64>) {
    // Each pair is asked about once: that takes longer than all the rest.
    let behind = |one: usize| (0..one).map(|other| shown(one, other)).collect();
    let asked: Vec<Vec<Ordering>> = (0..count).map(behind).collect();
    let shown = |one: usize, other: usize| if other < one { asked[one][other] } else { asked[other][one].reverse() };
    let mut order: Vec<usize> = (0..count).collect();
    // As many rounds as arms, as sorting by exchanges takes: the relation need not be transitive.
    for _ in 0..order.len() {
        for place in 1..order.len() {
            let (before, after) = (order[place - 1], order[place]);
            if shown(after, before) == Ordering::Greater {
                order.swap(place - 1, place);
            }
        }
    }
    let mut ranks: Vec<u64> = Vec::new();
    for (place, index) in order.iter().enumerate() {
        let begin = ranks.last().map_or(0, |rank| *rank as usize - 1);
        let is_alike = order[begin..place].iter().all(|other| shown(*index, *other) == Ordering::Equal);
        ranks.push(if is_alike { begin as u64 + 1 } else { place as u64 + 1 });
    }
    (order, ranks)
}

/// A number for each seed; the larger, the better.
pub(super) type Score = BTreeMap<u64, i128>;

/// Minus the attempts per call, in billionths: who has fewer callers makes fewer attempts, and is no better for that. Seeds without a call are left out.
fn attempts_per_call(arm: &ArmSummary) -> Score {
    let calls: BTreeMap<u64, u64> = arm.by_seed.iter().map(|&(seed, _, calls)| (seed, calls)).collect();
    let called =
        arm.attempts_by_seed.iter().filter_map(|&(seed, attempts)| Some((seed, attempts, *calls.get(&seed).filter(|calls| **calls > 0)?)));
    called.map(|(seed, attempts, calls)| (seed, -(i128::from(attempts) * BILLION / i128::from(calls)))).collect()
}

/// What ranks an arm, seed by seed, what matters most first.
pub(super) fn scores(kind: Kind, arm: &ArmSummary) -> Vec<Score> {
    let cost: Score = match arm.goodput_by_seed.as_slice() {
        [] => attempts_per_call(arm),
        done => done.iter().map(|&(seed, goodput)| (seed, i128::from(goodput))).collect(),
    };
    let mut scores = vec![shares(arm), cost];
    if kind == Kind::Faults {
        let judged = || arm.recovery_by_seed.iter();
        // A run that never recovers is longer than any other.
        let length = |after: &Option<SimDuration>| after.map_or(i128::from(u64::MAX), |after| i128::from(after.as_nanos()));
        let recovered = judged().map(|(seed, after)| (*seed, i128::from(after.is_some()))).collect();
        let fast = judged().map(|(seed, after)| (*seed, -length(after))).collect();
        scores.insert(0, recovered);
        scores.insert(2, fast);
    }
    scores
}

/// How the first measure in which two arms differ by more than luck orders them; equal if there is none.
pub(super) fn first_shown(a: &[Score], b: &[Score]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| signs(a, b, 1)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// How a measure orders two arms by more than luck, where this is one of so many pairs that are looked at; equal if it does not.
pub(super) fn signs(a: &Score, b: &Score, pairs: usize) -> Ordering {
    let (mut wins, mut losses, mut sum) = (0_u64, 0_u64, 0);
    let mut others = b.iter().peekable();
    // Both are in the order of seeds.
    for (seed, value) in a {
        while others.next_if(|(other, _)| *other < seed).is_some() {}
        let Some((_, other)) = others.next_if(|(other, _)| *other == seed) else { continue };
        wins += u64::from(value > other);
        losses += u64::from(value < other);
        sum += value - other;
    }
    let is_luck = at_most(wins.min(losses), wins + losses, 0.5) > TAIL / pairs as f64;
    let on_average = sum.cmp(&0_i128);
    if is_luck || on_average != wins.cmp(&losses) { Ordering::Equal } else { on_average }
}

/// How often luck alone may show a difference in either direction: one in forty.
const TAIL: f64 = 0.025;

fn compare(kind: Kind, a: &ArmSummary, b: &ArmSummary) -> Ordering {
    let availability = || by_share((b.succeeded, b.calls), (a.succeeded, a.calls));
    let amplification = || match (a.goodput(), b.goodput()) {
        (Some(own), Some(other)) => other.total_cmp(&own),
        _ => by_share(a.end_to_end, b.end_to_end),
    };
    match kind {
        // Who was above the level when nobody could look any longer is not known to be down.
        Kind::Faults => by_share((b.watched() - b.not_recovered, b.watched()), (a.watched() - a.not_recovered, a.watched()))
            .then_with(availability)
            .then_with(|| median_recovery(a).cmp(&median_recovery(b)))
            .then_with(amplification),
        Kind::Steady => availability().then_with(amplification),
        Kind::OneShot => availability().then_with(|| Quantile::MEDIAN.of(&a.attempts).cmp(&Quantile::MEDIAN.of(&b.attempts))),
    }
}

/// Compares two quotients exactly; one without a divisor is smaller than any other.
pub(super) fn by_share(a: (u64, u64), b: (u64, u64)) -> Ordering {
    match (a.1, b.1) {
        (0, 0) => Ordering::Equal,
        (0, _) => Ordering::Less,
        (_, 0) => Ordering::Greater,
        _ => (u128::from(a.0) * u128::from(b.1)).cmp(&(u128::from(b.0) * u128::from(a.1))),
    }
}

fn median_recovery(arm: &ArmSummary) -> u64 {
    match arm.recovery_quantile(Quantile::MEDIAN) {
        Some(Reached::At(nanos)) => nanos,
        // Longer than any limit.
        Some(Reached::NotBy(_)) | None => u64::MAX,
    }
}
