//! How does a number look to a reader?
//!
//! At most four significant digits, a unit that keeps the number short, and never a rounding that flatters: what is not
//! quite all is never shown as 100 %, what is not quite nothing never as 0 %. Own definition. Raw values are for CSV and JSON.

use scenarios::numbers::grouped;
use sim_core::time::SimDuration;

/// Parts per billion in one percentage point.
const BILLIONTHS_PER_POINT: f64 = 1e7;

/// A length with three significant digits: `1.23 s`, `12.3 ms`, `240 s`, `20 min`.
pub fn length(length: SimDuration) -> String {
    if length == SimDuration::ZERO {
        return "0 s".to_owned();
    }
    let nanos = length.as_nanos() as f64;
    let unit = TimeUnit::of(nanos);
    // An hour is an hour, and no sixty minutes.
    let is_hours = unit.name == "min" && length.as_nanos().is_multiple_of(3_600_000_000_000);
    let unit = if is_hours { HOUR } else { unit };
    format!("{} {}", significant(nanos / unit.nanos), unit.name)
}

/// In what a length is told so that it is neither a long number nor a long fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// `ms`, `min`.
    pub name: &'static str,
    /// How many nanoseconds it has.
    pub nanos: f64,
    /// The first number that is told in the next unit.
    below: f64,
}

const HOUR: TimeUnit = TimeUnit { name: "h", nanos: 3600e9, below: 71.95 };

/// 999.6 µs would round to 1000 µs, where the next unit says 1 ms; ten minutes, three hours and three days are the first that are no seconds, minutes and hours any more.
const TIME_UNITS: [TimeUnit; 7] = [
    TimeUnit { name: "ns", nanos: 1.0, below: 999.5 },
    TimeUnit { name: "µs", nanos: 1e3, below: 999.5 },
    TimeUnit { name: "ms", nanos: 1e6, below: 999.5 },
    TimeUnit { name: "s", nanos: 1e9, below: 599.5 },
    TimeUnit { name: "min", nanos: 60e9, below: 179.5 },
    HOUR,
    TimeUnit { name: "d", nanos: 86_400e9, below: f64::INFINITY },
];

impl TimeUnit {
    /// That of a length in nanoseconds.
    pub fn of(nanos: f64) -> Self {
        let [.., last] = TIME_UNITS;
        TIME_UNITS.into_iter().find(|unit| nanos.abs() / unit.nanos < unit.below).unwrap_or(last)
    }

    /// That of an axis which goes up to so many seconds, and no shorter than a second.
    pub fn of_axis(seconds: f64) -> Self {
        Self::of(seconds.max(1.0) * 1e9)
    }

    /// A number of seconds in this unit.
    pub fn of_seconds(self, seconds: f64) -> f64 {
        seconds * (1e9 / self.nanos)
    }
}

/// A signed difference of lengths in nanoseconds: `+1.23 ms`, `−4 s`.
pub fn longer_by(nanos: f64) -> String {
    if nanos == 0.0 {
        return "0 s".to_owned();
    }
    let unit = TimeUnit::of(nanos);
    format!("{}{} {}", if nanos > 0.0 { '+' } else { '−' }, significant(nanos.abs() / unit.nanos), unit.name)
}

/// A length in seconds, exact, without trailing zeros: what files hold.
pub fn exact_seconds(length: SimDuration) -> String {
    let (whole, part) = (length.as_nanos() / 1_000_000_000, length.as_nanos() % 1_000_000_000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{part:09}").trim_end_matches('0'))
}

/// A share as a percentage with two decimals, `99.93 %`, and with as many more as it takes to tell it from all and from nothing: `99.9987 %`,
/// `0.0013 %`. A dash if there is nothing to share.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return MISSING.to_owned();
    }
    if part == 0 || part == whole {
        return if part == 0 { "0 %".to_owned() } else { "100 %".to_owned() };
    }
    let share = part as f64 / whole as f64 * 100.0;
    // What is missing to the nearer of nothing and all, and as many decimals as show it.
    let small = if part < whole { share.min((whole - part) as f64 / whole as f64 * 100.0) } else { share };
    let (mut decimals, mut size) = (2, small);
    while size < 0.02 && decimals < 12 {
        size *= 10.0;
        decimals += 1;
    }
    format!("{} %", trimmed(format!("{share:.decimals$}")))
}

/// A quotient with three significant digits: `1.23`; a dash if the divisor is zero.
pub fn factor(part: u64, whole: u64) -> String {
    if whole == 0 { MISSING.to_owned() } else { significant(part as f64 / whole as f64) }
}

/// A signed difference of two shares, given in billionths: `+1.23 pp`.
pub fn points(billionths: i64) -> String {
    let points = billionths as f64 / BILLIONTHS_PER_POINT;
    if billionths == 0 {
        return "0 pp".to_owned();
    }
    if points.abs() < 0.005 {
        return format!("{}0.01 pp", if billionths > 0 { "< +" } else { "> −" });
    }
    let sign = if billionths > 0 { '+' } else { '−' };
    format!("{sign}{} pp", trimmed(format!("{:.2}", points.abs())))
}

