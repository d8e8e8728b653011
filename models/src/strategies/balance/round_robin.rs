//! Round robin: one replica after the other.
//!
//! Source: textbook; the random start is Envoy's, so that the callers of a fleet do not march in step.

use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;

/// Takes the next of the list at each choice, from a random start on. Weights do not count. Remembers 8 bytes per scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRobin {}

impl Registered for RoundRobin {
    const NAME: &'static str = "RoundRobin";
    const SUMMARY: &'static str = "takes one replica after the other, from a random start on";
}

impl Explained for RoundRobin {
    const ABOUT: About = About {
        meaning: "Every replica gets the same number of tries, whatever it does with them: a slow one queues up. Good for equal replicas and \
                  equal calls, and the usual default.",
        formula: "choice i goes to among[(start + i) mod number of them]; start is drawn once per scope, evenly on [0, 2^32). The index runs \
                  on when the list changes. Weights do not count. No draw per choice.",
        parameters: &[],
        memory: "8 bytes per scope, for the whole run.",
        source: "Textbook; random start as in Envoy, RoundRobinLoadBalancer",
        example: "Balance(policy: RoundRobin())",
    };
}

impl Balancer for RoundRobin {
    /// The index of the next choice, before it is wrapped around.
    type Shared = u64;

    fn fresh(&self, _fleet: &Fleet<'_>, draw: Draw) -> u64 {
        draw.index(1 << 32)
    }

    fn pick(&self, next: &mut u64, choice: &Choice<'_>) -> u32 {
        let index = *next % choice.among.len() as u64;
        *next = next.wrapping_add(1);
        choice.among[index as usize]
    }
}
