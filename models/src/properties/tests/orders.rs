//! Do checkers and those who try every order agree, on all small histories?

use super::super::{Verdict, causal, linearizable, sequential};
use super::{history, is_linearizable, operation, read, write};
use crate::history::{Action, End, Operation};

/// Every way in which so many operations can begin and end, as far as it makes a difference which of them was over when another began: the
/// instants of begin and end of each, in the order of their begins.
fn intervals(count: usize) -> Vec<Vec<(u64, u64)>> {
    fn go(count: usize, now: u64, open: &[usize], spans: &[(u64, u64)], last_ended: Option<usize>, all: &mut Vec<Vec<(u64, u64)>>) {
        if spans.len() == count && open.is_empty() {
            return all.push(spans.to_vec());
        }
        if spans.len() < count {
            let (open, spans) = ([open, &[spans.len()]].concat(), [spans, &[(now, 0)]].concat());
            go(count, now + 1, &open, &spans, None, all);
        }
        // Ends that nothing begins between may come in any order: one of those is enough.
        for ends in open.iter().copied().filter(|ends| last_ended.is_none_or(|last| last < *ends)) {
            let open: Vec<usize> = open.iter().copied().filter(|other| *other != ends).collect();
            let mut spans = spans.to_vec();
            spans[ends].1 = now;
            go(count, now + 1, &open, &spans, Some(ends), all);
        }
    }
    let mut all = Vec::new();
    go(count, 0, &[], &[], None, &mut all);
    all
}

/// Every way in which so many operations can be writes, of values 1, 2 and so on, and reads of any of those or of nothing.
fn labels(count: usize) -> Vec<Vec<(bool, u64)>> {
    let mut all = Vec::new();
    for writes in 0..1_u32 << count {
        let most = u64::from(writes.count_ones());
        let reads = count as u32 - writes.count_ones();
        for answers in 0..(most + 1).pow(reads) {
            let (mut value, mut rest) = (0, answers);
            let label = |index: usize| {
                if writes >> index & 1 == 1 {
                    value += 1;
                    (true, value)
                } else {
                    let answer = rest % (most + 1);
                    rest /= most + 1;
                    (false, answer)
                }
            };
            all.push((0..count).map(label).collect());
        }
    }
    all
}

/// Tries every order, with those of unknown outcome anywhere after their begin, or nowhere.
pub(super) fn some_order_explains(operations: &[Operation], step: &dyn Fn(u64, &Operation) -> Option<u64>) -> bool {
    fn go(operations: &[Operation], left: u32, state: u64, step: &dyn Fn(u64, &Operation) -> Option<u64>) -> bool {
        let is_left = |index: usize| left >> index & 1 == 1;
        let must = (0..operations.len()).any(|index| is_left(index) && operations[index].end != End::Unknown);
        !must
            || (0..operations.len()).filter(|index| is_left(*index)).any(|index| {
                let is_first = (0..operations.len()).all(|other| !is_left(other) || !operations[other].precedes(&operations[index]));
                is_first && step(state, &operations[index]).is_some_and(|state| go(operations, left & !(1 << index), state, step))
            })
    }
    go(operations, (1 << operations.len()) - 1, 0, step)
}

pub(super) fn register(state: u64, operation: &Operation) -> Option<u64> {
    match operation.action {
        Action::Write(value) => Some(value),
        Action::Read => (operation.answer() == Some(state)).then_some(state),
        Action::CompareAndSet { expected, new } => match (state == expected, operation.answer()) {
            (true, None | Some(1)) => Some(new),
            (false, None | Some(0)) => Some(state),
            _ => None,
        },
        _ => None,
    }
}

fn made(spans: &[(u64, u64)], labels: &[(bool, u64)], unknown: u32) -> Vec<Operation> {
    let one = |index: usize| {
        let ((from, until), (writes, value)) = (spans[index], labels[index]);
        let is_known = !writes || unknown >> index & 1 == 0;
        let action = if writes { Action::Write(value) } else { Action::Read };
        operation(index as u32, action, from, is_known.then_some(until), (!writes).then_some(value))
    };
    (0..spans.len()).map(one).collect()
}