/// From one shown value to another; a unit they share is said once: `+1.2 to +1.5 pp`.
pub fn between(low: &str, high: &str) -> String {
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// From the least to the largest shown value, or the one value if they look the same.
pub fn range(low: &str, high: &str) -> String {
    if low == high { low.to_owned() } else { between(low, high) }
}

/// A shown number with what it counts: `1 attempt`, `1.2 attempts`.
pub fn counted(shown: &str, noun: &str) -> String {
    if shown == "1" { format!("1 {noun}") } else { format!("{shown} {noun}s") }
}

/// A whole number with separators between thousands: `12,345`.
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// A number with three significant digits and no exponent: `0.0123`, `1.23`, `123`, `1,230`; a dash if it is none.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    // 999.6 would round to 1000, which stands as 1,000.
    if value.abs() >= 999.5 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count((value.abs() + 0.5) as u64));
    }
    let mut decimals = 2;
    let mut size = value.abs();
    while size >= 9.995 && decimals > 0 {
        size /= 10.0;
        decimals -= 1;
    }
    while size > 0.0 && size < 0.9995 && decimals < 9 {
        size *= 10.0;
        decimals += 1;
    }
    trimmed(format!("{value:.decimals$}"))
}

/// A signed number with three significant digits: `+12.3`, `-4`, `0`.
pub fn signed(value: f64) -> String {
    let shown = significant(value);
    if value > 0.0 && shown != "0" { format!("+{shown}") } else { shown }
}

/// A chance: `0.034`, `< 0.001`.
pub fn chance(chance: f64) -> String {
    if chance < 0.001 { "< 0.001".to_owned() } else { format!("{chance:.3}") }
}

/// What stands for a value that does not exist.
pub const MISSING: &str = "–";

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_and_carry_their_unit() {
        let shown = |nanos| length(SimDuration::from_nanos(nanos));
        assert_eq!(
            [0, 999, 1_500, 999_600, 12_345_678, 1_230_000_000, 240_000_000_000].map(shown),
            ["0 s", "999 ns", "1.5 µs", "1 ms", "12.3 ms", "1.23 s", "240 s"]
        );
        let long =
            [599, 600, 3_600, 4_000, 10_800, 86_400, 259_200, 31_536_000].map(|seconds: u64| length(SimDuration::from_secs(seconds)));
        assert_eq!(long, ["599 s", "10 min", "1 h", "66.7 min", "3 h", "24 h", "3 d", "365 d"]);
        assert_eq!([0.0, 1_230_000.0, -4e9, 0.4].map(longer_by), ["0 s", "+1.23 ms", "−4 s", "+0.4 ns"]);
        assert_eq!([0.5, 300.0, 3_600.0, 1e6].map(|seconds| TimeUnit::of_axis(seconds).name), ["s", "s", "min", "d"]);
        assert_eq!(exact_seconds(SimDuration::from_nanos(1_230_000_001)), "1.230000001");
    }

    #[test]
    fn a_share_never_rounds_to_all_or_to_nothing() {
        assert_eq!(percent(9_993, 10_000), "99.93 %");
        assert_eq!(percent(999_999, 1_000_000), "99.9999 %");
        assert_eq!(percent(999_987, 1_000_000), "99.9987 %");
        assert_eq!((percent(99_989, 100_000), percent(9_999, 10_000)), ("99.989 %".to_owned(), "99.99 %".to_owned()));
        assert_eq!((percent(1, 1_000_000), percent(13, 1_000_000)), ("0.0001 %".to_owned(), "0.0013 %".to_owned()));
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "100 %", "of more calls than there can be");
        assert_eq!((percent(0, 5), percent(5, 5), percent(0, 0)), ("0 %".to_owned(), "100 %".to_owned(), "–".to_owned()));
    }

    #[test]
    fn differences_carry_their_sign_and_small_ones_are_not_nothing() {
        assert_eq!([12_300_000, -500_000_000, 0, 3].map(points), ["+1.23 pp", "−50 pp", "0 pp", "< +0.01 pp"]);
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(
            ["1", "1.02", "0", "1 to 2"].map(|shown| counted(shown, "attempt")),
            ["1 attempt", "1.02 attempts", "0 attempts", "1 to 2 attempts"]
        );
    }

    #[test]
    fn a_range_says_its_unit_once_and_one_value_is_no_range() {
        assert_eq!((between("+1 pp", "+2 pp"), between("40 ms", "2 s")), ("+1 to +2 pp".to_owned(), "40 ms to 2 s".to_owned()));
        assert_eq!((range("4 s", "4 s"), range("1", "1,771")), ("4 s".to_owned(), "1 to 1,771".to_owned()));
    }

    #[test]
    fn significant_digits_are_at_most_three_below_a_thousand() {
        assert_eq!(
            [0.012_34, 1.0, 1.236, 12.36, 123.6, 999.9, 12_345.6].map(significant),
            ["0.0123", "1", "1.24", "12.4", "124", "1,000", "12,346"]
        );
        assert_eq!((significant(f64::NAN), significant(0.0)), ("–".to_owned(), "0".to_owned()));
        assert_eq!((count(7), count(1_234_567)), ("7".to_owned(), "1,234,567".to_owned()));
    }
}
