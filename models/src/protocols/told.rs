//! How do traces tell of what members say and make known: of values, of keys, and of the numbers behind what is announced?

use sim_core::time::SimDuration;
use std::fmt;

/// The beginning of a value that was written: no two writes of a run share more, and a reader wants to tell them apart. `nothing` is what a key is before any write.
/// A small number is no such value, but a count, and stands as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning(pub u64);

impl fmt::Display for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.0 >> 40) {
            (0, _) => f.write_str("nothing"),
            (count, 0) => write!(f, "{count}"),
            (_, beginning) => write!(f, "{beginning:06x}"),
        }
    }
}

/// What a read has found: a value, or nothing; or that a write is done, which finds none.
pub(super) struct Found(pub Option<u64>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "it is {}", Beginning(value)),
            None => f.write_str("it is done"),
        }
    }
}

/// What a caller wants: to read a key, or to write a value to it.
pub(super) struct Wanted(pub u32, pub Option<u64>);

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, write) = self;
        match write {
            Some(value) => write!(f, "key {key} is to be {}", Beginning(*value)),
            None => write!(f, "what is key {key}?"),
        }
    }
}

/// Several things, with commas between them; `none` if there are none.
pub(super) struct Several<I>(pub I);

impl<I: IntoIterator<Item = T> + Clone, T: fmt::Display> fmt::Display for Several<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut things = self.0.clone().into_iter();
        let Some(first) = things.next() else { return f.write_str("none") };
        write!(f, "{first}")?;
        things.try_for_each(|thing| write!(f, ", {thing}"))
    }
}

/// What the number behind an announcement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// It says nothing.
    Nothing,
    /// The number of something: `key 3`, `term 7`.
    Of(&'static str),
    /// So many of something: `3 sources`.
    Count(&'static str),
    /// Twice the number of something, and 1 more for the second of two things that may be said of it: `agreement 3: attack`.
    Choice(&'static str, [&'static str; 2]),
    /// A length, or an instant since the start, in nanoseconds.
    Time,
    /// The key of a request, as those of calls are written.
    Key,
}

impl Number {
    /// In words: `term 7`; nothing if it says nothing.
    pub fn told(self, value: i64) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Of(of) => format!("{of} {value}"),
            Self::Count(of) => format!("{value} {of}"),
            Self::Choice(of, choices) => format!("{of} {}: {}", value >> 1, choices[(value & 1) as usize]),
            Self::Time => {
                let sign = if value < 0 { "-" } else { "" };
                format!("{sign}{}", SimDuration::from_nanos(value.unsigned_abs()))
            }
            Self::Key => format!("key {:016x}", value.cast_unsigned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_what_they_are() {
        let told = [Number::Nothing, Number::Of("term"), Number::Count("slots"), Number::Time, Number::Key].map(|number| number.told(7));
        assert_eq!(told, ["", "term 7", "7 slots", "7ns", "key 0000000000000007"]);
        assert_eq!(Number::Choice("agreement", ["retreat", "attack"]).told(7), "agreement 3: attack");
        assert_eq!(Number::Time.told(-1_500_000), "-1.5ms");
        assert_eq!(Number::Key.told(-1), "key ffffffffffffffff");
    }

    #[test]
    fn values_are_told_by_their_beginning_and_lists_with_commas() {
        assert_eq!((Beginning(0).to_string().as_str(), Beginning(0x5f3a_21ab_0000_0001).to_string().as_str()), ("nothing", "5f3a21"));
        assert_eq!(Beginning(41).to_string(), "41");
        assert_eq!((Several([1, 2]).to_string().as_str(), Several([0; 0]).to_string().as_str()), ("1, 2", "none"));
    }
}