#[test]
fn zones_and_trying_every_order_agree_on_all_histories_of_a_register_up_to_6_operations() {
    let (mut looked, mut violated) = (0_u64, 0_u64);
    for count in 1..=6 {
        let spans = intervals(count);
        assert_eq!(spans.len(), (1..=count).product::<usize>());
        for labels in labels(count) {
            for spans in &spans {
                let operations = made(spans, &labels, 0);
                let explained = some_order_explains(&operations, &register);
                let references: Vec<&Operation> = operations.iter().collect();
                assert_eq!(linearizable::registers::has_none(&references), explained, "{operations:#?}");
                // What is shown of a violation is looked for in the shorter ones.
                assert!(count > 4 || is_linearizable(&operations) == explained, "{operations:#?}");
                looked += 1;
                violated += u64::from(!explained);
            }
        }
    }
    assert!(looked > 2_000_000 && violated > 100_000 && looked - violated > 100_000, "{looked} {violated}");
}

#[test]
fn writes_of_unknown_outcome_may_take_effect_at_any_time_or_never() {
    for count in 1..=4 {
        for labels in labels(count) {
            for (spans, unknown) in intervals(count).iter().flat_map(|spans| (1..1_u32 << count).map(move |unknown| (spans, unknown))) {
                let operations = made(spans, &labels, unknown);
                assert_eq!(is_linearizable(&operations), some_order_explains(&operations, &register), "{operations:#?}");
            }
        }
    }
}

#[test]
fn the_search_and_trying_every_order_agree_on_histories_with_exchanges() {
    let actions = [
        (Action::Write(1), None),
        (Action::Write(2), None),
        (Action::Read, Some(0)),
        (Action::Read, Some(1)),
        (Action::CompareAndSet { expected: 0, new: 1 }, Some(1)),
        (Action::CompareAndSet { expected: 1, new: 2 }, Some(1)),
        (Action::CompareAndSet { expected: 1, new: 2 }, Some(0)),
        (Action::CompareAndSet { expected: 2, new: 0 }, None),
    ];
    let mut violated = 0;
    for count in 1..=4 {
        for spans in intervals(count) {
            for code in 0..8_usize.pow(count as u32) {
                let label = |index: usize| actions[code / 8_usize.pow(index as u32) % 8];
                // What answers nothing has no known end.
                let one = |(index, &(from, until)): (usize, &(u64, u64))| {
                    let (action, answer) = label(index);
                    let is_unknown = matches!(action, Action::CompareAndSet { .. }) && answer.is_none();
                    operation(index as u32, action, from, (!is_unknown).then_some(until), answer)
                };
                let operations: Vec<Operation> = spans.iter().enumerate().map(one).collect();
                let explained = some_order_explains(&operations, &register);
                assert_eq!(is_linearizable(&operations), explained, "{operations:#?}");
                violated += usize::from(!explained);
            }
        }
    }
    assert!(violated > 10_000);
}

#[test]
fn locks_are_given_to_one_client_at_a_time() {
    let lock = |state: u64, operation: &Operation| match operation.action {
        Action::Acquire => (state == 0).then_some(u64::from(operation.client) + 1),
        _ => (state == u64::from(operation.client) + 1).then_some(0),
    };
    for count in 1..=4 {
        for (spans, code) in intervals(count).iter().flat_map(|spans| (0..4_usize.pow(count as u32)).map(move |code| (spans, code))) {
            let one = |(index, &(from, until)): (usize, &(u64, u64))| {
                let code = code >> (2 * index) & 3;
                operation((code & 1) as u32, if code & 2 == 0 { Action::Acquire } else { Action::Release }, from, Some(until), None)
            };
            let operations: Vec<Operation> = spans.iter().enumerate().map(one).collect();
            assert_eq!(is_linearizable(&operations), some_order_explains(&operations, &lock), "{operations:#?}");
        }
    }
}

