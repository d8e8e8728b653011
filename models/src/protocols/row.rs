//! Row: many writers contend for one row under optimistic concurrency control.
//!
//! An attempt reads the version of the row and then writes on the condition that the version is unchanged: two round
//! trips, four delays. A writer whose condition fails is told so (`conflict`), and its stack decides whether it reads again.
//! Source: the model behind M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The row costs no
//! time per request, so a storm of writes does not slow it.

use super::{Outbox, Protocol, To};
use crate::outcome::{Failure, Outcome};
use crate::services::Placement;
use serde::{Deserialize, Serialize};

/// A contended row, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The failure domain of the row.
    #[serde(default)]
    pub domain: Placement,
}

/// The protocol of a [`Row`].
#[derive(Clone, Copy, Debug)]
pub struct RowProtocol;

/// What is said between a writer and the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// What is your version?
    Read,
    /// The version is this.
    Version(u64),
    /// Write, if the version is still this.
    Write(u64),
    /// Whether it was written.
    Written(bool),
}

impl Protocol for RowProtocol {
    /// The version, which is durable.
    type Member = u64;
    /// A writer remembers nothing between messages: the version travels with its write.
    type Session = ();
    type Message = Message;

    fn members(&self) -> u32 {
        1
    }

    fn member(&self, _index: u32) -> u64 {
        0
    }

    fn begin(&self, out: &mut Outbox<Message>) {
        out.send(To::Member(0), Message::Read);
    }

    fn on_answer(&self, _session: &mut (), from: u32, message: Message, out: &mut Outbox<Message>) -> Option<Outcome> {
        match message {
            Message::Version(version) => {
                out.send(To::Member(from), Message::Write(version));
                None
            }
            Message::Written(true) => Some(Outcome::Success),
            Message::Written(false) => Some(Outcome::Failed(Failure::Conflict)),
            Message::Read | Message::Write(_) => None,
        }
    }

    fn on_request(&self, version: &mut u64, message: Message, out: &mut Outbox<Message>) {
        match message {
            Message::Read => out.send(To::Caller, Message::Version(*version)),
            Message::Write(expected) => {
                let unchanged = *version == expected;
                *version += u64::from(unchanged);
                out.send(To::Caller, Message::Written(unchanged));
            }
            Message::Version(_) | Message::Written(_) => {}
        }
    }

    fn on_crash(&self, _version: &mut u64) {}
}
