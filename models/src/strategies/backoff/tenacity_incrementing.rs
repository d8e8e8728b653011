//! Tenacity's incrementing wait.
//!
//! Source: jd/tenacity, `tenacity/wait.py` (2026-07): `wait_incrementing`.

use super::numbers::or_endless;
use super::{About, Asks, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(max, start + increment * (retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenacityIncrementing {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// By how much each wait is longer than the one before.
    pub increment: SimDuration,
    /// The wait never grows beyond this; no limit unless said.
    pub max: Option<SimDuration>,
}

impl Default for TenacityIncrementing {
    fn default() -> Self {
        Self { start: SimDuration::ZERO, increment: SimDuration::from_secs(100), max: None }
    }
}

impl Registered for TenacityIncrementing {
    const NAME: &'static str = "TenacityIncrementing";
    const SUMMARY: &'static str = "waits longer by the same increment from retry to retry (Tenacity)";
}

impl Explained for TenacityIncrementing {
    const ABOUT: About = About {
        meaning: "Tenacity's wait_incrementing (Python). Mind its defaults: the first retry is made at once, and the second waits 100 seconds.",
        formula: "wait(n) = min(max, start + increment * (n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("start", "duration", "0s", "the wait before the first retry"),
            parameter("increment", "duration", "100s", "by how much each wait is longer than the one before"),
            parameter("max", "duration", "none", "the wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "jd/tenacity, tenacity/wait.py (2026-07): wait_incrementing.",
        example: "Retry(attempts: 4, backoff: TenacityIncrementing(start: \"100ms\", increment: \"200ms\", max: \"1s\"))",
    };
}

impl Backoff for TenacityIncrementing {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let wait = self.start.saturating_add(self.increment.saturating_mul(u64::from(asks.retry - 1)));
        Wait::For(wait.min(or_endless(self.max)))
    }
}
