//! Uniform: a wait drawn anew between the same two bounds before every retry.

use super::numbers::{complaints, exchanged};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[min_delay, max_delay)`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The shortest wait; zero unless said.
    #[serde(default)]
    pub min_delay: SimDuration,
    /// The longest wait, exclusive.
    pub max_delay: SimDuration,
}

impl Registered for Uniform {
    const NAME: &'static str = "Uniform";
    const SUMMARY: &'static str = "waits anywhere between the same two bounds before every retry";
}

impl Explained for Uniform {
    const ABOUT: About = About {
        meaning: "Draws each wait between the same two bounds. It pulls callers apart but does not slow them down: a service that stays down is asked as often after an hour as after a second.",
        formula: "wait = uniform on [min_delay, max_delay). One draw.",
        parameters: &[
            parameter("min_delay", "duration", "0s", "the shortest wait"),
            parameter("max_delay", "duration, at least `min_delay`", "required", "the longest wait, exclusive"),
        ],
        memory: "Nothing.",
        source: "Textbook; Tenacity's wait_random and the random delay of failsafe (Java) are of this kind.",
        example: "Retry(attempts: 4, backoff: Uniform(min_delay: \"100ms\", max_delay: \"500ms\"))",
    };
}

impl Backoff for Uniform {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(asks.draw.between(self.min_delay, self.max_delay))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([exchanged("min_delay", self.min_delay, "max_delay", self.max_delay)])
    }
}
