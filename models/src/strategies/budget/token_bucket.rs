//! Token bucket: first tries fill it a little, retries empty it.
//!
//! Source: M. Brooker, "Fixing retries with token buckets and circuit breakers", 2022, and its simulator, which adds the
//! deposit for every first try (the text says: for every success) and asks for *more* than the cost before a retry.

use super::{Budget, Paid};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use sim_core::units::Share;

/// A bucket that starts full with `capacity` tokens. Each call adds `deposit` of a token, up to the capacity; a retry
/// costs one token and needs more than one to be there. In the long run at most `deposit` retries per call are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenBucket {
    /// The most tokens there can be, and how many there are at first; 1 to 1,000,000.
    pub capacity: u32,
    /// The part of a token that every call adds, above 0 %.
    pub deposit: Share,
    /// By whom the bucket is shared: each client its own, unless said.
    #[serde(default = "client")]
    pub per: Scope,
}

fn client() -> Scope {
    Scope::Client
}

const TOKEN: u64 = 1_000_000_000_000;

impl Registered for TokenBucket {
    const NAME: &'static str = "TokenBucket";
    const SUMMARY: &'static str = "allows retries in proportion to calls: each call adds part of a token, each retry costs one";
}

impl Explained for TokenBucket {
    const ABOUT: About = About {
        meaning: "The retry budget of the textbooks: calls fill a bucket a little, retries empty it. Failures here and there are retried \
                  from what has been saved; in an outage retries fall to the share that calls deposit.",
        formula: "The bucket starts full. Every call adds deposit of a token before its first attempt, up to capacity. A retry is allowed if \
                  the tokens > 1, and takes 1. No draws.",
        parameters: &[
            parameter("capacity", "number, 1 to 1000000", "required", "tokens at first and at most"),
            parameter("deposit", "share, above 0%", "required", "the part of a token that every call adds"),
            parameter("per", "Client, Process, Edge, Endpoint", "Client", "by whom it is shared"),
        ],
        memory: "8 bytes per scope, for the whole run.",
        source: "M. Brooker, \"Fixing retries with token buckets and circuit breakers\", 2022, and its simulator",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: TokenBucket(capacity: 100, deposit: \"10%\", per: Process))",
    };
}

impl TokenBucket {
    fn full(&self) -> u64 {
        u64::from(self.capacity) * TOKEN
    }

    fn take(tokens: &mut u64) -> bool {
        let allowed = *tokens > TOKEN;
        if allowed {
            *tokens -= TOKEN;
        }
        allowed
    }
}

impl Budget for TokenBucket {
    /// Tokens in parts of 10^12, so that sums are exact.
    type Shared = u64;

    fn fresh(&self, _now: SimTime) -> u64 {
        self.full()
    }

    fn call_started(&self, tokens: &mut u64, _now: SimTime) {
        *tokens = (*tokens + self.deposit.parts()).min(self.full());
    }

    fn allows(&self, tokens: &mut u64, _paid: &mut Paid, _asks: &Asks, _now: SimTime) -> bool {
        Self::take(tokens)
    }

    fn left(&self, tokens: &u64, _now: SimTime) -> f64 {
        *tokens as f64 / TOKEN as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000_000).contains(&self.capacity) {
            complaints.push(complaint("capacity", format!("a capacity lies between 1 and 1000000 tokens, not at {}", self.capacity)));
        }
        if self.deposit.parts() == 0 {
            complaints.push(complaint(
                "deposit",
                "a bucket that is never filled allows no retry in the long run; write a deposit such as \"10%\"",
            ));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_of_five_allows_four_retries_at_once_because_more_than_one_token_must_be_there() {
        let bucket = TokenBucket { capacity: 5, deposit: "10%".parse().expect("a share"), per: Scope::Client };
        let mut tokens = bucket.fresh(SimTime::ZERO);
        let allowed = (0..10).filter(|_| TokenBucket::take(&mut tokens)).count();
        assert_eq!(allowed, 4);
    }

    #[test]
    fn in_the_long_run_a_tenth_of_the_calls_may_retry() {
        let bucket = TokenBucket { capacity: 5, deposit: "10%".parse().expect("a share"), per: Scope::Client };
        let mut tokens = bucket.fresh(SimTime::ZERO);
        let mut allowed = 0;
        for _ in 0..10_000 {
            bucket.call_started(&mut tokens, SimTime::ZERO);
            allowed += u32::from(TokenBucket::take(&mut tokens));
        }
        assert!((1_000..=1_005).contains(&allowed), "{allowed} retries");
    }
}
