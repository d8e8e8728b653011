//! Do so many of a hundred runs recover within a limit, and are there enough of them to say so?
//!
//! Own definition. `p90: "20s"` claims that at most a tenth of all possible runs is longer than 20 s. Of the runs made, those
//! beyond the limit are counted, and by the binomial distribution: if the claim were just true, would so many of them come up
//! by chance in less than one case in twenty? Then it fails. If it were just false, so few? Then it passes. Otherwise there are
//! too few runs, or the truth is too near to the limit. That is the one-sided Clopper-Pearson bound of 95 % on either side.
//! A run that does not recover is longer than any limit.

use super::shown::readable;
use super::{Judged, Judgement, Runs};
use crate::numbers::Numbers;
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
    let words = Words { what: "recovery", never: "not recovered at the horizon", nothing: "no fault struck" };
    judge_times([limits.p50, limits.p90, limits.p99], &words, &recovery_of, runs)
}

/// How long something took in a run.
pub(super) enum Waited {
    /// The run has no part in it.
    NoPart,
    /// So long.
    After(SimDuration),
    /// It never came.
    Never,
    /// At least so long, and maybe for ever: nobody saw the end of it.
    AtLeast(SimDuration),
}

/// What is judged, in words.
pub(super) struct Words<'a> {
    pub what: &'a str,
    /// That it did not come.
    pub never: &'a str,
    /// Why a run has no part in it.
    pub nothing: &'a str,
}

/// Of a run: how long it took. An error if it cannot be said.
type TimeOf<'a> = &'a dyn Fn(&RunMeasures) -> Result<Waited, String>;

/// Judges limits of the quantiles p50, p90 and p99 over the runs of how long something took; what never came is longer than any limit.
pub(super) fn judge_times(limits: [Option<SimDuration>; 3], words: &Words<'_>, of: TimeOf<'_>, runs: &Runs<'_>) -> Vec<Judged> {
    let quantiles = [("p50", 50), ("p90", 90), ("p99", 99)].into_iter().zip(limits);
    quantiles.filter_map(|(quantile, limit)| limit.map(|limit| judge_one(quantile, limit, words, of, runs))).collect()
}

fn judge_one((name, percent): (&str, u64), limit: SimDuration, words: &Words<'_>, of: TimeOf<'_>, runs: &Runs<'_>) -> Judged {
    let numbers = runs.numbers;
    let clause = format!("{name} of {} at most {}", words.what, numbers.of(limit));
    // With what was cut off as short as it may have been, and as long.
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (seed, run) in runs.iter() {
        let (least, most) = match of(run) {
            Ok(Waited::NoPart) => continue,
            Ok(Waited::After(time)) => (time, time),
            // What never comes sorts behind every limit.
            Ok(Waited::Never) => (SimDuration::MAX, SimDuration::MAX),
            Ok(Waited::AtLeast(time)) => (time, SimDuration::MAX),
            Err(reason) => return (clause, Judgement::Undecided, reason, None),
        };
        short.push((least, *seed));
        long.push((most, *seed));
    }
    short.sort_unstable();
    long.sort_unstable();
    let Some((_, worst)) = long.last().copied() else {
        return (clause, Judgement::Undecided, format!("{} in any run", words.nothing), None);
    };
    let (best, (judgement, evidence)) =
        (seen((name, percent), limit, words, &short, numbers), seen((name, percent), limit, words, &long, numbers));
    let without = match runs.len() - long.len() {
        0 => String::new(),
        missing => format!("; {} in {missing} of {} runs", words.nothing, runs.len()),
    };
    let cut_off = short.iter().filter(|(time, seed)| *time < SimDuration::MAX && long.contains(&(SimDuration::MAX, *seed))).count();
    let (judgement, evidence) = match cut_off {
        0 => (judgement, evidence),
        _ if best.0 == judgement => (judgement, evidence),
        _ => {
            let reason = "were above their level when the next episode or the horizon cut them off, and nobody saw whether that lasts";
            (Judgement::Undecided, format!("{cut_off} of {} runs {reason}: {}, or else {evidence}", long.len(), best.1))
        }
    };
    (clause, judgement, evidence + &without, Some(worst))
}

