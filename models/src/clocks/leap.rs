//! Leap: a leap second, as a step or smeared.

use super::{ClockKind, Parts, Steps};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::SignedDuration;

/// The wall clock loses a second at this instant (`by: "-1s"`, an inserted leap second, which the clock shows twice) or
/// gains one. With `smear` it does so evenly over that time instead, beginning at `at`: 24 hours from noon to noon is what
/// public time servers do. Timers do not notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leap {
    /// When, in true time.
    pub at: SimDuration,
    /// `"-1s"` for an inserted second (all so far were), `"1s"` for one left out.
    #[serde(default = "inserted")]
    pub by: SignedDuration,
    /// Over how long it is spread; at once unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smear: Option<SimDuration>,
}

const fn inserted() -> SignedDuration {
    SignedDuration::from_nanos(-1_000_000_000)
}

impl Registered for Leap {
    const NAME: &'static str = "Leap";
    const SUMMARY: &'static str = "the wall clock meets a leap second, at once or smeared over hours";
}

impl ClockKind for Leap {
    fn add_to(&self, parts: &mut Parts) {
        let at = SimTime::ZERO.saturating_add(self.at);
        parts.steps.push(match self.smear {
            None => Steps::Jump { at, by: self.by.as_nanos() },
            Some(over) => Steps::Smear { at, over, by: self.by.as_nanos() },
        });
    }

    fn check(&self) -> Vec<Complaint> {
        let second = SimDuration::from_secs(1);
        let mut complaints = Vec::new();
        if self.by.magnitude() != second {
            complaints.push(complaint("by", format!("a leap second is \"-1s\" or \"1s\", not {}; Jump makes other steps", self.by)));
        }
        if self.smear.is_some_and(|over| over < second + second) {
            complaints.push(complaint("smear", "a second is smeared over at least two, such as \"24h\"; leave `smear` out for a step"));
        }
        complaints
    }
}
