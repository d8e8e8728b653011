//! Outlier detection as in Envoy: failures in a row, success rates, failure percentages.
//!
//! Source: Envoy, `outlier_detection_impl.cc` and `cluster/v3/outlier_detection.proto` (2026-01). Percentages are whole numbers and
//! the factor counts thousandths, as there, so that a configuration can be copied field by field. Left out: degraded hosts,
//! priorities.

mod detection;

use crate::about::{About, Explained, Parameter, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

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

impl Envoy {
    /// Everything wrong with the numbers as written.
    fn complaints(&self) -> Vec<Complaint> {
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
