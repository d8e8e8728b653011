//! Expired certificate: a whole fleet refuses every new request at the same instant.
//!
//! Nothing breaks before the instant and everything after it, on all replicas in all zones together: redundancy is no help
//! against a date. The handshake fails, so the request is never read and no work is done; the caller hears of it after one
//! round trip.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::{Failing, Stage};
use crate::outcome::Failure;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Every new request to the nodes is refused by the handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiredCertificate {
    /// The services (all their replicas) whose certificate expires, or some of their replicas.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in these domains and those inside them.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for ExpiredCertificate {
    const NAME: &'static str = "ExpiredCertificate";
    const SUMMARY: &'static str = "a whole fleet refuses every new request by its handshake until the certificate is renewed";
}

impl Fault for ExpiredCertificate {
    const EXPLANATION: Explanation = Explanation {
        meaning: "From the instant at which the certificate expires until it is renewed, the handshake of every new request to the nodes fails: \
                  its caller hears `refused` after one round trip, and the request is never read.",
        in_flight: "Requests that had arrived before are connected: they go on and are answered. Requests on the wire are refused when they \
                    arrive.",
        overlap: "A node refuses as long as one of them is on, before any error, crash apart: a dead node says nothing of certificates.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "whose certificate expires"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
        ],
        example: "ExpiredCertificate(node: \"shop\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let failing = Failing {
            stage: Stage::Handshake,
            share: Share::percent(100),
            callers: Vec::new(),
            answer: Failure::Refused,
            retry_after: None,
        };
        target::failing(&self.node, &self.domain, places, &failing)
    }

    fn label(&self) -> String {
        format!("expired certificate of {}", target::in_words(&self.node, &self.domain))
    }
}
