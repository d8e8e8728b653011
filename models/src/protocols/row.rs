//! Row: many writers contend for one row under optimistic concurrency control.
//!
//! An attempt reads the version of the row and then writes on the condition that the version is unchanged: two round
//! trips, four delays. A writer whose condition fails is told so (`conflict`), and its stack decides whether it reads again.
//! Source: the model behind M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The row costs no
//! time per request, so a storm of writes does not slow it.

use super::{Protocol, Speaks, To, Turn};
use crate::outcome::{Failure, Outcome};
use crate::registry::Registered;
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

impl Registered for Row {
    const NAME: &'static str = "Row";
    const SUMMARY: &'static str = "one row under optimistic concurrency control: read, then write if nobody else has written since";
}

impl Speaks for Row {
    type Protocol = RowProtocol;

    fn protocol(&self) -> RowProtocol {
        RowProtocol
    }

    fn members(&self) -> u32 {
        1
    }

    fn placement(&self) -> &Placement {
        &self.domain
    }
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
    type Timer = ();
    type Witness = ();

    fn members(&self) -> u32 {
        1
    }

    fn member(&self, _index: u32) -> u64 {
        0
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        turn.send(To::Member(0), Message::Read);
    }

    fn on_answer(&self, _session: &mut (), from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Version(version) => {
                turn.send(To::Member(from), Message::Write(version));
                None
            }
            Message::Written(true) => Some(Outcome::Success),
            Message::Written(false) => Some(Outcome::Failed(Failure::Conflict)),
            Message::Read | Message::Write(_) => None,
        }
    }

    fn on_request(&self, version: &mut u64, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Read => turn.send(To::Caller, Message::Version(*version)),
            Message::Write(expected) => {
                let unchanged = *version == expected;
                *version += u64::from(unchanged);
                turn.send(To::Caller, Message::Written(unchanged));
            }
            Message::Version(_) | Message::Written(_) => {}
        }
    }

    fn on_crash(&self, _version: &mut u64) {}
}
