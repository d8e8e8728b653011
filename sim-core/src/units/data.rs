//! How much data is it, and how much goes through a link in a time?

use super::{BANDWIDTH_UNITS, Quantity, SIZE_UNITS, UnitError, text_form, undivided};
use crate::time::{NANOS_PER_SECOND, SimDuration};
use std::fmt;

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

text_form! {
    Size: Size, |(_, bytes)| Self(bytes);
    Bandwidth: Bandwidth, |(_, bits)| Self(bits);
}