#[test]
fn locks_that_are_given_back_at_some_time_or_never_are_given_to_one_client_at_a_time() {
    let lock = |state: u64, operation: &Operation| match operation.action {
        Action::Acquire => (state == 0).then_some(u64::from(operation.client) + 1),
        _ => (state == u64::from(operation.client) + 1).then_some(0),
    };
    let mut violated = 0;
    for count in 1..=4 {
        for (spans, code) in intervals(count).iter().flat_map(|spans| (0..6_usize.pow(count as u32)).map(move |code| (spans, code))) {
            let one = |(index, &(from, until)): (usize, &(u64, u64))| {
                let code = code / 6_usize.pow(index as u32) % 6;
                let (client, is_known) = ((code & 1) as u32, code < 4);
                let action = if code < 2 { Action::Acquire } else { Action::Release };
                operation(client, action, from, is_known.then_some(until), None)
            };
            let operations: Vec<Operation> = spans.iter().enumerate().map(one).collect();
            let explained = some_order_explains(&operations, &lock);
            assert_eq!(is_linearizable(&operations), explained, "{operations:#?}");
            violated += usize::from(!explained);
        }
    }
    assert!(violated > 10_000);
}

#[test]
fn additions_of_unknown_outcome_are_in_a_sum_or_not() {
    let counter = |state: u64, operation: &Operation| {
        let sum = if let Action::Add(by) = operation.action { state.wrapping_add_signed(by) } else { state };
        operation.answer().is_none_or(|answer| answer == sum).then_some(sum)
    };
    let actions = [
        (Action::Add(1), Some(1)),
        (Action::Add(1), Some(2)),
        (Action::Add(1), None),
        (Action::Add(2), None),
        (Action::Read, Some(1)),
        (Action::Read, Some(3)),
    ];
    let mut violated = 0;
    for count in 1..=4 {
        for spans in intervals(count) {
            for code in 0..6_usize.pow(count as u32) {
                let one = |(index, &(from, until)): (usize, &(u64, u64))| {
                    let (action, answer) = actions[code / 6_usize.pow(index as u32) % 6];
                    operation(index as u32, action, from, answer.is_some().then_some(until), answer)
                };
                let operations: Vec<Operation> = spans.iter().enumerate().map(one).collect();
                let explained = some_order_explains(&operations, &counter);
                assert_eq!(is_linearizable(&operations), explained, "{operations:#?}");
                violated += usize::from(!explained);
            }
        }
    }
    assert!(violated > 10_000);
}

/// Whether some order of all operations agrees with every client's own, whatever the time.
fn some_order_of_sessions_explains(operations: &[Operation]) -> bool {
    fn go(operations: &[Operation], left: u32, state: u64) -> bool {
        left == 0
            || (0..operations.len()).filter(|index| left >> index & 1 == 1).any(|index| {
                let earlier = |other: usize| left >> other & 1 == 1 && operations[other].client == operations[index].client;
                let is_next = !(0..index).any(earlier);
                is_next && register(state, &operations[index]).is_some_and(|state| go(operations, left & !(1 << index), state))
            })
    }
    go(operations, (1 << operations.len()) - 1, 0)
}

#[test]
fn sequential_and_causal_agree_with_trying_every_order_of_the_operations_of_two_and_three_clients() {
    let (mut sequentials, mut causals) = (0, 0);
    for count in 1..=5_usize {
        for labels in labels(count) {
            for code in 0..3_u32.pow(count as u32) {
                // One after the other, so that only the clients' own orders bind.
                let one = |(index, (writes, value)): (usize, &(bool, u64))| {
                    let (client, from) = (code / 3_u32.pow(index as u32) % 3, 10 * index as u64);
                    if *writes { write(client, *value, from, from + 5) } else { read(client, *value, from, from + 5) }
                };
                let operations: Vec<Operation> = labels.iter().enumerate().map(one).collect();
                let is_sequential = some_order_of_sessions_explains(&operations);
                let verdict = sequential(&history(operations.clone()), u64::MAX);
                assert_eq!(verdict == Verdict::Holds, is_sequential, "{operations:#?}");
                let (violations, _) = causal(&history(operations.clone())).expect("it is small");
                assert!(violations.is_empty() || !is_sequential, "what is sequential is causal: {operations:#?}");
                sequentials += usize::from(is_sequential);
                causals += usize::from(violations.is_empty());
            }
        }
    }
    assert!(causals > sequentials && sequentials > 1_000, "{causals} {sequentials}");
}
