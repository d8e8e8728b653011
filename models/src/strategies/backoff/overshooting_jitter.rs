//! Overshooting jitter: the formula of many tutorials, which draws up to one and a half times the capped wait.

use super::numbers::nanos;
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Draws uniformly from `[least * v, 3v / 2)` with `v = min(cap, base * 2^(retry - 1))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OvershootingJitter {
    /// The ceiling before the first retry.
    pub base: SimDuration,
    /// The ceiling never grows beyond this; the longest wait is half as long again.
    pub cap: SimDuration,
    /// The shortest wait, as a part of the ceiling; nothing unless said.
    #[serde(default)]
    pub least: Share,
}

impl Registered for OvershootingJitter {
    const NAME: &'static str = "OvershootingJitter";
    const SUMMARY: &'static str =
        "draws up to one and a half times a capped exponential ceiling, so that waits exceed the cap (a formula of tutorials)";
}

impl Explained for OvershootingJitter {
    const ABOUT: About = About {
        meaning: "Draws up to one and a half times the capped exponential wait: the cap bounds the ceiling, not the wait. Some tutorials draw from nothing on, some from half of the ceiling (least: \"50%\"), some from the whole (least: \"100%\").",
        formula: "v = min(cap, base * 2^(n - 1)) before retry n; wait = uniform on [least * v, 1.5 * v). One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the ceiling before the first retry"),
            parameter(
                "cap",
                "duration, at least `base`",
                "required",
                "the ceiling never grows beyond this; the longest wait is half as long again",
            ),
            parameter("least", "share", "0%", "the shortest wait, as a part of the ceiling"),
        ],
        memory: "Nothing.",
        source: "Own name for a formula found in tutorials; no product to match.",
        example: "Retry(attempts: 4, backoff: OvershootingJitter(base: \"100ms\", cap: \"2s\"))",
    };
}

impl Backoff for OvershootingJitter {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let capped = self.base.doubled(asks.retry - 1).min(self.cap);
        let least = nanos(capped.as_nanos() as f64 * self.least.as_f64());
        Wait::For(asks.draw.between(least, capped.saturating_add(capped / 2)))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
