//! Outlier detection as in Envoy: failures in a row, success rates, failure percentages.
//!
//! Source: Envoy, `outlier_detection_impl.cc` and `cluster/v3/outlier_detection.proto` (2026-01). Percentages are whole numbers and
//! the factor counts thousandths, as there, so that a configuration can be copied field by field. Left out: degraded hosts,
//! priorities.

use super::due_sweep;
use super::statistics::{Bucket, least_rate};
use super::{Ejector, TriedAt};
use crate::about::{About, Explained, Parameter, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Luck;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// Ejects replicas for 5xx in a row, for a success rate far below that of the others, or for too many failures; for longer each time.
/// All fields have Envoy's defaults; `enforcing_…` fields, thresholds and `max_ejection_percent` are percent as whole numbers.
/// Remembers 88 bytes per replica and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Envoy {
    /// How many 5xx in a row eject, at least 1.
    pub consecutive_5xx: u32,
    /// The percentage of detections by [`consecutive_5xx`](Self::consecutive_5xx) that eject.
    pub enforcing_consecutive_5xx: u32,
    /// How many 502, 503 or 504 in a row eject, at least 1.
    pub consecutive_gateway_failure: u32,
    /// The percentage of detections by [`consecutive_gateway_failure`](Self::consecutive_gateway_failure) that eject.
    pub enforcing_consecutive_gateway_failure: u32,
    /// Whether what the caller itself saw go wrong (timeouts, refusals, resets) is counted apart from what a replica answered.
    pub split_external_local_origin_errors: bool,
    /// How many failures of local origin in a row eject, at least 1, if they are counted apart.
    pub consecutive_local_origin_failure: u32,
    /// The percentage of detections by [`consecutive_local_origin_failure`](Self::consecutive_local_origin_failure) that eject.
    pub enforcing_consecutive_local_origin_failure: u32,
    /// The time between sweeps.
    pub interval: SimDuration,
    /// How long the first ejection lasts; the n-th in short order lasts n times as long.
    pub base_ejection_time: SimDuration,
    /// No ejection lasts longer; left out: 300 s, or the base if that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ejection_time: Option<SimDuration>,
    /// Up to so much is added to each ejection, in whole milliseconds.
    pub max_ejection_time_jitter: SimDuration,
    /// At most this percentage of the replicas is ejected at a time.
    pub max_ejection_percent: u32,
    /// Whether one replica may be ejected whatever [`max_ejection_percent`](Self::max_ejection_percent) says.
    pub always_eject_one_host: bool,
    /// Success rates are compared only if at least so many replicas have enough tries.
    pub success_rate_minimum_hosts: u32,
    /// How many tries in an interval are enough for a success rate.
    pub success_rate_request_volume: u32,
    /// Ejects below the mean less so many thousandths of the standard deviation.
    pub success_rate_stdev_factor: u32,
    /// The percentage of detections by success rate that eject.
    pub enforcing_success_rate: u32,
    /// The same for rates of local origin, if they are counted apart.
    pub enforcing_local_origin_success_rate: u32,
    /// Ejects at this percentage of failures in an interval, or more.
    pub failure_percentage_threshold: u32,
    /// Failure percentages are looked at only if at least so many replicas have enough tries.
    pub failure_percentage_minimum_hosts: u32,
    /// How many tries in an interval are enough for a failure percentage.
    pub failure_percentage_request_volume: u32,
    /// The percentage of detections by failure percentage that eject.
    pub enforcing_failure_percentage: u32,
    /// The same for those of local origin, if they are counted apart.
    pub enforcing_failure_percentage_local_origin: u32,
    /// Whether a passed active health check ends an ejection.
    pub successful_active_health_check_uneject_host: bool,
}

impl Default for Envoy {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            enforcing_consecutive_5xx: 100,
            consecutive_gateway_failure: 5,
            enforcing_consecutive_gateway_failure: 0,
            split_external_local_origin_errors: false,
            consecutive_local_origin_failure: 5,
            enforcing_consecutive_local_origin_failure: 100,
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: None,
            max_ejection_time_jitter: SimDuration::ZERO,
            max_ejection_percent: 10,
            always_eject_one_host: false,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1900,
            enforcing_success_rate: 100,
            enforcing_local_origin_success_rate: 100,
            failure_percentage_threshold: 85,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
            enforcing_failure_percentage: 0,
            enforcing_failure_percentage_local_origin: 0,
            successful_active_health_check_uneject_host: true,
        }
    }
}

