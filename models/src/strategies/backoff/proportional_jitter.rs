//! Proportional jitter: an exponential wait, give or take a part of it.

use super::numbers::{grown, nanos, shrinking};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Draws uniformly from `[v (1 - ratio), v (1 + ratio))` with `v = min(cap, base * multiplier^(retry - 1))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProportionalJitter {
    /// The mean wait before the first retry.
    pub base: SimDuration,
    /// The mean wait never grows beyond this.
    pub cap: SimDuration,
    /// By how much the mean wait grows from retry to retry, at least 1; 2 unless said.
    #[serde(default = "two")]
    pub multiplier: f64,
    /// How far the wait lies from its mean at most, as a part of it; half unless said.
    #[serde(default = "half")]
    pub ratio: Share,
}

fn two() -> f64 {
    2.0
}

fn half() -> Share {
    Share::percent(50)
}

impl Registered for ProportionalJitter {
    const NAME: &'static str = "ProportionalJitter";
    const SUMMARY: &'static str = "waits an exponential time, give or take a part of it";
}

impl Explained for ProportionalJitter {
    const ABOUT: About = About {
        meaning: "Spreads waits evenly around an exponential wait, by a part of it on both sides. The mean stays that of the wait without jitter.",
        formula: "v = min(cap, base * multiplier^(n - 1)) before retry n; wait = v * (1 - ratio) + U * 2 * ratio * v with U uniform on [0, 1). One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the mean wait before the first retry"),
            parameter("cap", "duration, at least `base`", "required", "the mean wait never grows beyond this"),
            parameter("multiplier", "number, 1 to 1000000", "2", "by how much the mean wait grows from retry to retry"),
            parameter("ratio", "share", "50%", "how far the wait lies from its mean at most, as a part of it"),
        ],
        memory: "Nothing.",
        source: "Textbook. Cenkalti, Resilience4jInterval, Failsafe and Grpc are products that do this, each with roundings and limits of its own.",
        example: "Retry(attempts: 4, backoff: ProportionalJitter(base: \"100ms\", cap: \"2s\", ratio: \"20%\"))",
    };
}

impl Backoff for ProportionalJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let mean = grown(self.base, self.multiplier, asks.retry, self.cap).as_nanos() as f64;
        let ratio = self.ratio.as_f64();
        Wait::For(nanos(mean * (1.0 - ratio) + asks.draw.unit() * 2.0 * ratio * mean))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = check_base_and_cap(self.base, self.cap);
        complaints.extend(shrinking("multiplier", self.multiplier));
        complaints
    }
}
