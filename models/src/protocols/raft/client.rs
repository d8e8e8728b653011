//! How does a caller find the leader, and what does it ask for?

use super::command::{Action, Answer, Operation, Origin};
use super::message::Message;
use super::protocol::RaftProtocol;
use crate::history;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{To, Turn};

/// A caller's side of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    operation: Operation,
    /// How often it was sent on.
    hops: u32,
    /// Whether it reads a value first, to exchange it then for another.
    looks_first: bool,
}

impl RaftProtocol {
    /// A caller asks any member. Which key it asks for, and what, belongs to the call: all of its attempts ask for the same, but for an
    /// exchange, which goes by what its attempt has read.
    pub(super) fn ask(&self, turn: &mut Turn<'_, Self>) -> Session {
        let (call, attempt) = (turn.asking().call, turn.asking().attempt);
        let draws = turn.draws_of_call("operation");
        let key = draws.choice().index(u64::from(self.spec.keys)) as u32;
        let (drawn, share_of_reads) = (draws.share().unit(), self.spec.reads.as_f64());
        let reads = drawn < share_of_reads;
        let looks_first = !reads && drawn < share_of_reads + self.spec.compare_and_set.as_f64();
        let action = if reads || looks_first { Action::Read } else { Action::Write(turn.value_of_call()) };
        let operation = Operation { origin: Origin { call, attempt }, key, action };
        let member = turn.draws("member", 0).choice().index(u64::from(self.spec.members)) as u32;
        turn.send(To::Member(member), Message::Ask(operation));
        if !looks_first {
            turn.invoke(u64::from(key), operation.action.told());
        }
        Session { operation, hops: 0, looks_first }
    }

    /// A caller hears an answer. Of an operation that a member refused it is not said that it had no effect: a link may have made a second
    /// copy of the question, which comes later to a member that leads by then.
    pub(super) fn is_answered(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Redirect(Some(leader)) if leader < self.spec.members && session.hops < self.spec.members => {
                session.hops += 1;
                turn.send(To::Member(leader), Message::Ask(session.operation));
                None
            }
            Message::Redirect(_) => Some(Outcome::Failed(Failure::Refused)),
            Message::Lost => Some(Outcome::Failed(Failure::ServerError)),
            Message::Answer(_, Answer::Value(value)) if session.looks_first => {
                session.looks_first = false;
                session.operation.action = Action::CompareAndSet(value, turn.unique_value());
                turn.invoke(u64::from(session.operation.key), session.operation.action.told());
                turn.send(To::Member(from), Message::Ask(session.operation));
                None
            }
            Message::Answer(by, answer) => Some(session.ends(by, answer, turn)),
            _ => None,
        }
    }
}

impl Session {
    /// The attempt `by` was carried out, and this came of it.
    fn ends(&self, by: u32, answer: Answer, turn: &mut Turn<'_, RaftProtocol>) -> Outcome {
        let returned = match answer {
            Answer::Value(value) => Some(value),
            Answer::Written => None,
            Answer::Swapped(swapped) => Some(u64::from(swapped)),
        };
        // What an earlier attempt of the call has done this one does not do again. A write is the same in all of them.
        if by == self.operation.origin.attempt || matches!(self.operation.action, Action::Write(_)) {
            turn.returns(returned);
        } else {
            turn.had_no_effect();
        }
        if answer == Answer::Swapped(false) { Outcome::Failed(Failure::Conflict) } else { Outcome::Success }
    }
}

impl Action {
    const fn told(self) -> history::Action {
        match self {
            Self::Read => history::Action::Read,
            Self::Write(value) => history::Action::Write(value),
            Self::CompareAndSet(expected, new) => history::Action::CompareAndSet { expected, new },
        }
    }
}
