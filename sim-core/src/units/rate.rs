//! How many events come in a time?

use super::{Quantity, RATE_UNITS, SECOND, UnitError, decimal, text_form};
use crate::time::{NANOS_PER_SECOND, SimDuration};
use std::fmt;

/// Events per time, held exactly as a whole number of events per 100,000 days, up to two per nanosecond.
///
/// Days, because a rate may be written per second, minute, hour or day, and the day is the least common multiple: an
/// integer per second cannot hold `40/m`. The hundred thousand give every unit at least five decimals.
///
/// ```
/// use sim_core::{time::SimDuration, units::Rate};
/// let rate: Rate = "40/m".parse().unwrap();
/// assert_eq!(rate.mean_interval(), SimDuration::from_millis(1_500));
/// assert_eq!(rate.to_string(), "40/m");
/// assert_eq!("1k/s".parse::<Rate>().unwrap().to_string(), "1000/s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

impl Rate {
    /// Nothing ever happens.
    pub const ZERO: Self = Self(0);

    /// The parts of one event, in which [`parts_in`](Self::parts_in) counts: so many that every rate comes to whole parts in a
    /// nanosecond.
    pub const PARTS: u128 = SECOND as u128 * NANOS_PER_SECOND as u128;

    /// So many events per second, which must stay below 2 * 10^9.
    pub const fn per_second(events: u64) -> Self {
        Self(events.checked_mul(SECOND).expect("a rate stays below 2 events per nanosecond"))
    }

    /// Events per second, for samplers and output.
    pub fn per_second_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The mean time between two events, rounded to the nearest nanosecond but at least one; a rate of zero gives [`SimDuration::MAX`].
    pub fn mean_interval(self) -> SimDuration {
        let rate = u128::from(self.0);
        let period = u128::from(SECOND) * u128::from(NANOS_PER_SECOND);
        // The period is below 2^63 nanoseconds, so that the division fails for a rate of zero only, and the result fits.
        (period + rate / 2).checked_div(rate).map_or(SimDuration::MAX, |nanos| SimDuration::from_nanos((nanos as u64).max(1)))
    }

    /// This rate times a fraction, rounded down to what a rate can be; the highest rate there is where it would be more.
    ///
    /// ```
    /// use sim_core::units::Rate;
    /// assert_eq!(Rate::per_second(300).scaled(3, 2), Rate::per_second(450));
    /// ```
    ///
    /// # Panics
    /// If the denominator is zero.
    pub fn scaled(self, numerator: u32, denominator: u32) -> Self {
        let scaled = u128::from(self.0) * u128::from(numerator) / u128::from(denominator);
        Self(u64::try_from(scaled).unwrap_or(u64::MAX))
    }

    /// How many events come within `length`, exactly, in parts of an event: [`PARTS`](Self::PARTS) of them are one.
    ///
    /// ```
    /// use sim_core::{time::SimDuration, units::Rate};
    /// let thrice: Rate = "3/s".parse().unwrap();
    /// assert_eq!(thrice.parts_in(SimDuration::from_secs(1)), 3 * Rate::PARTS);
    /// assert!(thrice.parts_in(SimDuration::from_nanos(333_333_333)) < Rate::PARTS);
    /// ```
    pub const fn parts_in(self, length: SimDuration) -> u128 {
        self.0 as u128 * length.as_nanos() as u128
    }

    /// The shortest time in which at least so many [parts](Self::PARTS) of an event come; [`SimDuration::MAX`] if they never do.
    ///
    /// ```
    /// use sim_core::{time::SimDuration, units::Rate};
    /// let thrice: Rate = "3/s".parse().unwrap();
    /// assert_eq!(thrice.time_for(Rate::PARTS), SimDuration::from_nanos(333_333_334));
    /// assert_eq!(thrice.time_for(3 * Rate::PARTS), SimDuration::from_secs(1));
    /// assert_eq!((Rate::ZERO.time_for(0), Rate::ZERO.time_for(1)), (SimDuration::ZERO, SimDuration::MAX));
    /// ```
    pub fn time_for(self, parts: u128) -> SimDuration {
        if self.0 == 0 {
            return if parts == 0 { SimDuration::ZERO } else { SimDuration::MAX };
        }
        SimDuration::from_nanos(u64::try_from(parts.div_ceil(u128::from(self.0))).unwrap_or(u64::MAX))
    }

    /// Whether nothing ever happens.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// Prints the rate per second where five decimals hold it, otherwise per minute, hour or day.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: u64| (u128::from(self.0) * 100_000).is_multiple_of(u128::from(unit));
        let (name, unit) = RATE_UNITS[..4].iter().find(|(_, unit)| fits(*unit)).expect("a rate is whole per 100,000 days");
        f.pad(&format!("{}{name}", decimal(self.0, *unit)))
    }
}

text_form! {
    Rate: Rate, |(_, events)| Self(events);
}
