//! Failsafe: the delays of failsafe for Java, where a small draw gives a long wait.
//!
//! Source: failsafe-lib/failsafe, `RetryPolicyExecutor.java` and `RandomDelay.java` (2025-12).

use super::numbers::{complaints, nanos, outside};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits as a retry policy of failsafe does. Consumes one draw with jitter, none without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Failsafe {
    /// The wait before the first retry.
    pub delay: SimDuration,
    /// The wait grows up to this; it does not grow unless said.
    pub max_delay: Option<SimDuration>,
    /// By how much it grows from retry to retry.
    pub delay_factor: f64,
    /// How far a wait lies from its centre at most.
    pub jitter: Option<SimDuration>,
    /// The same as a part of the centre, if `jitter` is not given.
    pub jitter_factor: f64,
    /// Waits are clipped to what is left of this since the first attempt began, and no retry is made after it; no limit unless said.
    pub max_duration: Option<SimDuration>,
}

impl Default for Failsafe {
    fn default() -> Self {
        Self { delay: SimDuration::ZERO, max_delay: None, delay_factor: 2.0, jitter: None, jitter_factor: 0.0, max_duration: None }
    }
}

impl Registered for Failsafe {
    const NAME: &'static str = "Failsafe";
    const SUMMARY: &'static str = "waits as failsafe for Java does: constant or exponential, with absolute or proportional jitter";
}

impl Explained for Failsafe {
    const ABOUT: About = About {
        meaning: "The delays of failsafe (Java). Jitter lies around the delay and is not limited by max_delay; the last wait is clipped to what is left of max_duration. failsafe retries 2 times unless told otherwise: attempts: 3.",
        formula: "d(1) = delay, d(n + 1) = min(max_delay, d(n) * delay_factor) if max_delay is given. wait = d + (1 - 2 U) * jitter, or d * (1 + (1 - 2 U) * jitter_factor), cut off at nanoseconds, then at most max_duration less the time since the first attempt. \
                  Stops if that time exceeds (>) max_duration. One draw with jitter, no draw without; a delay of zero stays zero.",
        parameters: &[
            parameter("delay", "duration", "0s", "the wait before the first retry"),
            parameter("max_delay", "duration, above `delay`", "none", "the wait grows up to this; it does not grow unless this is given"),
            parameter("delay_factor", "number, above 1, to 1000000", "2", "by how much it grows from retry to retry"),
            parameter("jitter", "duration, at most `delay`", "none", "how far a wait lies from its centre at most"),
            parameter("jitter_factor", "number, 0 to 1", "0", "the same as a part of the centre, if `jitter` is not given"),
            parameter("max_duration", "duration", "none", "waits are clipped to what is left of this, and no retry is made after it"),
        ],
        memory: "The delay before, without jitter: 8 bytes for each call.",
        source: "failsafe-lib/failsafe, RetryPolicyExecutor.java (2025-12). Its synchronous calls sleep whole milliseconds; here waits have nanoseconds, as its asynchronous calls do.",
        example: "Retry(attempts: 4, backoff: Failsafe(delay: \"100ms\", max_delay: \"2s\", jitter_factor: 0.25))",
    };
}

impl Backoff for Failsafe {
    /// The delay before, without jitter.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.delay
    }

    fn wait(&self, delay: &mut SimDuration, asks: &Asks) -> Wait {
        if let (Some(max), true) = (self.max_delay, asks.retry > 1) {
            *delay = nanos(delay.as_nanos() as f64 * self.delay_factor).min(max);
        }
        let centre = delay.as_nanos() as f64;
        let sign = 1.0 - asks.draw.unit() * 2.0;
        let wait = match self.jitter {
            _ if delay.is_zero() => SimDuration::ZERO,
            // The addend is cut off towards zero before it is added, which matters below one nanosecond only.
            Some(jitter) => nanos(centre + (sign * jitter.as_nanos() as f64).trunc()),
            None if self.jitter_factor > 0.0 => nanos(centre * (1.0 + sign * self.jitter_factor)),
            None => *delay,
        };
        match self.max_duration {
            Some(most) if asks.elapsed > most => Wait::Stop,
            Some(most) => Wait::For(wait.min(most - asks.elapsed)),
            None => Wait::For(wait),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            self.max_delay
                .filter(|max| *max <= self.delay)
                .map(|max| complaint("max_delay", format!("`max_delay` ({max}) must lie above `delay` ({})", self.delay))),
            (!(self.delay_factor > 1.0 && self.delay_factor <= 1e6))
                .then(|| complaint("delay_factor", format!("`delay_factor` lies above 1 and up to 1000000, not at {}", self.delay_factor))),
            self.jitter
                .filter(|jitter| *jitter > self.delay)
                .map(|jitter| complaint("jitter", format!("`jitter` ({jitter}) must not exceed `delay` ({})", self.delay))),
            outside("jitter_factor", self.jitter_factor, 0.0, 1.0),
            (self.jitter.is_some() && self.jitter_factor > 0.0)
                .then(|| complaint("jitter_factor", "failsafe takes either `jitter` or `jitter_factor`, not both")),
        ])
    }
}
