//! Exponential: each wait is a multiple of the one before, without randomness, so that callers stay in step.

use super::{Asks, Backoff, Wait, check_base_and_cap};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, base * multiplier^(retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The wait before the first retry.
    pub base: SimDuration,
    /// The wait never grows beyond this.
    pub cap: SimDuration,
    /// By how much the wait grows from retry to retry, at least 1; 2 unless said.
    #[serde(default = "two")]
    pub multiplier: f64,
}

fn two() -> f64 {
    2.0
}

impl Registered for Exponential {
    const NAME: &'static str = "Exponential";
    const SUMMARY: &'static str = "multiplies the wait from retry to retry up to a cap, without jitter";
}

impl Backoff for Exponential {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        // Products only: exact for the usual multipliers, and the same on every machine.
        let cap = self.cap.as_nanos() as f64;
        let mut wait = self.base.as_nanos() as f64;
        for _ in 1..asks.retry {
            wait *= self.multiplier;
            if wait >= cap || self.multiplier <= 1.0 {
                break;
            }
        }
        Wait::For(SimDuration::from_nanos(wait as u64).min(self.cap))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_base_and_cap(self.base, self.cap);
        if !(1.0..=1e6).contains(&self.multiplier) {
            complaints.push(complaint("multiplier", format!("a multiplier lies between 1 and 1000000, not at {}", self.multiplier)));
        }
        complaints
    }
}