impl Registered for Envoy {
    const NAME: &'static str = "Envoy";
    const SUMMARY: &'static str = "ejects replicas for 5xx in a row, low success rates or high failure percentages, for longer each time";
}

const PARAMETERS: &[Parameter] = &[
    parameter("consecutive_5xx", "number, at least 1", "5", "5xx in a row that eject"),
    parameter("enforcing_consecutive_5xx", "percent, a number", "100", "how many of these detections eject"),
    parameter("consecutive_gateway_failure", "number, at least 1", "5", "502, 503 or 504 in a row that eject"),
    parameter("enforcing_consecutive_gateway_failure", "percent, a number", "0", "how many of these detections eject"),
    parameter("split_external_local_origin_errors", "true, false", "false", "count timeouts, refusals and resets apart"),
    parameter("consecutive_local_origin_failure", "number, at least 1", "5", "of these in a row that eject, if counted apart"),
    parameter("enforcing_consecutive_local_origin_failure", "percent, a number", "100", "how many of these detections eject"),
    parameter("interval", "duration", "10s", "the time between sweeps"),
    parameter("base_ejection_time", "duration", "30s", "how long the first ejection lasts"),
    parameter("max_ejection_time", "duration", "300s, or the base", "no ejection lasts longer"),
    parameter("max_ejection_time_jitter", "duration, whole ms", "0s", "up to so much is added to each"),
    parameter("max_ejection_percent", "percent, a number", "10", "how many may be ejected at a time"),
    parameter("always_eject_one_host", "true, false", "false", "one may go whatever the percentage says"),
    parameter("success_rate_minimum_hosts", "number", "5", "fewer with enough tries are not compared"),
    parameter("success_rate_request_volume", "number", "100", "tries in an interval that are enough for a rate"),
    parameter("success_rate_stdev_factor", "thousandths", "1900", "how far below the mean, in standard deviations"),
    parameter("enforcing_success_rate", "percent, a number", "100", "how many of these detections eject"),
    parameter("enforcing_local_origin_success_rate", "percent, a number", "100", "the same for local origin, if counted apart"),
    parameter("failure_percentage_threshold", "percent, a number", "85", "failures in an interval that eject"),
    parameter("failure_percentage_minimum_hosts", "number", "5", "fewer with enough tries are not looked at"),
    parameter("failure_percentage_request_volume", "number", "50", "tries in an interval that are enough for it"),
    parameter("enforcing_failure_percentage", "percent, a number", "0", "how many of these detections eject"),
    parameter("enforcing_failure_percentage_local_origin", "percent, a number", "0", "the same for local origin, if counted apart"),
    parameter("successful_active_health_check_uneject_host", "true, false", "true", "a passed active check ends an ejection"),
];

impl Explained for Envoy {
    const ABOUT: About = About {
        meaning: "Watches every replica by the calls themselves and takes one out of the choice that fails too often in a row, or more often than \
                  the others. With the default of 10 % nothing is ejected of fewer than ten replicas.",
        formula: "5xx: 502, 503, 504 add to a gateway count, others set it to 0; then all add to the 5xx count; a count that reaches its limit is \
                  a detection and, unless the replica is out already, is set to 0. Not 5xx: both 0. A detection ejects if 100 * (ejected + 1) / \
                  replicas <= max_ejection_percent (or none is out and always_eject_one_host) and the enforcing roll says so; then the multiplier \
                  grows by 1 if multiplier * base < max + base. Sweep, every interval: (1) return if now - ejected >= min(base * multiplier, max) + \
                  jitter, counts 0; (2) by the last interval's counts of those not out: success rate < mean - stdev * factor / 1000, then failure \
                  percentage >= threshold; (3) multiplier - 1 for those that are in, and returned at least an interval ago. Refused and Reset count \
                  as 503, timeouts as 504; a try that the caller's own breaker or limit stopped, or that was given up, does not count. One draw \
                  per detection if enforcing is neither 0 nor 100, one per ejection if there is jitter.",
        parameters: PARAMETERS,
        memory: "88 bytes per replica and scope, for the whole run.",
        source: "Envoy, source/common/upstream/outlier_detection_impl.cc, api cluster/v3/outlier_detection.proto (2026-01)",
        example: "Balance(policy: LeastRequest(), outliers: Envoy(consecutive_5xx: 5), panic_threshold: \"50%\")",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    hosts: Vec<Host>,
    next_sweep: SimTime,
    /// How many random numbers were taken.
    drawn: u64,
}

/// What it remembers of one replica.
#[derive(Clone, Debug, Default)]
struct Host {
    in_a_row_5xx: u32,
    in_a_row_gateway: u32,
    in_a_row_local: u32,
    /// Since the last sweep, of what it answered and of local origin.
    external: Bucket,
    local: Bucket,
    multiplier: u32,
    /// Since when it is out, and the jitter of that.
    ejected: Option<(SimTime, SimDuration)>,
    returned: Option<SimTime>,
}

impl Host {
    fn is_idle(&self) -> bool {
        self.ejected.is_none() && self.multiplier == 0 && self.external.all == 0 && self.local.all == 0
    }

