//! How does text such as `"250ms"`, `"1k/s"` or `"12.5%"` become a number, and how is that number written back?
//!
//! Own definition: one table of quantities and units. A decimal is multiplied out in integers and is either held
//! exactly or refused; no float takes part, so `"0.1s"` is exactly 100,000,000 ns on every machine. Every quantity
//! prints canonical text that reads back as the same value, and that text is its form in files, also for
//! [`SimTime`] and [`SimDuration`]. Left out: spaces, compound forms such as `1m30s`, exponents, whole counts.

use crate::draw::Draw;
use crate::time::{NANOS_PER_SECOND, SimDuration, SimTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// What a text with a unit measures: a row of the unit table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// An instant, as the length since the start of the run: `"90s"`.
    Time,
    /// A length of time that is never negative: `"250ms"`.
    Duration,
    /// A length of time of either sign, for clocks: `"-5ms"`.
    SignedDuration,
    /// Events per time: `"1k/s"`.
    Rate,
    /// An amount of data: `"10MB"`.
    Size,
    /// Data per second: `"10Mbit/s"`.
    Bandwidth,
    /// A part of a whole, or a probability: `"12.5%"`.
    Share,
    /// A relative error of either sign, for clocks: `"50ppm"`.
    Ppm,
}

/// A row of the unit table: name and example as messages use them, what is counted, the most of it, and the units in it.
struct Row {
    name: &'static str,
    example: &'static str,
    grain: &'static str,
    largest: u64,
    units: Units,
}

/// Spellings, each with the number of grains it stands for.
type Units = &'static [(&'static str, u64)];

const KILO: u64 = 1_000;
const MEGA: u64 = 1_000_000;
const GIGA: u64 = 1_000_000_000;
const TERA: u64 = 1_000_000_000_000;
/// The grains in a whole: ten decimals of a percent, six of a part per million.
const WHOLE: u64 = TERA;
/// The longest time, in nanoseconds, that has a twin of the other sign.
const HALF: u64 = i64::MAX as u64;
/// The grains in a rate of one event per second, minute, hour and day: a rate counts events per 100,000 days.
const SECOND: u64 = 24 * 60 * 60 * DAY;
const MINUTE: u64 = 24 * 60 * DAY;
const HOUR: u64 = 24 * DAY;
const DAY: u64 = 100_000;

// A table is read by rows: one line for each prefix.
#[rustfmt::skip]
const TIME_UNITS: Units = &[
    ("ns", 1), ("us", KILO), ("ms", MEGA), ("s", GIGA), ("m", 60 * GIGA), ("h", 3_600 * GIGA), ("d", 86_400 * GIGA),
];
#[rustfmt::skip]
const RATE_UNITS: Units = &[
    ("/s", SECOND), ("/m", MINUTE), ("/h", HOUR), ("/d", DAY),
    ("k/s", KILO * SECOND), ("k/m", KILO * MINUTE), ("k/h", KILO * HOUR), ("k/d", KILO * DAY),
    ("M/s", MEGA * SECOND), ("M/m", MEGA * MINUTE), ("M/h", MEGA * HOUR), ("M/d", MEGA * DAY),
];
#[rustfmt::skip]
const SIZE_UNITS: Units = &[
    ("B", 1), ("KB", KILO), ("kB", KILO), ("MB", MEGA), ("GB", GIGA), ("TB", TERA),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
];
#[rustfmt::skip]
const BANDWIDTH_UNITS: Units = &[
    ("bit/s", 1), ("kbit/s", KILO), ("Mbit/s", MEGA), ("Gbit/s", GIGA), ("Tbit/s", TERA),
    ("B/s", 8), ("kB/s", 8 * KILO), ("MB/s", 8 * MEGA), ("GB/s", 8 * GIGA),
];

impl Quantity {
    const fn row(self) -> Row {
        const TIME: &str = "whole nanoseconds";
        const RATE: &str = "whole events per 100,000 days";
        const BITS: &str = "whole bits per second";
        const PART: &str = "whole parts of 10^12";
        let (name, example, grain, largest, units): (_, _, _, _, Units) = match self {
            Self::Time => ("an instant", "90s", TIME, u64::MAX, TIME_UNITS),
            Self::Duration => ("a duration", "250ms", TIME, u64::MAX, TIME_UNITS),
            Self::SignedDuration => ("a signed duration", "-5ms", TIME, HALF, TIME_UNITS),
            Self::Rate => ("a rate", "1k/s", RATE, u64::MAX, RATE_UNITS),
            Self::Size => ("a size", "10MB", "whole bytes", u64::MAX, SIZE_UNITS),
            Self::Bandwidth => ("a bandwidth", "10Mbit/s", BITS, u64::MAX, BANDWIDTH_UNITS),
            Self::Share => ("a share", "12.5%", PART, WHOLE, &[("%", WHOLE / 100)]),
            Self::Ppm => ("a relative error", "50ppm", PART, HALF, &[("ppm", MEGA), ("ppb", KILO)]),
        };
        Row { name, example, grain, largest, units }
    }

