//! Constant: the same wait before every retry.

use super::{About, Asks, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `delay` before every retry. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The wait before every retry.
    pub delay: SimDuration,
}

impl Registered for Constant {
    const NAME: &'static str = "Constant";
    const SUMMARY: &'static str = "waits the same time before every retry";
}

impl Explained for Constant {
    const ABOUT: About = About {
        meaning: "Waits equally long before every retry. Callers that fail together come back together, in waves.",
        formula: "wait = delay. No draw.",
        parameters: &[parameter("delay", "duration", "required", "the wait before every retry")],
        memory: "Nothing.",
        source: "Textbook. Resilience4j waits 500 ms, Polly 2 s, backon 1 s, failsafe (Java) 0 ms unless told otherwise.",
        example: "Retry(attempts: 4, backoff: Constant(delay: \"200ms\"))",
    };
}

impl Backoff for Constant {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), _asks: &Asks) -> Wait {
        Wait::For(self.delay)
    }
}
