//! Exponential: each wait is a multiple of the one before, without randomness, so that callers stay in step.

use super::numbers::{grown, shrinking};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
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

impl Explained for Exponential {
    const ABOUT: About = About {
        meaning: "Multiplies the wait from retry to retry: what stays down is asked ever more rarely. Without jitter, callers that fail together come back together.",
        formula: "wait(n) = min(cap, base * multiplier^(n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the wait before the first retry"),
            parameter("cap", "duration, at least `base`", "required", "the wait never grows beyond this"),
            parameter("multiplier", "number, 1 to 1000000", "2", "by how much the wait grows from retry to retry"),
        ],
        memory: "Nothing.",
        source: "Textbook.",
        example: "Retry(attempts: 4, backoff: Exponential(base: \"100ms\", cap: \"2s\"))",
    };
}

impl Backoff for Exponential {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(grown(self.base, self.multiplier, asks.retry, self.cap))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_base_and_cap(self.base, self.cap);
        complaints.extend(shrinking("multiplier", self.multiplier));
        complaints
    }
}
