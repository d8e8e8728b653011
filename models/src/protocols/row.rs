//! Row: many writers contend for one row under optimistic concurrency control.
//!
//! An attempt reads the version of the row and then writes on the condition that the version is unchanged: two round
//! trips, four delays. A writer whose condition fails is told so (`conflict`), and its stack decides whether it reads again.
//! Source: the model behind M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The row costs no
//! time per request, so a storm of writes does not slow it.

use super::{Outbox, Protocol, To};
use crate::outcome::{Failure, Outcome};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::units::Size;

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

impl RowProtocol {
    /// The kinds of its messages.
    pub(super) const KINDS: &'static [&'static str] = &["read", "version", "write", "written"];
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

    fn kind(&self, message: &Message) -> &'static str {
        match message {
            Message::Read => "read",
            Message::Version(_) => "version",
            Message::Write(_) => "write",
            Message::Written(_) => "written",
        }
    }

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
}
