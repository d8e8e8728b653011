//! Pool exhausted: something else holds connections of the pools of an edge.
//!
//! A leak that does not give connections back, a report that keeps them for an hour, a batch job of the same process. A pool is a
//! `Bulkhead`: one for each of those that it is shared by (`per`). Its places are taken as soon as they are free; whoever has one keeps it.

use super::target::Part;
use super::{Explanation, Fault, Member, Timing, parameter};
use crate::environment::Effect;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Something else holds connections of the pools of an edge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolExhausted {
    /// The edge: `"checkout -> payments"`.
    pub edge: String,
    /// How many connections of each pool are taken; all of them unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// Or which share of them, rounded to the nearest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

impl PoolExhausted {
    const fn part(&self) -> Part {
        Part { count: self.connections, share: self.share }
    }
}

impl Registered for PoolExhausted {
    const NAME: &'static str = "PoolExhausted";
    const SUMMARY: &'static str = "something else holds all or some connections of the pools of an edge";
}

impl Fault for PoolExhausted {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every `Bulkhead` on the edge, of all who call over it, has so many places fewer: something else holds them, as a leak holds the \
                  connections of a pool. Who finds none waits or is turned away, as that bulkhead does it. When the fault ends, those who wait \
                  are let in, in order. A process that crashes meanwhile comes back to a pool that is short of as many. Threads of a \
                  ThreadPool are taken like connections, idle ones first. It is refused where the edge has no bulkhead, in \
                  any arm.",
        in_flight: "Calls that have been let in keep their places; one that is free is taken before anybody who waits gets it.",
        overlap: "What is taken adds up; no more can be taken than there is.",
        parameters: &[
            parameter("edge", "edge, such as \"checkout -> payments\"", "required", "whose bulkheads"),
            parameter("connections", "number, at least 1", "all of them", "how many places of each are taken"),
            parameter("share", "share", "all of them", "which share of them instead, rounded to the nearest number"),
        ],
        example: "PoolExhausted(edge: \"shoppers -> shop\", share: \"90%\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let edge = places.edge("edge", &self.edge).map_err(|complaint| vec![complaint])?;
        let pools = places.pools(edge);
        if pools.is_empty() {
            let sentence = format!(
                "no connection of `{}` can be taken: its stack has no pool; put one in, such as Bulkhead(Semaphore(max_concurrent_calls: 10))",
                self.edge
            );
            return Err(vec![complaint("edge", sentence)]);
        }
        let mut effects = Vec::new();
        let mut complaints = Vec::new();
        for (pool, size) in pools {
            match self.part().of("connections", size) {
                Ok(taken) => effects.push(Effect::Connections(pool, taken)),
                Err(complaint) => complaints.push(complaint),
            }
        }
        if complaints.is_empty() { Ok(vec![Member { name: self.edge.clone(), effects }]) } else { Err(complaints) }
    }

    fn label(&self) -> String {
        format!("{} of {} taken", self.part().in_words("connections"), self.edge)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        self.part().check("connections", false)
    }
}
