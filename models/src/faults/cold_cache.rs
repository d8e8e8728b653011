//! Cold cache: all that the caches of an edge keep is lost at one instant.
//!
//! A deploy, a flush, a failover to a cache that has never been asked: everything that was answered from memory goes to the callee
//! until the cache is warm again. What the callee could bear with the cache it may not bear without.

use super::{Explanation, Fault, Member, Timing, parameter};
use crate::environment::Effect;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// The caches of an edge lose everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdCache {
    /// The edge: `"checkout -> catalogue"`.
    pub edge: String,
}

impl Registered for ColdCache {
    const NAME: &'static str = "ColdCache";
    const SUMMARY: &'static str = "the caches of an edge lose everything at one instant";
}

impl Fault for ColdCache {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every `Cache` on the edge, of all who call over it, is empty from this instant on, and fills again by what is asked. An arm \
                  whose edge has no cache does not notice.",
        in_flight: "What is being fetched is kept when it comes.",
        overlap: "An empty cache that is emptied stays empty.",
        parameters: &[parameter("edge", "edge, such as \"checkout -> catalogue\"", "required", "whose caches")],
        example: "ColdCache(edge: \"shoppers -> shop\", at: \"60s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let edge = places.edge("edge", &self.edge).map_err(|complaint| vec![complaint])?;
        Ok(vec![Member { name: self.edge.clone(), effects: vec![Effect::Flush(edge)] }])
    }

    fn lasts_by_itself(&self) -> Option<SimDuration> {
        Some(SimDuration::NANOSECOND)
    }

    fn label(&self) -> String {
        format!("cold cache of {}", self.edge)
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let renewal = timing.renewal.is_some();
        renewal.then(|| complaint("renewal", "a flush needs no repair; write `at`, and `every` if it comes again")).into_iter().collect()
    }
}
