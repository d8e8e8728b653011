//! Clock step: the wall clock of a node is moved, and moved back when the fault ends.
//!
//! Somebody sets a clock wrongly, a virtual machine wakes up, a time source lies; ended by somebody who sets it right. Timers are not
//! touched: they go by the monotonic clock, which knows no steps. So only protocols that read wall clocks notice.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::clocks::{ClockChange, refuse_nothing};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::units::SignedDuration;

/// The wall clock of a node is moved by so much while the fault is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockStep {
    /// The node: a service or group (all its members), one of them, or a client population; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Everybody in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// By how much; backwards if negative.
    pub by: SignedDuration,
}

impl Registered for ClockStep {
    const NAME: &'static str = "ClockStep";
    const SUMMARY: &'static str = "the wall clock of a node is moved, and moved back at the end";
}

impl Fault for ClockStep {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The wall clock of the node is moved by `by`, forwards or backwards, and back when the fault ends. Timers go by the monotonic \
                  clock and are not touched: only protocols that read wall clocks notice.",
        in_flight: "Messages are not touched.",
        overlap: "Steps add up, and each is taken back by itself.",
        parameters: &[
            parameter("node", "service, group, replica, client population, or a list", "required without `domain`", "whose clock is moved"),
            parameter("domain", "domain, or a list", "none", "everybody in it"),
            parameter("by", "duration with a sign", "required", "by how much"),
        ],
        example: "ClockStep(node: \"shop\", by: \"-3s\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let change = ClockChange { step: self.by, ..ClockChange::NONE };
        target::owners_of_clocks(&self.node, &self.domain, places, NodeEffect::Clock(change))
    }

    fn label(&self) -> String {
        format!("clock of {} moved by {}", target::in_words(&self.node, &self.domain), self.by)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        refuse_nothing("by", self.by).into_iter().collect()
    }
}
