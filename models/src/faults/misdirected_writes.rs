//! Misdirected writes: a record lands in another slot.
//!
//! The disk writes the right record to the wrong place (L. N. Bairavasundaram et al., FAST 2008): two slots are wrong at once, one that
//! was to be written and one that was not.

use super::{Explanation, Fault, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// A share of the writes lands in another slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MisdirectedWrites {
    /// The node: a group whose members write (all of them) or one of them, `"db[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every member in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of the writes land elsewhere.
    pub share: Share,
}

impl Registered for MisdirectedWrites {
    const NAME: &'static str = "MisdirectedWrites";
    const SUMMARY: &'static str = "a share of the writes to the disk of a member lands in another slot, and destroys what was there";
}

impl Fault for MisdirectedWrites {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Of the records that a sync takes to the medium that share is written to another slot: one of those in use, drawn evenly, or the first behind \
                  them. What was there is gone, and the slot that was meant holds what it held before, or nothing. The record is sound: a checksum over \
                  its content does not tell, only one that knows where the record belongs.",
        in_flight: "What is in the page cache when the fault begins is struck if it is synced while the fault is on. Messages are not touched.",
        overlap: "Several faults are independent of each other. A write that is lost goes nowhere; one that lands elsewhere may rot there.",
        parameters: &[
            parameter("node", "group that writes, member, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every member in it"),
            parameter("share", "share, above 0%", "required", "how many of the writes land elsewhere, each drawn apart"),
        ],
        example: "MisdirectedWrites(node: \"db[0]\", share: \"1%\", at: \"60s\", lasts: \"30s\")",
    };

    super::alike::strikes_a_share_of_disks!(NodeEffect::DiskMisdirects);

    fn label(&self) -> String {
        format!("{} of the writes of {} misdirected", self.share, target::in_words(&self.node, &self.domain))
    }
}
