//! Cap, then jitter: the formula of many tutorials, which caps the exponential wait before it adds the jitter.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(cap, base * 2^(retry - 1)) + uniform on [0, jitter)`: up to `cap + jitter`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapThenJitter {
    /// The least wait before the first retry.
    pub base: SimDuration,
    /// The exponential part never grows beyond this; the sum does.
    pub cap: SimDuration,
    /// How much is added at most.
    pub jitter: SimDuration,
}

impl Registered for CapThenJitter {
    const NAME: &'static str = "CapThenJitter";
    const SUMMARY: &'static str =
        "caps an exponential wait first and adds the jitter then, so that waits exceed the cap (a formula of tutorials)";
}

impl Explained for CapThenJitter {
    const ABOUT: About = About {
        meaning: "As AdditiveJitter, but the cap is applied before the jitter is added. Waits exceed the cap, but callers stay apart there, which AdditiveJitter does not achieve.",
        formula: "wait(n) = min(cap, base * 2^(n - 1)) + uniform on [0, jitter) before retry n; at most cap + jitter. One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the least wait before the first retry"),
            parameter("cap", "duration, at least `base`", "required", "the exponential part never grows beyond this; the sum does"),
            parameter("jitter", "duration", "required", "how much is added at most"),
        ],
        memory: "Nothing.",
        source: "Own name for a formula found in tutorials; no product to match.",
        example: "Retry(attempts: 4, backoff: CapThenJitter(base: \"100ms\", cap: \"2s\", jitter: \"100ms\"))",
    };
}

impl Backoff for CapThenJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let capped = self.base.doubled(asks.retry - 1).min(self.cap);
        Wait::For(capped.saturating_add(asks.draw.below(self.jitter)))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