    fn come_back(&mut self, now: SimTime) {
        self.ejected = None;
        self.returned = Some(now);
        (self.in_a_row_5xx, self.in_a_row_gateway, self.in_a_row_local) = (0, 0, 0);
    }
}

/// What an outcome is to it.
enum Seen {
    /// An answer with this status; 200 for a success.
    Answer(u16),
    /// The caller saw it go wrong: as a status, unless that is counted apart.
    Local(u16),
    /// It says nothing about the replica.
    Nothing,
}

fn seen(outcome: Option<Outcome>) -> Seen {
    match outcome {
        None | Some(Outcome::Failed(Failure::BreakerOpen | Failure::Limited)) => Seen::Nothing,
        Some(Outcome::Success) => Seen::Answer(200),
        Some(Outcome::Failed(Failure::Refused | Failure::Reset)) => Seen::Local(503),
        Some(Outcome::Failed(Failure::Timeout | Failure::Deadline)) => Seen::Local(504),
        Some(Outcome::Failed(failure)) => Seen::Answer(failure.status().unwrap_or(500)),
    }
}

impl Envoy {
    fn longest(&self) -> SimDuration {
        self.max_ejection_time.unwrap_or(SimDuration::from_secs(300).max(self.base_ejection_time))
    }

    /// How many replicas are out.
    pub fn ejected(memory: &Memory) -> u32 {
        memory.hosts.iter().map(|host| u32::from(host.ejected.is_some())).sum()
    }

    /// By how much the next ejection of a replica is longer than the base, less one.
    pub fn multiplier(memory: &Memory, replica: u32) -> u32 {
        memory.hosts[replica as usize].multiplier
    }

    /// The counts of a replica: 5xx and gateway failures in a row.
    pub fn in_a_row(memory: &Memory, replica: u32) -> (u32, u32) {
        let host = &memory.hosts[replica as usize];
        (host.in_a_row_5xx, host.in_a_row_gateway)
    }

    /// A detection, of a replica that is not out.
    fn detected(&self, memory: &mut Memory, replica: u32, enforcing: u32, luck: &Luck<'_>, now: SimTime) {
        let mut draw = || next(&mut memory.drawn, luck);
        let is_enforced = match enforcing {
            0 => false,
            1..100 => draw().bits() % 100 < u64::from(enforcing),
            _ => true,
        };
        let ejected = memory.hosts.iter().filter(|host| host.ejected.is_some()).count() as u64;
        let fits = 100 * (ejected + 1) <= u64::from(self.max_ejection_percent) * memory.hosts.len() as u64;
        if !is_enforced || !(fits || ejected == 0 && self.always_eject_one_host) {
            return;
        }
        let grains = self.max_ejection_time_jitter.as_nanos() / 1_000_000;
        let jitter = if grains == 0 { SimDuration::ZERO } else { SimDuration::from_millis(draw().bits() % (grains + 1)) };
        let host = &mut memory.hosts[replica as usize];
        let reached = self.base_ejection_time.saturating_mul(u64::from(host.multiplier));
        if reached < self.longest().saturating_add(self.base_ejection_time) {
            host.multiplier += 1;
        }
        host.ejected = Some((now, jitter));
    }

