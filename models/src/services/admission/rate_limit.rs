//! A rate limit at the door: each client, or whoever calls, only so often.
//!
//! Source: own definition, with the limiters of callers (`strategies/limiter`).

use super::{Admission, Answer, Visitor};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::limiter::{AnyLimiter, LimiterMemory};
use crate::strategies::{Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Requests beyond a rate are answered with `throttled`. Remembers what its limiter does for each who has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Which limiter. Its `per` says whose rate it is: of each `Client`, of each `Process` that calls, of everybody who comes over one
    /// `Edge`, or of everybody at this replica (`Endpoint`).
    pub limiter: AnyLimiter,
}

/// The memory of a limiter for each who has come.
pub type Buckets = BTreeMap<u32, LimiterMemory>;

impl Registered for RateLimit {
    const NAME: &'static str = "RateLimit";
    const SUMMARY: &'static str = "each client, or whoever calls, only so often; what is more is throttled";
}

impl Explained for RateLimit {
    const ABOUT: About = About {
        meaning: "A quota at the door of each replica: one client that asks too much is told so (HTTP 429), with the time after which it may come \
                  again, and the others do not notice. With several replicas each counts for itself.",
        formula: "The limiter is asked when a request comes, once for each of whose rate it is; turned back: throttled, with the time until it \
                  would let one pass as a hint where the limiter knows that (TokenBucket, Gcra). per: Client, each client of a population; Process, \
                  each replica that calls, or a whole population; Edge, all callers of one name; Endpoint, everybody. No draws.",
        parameters: &[parameter(
            "limiter",
            "a rate limiter that lets nobody wait",
            "required",
            "which, and per whom (stormglass list limiters)",
        )],
        memory: "at each replica what the limiter remembers, for each who has come.",
        source: "own definition",
        example: "RateLimit(limiter: TokenBucket(rate: \"10/s\", burst: 20, per: Client))",
    };
}

impl Admission for RateLimit {
    type Memory = Buckets;

    fn fresh(&self, _now: SimTime) -> Buckets {
        Buckets::new()
    }

    fn ask(&self, buckets: &mut Buckets, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        let whose = match self.limiter.scope() {
            Scope::Client => visitor.client,
            Scope::Process => visitor.caller,
            Scope::Edge => visitor.edge,
            Scope::Endpoint => 0,
        };
        let memory = buckets.entry(whose).or_insert_with(|| self.limiter.fresh(now));
        match self.limiter.ask(memory, visitor.draw, now) {
            Pass::Now => Answer::Admitted,
            Pass::After(_) | Pass::Refused(_) => Answer::Throttled(self.limiter.ready_in(memory, now)),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("limiter", self.limiter.check()).collect();
        let lets_wait = match &self.limiter {
            AnyLimiter::LeakyBucket(bucket) => bucket.queue > 0,
            AnyLimiter::Resilience4j(limiter) => !limiter.timeout_duration.is_zero(),
            AnyLimiter::TokenBucket(_) | AnyLimiter::Gcra(_) => false,
        };
        if lets_wait {
            let sentence = "nobody waits at the door of a service; write `queue: 0`, or `timeout_duration: \"0s\"`";
            complaints.push(complaint("limiter", sentence));
        }
        complaints
    }
}
