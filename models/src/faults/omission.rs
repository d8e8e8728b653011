//! Omission: a node does not send, or does not hear, some of its messages, and knows nothing of it.
//!
//! The classes are those of Hadzilacos and Toueg, "A Modular Approach to Fault-Tolerant Broadcasts", 1994: send omission, receive
//! omission, general omission. Overlapping omissions are independent: each drops its share of what the others leave.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{Effect, MessageEffect, OmissionWay};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// A node omits a share of what it should send or hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omission {
    /// The node: a service or group (all its members) or one of them; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// Whether it omits to send, to receive, or both.
    #[serde(default)]
    pub way: OmissionWay,
    /// How many of the messages; all unless said.
    #[serde(default = "all")]
    pub share: Share,
    /// Only messages from or to these: nodes, services, client populations or domains. All unless said.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub peers: Names,
    /// Only messages of these kinds, such as `request`, `reply`, `cancel` or what a protocol names. All unless said.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub kinds: Names,
}

fn all() -> Share {
    Share::ALL
}

impl Registered for Omission {
    const NAME: &'static str = "Omission";
    const SUMMARY: &'static str = "a node does not send, or does not hear, a share of its messages";
}

impl Fault for Omission {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The node does not send, or does not hear, a share of its messages, perhaps only to or from some peers or of some kinds. Nobody \
                  is told, the node neither.",
        in_flight: "A receive omission strikes what arrives while it is on, whenever it was sent; a send omission what is sent while it is on.",
        overlap: "Omissions are independent: each drops its share of what the others leave.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who omits"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("way", "Send, Receive or Both", "Both", "what it omits"),
            parameter("share", "share", "100%", "how many of the messages"),
            parameter("peers", "node or domain, or a list", "everybody", "only messages from or to these"),
            parameter("kinds", "kind of message, or a list", "all", "only messages of these kinds"),
        ],
        example: "Omission(node: \"shop\", way: Send, share: \"20%\", kinds: \"reply\", at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places);
        let peers = target::everybody("peers", &self.peers, places);
        let kinds: Result<Vec<u8>, Complaint> = self.kinds.0.iter().map(|kind| places.kind("kinds", kind)).collect();
        match (nodes, peers, kinds) {
            (Ok(nodes), Ok(peers), Ok(kinds)) => {
                let omission = crate::environment::Omission { way: self.way, share: self.share, peers, kinds };
                let effect = |node| Effect::Messages(MessageEffect::Omits(node, omission.clone()));
                Ok(nodes.into_iter().map(|node| Member { name: places.name(node).to_owned(), effects: vec![effect(node)] }).collect())
            }
            (nodes, peers, kinds) => {
                let complaints = [nodes.err(), peers.err(), kinds.err().map(|complaint| vec![complaint])];
                Err(complaints.into_iter().flatten().flatten().collect())
            }
        }
    }

    fn weakened(&self, strength: Share) -> Self {
        Self { share: strength.of(self.share), ..self.clone() }
    }

    fn label(&self) -> String {
        let what = match self.way {
            OmissionWay::Send => "send omission",
            OmissionWay::Receive => "receive omission",
            OmissionWay::Both => "omission",
        };
        format!("{what} of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let nothing = self.share == Share::NONE;
        nothing.then(|| complaint("share", "an omission of 0% omits nothing; leave `share` out for all messages")).into_iter().collect()
    }
}
