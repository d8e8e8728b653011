//! How long do successful calls take? The median over the runs of each run's quantile, as in the tables.

use super::shown::readable;
use super::{Judged, Judgement, Limits, Runs, Shown};
use models::measure::LatencySummary;
use serde::{Deserialize, Serialize};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// Limits of the latency of successful calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LatencyLimits {
    /// Half of them take no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<SimDuration>,
    /// Nine of ten take no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<SimDuration>,
    /// All but one in a hundred take no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
    /// All but one in a thousand take no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p999: Option<SimDuration>,
    /// Only calls of this class count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The arms it speaks of; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// A quantile: its name, its limit, and where it stands in a run.
type One = (&'static str, Option<SimDuration>, fn(&LatencySummary) -> SimDuration);

impl LatencyLimits {
    fn all(&self) -> [One; 4] {
        [
            ("p50", self.p50, |seen| seen.p50),
            ("p90", self.p90, |seen| seen.p90),
            ("p99", self.p99, |seen| seen.p99),
            ("p99.9", self.p999, |seen| seen.p999),
        ]
    }

    /// What is missing in it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.all().iter().all(|(_, limit, _)| limit.is_none()) {
            return Err("nothing is expected; write `p99: \"300ms\"`, `p50`, `p90` or `p999`".to_owned());
        }
        Ok(())
    }

    /// Judges every limit that is written, of the latency that is called `what`.
    pub(super) fn judge(&self, what: &str, runs: &Runs<'_>) -> Vec<Judged> {
        self.all().into_iter().filter_map(|(name, limit, of)| limit.map(|limit| judge((name, what), limit, of, runs))).collect()
    }
}

fn judge((name, what): (&str, &str), limit: SimDuration, of: fn(&LatencySummary) -> SimDuration, runs: &Runs<'_>) -> Judged {
    let numbers = runs.numbers;
    let clause = format!("{name} of {what} at most {}", numbers.of(limit));
    let with_success = runs.iter().filter(|(_, run)| run.latency.count > 0);
    let times: Vec<(SimDuration, u64)> = with_success.map(|(seed, run)| (of(&run.latency), *seed)).collect();
    let nanos = times.iter().map(|(time, _)| time.as_nanos() as f64).collect();
    let (Some(shown), Some((longest, worst))) = (Shown::quantile(Quantile::MEDIAN, nanos), times.iter().max().copied()) else {
        return (clause, Judgement::Undecided, "no call succeeded".to_owned(), None);
    };
    let said = |length: SimDuration| numbers.of(readable(length, limit));
    let say = |nanos: f64| said(SimDuration::from_nanos(nanos as u64));
    let (judgement, evidence) = shown.judge(Limits { at_most: Some(limit.as_nanos() as f64), ..Limits::default() }, numbers, &say);
    let seen = format!("{name} {} as the median over runs, {} at most", say(shown.value), said(longest));
    (clause, judgement, format!("{seen}; {evidence}"), Some(worst))
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::measure::RunMeasures;

    #[test]
    fn the_median_of_the_runs_is_judged_and_runs_without_a_success_say_nothing() {
        let run = |count, millis| {
            let latency = LatencySummary { count, p99: SimDuration::from_millis(millis), ..LatencySummary::default() };
            RunMeasures { latency, ..RunMeasures::default() }
        };
        let mut made = vec![run(0, 0)];
        made.extend([400, 900, 200, 200, 100, 200, 300].map(|millis| run(9, millis)));
        let runs = Runs::from((1..).zip(&made).collect::<Vec<_>>());
        let judged = |millis| {
            LatencyLimits { p99: Some(SimDuration::from_millis(millis)), ..LatencyLimits::default() }.judge("latency", &runs).remove(0)
        };
        let (clause, judgement, evidence, worst) = judged(900);
        assert_eq!((clause.as_str(), judgement, worst), ("p99 of latency at most 900ms", Judgement::Passed, Some(3)));
        let seen = "p99 200ms as the median over runs, 900ms at most; 95 % interval 100ms to 900ms, order statistics of 7 runs";
        assert_eq!(evidence, seen);
        assert_eq!((judged(899).1, judged(100).1, judged(99).1), (Judgement::Undecided, Judgement::Undecided, Judgement::Failed));
        let silent = LatencyLimits { p50: Some(SimDuration::from_millis(1)), ..LatencyLimits::default() }
            .judge("latency", &runs[..1].to_vec().into());
        assert_eq!(silent[0].1, Judgement::Undecided);
    }
}
