//! Strobe: a wall clock that jumps there and back, again and again.

use super::{ClockKind, Parts, Steps};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::SignedDuration;

/// From `at` on the wall clock is wrong by `by` for one `period`, right for the next, and so on, until `at + lasts`: the
/// clock "strobe" of fault injectors. Timers do not notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strobe {
    /// When it begins, in true time.
    pub at: SimDuration,
    /// How far the clock is wrong while it is.
    pub by: SignedDuration,
    /// How long it stays on one side.
    pub period: SimDuration,
    /// When it stops; for ever unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<SimDuration>,
}

impl Registered for Strobe {
    const NAME: &'static str = "Strobe";
    const SUMMARY: &'static str = "the wall clock jumps there and back, again and again";
}

impl ClockKind for Strobe {
    fn add_to(&self, parts: &mut Parts) {
        let at = SimTime::ZERO.saturating_add(self.at);
        let end = self.lasts.map_or(SimTime::MAX, |lasts| at.saturating_add(lasts));
        parts.steps.push(Steps::Strobe { at, end, by: self.by.as_nanos(), period: self.period });
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = super::parts::refuse_nothing("by", self.by).into_iter().collect();
        if self.period.is_zero() {
            complaints.push(complaint("period", "a clock that jumps without end at one instant; write a period such as \"10s\""));
        }
        complaints
    }
}
