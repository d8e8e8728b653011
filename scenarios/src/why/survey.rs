//! What is usual in a run, and what was wrong in it?

use super::storm::Storm;
use super::story::edge_of;
use super::usual::Lengths;
use crate::diff::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    /// Whether it cuts off messages, as far as that is known.
    pub cuts: bool,
}

impl FaultSpan {
    /// Whether it was on at any instant between these.
    pub fn touches(&self, from: u64, until: u64) -> bool {
        self.from <= until && self.until.is_none_or(|end| end >= from)
    }
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
    /// How long requests, queues, service and answers take.
    pub usual: Lengths,
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
    /// The names of faults that cut off messages.
    cutting: BTreeSet<String>,
    on: BTreeMap<String, VecDeque<usize>>,
}

/// Looks at a whole run. What is remembered meanwhile grows with what is under way.
///
/// # Errors
/// If it cannot be told.
pub fn survey(source: &dyn Source) -> Result<Survey, SourceError> {
    let mut survey = Survey { cutting: source.cutting(), ..Survey::default() };
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
                let cuts = self.cutting.contains(&what);
                self.on.entry(what).or_default().push_back(self.faults.len());
                self.faults.push(FaultSpan { name, from: event.at, until: None, cuts });
            }
            "fault-ends" => {
                let open = self.on.get_mut(event.what.as_deref().unwrap_or_default());
                if let Some(index) = open.and_then(VecDeque::pop_front) {
                    self.faults[index].until = Some(event.at);
                }
            }
            _ => {}
        }
        self.usual.see_node(event);
        if let Some(call) = &event.call {
            self.storm.see(event, edge_of(&call.name));
            self.see_call(event, &call.key);
            self.usual.see(event, call);
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
}
