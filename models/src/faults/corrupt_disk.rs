//! Corrupt disk: records rot where they lie.
//!
//! A record on the medium is no longer what was written (L. N. Bairavasundaram et al., "An Analysis of Data Corruption in the
//! Storage Stack", FAST 2008). Nobody is told: a member finds out when it reads, and only if it compares checksums.

use super::{Explanation, Fault, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// A share of the records on a disk rots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorruptDisk {
    /// The node: a group whose members write (all of them) or one of them, `"db[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every member in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of the records rot.
    pub share: Share,
}

impl Registered for CorruptDisk {
    const NAME: &'static str = "CorruptDisk";
    const SUMMARY: &'static str = "records on the disk of a member rot; a checksum finds out";
}

impl Fault for CorruptDisk {
    const EXPLANATION: Explanation = Explanation {
        meaning: "That share of the records that are on the medium when it begins, and of those that reach it while it is on, is no longer what was \
                  written. What is only in the page cache is sound. Members read their disks when they start again; whether they compare checksums is \
                  their protocol's business. What has rotted stays so until it is written again, also after the fault.",
        in_flight: "Messages, and what members remember, are not touched.",
        overlap: "Several faults are independent of each other: each strikes its share of what the others leave sound.",
        parameters: &[
            parameter("node", "group that writes, member, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every member in it"),
            parameter("share", "share, above 0%", "required", "how many of the records rot, each drawn apart"),
        ],
        example: "CorruptDisk(node: \"db[0]\", share: \"1%\", at: \"60s\", lasts: \"30s\")",
    };

    super::alike::strikes_a_share_of_disks!(NodeEffect::DiskRots);

    fn label(&self) -> String {
        format!("{} of the disk of {} rots", self.share, target::in_words(&self.node, &self.domain))
    }
}