    const fn is_signed(self) -> bool {
        matches!(self, Self::SignedDuration | Self::Ppm)
    }

    /// The name with its article, as a message uses it: `a duration`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// A text that reads as this quantity: `250ms`.
    pub const fn example(self) -> &'static str {
        self.row().example
    }

    /// The sign and the magnitude, in the smallest unit of the quantity.
    fn read(self, text: &str) -> Result<(bool, u64), UnitError> {
        let row = self.row();
        let fails = |reason| UnitError { quantity: self, text: text.to_owned(), reason };
        let (negative, rest) = match text.strip_prefix('-') {
            Some(_) if !self.is_signed() => return Err(fails(Reason::Negative)),
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let decimal = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (decimal, unit) = rest.split_at(decimal);
        let (whole, part) = decimal.split_once('.').unwrap_or((decimal, "0"));
        if whole.is_empty() || part.is_empty() || part.contains('.') {
            return Err(fails(Reason::NoNumber));
        }
        if unit.is_empty() {
            return Err(fails(Reason::NoUnit));
        }
        let factor = row.units.iter().find(|(name, _)| *name == unit).ok_or_else(|| fails(Reason::UnknownUnit))?.1;
        let magnitude = multiplied(whole, part, factor).map_err(fails)?;
        if magnitude > row.largest { Err(fails(Reason::TooLarge)) } else { Ok((negative, magnitude)) }
    }
}

/// The decimal `whole.part` times `factor`, if that is a whole number of at most 64 bits.
fn multiplied(whole: &str, part: &str, factor: u64) -> Result<u64, Reason> {
    let digit = |byte: u8| u128::from(byte - b'0');
    let mut product: u128 = 0;
    for byte in whole.bytes() {
        product = product * 10 + digit(byte) * u128::from(factor);
        if product > u128::from(u64::MAX) {
            return Err(Reason::TooLarge);
        }
    }
    // Eighteen decimals keep the products below 128 bits, and are as many as any unit but MiB and larger can use.
    let (mut fraction, mut scale) = (0_u128, 1_u128);
    for byte in part.trim_end_matches('0').bytes() {
        if scale >= 10_u128.pow(18) {
            return Err(Reason::TooFine);
        }
        (fraction, scale) = (fraction * 10 + digit(byte), scale * 10);
    }
    if !(fraction * u128::from(factor)).is_multiple_of(scale) {
        return Err(Reason::TooFine);
    }
    u64::try_from(product + fraction * u128::from(factor) / scale).map_err(|_| Reason::TooLarge)
}

/// Why a text could not be read as a quantity; it prints a lowercase clause with an example.
///
/// ```
/// use sim_core::time::SimDuration;
/// let error = "250".parse::<SimDuration>().unwrap_err();
/// assert_eq!(error.to_string(), "`250` is not a duration: the unit is missing; a duration looks like \"250ms\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// What was wanted.
    pub quantity: Quantity,
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a text that should be a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It does not begin with a plain decimal.
    NoNumber,
    /// Nothing follows the number.
    NoUnit,
    /// What follows the number is no unit of this quantity.
    UnknownUnit,
    /// It has a minus sign, and the quantity knows none.
    Negative,
    /// It has more digits than the quantity can hold exactly.
    TooFine,
    /// It lies beyond the largest value: of a share 100%, otherwise 64 bits.
    TooLarge,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.quantity.row();
        write!(f, "`{}` is not {}: ", self.text, row.name)?;
        match self.reason {
            Reason::NoNumber => f.write_str("it does not begin with a number"),
            Reason::NoUnit => f.write_str("the unit is missing"),
            Reason::UnknownUnit => {
                let units: Vec<_> = row.units.iter().map(|(name, _)| *name).collect();
                write!(f, "its unit is not one of {}", units.join(", "))
            }
            Reason::Negative => f.write_str("it is negative"),
            Reason::TooFine => write!(f, "it has more digits than can be held, which is {}", row.grain),
            Reason::TooLarge if self.quantity == Quantity::Share => f.write_str("it does not lie within 0% and 100%"),
            Reason::TooLarge => write!(f, "it is too large for 64 bits of {}", row.grain),
        }?;
        write!(f, "; {} looks like \"{}\"", row.name, row.example)
    }
}

impl std::error::Error for UnitError {}

/// Writes `magnitude / unit` with every digit it has; `unit` has no prime factors but 2 and 5 that do not cancel.
fn decimal(magnitude: u64, unit: u64) -> String {
    let mut text = (magnitude / unit).to_string();
    let mut rest = u128::from(magnitude % unit);
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        rest *= 10;
        text.push(char::from(b'0' + (rest / u128::from(unit)) as u8));
        rest %= u128::from(unit);
    }
    text
}

/// Writes a magnitude in the largest of these units that divides it, so that there are no decimals.
fn undivided(magnitude: u64, units: Units) -> String {
    let fits = units.iter().filter(|(_, unit)| magnitude > 0 && magnitude.is_multiple_of(*unit));
    // Of equal units the later one is taken: `KB` is read, but `kB` is written.
    let (name, unit) = fits.max_by_key(|(_, unit)| *unit).unwrap_or(&units[0]);
    format!("{}{name}", magnitude / unit)
}

