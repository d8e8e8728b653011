//! Finagle's linear backoff.
//!
//! Source: twitter/finagle, `Backoff.scala` (2024-10): `Backoff.linear`.

use super::numbers::or_endless;
use super::{About, Asks, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(maximum, start + offset * (retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleLinear {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// By how much each wait is longer than the one before.
    pub offset: SimDuration,
    /// The wait never grows beyond this; no limit unless said.
    #[serde(default)]
    pub maximum: Option<SimDuration>,
}

impl Registered for FinagleLinear {
    const NAME: &'static str = "FinagleLinear";
    const SUMMARY: &'static str = "waits longer by the same offset from retry to retry, up to a maximum (Finagle)";
}

impl Explained for FinagleLinear {
    const ABOUT: About = About {
        meaning: "Finagle's linear backoff. A start at or above the maximum gives the maximum from the first wait on; an offset of zero gives the start for ever, even above the maximum.",
        formula: "wait(n) = min(maximum, start + offset * (n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("start", "duration", "required", "the wait before the first retry"),
            parameter("offset", "duration", "required", "by how much each wait is longer than the one before"),
            parameter("maximum", "duration", "none", "the wait never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.linear.",
        example: "Retry(attempts: 4, backoff: FinagleLinear(start: \"100ms\", offset: \"40ms\", maximum: \"1s\"))",
    };
}

impl Backoff for FinagleLinear {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        if self.offset.is_zero() {
            return Wait::For(self.start);
        }
        let wait = self.start.saturating_add(self.offset.saturating_mul(u64::from(asks.retry - 1)));
        Wait::For(wait.min(or_endless(self.maximum)))
    }
}
