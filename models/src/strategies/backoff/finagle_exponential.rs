//! Finagle's exponential backoff, whose multiplier is a whole number.
//!
//! Source: twitter/finagle, `Backoff.scala` (2024-10): `Backoff.exponential`.

use super::numbers::or_endless;
use super::{About, Asks, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `start`, then `multiplier` times the wait before, up to `maximum`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleExponential {
    /// The wait before the first retry.
    pub start: SimDuration,
    /// By how much the wait grows from retry to retry.
    pub multiplier: u32,
    /// The wait never grows beyond this; no limit unless said.
    #[serde(default)]
    pub maximum: Option<SimDuration>,
}

impl Registered for FinagleExponential {
    const NAME: &'static str = "FinagleExponential";
    const SUMMARY: &'static str = "multiplies the wait by a whole number from retry to retry, up to a maximum (Finagle)";
}

impl Explained for FinagleExponential {
    const ABOUT: About = About {
        meaning: "Finagle's exponential backoff without jitter. Once the wait before is at least the maximum divided by the multiplier (in whole nanoseconds), all further waits are the maximum.",
        formula: "wait(1) = start; wait(n + 1) = maximum if wait(n) >= maximum / multiplier, else wait(n) * multiplier. A multiplier of 1 gives start for ever, one of 0 start and then 0; otherwise a start >= maximum gives the maximum for ever. No draw.",
        parameters: &[
            parameter("start", "duration", "required", "the wait before the first retry"),
            parameter("multiplier", "whole number", "required", "by how much the wait grows from retry to retry"),
            parameter("maximum", "duration", "none", "the wait never grows beyond this"),
        ],
        memory: "The next wait: 8 bytes for each call.",
        source: "twitter/finagle, Backoff.scala (2024-10): Backoff.exponential.",
        example: "Retry(attempts: 4, backoff: FinagleExponential(start: \"100ms\", multiplier: 2, maximum: \"2s\"))",
    };
}

impl Backoff for FinagleExponential {
    /// The next wait.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        if self.multiplier == 1 { self.start } else { self.start.min(or_endless(self.maximum)) }
    }

    fn wait(&self, next: &mut SimDuration, _asks: &Asks) -> Wait {
        let (wait, maximum) = (*next, or_endless(self.maximum));
        *next = match self.multiplier {
            1 => wait,
            _ if self.start >= maximum => maximum,
            0 => SimDuration::ZERO,
            multiplier if wait >= maximum / u64::from(multiplier) => maximum,
            multiplier => wait.saturating_mul(u64::from(multiplier)),
        };
        Wait::For(wait)
    }
}
