//! Power of two choices: the less busy of two.
//!
//! Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", 1996; as Finagle and tower do it: two
//! *distinct* nodes.

use super::load::Load;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};

/// Of two distinct replicas drawn evenly, takes the one with fewer tries under way. Remembers 8 bytes per replica and scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerOfTwoChoices {
    /// How old the numbers get before they are looked at again; always looked at unless said. Not of the products.
    #[serde(default)]
    pub stale: SimDuration,
}

impl Registered for PowerOfTwoChoices {
    const NAME: &'static str = "PowerOfTwoChoices";
    const SUMMARY: &'static str = "takes the less busy of two distinct replicas drawn at random";
}

impl Explained for PowerOfTwoChoices {
    const ABOUT: About = About {
        meaning: "Two replicas are drawn, and the one with fewer of the caller's tries under way is taken. That alone brings the busiest of N \
                  from about ln N / ln ln N down to ln ln N, and never sends everybody to the same replica, as looking at all of them does.",
        formula: "a evenly of all, b evenly of the others; b if it has strictly fewer tries under way, else a. One replica is taken without a \
                  choice. Weights do not count. With stale, the numbers are those at the last multiple of stale since the start of the \
                  run. The draw of the choice is expanded into two.",
        parameters: &[parameter("stale", "duration", "0s", "the numbers are looked at only every so often: shows herding")],
        memory: "8 bytes per replica and scope, for the whole run.",
        source: "M. Mitzenmacher, 1996; Finagle, P2C with least loaded; tower, balance::p2c",
        example: "Balance(policy: PowerOfTwoChoices())",
    };
}

impl Balancer for PowerOfTwoChoices {
    type Shared = Memory;

    fn fresh(&self, fleet: &Fleet<'_>, _draw: Draw) -> Memory {
        Memory(Load::idle(fleet.weights.len(), self.stale))
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        memory.0.look(self.stale, choice.now);
        let (a, b) = two_of(choice.among, choice.draw);
        if memory.0.at(b) < memory.0.at(a) { b } else { a }
    }

    fn sent(&self, memory: &mut Memory, replica: u32, now: SimTime) {
        memory.0.sent(replica, self.stale, now);
    }

    fn ended(&self, memory: &mut Memory, replica: u32, _took: SimDuration, _outcome: Option<Outcome>, now: SimTime) {
        memory.0.ended(replica, self.stale, now);
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory(Load);

/// Two of a list, evenly, distinct unless there is only one.
pub(super) fn two_of(among: &[u32], draw: Draw) -> (u32, u32) {
    let count = among.len() as u64;
    let a = draw.further(0).index(count);
    let b = draw.further(1).index(count - 1);
    let b = if b >= a { (b + 1).min(count - 1) } else { b };
    (among[a as usize], among[b as usize])
}
