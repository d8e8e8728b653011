//! What is an instant, and what is a length of time, inside a simulation?
//!
//! Both are whole nanoseconds in a `u64`: sums are exact, equal on every machine, and reach 584 years.
//! Arithmetic that leaves this range is a fault of the caller and panics with a sentence, except where a
//! method says that it saturates. Floating point appears only where a sampled number becomes a length.
//! In files they are text with a unit, as `Display` prints it, which is exact; `units` reads it back.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Rem, Sub, SubAssign};

/// Nanoseconds in one second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// An instant of virtual time: nanoseconds since the start of the run.
///
/// ```
/// use sim_core::time::{SimDuration, SimTime};
/// let departure = SimTime::ZERO + SimDuration::from_millis(20);
/// let arrival = departure + SimDuration::from_micros(500);
/// assert_eq!(arrival - departure, SimDuration::from_micros(500));
/// assert_eq!(arrival.to_string(), "20.5ms");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of virtual time in nanoseconds; never negative.
///
/// ```
/// use sim_core::time::SimDuration;
/// let base = SimDuration::from_millis(100);
/// assert_eq!(base.doubled(3), SimDuration::from_millis(800));
/// assert_eq!(base.to_string(), "100ms");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// The last instant that exists; used for "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The instant this many nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the run.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for output only: a float never decides a result.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// The length from the start of the run to this instant.
    pub const fn since_start(self) -> SimDuration {
        SimDuration(self.0)
    }

    /// The length since `earlier`, or zero if `earlier` lies later.
    pub const fn saturating_since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved later by `length`, at most to [`SimTime::MAX`].
    pub const fn saturating_add(self, length: SimDuration) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The smallest length that separates two instants.
    pub const NANOSECOND: Self = Self(1);
    /// The longest length; used for "without limit".
    pub const MAX: Self = Self(u64::MAX);

    /// A length of whole nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A length of whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros * 1_000)
    }

    /// A length of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// A length of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * NANOS_PER_SECOND)
    }

    /// The length of `secs` seconds, rounded to the nearest nanosecond; negative and undefined numbers give zero,
    /// numbers beyond the range give [`SimDuration::MAX`].
    pub fn from_secs_f64(secs: f64) -> Self {
        // `as` saturates and maps NaN to zero, which is what the documentation promises.
        Self((secs * NANOS_PER_SECOND as f64 + 0.5) as u64)
    }

    /// Whole nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds as a float, for output and for statistics only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// The same to so many digits, at least one, rounded half up: for readers, who have no use for the nanoseconds of a second.
    ///
    /// ```
    /// use sim_core::time::SimDuration;
    ///
    /// assert_eq!(SimDuration::from_nanos(23_885_862).to_digits(3).to_string(), "23.9ms");
    /// ```
    #[must_use]
    pub const fn to_digits(self, digits: u32) -> Self {
        let place = match self.0.checked_ilog10() {
            Some(place) => place,
            None => 0,
        };
        let unit = 10_u64.pow(place.saturating_sub(digits.saturating_sub(1)));
        Self(self.0.saturating_add(unit / 2) / unit * unit)
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This length times `2^times`, at most [`SimDuration::MAX`].
    pub const fn doubled(self, times: u32) -> Self {
        if self.0 == 0 {
            return self;
        }
        if times > self.0.leading_zeros() { Self::MAX } else { Self(self.0 << times) }
    }

    /// The sum, at most [`SimDuration::MAX`].
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The product with a whole number, at most [`SimDuration::MAX`].
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The difference, or zero if `other` is longer.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This length times `numerator / denominator`, rounded down, at most [`SimDuration::MAX`]. The denominator must not be zero.
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        assert!(denominator > 0, "a scale needs a denominator above zero");
        let product = u128::from(self.0) * u128::from(numerator) / u128::from(denominator);
        Self(u64::try_from(product).unwrap_or(u64::MAX))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, length: SimDuration) -> Self {
        Self(self.0.checked_add(length.0).expect("virtual time stays below 584 years"))
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("the later instant stands first"))
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("a length of time stays below 584 years"))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a length of time is never negative"))
    }
}

