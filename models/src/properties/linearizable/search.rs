//! Is there an order of the operations on an object that explains every answer? A search that remembers where it has been.
//!
//! Wing and Gong: as the next operation in the order any may be taken that is invoked before every operation not yet taken has ended; what
//! the object answers must be what was answered. A position of the search is which operations are taken and the state of the object; one
//! that was seen before leads nowhere again (Lowe). Operations are taken nearly in the order of their invocations, so that a position is
//! written down as the first one not taken and the few exceptions.

use super::{shortest, witness as made_of};
use crate::history::{Action, End, Operation};
use crate::properties::Witness;
use sim_core::time::SimTime;
use std::collections::BTreeSet;

/// The state of an object: the value of a register or a counter; of a lock 0 if it is free, or the number of the client that has it, and one more.
type State = u64;

/// What becomes of the state if an operation takes effect now; nothing if it cannot, because it would have answered something else.
fn step(state: State, operation: &Operation) -> Option<State> {
    let answer = operation.answer();
    let fits = |said: u64| answer.is_none_or(|answer| answer == said);
    match operation.action {
        Action::Read => fits(state).then_some(state),
        Action::Write(value) => Some(value),
        Action::CompareAndSet { expected, new } => {
            let is_set = state == expected;
            fits(u64::from(is_set)).then_some(if is_set { new } else { state })
        }
        Action::Add(by) => {
            let sum = state.wrapping_add_signed(by);
            fits(sum).then_some(sum)
        }
        Action::Acquire => (state == 0).then_some(u64::from(operation.client) + 1),
        Action::Release => (state == u64::from(operation.client) + 1).then_some(0),
        Action::Transfer { .. } | Action::Total => None,
    }
}

/// A position of the search.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    /// All operations before this one are taken, or are unknown and listed.
    front: usize,
    /// Those after it that are taken, in order.
    ahead: Vec<usize>,
    /// Those before it that are not taken, in order: their outcome is unknown, and they may come later or never.
    waiting: Vec<usize>,
    state: State,
}

/// Whether there is such an order of the operations, which are sorted by their invocations; nothing if more positions than `most` would
/// have to be looked at.
pub(super) fn is_linearizable(operations: &[&Operation], most: u64) -> Option<bool> {
    let operations = needed(operations);
    let mut seen = BTreeSet::new();
    let mut open = vec![advanced(Position { front: 0, ahead: Vec::new(), waiting: Vec::new(), state: 0 }, &operations)];
    let mut looked = 0;
    while let Some(position) = open.pop() {
        if operations[position.front..].iter().zip(position.front..).all(|(operation, index)| is_left(operation, &position, index)) {
            return Some(true);
        }
        if !seen.insert(position.clone()) {
            continue;
        }
        looked += 1;
        if looked > most {
            return None;
        }
        // The last to be looked at is the first in the order: those that were invoked first are tried first.
        let next = candidates(&operations, &position);
        open.extend(next.into_iter().rev().filter_map(|index| taken(&operations, &position, index)));
    }
    Some(false)
}

/// The operations that can matter: not those that had no effect; nor those of unknown outcome whose value nobody saw, unless an answer may
/// rest on its being there all the same: that an exchange found another value, or a sum.
fn needed<'a>(operations: &[&'a Operation]) -> Vec<&'a Operation> {
    let mut seen = BTreeSet::new();
    let mut shows_others = false;
    for operation in operations {
        match operation.action {
            Action::Read => seen.extend(operation.answer()),
            Action::CompareAndSet { expected, .. } => {
                seen.insert(expected);
                shows_others |= operation.answer() == Some(0);
            }
            Action::Add(_) => shows_others = true,
            _ => {}
        }
    }
    let can_matter = |operation: &Operation| match operation.action {
        Action::Write(value) | Action::CompareAndSet { new: value, .. } if operation.end == End::Unknown => {
            shows_others || seen.contains(&value)
        }
        _ => operation.may_count(),
    };
    operations.iter().copied().filter(|operation| can_matter(operation)).collect()
}

/// Whether an operation needs not be taken any more.
fn is_left(operation: &Operation, position: &Position, index: usize) -> bool {
    operation.end == End::Unknown || position.ahead.binary_search(&index).is_ok()
}

