//! Bounded: a clock that knows how wrong it may be.
//!
//! Source: J. Corbett et al., "Spanner: Google's Globally-Distributed Database", OSDI 2012, section 3: 1 ms of uncertainty
//! for the way to a time master, polled every 30 s, and an assumed worst drift of 200 us/s in between; the uncertainty is a
//! saw-tooth from 1 ms to 7 ms.

use super::parts::refuse_rate;
use super::{Bound, ClockKind, Parts};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Ppm;

/// A reading comes with a half width: the truth is within it as long as the clock drifts no faster than `drift_bound`.
/// The half width is `base` after a synchronisation and grows by `drift_bound` times the time since.
///
/// The clock is set right at the start and after every `every`. Combined with `Synchronised`, it is those exchanges that
/// set it, and half the round trip is added to `base`; before the first one nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounded {
    /// The uncertainty right after a synchronisation.
    #[serde(default = "one_millisecond")]
    pub base: SimDuration,
    /// The fastest drift that is reckoned with.
    #[serde(default = "two_hundred_ppm")]
    pub drift_bound: Ppm,
    /// How often the clock is set right.
    #[serde(default = "thirty_seconds")]
    pub every: SimDuration,
}

const fn one_millisecond() -> SimDuration {
    SimDuration::from_millis(1)
}

const fn two_hundred_ppm() -> Ppm {
    Ppm::new(200)
}

const fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

impl Registered for Bounded {
    const NAME: &'static str = "Bounded";
    const SUMMARY: &'static str = "a clock that knows how wrong it may be, and says so with each reading (TrueTime)";
}

impl ClockKind for Bounded {
    fn add_to(&self, parts: &mut Parts) {
        parts.bound = Some(Bound { base: self.base, drift: self.drift_bound, every: self.every });
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = refuse_rate("drift_bound", self.drift_bound).into_iter().collect();
        if self.drift_bound.parts_per_trillion() < 0 {
            complaints.push(complaint("drift_bound", format!("{} is negative; it bounds the drift in either direction", self.drift_bound)));
        }
        if self.every.is_zero() {
            complaints.push(complaint("every", "a clock cannot be set right all the time; that would be Perfect()"));
        }
        complaints
    }
}
