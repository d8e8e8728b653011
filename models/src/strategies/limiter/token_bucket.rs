//! Token bucket: calls take tokens, time brings them.
//!
//! Source: textbook definition; the rule is that of RFC 2697 with one colour.

use super::{check_rate, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

/// A bucket that starts full with `burst` tokens and gains `rate`; a call takes one, or is turned back at once. Remembers 24 bytes
/// per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenBucket {
    /// How many calls pass in the long run.
    pub rate: Rate,
    /// How many may pass at once after a rest, 1 to 1,000,000.
    pub burst: u32,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

/// What a token bucket remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// In [parts](Rate::PARTS) of a token.
    parts: u128,
    at: SimTime,
}

impl Registered for TokenBucket {
    const NAME: &'static str = "TokenBucket";
    const SUMMARY: &'static str = "lets calls pass at a rate, and a burst of them after a rest; turns the others back";
}

impl Explained for TokenBucket {
    const ABOUT: About = About {
        meaning: "The usual rate limiter: time brings tokens, a call takes one, and without a token it fails at once. A caller that was \
                  quiet for a while may make a burst.",
        formula: "tokens = min(burst, tokens + rate * time since the last call), starting at burst; a call passes if tokens >= 1, and takes \
                  1. A call that is turned back takes nothing. Exact in whole parts of a token. No draws.",
        parameters: &[
            parameter("rate", "rate, such as \"100/s\"", "required", "how many calls pass in the long run"),
            parameter("burst", "number, 1 to 1000000", "required", "how many may pass at once after a rest"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "24 bytes per scope, for the whole run.",
        source: "textbook definition",
        example: "RateLimiter(TokenBucket(rate: \"100/s\", burst: 10, per: Process))",
    };
}

impl TokenBucket {
    fn full(&self) -> u128 {
        u128::from(self.burst) * Rate::PARTS
    }

    fn refilled(&self, tokens: Tokens, now: SimTime) -> Tokens {
        let gained = self.rate.parts_in(now.saturating_since(tokens.at));
        Tokens { parts: tokens.parts.saturating_add(gained).min(self.full()), at: now.max(tokens.at) }
    }
}

impl Gate for TokenBucket {
    type Shared = Tokens;

    fn fresh(&self, now: SimTime) -> Tokens {
        Tokens { parts: self.full(), at: now }
    }

    fn ask(&self, tokens: &mut Tokens, _draw: Draw, now: SimTime) -> Pass {
        *tokens = self.refilled(*tokens, now);
        match tokens.parts.checked_sub(Rate::PARTS) {
            None => Pass::Refused(SimDuration::ZERO),
            Some(left) => {
                tokens.parts = left;
                Pass::Now
            }
        }
    }

    fn ready_in(&self, tokens: &Tokens, now: SimTime) -> Option<SimDuration> {
        Some(self.rate.time_for(Rate::PARTS.saturating_sub(self.refilled(*tokens, now).parts)))
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, tokens: &mut Tokens, now: SimTime) -> (&'static str, f64) {
        ("tokens", self.refilled(*tokens, now).parts as f64 / Rate::PARTS as f64)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = check_rate(self.rate).into_iter().collect();
        if !(1..=1_000_000).contains(&self.burst) {
            complaints.push(complaint("burst", format!("a burst has 1 to 1000000 calls, not {}", self.burst)));
        }
        complaints
    }
}
