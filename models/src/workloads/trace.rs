//! Trace: calls come as they did once, when they were recorded (open load).
//!
//! Of recorded instants every run makes the same calls at the same times; only who makes them, and what they are about, is drawn. Of
//! recorded rates each run makes calls of its own, as often as was recorded.

use super::course::{Course, Piece, Spacing, unit};
use super::piecewise::{Between, check_rates, pieces};
use super::{ArrivalProcess, Gaps};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

/// Recorded instants of calls, or recorded rates: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Where instants or rates are found; gone after they are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// When calls are made, since the start of the run, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<SimDuration>,
    /// From when on the whole population calls how often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<(SimDuration, Rate)>,
    /// What a recorded rate does until the next one.
    #[serde(default)]
    pub between: Between,
}

/// What a file of arrivals holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// When calls were made.
    Times(Vec<SimDuration>),
    /// From when on they came how often.
    Rates(Vec<(SimDuration, Rate)>),
}

impl Registered for Trace {
    const NAME: &'static str = "Trace";
    const SUMMARY: &'static str = "open load: calls at recorded instants, or at recorded rates, from a file";
}

impl Trace {
    /// Replaces the file by what it holds.
    pub fn take(&mut self, recorded: Recorded) {
        self.file = None;
        match recorded {
            Recorded::Times(times) => self.times = times,
            Recorded::Rates(rates) => self.rates = rates,
        }
    }

    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        let course = if self.times.is_empty() {
            Course::of_pieces(pieces(&self.rates, self.between, None), None, Spacing::Random(unit()))
        } else {
            let mut times = self.times.clone();
            times.sort_unstable();
            let instants = times.iter().map(|time| SimTime::ZERO.saturating_add(*time)).collect();
            Course::of_pieces(between_times(&times), None, Spacing::Given(instants, unit()))
        };
        ArrivalProcess::Open(Gaps::Course(Box::new(course)))
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        let given = [self.file.is_some(), !self.times.is_empty(), !self.rates.is_empty()];
        match given {
            // A file that could not be read has been reported.
            [true, false, false] => Vec::new(),
            [false, true, false] if self.between != Between::Constant => {
                vec![complaint("between", "between recorded instants there is no rate; leave `between` out")]
            }
            [false, true, false] => Vec::new(),
            [false, false, true] => check_rates("rates", &self.rates, None),
            [false, false, false] => {
                vec![complaint("", "nothing is recorded; name a file, `file: \"arrivals.csv\"`, or write `times` or `rates`")]
            }
            _ => vec![complaint("", "a trace has one of `file`, `times` and `rates`, not several")],
        }
    }
}

/// How often calls come between recorded instants, for whatever faults add to them: a gap has the rate that would fill it.
fn between_times(sorted: &[SimDuration]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for together in sorted.chunk_by(|one, other| one == other) {
        pieces.push((together[0], together.len() as f64));
    }
    let rate = |(index, (begin, count)): (usize, &(SimDuration, f64))| {
        let rate = pieces.get(index + 1).map_or(0.0, |(end, _)| count / (*end - *begin).as_nanos() as f64);
        Piece { begin: *begin, from: rate, to: rate }
    };
    pieces.iter().enumerate().map(rate).collect()
}
