//! Linear: each wait is longer than the one before by the same step.

use super::numbers::{complaints, exchanged_if, or_endless, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, base + step * (retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// The wait before the first retry.
    pub base: SimDuration,
    /// By how much each wait is longer than the one before; `base` unless said.
    #[serde(default)]
    pub step: Option<SimDuration>,
    /// The wait never grows beyond this; no limit unless said.
    #[serde(default)]
    pub cap: Option<SimDuration>,
}

impl Registered for Linear {
    const NAME: &'static str = "Linear";
    const SUMMARY: &'static str = "waits longer by the same step from retry to retry, without jitter";
}

impl Explained for Linear {
    const ABOUT: About = About {
        meaning: "Waits longer by the same step from retry to retry: gentler than exponential growth, and as much in step with others that failed at the same time.",
        formula: "wait(n) = min(cap, base + step * (n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the wait before the first retry"),
            parameter("step", "duration", "`base`", "by how much each wait is longer than the one before"),
            parameter("cap", "duration, at least `base`", "none", "the wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "Textbook; with step = base it is Polly's linear backoff.",
        example: "Retry(attempts: 4, backoff: Linear(base: \"100ms\", cap: \"1s\"))",
    };
}

impl Backoff for Linear {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let step = self.step.unwrap_or(self.base);
        let wait = self.base.saturating_add(step.saturating_mul(u64::from(asks.retry - 1)));
        Wait::For(wait.min(or_endless(self.cap)))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("base", self.base), exchanged_if("base", self.base, "cap", self.cap)])
    }
}
