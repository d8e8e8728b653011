//! What do nodes that speak a protocol with each other, and with their callers, have in common?
//!
//! A *group* is a number of members that speak one typed protocol and answer calls. A caller's side of one attempt is a
//! *session*: it sends the first messages, hears the answers, and says how the attempt ended. Everything else (waiting,
//! retrying, giving up) is the business of the stack above it. One file per protocol.

mod nobody;
mod row;

pub use nobody::Nobody;
pub use row::{Row, RowProtocol};

use crate::outcome::Outcome;
use crate::services::Placement;
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::units::Size;
use std::fmt::Debug;

/// A typed protocol: what members remember and say.
pub trait Protocol: Clone + Send + Debug + 'static {
    /// What one member remembers.
    type Member: Clone + Send + Debug;
    /// The caller's side of one attempt.
    type Session: Clone + Send + Debug;
    /// What is said.
    type Message: Clone + Send + Debug;

    /// How many members the group has.
    fn members(&self) -> u32;
    /// The memory of a member at its first start.
    fn member(&self, index: u32) -> Self::Member;
    /// A caller starts an attempt.
    fn begin(&self, out: &mut Outbox<Self::Message>) -> Self::Session;
    /// An answer reaches the caller, who still waits; `Some` ends the attempt.
    fn on_answer(&self, session: &mut Self::Session, from: u32, message: Self::Message, out: &mut Outbox<Self::Message>)
    -> Option<Outcome>;
    /// A message of a caller reaches a member.
    fn on_request(&self, member: &mut Self::Member, message: Self::Message, out: &mut Outbox<Self::Message>);
    /// The life of a member ended: what is not durable is lost.
    fn on_crash(&self, member: &mut Self::Member);
    /// The kind of a message, by which a link may treat it: one of [`Group::kinds`].
    fn kind(&self, _message: &Self::Message) -> &'static str {
        "message"
    }
    /// What a message has become that was altered on the way and that nobody found out; nothing if whatever it becomes is no
    /// message, so that it is dropped as one whose alteration is found out.
    fn corrupt(&self, _message: &Self::Message, _draw: Draw) -> Option<Self::Message> {
        None
    }
}

/// Messages that a step of a protocol wants to send.
#[derive(Clone, Debug)]
pub struct Outbox<M> {
    sent: Vec<(To, M)>,
}

/// Whom a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A member of the group, by its index.
    Member(u32),
    /// The caller whose message is being handled.
    Caller,
}

impl<M> Default for Outbox<M> {
    fn default() -> Self {
        Self { sent: Vec::new() }
    }
}

impl<M> Outbox<M> {
    /// Sends a message.
    pub fn send(&mut self, to: To, message: M) {
        self.sent.push((to, message));
    }

    /// Takes everything sent, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, (To, M)> {
        self.sent.drain(..)
    }
}

/// A group, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Group {
    /// See [`Row`].
    Row(Row),
}

impl Group {
    /// Name and summary of every protocol.
    pub const ALL: &'static [(&'static str, &'static str)] =
        &[("Row", "one row under optimistic concurrency control: read, then write if nobody else has written since")];

    /// The name in scenarios.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Row(_) => "Row",
        }
    }

    /// What its members announce, by name: events that a fault can wait for.
    pub const fn announces(&self) -> &'static [&'static str] {
        match self {
            Self::Row(_) => &[],
        }
    }

    /// The kinds of message its protocol knows, by which a link may treat them.
    pub const fn kinds(&self) -> &'static [&'static str] {
        match self {
            Self::Row(_) => RowProtocol::KINDS,
        }
    }

    /// How large its messages are.
    pub const fn message_size(&self) -> Size {
        match self {
            Self::Row(row) => row.message_size,
        }
    }

    /// Where its members stand.
    pub const fn placement(&self) -> &Placement {
        match self {
            Self::Row(row) => &row.domain,
        }
    }

    /// The domain of the member with this index.
    pub fn domain(&self, index: u32) -> &str {
        self.placement().of(index)
    }
}