    /// A count that has reached its limit: nothing happens to a replica that is out already; else the count begins anew.
    fn reached(&self, memory: &mut Memory, replica: u32, count: fn(&mut Host) -> &mut u32, enforcing: u32, luck: &Luck<'_>, now: SimTime) {
        if memory.hosts[replica as usize].ejected.is_none() {
            self.detected(memory, replica, enforcing, luck, now);
            *count(&mut memory.hosts[replica as usize]) = 0;
        }
    }

    fn answered(&self, memory: &mut Memory, replica: u32, status: u16, luck: &Luck<'_>, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        host.external.count(status < 500);
        if status < 500 {
            (host.in_a_row_5xx, host.in_a_row_gateway) = (0, 0);
            return;
        }
        if matches!(status, 502..=504) {
            host.in_a_row_gateway += 1;
            if host.in_a_row_gateway == self.consecutive_gateway_failure {
                self.reached(memory, replica, |host| &mut host.in_a_row_gateway, self.enforcing_consecutive_gateway_failure, luck, now);
            }
        } else {
            host.in_a_row_gateway = 0;
        }
        let host = &mut memory.hosts[replica as usize];
        host.in_a_row_5xx += 1;
        if host.in_a_row_5xx == self.consecutive_5xx {
            self.reached(memory, replica, |host| &mut host.in_a_row_5xx, self.enforcing_consecutive_5xx, luck, now);
        }
    }

    fn locally(&self, memory: &mut Memory, replica: u32, is_success: bool, luck: &Luck<'_>, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        host.local.count(is_success);
        if is_success {
            host.in_a_row_local = 0;
            return;
        }
        host.in_a_row_local += 1;
        if host.in_a_row_local == self.consecutive_local_origin_failure {
            self.reached(memory, replica, |host| &mut host.in_a_row_local, self.enforcing_consecutive_local_origin_failure, luck, now);
        }
    }

    fn sweep(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        for host in &mut memory.hosts {
            let length = self.base_ejection_time.saturating_mul(u64::from(host.multiplier)).min(self.longest());
            if host.ejected.is_some_and(|(since, jitter)| now.saturating_since(since) >= length.saturating_add(jitter)) {
                host.come_back(now);
            }
        }
        let external: Vec<Bucket> = memory.hosts.iter_mut().map(|host| std::mem::take(&mut host.external)).collect();
        let local: Vec<Bucket> = memory.hosts.iter_mut().map(|host| std::mem::take(&mut host.local)).collect();
        self.compare(memory, &external, (self.enforcing_success_rate, self.enforcing_failure_percentage), luck, now);
        let enforcing = (self.enforcing_local_origin_success_rate, self.enforcing_failure_percentage_local_origin);
        self.compare(memory, &local, enforcing, luck, now);
        for host in memory.hosts.iter_mut().filter(|host| host.ejected.is_none()) {
            if host.returned.is_none_or(|returned| now.saturating_since(returned) >= self.interval) {
                host.multiplier = host.multiplier.saturating_sub(1);
            }
        }
    }

    /// The two statistics over an interval, with the percentages of their detections that eject.
    fn compare(&self, memory: &mut Memory, buckets: &[Bucket], (by_rate, by_failures): (u32, u32), luck: &Luck<'_>, now: SimTime) {
        let judged = |memory: &Memory, volume: u32| -> Vec<(u32, f64)> {
            let in_choice = memory.hosts.iter().zip(buckets).enumerate().filter(|(_, (host, _))| host.ejected.is_none());
            let enough = in_choice.filter(|(_, (_, bucket))| bucket.all > 0 && bucket.all >= u64::from(volume));
            enough.map(|(replica, (_, bucket))| (replica as u32, bucket.successes as f64 * 100.0 / bucket.all as f64)).collect()
        };
        let rated = judged(memory, self.success_rate_request_volume);
        let counted = judged(memory, self.failure_percentage_request_volume);
        if !rated.is_empty() && rated.len() >= self.success_rate_minimum_hosts as usize {
            let rates: Vec<f64> = rated.iter().map(|(_, rate)| *rate).collect();
            let least = least_rate(&rates, self.success_rate_stdev_factor);
            for (replica, _) in rated.iter().filter(|(_, rate)| *rate < least) {
                self.detected(memory, *replica, by_rate, luck, now);
            }
        }
        if counted.len() >= self.failure_percentage_minimum_hosts as usize {
            for (replica, _) in counted.iter().filter(|(_, rate)| 100.0 - rate >= f64::from(self.failure_percentage_threshold)) {
                if memory.hosts[*replica as usize].ejected.is_none() {
                    self.detected(memory, *replica, by_failures, luck, now);
                }
            }
        }
    }
}

fn next(drawn: &mut u64, luck: &Luck<'_>) -> Draw {
    *drawn += 1;
    luck.nth(*drawn - 1)
}

impl Ejector for Envoy {
    type Shared = Memory;

