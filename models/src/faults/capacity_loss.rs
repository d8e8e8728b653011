//! Capacity loss: a node has fewer workers.
//!
//! A worker that is busy is taken away when it is done with its request (or gives it back to wait for a downstream call); one
//! that is free, at once. When the fault ends, the workers are back and take what waits.

use super::target::Part;
use super::{Explanation, Fault, Names, parameter, target};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Some workers of a node are gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityLoss {
    /// The node: a service (all its replicas) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many workers are gone at each node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// Or which share of them, rounded to the nearest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

impl CapacityLoss {
    const fn part(&self) -> Part {
        Part { count: self.workers, share: self.share }
    }
}

impl Registered for CapacityLoss {
    const NAME: &'static str = "CapacityLoss";
    const SUMMARY: &'static str = "a node has fewer workers; running work finishes";
}

impl Fault for CapacityLoss {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Workers are taken away: free ones at once, busy ones when they are done. They are back when the fault ends. With no worker left, \
                  requests wait in the queue.",
        in_flight: "Messages are not touched.",
        overlap: "The losses add up, also with WorkersExhausted; a node can lose no more workers than it has.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "who loses workers"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("workers", "number", "required without `share`", "how many workers each node loses"),
            parameter("share", "share", "required without `workers`", "which share of them instead"),
        ],
        example: "CapacityLoss(node: \"shop\", share: \"50%\", at: \"60s\", lasts: \"30s\")",
    };

    super::alike::takes_workers!(true);

    fn label(&self) -> String {
        format!("{} of {} lost", self.part().in_words("workers"), target::in_words(&self.node, &self.domain))
    }
}
