//! Clock drift: the clock of a node runs too fast or too slow for a while.
//!
//! A hot room, a stalled virtual machine, a broken oscillator. Both clocks of the node are struck: its timers come early (if it gains)
//! or late (if it loses), those that are pending included, and what it has gained when the fault ends stays.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::clocks::{ClockChange, refuse_rate};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::units::Ppm;

/// The clock of a node gains or loses while the fault is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockDrift {
    /// The node: a service or group (all its members), one of them, or a client population; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Everybody in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How much it gains against the true time (loses, if negative), besides what it does by itself: at most 500000ppm.
    pub rate: Ppm,
}

impl Registered for ClockDrift {
    const NAME: &'static str = "ClockDrift";
    const SUMMARY: &'static str = "the clock of a node runs too fast or too slow: its timers come early or late";
}

impl Fault for ClockDrift {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The clock of the node gains `rate` against the true time, or loses it if negative. Its timers come early or late: those of the \
                  stacks of calls it makes and those of its protocol, pending ones included. What the clock has gained at the end stays.",
        in_flight: "Messages are not touched, and neither is the time that work takes.",
        overlap: "Rates add up, with each other and with what the clock does by itself.",
        parameters: &[
            parameter("node", "service, group, replica, client population, or a list", "required without `domain`", "whose clock it is"),
            parameter("domain", "domain, or a list", "none", "everybody in it"),
            parameter("rate", "ppm or ppb with a sign, at most 500000ppm", "required", "how much the clock gains"),
        ],
        example: "ClockDrift(node: \"shop\", rate: \"50000ppm\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let change = ClockChange { rate: self.rate, ..ClockChange::NONE };
        target::owners_of_clocks(&self.node, &self.domain, places, NodeEffect::Clock(change))
    }

    fn label(&self) -> String {
        format!("clock of {} drifts by {}", target::in_words(&self.node, &self.domain), self.rate)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        if self.rate.parts_per_trillion() == 0 {
            return vec![complaint("rate", "a drift of nothing is no fault; write rate: \"50000ppm\"")];
        }
        refuse_rate("rate", self.rate).into_iter().collect()
    }
}
