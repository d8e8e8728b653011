//! How is a history recorded while a run goes on?

use super::operation::{Action, End, Operation};
use crate::record::AttemptName;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The operations of a run, in the order in which they were invoked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The operations.
    pub operations: Vec<Operation>,
    /// When attempts asked for what an earlier one of their call had asked for, which is the same operation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried_again: Vec<SimTime>,
    /// How many more there were than can be recorded, when the run was stopped for that.
    pub missing: u64,
}

/// What a turn says of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins: with this object, this is to be done.
    Invoked(u64, Action),
    /// It is done, and answered so.
    Returned(Option<u64>),
    /// It certainly had no effect.
    HadNoEffect,
    /// The lock that is held ends by itself at this instant, unless it is given back before.
    HeldUntil(u64, SimTime),
    /// A lock that is held is given back.
    Released(u64),
}

/// Whose operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// That of the attempt in this slot.
    Attempt(u32),
    /// That of a member, by its instance, which is itself a client of others.
    Member(u32),
}

/// Under which names an operation is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The client.
    pub(crate) client: u32,
    /// The call, or of a member its own.
    pub(crate) call: u64,
    /// The attempt; of a member nothing: its operations are counted.
    pub(crate) attempt: Option<u32>,
}

impl Names {
    /// Those of an attempt of a client.
    pub(crate) const fn of_attempt(name: AttemptName, client: u32) -> Self {
        Self { client, call: name.call.key.bits(), attempt: Some(name.number) }
    }
}

/// An operation that several attempts of a call have asked for.
#[derive(Clone, Copy, Debug)]
struct Shared {
    attempts: u32,
    /// Those of them that certainly had no effect.
    without_effect: u32,
}

/// A history in the making.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    history: History,
    /// So many operations are recorded at most, and attempts that asked for one again.
    limit: usize,
    /// The operation that is open in the record of an attempt, or of a member. An attempt that is given up closes nothing: what comes after
    /// it in the same record begins with an operation of its own.
    open: BTreeMap<Whose, usize>,
    /// By client and object, the release of a lock that is held: recorded for when that ends by itself, and moved if it is given back before.
    held: BTreeMap<(u32, u64), usize>,
    /// By call, what it has asked for last, if that was no read: an attempt that asks for the same asks for that.
    asked: BTreeMap<u64, usize>,
    /// The operations that several attempts have asked for.
    shared: BTreeMap<usize, Shared>,
    /// How many operations each member has had.
    counts: BTreeMap<Whose, u32>,
    /// Whether operations are not in the order of their invocations.
    is_mixed: bool,
}

