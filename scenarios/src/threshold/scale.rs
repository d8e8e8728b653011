//! Which values lie between two ends that a scenario writes, evenly and exactly?
//!
//! Values are whole numbers of a small part of their unit: nanoseconds for times, otherwise the last digit that is written or
//! needed. So a value has one text, which is what `--set` takes.

use sim_core::time::SimDuration;

/// At most so many steps from one end to the other.
const MOST_STEPS: i128 = 10_000;
/// So many unless a precision is written.
const USUAL_STEPS: i128 = 100;

/// Evenly spaced values from one end to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    from: i128,
    to: i128,
    steps: u32,
    form: Form,
}

/// How values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Time,
    /// A decimal number with so many digits behind the point, and what follows it.
    Number(usize, String),
}

impl Scale {
    /// The values from one end to the other in steps of `precision`, or a hundred steps.
    ///
    /// # Errors
    /// A sentence about what does not fit together.
    pub fn new(from: &str, to: &str, precision: Option<&str>) -> Result<Self, String> {
        let times = |text: &str| text.parse::<SimDuration>().ok().map(|time| i128::from(time.as_nanos()));
        let (form, ends, step) = if let (Some(from), Some(to)) = (times(from), times(to)) {
            let step = precision.map(|text| times(text).ok_or_else(|| format!("the precision `{text}` is no time such as \"5ms\"")));
            (Form::Time, (from, to), step.transpose()?)
        } else {
            numbers(from, to, precision)?
        };
        let range = (ends.1 - ends.0).abs();
        if range == 0 {
            return Err(format!("both ends are {from}: there is nothing between them"));
        }
        let steps = match step {
            Some(step) if step <= 0 || step > range => {
                return Err(format!("the precision is above 0 and at most the distance from {from} to {to}"));
            }
            Some(step) => (range + step - 1) / step,
            None => USUAL_STEPS.min(range),
        };
        if steps > MOST_STEPS {
            return Err(format!("from {from} to {to} there are {steps} steps of that precision; the most are {MOST_STEPS}"));
        }
        Ok(Self { from: ends.0, to: ends.1, steps: steps as u32, form })
    }

    /// How many steps there are; values count from 0 to this.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// A value as a scenario writes it, without quotes.
    pub fn text(&self, index: u32) -> String {
        let value = self.from + (self.to - self.from) * i128::from(index) / i128::from(self.steps);
        match &self.form {
            Form::Time => SimDuration::from_nanos(u64::try_from(value).unwrap_or_default()).to_string(),
            Form::Number(digits, suffix) => {
                let parts = 10_i128.pow(*digits as u32);
                let rest = format!("{:0digits$}", value % parts);
                let rest = rest.trim_end_matches('0');
                let point = if rest.is_empty() || *digits == 0 { String::new() } else { format!(".{rest}") };
                format!("{}{point}{suffix}", value / parts)
            }
        }
    }
}

/// How values are written, both ends, and the distance between values if it is said.
type Marks = (Form, (i128, i128), Option<i128>);

/// Form, ends and step of decimal numbers with the same unit.
fn numbers(from: &str, to: &str, precision: Option<&str>) -> Result<Marks, String> {
    let (first, suffix) = split(from);
    let (last, other) = split(to);
    if suffix != other {
        return Err(format!("`{from}` and `{to}` are not of one unit; write both ends alike"));
    }
    let step = precision.map(split);
    if let (Some(text), Some((_, unit))) = (precision, step)
        && unit != suffix
    {
        return Err(format!("the precision `{text}` is not of the unit of `{from}`"));
    }
    let step = step.map(|(number, _)| number);
    let digits = |number: &str| number.split_once('.').map_or(0, |(_, rest)| rest.trim_end_matches('0').len());
    let mut most = digits(first).max(digits(last)).max(step.map_or(0, digits));
    let read =
        |number: &str, most: usize| decimal(number, most).ok_or_else(|| format!("`{number}{suffix}` is no number that can be varied"));
    // Workers and clients are whole; what has a unit or a point may have more digits than are written.
    let is_whole = suffix.is_empty() && most == 0;
    while !is_whole && step.is_none() && most < 6 && (read(last, most)? - read(first, most)?).abs() < USUAL_STEPS {
        most += 1;
    }
    let step = step.map(|number| read(number, most)).transpose()?;
    Ok((Form::Number(most, suffix.to_owned()), (read(first, most)?, read(last, most)?), step))
}

/// The number a text begins with, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len()))
}

/// A decimal number as a whole number of its parts with so many digits behind the point; none if it has more digits than that.
fn decimal(text: &str, digits: usize) -> Option<i128> {
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

    fn values(from: &str, to: &str, precision: Option<&str>) -> Vec<String> {
        let scale = Scale::new(from, to, precision).expect("the ends are of one kind");
        (0..=scale.steps()).map(|index| scale.text(index)).collect()
    }

    #[test]
    fn values_lie_evenly_between_their_ends_and_are_written_like_them() {
        assert_eq!(values("100/s", "160/s", Some("20/s")), ["100/s", "120/s", "140/s", "160/s"]);
        assert_eq!(values("900ms", "1.2s", Some("100ms")), ["900ms", "1s", "1.1s", "1.2s"]);
        assert_eq!(values("4", "1", None), ["4", "3", "2", "1"], "downwards, and whole");
        assert_eq!(values("0.5", "2", Some("0.75")), ["0.5", "1.25", "2"]);
        let rates = values("1/s", "2/s", None);
        assert_eq!((rates.len(), rates[1].as_str(), rates[100].as_str()), (101, "1.01/s", "2/s"));
    }

    #[test]
    fn ends_that_do_not_fit_together_are_refused() {
        for (from, to, precision) in [
            ("1/s", "2/m", None),
            ("5", "5", None),
            ("a", "b", None),
            ("1/s", "2/s", Some("1s")),
            ("1", "9", Some("20")),
            ("1ms", "1h", Some("1ms")),
        ] {
            assert!(Scale::new(from, to, precision).is_err(), "{from} {to}");
        }
    }
}
