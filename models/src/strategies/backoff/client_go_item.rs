//! ClientGoItem: the limiter of client-go that counts the failures of each item of a work queue.
//!
//! Source: kubernetes/client-go, `util/workqueue` (2026-07).

use super::numbers::{complaints, exchanged, nanos, powered, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(max_delay, base_delay * 2^(retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientGoItem {
    /// The wait before the first retry.
    pub base_delay: SimDuration,
    /// The wait never grows beyond this.
    pub max_delay: SimDuration,
}

impl Default for ClientGoItem {
    fn default() -> Self {
        Self { base_delay: SimDuration::from_millis(5), max_delay: SimDuration::from_secs(1000) }
    }
}

impl Registered for ClientGoItem {
    const NAME: &'static str = "ClientGoItem";
    const SUMMARY: &'static str =
        "doubles the wait of an item from 5 ms up to 1000 s (a work queue of client-go, without its shared bucket)";
}

impl Explained for ClientGoItem {
    const ABOUT: About = About {
        meaning: "How controllers built with client-go put an item that failed back into their work queue. A call is an item; that it succeeds is what Forget is to the product. The default limiter of client-go also has a token bucket (10/s, 100 at once) for all items together and takes the longer of both waits; the bucket is shared by calls and is not part of this formula.",
        formula: "wait(n) = min(max_delay, base_delay * 2^(n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("base_delay", "duration, above zero", "5ms", "the wait before the first retry"),
            parameter("max_delay", "duration, at least `base_delay`", "1000s", "the wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "kubernetes/client-go, util/workqueue (2026-07): the exponential limiter of items.",
        example: "Retry(attempts: \"unlimited\", backoff: ClientGoItem(max_delay: \"30s\"))",
    };
}

impl Backoff for ClientGoItem {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(nanos(powered(self.base_delay, 2.0, asks.retry)).min(self.max_delay))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("base_delay", self.base_delay), exchanged("base_delay", self.base_delay, "max_delay", self.max_delay)])
    }
}
