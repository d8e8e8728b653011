//! What do checkers of registers want to know of a history: who wrote what a read answered, and which write is older?

use super::Witness;
use crate::history::{Action, History, Operation};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

/// The reads and writes of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Register<'a> {
    /// Reads that were answered, in the order in which they were invoked.
    pub reads: Vec<&'a Operation>,
    /// Writes that may have had an effect, by value.
    pub writes: BTreeMap<u64, &'a Operation>,
    /// Writes that were done, by when that was.
    pub done: Vec<&'a Operation>,
}

/// The objects that are no registers: what a counter answers to a read nobody has written.
pub(super) fn no_registers(history: &History) -> BTreeSet<u64> {
    let is_of_register = |action: Action| matches!(action, Action::Read | Action::Write(_) | Action::CompareAndSet { .. } | Action::Total);
    let others = history.operations.iter().filter(|operation| !is_of_register(operation.action));
    others.flat_map(objects_of).collect()
}

/// The objects that an operation is about.
pub(super) fn objects_of(operation: &Operation) -> impl Iterator<Item = u64> + use<> {
    let other = if let Action::Transfer { to, .. } = operation.action { Some(to) } else { None };
    [operation.object].into_iter().chain(other)
}

/// The registers of a history, each with its reads and writes; an exchange that was done is a write.
pub(super) fn registers(history: &History) -> BTreeMap<u64, Register<'_>> {
    let mut objects: BTreeMap<u64, Register<'_>> = BTreeMap::new();
    let others = no_registers(history);
    for operation in history.operations.iter().filter(|operation| !others.contains(&operation.object)) {
        let register = objects.entry(operation.object).or_default();
        match operation.action {
            Action::Read if operation.answer().is_some() => register.reads.push(operation),
            _ => {
                if let Some(value) = written(operation) {
                    register.writes.insert(value, operation);
                    register.done.extend(operation.done().map(|_| operation));
                }
            }
        }
    }
    for register in objects.values_mut() {
        register.reads.sort_by_key(|read| read.invoked);
        register.done.sort_by_key(|write| write.done());
    }
    objects
}

/// What an operation may have written.
pub(super) fn written(operation: &Operation) -> Option<u64> {
    match operation.action {
        Action::Write(value) if operation.may_count() => Some(value),
        Action::CompareAndSet { new, .. } if operation.may_count() && operation.answer() != Some(0) => Some(new),
        _ => None,
    }
}

impl<'a> Register<'a> {
    /// Whether a value is certainly older than a write: it was there before all writes, its write was done before the other began, or one
    /// client wrote both, one after the other.
    pub fn is_older(&self, value: u64, than: &Operation) -> bool {
        if written(than) == Some(value) {
            return false;
        }
        match self.writes.get(&value) {
            None => value == 0,
            Some(write) => write.precedes(than) || write.client == than.client && follows(write, than),
        }
    }

    /// The writes that were done when an instant came.
    pub fn done_by(&self, at: SimTime) -> &[&'a Operation] {
        &self.done[..self.done.partition_point(|write| write.done().is_some_and(|done| done <= at))]
    }

    /// How many writes that were done at an instant are certainly newer than a value.
    pub fn newer_than(&self, value: u64, at: SimTime) -> impl Iterator<Item = &'a Operation> {
        let done = self.done_by(at);
        // Those done before its own write began are no newer: they need not be looked at.
        let from = self.writes.get(&value).map_or(0, |write| done.partition_point(|other| other.done() < Some(write.invoked)));
        done[from..].iter().copied().filter(move |write| self.is_older(value, write))
    }
}

/// Whether an operation of a client was over when another one of it began, perhaps at the same instant.
pub(super) fn follows(first: &Operation, second: &Operation) -> bool {
    first.ended().is_some_and(|ended| ended <= second.invoked)
}

/// The operations of every client, each time it goes on after the end of one: operations that a client has under way at a time belong to
/// processes of their own, as if several did its work, and one of which nobody knows the end is the last of its process.
pub(super) fn processes<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<Vec<&'a Operation>> {
    let mut clients: BTreeMap<u32, Vec<Vec<&'a Operation>>> = BTreeMap::new();
    let mut sorted: Vec<&Operation> = operations.collect();
    sorted.sort_by_key(|operation| operation.invoked);
    for operation in sorted {
        let lanes = clients.entry(operation.client).or_default();
        match lanes.iter_mut().find(|lane| lane.last().is_none_or(|last| follows(last, operation))) {
            Some(lane) => lane.push(operation),
            None => lanes.push(vec![operation]),
        }
    }
    clients.into_values().flatten().collect()
}

/// A witness made of operations, each once, at the instant at which the last of them was over.
pub(super) fn witness_of(sentence: impl Into<String>, operations: &[&Operation]) -> Witness {
    let mut seen = BTreeSet::new();
    let mut operations: Vec<Operation> =
        operations.iter().filter(|one| seen.insert((one.invoked, one.call, one.attempt, one.object))).map(|one| **one).collect();
    operations.sort_by_key(|operation| operation.invoked);
    let at = operations.iter().filter_map(Operation::ended).max().unwrap_or(SimTime::ZERO);
    Witness { operations, ..Witness::new(at, sentence) }
}
