//! How soon is it noticed that something is wrong, and is the objective kept?

use super::{Better, Fixed, Owned, Owner, Reading, Unit};
use models::measure::{AlertMeasures, RunMeasures};
use sim_core::maths::log;
use sim_core::time::SimDuration;

/// Of a whole run.
pub(super) const ALL: [Fixed; 4] = [
    Fixed {
        name: "fault detection time",
        unit: Unit::Time,
        better: Better::Less,
        summary: "from the begin of the faults of an episode to the first reaction, the longest of the run",
        of: |run, _| slowest(run.detections.iter().map(|one| (one.after, one.watched))),
    },
    Fixed {
        name: "error budget used",
        unit: Unit::Ratio,
        better: Better::Less,
        summary: "calls that did not succeed, of those that the objective allows not to: 1 is all of the budget",
        of: |run, _| run.error_budget().map_or(Reading::Missing, |(used, all)| Unit::Ratio.quotient(used, all)),
    },
    Fixed {
        name: "bins at the objective",
        unit: Unit::Share,
        better: Better::More,
        summary: "time bins in which at least the share of the objective succeeded, of all with calls",
        of: |run, _| run.objective.map_or(Reading::Missing, |seen| Unit::Share.quotient(seen.kept.into(), seen.bins.into())),
    },
    Fixed {
        name: "nines",
        unit: Unit::Ratio,
        better: Better::More,
        summary: "availability as a number of nines: 3 is 99.9%, and without a failure it is more than the calls can tell",
        of: |run, _| nines(run.calls, run.calls - run.succeeded),
    },
];

/// Of one alert.
pub(super) const OF_ALERTS: [Owned; 4] = [
    Owned {
        prefix: "detection time by alert ",
        owner: Owner::Alert,
        unit: Unit::Time,
        better: Better::Less,
        summary: "from the begin of a fault until this alert fires, the longest of the run",
        // How long it was waited for differs from fault to fault; that it was not detected is what counts.
        of: |run, _, name| read(run, name, |alert| slowest(alert.detections.iter().map(|after| (*after, SimDuration::ZERO)))),
    },
    Owned {
        prefix: "false alarms of alert ",
        owner: Owner::Alert,
        unit: Unit::Count,
        better: Better::Less,
        summary: "alarms of this alert though no fault was on, nor had been within its long window",
        of: |run, _, name| read(run, name, |alert| Reading::count(alert.false_alarms)),
    },
    Owned {
        prefix: "precision of alert ",
        owner: Owner::Alert,
        unit: Unit::Share,
        better: Better::More,
        summary: "alarms of this alert that are not false, of all its alarms",
        of: |run, _, name| read(run, name, |alert| Unit::Share.quotient((alert.alarms - alert.false_alarms).into(), alert.alarms.into())),
    },
    Owned {
        prefix: "recall of alert ",
        owner: Owner::Alert,
        unit: Unit::Share,
        better: Better::More,
        summary: "faults for which this alert fires, of all faults",
        of: |run, _, name| read(run, name, |alert| Unit::Share.quotient(alert.detected().into(), alert.detections.len() as u128)),
    },
];

fn read(run: &RunMeasures, name: &str, of: impl Fn(&AlertMeasures) -> Reading) -> Reading {
    run.alerts.iter().find(|alert| alert.alert == name).map_or(Reading::Missing, of)
}

/// The longest of some times, each with how long it was waited for if it never came; nothing if there are none.
fn slowest(times: impl Iterator<Item = (Option<SimDuration>, SimDuration)> + Clone) -> Reading {
    let longest = times.clone().map(|(time, watched)| time.unwrap_or(watched)).max();
    let is_cut_off = times.clone().any(|(time, _)| time.is_none());
    match longest.map(|longest| i128::from(longest.as_nanos())) {
        None => Reading::Missing,
        Some(longest) if is_cut_off => Reading::Beyond(longest),
        Some(longest) => Reading::Is(longest),
    }
}

/// The common logarithm of how many calls there are for each that fails, in millionths.
fn nines(calls: u64, failed: u64) -> Reading {
    let decimals = |calls: u64, failed: u64| (log(calls as f64 / failed as f64) / log(10.0) * 1e6 + 0.5) as i128;
    match (calls, failed) {
        (0, _) => Reading::Missing,
        (calls, 0) => Reading::Beyond(decimals(calls, 1)),
        (calls, failed) => Reading::Is(decimals(calls, failed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nines_count_calls_for_each_failure_and_end_where_the_calls_do() {
        assert_eq!(nines(1000, 1), Reading::Is(3_000_000));
        assert_eq!(nines(1000, 5), Reading::Is(2_301_030));
        assert_eq!(nines(200, 200), Reading::Is(0));
        assert_eq!(nines(100, 0), Reading::Beyond(2_000_000));
        assert_eq!(nines(0, 0), Reading::Missing);
    }

    #[test]
    fn one_fault_that_was_not_detected_makes_the_time_longer_than_any() {
        let time = |second| Some(SimDuration::from_secs(second));
        let watched = SimDuration::from_secs(20);
        assert_eq!(slowest([(time(3), watched), (time(5), watched)].into_iter()), Reading::Is(5_000_000_000));
        assert_eq!(slowest([(time(30), watched), (None, watched)].into_iter()), Reading::Beyond(30_000_000_000));
        assert_eq!(slowest(std::iter::empty()), Reading::Missing);
    }
}
