//! AwsLegacy: the waits of botocore's legacy retry mode, which has no limit.
//!
//! Source: boto/botocore, `retryhandler.py` and `data/_retry.json` (2026-08).

use super::{About, Asks, AwsService, Backoff, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[0, 2^(retry - 1) seconds)`; for DynamoDB waits `50 ms * 2^(retry - 1)`. Consumes one draw, for DynamoDB none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsLegacy {
    /// Which service is called.
    pub service: AwsService,
}

impl Registered for AwsLegacy {
    const NAME: &'static str = "AwsLegacy";
    const SUMMARY: &'static str =
        "full jitter below 1 s, 2 s, 4 s and on without a limit; DynamoDB 50 ms doubling without jitter (botocore's legacy mode)";
}

impl Explained for AwsLegacy {
    const ABOUT: About = About {
        meaning: "The waits of botocore's legacy retry mode, its default before the rules of 2026. It makes 5 attempts, 10 to DynamoDB.",
        formula: "wait = uniform on [0, 2^(a - 1) s), a = number of the attempt that failed; one draw. DynamoDb: 50 ms * 2^(a - 1); no draw.",
        parameters: &[parameter("service", "Any, DynamoDb", "Any", "which service is called")],
        memory: "Nothing.",
        source: "boto/botocore, retryhandler.py and data/_retry.json (2026-08).",
        example: "Retry(attempts: 10, backoff: AwsLegacy(service: DynamoDb))",
    };
}

impl Backoff for AwsLegacy {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        Wait::For(match self.service {
            AwsService::Any => asks.draw.below(SimDuration::from_secs(1).doubled(asks.retry - 1)),
            AwsService::DynamoDb => SimDuration::from_millis(50).doubled(asks.retry - 1),
        })
    }
}
