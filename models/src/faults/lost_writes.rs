//! Lost writes: a disk says that something is safe, and it is not there.
//!
//! The disk acknowledges a sync and part of it never reaches the medium (L. N. Bairavasundaram et al., FAST 2008; firmware with a
//! volatile cache that answers too early does the same).

use super::{Explanation, Fault, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// A share of the writes is acknowledged and never reaches the medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostWrites {
    /// The node: a group whose members write (all of them) or one of them, `"db[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every member in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of the writes are lost.
    pub share: Share,
}

impl Registered for LostWrites {
    const NAME: &'static str = "LostWrites";
    const SUMMARY: &'static str = "a share of the writes to the disk of a member is acknowledged and never reaches the medium";
}

impl Fault for LostWrites {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Of the records that a sync takes to the medium that share never gets there, and the disk says that all is well: the slot holds what it \
                  held before, or nothing. A member finds out when it reads its disk, which it does when it starts again. No checksum tells: what is in the \
                  slot is sound. Records in the page cache are read as they were written until they are synced.",
        in_flight: "What is in the page cache when the fault begins is struck if it is synced while the fault is on. Messages are not touched.",
        overlap: "Several faults are independent of each other. A write that is lost can neither land elsewhere nor rot.",
        parameters: &[
            parameter("node", "group that writes, member, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every member in it"),
            parameter("share", "share, above 0%", "required", "how many of the writes are lost, each drawn apart"),
        ],
        example: "LostWrites(node: \"db[0]\", share: \"1%\", at: \"60s\", lasts: \"30s\")",
    };

    super::alike::strikes_a_share_of_disks!(NodeEffect::DiskLosesWrites);

    fn label(&self) -> String {
        format!("{} of the writes of {} lost", self.share, target::in_words(&self.node, &self.domain))
    }
}
