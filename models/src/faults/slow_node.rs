//! Slow node: work takes longer, by a constant factor.
//!
//! Work in progress is slowed and sped up from the instant the factor changes. Messages are not touched. Where slow
//! faults of one node overlap, the slowest factor counts.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{NodeEffect, Slowness};
use crate::plan::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// All work at a node takes `factor` times as long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowNode {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// By how much work is slower: 1 to 1,000,000, in thousandths.
    pub factor: f64,
}

impl Registered for SlowNode {
    const NAME: &'static str = "SlowNode";
    const SUMMARY: &'static str = "all work at a node takes longer by a factor";
}

impl Fault for SlowNode {
    const EXPLANATION: Explanation = Explanation {
        meaning: "All work at the node takes `factor` times as long, work in progress included, from the instant the factor changes.",
        in_flight: "Messages are not touched.",
        overlap: "The slowest factor counts.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who is slow"),
            parameter("domain", "domain, or a list", "none", "every server in it is slow"),
            parameter("factor", "number, 1 to 1000000", "required", "how many times as long work takes"),
        ],
        example: "SlowNode(node: \"shop\", factor: 8, at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let slowness = Slowness::from_factor(self.factor);
        target::members(&self.node, &self.domain, places, |_| NodeEffect::Slow(slowness))
    }

    fn weakened(&self, strength: Share) -> Self {
        Self { factor: 1.0 + (self.factor - 1.0) * strength.as_f64(), ..self.clone() }
    }

    fn label(&self) -> String {
        format!("{} {} times slower", target::in_words(&self.node, &self.domain), self.factor)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let possible = (1.0..=1e6).contains(&self.factor);
        let complaint = (!possible).then(|| complaint("factor", format!("a factor lies between 1 and 1000000, not at {}", self.factor)));
        complaint.into_iter().collect()
    }
}
