//! Random walk: a clock whose drift wanders.

use super::parts::refuse_rate;
use super::{ClockKind, Parts, Walk};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Ppm;

/// The drift begins at none and changes after every `step` by a normal number with standard deviation `sd`, but never
/// leaves plus or minus `limit`. The n-th change of a node belongs to the node and to n alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomWalk {
    /// How often the drift changes, in true time; at least a millisecond.
    pub step: SimDuration,
    /// By how much, in the standard deviation.
    pub sd: Ppm,
    /// How far it may go, in either direction.
    pub limit: Ppm,
}

impl Registered for RandomWalk {
    const NAME: &'static str = "RandomWalk";
    const SUMMARY: &'static str = "the drift of the clock wanders, step by step, within a limit";
}

impl ClockKind for RandomWalk {
    fn add_to(&self, parts: &mut Parts) {
        parts.walk = Some(Walk { step: self.step, sd: self.sd.parts_per_trillion(), limit: self.limit.parts_per_trillion() });
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = refuse_rate("limit", self.limit).into_iter().collect();
        if self.step < SimDuration::from_millis(1) {
            complaints
                .push(complaint("step", format!("a drift that changes every {} takes too much work; the shortest step is 1ms", self.step)));
        }
        for (field, value) in [("sd", self.sd), ("limit", self.limit)] {
            if value.parts_per_trillion() < 0 {
                complaints.push(complaint(field, format!("{value} is negative; write how far it goes in either direction")));
            }
        }
        complaints
    }
}
