//! What were alerts good for? How soon did they fire, how often for nothing, and what did they miss?
//!
//! An alarm is *false* if no fault is on when it begins and none was within its long window before. A fault is *detected* by an alert
//! that fires between its begin and its end, or within the long window after it; what fires already when it begins has detected it
//! after no time. Faults are those of an episode, as for recovery; what is done about faults, a lever, is none.

use super::detection::Misfortunes;
use super::{Episode, Fold, Observation, Unit};
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// From when to when an alert fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When it began to.
    pub begin: SimTime,
    /// When it was over, if it was by the horizon.
    pub end: Option<SimTime>,
}

/// What came of one alert in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertMeasures {
    /// The alert.
    pub alert: String,
    /// How often it fired.
    pub alarms: u64,
    /// How often it did though no fault was on, nor had been within its long window.
    pub false_alarms: u64,
    /// How long it fired, in all.
    pub firing: SimDuration,
    /// For each episode of faults: how long after its begin it fired, if it did.
    pub detections: Vec<Option<SimDuration>>,
}

impl AlertMeasures {
    /// Episodes of faults for which it did not fire.
    pub fn missed(&self) -> u64 {
        self.detections.iter().filter(|detection| detection.is_none()).count() as u64
    }

    /// Episodes of faults for which it did.
    pub fn detected(&self) -> u64 {
        self.detections.len() as u64 - self.missed()
    }

    /// The same as numbers with names. The longest detection time says nothing of faults that were missed: those are counted.
    pub fn observations(&self) -> Vec<Observation> {
        let name = |what: &str| format!("alert {}: {what}", self.alert);
        let count = |what: &str, count: u64| Observation {
            name: name(what),
            fold: Fold::Sum,
            unit: Unit::Count,
            value: i64::try_from(count).unwrap_or(i64::MAX),
        };
        let time = |what: &str, fold: Fold, length: SimDuration| Observation {
            name: name(what),
            fold,
            unit: Unit::Time,
            value: i64::try_from(length.as_nanos()).unwrap_or(i64::MAX),
        };
        let mut all = vec![
            count("alarms", self.alarms),
            count("false alarms", self.false_alarms),
            count("faults detected", self.detected()),
            count("faults missed", self.missed()),
            time("time firing", Fold::Sum, self.firing),
        ];
        all.extend(self.detections.iter().flatten().max().map(|longest| time("detection time", Fold::Most, *longest)));
        all
    }
}

/// What is known of the alerts of a run before its end.
#[derive(Clone, Debug, Default)]
pub(super) struct AlertMeter {
    /// Name and long window of each.
    alerts: Vec<(String, SimDuration)>,
    /// When each of them fired.
    pub alarms: Vec<Vec<Alarm>>,
}

impl AlertMeter {
    pub fn new(plan: &Plan) -> Self {
        let alerts = plan.alerts.iter().map(|alert| (alert.name.clone(), plan.clockwork.bin * u64::from(alert.long)));
        Self { alerts: alerts.collect(), alarms: Vec::new() }
    }

    /// What came of each, where these faults struck and made these episodes.
    pub fn finish(&self, faults: &Misfortunes, episodes: &[Episode], horizon: SimTime) -> Vec<AlertMeasures> {
        let of = |(alarms, (name, window)): (&Vec<Alarm>, &(String, SimDuration))| {
            let length = |alarm: &Alarm| alarm.end.unwrap_or(horizon).saturating_since(alarm.begin);
            AlertMeasures {
                alert: name.clone(),
                alarms: alarms.len() as u64,
                false_alarms: alarms.iter().filter(|alarm| !faults.are_on(alarm.begin, *window)).count() as u64,
                firing: alarms.iter().fold(SimDuration::ZERO, |sum, alarm| sum.saturating_add(length(alarm))),
                detections: detections(alarms, (faults, *window), episodes, horizon),
            }
        };
        self.alarms.iter().zip(&self.alerts).map(of).collect()
    }
}

/// How long after the begin of each episode in which a fault struck an alert fired.
fn detections(
    alarms: &[Alarm],
    (faults, window): (&Misfortunes, SimDuration),
    episodes: &[Episode],
    horizon: SimTime,
) -> Vec<Option<SimDuration>> {
    let mut detections = Vec::new();
    for (index, episode) in episodes.iter().enumerate() {
        let next = episodes.get(index + 1).map_or(horizon, |next| next.begin);
        let [(first, _), ..] = faults.begun_in(episode.begin, next) else { continue };
        let lasts = |(_, end): &(SimTime, Option<SimTime>)| end.map_or(next, |end| end.saturating_add(window));
        let until = faults.begun_in(episode.begin, next).iter().map(lasts).max().unwrap_or(next).min(next);
        // The first that is not over when the fault begins: alarms come in order, and one is over before the next.
        let alarm = alarms.get(alarms.partition_point(|alarm| alarm.end.is_some_and(|end| end <= *first)));
        detections.push(alarm.filter(|alarm| alarm.begin <= until).map(|alarm| alarm.begin.saturating_since(*first)));
    }
    detections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Recovery;

    const fn at(second: u64) -> SimTime {
        SimTime::from_nanos(second * 1_000_000_000)
    }

    const fn seconds(count: u64) -> SimDuration {
        SimDuration::from_secs(count)
    }

    fn episode(begin: u64, end: u64) -> Episode {
        Episode { begin: at(begin), end: at(end), recovery: Recovery::Unharmed, ..Episode::default() }
    }

    fn measured(alarms: &[(u64, Option<u64>)]) -> AlertMeasures {
        let alarms = alarms.iter().map(|&(begin, end)| Alarm { begin: at(begin), end: end.map(at) }).collect();
        let meter = AlertMeter { alerts: vec![("page".to_owned(), seconds(10))], alarms: vec![alarms] };
        let faults = Misfortunes::new(vec![(at(100), Some(at(120))), (at(200), Some(at(220)))]);
        meter.finish(&faults, &[episode(100, 120), episode(200, 220)], at(300)).remove(0)
    }

    #[test]
    fn an_alarm_is_false_where_no_fault_is_on_or_was_within_the_window_before() {
        let page = measured(&[(50, Some(52)), (105, Some(110)), (130, Some(131)), (131, Some(140)), (250, None)]);
        assert_eq!((page.alarms, page.false_alarms), (5, 3), "at 50 s, at 131 s and at 250 s");
        assert_eq!(page.firing, seconds(2 + 5 + 1 + 9 + 50));
    }

    #[test]
    fn a_fault_is_detected_by_the_first_alarm_up_to_one_window_after_its_end_or_missed() {
        let page = measured(&[(50, Some(52)), (104, Some(110)), (115, Some(118)), (231, None)]);
        assert_eq!(page.detections, [Some(seconds(4)), None]);
        assert_eq!((page.detected(), page.missed()), (1, 1));
        assert_eq!(measured(&[(230, None)]).detections, [None, Some(seconds(30))]);
        assert_eq!(measured(&[(90, Some(101))]).detections[0], Some(SimDuration::ZERO), "it fired already");
    }

    #[test]
    fn what_was_never_detected_has_no_time_but_a_count() {
        let observed = measured(&[]).observations();
        let value = |name: &str| observed.iter().find(|one| one.title() == name).map(|one| one.value);
        assert_eq!(value("alert page: faults missed"), Some(2));
        assert_eq!(value("alert page: detection time, most"), None);
    }
}
