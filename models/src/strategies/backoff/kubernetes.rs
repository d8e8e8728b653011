//! Kubernetes: `wait.Backoff` of its API machinery, which counts steps and ends when it reaches its cap.
//!
//! Source: kubernetes/apimachinery, `pkg/util/wait`; kubernetes/client-go, `util/retry` (2026-07).

use super::numbers::{complaints, nanos, outside, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `d + U * jitter * d`, where `d` is multiplied from step to step. Consumes one draw, with a jitter of 0 none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kubernetes {
    /// The least wait before the first retry.
    pub duration: SimDuration,
    /// By how much it grows from step to step; 0 lets it stay.
    pub factor: f64,
    /// How much is added at most, as a part of the wait.
    pub jitter: f64,
    /// How many attempts there are at most.
    pub steps: u32,
    /// When the wait would grow beyond this, there is no further attempt; no limit unless said.
    pub cap: Option<SimDuration>,
}

/// What is remembered of one call.
#[derive(Clone, Copy, Debug)]
pub struct KubernetesCall {
    duration: SimDuration,
    steps: u32,
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self { duration: SimDuration::from_millis(10), factor: 5.0, jitter: 0.1, steps: 4, cap: None }
    }
}

impl Registered for Kubernetes {
    const NAME: &'static str = "Kubernetes";
    const SUMMARY: &'static str = "waits a growing time and a little more, for a number of steps, and ends at its cap (wait.Backoff)";
}

impl Explained for Kubernetes {
    const ABOUT: About = About {
        meaning: "wait.Backoff of Kubernetes' API machinery, as client-go retries conflicts with it. The cap is an end, not a ceiling: when the next wait would pass it, there is no further attempt. The defaults are retry.DefaultBackoff; retry.DefaultRetry is factor: 1, steps: 5. It counts attempts itself: write attempts: \"unlimited\" for what the product does.",
        formula: "Stops if one step is left. Else: wait = d + U * jitter * d; steps fall by 1; d grows to d * factor (stays, if factor is 0); if d > cap, then d = cap, steps = 0, and there is no further attempt (the product still sleeps this wait; here the call ends at once). One draw; a jitter of 0 makes none.",
        parameters: &[
            parameter("duration", "duration, above zero", "10ms", "the least wait before the first retry"),
            parameter("factor", "number, 0 to 1000000", "5", "by how much it grows from step to step; 0 lets it stay"),
            parameter("jitter", "number, 0 to 1000000", "0.1", "how much is added at most, as a part of the wait"),
            parameter("steps", "whole number, at least 1", "4", "how many attempts there are at most"),
            parameter("cap", "duration, above zero", "none", "when the wait would grow beyond this, there is no further attempt"),
        ],
        memory: "The next wait and the steps that are left: 16 bytes for each call.",
        source: "kubernetes/apimachinery, pkg/util/wait; kubernetes/client-go, util/retry (2026-07).",
        example: "Retry(attempts: \"unlimited\", backoff: Kubernetes(duration: \"100ms\", factor: 2, steps: 6))",
    };
}

impl Backoff for Kubernetes {
    type Call = KubernetesCall;

    fn fresh(&self) -> KubernetesCall {
        KubernetesCall { duration: self.duration, steps: self.steps }
    }

    fn wait(&self, call: &mut KubernetesCall, asks: &Asks) -> Wait {
        if call.steps <= 1 {
            return Wait::Stop;
        }
        let length = call.duration.as_nanos() as f64;
        let added = if self.jitter > 0.0 { nanos(asks.draw.unit() * self.jitter * length) } else { SimDuration::ZERO };
        let wait = call.duration.saturating_add(added);
        call.steps -= 1;
        if self.factor > 0.0 {
            call.duration = nanos(length * self.factor);
        }
        match self.cap {
            Some(cap) if call.duration > cap => {
                *call = KubernetesCall { duration: cap, steps: 0 };
                Wait::StopAfter(wait)
            }
            _ => Wait::For(wait),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("duration", self.duration),
            outside("factor", self.factor, 0.0, 1e6),
            outside("jitter", self.jitter, 0.0, 1e6),
            (self.steps == 0).then(|| complaint("steps", "0 steps never try anything; 1 is a call without retries")),
            self.cap.and_then(|cap| zero("cap", cap)),
        ])
    }
}
