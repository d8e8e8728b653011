//! RateLimiter: a layer that lets so many calls pass in a time.

use super::gate::{AtGate, gate_layer};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::limiter::{AnyLimiter, LimiterMemory};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};

/// Lets what is inside begin only at the rate of a limiter: some calls wait, and those that would wait too long fail with `limited`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimiter(
    /// Which.
    pub AnyLimiter,
);

impl Registered for RateLimiter {
    const NAME: &'static str = "RateLimiter";
    const SUMMARY: &'static str = "lets so many calls pass in a time; others wait or fail";
}

impl Explained for RateLimiter {
    const ABOUT: About = About {
        meaning: "Lets so many calls pass in a time, whatever becomes of them.",
        formula: "The limiter is asked when a flight begins: it passes, waits for its time, or fails with limited, at once or, where the \
                  product does so, after the wait that it was allowed. One draw per flight, which only some limiters look at.",
        parameters: &[parameter("(one value)", "a limiter", "required", "which (stormglass list limiters)")],
        memory: "What the limiter remembers, per scope.",
        source: "see the limiters.",
        example: "RateLimiter(TokenBucket(rate: \"100/s\", burst: 10))",
    };
}

gate_layer!(RateLimiter, LimiterMemory);
