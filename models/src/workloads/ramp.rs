//! Ramp: the rate of calls grows or falls evenly from one value to another (open load).

use super::course::{Course, Piece, Spaced, Spacing, per_nano};
use super::{ArrivalProcess, Gaps, check_rate};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// A rate that changes evenly over a time; before, it is the first, and afterwards the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Calls per time of the whole population, up to the begin.
    pub from: Rate,
    /// Calls per time of the whole population, from the end on.
    pub to: Rate,
    /// How long it takes.
    pub over: SimDuration,
    /// When it begins; at the start of the run unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub begins: SimDuration,
    /// How calls are spaced while the rate is the same.
    #[serde(default)]
    pub spacing: Spaced,
}

fn is_none(time: &SimDuration) -> bool {
    time.is_zero()
}

impl Registered for Ramp {
    const NAME: &'static str = "Ramp";
    const SUMMARY: &'static str = "open load: the rate grows or falls evenly from one value to another";
}

impl Ramp {
    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        let (from, to) = (per_nano(self.from), per_nano(self.to));
        let level = |begin, rate| Piece { begin, from: rate, to: rate };
        let mut pieces = vec![level(SimDuration::ZERO, from)];
        if self.begins.is_zero() {
            pieces.clear();
        }
        pieces.extend([Piece { begin: self.begins, from, to }, level(self.begins.saturating_add(self.over), to)]);
        ArrivalProcess::Open(Gaps::Course(Box::new(Course::of_pieces(pieces, None, Spacing::new(self.spacing)))))
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.from.is_zero() && self.to.is_zero() {
            complaints.push(complaint("to", "a ramp from zero to zero never calls; leave the population out if that is meant"));
        }
        for (field, rate) in [("from", self.from), ("to", self.to)] {
            complaints.extend(if rate.is_zero() { Vec::new() } else { check_rate(field, rate) });
        }
        if self.over.is_zero() {
            complaints.push(complaint("over", "a ramp takes time, such as \"2m\"; a rate that jumps is Piecewise"));
        }
        complaints
    }
}
