//! Aws2026: the waits of the AWS SDKs' standard retry mode by the rules of 2026.
//!
//! Source: boto/botocore, `retries/standard.py` with `AWS_NEW_RETRIES_2026` (2026-08).

use super::numbers::{complaints, millis, whole_millis, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use crate::outcome::{Failure, Hint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[0, min(x * 2^(retry - 1), max_backoff))`; `x` depends on service and failure. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws2026 {
    /// Which service is called.
    pub service: AwsService,
    /// The ceiling never grows beyond this.
    pub max_backoff: SimDuration,
}

/// Which service of AWS is called, where retries make a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AwsService {
    /// One of those that all have the same rule.
    #[default]
    Any,
    /// DynamoDB, and its streams.
    DynamoDb,
}

impl Default for Aws2026 {
    fn default() -> Self {
        Self { service: AwsService::Any, max_backoff: SimDuration::from_secs(20) }
    }
}

impl Registered for Aws2026 {
    const NAME: &'static str = "Aws2026";
    const SUMMARY: &'static str =
        "full jitter below 50 ms, 100 ms, 200 ms (1 s, 2 s, 4 s if throttled), up to 20 s (the AWS SDKs' standard mode of 2026)";
}

impl Explained for Aws2026 {
    const ABOUT: About = About {
        meaning: "The waits of the AWS SDKs' standard retry mode with AWS_NEW_RETRIES_2026. Failures that pass by themselves are retried soon, throttling late, and a server that says when to ask again is obeyed within limits. The mode makes 3 attempts (4 to DynamoDB) unless told otherwise; its retry quota is a budget and not part of this formula.",
        formula: "d = uniform on [0, min(x * 2^(a - 1), max_backoff)), a = number of the attempt that failed, x = 1 s if the attempt before failed as `throttled`, else 25 ms to DynamoDB and 50 ms to others. \
                  Told to come back after r whole milliseconds: wait = max(d, min(r, d + 5 s)); else wait = d. One draw.",
        parameters: &[
            parameter("service", "Any, DynamoDb", "Any", "which service is called"),
            parameter("max_backoff", "duration, above zero", "20s", "the ceiling never grows beyond this"),
        ],
        memory: "Nothing.",
        source: "boto/botocore, retries/standard.py with AWS_NEW_RETRIES_2026 (2026-08).",
        example: "Retry(attempts: 4, backoff: Aws2026(service: DynamoDb))",
    };
}

impl Backoff for Aws2026 {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let scale = SimDuration::from_millis(match (asks.failure, self.service) {
            (Failure::Throttled, _) => 1_000,
            (_, AwsService::DynamoDb) => 25,
            (_, AwsService::Any) => 50,
        });
        let drawn = asks.draw.below(scale.doubled(asks.retry - 1).min(self.max_backoff));
        Wait::For(match asks.hint {
            Some(Hint::After(length)) => {
                let told = millis(whole_millis(length));
                drawn.max(told.min(drawn.saturating_add(SimDuration::from_secs(5))))
            }
            // There is no header that says never.
            Some(Hint::Never) | None => drawn,
        })
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([zero("max_backoff", self.max_backoff)])
    }
}