/// What times in ascending order say of a limit, and that in words.
fn seen(
    (name, percent): (&str, u64),
    limit: SimDuration,
    words: &Words<'_>,
    times: &[(SimDuration, u64)],
    numbers: Numbers,
) -> (Judgement, String) {
    let (count, longer) = (times.len() as u64, times.iter().filter(|(time, _)| *time > limit).count() as u64);
    let judgement = judge_share(longer, count, percent);
    let seen = Quantile::new(percent, 100).of(times).map_or(SimDuration::MAX, |(seen, _)| seen);
    let seen = if seen == SimDuration::MAX { words.never.to_owned() } else { numbers.of(readable(seen, limit)) };
    let over = if count == 1 { "1 run".to_owned() } else { format!("{} runs", numbers.of(count)) };
    let evidence = format!("{name} {seen} over {over}, {} of them longer than the limit", numbers.of(longer));
    let doubt = match judgement {
        Judgement::Undecided if longer == 0 => format!(": too few runs to pass, {} would do", fewest(percent)),
        Judgement::Undecided => format!(": with so many runs that is too near to {} %", 100 - percent),
        Judgement::Passed | Judgement::Failed => String::new(),
    };
    (judgement, evidence + &doubt)
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

/// How long a run took to recover from all its episodes, the longest; an error if it cannot be said. An episode that is seen to be down outweighs
/// those that were cut off.
fn recovery_of(run: &RunMeasures) -> Result<Waited, String> {
    if run.episodes.is_empty() {
        return Ok(Waited::NoPart);
    }
    let (mut longest, mut is_down, mut is_cut_off) = (SimDuration::ZERO, false, false);
    for episode in &run.episodes {
        match &episode.recovery {
            Recovery::Unharmed => {}
            Recovery::After(length) => longest = longest.max(*length),
            Recovery::Censored(_) => is_down = true,
            Recovery::CutOff { after, above, .. } => (longest, is_cut_off) = (longest.max(after.saturating_sub(*above)), true),
            Recovery::Undecided(reason) => return Err(reason.clone()),
        }
    }
    Ok(match (is_down, is_cut_off) {
        (true, _) => Waited::Never,
        (false, true) => Waited::AtLeast(longest),
        (false, false) => Waited::After(longest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::measure::Episode;

    fn run(recovery: Recovery) -> RunMeasures {
        RunMeasures { episodes: vec![Episode { recovery, ..Episode::default() }], ..RunMeasures::default() }
    }

    fn after(seconds: u64) -> RunMeasures {
        run(Recovery::After(SimDuration::from_secs(seconds)))
    }

    /// Runs of which so many take ten seconds, the others one.
    fn verdict(longer: usize, count: usize, limits: &RecoveryLimits) -> (Judgement, String) {
        of_runs((0..count).map(|index| after(if index < longer { 10 } else { 1 })), limits)
    }

    fn of_runs(made: impl Iterator<Item = RunMeasures>, limits: &RecoveryLimits) -> (Judgement, String) {
        let made: Vec<RunMeasures> = made.collect();
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

    #[test]
    fn a_run_that_was_above_its_level_when_it_was_cut_off_is_neither_within_the_limit_nor_beyond_it() {
        let seconds = SimDuration::from_secs;
        let cut_off = || run(Recovery::CutOff { after: seconds(16), above: seconds(4), by_horizon: false });
        let p50 = |limit| RecoveryLimits { p50: Some(seconds(limit)), ..RecoveryLimits::default() };
        let (judgement, evidence) = of_runs((0..20).map(|_| cut_off()), &p50(30));
        assert_eq!(judgement, Judgement::Undecided);
        assert!(
            evidence.starts_with("20 of 20 runs were above their level when the next episode or the horizon cut them off"),
            "{evidence}"
        );
        // It took 12 s at least, and of 29 others one more does not matter.
        assert_eq!(of_runs((0..20).map(|_| cut_off()), &p50(10)).0, Judgement::Failed);
        assert_eq!(of_runs((0..30).map(|index| if index == 0 { cut_off() } else { after(1) }), &p50(30)).0, Judgement::Passed);
    }

    #[test]
    fn where_no_fault_struck_nothing_recovered() {
        let p50 = RecoveryLimits { p50: Some(SimDuration::from_secs(5)), ..RecoveryLimits::default() };
        let calm = || RunMeasures::default();
        assert_eq!(of_runs((0..30).map(|_| calm()), &p50), (Judgement::Undecided, "no fault struck in any run".to_owned()));
        let (judgement, evidence) = of_runs((0..30).map(|index| if index < 10 { calm() } else { after(1) }), &p50);
        assert_eq!(judgement, Judgement::Passed);
        assert!(evidence.ends_with("over 20 runs, 0 of them longer than the limit; no fault struck in 10 of 30 runs"), "{evidence}");
    }
}
