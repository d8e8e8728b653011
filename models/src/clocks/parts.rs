//! What is a clock made of?
//!
//! Offsets, rates and steps of all its kinds add up; of the rest there is at most one.

use crate::registry::{Complaint, complaint};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Ppm, SignedDuration};

/// Everything that is said of one clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// How far the wall clock is ahead from the start.
    pub offset: SignedDuration,
    /// How much the clock gains, in parts of 10^12.
    pub rate: i64,
    /// How its drift wanders.
    pub walk: Option<Walk>,
    /// How its wall clock jumps.
    pub steps: Vec<Steps>,
    /// How it is set by a time server.
    pub polling: Option<Polling>,
    /// How wrong it may be, as it knows itself.
    pub bound: Option<Bound>,
}

impl Parts {
    /// Whether nothing is wrong with it and nothing is known of it: such a clock needs no state.
    pub fn is_perfect(&self) -> bool {
        *self == Self::default()
    }

    /// How far planned steps have moved the wall clock until `now`, in nanoseconds.
    pub fn stepped(&self, now: SimTime) -> i128 {
        self.steps.iter().map(|steps| steps.until(now)).sum()
    }
}

/// A drift that wanders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How often it changes.
    pub step: SimDuration,
    /// Standard deviation of a change, in parts of 10^12.
    pub sd: i64,
    /// How far it goes, in parts of 10^12.
    pub limit: i64,
}

/// Planned changes of a wall clock; all instants are true ones, and `by` is in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// One step that stays.
    Jump {
        /// When.
        at: SimTime,
        /// How far.
        by: i64,
    },
    /// There and back, until the end.
    Strobe {
        /// When it first goes there.
        at: SimTime,
        /// From when on it stays at home.
        end: SimTime,
        /// How far.
        by: i64,
        /// How long on each side.
        period: SimDuration,
    },
    /// Evenly over a time.
    Smear {
        /// When it begins.
        at: SimTime,
        /// Over how long.
        over: SimDuration,
        /// How far in the end.
        by: i64,
    },
}

impl Steps {
    /// How far the clock is moved at an instant.
    pub fn until(&self, now: SimTime) -> i128 {
        match *self {
            Self::Jump { at, by } => {
                if now >= at {
                    i128::from(by)
                } else {
                    0
                }
            }
            Self::Strobe { at, end, by, period } => {
                let is_there = now >= at && now < end && ((now - at) / period).is_multiple_of(2);
                if is_there { i128::from(by) } else { 0 }
            }
            Self::Smear { at, over, by } => {
                let part = now.saturating_since(at).as_nanos().min(over.as_nanos());
                (i128::from(by) * i128::from(part)).div_euclid(i128::from(over.as_nanos()))
            }
        }
    }
}

/// A time server that is asked again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    /// The domain it stands in.
    pub server: String,
    /// How often.
    pub every: SimDuration,
}

/// What a clock knows of its own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Right after it was set.
    pub base: SimDuration,
    /// What is added per time since.
    pub drift: Ppm,
    /// How often it is set, where no exchange does it.
    pub every: SimDuration,
}

/// Half of the true rate: no clock of a computer is that wrong, and with a wide margin time goes on whatever adds up.
pub(crate) fn refuse_rate(field: &str, rate: Ppm) -> Option<Complaint> {
    let most = Ppm::new(500_000);
    let is_too_fast = rate.parts_per_trillion().abs() > most.parts_per_trillion();
    is_too_fast.then(|| complaint(field, format!("a clock is wrong by at most {most}, not by {rate}")))
}

pub(crate) fn refuse_nothing(field: &str, by: SignedDuration) -> Option<Complaint> {
    (by == SignedDuration::default())
        .then(|| complaint(field, "a step of nothing does nothing; write how far the clock goes, such as \"-200ms\""))
}
