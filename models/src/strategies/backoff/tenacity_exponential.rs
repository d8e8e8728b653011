//! Tenacity's exponential waits: alone, and as the ceiling of a random wait.
//!
//! Source: jd/tenacity, `tenacity/wait.py` (2026-07): `wait_exponential`, `wait_random_exponential`.

use super::numbers::{complaints, exchanged_if, nanos, or_endless, outside, powered};
use super::{About, Asks, Backoff, Complaint, Explained, Parameter, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `max(min, min(max, multiplier * exp_base^(retry - 1)))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenacityExponential {
    /// What the power is multiplied with.
    pub multiplier: SimDuration,
    /// What is raised to a power.
    pub exp_base: f64,
    /// The wait is never shorter than this.
    pub min: SimDuration,
    /// The wait never grows beyond this; no limit unless said.
    pub max: Option<SimDuration>,
}

/// Draws uniformly from `[min, v)`, where `v` is the wait of [`TenacityExponential`]. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenacityRandomExponential {
    /// What the power is multiplied with.
    pub multiplier: SimDuration,
    /// What is raised to a power.
    pub exp_base: f64,
    /// The shortest wait.
    pub min: SimDuration,
    /// The ceiling never grows beyond this; no limit unless said.
    pub max: Option<SimDuration>,
}

impl Default for TenacityExponential {
    fn default() -> Self {
        Self { multiplier: SimDuration::from_secs(1), exp_base: 2.0, min: SimDuration::ZERO, max: None }
    }
}

impl Default for TenacityRandomExponential {
    fn default() -> Self {
        Self { multiplier: SimDuration::from_secs(1), exp_base: 2.0, min: SimDuration::ZERO, max: None }
    }
}

impl Registered for TenacityExponential {
    const NAME: &'static str = "TenacityExponential";
    const SUMMARY: &'static str = "multiplies the wait from retry to retry between a least and a longest, without jitter (Tenacity)";
}

impl Registered for TenacityRandomExponential {
    const NAME: &'static str = "TenacityRandomExponential";
    const SUMMARY: &'static str = "waits anywhere between a least and an exponential ceiling (Tenacity's full jitter)";
}

const PARAMETERS: &[Parameter] = &[
    parameter("multiplier", "duration", "1s", "what the power is multiplied with"),
    parameter("exp_base", "number, 0 to 1000000", "2", "what is raised to a power"),
    parameter("min", "duration", "0s", "the shortest wait"),
    parameter("max", "duration, at least `min`", "none", "the wait, or its ceiling, never grows beyond this"),
];

impl Explained for TenacityExponential {
    const ABOUT: About = About {
        meaning: "Tenacity's wait_exponential (Python), without jitter and, by default, without a limit.",
        formula: "wait(n) = max(min, min(max, multiplier * exp_base^(n - 1))) before retry n. No draw.",
        parameters: PARAMETERS,
        memory: "Nothing.",
        source: "jd/tenacity, tenacity/wait.py (2026-07): wait_exponential.",
        example: "Retry(attempts: 4, backoff: TenacityExponential(multiplier: \"100ms\", max: \"2s\"))",
    };
}

impl Explained for TenacityRandomExponential {
    const ABOUT: About = About {
        meaning: "Tenacity's wait_random_exponential (Python): full jitter with a least wait.",
        formula: "v = max(min, min(max, multiplier * exp_base^(n - 1))) before retry n; wait = uniform on [min, v). One draw.",
        parameters: PARAMETERS,
        memory: "Nothing.",
        source: "jd/tenacity, tenacity/wait.py (2026-07): wait_random_exponential.",
        example: "Retry(attempts: 4, backoff: TenacityRandomExponential(multiplier: \"100ms\", max: \"2s\"))",
    };
}

/// The wait without jitter.
fn ceiling(multiplier: SimDuration, exp_base: f64, min: SimDuration, max: Option<SimDuration>, retry: u32) -> SimDuration {
    nanos(powered(multiplier, exp_base, retry)).min(or_endless(max)).max(min)
}

fn check(exp_base: f64, min: SimDuration, max: Option<SimDuration>) -> Vec<Complaint> {
    complaints([outside("exp_base", exp_base, 0.0, 1e6), exchanged_if("min", min, "max", max)])
}

impl Backoff for TenacityExponential {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(ceiling(self.multiplier, self.exp_base, self.min, self.max, asks.retry))
    }

    fn check(&self) -> Vec<Complaint> {
        check(self.exp_base, self.min, self.max)
    }
}

impl Backoff for TenacityRandomExponential {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(asks.draw.between(self.min, ceiling(self.multiplier, self.exp_base, self.min, self.max, asks.retry)))
    }

    fn check(&self) -> Vec<Complaint> {
        check(self.exp_base, self.min, self.max)
    }
}
