//! Full jitter: wait anywhere between nothing and the exponential ceiling.
//!
//! Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Its simulator counts the first
//! retry as 1 and so starts at a ceiling of `2 * base`: write twice its base here.

use super::{Asks, Backoff, Wait, check_base_and_cap};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[0, min(cap, base * 2^(retry - 1)))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullJitter {
    /// Ceiling of the wait before the first retry.
    pub base: SimDuration,
    /// The ceiling never grows beyond this.
    pub cap: SimDuration,
}

impl Registered for FullJitter {
    const NAME: &'static str = "FullJitter";
    const SUMMARY: &'static str = "waits anywhere between nothing and an exponential ceiling";
}

impl Backoff for FullJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(asks.draw.below(self.base.doubled(asks.retry - 1).min(self.cap)))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
