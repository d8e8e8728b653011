//! Disk stall: a disk writes nothing for a while.
//!
//! Writes in progress stop and need the rest of their time when it goes on; those that begin meanwhile wait. Their workers are
//! held. Work of other kinds goes on: a stalled disk is a node that answers health checks.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// A disk writes nothing for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskStall {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for DiskStall {
    const NAME: &'static str = "DiskStall";
    const SUMMARY: &'static str = "writes stop until it ends; workers that write are held";
}

impl Fault for DiskStall {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Nothing is written: a `Write` in progress needs the rest of its time when the fault ends, and one that begins meanwhile waits. The \
                  worker is held. Work of other kinds goes on. The disk of a member of a group does nothing at all; the member itself goes on.",
        in_flight: "Messages are not touched.",
        overlap: "The disk stands still as long as one of the faults is on. A write that begins on a full disk fails all the same.",
        parameters: &[
            parameter("node", "service, group that writes, one of them, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
        ],
        example: "DiskStall(node: \"shop[0]\", at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::owners_of_disks(&self.node, &self.domain, places, true, &NodeEffect::DiskStalled)
    }

    fn label(&self) -> String {
        format!("disk stall of {}", target::in_words(&self.node, &self.domain))
    }
}
