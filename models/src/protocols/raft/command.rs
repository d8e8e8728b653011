//! What is in the log of a replicated state machine, and what does it do to the state?

use sim_core::draw::mix;
use std::collections::{BTreeMap, VecDeque};

/// Whose operation it is: a call, and the attempt that carried it. Every attempt of a call asks for the same, but for what an exchange expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The number of the call, which no other call has.
    pub call: u64,
    /// The number of the attempt.
    pub attempt: u32,
}

/// What a caller wants done with a key. Values name the call that wrote them, or the attempt that exchanged them; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// What is its value?
    Read,
    /// This is its value from now on.
    Write(u64),
    /// If the first is its value, the second is from now on.
    CompareAndSet(u64, u64),
}

/// An operation of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose it is.
    pub origin: Origin,
    /// The key.
    pub key: u32,
    /// What is to be done with it.
    pub action: Action,
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The value of the key.
    Value(u64),
    /// It was written.
    Written,
    /// Whether it was written, because the value was the one that was expected.
    Swapped(bool),
}

/// Who votes, and how many of the planned changes have led to that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// A bit for each member that votes.
    pub voters: u64,
    /// So many of the planned changes are done.
    pub done: u32,
}

impl Config {
    /// Whether a member votes.
    pub const fn has(self, member: u32) -> bool {
        member < 64 && self.voters >> member & 1 == 1
    }

    /// How many members vote.
    pub const fn count(self) -> u32 {
        self.voters.count_ones()
    }
}

/// The members in a set of bits, ascending.
pub(super) fn members_of(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let member = bits.trailing_zeros();
            bits &= bits - 1;
            member
        })
    })
}

/// What an entry of the log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing: a leader begins its term with it.
    Nothing,
    /// Something a caller wants done.
    Operation(Operation),
    /// Who votes from here on.
    Members(Config),
}

/// An entry of the log. Its index is where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: u64,
    /// What it says.
    pub command: Command,
}

impl Entry {
    /// A number that two entries share only if they are equal, as far as 64 bits go.
    pub(super) const fn fingerprint(&self) -> u64 {
        let command = match self.command {
            Command::Nothing => 1,
            Command::Members(config) => mix(config.voters ^ 2) ^ config.done as u64,
            Command::Operation(Operation { origin, key, action }) => {
                let action = match action {
                    Action::Read => 3,
                    Action::Write(value) => mix(value ^ 4),
                    Action::CompareAndSet(expected, new) => mix(expected ^ 5) ^ new,
                };
                mix(origin.call ^ (origin.attempt as u64) << 32 ^ key as u64) ^ action
            }
        };
        mix(command ^ self.term.rotate_left(40))
    }
}

/// The state: a value for every key, and what came of the last operations that changed something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    /// By key; a key beyond the end has the value 0, which is none.
    values: Vec<u64>,
    /// By call: which attempt was carried out, and what came of it.
    answers: BTreeMap<u64, (u32, Answer)>,
    /// Those calls, the oldest first.
    order: VecDeque<u64>,
}

impl Store {
    /// The value of a key; 0 if it has none.
    pub(super) fn value(&self, key: u32) -> u64 {
        self.values.get(key as usize).copied().unwrap_or_default()
    }

    /// Carries an operation out, unless it is of a call of which another attempt was among the last `kept`: which attempt was carried out,
    /// and what came of it.
    pub(super) fn apply(&mut self, operation: Operation, kept: u32) -> (u32, Answer) {
        let Operation { origin: Origin { call, attempt }, key, action } = operation;
        if action == Action::Read {
            return (attempt, Answer::Value(self.value(key)));
        }
        if kept > 0
            && let Some(known) = self.answers.get(&call)
        {
            return *known;
        }
        let answer = match action {
            Action::Read => unreachable!("reads are answered above"),
            Action::Write(value) => {
                self.put(key, value);
                Answer::Written
            }
            Action::CompareAndSet(expected, new) => {
                let is_as_expected = self.value(key) == expected;
                if is_as_expected {
                    self.put(key, new);
                }
                Answer::Swapped(is_as_expected)
            }
        };
        if kept > 0 {
            self.remember(call, (attempt, answer), kept);
        }
        (attempt, answer)
    }

    fn remember(&mut self, call: u64, what: (u32, Answer), kept: u32) {
        if self.order.len() >= kept as usize
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(call);
        self.answers.insert(call, what);
    }

    fn put(&mut self, key: u32, value: u64) {
        let key = key as usize;
        if key >= self.values.len() {
            self.values.resize(key + 1, 0);
        }
        self.values[key] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(call: u64, attempt: u32, action: Action) -> Operation {
        Operation { origin: Origin { call, attempt }, key: 3, action }
    }

    #[test]
    fn a_call_is_carried_out_once_however_many_of_its_attempts_are_in_the_log() {
        let mut store = Store::default();
        assert_eq!(store.apply(operation(1, 1, Action::Write(11)), 10), (1, Answer::Written));
        assert_eq!(store.apply(operation(2, 1, Action::Write(21)), 10), (1, Answer::Written));
        assert_eq!(store.apply(operation(1, 2, Action::Write(12)), 10), (1, Answer::Written), "the first attempt was carried out");
        assert_eq!(store.value(3), 21);
        assert_eq!(store.apply(operation(1, 3, Action::Write(13)), 0), (3, Answer::Written), "nothing is remembered");
        assert_eq!(store.value(3), 13);
    }

    #[test]
    fn the_answers_of_the_last_calls_are_kept_and_no_others() {
        let mut store = Store::default();
        for call in 1..=5 {
            store.apply(operation(call, 1, Action::Write(call)), 2);
        }
        assert_eq!((store.answers.len(), store.order.len()), (2, 2));
        assert_eq!(store.apply(operation(5, 2, Action::Write(99)), 2).0, 1);
        assert_eq!(store.apply(operation(3, 2, Action::Write(99)), 2).0, 2, "call 3 is forgotten");
    }

    #[test]
    fn a_value_is_exchanged_only_for_the_one_that_is_expected() {
        let mut store = Store::default();
        assert_eq!(store.apply(operation(1, 1, Action::CompareAndSet(0, 7)), 2).1, Answer::Swapped(true));
        assert_eq!(store.apply(operation(2, 1, Action::CompareAndSet(0, 8)), 2).1, Answer::Swapped(false));
        assert_eq!(store.apply(operation(3, 1, Action::Read), 2).1, Answer::Value(7));
    }

    #[test]
    fn members_are_those_of_the_bits() {
        assert_eq!(members_of(0b1_0110).collect::<Vec<_>>(), [1, 2, 4]);
        let config = Config { voters: 0b101, done: 0 };
        assert!(config.has(0) && !config.has(1) && config.has(2) && !config.has(64));
        assert_eq!(config.count(), 2);
    }
}
