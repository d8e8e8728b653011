//! Hot replica: a share of the attempts at a service goes to one replica, whatever spreads the others.
//!
//! A hot key does this where a key decides who serves it: one customer, one celebrity, one partition. More replicas do not
//! help against it.

use super::{Explanation, Fault, Luck, Member, Span, Timing, parameter, target};
use crate::environment::{Effect, LoadEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A share of the attempts at a service goes to one of its replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotReplica {
    /// The replica: `"shop[1]"`.
    pub node: String,
    /// How many of the attempts at its service go to it, before the others are spread.
    pub share: Share,
}

impl Registered for HotReplica {
    const NAME: &'static str = "HotReplica";
    const SUMMARY: &'static str = "a share of the attempts at a service goes to one of its replicas (a hot key)";
}

impl Fault for HotReplica {
    const EXPLANATION: Explanation = Explanation {
        meaning: "A share of the attempts at the service, retries included, goes to this replica; the others are spread over all replicas as \
                  ever, this one among them. Where the service has parts, that is a share of what may go there. So do requests for one hot key where a key decides who serves it.",
        in_flight: "Attempts that were sent stay where they are.",
        overlap: "The one that began first takes its share of the attempts, the next its share of the rest.",
        parameters: &[
            parameter("node", "replica", "required", "who is hot"),
            parameter("share", "share", "required", "how many of the attempts at its service go to it"),
        ],
        example: "HotReplica(node: \"shop[1]\", share: \"60%\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = places.servers("node", &self.node).map_err(|complaint| vec![complaint])?;
        let one = || {
            vec![complaint("node", format!("which replica is hot? Name one of a service that has several, such as \"{}[0]\"", self.node))]
        };
        let [node] = nodes.as_slice() else { return Err(one()) };
        let (service, replicas) = places.service_of(*node).ok_or_else(one)?;
        if replicas == 1 {
            let sentence = format!("`{}` is the only replica of its service and takes every attempt anyway", places.name(*node));
            return Err(vec![complaint("node", sentence)]);
        }
        let effect = Effect::Load(LoadEffect::Hot { service, node: *node, share: self.share, key: 0 });
        Ok(vec![Member { name: places.name(*node).to_owned(), effects: vec![effect] }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: target::of_strike(member, luck) }]
    }

    fn label(&self) -> String {
        format!("hot key at {}", self.node)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let nothing = self.share.parts() == 0;
        nothing.then(|| complaint("share", "a share of 0 % goes nowhere; remove the fault if that is meant")).into_iter().collect()
    }
}