impl Recorder {
    /// An empty history that takes so many operations, and attempts that ask for one again.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            history: History::default(),
            limit: limit as usize,
            open: BTreeMap::new(),
            held: BTreeMap::new(),
            asked: BTreeMap::new(),
            shared: BTreeMap::new(),
            counts: BTreeMap::new(),
            is_mixed: false,
        }
    }

    /// Whether there was more than it takes.
    pub(crate) const fn has_overflown(&self) -> bool {
        self.history.missing > 0
    }

    /// Somebody says something of an operation.
    pub(crate) fn note(&mut self, whose: Whose, names: Names, step: Step, now: SimTime) {
        match step {
            Step::Invoked(object, action) => {
                self.open.remove(&whose);
                let again = self.asked_again(names, (object, action), now);
                if let Some(index) = again.or_else(|| self.push(whose, names, (object, action), now)) {
                    self.open.insert(whose, index);
                }
            }
            Step::Returned(value) => self.close(whose, End::Ok { at: now, value }),
            Step::HadNoEffect => self.close(whose, End::Failed { at: now }),
            Step::HeldUntil(object, until) => {
                self.is_mixed = true;
                if let Some(index) = self.held.get(&(names.client, object)) {
                    // It is lent for longer.
                    self.history.operations[*index].invoked = until;
                } else if let Some(index) = self.push(whose, names, (object, Action::Release), until) {
                    self.held.insert((names.client, object), index);
                }
            }
            Step::Released(object) => self.release((names.client, object), now),
        }
    }

    /// The life of a client is over: it holds nothing any more, and of what it had begun nobody will hear.
    pub(crate) fn dies(&mut self, whose: Whose, client: u32, now: SimTime) {
        self.open.remove(&whose);
        let held: Vec<(u32, u64)> = self.held.range((client, 0)..=(client, u64::MAX)).map(|(held, _)| *held).collect();
        held.into_iter().for_each(|held| self.release(held, now));
    }

    /// The operation that an earlier attempt of the call has asked for, if this one asks for the same. What was read is read anew: an answer
    /// that is older than the attempt would be none to it.
    fn asked_again(&mut self, names: Names, (object, action): (u64, Action), now: SimTime) -> Option<usize> {
        let asked = names.attempt.and_then(|_| self.asked.get(&names.call)).filter(|_| !action.only_looks() && !self.is_full());
        let index = *asked?;
        let operation = &mut self.history.operations[index];
        if (operation.object, operation.action) != (object, action) {
            return None;
        }
        let had_no_effect = !operation.may_count();
        let shared = self.shared.entry(index).or_insert(Shared { attempts: 1, without_effect: u32::from(had_no_effect) });
        shared.attempts += 1;
        if had_no_effect {
            operation.end = End::Unknown;
        }
        self.history.tried_again.push(now);
        Some(index)
    }

    const fn is_full(&self) -> bool {
        self.history.operations.len() + self.history.tried_again.len() >= self.limit
    }

    fn push(&mut self, whose: Whose, names: Names, (object, action): (u64, Action), invoked: SimTime) -> Option<usize> {
        if self.is_full() {
            self.history.missing += 1;
            return None;
        }
        let attempt = names.attempt.unwrap_or_else(|| {
            let count = self.counts.entry(whose).or_default();
            *count += 1;
            *count
        });
        let Names { client, call, .. } = names;
        let index = self.history.operations.len();
        self.history.operations.push(Operation { client, call, attempt, object, action, invoked, end: End::Unknown });
        if names.attempt.is_some() && !action.only_looks() {
            self.asked.insert(call, index);
        }
        Some(index)
    }

    /// An attempt, or a member, knows how its operation ended: as done when the first one says so, as without effect when all of them do.
    fn close(&mut self, whose: Whose, end: End) {
        let Some(index) = self.open.remove(&whose) else { return };
        if let (End::Failed { .. }, Some(shared)) = (end, self.shared.get_mut(&index)) {
            shared.without_effect += 1;
            if shared.without_effect < shared.attempts {
                return;
            }
        }
        let operation = &mut self.history.operations[index];
        if operation.done().is_none() {
            operation.end = end;
        }
    }

    fn release(&mut self, held: (u32, u64), now: SimTime) {
        if let Some(index) = self.held.remove(&held) {
            let release = &mut self.history.operations[index];
            release.invoked = release.invoked.min(now);
        }
    }

    /// What was recorded.
    pub(crate) fn into_history(mut self) -> History {
        if self.is_mixed {
            self.history.operations.sort_by_key(|operation| operation.invoked);
        }
        self.history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: u64 = 7;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    /// What is recorded of a member that holds a lock from 10 until 100, and then this happens.
    fn held(then: impl Fn(&mut Recorder, Whose, Names)) -> Vec<(Action, u64)> {
        let (mut recorder, whose) = (Recorder::new(100), Whose::Member(2));
        let names = Names { client: 5, call: 1, attempt: None };
        let mut note = |step, now| recorder.note(whose, names, step, at(now));
        note(Step::Invoked(LOCK, Action::Acquire), 5);
        note(Step::Returned(Some(3)), 10);
        note(Step::HeldUntil(LOCK, at(100)), 10);
        then(&mut recorder, whose, names);
        recorder.note(whose, names, Step::Invoked(LOCK, Action::Acquire), at(120));
        let history = recorder.into_history();
        assert_eq!(history.operations.iter().map(|one| one.attempt).collect::<std::collections::BTreeSet<_>>().len(), 3);
        assert!(history.operations.is_sorted_by_key(|operation| operation.invoked));
        history.operations.iter().map(|operation| (operation.action, operation.invoked.as_nanos())).collect()
    }

    /// What is recorded of the attempts of a call that each begin with this action on object 1 at instant 10 times their number, of which this is said later.
    fn asked(actions: &[Action], then: &[(u32, Step, u64)]) -> (Vec<Operation>, usize) {
        let mut recorder = Recorder::new(100);
        let names = |attempt| Names { client: 5, call: 77, attempt: Some(attempt) };
        for (attempt, action) in (1..).zip(actions) {
            recorder.note(Whose::Attempt(attempt), names(attempt), Step::Invoked(1, *action), at(10 * u64::from(attempt)));
        }
        for (attempt, step, now) in then {
            recorder.note(Whose::Attempt(*attempt), names(*attempt), *step, at(*now));
        }
        let history = recorder.into_history();
        (history.operations, history.tried_again.len())
    }

    #[test]
    fn attempts_that_ask_for_the_same_are_one_operation_from_the_first_question_to_the_first_answer() {
        let (operations, again) = asked(&[Action::Write(7); 3], &[(2, Step::Returned(None), 45), (3, Step::Returned(None), 50)]);
        let [one] = operations[..] else { panic!("{operations:?}") };
        assert_eq!((one.attempt, one.invoked, one.end, again), (1, at(10), End::Ok { at: at(45), value: None }, 2));
    }

    #[test]
    fn an_operation_had_no_effect_only_if_none_of_its_attempts_had_one() {
        let none = |attempt, now| (attempt, Step::HadNoEffect, now);
        let end = |then: &[(u32, Step, u64)]| asked(&[Action::Add(1); 2], then).0[0].end;
        assert_eq!(end(&[none(1, 40)]), End::Unknown);
        assert_eq!(end(&[none(1, 40), none(2, 41)]), End::Failed { at: at(41) });
        assert_eq!(end(&[(1, Step::Returned(None), 40), none(2, 41)]), End::Ok { at: at(40), value: None });
        assert_eq!(end(&[none(2, 40), (1, Step::Returned(None), 41)]), End::Ok { at: at(41), value: None });
        let mut recorder = Recorder::new(100);
        let names = |attempt| Names { client: 5, call: 77, attempt: Some(attempt) };
        for (attempt, step, now) in [(1, Step::Invoked(1, Action::Add(1)), 10), none(1, 20), (2, Step::Invoked(1, Action::Add(1)), 30)] {
            recorder.note(Whose::Attempt(attempt), names(attempt), step, at(now));
        }
        assert_eq!(recorder.clone().into_history().operations[0].end, End::Unknown, "the second attempt may have one");
        recorder.note(Whose::Attempt(2), names(2), Step::HadNoEffect, at(40));
        assert_eq!(recorder.into_history().operations[0].end, End::Failed { at: at(40) });
    }

    #[test]
    fn reads_and_attempts_that_ask_for_something_else_are_operations_of_their_own() {
        assert_eq!(asked(&[Action::Read; 2], &[]).0.len(), 2);
        assert_eq!(asked(&[Action::Write(7), Action::Write(8)], &[]).0.len(), 2);
        let exchange = |expected| Action::CompareAndSet { expected, new: expected + 10 };
        let (operations, again) = asked(&[exchange(1), exchange(2)], &[(2, Step::HadNoEffect, 40)]);
        assert_eq!((operations[0].end, operations[1].end, again), (End::Unknown, End::Failed { at: at(40) }, 0));
    }

    #[test]
    fn a_lock_is_released_when_it_is_given_back_or_ends_by_itself_or_its_holder_dies_whichever_comes_first() {
        let expected = |released| vec![(Action::Acquire, 5), (Action::Release, released), (Action::Acquire, 120)];
        assert_eq!(held(|_, _, _| {}), expected(100));
        assert_eq!(held(|recorder, whose, names| recorder.note(whose, names, Step::Released(LOCK), at(40))), expected(40));
        assert_eq!(held(|recorder, whose, names| recorder.note(whose, names, Step::Released(LOCK), at(110))), expected(100));
        assert_eq!(held(|recorder, whose, names| recorder.dies(whose, names.client, at(30))), expected(30));
        assert_eq!(held(|recorder, whose, names| recorder.dies(whose, names.client + 1, at(30))), expected(100));
        let renewed = |recorder: &mut Recorder, whose, names| recorder.note(whose, names, Step::HeldUntil(LOCK, at(110)), at(60));
        assert_eq!(held(renewed), expected(110));
    }
}
