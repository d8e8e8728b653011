//! Slow node: work takes longer, by a constant factor.
//!
//! Work in progress is slowed and sped up from the instant the factor changes. Messages are not touched. Where slow
//! faults of one node overlap, the slowest factor counts.

use super::Fault;
use crate::environment::{Effect, Slowness};
use crate::plan::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// All work at a node takes `factor` times as long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowNode {
    /// The node: a service (all its replicas) or one of them, `"checkout[1]"`.
    pub node: String,
    /// By how much work is slower: 1 to 1,000,000, in thousandths.
    pub factor: f64,
    /// When it begins.
    pub at: SimDuration,
    /// How long it lasts; for ever unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<SimDuration>,
}

impl Registered for SlowNode {
    const NAME: &'static str = "SlowNode";
    const SUMMARY: &'static str = "all work at a node takes longer by a factor";
}

impl Fault for SlowNode {
    fn at(&self) -> SimDuration {
        self.at
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn effects(&self, places: &Places<'_>) -> Result<Vec<Effect>, Vec<Complaint>> {
        let slowness = Slowness::from_factor(self.factor);
        let nodes = places.servers("node", &self.node).map_err(|complaint| vec![complaint])?;
        Ok(nodes.into_iter().map(|node| Effect::Slow { node, slowness }).collect())
    }

    fn label(&self) -> String {
        format!("{} {} times slower", self.node, self.factor)
    }

    fn check(&self) -> Vec<Complaint> {
        let possible = (1.0..=1e6).contains(&self.factor);
        let complaint = (!possible).then(|| complaint("factor", format!("a factor lies between 1 and 1000000, not at {}", self.factor)));
        complaint.into_iter().collect()
    }
}
