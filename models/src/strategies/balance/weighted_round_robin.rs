//! Weighted round robin: turns in proportion to weights, evenly interleaved.
//!
//! Source: Envoy, `RoundRobinLoadBalancer` with unequal weights: earliest deadline first, see `schedule.rs`.

use super::schedule::Schedule;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;

/// Each replica gets turns in proportion to its weight. Remembers 28 bytes per replica and scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedRoundRobin {}

impl Registered for WeightedRoundRobin {
    const NAME: &'static str = "WeightedRoundRobin";
    const SUMMARY: &'static str = "gives replicas turns in proportion to their weights, evenly interleaved";
}

impl Explained for WeightedRoundRobin {
    const ABOUT: About = About {
        meaning: "Round robin for replicas of unequal size: one of weight 2 gets twice as many tries as one of weight 1, and gets them between \
                  those of the others, not in a row.",
        formula: "Earliest deadline first: a deadline starts at 1/weight and grows by 1/weight when its replica is picked; ties go to the entry \
                  inserted earlier, and a picked entry is inserted anew. Weights 2:1 give A,B,A,A,B,A. When the list changes all begin anew, \
                  and (a number drawn once per scope) mod (number of them) turns are passed over. No draw per choice.",
        parameters: &[],
        memory: "28 bytes per replica and scope, for the whole run.",
        source: "Envoy, EdfScheduler and EdfLoadBalancerBase",
        example: "Balance(policy: WeightedRoundRobin())",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    schedule: Schedule,
    offset: u64,
}

impl Balancer for WeightedRoundRobin {
    type Shared = Memory;

    fn fresh(&self, _fleet: &Fleet<'_>, draw: Draw) -> Memory {
        Memory { schedule: Schedule::default(), offset: draw.bits() }
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        let weights = choice.fleet.weights;
        memory.schedule.next(choice.among, memory.offset, |replica| f64::from(weights[replica as usize]))
    }
}
