//! Stolen CPU: something else takes a share of the processor of a node.
//!
//! A noisy neighbour, a backup, a quota. Work takes 1/(1 - share) times as long: with 75% stolen, four times. It is a
//! [`SlowNode`](super::SlowNode) that is said in another way, and counts as one where faults overlap.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{NodeEffect, Slowness};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// Something else takes a share of the processor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StolenCpu {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How much of the processor is taken: up to 99.99%.
    pub share: Share,
}

/// The greatest share that can be stolen.
const MOST: f64 = 0.9999;

impl Registered for StolenCpu {
    const NAME: &'static str = "StolenCpu";
    const SUMMARY: &'static str = "something else takes a share of the processor of a node";
}

impl Fault for StolenCpu {
    const EXPLANATION: Explanation = Explanation {
        meaning: "All work at the node takes 1 / (1 - share) times as long, work in progress included; writing to the disk does not.",
        in_flight: "Messages are not touched.",
        overlap: "With other faults that slow the node, the slowest counts.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "whose processor it is"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("share", "share, up to 99.99%", "required", "how much of the processor is taken"),
        ],
        example: "StolenCpu(node: \"shop\", share: \"75%\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let slowness = Slowness::from_factor(1.0 / (1.0 - self.share.as_f64().min(MOST)));
        target::members(&self.node, &self.domain, places, |_| NodeEffect::Slow(slowness))
    }

    fn label(&self) -> String {
        format!("{} of the CPU of {} stolen", self.share, target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let share = self.share.as_f64();
        let sentence = "a share above 0% and up to 99.99% can be stolen; for a node that stands still write a Pause";
        (share <= 0.0 || share > MOST).then(|| complaint("share", sentence)).into_iter().collect()
    }
}
