//! Which value of a measure does a limit in a scenario stand for?

use super::Unit;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::SimDuration;
use std::fmt;

/// A value as it is written: a plain number, or a text with a unit. What it stands for depends on what it is a value of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What was written, without quotes.
    pub text: String,
    /// Whether it was a plain number.
    pub is_number: bool,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.is_number, self.text.parse::<i64>(), self.text.parse::<f64>()) {
            (true, Ok(whole), _) => serializer.serialize_i64(whole),
            (true, _, Ok(number)) => serializer.serialize_f64(number),
            _ => serializer.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Written;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as 3, or a value with its unit such as \"5s\", \"99.9%\" or \"900/s\"")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Written, E> {
                Ok(Written { text: number.to_string(), is_number: true })
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Written, E> {
                Ok(Written { text: number.to_string(), is_number: true })
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Written, E> {
                Ok(Written { text: number.to_string(), is_number: true })
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Written, E> {
                Ok(Written { text: text.trim().to_owned(), is_number: false })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Unit {
    /// The value of this unit that is written, exactly.
    ///
    /// # Errors
    /// A sentence with an example, if it is a value of another unit or none.
    pub fn read(self, written: &Written) -> Result<i128, String> {
        let text = written.text.as_str();
        let (sign, size) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let size = match self {
            Self::Time => size.parse::<SimDuration>().ok().map(|time| i128::from(time.as_nanos())),
            Self::Share => size.strip_suffix('%').and_then(|percent| decimal(percent, 7)),
            Self::Rate => size.strip_suffix("/s").and_then(|number| decimal(number, 6)),
            Self::Ratio => decimal(size, 6),
            Self::Count => decimal(size, 0),
        };
        let is_of_kind = written.is_number == matches!(self, Self::Count | Self::Ratio);
        size.filter(|_| is_of_kind).map(|size| sign * size).ok_or_else(|| format!("`{text}` is no value of it; write {}", self.example()))
    }
}

/// A decimal number as a whole number of its parts with so many digits behind the point; none if it has more digits than that.
pub(crate) fn decimal(text: &str, digits: usize) -> Option<i128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_number = !whole.is_empty() && whole.chars().chain(rest.chars()).all(|c| c.is_ascii_digit());
    let rest = rest.trim_end_matches('0');
    if !is_number || rest.len() > digits {
        return None;
    }
    format!("{whole}{rest:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unit: Unit, text: &str, is_number: bool) -> Option<i128> {
        unit.read(&Written { text: text.to_owned(), is_number }).ok()
    }

    #[test]
    fn limits_are_read_exactly_and_only_in_their_own_unit() {
        assert_eq!(read(Unit::Share, "99.95%", false), Some(999_500_000));
        assert_eq!(read(Unit::Time, "-1.5ms", false), Some(-1_500_000));
        assert_eq!((read(Unit::Ratio, "1.25", true), read(Unit::Count, "3", true)), (Some(1_250_000), Some(3)));
        assert_eq!(read(Unit::Rate, "900/s", false), Some(900_000_000));
        for (unit, text, is_number) in [
            (Unit::Share, "99", true),
            (Unit::Time, "5", true),
            (Unit::Count, "1.5", true),
            (Unit::Count, "3", false),
            (Unit::Rate, "5s", false),
        ] {
            assert_eq!(read(unit, text, is_number), None, "{text}");
        }
    }
}
