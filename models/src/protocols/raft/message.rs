//! What do members of a replicated state machine and their callers say to each other?

use super::command::{Action, Answer, Command, Entry, Operation};
use super::journal::Snapshot;
use crate::protocols::told::Beginning;
use sim_core::draw::Draw;
use std::fmt;
use std::sync::Arc;

/// What is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A caller wants something done.
    Ask(Operation),
    /// This attempt of the call was carried out, and this came of it.
    Answer(u32, Answer),
    /// Not here and not now; this member leads, if that is known. Nothing was done.
    Redirect(Option<u32>),
    /// The member does not lead any more: whether it will be done is not known.
    Lost,
    /// Would you vote for me?
    PreVote(Plea),
    /// Do you vote for me?
    RequestVote(Plea),
    /// Whether a member votes so, or would.
    Vote(Vote),
    /// A leader tells what is in its log.
    Append(Append),
    /// What a member has of that.
    Appended(Appended),
    /// A leader hands over what came of the entries that it does not keep.
    Install(Install),
}

/// Somebody wants to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plea {
    /// In this term.
    pub term: u64,
    /// The index of the last entry of its log.
    pub last: u64,
    /// The term of that entry.
    pub last_term: u64,
    /// Which of its pleas it is.
    pub ordinal: u32,
}

/// The answer to a plea.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The term of the voter, or of the plea if it would vote so.
    pub term: u64,
    /// Whether it votes for who asked.
    pub granted: bool,
    /// Whether nothing but its opinion was asked.
    pub is_trial: bool,
    /// Which of the pleas is answered.
    pub ordinal: u32,
}

/// A part of the log of a leader.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The term of the leader.
    pub term: u64,
    /// How often the leader had asked all members whether they follow it.
    pub round: u64,
    /// The index before the first of these entries.
    pub before: u64,
    /// The term of the entry there.
    pub before_term: u64,
    /// Everything up to here is committed.
    pub commit: u64,
    /// The entries, perhaps none.
    pub entries: Arc<[Entry]>,
}

/// What a member has of the log of a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The term of the member.
    pub term: u64,
    /// The round that is answered.
    pub round: u64,
    /// Everything up to here; or what it lacks begins here or earlier.
    pub result: Result<u64, u64>,
}

/// What came of the beginning of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Install {
    /// The term of the leader.
    pub term: u64,
    /// As of an [`Append`].
    pub round: u64,
    /// What came of it.
    pub snapshot: Arc<Snapshot>,
}

impl fmt::Display for Plea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "term {}, its log ends with entry {} of term {}", self.term, self.last, self.last_term)
    }
}

impl fmt::Display for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "term {}, behind entry {} of term {}:", self.term, self.before, self.before_term)?;
        if self.entries.is_empty() {
            f.write_str(" nothing new,")?;
        }
        for (index, entry) in (self.before + 1..).zip(self.entries.iter()) {
            write!(f, " entry {index} of term {},", entry.term)?;
        }
        write!(f, " committed up to {}", self.commit)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Read => write!(f, "what is key {}?", self.key),
            Action::Write(value) => write!(f, "key {} is to be {}", self.key, Beginning(value)),
            Action::CompareAndSet(was, value) => {
                write!(f, "key {} is to be {} if it is {}", self.key, Beginning(value), Beginning(was))
            }
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(operation) => write!(f, "{operation}"),
            Self::Answer(_, Answer::Value(value)) => write!(f, "it is {}", Beginning(*value)),
            Self::Answer(_, Answer::Written | Answer::Swapped(true)) => f.write_str("it is written"),
            Self::Answer(_, Answer::Swapped(false)) => f.write_str("it was another value"),
            Self::Redirect(Some(leader)) => write!(f, "member {leader} leads"),
            Self::Redirect(None) => f.write_str("nobody is known to lead"),
            Self::Lost => f.write_str("does not lead any more"),
            Self::PreVote(plea) | Self::RequestVote(plea) => write!(f, "{plea}"),
            Self::Vote(Vote { term, granted, .. }) => write!(f, "{} in term {term}", if *granted { "yes" } else { "no" }),
            Self::Append(append) => write!(f, "{append}"),
            Self::Appended(Appended { term, result: Ok(last), .. }) => write!(f, "term {term}, has everything up to entry {last}"),
            Self::Appended(Appended { term, result: Err(first), .. }) => {
                write!(f, "term {term}, lacks what begins at entry {first} or earlier")
            }
            Self::Install(install) => write!(f, "term {}, what came of the entries that are not kept", install.term),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["ask", "answer", "redirect", "lost", "pre_vote", "request_vote", "vote", "append_entries", "appended", "install_snapshot"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ask(_) => "ask",
            Self::Answer(..) => "answer",
            Self::Redirect(_) => "redirect",
            Self::Lost => "lost",
            Self::PreVote(_) => "pre_vote",
            Self::RequestVote(_) => "request_vote",
            Self::Vote(_) => "vote",
            Self::Append(_) => "append_entries",
            Self::Appended(_) => "appended",
            Self::Install(_) => "install_snapshot",
        }
    }

    /// The same message with a bit of a value flipped; nothing if it carries no value.
    pub fn with_another_value(&self, draw: Draw) -> Option<Self> {
        let flipped = |value: u64| value ^ 1 << draw.index(64);
        match self {
            Self::Ask(operation) => altered(*operation, flipped).map(Self::Ask),
            Self::Answer(by, Answer::Value(value)) => Some(Self::Answer(*by, Answer::Value(flipped(*value)))),
            Self::Answer(by, Answer::Swapped(swapped)) => Some(Self::Answer(*by, Answer::Swapped(!swapped))),
            Self::Append(told) => {
                let mut entries: Vec<Entry> = told.entries.to_vec();
                let (entry, operation) = entries.iter_mut().find_map(|entry| {
                    let Command::Operation(operation) = entry.command else { return None };
                    altered(operation, flipped).map(|operation| (entry, operation))
                })?;
                entry.command = Command::Operation(operation);
                Some(Self::Append(Append { entries: entries.into(), ..told.clone() }))
            }
            Self::Answer(_, Answer::Written)
            | Self::Redirect(_)
            | Self::Lost
            | Self::PreVote(_)
            | Self::RequestVote(_)
            | Self::Vote(_)
            | Self::Appended(_)
            | Self::Install(_) => None,
        }
    }

    /// What a dishonest member says instead: that it votes for who asks, that it has what it lacks, that something was done which was
    /// not, or another value.
    pub(super) fn lied_about(&self, draw: Draw) -> Option<Self> {
        match self {
            Self::Vote(vote) => Some(Self::Vote(Vote { granted: true, ..*vote })),
            Self::Appended(Appended { term, round, result: Err(lacks) }) => {
                Some(Self::Appended(Appended { term: *term, round: *round, result: Ok(*lacks) }))
            }
            Self::Redirect(_) | Self::Lost => Some(Self::Answer(0, Answer::Written)),
            other => other.with_another_value(draw),
        }
    }
}

/// The operation with another value to be written; nothing if it writes none.
fn altered(operation: Operation, flipped: impl Fn(u64) -> u64) -> Option<Operation> {
    let action = match operation.action {
        Action::Read => return None,
        Action::Write(value) => Action::Write(flipped(value)),
        Action::CompareAndSet(expected, new) => Action::CompareAndSet(expected, flipped(new)),
    };
    Some(Operation { action, ..operation })
}
