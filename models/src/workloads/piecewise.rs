//! Piecewise: the rate of calls is given from time to time (open load), for a day and its peaks, a launch, or a step.

use super::course::{Course, Piece, Spaced, Spacing, per_nano};
use super::{ArrivalProcess, Gaps, check_rate};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// Rates from given times on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piecewise {
    /// From when on, and how often the whole population calls. Nobody calls before the first; the last holds to the end.
    pub rates: Vec<(SimDuration, Rate)>,
    /// What the rate does between two of them.
    #[serde(default)]
    pub between: Between,
    /// After how much time all begins again: a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<SimDuration>,
    /// How calls are spaced while the rate is the same.
    #[serde(default)]
    pub spacing: Spaced,
}

/// What a rate does between two times at which it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Between {
    /// It stays as it is until the next one.
    #[default]
    Constant,
    /// It changes evenly towards the next one: the first, where all begins again.
    Linear,
}

impl Registered for Piecewise {
    const NAME: &'static str = "Piecewise";
    const SUMMARY: &'static str = "open load: rates from given times on, in steps or along lines, repeated if wanted";
}

impl Piecewise {
    pub(super) fn process(&self, _count: u32) -> ArrivalProcess {
        let pieces = pieces(&self.rates, self.between, self.repeats);
        ArrivalProcess::Open(Gaps::Course(Box::new(Course::of_pieces(pieces, self.repeats, Spacing::new(self.spacing)))))
    }

    pub(super) fn check(&self) -> Vec<Complaint> {
        check_rates("rates", &self.rates, self.repeats)
    }
}

/// The pieces between these times.
pub(super) fn pieces(rates: &[(SimDuration, Rate)], between: Between, repeats: Option<SimDuration>) -> Vec<Piece> {
    let piece = |(index, (begin, rate)): (usize, &(SimDuration, Rate))| {
        let from = per_nano(*rate);
        let next = rates.get(index + 1).or_else(|| repeats.and_then(|_| rates.first()));
        let to = next.filter(|_| between == Between::Linear).map_or(from, |next| per_nano(next.1));
        Piece { begin: *begin, from, to }
    };
    rates.iter().enumerate().map(piece).collect()
}

/// Everything wrong with rates and their times.
pub(super) fn check_rates(field: &str, rates: &[(SimDuration, Rate)], repeats: Option<SimDuration>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if rates.iter().all(|(_, rate)| rate.is_zero()) {
        complaints.push(complaint(field, "no rate is above zero; write `[(\"0s\", \"100/s\"), (\"60s\", \"300/s\")]`"));
    }
    for (index, (_, rate)) in rates.iter().enumerate().filter(|(_, (_, rate))| !rate.is_zero()) {
        complaints.extend(check_rate(&format!("{field}[{index}]"), *rate));
    }
    if let Some(index) = rates.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
        let (one, other) = (rates[index].0, rates[index + 1].0);
        complaints.push(complaint(&format!("{field}[{}]", index + 1), format!("times go forwards, but {other} comes after {one}")));
    }
    if let Some(period) = repeats {
        let last = rates.last().map_or(SimDuration::ZERO, |(time, _)| *time);
        if period < last {
            complaints.push(complaint("repeats", format!("all begins again after {period}, before the last of its times, {last}")));
        } else if period < SimDuration::from_millis(1) {
            complaints.push(complaint("repeats", "what repeats takes 1ms or more"));
        }
    }
    complaints
}
