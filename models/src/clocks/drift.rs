//! Drift: a clock that runs too fast or too slowly.

use super::parts::refuse_rate;
use super::{ClockKind, Parts};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::units::Ppm;

/// The clock gains `rate` against the true time, or loses if `rate` is negative: `"50ppm"` is 50 us a second, 0.18 s an
/// hour. Quartz in a server is within 50 ppm or so (D. Mills, "Computer Network Time Synchronization", 2006); a timer of a
/// fast clock fires early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// How much it gains, within half of the true rate.
    pub rate: Ppm,
}

impl Registered for Drift {
    const NAME: &'static str = "Drift";
    const SUMMARY: &'static str = "the clock runs too fast, or too slowly, by always the same rate";
}

impl ClockKind for Drift {
    fn add_to(&self, parts: &mut Parts) {
        parts.rate = parts.rate.saturating_add(self.rate.parts_per_trillion());
    }

    fn check(&self) -> Vec<Complaint> {
        refuse_rate("rate", self.rate).into_iter().collect()
    }
}
