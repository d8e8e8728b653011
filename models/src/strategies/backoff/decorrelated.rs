//! Decorrelated jitter: draw between the base and three times the wait before.
//!
//! Source: the simulator of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
//! (`aws-arch-backoff-simulator`); several retellings leave out the minimum with the cap. Waits pile up on the cap.

use super::{Asks, Backoff, Wait, check_base_and_cap};
use crate::registry::{Complaint, Registered};
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
