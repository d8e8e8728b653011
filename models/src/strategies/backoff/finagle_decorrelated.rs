//! Finagle's decorrelated jitter, which never shrinks: each wait is at least the wait before.
//!
//! Source: twitter/finagle, `Backoff.scala` (2024-10): `Backoff.decorrelatedJittered`.

use super::numbers::{complaints, exchanged, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `start`, then draws from `[previous, min(maximum, 3 * previous))`. Consumes one draw; the first wait none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleDecorrelated {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// The longest wait, exclusive.
    pub maximum: SimDuration,
}

impl Registered for FinagleDecorrelated {
    const NAME: &'static str = "FinagleDecorrelated";
    const SUMMARY: &'static str = "waits between the wait before and three times that, so that waits never shrink (Finagle)";
}

impl Explained for FinagleDecorrelated {
    const ABOUT: About = About {
        meaning: "What Finagle calls decorrelated jitter. The lower end of the draw is the wait before, not the start: waits never shrink, and creep up to the maximum.",
        formula: "wait(1) = start; wait = uniform on [previous, 3 * previous), or on [previous, maximum) once previous >= maximum / 3 (whole nanoseconds). One draw; the first wait makes none, and a start equal to the maximum never makes one.",
        parameters: &[
            parameter("start", "duration, above zero", "required", "the wait before the first retry"),
            parameter("maximum", "duration, at least `start`", "required", "the longest wait, exclusive"),
        ],
        memory: "The wait before: 8 bytes for each call.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.decorrelatedJittered.",
        example: "Retry(attempts: 4, backoff: FinagleDecorrelated(start: \"100ms\", maximum: \"10s\"))",
    };
}

impl Backoff for FinagleDecorrelated {
    /// The wait before.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.start
    }

    fn wait(&self, previous: &mut SimDuration, asks: &Asks) -> Wait {
        if asks.retry > 1 {
            let ceiling = if *previous >= self.maximum / 3 { self.maximum } else { previous.saturating_mul(3) };
            *previous = asks.draw.between(*previous, ceiling);
        }
        Wait::For(*previous)
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("start", self.start), exchanged("start", self.start, "maximum", self.maximum)])
    }
}
