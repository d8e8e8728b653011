//! Decorrelated jitter: draw between the base and three times the wait before.
//!
//! Source: the simulator of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
//! (`aws-arch-backoff-simulator`); several retellings leave out the minimum with the cap. Waits pile up on the cap.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, uniform on [base, 3 * previous))`; the wait before the first retry counts as `base`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decorrelated {
    /// The shortest wait.
    pub base: SimDuration,
    /// The longest wait.
    pub cap: SimDuration,
}

impl Registered for Decorrelated {
    const NAME: &'static str = "Decorrelated";
    const SUMMARY: &'static str = "waits between the base and three times the wait before, up to a cap (the AWS formula)";
}

impl Explained for Decorrelated {
    const ABOUT: About = About {
        meaning: "Does not count retries: the next wait is drawn between the base and three times the last one. Short waits stay possible for ever, and waits pile up on a low cap.",
        formula: "wait = min(cap, uniform on [base, 3 * previous wait)); before the first retry the previous wait counts as base. One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the shortest wait"),
            parameter("cap", "duration, at least `base`", "required", "the longest wait"),
        ],
        memory: "The wait before: 8 bytes for each call.",
        source: "M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015, and its simulator. PollyContribDecorrelated, FinagleDecorrelated and Polly call other formulas by the same name.",
        example: "Retry(attempts: 4, backoff: Decorrelated(base: \"100ms\", cap: \"2s\"))",
    };
}

impl Backoff for Decorrelated {
    /// The wait before.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.base
    }

    fn wait(&self, previous: &mut SimDuration, asks: &Asks) -> Wait {
        *previous = asks.draw.between(self.base, previous.saturating_mul(3)).min(self.cap);
        Wait::For(*previous)
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
