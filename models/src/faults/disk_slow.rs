//! Disk slow: writing takes longer, by a constant factor.
//!
//! Writes in progress are slowed and sped up from the instant the factor changes. Work of other kinds is not touched, and
//! faults that slow the node do not touch writing. The disk of a member of a group is slower in all it does.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{NodeEffect, Slowness};
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// Writing takes `factor` times as long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSlow {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// By how much writing is slower: 1 to 1,000,000, in thousandths.
    pub factor: f64,
}

impl Registered for DiskSlow {
    const NAME: &'static str = "DiskSlow";
    const SUMMARY: &'static str = "writing to the disk of a node takes longer by a factor";
}

impl Fault for DiskSlow {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Writing takes `factor` times as long, writes in progress included, from the instant the factor changes. Of a member of a group: everything \
                  that its disk does, syncs above all.",
        in_flight: "Messages are not touched.",
        overlap: "The slowest factor counts; a slow node does not write more slowly.",
        parameters: &[
            parameter("node", "service, group that writes, one of them, or a list", "required without `domain`", "whose disk it is"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("factor", "number, 1 to 1000000", "required", "how many times as long writing takes"),
        ],
        example: "DiskSlow(node: \"shop[0]\", factor: 20, at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let slowness = Slowness::from_factor(self.factor);
        target::owners_of_disks(&self.node, &self.domain, places, true, &NodeEffect::DiskSlow(slowness))
    }

    fn label(&self) -> String {
        format!("disk of {} {} times slower", target::in_words(&self.node, &self.domain), self.factor)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        super::slow_node::check_factor("factor", self.factor).into_iter().collect()
    }
}
