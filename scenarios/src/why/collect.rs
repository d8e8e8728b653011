//! Which events are about a call, and about what was done for its sake?
//!
//! All events of the call and of every call inside it; what members of a group said to one another because of them, until the call was over;
//! lives, faults and stops of nodes meanwhile. Then, by their causes, whatever led to any of these.

use crate::diff::{Source, SourceError};
use crate::trace::{On, TraceEvent};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many events are collected.
pub const MOST_COLLECTED: usize = 20_000;
/// So many times a run is told again for causes that lie far back.
const MOST_PASSES: usize = 4;
/// What nodes and faults do before the call begins is remembered, the latest so many.
const MOST_WORLDLY: usize = 2_000;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The events, by their numbers.
    pub events: BTreeMap<u64, TraceEvent<'static>>,
    /// The keys of the calls that were asked for.
    pub calls: BTreeSet<String>,
    /// How many events would not fit.
    pub left_out: u64,
}

impl Collected {
    /// What led to an event, the latest first.
    pub fn causes(&self, of: u64) -> Vec<&TraceEvent<'static>> {
        let mut chain = Vec::new();
        let mut effect = self.events.get(&of);
        while let Some(event) = effect.and_then(|effect| effect.cause).and_then(|id| self.events.get(&id)) {
            // Causes are earlier than what they cause; anything else is an edited file.
            let Some(before) = effect.filter(|effect| event.id < effect.id) else { break };
            if !event.is_aside_of(before) {
                chain.push(event);
            }
            effect = Some(event);
        }
        chain
    }

    /// The events in order.
    pub fn in_order(&self) -> Vec<TraceEvent<'static>> {
        self.events.values().cloned().collect()
    }
}

/// Collects the events about calls that answer to one of these names, numbers or keys.
///
/// # Errors
/// If the run cannot be told.
pub fn collect(source: &dyn Source, wanted: &BTreeSet<String>) -> Result<Collected, SourceError> {
    let mut collector =
        Collector { wanted, found: Collected::default(), open: BTreeSet::new(), family: BTreeSet::new(), worldly: BTreeMap::new() };
    source.tell(&mut |event| collector.see(event))?;
    let Collector { mut found, worldly, .. } = collector;
    for (id, event) in worldly {
        found.events.entry(id).or_insert(event);
    }
    for _ in 0..MOST_PASSES {
        let missing = missing(&found);
        if missing.is_empty() {
            break;
        }
        source.tell(&mut |event| {
            if missing.contains(&event.id) {
                found.events.insert(event.id, event.clone().into_owned());
            }
        })?;
    }
    prune(&mut found);
    Ok(found)
}

/// Causes of what was found that were not.
fn missing(found: &Collected) -> BTreeSet<u64> {
    let causes = found.events.values().filter_map(|event| event.cause);
    causes.filter(|cause| !found.events.contains_key(cause)).collect()
}

/// Of nodes and faults, only what was on between the first and the last event of the calls, or led to one of them, is of interest.
fn prune(found: &mut Collected) {
    let of_calls = |event: &&TraceEvent<'static>| event.call.as_ref().is_some_and(|call| found.calls.contains(call.key.as_ref()));
    let mut instants = found.events.values().filter(of_calls).map(|event| event.at);
    let Some(first) = instants.next() else { return };
    let last = instants.next_back().unwrap_or(first);
    let causes: BTreeSet<u64> = found.events.values().filter_map(|event| event.cause).collect();
    let mut on = On::default();
    let before = found.events.values().filter(|event| event.at < first);
    // Whatever began because of which something happened is over when it was over.
    let ends: Vec<u64> = before.filter_map(|event| on.see(event).filter(|begin| causes.contains(begin)).map(|_| event.id)).collect();
    let matters: BTreeSet<u64> = on.begins(false).into_iter().map(|event| event.id).chain(ends).chain(causes).collect();
    let is_meanwhile = |event: &TraceEvent<'_>| (first..=last).contains(&event.at);
    found.events.retain(|id, event| !On::concerns(&event.kind) || is_meanwhile(event) || matters.contains(id));
}

struct Collector<'w> {
    wanted: &'w BTreeSet<String>,
    found: Collected,
    /// Calls of the family that have not ended.
    open: BTreeSet<String>,
    /// All calls of the family.
    family: BTreeSet<String>,
    worldly: BTreeMap<u64, TraceEvent<'static>>,
}

impl Collector<'_> {
    fn see(&mut self, event: &TraceEvent<'_>) {
        if On::concerns(&event.kind) {
            if !self.family.is_empty() && self.open.is_empty() {
                return;
            }
            self.worldly.insert(event.id, event.clone().into_owned());
            if self.worldly.len() > MOST_WORLDLY {
                self.worldly.pop_first();
            }
            return;
        }
        let is_part = match &event.call {
            Some(call) => {
                let is_wanted = self.is_wanted(&call.name, &call.key);
                if is_wanted {
                    self.found.calls.insert(call.key.to_string());
                }
                let is_inside = call.within.as_ref().is_some_and(|(key, _)| self.family.contains(key.as_ref()));
                let is_begin = event.kind == "call" && (is_wanted || is_inside);
                if is_begin {
                    self.family.insert(call.key.to_string());
                    self.open.insert(call.key.to_string());
                }
                let is_part = self.family.contains(call.key.as_ref());
                if is_part && matches!(event.kind.as_ref(), "end" | "give-up") {
                    self.open.remove(call.key.as_ref());
                }
                is_part
            }
            // What is said because of it counts only while anybody waits for it: one thing leads to another for ever.
            None => !self.open.is_empty() && event.cause.is_some_and(|cause| self.found.events.contains_key(&cause)),
        };
        if is_part {
            if self.found.events.len() >= MOST_COLLECTED {
                self.found.left_out += 1;
            } else {
                self.found.events.insert(event.id, event.clone().into_owned());
            }
        }
    }

    fn is_wanted(&self, name: &str, key: &str) -> bool {
        if self.wanted.contains(key) || self.wanted.contains(name) {
            return true;
        }
        let number = name.rsplit_once(' ').map_or("", |(_, number)| number);
        number.starts_with('#') && self.wanted.contains(number)
    }
}