/// The operations that may come next: those invoked before the first end of any that must still come.
fn candidates(operations: &[&Operation], position: &Position) -> Vec<usize> {
    let mut first_end = SimTime::MAX;
    let mut ahead = position.ahead.iter().peekable();
    let mut next = position.waiting.clone();
    for (index, operation) in operations.iter().enumerate().skip(position.front) {
        if operation.invoked > first_end {
            break;
        }
        if ahead.next_if(|taken| **taken == index).is_some() {
            continue;
        }
        first_end = operation.ended().map_or(first_end, |ended| first_end.min(ended));
        next.push(index);
    }
    next.retain(|index| operations[*index].invoked <= first_end);
    without_twins(operations, next)
}

/// Of several operations of unknown outcome that would do the same the first: whatever order takes a later one instead is as good if the two
/// change places.
fn without_twins(operations: &[&Operation], candidates: Vec<usize>) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(candidates.len());
    for index in candidates {
        let operation = operations[index];
        let is_for_itself = matches!(operation.action, Action::Acquire | Action::Release);
        let does_the_same = |other: &Operation| {
            other.end == End::Unknown && other.action == operation.action && (!is_for_itself || other.client == operation.client)
        };
        if operation.end != End::Unknown || !kept.iter().any(|other| does_the_same(operations[*other])) {
            kept.push(index);
        }
    }
    kept
}

/// The position after an operation was taken, if it can be.
fn taken(operations: &[&Operation], position: &Position, index: usize) -> Option<Position> {
    let state = step(position.state, operations[index])?;
    let mut next = Position { state, ..position.clone() };
    match next.waiting.binary_search(&index) {
        Ok(place) => {
            next.waiting.remove(place);
        }
        Err(_) => {
            let place = next.ahead.partition_point(|taken| *taken < index);
            next.ahead.insert(place, index);
        }
    }
    Some(advanced(next, operations))
}

/// Moves the front beyond what is taken, and beyond what is unknown as long as something behind it is taken.
fn advanced(mut position: Position, operations: &[&Operation]) -> Position {
    while position.front < operations.len() {
        if position.ahead.first() == Some(&position.front) {
            position.ahead.remove(0);
        } else if operations[position.front].end == End::Unknown {
            position.waiting.push(position.front);
        } else {
            break;
        }
        position.front += 1;
    }
    position
}

/// A short part of the operations of an object that cannot be explained. The whole cannot.
pub(super) fn witness(operations: &[&Operation], most: u64) -> Witness {
    let is_violated = |part: &[&Operation]| is_linearizable(part, most) == Some(false);
    let part = known_at(operations, first_shown(operations, &is_violated).unwrap_or(SimTime::MAX));
    let part: Vec<&Operation> = part.iter().collect();
    let is_soon_violated = |part: &[&Operation]| is_linearizable(part, most.min(MOST_LOOKED)) == Some(false);
    let kept = if part.len() <= MOST_SHORTENED { shortest(&part, &is_soon_violated) } else { part[part.len() - MOST_SHORTENED..].to_vec() };
    made_of("no order of these operations explains what they answered".to_owned(), kept)
}

/// Longer parts are not made shorter one by one, and of those the last operations are shown.
const MOST_SHORTENED: usize = 400;

/// At most so many positions are looked at for each operation that might be left out.
const MOST_LOOKED: u64 = 10_000;

/// The first instant at which some operations, as they were known then, cannot be explained any more: the end of one of them. Found by halving,
/// since what cannot be explained stays so. Nothing if they can be.
pub(super) fn first_shown(operations: &[&Operation], is_violated: &dyn Fn(&[&Operation]) -> bool) -> Option<SimTime> {
    let mut ends: Vec<SimTime> = operations.iter().filter_map(|operation| operation.ended()).collect();
    ends.sort_unstable();
    let violated_at = |at: SimTime| {
        let part = known_at(operations, at);
        is_violated(&part.iter().collect::<Vec<_>>())
    };
    let first = ends.partition_point(|at| !violated_at(*at));
    ends.get(first).copied()
}

/// What was known of some operations at an instant.
fn known_at(operations: &[&Operation], at: SimTime) -> Vec<Operation> {
    let begun = operations.iter().filter(|operation| operation.invoked <= at);
    begun.map(|operation| known_until(operation, at)).collect()
}

/// An operation as it was known at an instant.
fn known_until(operation: &Operation, at: SimTime) -> Operation {
    let end = if operation.ended().is_some_and(|ended| ended <= at) { operation.end } else { End::Unknown };
    Operation { end, ..*operation }
}
