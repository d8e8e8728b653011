//! Which part of a whole is it, and does it hold this time?

use super::{Quantity, UnitError, WHOLE, decimal, text_form};
use crate::draw::Draw;
use std::fmt;

/// A part of a whole or a probability, within 0% and 100%, in whole parts of 10^12.
///
/// ```
/// use sim_core::{draw::Draw, units::Share};
/// let loss: Share = "12.5%".parse().unwrap();
/// assert!(loss.holds(Draw::from_unit(0.124)) && !loss.holds(Draw::from_unit(0.125)));
/// assert_eq!(loss.combined(loss).to_string(), "23.4375%");
/// assert_eq!(loss.of(loss).to_string(), "1.5625%");
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

    /// This share of a share: the product, rounded to the nearest part of 10^12.
    #[must_use]
    pub const fn of(self, whole: Self) -> Self {
        Self(((self.0 as u128 * whole.0 as u128 + WHOLE as u128 / 2) / WHOLE as u128) as u64)
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

text_form! {
    Share: Share, |(_, parts)| Self(parts);
}
