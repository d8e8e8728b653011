//! Drain: a node takes no new requests and finishes what it has.
//!
//! What a load balancer or an orchestrator does before a node is stopped. Requests that arrive are refused at once; those that
//! are queued or begun are finished and answered, downstream calls included.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// A node refuses new requests and finishes the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for Drain {
    const NAME: &'static str = "Drain";
    const SUMMARY: &'static str = "a node refuses new requests at once and finishes what it has";
}

impl Fault for Drain {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The node refuses requests that arrive, at once, and finishes and answers those it has, queued or begun. A member of a group refuses \
                  every message and keeps its memory.",
        in_flight: "Requests on the wire are refused on arrival. Answers, and answers to its own calls, are not touched.",
        overlap: "It drains as long as one of the faults is on; a crash or a pause comes first.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who drains"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
        ],
        example: "Drain(node: \"shop[0]\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::members(&self.node, &self.domain, places, |_| NodeEffect::Drains)
    }

    fn label(&self) -> String {
        format!("drain of {}", target::in_words(&self.node, &self.domain))
    }
}
