//! Is the history of a register linearizable, if no value is written twice?
//!
//! Gibbons and Korach: the write of a value and its reads must stand together in the order. What is known of where that is, is its *zone*:
//! between the first end and the last invocation of any of them. Two values whose zones demand each to stand before the other conflict.

use super::search::first_shown;
use super::{can_be_explained, shortest, witness};
use crate::history::{Action, Operation};
use crate::properties::Witness;
use std::collections::{BTreeMap, BTreeSet};

/// Whether no value is written twice, nor the value that is there before all writes.
pub(super) fn has_unique_writes(operations: &[&Operation]) -> bool {
    let mut seen = BTreeSet::from([0]);
    operations.iter().filter_map(|operation| written(operation)).all(|value| seen.insert(value))
}

const fn written(operation: &Operation) -> Option<u64> {
    match operation.action {
        Action::Write(value) => Some(value),
        _ => None,
    }
}

/// A value: the operations that wrote and read it, and where they must stand. Instants are nanoseconds; the value that was there before
/// all writes was written before time began.
#[derive(Clone, Debug)]
struct Cluster<'a> {
    write: Option<&'a Operation>,
    /// The first end: when, and of which operation; before everything for what was there from the start.
    first_end: (i128, Option<&'a Operation>),
    /// The last invocation.
    last_begin: (i128, Option<&'a Operation>),
    has_reads: bool,
}

const BEFORE: i128 = -1;
const NEVER: i128 = i128::MAX;

fn begin(operation: &Operation) -> i128 {
    i128::from(operation.invoked.as_nanos())
}

fn end(operation: &Operation) -> i128 {
    operation.ended().map_or(NEVER, |at| i128::from(at.as_nanos()))
}

impl<'a> Cluster<'a> {
    fn of(write: Option<&'a Operation>) -> Self {
        match write {
            Some(write) => {
                let (first_end, last_begin) = ((end(write), Some(write)), (begin(write), Some(write)));
                Self { write: Some(write), first_end, last_begin, has_reads: false }
            }
            None => Self { write: None, first_end: (BEFORE, None), last_begin: (BEFORE, None), has_reads: false },
        }
    }

    fn add(&mut self, read: &'a Operation) {
        self.has_reads = true;
        if end(read) < self.first_end.0 {
            self.first_end = (end(read), Some(read));
        }
        if begin(read) > self.last_begin.0 {
            self.last_begin = (begin(read), Some(read));
        }
    }

    const fn is_forward(&self) -> bool {
        self.first_end.0 < self.last_begin.0
    }

    /// Whether each of the two must stand before the other.
    const fn conflicts(&self, other: &Self) -> bool {
        self.first_end.0 < other.last_begin.0 && other.first_end.0 < self.last_begin.0
    }

    /// The operations that say where it must stand.
    fn bounds(&self) -> impl Iterator<Item = &'a Operation> {
        [self.write, self.first_end.1, self.last_begin.1].into_iter().flatten()
    }
}

/// Every violation in the operations of one register, of which no value is written twice, in the order of their invocations.
pub(super) fn violations(operations: &[&Operation]) -> Vec<Witness> {
    let (mut found, clusters) = clusters(operations);
    found.extend(conflicts(&clusters).into_iter().map(|(a, b)| conflict(a, b)));
    found
}

/// Whether there is none: the same without looking for the fewest operations that show it.
#[cfg(test)]
pub(in crate::properties) fn has_none(operations: &[&Operation]) -> bool {
    let (found, clusters) = clusters(operations);
    found.is_empty() && conflicts(&clusters).is_empty()
}

