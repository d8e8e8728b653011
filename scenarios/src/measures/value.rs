//! What is a value of a measure, in whole numbers, and how is it said?

use sim_core::time::SimDuration;
use std::fmt::Write as _;

/// What a measure is measured in. Values are whole numbers of a small part of it, so that every comparison is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of a whole, in billionths.
    Share,
    /// A length of time, in nanoseconds.
    Time,
    /// How many.
    Count,
    /// How many for each one, in millionths.
    Ratio,
    /// How many in a second, in millionths.
    Rate,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The more, the better.
    More,
    /// The less, the better.
    Less,
    /// That depends on what is asked.
    Unsaid,
}

/// What a measure is in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Exactly this.
    Is(i128),
    /// More than this: a recovery that the end of the run cut off.
    Beyond(i128),
    /// This at least, and maybe longer than anything: service was above its level when it was cut off, and nobody saw whether that lasted.
    AtLeast(i128),
    /// The run has no such value, or it cannot be said.
    Missing,
}

impl Unit {
    /// So many of them are one.
    pub const fn parts(self) -> i128 {
        match self {
            Self::Share | Self::Time => 1_000_000_000,
            Self::Count => 1,
            Self::Ratio | Self::Rate => 1_000_000,
        }
    }

    /// A value in words: `99.95%`, `1.5s`, `3`, `2.5`, `900/s`.
    pub fn words(self, value: i128) -> String {
        match self {
            Self::Share => format!("{}%", decimal(value, 10_000_000)),
            Self::Time if value >= 0 => SimDuration::from_nanos(u64::try_from(value).unwrap_or(u64::MAX)).to_string(),
            Self::Time => format!("-{}", self.words(-value)),
            Self::Count => value.to_string(),
            Self::Ratio => decimal(value, 1_000_000),
            Self::Rate => format!("{}/s", decimal(value, 1_000_000)),
        }
    }

    /// A value that was seen, or lies between whole parts such as a mean, in words: times with four digits.
    pub fn near(self, value: f64) -> String {
        match self {
            Self::Count => decimal((value * 1_000.0).round() as i128, 1_000),
            Self::Time => self.words(readable(value.round() as i128)),
            _ => self.words(value.round() as i128),
        }
    }

    /// A difference in words, with its sign; of shares in percentage points.
    pub fn difference(self, value: f64) -> String {
        let words = self.near(value);
        let words = if self == Self::Share { words.replace('%', "pp") } else { words };
        // What rounds to nothing has no sign.
        let is_something = words.contains(|c: char| ('1'..='9').contains(&c));
        if value > 0.0 && is_something { format!("+{words}") } else { words }
    }

    /// The least and the largest value there can be, in parts.
    pub const fn range(self) -> (Option<f64>, Option<f64>) {
        (Some(0.0), if matches!(self, Self::Share) { Some(1e9) } else { None })
    }

    /// What a user would write as a limit.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Share => "a share such as \"99.9%\"",
            Self::Time => "a time such as \"2s\"",
            Self::Count => "a count such as 3",
            Self::Ratio => "a number such as 1.5",
            Self::Rate => "a rate such as \"900/s\"",
        }
    }

    /// `part` of `whole` in this unit, rounded down; missing if there is no whole.
    pub(super) fn quotient(self, part: u128, whole: u128) -> Reading {
        let parts = self.parts().unsigned_abs();
        part.checked_mul(parts).and_then(|scaled| scaled.checked_div(whole)).map_or(Reading::Missing, |value| Reading::Is(value as i128))
    }
}

/// The same with four digits, the rest rounded away: nobody reads a nanosecond of a second.
fn readable(nanos: i128) -> i128 {
    let digits = nanos.unsigned_abs().checked_ilog10().unwrap_or(0);
    let unit = 10_i128.pow(digits.saturating_sub(3));
    (nanos + nanos.signum() * (unit / 2)) / unit * unit
}

/// A number of so many parts each, with at most three digits behind the point.
fn decimal(value: i128, parts: i128) -> String {
    let thousandths = (value.unsigned_abs() * 1000 + parts.unsigned_abs() / 2) / parts.unsigned_abs();
    let mut text = format!("{}{}", if value < 0 && thousandths > 0 { "-" } else { "" }, thousandths / 1000);
    let rest = thousandths % 1000;
    if rest > 0 {
        let _ = write!(text, ".{rest:03}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

impl Reading {
    /// A number that every run has.
    pub(super) fn count(count: u64) -> Self {
        Self::Is(i128::from(count))
    }

    /// A length of time.
    pub(super) fn time(length: SimDuration) -> Self {
        Self::Is(i128::from(length.as_nanos()))
    }

    /// The value, if it is known exactly.
    pub const fn exact(self) -> Option<i128> {
        match self {
            Self::Is(value) => Some(value),
            Self::Beyond(_) | Self::AtLeast(_) | Self::Missing => None,
        }
    }

    /// The value, where one that was cut off sorts behind every other.
    pub const fn sorted(self) -> Option<i128> {
        match self {
            Self::Is(value) => Some(value),
            Self::Beyond(_) | Self::AtLeast(_) => Some(i128::MAX),
            Self::Missing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_as_a_user_writes_them() {
        let said = [
            (Unit::Share, 999_512_345),
            (Unit::Time, 1_500_000_000),
            (Unit::Count, 3),
            (Unit::Ratio, 2_500_000),
            (Unit::Rate, 900_000_000),
        ];
        let said = said.map(|(unit, value)| unit.words(value));
        assert_eq!(said, ["99.951%", "1.5s", "3", "2.5", "900/s"]);
        assert_eq!(
            (Unit::Time.words(-20_000_000), Unit::Share.words(-123), Unit::Ratio.words(-1_234_500)),
            ("-20ms".to_owned(), "0%".to_owned(), "-1.235".to_owned())
        );
    }

    #[test]
    fn means_have_digits_and_differences_a_sign() {
        let said = [Unit::Count.near(2.25), Unit::Time.near(1.4e9), Unit::Share.difference(12_345_678.9), Unit::Count.difference(-0.5)];
        assert_eq!(said, ["2.25", "1.4s", "+1.235pp", "-0.5"]);
        assert_eq!(
            (Unit::Share.difference(0.0), Unit::Time.difference(2e7), Unit::Rate.difference(-1e6)),
            ("0pp".into(), "+20ms".into(), "-1/s".into())
        );
    }

    #[test]
    fn times_that_were_seen_have_four_digits() {
        let seen = [1_234_567_891.0, 27_123_456.0, 999_960.0, 999_999.0, 12.0, 0.0, -1_234_567.0, 75_004_999_999.0];
        let said = seen.map(|nanos| Unit::Time.near(nanos));
        assert_eq!(said, ["1.235s", "27.12ms", "1ms", "1ms", "12ns", "0s", "-1.235ms", "75s"]);
    }

    #[test]
    fn a_quotient_of_nothing_is_missing() {
        assert_eq!((Unit::Share.quotient(1, 0), Unit::Share.quotient(1, 3)), (Reading::Missing, Reading::Is(333_333_333)));
    }
}
