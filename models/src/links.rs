//! What does a scenario say about the way between two domains?

use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::units::Share;

/// A way between two failure domains, in both directions unless said; also within one, if both ends are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// One end: a domain.
    pub from: String,
    /// The other end.
    pub to: String,
    /// How long a message travels, each direction drawn apart; at least a nanosecond.
    pub delay: Distribution,
    /// The share of messages that is lost; none unless said.
    #[serde(default)]
    pub loss: Share,
    /// Whether messages travel from `from` to `to` only.
    #[serde(default)]
    pub one_way: bool,
}

impl Link {
    /// Everything wrong with the link as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("delay", self.delay.check()).collect();
        for (field, end) in [("from", &self.from), ("to", &self.to)] {
            if end.is_empty() || end.split('/').any(str::is_empty) {
                complaints.push(complaint(field, "a domain is a name such as \"zone-a\" or \"eu/a/rack1\""));
            }
        }
        complaints
    }
}
