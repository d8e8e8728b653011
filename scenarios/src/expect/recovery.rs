//! Do so many of a hundred runs recover within a limit, and are there enough of them to say so?
//!
//! Own definition. `p90: "20s"` claims that at most a tenth of all possible runs is longer than 20 s. Of the runs made, those
//! beyond the limit are counted, and by the binomial distribution: if the claim were just true, would so many of them come up
//! by chance in less than one case in twenty? Then it fails. If it were just false, so few? Then it passes. Otherwise there are
//! too few runs, or the truth is too near to the limit. That is the one-sided Clopper-Pearson bound of 95 % on either side.
//! A run that does not recover is longer than any limit.

use super::shown::readable;
use super::{Judged, Judgement, Runs};
use models::measure::{Recovery, RunMeasures};
use serde::{Deserialize, Serialize};
use sim_core::stats::binomial::{at_least, at_most};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Limits of recovery times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecoveryLimits {
    /// Half of the runs recover within this; passes from 5 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<SimDuration>,
    /// Nine of ten runs recover within this; passes from 29 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<SimDuration>,
    /// All but one in a hundred runs recover within this; passes from 299 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
    /// The arms it speaks of; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// How often chance alone may lead to a verdict: one in twenty.
const CHANCE: f64 = 0.05;

/// Judges every limit that is written.
pub(super) fn judge(limits: &RecoveryLimits, runs: &Runs<'_>) -> Vec<Judged> {
    let of = |run: &RunMeasures| recovery_of(run).map(Some);
    judge_times([limits.p50, limits.p90, limits.p99], ("recovery", "not recovered at the horizon"), &of, runs)
}

/// Of a run: how long something took, or that it never came; nothing, if the run has no part in it. An error if it cannot be said.
type TimeOf<'a> = &'a dyn Fn(&RunMeasures) -> Result<Option<Option<SimDuration>>, String>;

/// Judges limits of the quantiles p50, p90 and p99 over the runs of how long something took; what never came is longer than any limit.
pub(super) fn judge_times(limits: [Option<SimDuration>; 3], what: (&str, &str), of: TimeOf<'_>, runs: &Runs<'_>) -> Vec<Judged> {
    let quantiles = [("p50", 50), ("p90", 90), ("p99", 99)].into_iter().zip(limits);
    quantiles.filter_map(|(quantile, limit)| limit.map(|limit| judge_one(quantile, limit, what, of, runs))).collect()
}

fn judge_one((name, percent): (&str, u64), limit: SimDuration, (what, never): (&str, &str), of: TimeOf<'_>, runs: &Runs<'_>) -> Judged {
    let numbers = runs.numbers;
    let clause = format!("{name} of {what} at most {}", numbers.of(limit));
    let mut times = Vec::new();
    for (seed, run) in runs.iter() {
        match of(run) {
            // What never comes sorts behind every limit.
            Ok(Some(time)) => times.push((time.unwrap_or(SimDuration::MAX), *seed)),
            Ok(None) => {}
            Err(reason) => return (clause, Judgement::Undecided, reason, None),
        }
    }
    times.sort_unstable();
    let (Some((seen, _)), Some((_, worst))) = (Quantile::new(percent, 100).of(&times), times.last().copied()) else {
        return (clause, Judgement::Undecided, "no run has anything to say of it".to_owned(), None);
    };
    let (count, longer) = (times.len() as u64, times.iter().filter(|(time, _)| *time > limit).count() as u64);
    let judgement = judge_share(longer, count, percent);
    let seen = if seen == SimDuration::MAX { never.to_owned() } else { numbers.of(readable(seen, limit)) };
    let over = if count == 1 { "1 run".to_owned() } else { format!("{} runs", numbers.of(count)) };
    let evidence = format!("{name} {seen} over {over}, {} of them longer than the limit", numbers.of(longer));
    let doubt = match judgement {
        Judgement::Undecided if longer == 0 => format!(": too few runs to pass, {} would do", fewest(percent)),
        Judgement::Undecided => format!(": with so many runs that is too near to {} %", 100 - percent),
        Judgement::Passed | Judgement::Failed => String::new(),
    };
    (clause, judgement, evidence + &doubt, Some(worst))
}

/// What `longer` out of `count` runs beyond the limit say of the claim that at most `100 - percent` in a hundred are.
fn judge_share(longer: u64, count: u64, percent: u64) -> Judgement {
    let allowed = (100 - percent) as f64 / 100.0;
    if at_least(longer, count, allowed) <= CHANCE {
        Judgement::Failed
    } else if at_most(longer, count, allowed) <= CHANCE {
        Judgement::Passed
    } else {
        Judgement::Undecided
    }
}

/// The fewest runs that can pass: if none of them is beyond the limit.
fn fewest(percent: u64) -> u64 {
    (1..).find(|count| judge_share(0, *count, percent) == Judgement::Passed).expect("the chance of none beyond falls with every run")
}

/// How long a run took to recover from all its episodes, the longest; `None` if it did not, `Err` if it cannot be said.
fn recovery_of(run: &RunMeasures) -> Result<Option<SimDuration>, String> {
    let mut longest = Some(SimDuration::ZERO);
    for episode in &run.episodes {
        match &episode.recovery {
            Recovery::Unharmed => {}
            Recovery::After(length) => longest = longest.map(|longest| longest.max(*length)),
            Recovery::Censored(_) => longest = None,
            Recovery::Undecided(reason) => return Err(reason.clone()),
        }
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::measure::Episode;
    use sim_core::time::SimTime;

    /// Runs of which so many take ten seconds, the others one.
    fn verdict(longer: usize, count: usize, limits: &RecoveryLimits) -> (Judgement, String) {
        let run = |seconds| RunMeasures {
            episodes: vec![Episode {
                begin: SimTime::ZERO,
                end: SimTime::ZERO,
                recovery: Recovery::After(SimDuration::from_secs(seconds)),
                downtime: SimDuration::ZERO,
                calls_lost: 0,
                relapses: 0,
            }],
            ..RunMeasures::default()
        };
        let made: Vec<RunMeasures> = (0..count).map(|index| run(if index < longer { 10 } else { 1 })).collect();
        let runs: Vec<(u64, &RunMeasures)> = (1..).zip(&made).collect();
        let (_, judgement, evidence, _) = judge(limits, &runs.into()).remove(0);
        (judgement, evidence)
    }

    fn p90() -> RecoveryLimits {
        RecoveryLimits { p90: Some(SimDuration::from_secs(5)), ..RecoveryLimits::default() }
    }

    fn p99() -> RecoveryLimits {
        RecoveryLimits { p99: Some(SimDuration::from_secs(5)), ..RecoveryLimits::default() }
    }

    #[test]
    fn twenty_bad_runs_of_twenty_fail_a_99th_percentile() {
        assert_eq!(verdict(20, 20, &p99()), (Judgement::Failed, "p99 10s over 20 runs, 20 of them longer than the limit".to_owned()));
        // Two of twenty come up in less than two cases in a hundred if one in a hundred is the truth; one in eighteen.
        assert_eq!((verdict(2, 20, &p99()).0, verdict(1, 20, &p99()).0), (Judgement::Failed, Judgement::Undecided));
    }

    #[test]
    fn a_quantile_passes_from_so_many_runs_on_that_luck_would_have_shown_a_longer_one() {
        for (percent, needed) in [(50, 5), (90, 29), (99, 299)] {
            assert_eq!((fewest(percent), judge_share(0, needed - 1, percent)), (needed, Judgement::Undecided));
        }
        assert_eq!(verdict(0, 29, &p90()).0, Judgement::Passed);
        let few = "p90 1s over 28 runs, 0 of them longer than the limit: too few runs to pass, 29 would do";
        assert_eq!(verdict(0, 28, &p90()), (Judgement::Undecided, few.to_owned()));
    }

    #[test]
    fn a_share_near_the_claimed_one_is_not_decided() {
        // Of 100 runs, 10 are expected beyond a p90: 4 pass, 16 fail, and what lies between says neither.
        let judged = [4, 5, 10, 15, 16].map(|longer| judge_share(longer, 100, 90));
        assert_eq!(judged, [Judgement::Passed, Judgement::Undecided, Judgement::Undecided, Judgement::Undecided, Judgement::Failed]);
        let evidence = verdict(10, 100, &p90()).1;
        assert!(evidence.ends_with("10 of them longer than the limit: with so many runs that is too near to 10 %"), "{evidence}");
    }
}
