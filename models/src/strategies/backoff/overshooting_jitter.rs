//! Overshooting jitter: the formula of many tutorials, which multiplies the capped wait with a number around 1.

use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, check_base_and_cap, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[v / 2, 3v / 2)` with `v = min(cap, base * 2^(retry - 1))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OvershootingJitter {
    /// The mean wait before the first retry.
    pub base: SimDuration,
    /// The mean wait never grows beyond this; the longest is half as long again.
    pub cap: SimDuration,
}

impl Registered for OvershootingJitter {
    const NAME: &'static str = "OvershootingJitter";
    const SUMMARY: &'static str =
        "multiplies a capped exponential wait by a draw from 0.5 to 1.5, so that waits exceed the cap (a formula of tutorials)";
}

impl Explained for OvershootingJitter {
    const ABOUT: About = About {
        meaning: "Multiplies the capped exponential wait by a number drawn from 0.5 to 1.5. The mean is the wait itself; the cap bounds the mean, not the wait.",
        formula: "v = min(cap, base * 2^(n - 1)) before retry n; wait = uniform on [v / 2, 3v / 2); at most 1.5 * cap. One draw.",
        parameters: &[
            parameter("base", "duration, above zero", "required", "the mean wait before the first retry"),
            parameter(
                "cap",
                "duration, at least `base`",
                "required",
                "the mean wait never grows beyond this; the longest is half as long again",
            ),
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
        Wait::For((capped / 2).saturating_add(asks.draw.below(capped)))
    }

    fn check(&self) -> Vec<Complaint> {
        check_base_and_cap(self.base, self.cap)
    }
}
