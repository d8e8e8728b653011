//! Equal jitter: half of the exponential wait is certain, the other half is drawn.
//!
//! Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Its simulator counts the first
//! retry as 1 and so starts at `2 * base`: write twice its base here.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[v / 2, v)` with `v = min(cap, base * 2^(retry - 1))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EqualJitter {
    /// The longest wait before the first retry.
    pub base: SimDuration,
    /// The longest wait never grows beyond this.
    pub cap: SimDuration,
}

impl Registered for EqualJitter {
    const NAME: &'static str = "EqualJitter";
    const SUMMARY: &'static str = "waits half of an exponential time, and up to as much again";
}

impl Explained for EqualJitter {
    const ABOUT: About = About {
        meaning: "Half of the exponential wait is certain, the other half is drawn: callers are pulled apart, and none comes back at once.",
        formula: "v = min(cap, base * 2^(n - 1)) before retry n; wait = uniform on [v / 2, v). One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the longest wait before the first retry"),
            parameter("cap", "duration, at least `base`", "required", "the longest wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015; its simulator starts at twice its base.",
        example: "Retry(attempts: 4, backoff: EqualJitter(base: \"100ms\", cap: \"2s\"))",
    };
}

impl Backoff for EqualJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let longest = self.base.doubled(asks.retry - 1).min(self.cap);
        Wait::For(asks.draw.between(longest / 2, longest))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
