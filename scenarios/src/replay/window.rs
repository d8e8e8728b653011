//! Which lines of a trace are kept?
//!
//! So many around a moment, or from a moment on: never more than were asked for, however long the run is.

use super::pattern::Pattern;
use models::record::Record;
use sim_core::time::SimTime;
use std::collections::VecDeque;

/// The moment around which lines are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This instant.
    Time(SimTime),
    /// After so many records.
    Record(u64),
    /// The first line that fits.
    First(Pattern),
}

/// Keeps the lines that were asked for, and no more.
#[derive(Clone, Debug)]
pub struct Window {
    moment: Moment,
    until: SimTime,
    before: usize,
    after: usize,
    kept: VecDeque<String>,
    /// How many of those kept lie behind the moment.
    taken: usize,
    records: u64,
    /// Whether the moment has come, and when.
    begun: Option<SimTime>,
    left_out: u64,
}

impl Window {
    /// Lines from this moment on until an instant, and so many before it.
    pub const fn new(moment: Moment, until: SimTime, before: usize, after: usize) -> Self {
        Self { moment, until, before, after, kept: VecDeque::new(), taken: 0, records: 0, begun: None, left_out: 0 }
    }

    /// Takes note of a record and keeps its line if it is wanted.
    pub fn take(&mut self, at: SimTime, record: &Record, line: impl FnOnce() -> String) {
        self.records += 1;
        if at > self.until {
            return;
        }
        if self.begun.is_some() {
            return self.keep_after(line);
        }
        match &self.moment {
            Moment::Time(from) if at >= *from => {}
            Moment::Record(number) if self.records > *number => {}
            Moment::First(pattern) => {
                let line = line();
                if !pattern.fits(record, &line) {
                    return self.keep_before(|| line);
                }
                self.begun = Some(at);
                return self.keep_after(|| line);
            }
            Moment::Time(_) | Moment::Record(_) => return self.keep_before(line),
        }
        self.begun = Some(at);
        self.keep_after(line);
    }

    fn keep_before(&mut self, line: impl FnOnce() -> String) {
        if self.before > 0 {
            if self.kept.len() == self.before {
                self.kept.pop_front();
            }
            self.kept.push_back(line());
        }
    }

    fn keep_after(&mut self, line: impl FnOnce() -> String) {
        if self.taken < self.after {
            self.taken += 1;
            self.kept.push_back(line());
        } else {
            self.left_out += 1;
        }
    }

    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
    }

    /// When the moment came, if it did.
    pub const fn begun(&self) -> Option<SimTime> {
        self.begun
    }

    /// How many lines behind the moment were wanted and kept.
    pub const fn taken(&self) -> usize {
        self.taken
    }

    /// How many more lines there would be.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(moment: Moment, until: u64, before: usize, after: usize) -> (Vec<String>, u64) {
        let mut window = Window::new(moment, SimTime::from_nanos(until), before, after);
        for at in 1..=9 {
            window.take(SimTime::from_nanos(at), &Record::Converged, || format!("{at}ns line {at}"));
        }
        (window.lines().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect(), window.left_out())
    }

    #[test]
    fn lines_around_a_moment_are_kept_and_the_others_counted() {
        assert_eq!(kept(Moment::Time(SimTime::from_nanos(5)), 99, 2, 3), (["3", "4", "5", "6", "7"].map(str::to_owned).to_vec(), 2));
        assert_eq!(kept(Moment::Record(4), 99, 1, 2), (["4", "5", "6"].map(str::to_owned).to_vec(), 3));
        assert_eq!(kept(Moment::Time(SimTime::from_nanos(7)), 8, 0, 9), (["7", "8"].map(str::to_owned).to_vec(), 0));
        let eighth = "text=8".parse().expect("it is a pattern");
        assert_eq!(kept(Moment::First(eighth), 99, 1, 9), (["7", "8", "9"].map(str::to_owned).to_vec(), 0));
        let never = "text=no".parse().expect("it is a pattern");
        assert_eq!(kept(Moment::First(never), 99, 0, 9), (Vec::new(), 0));
    }
}
