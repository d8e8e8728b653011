//! Where do the marks of an axis stand, and what do they say?
//!
//! Logarithms are taken here, with the pinned mathematics, and plotters sees a linear axis: marks may then stand at
//! 1, 2 and 5 as well, and the picture is the same bytes everywhere.

use crate::number::{self, TimeUnit};
use sim_core::stats::log10;
use sim_core::time::SimDuration;

/// As many chosen places may be the marks of an axis.
const FEW: usize = 10;
/// From mark to mark on an axis of hours, and of minutes.
const HOURS: [f64; 8] = [0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0];
const CLOCK: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0];
/// Marks of a logarithmic axis of times, in seconds: a minute, five and twenty; one hour, three and twelve; one day, three and ten; and on.
const LONG: [f64; 11] = [60.0, 300.0, 1_200.0, 3_600.0, 10_800.0, 43_200.0, 86_400.0, 259_200.0, 864_000.0, 2_592_000.0, 31_536_000.0];
/// Values less than this many powers of ten apart, a factor of three, need no logarithm, and have few round numbers on one.
const NARROW: f64 = 0.478;
/// What ends sooner than that, in seconds, was on no wire and at no worker.
const AT_ONCE: f64 = 1e-6;
const ENDED_AT_ONCE: &str =
    " At once: within a microsecond, such as what a breaker refuses, a cache answers, or a neighbour without delay and work.";

/// One axis: its label, its range, its marks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What is measured, with its unit.
    pub label: String,
    /// The ends, in drawing coordinates.
    pub range: (f64, f64),
    /// Position, in drawing coordinates, and text of each mark.
    pub marks: Vec<(f64, String)>,
    /// Whether positions are logarithms.
    pub is_log: bool,
}

impl Axis {
    /// A linear axis from `low` to at least `high`; `text` says what stands at a mark.
    pub fn linear(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = nice_step((high - low) / 6.0);
        let marks = (0..60).map(|index| low + step * f64::from(index)).take_while(|mark| *mark <= high + step * 1e-6);
        Self { label: label.to_owned(), range: (low, high), marks: marks.map(|mark| (mark, text(mark))).collect(), is_log: false }
    }

    /// A linear axis of shares from 0 to 100 %.
    pub fn percent(label: &str) -> Self {
        let mut axis = Self::linear(label, 0.0, 1.0, |share| format!("{} %", number::significant(share * 100.0)));
        // Room for a line that runs along 100 %.
        axis.range = (0.0, 1.02);
        axis
    }

    /// A logarithmic axis that holds `low` and `high`, both above zero; a linear one where a logarithm would have too few round numbers to be read.
    pub fn log(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        let low = if low > 0.0 && low.is_finite() { low } else { 1.0 };
        // A single value stands in the middle.
        let (low, high) = if high > low && high.is_finite() { (low, high) } else { (low / 3.0, low * 3.0) };
        let (first, last) = (log10(low), log10(high));
        let pad = (last - first) * 0.03;
        let range = (first - pad, last + pad);
        let mantissas: &[f64] = match last - first {
            span if span < NARROW => return Self::near(label, low, high, text),
            span if span < 0.8 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            span if span > 8.0 => &[1.0],
            span if span > 3.6 => &[1.0, 3.0],
            _ => &[1.0, 2.0, 5.0],
        };
        let mut marks = Vec::new();
        for exponent in range.0.floor() as i32..=range.1.ceil() as i32 {
            for mantissa in mantissas {
                let position = f64::from(exponent) + log10(*mantissa);
                if position >= range.0 && position <= range.1 {
                    marks.push((position, text(ten_to(exponent) * mantissa)));
                }
            }
        }
        Self { label: format!("{label}, logarithmic"), range, marks, is_log: true }
    }

    /// A linear axis of values that all are near to each other: from a round number below them to one above.
    fn near(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        // No closer than numbers of three digits can tell.
        let missing = (0.1 * high - (high - low)).max(0.0);
        let (low, high) = (low - missing / 2.0, high + missing / 2.0);
        let step = nice_step((high - low) / 5.0);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let marks = (0..=(last - first) as u32).map(|index| (first + f64::from(index)) * step).map(|mark| (mark, text(mark)));
        Self { label: label.to_owned(), range: (low.min(first * step), high.max(last * step)), marks: marks.collect(), is_log: false }
    }

    /// A linear axis of times from the beginning up to so many seconds, in the unit that fits them: seconds, minutes, hours or days.
    pub fn time(label: &str, end: f64) -> Self {
        let end = if end > 0.0 { end } else { 1.0 };
        let unit = TimeUnit::of_axis(end);
        let whole = unit.of_seconds(end);
        let step = match unit.name {
            "h" => HOURS.into_iter().find(|step| *step >= whole / 6.0 * 0.8).unwrap_or(24.0),
            "min" => CLOCK.into_iter().find(|step| *step >= whole / 6.0 * 0.8).unwrap_or(60.0),
            _ => nice_step(whole / 6.0),
        };
        let marks = (0..60).map(|index| step * f64::from(index)).take_while(|mark| *mark <= whole + step * 1e-6);
        let marks = marks.map(|mark| (mark / unit.of_seconds(1.0), number::significant(mark))).collect();
        Self { label: format!("{label} ({})", unit.name), range: (0.0, end), marks, is_log: false }
    }

