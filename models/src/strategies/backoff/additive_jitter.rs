//! Additive jitter: up to so much is added to an exponential wait, and the cap is applied to the sum.
//!
//! Source: the guidance of Google Cloud Storage on truncated exponential backoff, read second-hand in several agreeing texts.

use super::numbers::{complaints, exchanged, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, base * 2^(retry - 1) + uniform on [0, jitter))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdditiveJitter {
    /// The least wait before the first retry.
    pub base: SimDuration,
    /// How much is added at most.
    pub jitter: SimDuration,
    /// The sum never grows beyond this.
    pub cap: SimDuration,
}

impl Default for AdditiveJitter {
    fn default() -> Self {
        Self { base: SimDuration::from_secs(1), jitter: SimDuration::from_secs(1), cap: SimDuration::from_secs(64) }
    }
}

impl Registered for AdditiveJitter {
    const NAME: &'static str = "AdditiveJitter";
    const SUMMARY: &'static str = "adds up to a fixed time to an exponential wait, and caps the sum (Google Cloud guidance)";
}

impl Explained for AdditiveJitter {
    const ABOUT: About = About {
        meaning: "Adds a little, drawn below a fixed time, to an exponential wait. The spread does not grow with the wait, and vanishes at the cap: from there on callers are in step again.",
        formula: "wait(n) = min(cap, base * 2^(n - 1) + uniform on [0, jitter)) before retry n. One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "1s", "the least wait before the first retry"),
            parameter("jitter", "duration", "1s", "how much is added at most"),
            parameter("cap", "duration, at least `base`", "64s", "the sum never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "Google Cloud Storage, guidance on retries: base 1 s, jitter 1 s, cap 32 s or 64 s (second-hand).",
        example: "Retry(attempts: 4, backoff: AdditiveJitter(base: \"100ms\", jitter: \"50ms\", cap: \"2s\"))",
    };
}

impl Backoff for AdditiveJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let sum = self.base.doubled(asks.retry - 1).saturating_add(asks.draw.below(self.jitter));
        Wait::For(sum.min(self.cap))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("base", self.base), exchanged("base", self.base, "cap", self.cap)])
    }
}
