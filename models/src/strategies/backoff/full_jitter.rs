//! Full jitter: wait anywhere between nothing and the exponential ceiling.
//!
//! Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Its simulator counts the first
//! retry as 1 and so starts at a ceiling of `2 * base`: write twice its base here.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
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

impl Explained for FullJitter {
    const ABOUT: About = About {
        meaning: "Draws anywhere below an exponential ceiling: the waits of callers that failed together are spread as widely as can be, at the price that some come back nearly at once.",
        formula: "wait(n) = uniform on [0, min(cap, base * 2^(n - 1))) before retry n. One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "ceiling of the wait before the first retry"),
            parameter("cap", "duration, at least `base`", "required", "the ceiling never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015; its simulator starts at twice its base.",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"))",
    };
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
