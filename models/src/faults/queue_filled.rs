//! Queue filled: something else takes places in the queue of a node.
//!
//! The places are taken as soon as they are free; requests that wait when the fault begins keep theirs. What takes the places
//! is never worked on.

use super::target::Part;
use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Something else takes places in the queue of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueFilled {
    /// The node: a service (all its replicas) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many places are taken at each node; all of them unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<u32>,
    /// Or which share of them, rounded to the nearest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

impl QueueFilled {
    const fn part(&self) -> Part {
        Part { count: self.places, share: self.share }
    }
}

impl Registered for QueueFilled {
    const NAME: &'static str = "QueueFilled";
    const SUMMARY: &'static str = "something else takes all or some places in the queue of a node";
}

impl Fault for QueueFilled {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Places in the queue are taken by something else that is never worked on. A request that finds all workers busy and no place left is \
                  refused at once. Requests that wait already keep their places.",
        in_flight: "Messages are not touched.",
        overlap: "Places that are taken add up; no more can be taken than there are.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "whose queue it is"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("places", "number", "all of them", "how many places at each node are taken"),
            parameter("share", "share", "all of them", "which share of them instead"),
        ],
        example: "QueueFilled(node: \"shop[0]\", at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::members_of_services(&self.node, &self.domain, places, |service| {
            if service.queue_limit == u32::MAX {
                let sentence = format!("the queue of `{}` has no limit and is never full; give it one", service.name);
                return Err(complaint("node", sentence));
            }
            Ok(NodeEffect::PlacesTaken(self.part().of("places", service.queue_limit)?))
        })
    }

    fn label(&self) -> String {
        format!("{} in the queue of {} taken", self.part().in_words("places"), target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        self.part().check("places", false)
    }
}
