//! Immediate: retry at once, the practice everything else is compared with.

use super::{About, Asks, Backoff, Explained, Registered, Wait};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Does not wait. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immediate {}

impl Registered for Immediate {
    const NAME: &'static str = "Immediate";
    const SUMMARY: &'static str = "retries at once";
}

impl Explained for Immediate {
    const ABOUT: About = About {
        meaning: "Retries as soon as a failure is known. It mends what is over already, such as a lost packet, and multiplies the load on a service that is overloaded or down.",
        formula: "wait = 0 (a nanosecond in a run, so that time passes). No draw.",
        parameters: &[],
        memory: "Nothing.",
        source: "Textbook; the default of many hand-written loops.",
        example: "Retry(attempts: 4, backoff: Immediate())",
    };
}

impl Backoff for Immediate {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), _asks: &Asks) -> Wait {
        Wait::For(SimDuration::ZERO)
    }
}
