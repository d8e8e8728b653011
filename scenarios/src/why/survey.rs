//! What is usual in a run, and what was wrong in it?

use super::storm::Storm;
use super::story::edge_of;
use super::times::Part;
use crate::diff::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::{BTreeMap, VecDeque};

/// Of faults that strike often, so many strikes are kept.
const MOST_FAULTS: usize = 10_000;

/// A strike of a fault, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpan {
    /// The fault.
    pub name: String,
    /// When it began.
    pub from: u64,
    /// When it ended, if it did.
    pub until: Option<u64>,
}

impl FaultSpan {
    /// Whether it was on at any instant between these.
    pub fn touches(&self, from: u64, until: u64) -> bool {
        self.from <= until && self.until.is_none_or(|end| end >= from)
    }
}

/// How long something usually takes: counts of lengths, in eighths of powers of two.
#[derive(Clone, Debug, Default)]
pub struct Usual {
    counts: Vec<u64>,
    all: u64,
}

impl Usual {
    fn add(&mut self, nanos: u64) {
        let place = place_of(nanos);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
        self.all += 1;
    }

    /// The share of lengths that are shorter than this one, to an eighth of a power of two; none if too few were seen.
    pub fn share_below(&self, nanos: u64) -> Option<f64> {
        let below: u64 = self.counts.iter().take(place_of(nanos)).sum();
        (self.all >= 20).then(|| below as f64 / self.all as f64)
    }

    /// The median, to an eighth of a power of two, in nanoseconds.
    pub fn median(&self) -> u64 {
        let mut left = self.all.div_ceil(2);
        let place = self.counts.iter().position(|count| {
            left = left.saturating_sub(*count);
            left == 0
        });
        place.map_or(0, length_of)
    }
}

/// Exact up to 8, then three bits after the leading one.
fn place_of(nanos: u64) -> usize {
    if nanos < 8 {
        return nanos as usize;
    }
    let power = nanos.ilog2();
    ((power - 2) * 8) as usize + (nanos >> (power - 3) & 7) as usize
}

fn length_of(place: usize) -> u64 {
    if place < 8 {
        return place as u64;
    }
    let (power, eighths) = (place as u64 / 8 + 2, place as u64 % 8);
    (8 + eighths) << (power - 3)
}

/// A call that stands out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Its key.
    pub key: String,
    /// How long it took, in nanoseconds.
    pub length: u64,
}

/// What one look at a whole run shows.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The faults, in order of their begin.
    pub faults: Vec<FaultSpan>,
    /// How long requests, queues, service and answers take, by edge.
    pub usual: BTreeMap<(String, Part), Usual>,
    /// Attempts and calls over time.
    pub storm: Storm,
    /// The client's call that took longest, of those that ended.
    pub slowest: Option<Outstanding>,
    /// The first client's call that failed.
    pub first_failed: Option<Outstanding>,
    /// How many events there are.
    pub events: u64,
    /// The last instant.
    pub last: u64,
    open: BTreeMap<String, u64>,
    stages: BTreeMap<(String, u32, u32), (u64, Part)>,
    on: BTreeMap<String, VecDeque<usize>>,
}

/// Looks at a whole run. What is remembered meanwhile grows with what is under way.
///
/// # Errors
/// If it cannot be told.
pub fn survey(source: &dyn Source) -> Result<Survey, SourceError> {
    let mut survey = Survey::default();
    source.tell(&mut |event| survey.see(event))?;
    Ok(survey)
}

impl Survey {
    /// The faults that were on between two instants.
    pub fn faults_between(&self, from: u64, until: u64) -> impl Iterator<Item = &FaultSpan> {
        self.faults.iter().filter(move |fault| fault.touches(from, until))
    }

    fn see(&mut self, event: &TraceEvent<'_>) {
        self.events += 1;
        self.last = event.at;
        match event.kind.as_ref() {
            "fault-begins" if self.faults.len() < MOST_FAULTS => {
                let what = event.what.as_deref().unwrap_or_default().to_owned();
                let name = event.says.as_deref().map_or_else(|| what.clone(), |whom| format!("{what} {whom}"));
                self.on.entry(what).or_default().push_back(self.faults.len());
                self.faults.push(FaultSpan { name, from: event.at, until: None });
            }
            "fault-ends" => {
                let open = self.on.get_mut(event.what.as_deref().unwrap_or_default());
                if let Some(index) = open.and_then(VecDeque::pop_front) {
                    self.faults[index].until = Some(event.at);
                }
            }
            _ => {}
        }
        if let Some(call) = &event.call {
            self.storm.see(event, edge_of(&call.name));
            self.see_call(event, &call.key);
            if let Some(attempt) = call.attempt {
                self.see_attempt(event, edge_of(&call.name), (call.key.to_string(), attempt, call.copy));
            }
        }
    }

    fn see_call(&mut self, event: &TraceEvent<'_>, key: &str) {
        let is_root = || event.call.as_ref().is_some_and(|call| call.within.is_none() && call.name.contains(" #"));
        match event.kind.as_ref() {
            "call" if is_root() && self.storm.is_of_client(event) => {
                self.open.insert(key.to_owned(), event.at);
            }
            "end" => {
                let Some(began) = self.open.remove(key) else { return };
                let ended = Outstanding { key: key.to_owned(), length: event.at - began };
                if event.outcome.as_deref() != Some("ok") && self.first_failed.is_none() {
                    self.first_failed = Some(ended.clone());
                }
                if self.slowest.as_ref().is_none_or(|slowest| slowest.length < ended.length) {
                    self.slowest = Some(ended);
                }
            }
            _ => {}
        }
    }

    fn see_attempt(&mut self, event: &TraceEvent<'_>, edge: &str, place: (String, u32, u32)) {
        let next = match event.kind.as_ref() {
            "send" => Some(Part::Request),
            "queue" => Some(Part::Queue),
            "start" => Some(Part::Service),
            "answer" => Some(Part::Answer),
            "deliver" | "late" | "drop" | "discard" | "turned" | "ignore" => None,
            _ => return,
        };
        let is_whole = !matches!(event.kind.as_ref(), "drop" | "discard" | "turned");
        if let Some((since, part)) = self.stages.remove(&place)
            && is_whole
        {
            self.usual.entry((edge.to_owned(), part)).or_default().add(event.at - since);
        }
        if let Some(part) = next {
            self.stages.insert(place, (event.at, part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_to_an_eighth_of_a_power_of_two() {
        for nanos in [0, 1, 7, 8, 15, 16, 100, 12_345, 999_999_999, u64::MAX] {
            let told = length_of(place_of(nanos));
            assert!(told <= nanos && nanos - told <= nanos / 8, "{nanos} is told as {told}");
        }
        let mut usual = Usual::default();
        (1..=1_000).for_each(|millis| usual.add(millis * 1_000_000));
        assert!(usual.median().abs_diff(500_000_000) < 70_000_000, "{}", usual.median());
        let share = usual.share_below(900_000_000).expect("enough were seen");
        assert!((0.8..0.95).contains(&share), "{share}");
        assert!(Usual::default().share_below(1).is_none());
    }
}
