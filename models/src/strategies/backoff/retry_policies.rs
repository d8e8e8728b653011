//! RetryPolicies: exponential backoff of the Rust crates `retry-policies` and `reqwest-retry`.
//!
//! Source: TrueLayer/retry-policies, `src/policies/exponential_backoff.rs`, and TrueLayer/reqwest-middleware, `reqwest-retry` (2026-05).

use super::numbers::{complaints, exchanged, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits as `ExponentialBackoff` of `retry-policies` does. Consumes one draw, without jitter none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicies {
    /// The interval before the first retry.
    pub min_retry_interval: SimDuration,
    /// No interval is longer than this.
    pub max_retry_interval: SimDuration,
    /// What is raised to a power.
    pub base: u32,
    /// How the wait is drawn from the interval.
    pub jitter: RetryPoliciesJitter,
    /// No retry is decided on so long after the first attempt began; no limit unless said.
    pub max_total_retry_duration: Option<SimDuration>,
}

/// How [`RetryPolicies`] draws a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryPoliciesJitter {
    /// The interval itself.
    None,
    /// Between nothing and the interval.
    #[default]
    Full,
    /// Between half of the shortest interval and the interval.
    Bounded,
}

impl Default for RetryPolicies {
    fn default() -> Self {
        Self {
            min_retry_interval: SimDuration::from_secs(1),
            max_retry_interval: SimDuration::from_secs(30 * 60),
            base: 2,
            jitter: RetryPoliciesJitter::Full,
            max_total_retry_duration: None,
        }
    }
}

impl Registered for RetryPolicies {
    const NAME: &'static str = "RetryPolicies";
    const SUMMARY: &'static str = "waits as the crates retry-policies and reqwest-retry for Rust do, with full or bounded jitter";
}

impl Explained for RetryPolicies {
    const ABOUT: About = About {
        meaning: "The exponential backoff of the crates retry-policies and reqwest-retry (Rust). Bounded jitter keeps a least wait, which is half of the shortest interval and does not grow.",
        formula: "v(n) = min(max_retry_interval, min_retry_interval * min(base^(n - 1), 2^32 - 1)) before retry n. Full: uniform on [0, v); Bounded: uniform on [min_retry_interval / 2, v); one draw. None: v; no draw. \
                  Stops once the time since the first attempt is at least (>=) max_total_retry_duration.",
        parameters: &[
            parameter("min_retry_interval", "duration, above zero", "1s", "the interval before the first retry"),
            parameter("max_retry_interval", "duration, at least `min_retry_interval`", "30m", "no interval is longer than this"),
            parameter("base", "whole number, above zero", "2", "what is raised to a power"),
            parameter("jitter", "None, Full, Bounded", "Full", "how the wait is drawn from the interval"),
            parameter("max_total_retry_duration", "duration", "none", "no retry is decided on so long after the first attempt began"),
        ],
        memory: "Nothing.",
        source: "TrueLayer/retry-policies, src/policies/exponential_backoff.rs; TrueLayer/reqwest-middleware, reqwest-retry (2026-05).",
        example: "Retry(attempts: 4, backoff: RetryPolicies(min_retry_interval: \"100ms\", max_retry_interval: \"2s\", jitter: Bounded))",
    };
}

impl Backoff for RetryPolicies {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        if self.max_total_retry_duration.is_some_and(|most| most <= asks.elapsed) {
            return Wait::Stop;
        }
        let power = self.base.saturating_pow(asks.retry - 1);
        let interval = self.min_retry_interval.saturating_mul(u64::from(power)).min(self.max_retry_interval);
        Wait::For(match self.jitter {
            RetryPoliciesJitter::None => interval,
            RetryPoliciesJitter::Full => asks.draw.below(interval),
            RetryPoliciesJitter::Bounded => asks.draw.between(self.min_retry_interval / 2, interval),
        })
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("min_retry_interval", self.min_retry_interval),
            exchanged("min_retry_interval", self.min_retry_interval, "max_retry_interval", self.max_retry_interval),
            (self.base == 0).then(|| complaint("base", "a `base` of 0 lets the second wait vanish; 2 doubles, 1 keeps the wait")),
        ])
    }
}
