//! What does a wall clock show?

use sim_core::time::{SimDuration, SimTime};
use sim_core::units::SignedDuration;
use std::fmt;

/// A reading of a wall clock: nanoseconds since the start of the run as the node believes it, which may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// The reading of so many nanoseconds, within 292 years of the start.
    pub fn from_nanos(nanos: i128) -> Self {
        Self(nanos.clamp(-i128::from(i64::MAX), i128::from(i64::MAX)) as i64)
    }

    /// The reading of a clock that shows the true time.
    pub fn of(now: SimTime) -> Self {
        Self::from_nanos(i128::from(now.as_nanos()))
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// How much later this reading is than another.
    pub const fn since(self, other: Self) -> SignedDuration {
        SignedDuration::from_nanos(self.0.saturating_sub(other.0))
    }

    /// The reading moved by a length of either sign.
    #[must_use]
    pub const fn moved(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_add(by.as_nanos()))
    }

    /// The reading moved later.
    #[must_use]
    pub fn later(self, by: SimDuration) -> Self {
        Self::from_nanos(i128::from(self.0) + i128::from(by.as_nanos()))
    }

    /// The reading moved earlier.
    #[must_use]
    pub fn earlier(self, by: SimDuration) -> Self {
        Self::from_nanos(i128::from(self.0) - i128::from(by.as_nanos()))
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SignedDuration::from_nanos(self.0).fmt(f)
    }
}
