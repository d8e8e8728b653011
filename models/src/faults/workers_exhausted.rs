//! Workers exhausted: something else holds the workers of a node.
//!
//! A batch job, a leak, calls that never return: to the requests of the simulated clients it is the same. A worker is held as
//! soon as it is free; what it works on when the fault begins is finished.

use super::target::Part;
use super::{Explanation, Fault, Names, parameter, target};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Something else holds workers of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkersExhausted {
    /// The node: a service (all its replicas) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many workers are held at each node; all of them unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// Or which share of them, rounded to the nearest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

impl WorkersExhausted {
    const fn part(&self) -> Part {
        Part { count: self.workers, share: self.share }
    }
}

impl Registered for WorkersExhausted {
    const NAME: &'static str = "WorkersExhausted";
    const SUMMARY: &'static str = "something else holds all or some workers of a node";
}

impl Fault for WorkersExhausted {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Workers are held by something else as soon as they are free, until the fault ends. With none left, requests wait in the queue until \
                  it is full, and further ones are refused.",
        in_flight: "Messages are not touched.",
        overlap: "What is held adds up, also with CapacityLoss; no more workers can be held than there are.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "whose workers are held"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("workers", "number", "all of them", "how many workers of each node are held"),
            parameter("share", "share", "all of them", "which share of them instead"),
        ],
        example: "WorkersExhausted(node: \"shop[0]\", at: \"60s\", lasts: \"10s\")",
    };

    super::alike::takes_workers!(false);

    fn label(&self) -> String {
        format!("{} of {} held", self.part().in_words("workers"), target::in_words(&self.node, &self.domain))
    }
}
