//! How does a scenario write an amount of a measure, and how many of its parts is that?
//!
//! In the unit of the measure: `"99.9%"`, `"2s"`, `3`, `1.5`, `"900/s"`; as a difference with a sign where it is wanted, and of shares in
//! percentage points, `"1pp"`, `"-0.5pp"`, so that nobody takes one share of another for it.

use crate::measures::Unit;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::SimDuration;
use sim_core::units::{Rate, Share};
use std::fmt;

/// An amount as written: what it means depends on the measure.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// A plain number.
    Number(f64),
    /// A text with a unit.
    Text(String),
}

// The numbers are read from text and compared as they are; none of them is undefined.
impl Eq for Amount {}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in the unit of the measure, such as \"99.9%\", \"2s\", 3, 1.5 or \"900/s\"")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Amount, E> {
                if number.is_finite() { Ok(Amount::Number(number)) } else { Err(E::custom("a limit is a finite number")) }
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Amount {
    /// How many parts of the unit it is.
    ///
    /// # Errors
    /// What should stand there instead, to be read after "expected".
    pub(crate) fn parts(&self, unit: Unit, is_difference: bool) -> Result<f64, &'static str> {
        let found = match (self, unit) {
            (Self::Number(number), Unit::Count | Unit::Ratio) => Some(number * unit.parts() as f64),
            (Self::Text(text), Unit::Share | Unit::Time | Unit::Rate) => of_text(text, unit, is_difference),
            _ => None,
        };
        found.filter(|parts| is_difference || *parts >= 0.0).ok_or(example(unit, is_difference))
    }
}

/// What could be written.
pub(super) const fn example(unit: Unit, is_difference: bool) -> &'static str {
    match unit {
        Unit::Share if is_difference => "a difference in percentage points such as \"1pp\" or \"-0.5pp\"",
        _ => unit.example(),
    }
}

fn of_text(text: &str, unit: Unit, is_difference: bool) -> Option<f64> {
    let (sign, size) = match text.trim().strip_prefix('-') {
        Some(size) => (-1.0, size),
        None => (1.0, text.trim().trim_start_matches('+')),
    };
    let parts = match unit {
        Unit::Share => {
            let written = if is_difference { format!("{}%", size.strip_suffix("pp")?.trim_end()) } else { size.to_owned() };
            // Parts of 10^12 there, of 10^9 here.
            written.parse::<Share>().ok()?.parts() as f64 / 1_000.0
        }
        Unit::Time => size.parse::<SimDuration>().ok()?.as_nanos() as f64,
        Unit::Rate => size.parse::<Rate>().ok()?.per_second_f64() * unit.parts() as f64,
        Unit::Count | Unit::Ratio => return None,
    };
    Some(sign * parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_the_unit_of_its_measure_and_no_other() {
        let text = |text: &str| Amount::Text(text.to_owned());
        let read = |amount: Amount, unit| amount.parts(unit, false);
        assert_eq!(read(text("99.9%"), Unit::Share), Ok(999_000_000.0));
        assert_eq!(read(text("2s"), Unit::Time), Ok(2e9));
        assert_eq!((read(Amount::Number(3.0), Unit::Count), read(Amount::Number(1.5), Unit::Ratio)), (Ok(3.0), Ok(1_500_000.0)));
        assert_eq!(read(text("1.5k/s"), Unit::Rate), Ok(1.5e9));
        for (amount, unit, wanted) in [
            (Amount::Number(2.0), Unit::Time, "a time such as \"2s\""),
            (text("2s"), Unit::Share, "a share such as \"99.9%\""),
            (text("1pp"), Unit::Share, "a share such as \"99.9%\""),
            (text("3"), Unit::Count, "a count such as 3"),
            (text("99%"), Unit::Rate, "a rate such as \"900/s\""),
            (text("-2s"), Unit::Time, "a time such as \"2s\""),
            (Amount::Number(-1.0), Unit::Ratio, "a number such as 1.5"),
        ] {
            assert_eq!(read(amount, unit), Err(wanted));
        }
    }

    #[test]
    fn a_difference_has_a_sign_and_one_of_shares_is_in_percentage_points() {
        let read = |text: &str, unit| Amount::Text(text.to_owned()).parts(unit, true);
        assert_eq!((read("1pp", Unit::Share), read("-0.5pp", Unit::Share)), (Ok(10_000_000.0), Ok(-5_000_000.0)));
        assert_eq!((read("-20ms", Unit::Time), read("+20ms", Unit::Time)), (Ok(-2e7), Ok(2e7)));
        assert_eq!(Amount::Number(-2.0).parts(Unit::Count, true), Ok(-2.0));
        assert!(read("1%", Unit::Share).is_err_and(|wanted| wanted.contains("1pp")));
    }
}
