//! Finagle's equal jitter: the sure half is built from the start, not from the wait before.
//!
//! Source: twitter/finagle, `Backoff.scala` (2024-10): `Backoff.equalJittered`.

use super::numbers::{complaints, exchanged, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `start`, then `h + uniform on [0, h)` with `h = start * 2^(k - 1)`. Consumes one draw; the first wait and the constant maximum none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleEqualJittered {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// The longest wait.
    pub maximum: SimDuration,
}

impl Registered for FinagleEqualJittered {
    const NAME: &'static str = "FinagleEqualJittered";
    const SUMMARY: &'static str = "waits a doubling time and up to as much again, until it stays at the maximum (Finagle's equal jitter)";
}

impl Explained for FinagleEqualJittered {
    const ABOUT: About = About {
        meaning: "Finagle's equal jitter. The first wait is the start exactly, so that callers that fail together make their first retry together; once a sum reaches the maximum, every wait is the maximum exactly.",
        formula: "wait(1) = start; h = start * 2^(k - 1), wait(k + 1) = h + uniform on [0, h), k = 1, 2, ...; once h or the sum reaches the maximum, the maximum for ever. One draw; the first wait and the constant maximum make none.",
        parameters: &[
            parameter("start", "duration, above zero", "required", "the wait before the first retry"),
            parameter("maximum", "duration, at least `start`", "required", "the longest wait"),
        ],
        memory: "Whether the maximum has been reached: 1 byte for each call.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.equalJittered.",
        example: "Retry(attempts: 4, backoff: FinagleEqualJittered(start: \"5s\", maximum: \"300s\"))",
    };
}

impl Backoff for FinagleEqualJittered {
    /// Whether the maximum has been reached.
    type Call = bool;

    fn fresh(&self) -> bool {
        self.start == self.maximum
    }

    fn wait(&self, has_arrived: &mut bool, asks: &Asks) -> Wait {
        if *has_arrived {
            return Wait::For(self.maximum);
        }
        if asks.retry == 1 {
            return Wait::For(self.start);
        }
        let shift = 1_u64 << (asks.retry - 2).min(62);
        let half = if self.start >= self.maximum / shift { self.maximum } else { self.start.saturating_mul(shift) };
        let sum = half.saturating_add(asks.draw.below(half));
        *has_arrived = sum >= self.maximum;
        Wait::For(sum.min(self.maximum))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("start", self.start), exchanged("start", self.start, "maximum", self.maximum)])
    }
}