const fn sign(negative: bool) -> &'static str {
    if negative { "-" } else { "" }
}

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

/// An amount of data in bytes. `kB`, `MB`, `GB` are powers of 1000, `KiB`, `MiB`, `GiB` of 1024.
///
/// ```
/// use sim_core::units::Size;
/// assert_eq!("1.5KiB".parse::<Size>().unwrap(), Size::from_bytes(1_536));
/// assert_eq!(Size::from_bytes(10_000_000).to_string(), "10MB");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// A size of whole bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Whole bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&undivided(self.0, SIZE_UNITS))
    }
}

/// Data per second, in bits.
///
/// ```
/// use sim_core::{time::SimDuration, units::{Bandwidth, Size}};
/// let line: Bandwidth = "10Mbit/s".parse().unwrap();
/// assert_eq!(line.transfer_time(Size::from_bytes(1_250)), SimDuration::from_millis(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

impl Bandwidth {
    /// So many bits per second.
    pub const fn from_bits_per_second(bits: u64) -> Self {
        Self(bits)
    }

    /// Bits per second.
    pub const fn bits_per_second(self) -> u64 {
        self.0
    }

    /// The time this line is busy with so much data, rounded up to a nanosecond, at most [`SimDuration::MAX`]; a line of no bandwidth needs for ever.
    pub fn transfer_time(self, size: Size) -> SimDuration {
        let work = u128::from(size.0) * 8 * u128::from(NANOS_PER_SECOND);
        let nanos = if self.0 == 0 { u128::MAX } else { work.div_ceil(u128::from(self.0)) };
        SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&undivided(self.0, &BANDWIDTH_UNITS[..5]))
    }
}

/// A part of a whole or a probability, within 0% and 100%, in whole parts of 10^12.
///
/// ```
/// use sim_core::{draw::Draw, units::Share};
/// let loss: Share = "12.5%".parse().unwrap();
/// assert!(loss.holds(Draw::from_unit(0.124)) && !loss.holds(Draw::from_unit(0.125)));
/// assert_eq!(loss.combined(loss).to_string(), "23.4375%");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u64);

impl Share {
    /// Nothing of it; never.
    pub const NONE: Self = Self(0);
    /// The whole; always.
    pub const ALL: Self = Self(WHOLE);

    /// A whole number of percent, at most 100.
    pub const fn percent(percent: u64) -> Self {
        assert!(percent <= 100, "a share lies within 0% and 100%");
        Self(percent * (WHOLE / 100))
    }

    /// The share in parts of 10^12: what sums of shares are made of.
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// The share as a float within 0 and 1, for statistics and output.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / WHOLE as f64
    }

    /// Whether a draw falls into this share: true with exactly this probability, to a grain of 2^-64. 0% never holds, 100% always.
    pub const fn holds(self, draw: Draw) -> bool {
        (draw.bits() as u128) * (WHOLE as u128) < (self.0 as u128) << 64
    }

    /// The probability that at least one of two independent causes holds, `1 - (1 - p)(1 - q)`, rounded to the nearest part of 10^12.
    pub const fn combined(self, other: Self) -> Self {
        let neither = ((WHOLE - self.0) as u128 * (WHOLE - other.0) as u128 + WHOLE as u128 / 2) / WHOLE as u128;
        Self(WHOLE - neither as u64)
    }

    /// What is missing to the whole.
    pub const fn complement(self) -> Self {
        Self(WHOLE - self.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}%", decimal(self.0, WHOLE / 100)))
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

/// What serde reads instead of a value: the text of it.
struct Text<T>(Quantity, PhantomData<T>);

impl<T: FromStr<Err = UnitError>> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text with a unit ({} looks like \"{}\")", self.0.name(), self.0.example())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Reading from text, and text as the form in files, for each type and its row of the table.
macro_rules! text_form {
    ($($name:ident: $quantity:ident, $make:expr;)*) => {$(
        impl FromStr for $name {
            type Err = UnitError;
            fn from_str(text: &str) -> Result<Self, UnitError> {
                Quantity::$quantity.read(text).map($make)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            // `deserialize_any`, because `deserialize_str` answers a bare number before this code could show an example.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Text(Quantity::$quantity, PhantomData))
            }
        }
    )*};
}

/// The table bounds the magnitude of what has a sign to 63 bits, so that the conversion loses nothing.
const fn signed((negative, magnitude): (bool, u64)) -> i64 {
    if negative { -(magnitude as i64) } else { magnitude as i64 }
}

text_form! {
    SimTime: Time, |(_, nanos)| Self::from_nanos(nanos);
    SimDuration: Duration, |(_, nanos)| Self::from_nanos(nanos);
    SignedDuration: SignedDuration, |number| Self(signed(number));
    Rate: Rate, |(_, events)| Self(events);
    Size: Size, |(_, bytes)| Self(bytes);
    Bandwidth: Bandwidth, |(_, bits)| Self(bits);
    Share: Share, |(_, parts)| Self(parts);
    Ppm: Ppm, |number| Self(signed(number));
}
