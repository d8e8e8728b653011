//! How does a caller find the leader, and what does it ask for?

use super::command::{Action, Answer, Operation, Origin};
use super::message::Message;
use super::protocol::RaftProtocol;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{To, Turn};
use sim_core::draw::mix;

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
    /// A caller asks any member. Which key it asks for, and what, belongs to the call: all of its attempts ask for the same.
    pub(super) fn ask(&self, turn: &mut Turn<'_, Self>) -> Session {
        let (call, attempt) = turn.call();
        let draws = turn.draws_of_call("operation");
        let key = draws.choice().index(u64::from(self.spec.keys)) as u32;
        let (drawn, share_of_reads) = (draws.share().unit(), self.spec.reads.as_f64());
        let reads = drawn < share_of_reads;
        let looks_first = !reads && drawn < share_of_reads + self.spec.compare_and_set.as_f64();
        let action = if reads || looks_first { Action::Read } else { Action::Write(value_of(call, attempt)) };
        let operation = Operation { origin: Origin { call, attempt }, key, action };
        let member = turn.draws("member", 0).choice().index(u64::from(self.spec.members)) as u32;
        turn.send(To::Member(member), Message::Ask(operation));
        Session { operation, hops: 0, looks_first }
    }

    /// A caller hears an answer.
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
                let Origin { call, attempt } = session.operation.origin;
                session.looks_first = false;
                session.operation.action = Action::CompareAndSet(value, value_of(call, attempt));
                turn.send(To::Member(from), Message::Ask(session.operation));
                None
            }
            Message::Answer(_, Answer::Swapped(false)) => Some(Outcome::Failed(Failure::Conflict)),
            Message::Answer(..) => Some(Outcome::Success),
            _ => None,
        }
    }
}

/// The value that an attempt writes: its own, and never 0.
const fn value_of(call: u64, attempt: u32) -> u64 {
    mix(call ^ (attempt as u64) << 32) | 1
}
