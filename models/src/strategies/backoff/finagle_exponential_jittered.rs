//! Finagle's exponential backoff with jitter, which compounds: each wait is drawn below a multiple of the wait before.
//!
//! Source: twitter/finagle, `Backoff.scala` (2024-10): `Backoff.exponentialJittered`.

use super::numbers::{complaints, exchanged, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `start`, then draws wait k + 1 below `2^k` times wait k. Consumes one draw; the first wait and the constant maximum none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleExponentialJittered {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// The longest wait.
    pub maximum: SimDuration,
}

impl Registered for FinagleExponentialJittered {
    const NAME: &'static str = "FinagleExponentialJittered";
    const SUMMARY: &'static str = "draws each wait below a growing multiple of the wait before (Finagle's full jitter)";
}

impl Explained for FinagleExponentialJittered {
    const ABOUT: About = About {
        meaning: "What Finagle calls full jitter. It compounds: a short draw makes the waits after it shorter, too. Once the ceiling reaches the maximum, every wait is the maximum exactly, and callers are in step again.",
        formula: "wait(1) = start; wait(k + 1) = uniform on [0, wait(k) * 2^k), k = 1, 2, ... up to 62; once wait(k) >= maximum / 2^k (whole nanoseconds), the maximum for ever. One draw; the first wait and the constant maximum make none.",
        parameters: &[
            parameter("start", "duration, above zero", "required", "the wait before the first retry"),
            parameter("maximum", "duration, at least `start`", "required", "the longest wait"),
        ],
        memory: "The wait before: 8 bytes for each call.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.exponentialJittered.",
        example: "Retry(attempts: 4, backoff: FinagleExponentialJittered(start: \"100ms\", maximum: \"10s\"))",
    };
}

impl Backoff for FinagleExponentialJittered {
    /// The wait before.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.start
    }

    fn wait(&self, previous: &mut SimDuration, asks: &Asks) -> Wait {
        let shift = 1_u64 << (asks.retry - 1).min(62);
        // A draw never reaches the maximum, so that a wait of the maximum is one of those that stay.
        if asks.retry > 1 && *previous != self.maximum {
            let has_arrived = *previous >= self.maximum / shift;
            *previous = if has_arrived { self.maximum } else { asks.draw.below(previous.saturating_mul(shift)) };
        }
        Wait::For(*previous)
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("start", self.start), exchanged("start", self.start, "maximum", self.maximum)])
    }
}
