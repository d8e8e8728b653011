//! GaxGo: the backoff of Google's API extensions for Go.
//!
//! Source: googleapis/gax-go, `v2/call_option.go` (2026-07).

use super::numbers::{complaints, nanos, shrinking, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits 1 ns and a draw below the current period. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GaxGo {
    /// The period before the first retry.
    pub initial: SimDuration,
    /// The period never grows beyond this.
    pub max: SimDuration,
    /// By how much the period grows from retry to retry.
    pub multiplier: f64,
}

impl Default for GaxGo {
    fn default() -> Self {
        Self { initial: SimDuration::from_secs(1), max: SimDuration::from_secs(30), multiplier: 2.0 }
    }
}

impl Registered for GaxGo {
    const NAME: &'static str = "GaxGo";
    const SUMMARY: &'static str = "waits anywhere below a growing period, at least a nanosecond (Google API clients for Go)";
}

impl Explained for GaxGo {
    const ABOUT: About = About {
        meaning: "Full jitter as Google's API clients for Go have it. The first period is not held against the maximum.",
        formula: "period(1) = initial, period(n + 1) = min(max, period(n) * multiplier), cut off at nanoseconds; wait(n) = 1 ns + a whole number of nanoseconds uniform on [0, period(n)). One draw.",
        parameters: &[
            parameter("initial", "duration, above zero", "1s", "the period before the first retry"),
            parameter("max", "duration, above zero", "30s", "the period never grows beyond this"),
            parameter("multiplier", "number, 1 to 1000000", "2", "by how much the period grows from retry to retry"),
        ],
        memory: "The period: 8 bytes for each call.",
        source: "googleapis/gax-go, v2/call_option.go (2026-07): Backoff.Pause. The product takes zeros, and a multiplier below 1, for its defaults.",
        example: "Retry(attempts: 4, backoff: GaxGo(initial: \"100ms\", max: \"2s\", multiplier: 1.3))",
    };
}

impl Backoff for GaxGo {
    /// The period of the next wait.
    type Call = SimDuration;

    fn fresh(&self) -> SimDuration {
        self.initial
    }

    fn wait(&self, period: &mut SimDuration, asks: &Asks) -> Wait {
        let wait = SimDuration::NANOSECOND.saturating_add(asks.draw.below(*period));
        *period = nanos(period.as_nanos() as f64 * self.multiplier).min(self.max);
        Wait::For(wait)
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("initial", self.initial), zero("max", self.max), shrinking("multiplier", self.multiplier)])
    }
}
