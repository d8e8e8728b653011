//! How far is a clock off, and how fast does it run away? Quantities with a sign.

use super::{MEGA, Quantity, UnitError, WHOLE, decimal, sign, text_form};
use crate::time::{SimDuration, SimTime};
use std::fmt;

/// A length of time of either sign, in nanoseconds within ±292 years: the offset or the step of a clock.
///
/// ```
/// use sim_core::{time::SimTime, units::SignedDuration};
/// let offset: SignedDuration = "-5ms".parse().unwrap();
/// assert_eq!(offset.as_nanos(), -5_000_000);
/// assert_eq!(offset.shifted(SimTime::from_nanos(6_000_000)), SimTime::from_nanos(1_000_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedDuration(i64);

impl SignedDuration {
    /// A length of whole nanoseconds; the one number without a positive twin becomes its neighbour.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(if nanos == i64::MIN { -i64::MAX } else { nanos })
    }

    /// Whole nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The length without its sign.
    pub const fn magnitude(self) -> SimDuration {
        SimDuration::from_nanos(self.0.unsigned_abs())
    }

    /// The instant moved by this length, not before the start and not beyond [`SimTime::MAX`].
    pub const fn shifted(self, instant: SimTime) -> SimTime {
        SimTime::from_nanos(instant.as_nanos().saturating_add_signed(self.0))
    }
}

impl fmt::Display for SignedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", sign(self.0 < 0), self.magnitude()))
    }
}

/// A relative error of either sign in parts per million, such as the drift of a clock; held in whole parts of 10^12.
///
/// ```
/// use sim_core::{time::SimDuration, units::{Ppm, SignedDuration}};
/// let drift: Ppm = "-50ppm".parse().unwrap();
/// assert_eq!(drift.of(SimDuration::from_secs(1)), SignedDuration::from_nanos(-50_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(i64);

impl Ppm {
    /// So many whole parts per million.
    pub const fn new(ppm: i32) -> Self {
        Self(ppm as i64 * MEGA as i64)
    }

    /// The error in parts of 10^12, exactly.
    pub const fn parts_per_trillion(self) -> i64 {
        self.0
    }

    /// Both errors together.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The error as a float: 50 ppm are 0.00005.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / WHOLE as f64
    }

    /// What this error makes of a length, rounded down (towards the past), within ±292 years.
    pub fn of(self, length: SimDuration) -> SignedDuration {
        let nanos = (i128::from(self.0) * i128::from(length.as_nanos())).div_euclid(i128::from(WHOLE));
        SignedDuration(nanos.clamp(-i128::from(i64::MAX), i128::from(i64::MAX)) as i64)
    }
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}ppm", sign(self.0 < 0), decimal(self.0.unsigned_abs(), MEGA)))
    }
}

/// The table bounds the magnitude of what has a sign to 63 bits, so that the conversion loses nothing.
const fn signed((negative, magnitude): (bool, u64)) -> i64 {
    if negative { -(magnitude as i64) } else { magnitude as i64 }
}

text_form! {
    SignedDuration: SignedDuration, |number| Self(signed(number));
    Ppm: Ppm, |number| Self(signed(number));
}
