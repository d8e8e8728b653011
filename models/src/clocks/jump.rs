//! Jump: a wall clock that is set to something else at one instant.

use super::{ClockKind, Parts, Steps};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::SignedDuration;

/// The wall clock goes forwards by `by` at this instant, or backwards if `by` is negative, and stays there. Timers do not
/// notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jump {
    /// When, from the start of the run, in true time.
    pub at: SimDuration,
    /// How far forwards.
    pub by: SignedDuration,
}

impl Registered for Jump {
    const NAME: &'static str = "Jump";
    const SUMMARY: &'static str = "the wall clock is set forwards or backwards at one instant";
}

impl ClockKind for Jump {
    fn add_to(&self, parts: &mut Parts) {
        parts.steps.push(Steps::Jump { at: SimTime::ZERO.saturating_add(self.at), by: self.by.as_nanos() });
    }

    fn check(&self) -> Vec<Complaint> {
        super::parts::refuse_nothing("by", self.by).into_iter().collect()
    }
}