    /// A logarithmic axis of latencies, and what a caption says of those that are no time at all. A call that a layer refuses, or a cache answers,
    /// without a message being sent ends in the instant or a nanosecond after it: on a logarithmic axis that would leave most of the paper to
    /// nothing, so that such calls stand at its begin, under a mark of their own.
    pub fn latencies(label: &str, values: impl Iterator<Item = f64>) -> (Self, &'static str) {
        let (at_once, taking): (Vec<f64>, Vec<f64>) = values.partition(|seconds| *seconds < AT_ONCE);
        let (low, high) = taking.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), &value| (low.min(value), high.max(value)));
        if at_once.is_empty() {
            return (Self::log_of_lengths(label, low, high), "");
        }
        // Some room between those that end at once and the others.
        let (low, high) = if taking.is_empty() { (AT_ONCE / 10.0, AT_ONCE) } else { (low / 2.0, high.max(low * 3.0)) };
        (Self::log_of_lengths(label, low, high).with_nothing("at once".to_owned()), ENDED_AT_ONCE)
    }

    /// A logarithmic axis of lengths in seconds; beyond some minutes its marks are those of a clock.
    pub fn log_of_lengths(label: &str, low: f64, high: f64) -> Self {
        let shown = |seconds| number::length(SimDuration::from_secs_f64(seconds));
        let mut axis = Self::log(label, low, high, shown);
        let minute = log10(60.0);
        if axis.is_log && axis.range.1 > log10(600.0) {
            axis.marks.retain(|(position, _)| *position < minute - 0.05);
            let clock = LONG.into_iter().map(|seconds| (log10(seconds), shown(seconds)));
            axis.marks.extend(clock.filter(|(position, _)| (axis.range.0..=axis.range.1).contains(position)));
            if axis.marks.len() < 3 {
                return Self::near(label, low, high, shown);
            }
        }
        axis
    }

    /// The same with a mark for nothing at its begin, where a logarithm puts it.
    pub fn with_nothing(mut self, text: String) -> Self {
        let (begin, end) = self.range;
        self.marks.retain(|(position, _)| *position > begin + 0.06 * (end - begin));
        self.marks.insert(0, (begin, text));
        self
    }

    /// The logarithmic axis if the values span more than a factor of 20, else a linear one from zero.
    pub fn fitting(label: &str, values: impl Iterator<Item = f64>, text: impl Fn(f64) -> String) -> Self {
        let positive = values.filter(|value| *value > 0.0 && value.is_finite());
        let (low, high) = positive.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if low.is_finite() && high > 20.0 * low { Self::log(label, low, high, text) } else { Self::linear(label, 0.0, high * 1.05, text) }
    }

    /// The axis of places that were chosen, not measured: few of them are its marks.
    pub fn of_places(label: &str, places: impl Iterator<Item = f64>, text: impl Fn(f64) -> String) -> Self {
        let mut places: Vec<f64> = places.collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let (Some(&low), Some(&high)) = (places.first(), places.last()) else {
            return Self::linear(label, 0.0, 1.0, text);
        };
        let mut axis = Self::holding(label, low, high, &text);
        if places.len() <= FEW {
            axis.marks = places.iter().map(|place| (axis.position(*place), text(*place))).collect();
        }
        axis
    }

    fn holding(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        if low > 0.0 && high > 20.0 * low {
            return Self::log(label, low, high, text);
        }
        // From nothing, unless that would leave most of it empty.
        let from = if low * 2.0 > high { low - (high - low) * 0.1 } else { 0.0 };
        let step = nice_step((high - from) / 6.0);
        Self::linear(label, if high > from { (from / step).floor() * step } else { from }, high + (high - low) * 0.03, text)
    }

    /// A linear axis of shares up to 100 %, from nothing unless all are high.
    pub fn shares(label: &str, low: f64) -> Self {
        let from = [0.99, 0.9].into_iter().find(|from| low >= *from).unwrap_or(0.0);
        let mut axis = Self::linear(label, from, 1.0, |share| format!("{} %", number::significant(share * 100.0)));
        axis.range.1 += (1.0 - from) * 0.02;
        axis
    }

    /// A linear axis with a mark at zero and round ones on either side as far as needed.
    pub fn around_zero(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        let (low, high) = if high > low { (low.min(0.0), high.max(0.0)) } else { (-1.0, 1.0) };
        let step = nice_step((high - low) / 4.0);
        let (first, last) = ((low / step).floor() as i32, (high / step).ceil() as i32);
        let marks = (first..=last).map(|index| f64::from(index) * step).map(|mark| (mark, text(mark))).collect();
        let pad = step * 0.25;
        let range = (f64::from(first) * step - pad, f64::from(last) * step + pad);
        Self { label: label.to_owned(), range, marks, is_log: false }
    }

    /// One place for each name, from the top downwards when it is drawn upright.
    pub fn names(names: &[String]) -> Self {
        let count = names.len().max(1) as f64;
        let marks = names.iter().enumerate().map(|(index, name)| (count - 0.5 - index as f64, name.clone())).collect();
        Self { label: String::new(), range: (0.0, count), marks, is_log: false }
    }

    /// One place for each value, from the left or from below, each so many pixels wide; where that is too narrow not every one is named.
    pub fn places(label: &str, values: &[String], pixels: f64) -> Self {
        let each = (19.0 / pixels).ceil().max(1.0) as usize;
        let marks = values.iter().enumerate().step_by(each).map(|(index, value)| (index as f64 + 0.5, value.trim_matches('"').to_owned()));
        Self { label: label.to_owned(), range: (0.0, values.len().max(1) as f64), marks: marks.collect(), is_log: false }
    }

    /// Where a value stands, in drawing coordinates, kept within the range.
    pub fn position(&self, value: f64) -> f64 {
        let position = match (self.is_log, value > 0.0) {
            (true, true) => log10(value),
            (true, false) => self.range.0,
            (false, _) => value,
        };
        position.clamp(self.range.0, self.range.1)
    }
}

