//! Misconfiguration: a whole fleet reads a configuration with which it can serve nobody.
//!
//! Configuration goes to all replicas at once, past every zone and every rollout; that is why it takes down what no crash of
//! a machine would. The processes run and answer fast, and every answer is an error.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::{Failing, Stage};
use crate::outcome::Failure;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Every request to the nodes is answered with an error at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misconfiguration {
    /// The services (all their replicas), or some of their replicas.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in these domains and those inside them.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for Misconfiguration {
    const NAME: &'static str = "Misconfiguration";
    const SUMMARY: &'static str = "a whole fleet answers every request with a fast error until its configuration is mended";
}

impl Fault for Misconfiguration {
    const EXPLANATION: Explanation = Explanation {
        meaning: "A wrong configuration reaches all the nodes at the same instant (or within a `stagger`): every request that reaches them is \
                  answered with `server error` at once, without any work. A restart does not help; the end of the fault does.",
        in_flight: "Requests that are queued or worked on go on and are answered as they should.",
        overlap: "A node answers with errors as long as one of them is on. A refused handshake comes before an error.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "whose configuration is wrong"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
        ],
        example: "Misconfiguration(node: \"shop\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let failing = Failing {
            stage: Stage::AtOnce,
            share: Share::percent(100),
            callers: Vec::new(),
            answer: Failure::ServerError,
            retry_after: None,
        };
        target::failing(&self.node, &self.domain, places, &failing)
    }

    fn label(&self) -> String {
        format!("misconfiguration of {}", target::in_words(&self.node, &self.domain))
    }
}
