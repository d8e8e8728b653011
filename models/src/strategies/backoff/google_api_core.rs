//! GoogleApiCore: the retry of Google's API clients for Python.
//!
//! Source: googleapis/python-api-core, `google/api_core/retry/retry_base.py`.

use super::numbers::{complaints, nanos, scaled_by_draw, shrinking, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[0, min(current, maximum))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoogleApiCore {
    /// The ceiling before the first retry.
    pub initial: SimDuration,
    /// The ceiling never grows beyond this.
    pub maximum: SimDuration,
    /// By how much the ceiling grows from retry to retry.
    pub multiplier: f64,
    /// No retry begins later than this after the first attempt began; `None` is no limit.
    pub timeout: Option<SimDuration>,
}

impl Default for GoogleApiCore {
    fn default() -> Self {
        Self {
            initial: SimDuration::from_secs(1),
            maximum: SimDuration::from_secs(60),
            multiplier: 2.0,
            timeout: Some(SimDuration::from_secs(120)),
        }
    }
}

impl Registered for GoogleApiCore {
    const NAME: &'static str = "GoogleApiCore";
    const SUMMARY: &'static str = "waits anywhere below a growing ceiling, for two minutes (Google API clients for Python)";
}

impl Explained for GoogleApiCore {
    const ABOUT: About = About {
        meaning: "Full jitter as Google's API clients for Python have it. They watch the time and do not count retries: write attempts: \"unlimited\" for what the product does.",
        formula: "ceiling(1) = min(initial, maximum), ceiling(n + 1) = min(maximum, ceiling(n) * multiplier); wait(n) = uniform on [0, ceiling(n)). Stops if the time since the first attempt and the wait together exceed (>) timeout. One draw.",
        parameters: &[
            parameter("initial", "duration, above zero", "1s", "the ceiling before the first retry"),
            parameter("maximum", "duration, above zero", "60s", "the ceiling never grows beyond this"),
            parameter("multiplier", "number, 1 to 1000000", "2", "by how much the ceiling grows from retry to retry"),
            parameter("timeout", "duration, or None", "120s", "no retry begins later than this after the first attempt began"),
        ],
        memory: "The ceiling: 8 bytes for each call.",
        source: "googleapis/python-api-core, google/api_core/retry/retry_base.py.",
        example: "Retry(attempts: \"unlimited\", backoff: GoogleApiCore(initial: \"100ms\", maximum: \"2s\", timeout: \"10s\"))",
    };
}

impl Backoff for GoogleApiCore {
    /// The ceiling of the next wait, in nanoseconds.
    type Call = f64;

    fn fresh(&self) -> f64 {
        self.initial.min(self.maximum).as_nanos() as f64
    }

    fn wait(&self, ceiling: &mut f64, asks: &Asks) -> Wait {
        let wait = nanos(scaled_by_draw(*ceiling, asks.draw));
        *ceiling = (*ceiling * self.multiplier).min(self.maximum.as_nanos() as f64);
        let is_over = self.timeout.is_some_and(|timeout| asks.elapsed.saturating_add(wait) > timeout);
        if is_over { Wait::Stop } else { Wait::For(wait) }
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("initial", self.initial), zero("maximum", self.maximum), shrinking("multiplier", self.multiplier)])
    }
}
