//! Resilience4jInterval: the interval functions of Resilience4j, in whole milliseconds.
//!
//! Source: resilience4j/resilience4j, `IntervalFunction.java` and the configuration of retries, master (2026-05).

use super::numbers::{complaints, millis, outside, shrinking, whole_millis};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits as the retry of Resilience4j does. Consumes one draw with a randomized wait, none without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resilience4jInterval {
    /// The interval before the first retry.
    pub wait_duration: SimDuration,
    /// Whether it grows.
    pub enable_exponential_backoff: bool,
    /// By how much it grows from retry to retry.
    pub exponential_backoff_multiplier: f64,
    /// No wait of an exponential backoff is longer than this; no limit unless said.
    pub exponential_max_wait_duration: Option<SimDuration>,
    /// Whether the wait is drawn.
    pub enable_randomized_wait: bool,
    /// How far a drawn wait lies from its interval at most, as a part of it.
    pub randomized_wait_factor: f64,
}

impl Default for Resilience4jInterval {
    fn default() -> Self {
        Self {
            wait_duration: SimDuration::from_millis(500),
            enable_exponential_backoff: false,
            exponential_backoff_multiplier: 1.5,
            exponential_max_wait_duration: None,
            enable_randomized_wait: false,
            randomized_wait_factor: 0.5,
        }
    }
}

impl Registered for Resilience4jInterval {
    const NAME: &'static str = "Resilience4jInterval";
    const SUMMARY: &'static str = "waits as Resilience4j does: constant or exponential, randomized or not, in whole milliseconds";
}

impl Explained for Resilience4jInterval {
    const ABOUT: About = About {
        meaning: "The interval functions of Resilience4j (Java), under the names of its configuration. The limit is applied after the draw, so waits pile up on it. Resilience4j makes 3 attempts unless told otherwise.",
        formula: "interval(1) = wait_duration, interval(n + 1) = interval(n) * multiplier if exponential, in whole milliseconds, cut off at each step. Randomized: lo and hi = interval -+ factor * interval, \
                  wait = max(1, lo + U * (hi - lo + 1)) cut off at milliseconds, one draw; else the interval, no draw. At most exponential_max_wait_duration, if exponential.",
        parameters: &[
            parameter("wait_duration", "duration, at least 1ms", "500ms", "the interval before the first retry"),
            parameter("enable_exponential_backoff", "true or false", "false", "whether it grows"),
            parameter("exponential_backoff_multiplier", "number, 1 to 1000000", "1.5", "by how much it grows from retry to retry"),
            parameter(
                "exponential_max_wait_duration",
                "duration, at least 1ms",
                "none",
                "no wait of an exponential backoff is longer than this",
            ),
            parameter("enable_randomized_wait", "true or false", "false", "whether the wait is drawn"),
            parameter(
                "randomized_wait_factor",
                "number, 0 to 1",
                "0.5",
                "how far a drawn wait lies from its interval at most, as a part of it",
            ),
        ],
        memory: "The next interval: 8 bytes for each call.",
        source: "resilience4j/resilience4j, IntervalFunction.java, master (2026-05).",
        example: "Retry(attempts: 3, backoff: Resilience4jInterval(wait_duration: \"200ms\", enable_exponential_backoff: true, enable_randomized_wait: true))",
    };
}

impl Backoff for Resilience4jInterval {
    /// The next interval in milliseconds.
    type Call = u64;

    fn fresh(&self) -> u64 {
        whole_millis(self.wait_duration)
    }

    fn wait(&self, interval: &mut u64, asks: &Asks) -> Wait {
        let current = *interval as f64;
        let mut wait = *interval;
        if self.enable_randomized_wait {
            let delta = self.randomized_wait_factor * current;
            let (low, high) = (current - delta, current + delta);
            wait = ((low + asks.draw.unit() * (high - low + 1.0)) as u64).max(1);
        }
        if self.enable_exponential_backoff {
            *interval = (current * self.exponential_backoff_multiplier) as u64;
            wait = wait.min(self.exponential_max_wait_duration.map_or(u64::MAX, whole_millis));
        }
        Wait::For(millis(wait))
    }

    fn check(&self) -> Vec<Complaint> {
        let too_short = |field: &str, length: SimDuration| {
            (whole_millis(length) == 0)
                .then(|| complaint(field, format!("Resilience4j refuses a `{field}` of less than a millisecond ({length})")))
        };
        complaints([
            too_short("wait_duration", self.wait_duration),
            shrinking("exponential_backoff_multiplier", self.exponential_backoff_multiplier),
            self.exponential_max_wait_duration.and_then(|max| too_short("exponential_max_wait_duration", max)),
            outside("randomized_wait_factor", self.randomized_wait_factor, 0.0, 1.0),
        ])
    }
}
