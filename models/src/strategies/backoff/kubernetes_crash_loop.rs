//! KubernetesCrashLoop: the waits before a kubelet restarts a container that has ended.
//!
//! Source: Kubernetes documentation, "Pod Lifecycle", on `CrashLoopBackOff`.

use super::numbers::{complaints, exchanged, grown, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Does not wait before the first restart, then `min(max, initial * 2^(k - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesCrashLoop {
    /// The wait before the second restart.
    pub initial: SimDuration,
    /// The wait never grows beyond this.
    pub max: SimDuration,
    /// An attempt that ran so long before it failed lets the series begin anew.
    pub reset_after: SimDuration,
}

/// What is remembered of one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrashLoopCall {
    crashes: u32,
    /// When the attempt before began, from the start of the first.
    began: SimDuration,
}

impl Default for KubernetesCrashLoop {
    fn default() -> Self {
        Self { initial: SimDuration::from_secs(10), max: SimDuration::from_secs(300), reset_after: SimDuration::from_secs(600) }
    }
}

impl Registered for KubernetesCrashLoop {
    const NAME: &'static str = "KubernetesCrashLoop";
    const SUMMARY: &'static str =
        "restarts at once, then after 10 s, 20 s, up to 5 min; begins anew after 10 min of running (CrashLoopBackOff)";
}

impl Explained for KubernetesCrashLoop {
    const ABOUT: About = About {
        meaning: "How a kubelet restarts a container that has ended: an attempt is a run of the container. The first restart is immediate; after ten minutes of running the next end counts as the first. Jobs wait 10 s doubling up to 6 min without this exception: write Exponential(base: \"10s\", cap: \"6m\").",
        formula: "wait = 0 after the first end, then min(max, initial * 2^(k - 1)) after the k-th further one; k counts anew if the attempt ran at least (>=) reset_after. No draw.",
        parameters: &[
            parameter("initial", "duration, above zero", "10s", "the wait before the second restart"),
            parameter("max", "duration, at least `initial`", "300s", "the wait never grows beyond this"),
            parameter("reset_after", "duration, above zero", "600s", "an attempt that ran so long lets the series begin anew"),
        ],
        memory: "The number of ends in a row, and when the last attempt began: 16 bytes for each call.",
        source: "Kubernetes documentation, Pod Lifecycle and Jobs.",
        example: "Retry(attempts: \"unlimited\", backoff: KubernetesCrashLoop())",
    };
}

impl Backoff for KubernetesCrashLoop {
    type Call = CrashLoopCall;

    fn fresh(&self) -> CrashLoopCall {
        CrashLoopCall::default()
    }

    fn wait(&self, call: &mut CrashLoopCall, asks: &Asks) -> Wait {
        if asks.elapsed.saturating_sub(call.began) >= self.reset_after {
            call.crashes = 0;
        }
        let wait = if call.crashes == 0 { SimDuration::ZERO } else { grown(self.initial, 2.0, call.crashes, self.max) };
        *call = CrashLoopCall { crashes: call.crashes.saturating_add(1), began: asks.elapsed.saturating_add(wait) };
        Wait::For(wait)
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("initial", self.initial),
            exchanged("initial", self.initial, "max", self.max),
            zero("reset_after", self.reset_after),
        ])
    }
}
