//! What happened in a run, event by event?
//!
//! A run reports *records*. [`Follower`] gives each a number, a place, a life of its node and a cause; [`TraceEvent`] is the same
//! in the words of the scenario, as it is written to a file and read from one; [`line()`] is one line of text. [`Only`] chooses.

mod event;
mod follow;
mod jepsen;
mod kinds;
mod known;
#[cfg(test)]
mod laws;
mod line;
mod lines;
mod on;
mod only;
mod pending;
mod short;
mod under_way;
mod words;

pub use event::{CallOfEvent, Header, TraceEvent};
pub use follow::{Follower, Seen, Within};
pub use jepsen::write_history;
pub use kinds::{KINDS, kind_of};
pub use known::Known;
pub(crate) use known::is_record_of_kind;
pub(crate) use line::fault;
pub use line::{call_label, line, line_saying};
pub use lines::{SCHEMA, TraceEnd, TraceLines, Unreadable, read_lines};
pub use on::On;
pub use only::Only;
pub use short::in_short;
pub use words::{instant, length, line_of, sentence};

/// The version of the format of traces: of the words and fields of [`TraceEvent`].
pub const TRACE_FORMAT: u32 = 1;
