//! Leaky bucket: calls wait in a queue that is drained at a fixed rate.
//!
//! Source: textbook definition, the bucket as a queue (J. Turner, "New directions in communications", 1986, describes it as a meter).

use super::{check_rate, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

/// Calls pass one by one at `rate`; up to `queue` of them wait for their turn, further ones are turned back at once. Remembers 24
/// bytes per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyBucket {
    /// How many calls pass in a time, at equal distances while calls wait.
    pub rate: Rate,
    /// How many calls may wait, at most 1,000,000.
    pub queue: u32,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

/// What a leaky bucket remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// What has not run out yet, in [parts](Rate::PARTS) of a call.
    parts: u128,
    at: SimTime,
}

impl Registered for LeakyBucket {
    const NAME: &'static str = "LeakyBucket";
    const SUMMARY: &'static str = "lets calls pass one by one at a rate; a few wait for their turn, the others are turned back";
}

impl Explained for LeakyBucket {
    const ABOUT: About = About {
        meaning: "A rate limiter that smooths: bursts are spread out at the rate instead of passing together, at the price of waiting.",
        formula: "level = max(0, level - rate * time since the last call), starting at 0. A call is turned back if level > queue; otherwise it \
                  waits level / rate, rounded up to a nanosecond, and level grows by 1. A call that gives up while it waits keeps its turn. \
                  No draws.",
        parameters: &[
            parameter("rate", "rate, such as \"100/s\"", "required", "how many calls pass in a time"),
            parameter("queue", "number, 0 to 1000000", "required", "how many calls may wait"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "24 bytes per scope, for the whole run.",
        source: "textbook definition, the bucket as a queue",
        example: "RateLimiter(LeakyBucket(rate: \"100/s\", queue: 50, per: Process))",
    };
}

impl LeakyBucket {
    fn drained(&self, level: Level, now: SimTime) -> Level {
        let gone = self.rate.parts_in(now.saturating_since(level.at));
        Level { parts: level.parts.saturating_sub(gone), at: now.max(level.at) }
    }
}

impl Gate for LeakyBucket {
    type Shared = Level;

    fn fresh(&self, now: SimTime) -> Level {
        Level { parts: 0, at: now }
    }

    fn ask(&self, level: &mut Level, _draw: Draw, now: SimTime) -> Pass {
        *level = self.drained(*level, now);
        if level.parts > u128::from(self.queue) * Rate::PARTS {
            return Pass::Refused(SimDuration::ZERO);
        }
        let wait = self.rate.time_for(level.parts);
        level.parts += Rate::PARTS;
        if wait.is_zero() { Pass::Now } else { Pass::After(wait) }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, level: &mut Level, now: SimTime) -> (&'static str, f64) {
        ("calls in the bucket", self.drained(*level, now).parts as f64 / Rate::PARTS as f64)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = check_rate(self.rate).into_iter().collect();
        if self.queue > 1_000_000 {
            complaints.push(complaint("queue", format!("at most 1000000 calls may wait, not {}", self.queue)));
        }
        complaints
    }
}
