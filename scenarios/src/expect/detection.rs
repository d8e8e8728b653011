//! How soon is a fault noticed, and how far can an alert be relied upon?
//!
//! Own definitions. The detection time of a run is that of its slowest episode; a fault that nothing reacted to is longer than any limit.
//! The *precision* of an alert is the share of its alarms that are not false, its *recall* the share of the faults that it detected:
//! both over all runs together.

use super::quotient::Quotient;
use super::recovery::{Waited, Words, judge_times};
use super::shares::{bounds_in_words, limits};
use super::{Bounds, Judged, Runs, contradiction};
use crate::problem::{Problem, one_of};
use models::measure::{AlertMeasures, RunMeasures};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Limits of detection times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectionLimits {
    /// The alert that detects; any reaction unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// In half of the runs every fault is detected within this; passes from 5 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<SimDuration>,
    /// In nine of ten; passes from 29 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<SimDuration>,
    /// In all but one in a hundred; passes from 299 runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
    /// The arms it speaks of; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// Bounds of a share that belongs to an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertBounds {
    /// The alert.
    pub alert: String,
    /// It is not below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Share>,
    /// It is not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Share>,
    /// The arms it speaks of; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arms: Option<Vec<String>>,
}

/// What is wrong with the name of an alert, where there are these.
pub(crate) fn unknown_alert(name: &str, alerts: &[&str]) -> Option<Problem> {
    if alerts.contains(&name) {
        return None;
    }
    let problem = Problem::new(format!("no alert is called `{name}`"));
    if alerts.is_empty() {
        return Some(
            problem.hint("there are no alerts; write `alerts: { \"page\": BurnRate(long: \"1h\", short: \"5m\", factor: 14.4) }`"),
        );
    }
    let listed: Vec<String> = alerts.iter().map(|known| format!("`{known}`")).collect();
    Some(problem.expected(one_of(listed.iter().map(String::as_str))).suggest(name, alerts.iter().copied()))
}

impl DetectionLimits {
    /// What is missing in it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.p50, self.p90, self.p99) {
            (None, None, None) => Err("nothing is expected; write `p50: \"5s\"`, `p90` or `p99`".to_owned()),
            _ => Ok(()),
        }
    }

    pub(super) fn judge(&self, runs: &Runs<'_>) -> Vec<Judged> {
        let limits = [self.p50, self.p90, self.p99];
        let Some(alert) = &self.alert else {
            let of = |run: &RunMeasures| Ok(longest(run.detections.iter().map(|detection| detection.after)));
            return judge_times(limits, &words("detection"), &of, runs);
        };
        let of = |run: &RunMeasures| Ok(named(run, alert).map_or(Waited::NoPart, |alert| longest(alert.detections.iter().copied())));
        judge_times(limits, &words(&format!("detection by {alert}")), &of, runs)
    }
}

const fn words(what: &str) -> Words<'_> {
    Words { what, never: "not detected", nothing: "there was nothing to detect" }
}

/// The longest of some times, never if one of them never came.
fn longest(times: impl Iterator<Item = Option<SimDuration>>) -> Waited {
    let longest = times.reduce(|longest, time| longest.zip(time).map(|(longest, time)| longest.max(time)));
    longest.map_or(Waited::NoPart, |longest| longest.map_or(Waited::Never, Waited::After))
}

fn named<'a>(run: &'a RunMeasures, alert: &str) -> Option<&'a AlertMeasures> {
    run.alerts.iter().find(|measures| measures.alert == alert)
}

impl AlertBounds {
    /// What is missing in it or contradicts itself, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.at_least, self.at_most) {
            (None, None) => Err("nothing is expected; write `at_least: \"95%\"` or `at_most: \"50%\"`".to_owned()),
            (Some(least), Some(most)) if least.parts() > most.parts() => Err(contradiction(&least, &most)),
            _ => Ok(()),
        }
    }

    /// Alarms that are not false, out of all.
    pub(super) fn judge_precision(&self, runs: &Runs<'_>) -> Judged {
        self.judge(("precision", "alarms", "it never fired"), |alert| (alert.alarms - alert.false_alarms, alert.alarms), runs)
    }

    /// Faults that were detected, out of all.
    pub(super) fn judge_recall(&self, runs: &Runs<'_>) -> Judged {
        self.judge(("recall", "faults", "no fault struck"), |alert| (alert.detected(), alert.detections.len() as u64), runs)
    }

    fn judge(&self, (what, of_what, none): (&str, &str, &str), of: fn(&AlertMeasures) -> (u64, u64), runs: &Runs<'_>) -> Judged {
        let bounds = Bounds { at_least: self.at_least, at_most: self.at_most, ..Bounds::default() };
        let clause = bounds_in_words(&format!("{what} of {}", self.alert), &bounds, runs.numbers);
        let seen = runs.iter().filter_map(|(seed, run)| named(run, &self.alert).map(|alert| (*seed, of(alert))));
        let pairs = seen.map(|(seed, (part, whole))| (seed, part as f64, whole as f64)).collect();
        Quotient::share(pairs, of_what, none).judge(clause, limits(&bounds), runs.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Judgement;

    fn run(alarms: u64, false_alarms: u64, detections: Vec<Option<SimDuration>>) -> RunMeasures {
        let page = AlertMeasures { alert: "page".to_owned(), alarms, false_alarms, detections, ..AlertMeasures::default() };
        RunMeasures { alerts: vec![page], ..RunMeasures::default() }
    }

    fn seconds(count: u64) -> Option<SimDuration> {
        Some(SimDuration::from_secs(count))
    }

    #[test]
    fn precision_and_recall_are_shares_of_alarms_and_faults_over_all_runs() {
        let made = [run(3, 1, vec![seconds(2), None]), run(1, 0, vec![seconds(5), seconds(1)])];
        let runs = Runs::from((1..).zip(&made).collect::<Vec<_>>());
        let bounds = AlertBounds { alert: "page".to_owned(), at_least: Some("75%".parse().expect("a share")), at_most: None, arms: None };
        let (clause, _, evidence, worst) = bounds.judge_precision(&runs);
        assert_eq!((clause.as_str(), worst), ("precision of page at least 75%", Some(1)));
        assert!(evidence.starts_with("75.000% of 4 alarms"), "{evidence}");
        assert!(bounds.judge_recall(&runs).2.starts_with("75.000% of 4 faults"));
        let other = AlertBounds { alert: "ticket".to_owned(), ..bounds };
        assert_eq!(other.judge_recall(&runs).1, Judgement::Undecided);
    }

    #[test]
    fn a_run_in_which_a_fault_is_missed_is_longer_than_any_limit() {
        let limits = DetectionLimits { alert: Some("page".to_owned()), p50: seconds(5), ..DetectionLimits::default() };
        let judged = |made: &[RunMeasures]| {
            let runs = Runs::from((1..).zip(made).collect::<Vec<_>>());
            limits.judge(&runs).remove(0)
        };
        let good = vec![run(1, 0, vec![seconds(1), seconds(5)]); 5];
        assert_eq!(judged(&good).1, Judgement::Passed);
        let missed = vec![run(1, 0, vec![seconds(1), None]); 5];
        let (clause, judgement, evidence, _) = judged(&missed);
        assert_eq!((clause.as_str(), judgement), ("p50 of detection by page at most 5s", Judgement::Failed));
        assert!(evidence.starts_with("p50 not detected over 5 runs"), "{evidence}");
        assert_eq!(judged(&[run(0, 0, Vec::new())]).1, Judgement::Undecided, "a run without a fault has no part in it");
    }
}
