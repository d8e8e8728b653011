//! Disk full: writes fail.
//!
//! A request whose turn to write has come fails with a server error. Writes in progress have their room and are finished.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// A disk has no room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskFull {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for DiskFull {
    const NAME: &'static str = "DiskFull";
    const SUMMARY: &'static str = "writes fail: requests that would write end in a server error";
}

impl Fault for DiskFull {
    const EXPLANATION: Explanation = Explanation {
        meaning: "A `Write` that begins fails, and its request with it: the caller is answered at once that the server could not (`server error`). \
                  Writes in progress are finished. A member of a group hears of each record that there is no room for it; what it does then its protocol \
                  says. Syncs go on.",
        in_flight: "Messages are not touched.",
        overlap: "The disk is full as long as one of the faults is on, stalled or not.",
        parameters: &[
            parameter("node", "service, group that writes, one of them, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
        ],
        example: "DiskFull(node: \"shop[0]\", at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::owners_of_disks(&self.node, &self.domain, places, true, &NodeEffect::DiskFull)
    }

    fn label(&self) -> String {
        format!("full disk of {}", target::in_words(&self.node, &self.domain))
    }
}
