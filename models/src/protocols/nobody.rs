//! Nobody: the protocol of a world without groups.

use super::{Protocol, Turn};
use crate::outcome::Outcome;
use std::fmt;

/// A group without members; nothing of it can ever be made.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

/// A value that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Protocol for Nobody {
    type Member = Never;
    type Session = Never;
    type Message = Never;
    type Timer = Never;
    type Witness = ();
    type Stored = ();

    fn members(&self) -> u32 {
        0
    }

    fn member(&self, _index: u32) -> Never {
        unreachable!("a group without members has no member to start")
    }

    fn words(&self, message: &Never, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *message {}
    }

    fn begin(&self, _turn: &mut Turn<'_, Self>) -> Never {
        unreachable!("no edge leads to a group without members")
    }

    fn on_answer(&self, session: &mut Never, _from: u32, _message: Never, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match *session {}
    }

    fn on_request(&self, member: &mut Never, _message: Never, _turn: &mut Turn<'_, Self>) {
        match *member {}
    }

    fn on_crash(&self, member: &mut Never) {
        match *member {}
    }
}
