//! What do servers of a chain, their master and callers say to each other?

use crate::protocols::Held;
use crate::protocols::told::{Beginning, Found, Several, Wanted};
use sim_core::draw::Draw;
use std::collections::BTreeMap;
use std::fmt;

/// A write: its number, the key and the value.
pub type Write = (u64, u32, u64);

/// The servers of a chain in order, and how often it has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// How often the master has changed it.
    pub version: u64,
    /// The servers, the head first, each with the version in which it came in.
    pub servers: Vec<(u32, u64)>,
}

/// Everything a server has: the number of the last write, and the value and the number of each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The number of the last write.
    pub count: u64,
    /// The value of each key that has one, and the number of its write.
    pub store: BTreeMap<u32, (u64, u64)>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller wants the chain.
    Where,
    /// This is the chain.
    There(Vec<u32>),
    /// A caller writes.
    Put(u32, u64),
    /// A caller reads.
    Get(u32),
    /// That is done; the value, if it was read.
    Done(Option<u64>),
    /// The member does not serve that.
    Refused,
    /// A server passes a write on, in this version of the chain, and whom the tail is to answer.
    Pass(u64, Write, Option<Held>),
    /// The tail has everything up to there.
    Confirm(u64, u64),
    /// A server says that it lives, for the so-manieth time, and in which version it came into the chain that it has everything of.
    Alive(u64, u64),
    /// The master has heard that, if it answers that, and says what the chain is.
    Chain(Order, Option<u64>),
    /// A server that does not have everything asks the one before it, in this version of the chain.
    Join(u64),
    /// Everything, in this version.
    Everything(u64, State),
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}: servers {}", self.version, Several(self.servers.iter().map(|(server, _)| server)))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Where => f.write_str("what is the chain?"),
            Self::There(servers) => write!(f, "servers {}", Several(servers)),
            Self::Put(key, value) => write!(f, "{}", Wanted(*key, Some(*value))),
            Self::Get(key) => write!(f, "{}", Wanted(*key, None)),
            Self::Done(value) => write!(f, "{}", Found(*value)),
            Self::Refused => f.write_str("does not serve that"),
            Self::Pass(version, (number, key, value), _) => {
                write!(f, "version {version}: write {number} is key {key} = {}", Beginning(*value))
            }
            Self::Confirm(version, number) => write!(f, "version {version}: the tail has everything up to write {number}"),
            Self::Alive(times, version) => write!(f, "lives, said {times} times, and has everything since version {version}"),
            Self::Chain(order, _) => write!(f, "{order}"),
            Self::Join(version) => write!(f, "version {version}: lacks everything"),
            Self::Everything(version, state) => write!(f, "version {version}: everything up to write {}", state.count),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["where", "there", "put", "get", "done", "refused", "pass", "confirm", "chain", "alive", "join", "everything"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Where => "where",
            Self::There(_) => "there",
            Self::Put(..) => "put",
            Self::Get(_) => "get",
            Self::Done(_) => "done",
            Self::Refused => "refused",
            Self::Pass(..) => "pass",
            Self::Confirm(..) => "confirm",
            Self::Chain(..) => "chain",
            Self::Alive(..) => "alive",
            Self::Join(_) => "join",
            Self::Everything(..) => "everything",
        }
    }

    /// What a liar makes of it: other values, and confirmations of what is not there.
    #[must_use]
    pub fn lie(self, draw: Draw) -> Self {
        let another = |value: u64| value ^ 1 << draw.index(16);
        match self {
            Self::Done(value) => Self::Done(Some(another(value.unwrap_or(0)))),
            Self::Refused => Self::Done(Some(draw.index(1 << 16))),
            Self::Pass(version, (number, key, value), caller) => Self::Pass(version, (number, key, another(value)), caller),
            Self::Confirm(version, number) => Self::Confirm(version, number.saturating_add(1)),
            Self::Everything(version, mut state) => {
                state.store.values_mut().for_each(|(value, _)| *value = another(*value));
                Self::Everything(version, state)
            }
            Self::There(mut servers) => {
                servers.reverse();
                Self::There(servers)
            }
            Self::Where | Self::Put(..) | Self::Get(_) | Self::Chain(..) | Self::Alive(..) | Self::Join(_) => self,
        }
    }
}