/// The values with the operations on them, and reads of what could not be read.
fn clusters<'a>(operations: &[&'a Operation]) -> (Vec<Witness>, Vec<Cluster<'a>>) {
    let mut clusters: BTreeMap<u64, Cluster<'_>> = BTreeMap::from([(0, Cluster::of(None))]);
    for write in operations {
        if let Some(value) = written(write) {
            clusters.insert(value, Cluster::of(Some(write)));
        }
    }
    let mut found = Vec::new();
    for read in operations {
        let (Action::Read, Some(value)) = (read.action, read.answer()) else { continue };
        match clusters.get_mut(&value) {
            None => found.push(witness("a read answered a value that nobody ever wrote".to_owned(), vec![read])),
            Some(Cluster { write: Some(write), .. }) if !write.may_count() => {
                found.push(witness("a read answered a value whose write was said to have failed".to_owned(), vec![write, read]));
            }
            Some(Cluster { write: Some(write), .. }) if end(read) < begin(write) => {
                found.push(witness("a read answered a value before it was written".to_owned(), vec![write, read]));
            }
            Some(cluster) => cluster.add(read),
        }
    }
    // What nobody read may never have taken effect, unless its client was told that it has.
    let counts = |cluster: &Cluster<'_>| cluster.has_reads || cluster.write.is_some_and(|write| write.done().is_some());
    (found, clusters.into_values().filter(counts).collect())
}

/// Pairs of values that would each have to stand before the other: one for each value whose zone holds others that it must not.
fn conflicts<'c, 'a>(clusters: &'c [Cluster<'a>]) -> Vec<(&'c Cluster<'a>, &'c Cluster<'a>)> {
    let (mut forward, backward): (Vec<&Cluster<'a>>, Vec<&Cluster<'a>>) = clusters.iter().partition(|cluster| cluster.is_forward());
    forward.sort_by_key(|cluster| cluster.first_end.0);
    // The zone that reaches farthest among all up to each of them.
    let mut farthest: Vec<usize> = Vec::with_capacity(forward.len());
    let mut found: BTreeMap<usize, (&Cluster<'a>, &Cluster<'a>)> = BTreeMap::new();
    for (index, zone) in forward.iter().enumerate() {
        let before = farthest.last().copied();
        // A zone meets one that begins before it if and only if it meets the one of those that reaches farthest.
        if let Some(before) = before.filter(|before| forward[*before].conflicts(zone)) {
            found.entry(before).or_insert((forward[before], zone));
        }
        farthest.push(before.filter(|before| forward[*before].last_begin.0 >= zone.last_begin.0).unwrap_or(index));
    }
    for cluster in backward {
        let begun = forward.partition_point(|zone| zone.first_end.0 < cluster.last_begin.0);
        let zone = begun.checked_sub(1).map(|index| farthest[index]).filter(|zone| forward[*zone].conflicts(cluster));
        if let Some(zone) = zone {
            found.entry(zone).or_insert((forward[zone], cluster));
        }
    }
    found.into_values().collect()
}

/// Two values that would each have to stand before the other, as the few operations that say so.
fn conflict(a: &Cluster<'_>, b: &Cluster<'_>) -> Witness {
    let mut operations: Vec<&Operation> = Vec::new();
    for operation in a.bounds().chain(b.bounds()) {
        if !operations.iter().any(|known| std::ptr::eq(*known, operation)) {
            operations.push(operation);
        }
    }
    operations.sort_by_key(|operation| operation.invoked);
    let kept = shortest(&operations, &|part| has_writes(part) && !can_be_explained(part));
    let read: BTreeSet<u64> = kept.iter().filter(|operation| operation.action == Action::Read).filter_map(|read| read.answer()).collect();
    let sentence = match (read.len(), a.write.is_none() || b.write.is_none()) {
        (1, true) => "a read answered that nothing was written, after a write was done",
        (1, false) => "a read answered an older value than the one that had been written last",
        (_, true) => "a read answered that nothing was written, after another read had answered a value",
        (_, false) => "a read answered an older value than another read before it",
    };
    // Who ends last need not be who showed it: a write that is read is known to be under way before it is done.
    let at = first_shown(&kept, &|part| !can_be_explained(part));
    let whole = witness(sentence.to_owned(), kept);
    Witness { at: at.unwrap_or(whole.at), ..whole }
}

/// Whether what is read is written in the same part: a history that lacks a write is no witness against its reads.
fn has_writes(operations: &[&Operation]) -> bool {
    let is_written = |value: u64| value == 0 || operations.iter().any(|operation| written(operation) == Some(value));
    operations.iter().filter(|operation| operation.action == Action::Read).all(|read| read.answer().is_none_or(is_written))
}
