//! Finagle's constant backoff.

use super::{About, Asks, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `start` before every retry. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleConstant {
    /// The wait before every retry.
    pub start: SimDuration,
}

impl Registered for FinagleConstant {
    const NAME: &'static str = "FinagleConstant";
    const SUMMARY: &'static str = "waits the same time before every retry (Finagle)";
}

impl Explained for FinagleConstant {
    const ABOUT: About = About {
        meaning: "Finagle's constant backoff: the same as Constant, under the names of Finagle.",
        formula: "wait = start. No draw.",
        parameters: &[parameter("start", "duration", "required", "the wait before every retry")],
        memory: "Nothing.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.const.",
        example: "Retry(attempts: 4, backoff: FinagleConstant(start: \"200ms\"))",
    };
}

impl Backoff for FinagleConstant {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), _asks: &Asks) -> Wait {
        Wait::For(self.start)
    }
}
