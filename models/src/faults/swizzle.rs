//! Swizzle: nodes are cut off one by one in random order, and healed one by one in another random order.
//!
//! The order of healing differs from that of cutting, which is what finds bugs. Source: the "swizzle-clog" of FoundationDB's
//! simulation (W. Wilson, "Testing Distributed Systems w/ Deterministic Simulation", Strange Loop 2014). Cutting off is as in an
//! [`Isolation`](super::Isolation) of one node.

use super::isolation::both_ways;
use super::partition::severed;
use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, MessageEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Nodes lose the network one after another and get it back in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swizzle {
    /// The nodes: a service or group, or a list of replicas.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// The time between one node and the next, when cutting off and when healing.
    pub step: SimDuration,
}

impl Registered for Swizzle {
    const NAME: &'static str = "Swizzle";
    const SUMMARY: &'static str = "nodes are cut off one by one, and healed one by one in another order";
}

impl Fault for Swizzle {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every `step` one more node is cut off from everybody, its callers included, in an order that the seed draws. When all are, and \
                  `lasts` has passed since the first, they come back every `step` in another order; healing begins no earlier than a step after \
                  the last one was cut off.",
        in_flight: "Messages on the wire to or from a node that would arrive while it is cut off are lost.",
        overlap: "Partitions and isolations unite: a message gets through if none of them parts its ends.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "the nodes"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("step", "duration", "required", "the time between one node and the next"),
        ],
        example: "Swizzle(node: \"shop\", step: \"2s\", at: \"60s\", lasts: \"20s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        let everybody: Vec<_> = places.all().collect();
        Ok(vec![Member { name: self.label(), effects: vec![severed(&nodes, &everybody)] }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let [Effect::Messages(MessageEffect::Severed { from: nodes, to: everybody })] = member.effects.as_slice() else {
            unreachable!("a swizzle knows its nodes and everybody")
        };
        let order = luck.shuffled(nodes);
        let healing = luck.further().shuffled(nodes);
        let all_cut = self.step.saturating_mul(nodes.len() as u64);
        let heals = lasts.unwrap_or_default().max(all_cut);
        let spans = (0..).zip(order).map(|(position, node)| {
            let back = healing.iter().position(|healed| *healed == node).expect("both orders hold all nodes") as u64;
            let others: Vec<_> = everybody.iter().filter(|other| **other != node).copied().collect();
            let until = heals.saturating_add(self.step.saturating_mul(back));
            Span { from: self.step.saturating_mul(position), until: Some(until), effects: both_ways(&[node], &others) }
        });
        spans.collect()
    }

    fn label(&self) -> String {
        format!("swizzle of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.step.is_zero() {
            complaints.push(complaint("step", "the nodes follow each other; write a step such as \"2s\""));
        }
        if timing.pick.is_some() {
            complaints.push(complaint("pick", "a swizzle strikes all its nodes one after another; name fewer of them instead"));
        }
        complaints
    }
}
