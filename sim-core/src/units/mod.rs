//! How does text such as `"250ms"`, `"1k/s"` or `"12.5%"` become a number, and how is that number written back?
//!
//! Own definition: one table of quantities and units. A decimal is multiplied out in integers and is either held
//! exactly or refused; no float takes part, so `"0.1s"` is exactly 100,000,000 ns on every machine. Every quantity
//! prints canonical text that reads back as the same value, and that text is its form in files, also for
//! [`SimTime`] and [`SimDuration`]. Left out: spaces, compound forms such as `1m30s`, exponents, whole counts.

mod data;
mod rate;
mod share;
mod signed;

pub use data::{Bandwidth, Size};
pub use rate::Rate;
pub use share::Share;
pub use signed::{Ppm, SignedDuration};

use crate::time::{SimDuration, SimTime};
use serde::de;
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
        impl std::str::FromStr for $name {
            type Err = UnitError;
            fn from_str(text: &str) -> Result<Self, UnitError> {
                Quantity::$quantity.read(text).map($make)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            // `deserialize_any`, because `deserialize_str` answers a bare number before this code could show an example.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::units::Text(Quantity::$quantity, std::marker::PhantomData))
            }
        }
    )*};
}

pub(crate) use text_form;

text_form! {
    SimTime: Time, |(_, nanos)| Self::from_nanos(nanos);
    SimDuration: Duration, |(_, nanos)| Self::from_nanos(nanos);
}