/// The next of 1, 2, 5 times a power of ten that is not below `step`.
fn nice_step(step: f64) -> f64 {
    let unit = ten_to(log10(step).floor() as i32);
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * unit >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * unit
}

/// A power of ten by multiplication, exact for the small ones.
fn ten_to(exponent: i32) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
    if exponent < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.marks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn marks_stand_at_round_numbers() {
        assert_eq!(texts(&Axis::linear("", 0.0, 120.0, number::significant)), ["0", "20", "40", "60", "80", "100", "120"]);
        assert_eq!(texts(&Axis::percent("")), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        assert_eq!(texts(&Axis::log("", 10.0, 200.0, number::significant)), ["10", "20", "50", "100", "200"]);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits_them() {
        let seen = |end: f64| {
            let axis = Axis::time("time", end);
            let last = axis.marks.last().cloned().unwrap_or_default();
            (axis.label.clone(), axis.marks.len(), last)
        };
        assert_eq!(seen(300.0), ("time (s)".to_owned(), 7, (300.0, "300".to_owned())));
        assert_eq!(seen(3_600.0), ("time (min)".to_owned(), 7, (3_600.0, "60".to_owned())));
        assert_eq!(seen(86_400.0), ("time (h)".to_owned(), 7, (86_400.0, "24".to_owned())));
        assert_eq!(seen(604_800.0), ("time (d)".to_owned(), 4, (518_400.0, "6".to_owned())));
    }

    #[test]
    fn what_ends_at_once_does_not_stretch_an_axis_of_latencies() {
        let (axis, said) = Axis::latencies("latency", [1e-9, 0.0, 0.01, 2.0].into_iter());
        assert!(axis.range.0 > -2.4 && said.contains("microsecond"), "{axis:?}");
        assert_eq!(axis.marks[0].1, "at once");
        assert_eq!((axis.position(1e-9), axis.position(0.0)), (axis.range.0, axis.range.0));
        let (axis, said) = Axis::latencies("latency", [0.01, 40.0 * 86_400.0].into_iter());
        assert_eq!((said, axis.marks.last().map(|mark| mark.1.as_str())), ("", Some("30 d")), "{axis:?}");
    }

    #[test]
    fn every_axis_of_lengths_has_at_least_three_marks_that_differ() {
        for low in [1e-6, 7.3e-4, 0.0098, 0.01, 0.043, 1.0, 17.0, 130.0, 700.0, 1_300.0, 5_000.0] {
            for factor in [1.0, 1.000_1, 1.02, 1.3, 2.0, 2.9, 3.1, 4.0, 6.3, 8.0, 30.0, 1e4] {
                let axis = Axis::log_of_lengths("", low, low * factor);
                let mut all = texts(&axis);
                all.dedup();
                assert!(all.len() >= 3 && all.len() == axis.marks.len(), "{low} s to {factor} times as much: {all:?}");
                let ends = [low, low * factor].map(|end| if axis.is_log { log10(end) } else { end });
                assert!(ends.iter().all(|end| (axis.range.0..=axis.range.1).contains(end)), "{axis:?} holds {ends:?}");
            }
        }
        assert_eq!(texts(&Axis::log_of_lengths("", 0.0095, 0.0107)), ["9.5 ms", "10 ms", "10.5 ms", "11 ms"]);
    }

    #[test]
    fn empty_and_senseless_ranges_still_make_an_axis() {
        for axis in [
            Axis::linear("", 0.0, 0.0, number::significant),
            Axis::log("", 0.0, 0.0, number::significant),
            Axis::fitting("", std::iter::empty(), number::significant),
            Axis::fitting("", [f64::NAN, f64::INFINITY].into_iter(), number::significant),
        ] {
            assert!(axis.range.1 > axis.range.0 && !axis.marks.is_empty(), "{axis:?}");
        }
    }
}
