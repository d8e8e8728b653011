//! Tower: the exponential backoff of the Rust crate `tower`, and that of Linkerd's proxy, which has its rule.
//!
//! Sources: tower-rs/tower, `tower/src/retry/backoff.rs` (2026-02); linkerd/linkerd2-proxy, `linkerd/exp-backoff` (2026-08).

use super::numbers::{complaints, exchanged, exchanged_if, or_endless, outside, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{NANOS_PER_SECOND, SimDuration};

/// Waits `b + min(U * jitter * b, max - b)` with `b = min(min * 2^(retry - 1), max)`. Consumes one draw, with a jitter of 0 none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tower {
    /// The least wait before the first retry.
    pub min: SimDuration,
    /// No wait is longer than this; no limit unless said.
    pub max: Option<SimDuration>,
    /// How much is added at most, as a part of the wait.
    pub jitter: f64,
}

/// Waits by the rule of [`Tower`]. Consumes one draw, with a jitter of 0 none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linkerd {
    /// The least wait before the first retry.
    pub min: SimDuration,
    /// No wait is longer than this.
    pub max: SimDuration,
    /// How much is added at most, as a part of the wait; nothing unless said.
    #[serde(default)]
    pub jitter: f64,
}

impl Default for Tower {
    fn default() -> Self {
        Self { min: SimDuration::from_millis(50), max: None, jitter: 0.99 }
    }
}

impl Registered for Tower {
    const NAME: &'static str = "Tower";
    const SUMMARY: &'static str = "waits a doubling time and up to 99% more, never beyond the longest (the crate tower for Rust)";
}

impl Registered for Linkerd {
    const NAME: &'static str = "Linkerd";
    const SUMMARY: &'static str = "waits a doubling time and up to a part of it more, never beyond the longest (Linkerd's proxy)";
}

const FORMULA: &str = "b(n) = min(min * 2^(n - 1), max) before retry n, the power at most 2^32 - 1; wait = b + min(U * jitter * b, max - b). \
    Whole seconds and the rest of b are multiplied apart and each cut off, so a part of a second is lost where b has whole seconds. One draw; a jitter of 0 makes none.";

impl Explained for Tower {
    const ABOUT: About = About {
        meaning: "The exponential backoff of the crate tower (Rust). Jitter only lengthens a wait, and never beyond the maximum: at the maximum there is none, and callers are in step.",
        formula: FORMULA,
        parameters: &[
            parameter("min", "duration", "50ms", "the least wait before the first retry"),
            parameter("max", "duration, above zero, at least `min`", "none", "no wait is longer than this"),
            parameter("jitter", "number, 0 to 100", "0.99", "how much is added at most, as a part of the wait"),
        ],
        memory: "Nothing.",
        source: "tower-rs/tower, tower/src/retry/backoff.rs (2026-02).",
        example: "Retry(attempts: 4, backoff: Tower(min: \"100ms\", max: \"2s\", jitter: 0.5))",
    };
}

impl Explained for Linkerd {
    const ABOUT: About = About {
        meaning: "The exponential backoff of Linkerd's proxy: the rule of Tower, with bounds that must be given.",
        formula: FORMULA,
        parameters: &[
            parameter("min", "duration", "required", "the least wait before the first retry"),
            parameter("max", "duration, above zero, at least `min`", "required", "no wait is longer than this"),
            parameter("jitter", "number, 0 to 100", "0", "how much is added at most, as a part of the wait"),
        ],
        memory: "Nothing.",
        source: "linkerd/linkerd2-proxy, linkerd/exp-backoff (2026-08).",
        example: "Retry(attempts: 4, backoff: Linkerd(min: \"100ms\", max: \"1s\", jitter: 0.5))",
    };
}

fn wait(min: SimDuration, max: SimDuration, jitter: f64, retry: u32, draw: Draw) -> SimDuration {
    let base = min.saturating_mul(u64::from(2_u32.saturating_pow(retry - 1))).min(max);
    let part = draw.unit() * jitter;
    let (secs, rest) = (base.as_nanos() / NANOS_PER_SECOND, base.as_nanos() % NANOS_PER_SECOND);
    let (secs, rest) = ((secs as f64 * part) as u64, (rest as f64 * part) as u32);
    let added = SimDuration::from_nanos(secs.saturating_mul(NANOS_PER_SECOND).saturating_add(u64::from(rest)));
    base.saturating_add(added.min(max - base))
}

impl Backoff for Tower {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(wait(self.min, or_endless(self.max), self.jitter, asks.retry, asks.draw))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            exchanged_if("min", self.min, "max", self.max),
            self.max.and_then(|max| zero("max", max)),
            outside("jitter", self.jitter, 0.0, 100.0),
        ])
    }
}

impl Backoff for Linkerd {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(wait(self.min, self.max, self.jitter, asks.retry, asks.draw))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([exchanged("min", self.min, "max", self.max), zero("max", self.max), outside("jitter", self.jitter, 0.0, 100.0)])
    }
}
