//! How does a number that a scenario could write look to a reader?
//!
//! Own definition. In a scenario, and in files that are known by their words, a number stands as it is written: `99.9%`, `15s`, `1148671`. A
//! reader gets a space before the unit, separators between thousands and no idle zeros, as everywhere in a report: `99.9 %`, `15 s`, `1,148,671`.

use std::fmt::Display;

/// For whom numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// As a scenario writes them: for files, and wherever words are compared.
    #[default]
    Written,
    /// As a reader sees them.
    Read,
}

impl Numbers {
    /// One number with its unit, in this form.
    pub fn of(self, number: impl Display) -> String {
        let written = number.to_string();
        match self {
            Self::Written => written,
            Self::Read => for_readers(&written),
        }
    }
}

/// One number with its unit as a reader sees it; anything else as it is.
pub fn for_readers(written: &str) -> String {
    let (sign, size) = match written.strip_prefix(['-', '−']) {
        Some(size) => ("−", size),
        None => written.strip_prefix('+').map_or(("", written), |size| ("+", size)),
    };
    let (number, unit) = size.split_at(size.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(size.len()));
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let is_number = !whole.is_empty() && fraction.matches('.').count() < 2 && !unit.contains(|c: char| c.is_ascii_digit());
    if !is_number {
        return written.to_owned();
    }
    let unit = match unit.trim_start() {
        "" => String::new(),
        "us" => " µs".to_owned(),
        unit => format!(" {unit}"),
    };
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{}{fraction}{unit}", grouped(whole))
}

/// The digits of a whole number with separators between thousands: `12,345`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_a_space_before_the_unit_separators_between_thousands_and_no_idle_zeros() {
        let shown = [
            "99.891%",
            "15s",
            "1148671",
            "102.6ms",
            "17us",
            "900/s",
            "1234.5678",
            "+1.235pp",
            "-20ms",
            "0",
            "1.5k/s",
            "99 %",
            "99.500%",
            "100.000%",
        ];
        let wanted = [
            "99.891 %",
            "15 s",
            "1,148,671",
            "102.6 ms",
            "17 µs",
            "900 /s",
            "1,234.5678",
            "+1.235 pp",
            "−20 ms",
            "0",
            "1.5 k/s",
            "99 %",
            "99.5 %",
            "100 %",
        ];
        assert_eq!(shown.map(for_readers), wanted.map(str::to_owned));
    }

    #[test]
    fn what_is_no_number_stays_as_it_is() {
        for text in ["cut off", "unlimited", "1h30m", "1.2.3", "-", ""] {
            assert_eq!(for_readers(text), text);
        }
        assert_eq!((Numbers::Written.of("15s"), Numbers::Read.of("15s")), ("15s".to_owned(), "15 s".to_owned()));
    }
}
