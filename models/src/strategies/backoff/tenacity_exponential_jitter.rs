//! Tenacity's exponential wait with additive jitter, which cites the guidance of Google Cloud Storage.
//!
//! Source: jd/tenacity, `tenacity/wait.py` (2026-07): `wait_exponential_jitter`.

use super::numbers::{complaints, exchanged_if, nanos, or_endless, outside, powered, scaled_by_draw};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `max(min, min(max, initial * exp_base^(retry - 1) + uniform on [0, jitter)))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenacityExponentialJitter {
    /// The least wait before the first retry.
    pub initial: SimDuration,
    /// What is raised to a power.
    pub exp_base: f64,
    /// How much is added at most.
    pub jitter: SimDuration,
    /// The wait is never shorter than this.
    pub min: SimDuration,
    /// The sum never grows beyond this; no limit unless said.
    pub max: Option<SimDuration>,
}

impl Default for TenacityExponentialJitter {
    fn default() -> Self {
        let second = SimDuration::from_secs(1);
        Self { initial: second, exp_base: 2.0, jitter: second, min: SimDuration::ZERO, max: None }
    }
}

impl Registered for TenacityExponentialJitter {
    const NAME: &'static str = "TenacityExponentialJitter";
    const SUMMARY: &'static str = "adds up to a fixed time to an exponential wait (Tenacity)";
}

impl Explained for TenacityExponentialJitter {
    const ABOUT: About = About {
        meaning: "Tenacity's wait_exponential_jitter (Python): additive jitter, without a limit by default.",
        formula: "wait(n) = max(min, min(max, initial * exp_base^(n - 1) + uniform on [0, jitter))) before retry n. One draw.",
        parameters: &[
            parameter("initial", "duration", "1s", "the least wait before the first retry"),
            parameter("exp_base", "number, 0 to 1000000", "2", "what is raised to a power"),
            parameter("jitter", "duration", "1s", "how much is added at most"),
            parameter("min", "duration", "0s", "the wait is never shorter than this"),
            parameter("max", "duration, at least `min`", "none", "the sum never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "jd/tenacity, tenacity/wait.py (2026-07): wait_exponential_jitter.",
        example: "Retry(attempts: 4, backoff: TenacityExponentialJitter(initial: \"100ms\", jitter: \"50ms\", max: \"2s\"))",
    };
}

impl Backoff for TenacityExponentialJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let sum = powered(self.initial, self.exp_base, asks.retry) + scaled_by_draw(self.jitter.as_nanos() as f64, asks.draw);
        Wait::For(nanos(sum).min(or_endless(self.max)).max(self.min))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([outside("exp_base", self.exp_base, 0.0, 1e6), exchanged_if("min", self.min, "max", self.max)])
    }
}