    fn fresh(&self, replicas: u32, now: SimTime) -> Memory {
        Memory { hosts: vec![Host::default(); replicas as usize], next_sweep: now.saturating_add(self.interval), drawn: 0 }
    }

    fn settle(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        while let Some(due) = due_sweep(&mut memory.next_sweep, self.interval, now, || memory.hosts.iter().all(Host::is_idle)) {
            self.sweep(memory, luck, due);
        }
    }

    fn admits(&self, memory: &Memory, replica: u32, _now: SimTime) -> bool {
        memory.hosts[replica as usize].ejected.is_none()
    }

    fn ended(&self, memory: &mut Memory, tried: &TriedAt, luck: &Luck<'_>, now: SimTime) {
        match seen(tried.outcome) {
            Seen::Nothing => {}
            Seen::Local(_) if self.split_external_local_origin_errors => self.locally(memory, tried.replica, false, luck, now),
            Seen::Local(status) => self.answered(memory, tried.replica, status, luck, now),
            Seen::Answer(status) => {
                if self.split_external_local_origin_errors {
                    self.locally(memory, tried.replica, true, luck, now);
                }
                self.answered(memory, tried.replica, status, luck, now);
            }
        }
    }

    fn checked(&self, memory: &mut Memory, replica: u32, now: SimTime) {
        let host = &mut memory.hosts[replica as usize];
        if self.successful_active_health_check_uneject_host && host.ejected.is_some() {
            host.come_back(now);
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let counts = [
            ("consecutive_5xx", self.consecutive_5xx),
            ("consecutive_gateway_failure", self.consecutive_gateway_failure),
            ("consecutive_local_origin_failure", self.consecutive_local_origin_failure),
        ];
        for (field, _) in counts.into_iter().filter(|(_, count)| *count == 0) {
            complaints.push(complaint(field, "0 failures in a row are no failures; write at least 1, and 0 in the field that enforces it"));
        }
        let percentages = [
            ("enforcing_consecutive_5xx", self.enforcing_consecutive_5xx),
            ("enforcing_consecutive_gateway_failure", self.enforcing_consecutive_gateway_failure),
            ("enforcing_consecutive_local_origin_failure", self.enforcing_consecutive_local_origin_failure),
            ("max_ejection_percent", self.max_ejection_percent),
            ("enforcing_success_rate", self.enforcing_success_rate),
            ("enforcing_local_origin_success_rate", self.enforcing_local_origin_success_rate),
            ("failure_percentage_threshold", self.failure_percentage_threshold),
            ("enforcing_failure_percentage", self.enforcing_failure_percentage),
            ("enforcing_failure_percentage_local_origin", self.enforcing_failure_percentage_local_origin),
        ];
        for (field, percent) in percentages.into_iter().filter(|(_, percent)| *percent > 100) {
            complaints.push(complaint(field, format!("a percentage lies between 0 and 100, not at {percent}")));
        }
        if self.interval.is_zero() {
            complaints.push(complaint("interval", "there must be time between sweeps; write a time such as \"10s\""));
        }
        if self.base_ejection_time.is_zero() {
            complaints.push(complaint("base_ejection_time", "an ejection must last; write a time such as \"30s\""));
        }
        if self.max_ejection_time.is_some_and(|longest| longest < self.base_ejection_time) {
            complaints.push(complaint("max_ejection_time", "the longest ejection is shorter than base_ejection_time, which Envoy refuses"));
        }
        complaints
    }
}
