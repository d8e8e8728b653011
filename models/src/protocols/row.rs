//! Row: many writers contend for one row under optimistic concurrency control.
//!
//! An attempt reads the version of the row and then writes on the condition that the version is unchanged: two round
//! trips, four delays. A writer whose condition fails is told so (`conflict`), and its stack decides whether it reads again.
//! Source: the model behind M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The row costs no
//! time per request, so a storm of writes does not slow it.

use super::{Lie, Protocol, Speaks, To, Turn, Verdict};
use crate::outcome::{Failure, Outcome};
use crate::registry::Registered;
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::units::Size;
use std::fmt;

/// A contended row, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The failure domain of the row.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of its messages is, and each of its writers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
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

    super::placed!();
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
    type Stored = ();

    const KINDS: &'static [&'static str] = &["read", "version", "write", "written"];

    fn members(&self) -> u32 {
        1
    }

    fn member(&self, _index: u32) -> u64 {
        0
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Read => "read",
            Message::Version(_) => "version",
            Message::Write(_) => "write",
            Message::Written(_) => "written",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Read => f.write_str("which version is it?"),
            Message::Version(version) => write!(f, "version {version}"),
            Message::Write(version) => write!(f, "write, if it still is version {version}"),
            Message::Written(true) => f.write_str("it is written"),
            Message::Written(false) => f.write_str("it was another version"),
        }
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

    /// A bit of a version is flipped, or the word whether it was written. There is nothing to alter in a read.
    fn corrupt(&self, message: &Message, draw: Draw) -> Option<Message> {
        let flipped = |version: u64| version ^ 1 << draw.index(64);
        match *message {
            Message::Read => None,
            Message::Version(version) => Some(Message::Version(flipped(version))),
            Message::Write(version) => Some(Message::Write(flipped(version))),
            Message::Written(written) => Some(Message::Written(!written)),
        }
    }

    /// A row that lies says what it would be heard to say if a bit were flipped on the way.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| self.corrupt(honest, draw))
    }
}
