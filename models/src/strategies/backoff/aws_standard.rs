//! AwsStandard: the waits of the AWS SDKs' standard retry mode before the rules of 2026.
//!
//! Source: boto/botocore, `retries/standard.py` (2026-08).

use super::numbers::{complaints, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[0, min(2^(retry - 1) seconds, max_backoff))`. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsStandard {
    /// The ceiling never grows beyond this.
    pub max_backoff: SimDuration,
}

impl Default for AwsStandard {
    fn default() -> Self {
        Self { max_backoff: SimDuration::from_secs(20) }
    }
}

impl Registered for AwsStandard {
    const NAME: &'static str = "AwsStandard";
    const SUMMARY: &'static str = "full jitter below 1 s, 2 s, 4 s, up to 20 s (the AWS SDKs' standard mode before 2026)";
}

impl Explained for AwsStandard {
    const ABOUT: About = About {
        meaning: "The waits of the standard (and adaptive) retry mode of the AWS SDKs, as it is without AWS_NEW_RETRIES_2026. The mode makes 3 attempts unless told otherwise, and asks a retry quota first, which is a budget and not part of this formula.",
        formula: "wait = uniform on [0, min(2^(a - 1) s, max_backoff)), a = number of the attempt that failed. One draw.",
        parameters: &[parameter("max_backoff", "duration, above zero", "20s", "the ceiling never grows beyond this")],
        memory: "Nothing.",
        source: "boto/botocore, retries/standard.py (2026-08).",
        example: "Retry(attempts: 3, backoff: AwsStandard())",
    };
}

impl Backoff for AwsStandard {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(asks.draw.below(SimDuration::from_secs(1).doubled(asks.retry - 1).min(self.max_backoff)))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("max_backoff", self.max_backoff)])
    }
}