impl SubAssign for SimDuration {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u64> for SimDuration {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0.checked_mul(factor).expect("a length of time stays below 584 years"))
    }
}

impl Div<u64> for SimDuration {
    type Output = Self;
    fn div(self, divisor: u64) -> Self {
        Self(self.0 / divisor)
    }
}

impl Div for SimDuration {
    type Output = u64;
    fn div(self, other: Self) -> u64 {
        self.0 / other.0
    }
}

impl Rem for SimDuration {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        Self(self.0 % other.0)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

/// Prints the exact value in the largest unit that is not above it, up to seconds: `250ms`, `1.5s`, `90s`.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits, name) = match self.0 {
            0 => return f.pad("0s"),
            1..1_000 => (1, 0, "ns"),
            1_000..1_000_000 => (1_000, 3, "us"),
            1_000_000..NANOS_PER_SECOND => (1_000_000, 6, "ms"),
            _ => (NANOS_PER_SECOND, 9, "s"),
        };
        let (whole, part) = (self.0 / unit, self.0 % unit);
        if part == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let fraction = format!("{part:0digits$}");
        f.pad(&format!("{whole}.{}{name}", fraction.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_prints_exactly_and_in_a_readable_unit() {
        let printed = |nanos| SimDuration::from_nanos(nanos).to_string();
        assert_eq!(printed(0), "0s");
        assert_eq!(printed(999), "999ns");
        assert_eq!(printed(1_050), "1.05us");
        assert_eq!(printed(20_500_000), "20.5ms");
        assert_eq!(printed(90_000_000_000), "90s");
        assert_eq!(printed(1_000_000_001), "1.000000001s");
    }

    #[test]
    fn a_length_for_readers_has_so_many_digits_and_not_more() {
        let printed = |nanos, digits| SimDuration::from_nanos(nanos).to_digits(digits).to_string();
        assert_eq!([0, 7, 999, 1_234].map(|nanos| printed(nanos, 3)), ["0s", "7ns", "999ns", "1.23us"]);
        assert_eq!([102_629_375, 999_960_000, 1_500_000_000].map(|nanos| printed(nanos, 4)), ["102.6ms", "1s", "1.5s"]);
        assert_eq!(SimDuration::MAX.to_digits(25), SimDuration::MAX);
    }

    #[test]
    fn doubling_saturates_instead_of_wrapping() {
        assert_eq!(SimDuration::from_nanos(3).doubled(2), SimDuration::from_nanos(12));
        assert_eq!(SimDuration::from_nanos(1).doubled(63), SimDuration::from_nanos(1 << 63));
        assert_eq!(SimDuration::from_nanos(1).doubled(64), SimDuration::MAX);
        assert_eq!(SimDuration::from_nanos(3).doubled(63), SimDuration::MAX);
        assert_eq!(SimDuration::ZERO.doubled(400), SimDuration::ZERO);
    }

    #[test]
    fn floats_outside_the_range_become_its_ends() {
        assert_eq!(SimDuration::from_secs_f64(-1.0), SimDuration::ZERO);
        assert_eq!(SimDuration::from_secs_f64(f64::NAN), SimDuration::ZERO);
        assert_eq!(SimDuration::from_secs_f64(1e300), SimDuration::MAX);
        assert_eq!(SimDuration::from_secs_f64(0.25), SimDuration::from_millis(250));
    }

    #[test]
    fn scaling_is_exact_beyond_64_bits() {
        assert_eq!(SimDuration::from_secs(10_000_000).scaled(3, 2), SimDuration::from_secs(15_000_000));
        assert_eq!(SimDuration::MAX.scaled(2, 1), SimDuration::MAX);
    }

    #[test]
    #[should_panic(expected = "the later instant stands first")]
    fn a_negative_length_is_a_bug() {
        let _ = SimTime::ZERO - SimTime::from_nanos(1);
    }
}
