//! What is an operation?

use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::fmt;

/// What a client wants done with an object, such as a key of a store, an account, or a lock. Values are numbers; what was never written
/// has the value 0, and no two operations of a run write the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Read it: answers its value.
    Read,
    /// Give it this value.
    Write(u64),
    /// Give it the value `new` if it has the value `expected`: answers 1 if it was done, and 0 if it had another value.
    CompareAndSet {
        /// The value that it must have.
        expected: u64,
        /// The value that it then has.
        new: u64,
    },
    /// Add to it: a counter, or a charge on an account. Answers nothing, or the sum so far.
    Add(i64),
    /// Take a lock. Answers a fencing token, if there are any.
    Acquire,
    /// Give a lock back; of one that ends by itself, its end, if that comes first.
    Release,
    /// Move so much money to another account.
    Transfer {
        /// The account that it goes to.
        to: u64,
        /// How much.
        amount: u64,
    },
    /// Read the sum of all accounts, whatever the object: answers it.
    Total,
}

impl Action {
    /// Whether it changes nothing: then what is asked for again is looked at again.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::Read | Self::Total)
    }

    /// What kind it is, in one word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write(_) => "write",
            Self::CompareAndSet { .. } => "compare-and-set",
            Self::Add(_) => "add",
            Self::Acquire => "acquire",
            Self::Release => "release",
            Self::Transfer { .. } => "transfer",
            Self::Total => "total",
        }
    }
}

/// How an operation ended, as far as its client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It was done, and answered this value, if it answers any.
    Ok {
        /// When the client heard so first.
        at: SimTime,
        /// What was answered.
        value: Option<u64>,
    },
    /// It certainly had no effect in any of its attempts, and never will.
    Failed {
        /// When the client heard so.
        at: SimTime,
    },
    /// Nobody can say whether it had an effect, or will have one: it stays concurrent with everything that comes after its invocation.
    Unknown,
}

/// What a client asks of an object, in one attempt of a call or in several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The client, by its number among those of all populations; after them come the members of the group, which may be clients of each other.
    pub client: u32,
    /// The call that asks for it, by the key of its draws: operations of one call have the same. Of a member its own key.
    pub call: u64,
    /// The number of the attempt that asked for it first, from 1; of a member that of the operation.
    pub attempt: u32,
    /// What it is about.
    pub object: u64,
    /// What is to be done.
    pub action: Action,
    /// When it was invoked, for the first time if several attempts asked for it.
    pub invoked: SimTime,
    /// How it ended.
    pub end: End,
}

impl Operation {
    /// When its client knew how it ended; nothing if that was never.
    pub const fn ended(&self) -> Option<SimTime> {
        match self.end {
            End::Ok { at, .. } | End::Failed { at } => Some(at),
            End::Unknown => None,
        }
    }

    /// When it was known to be done, if it was.
    pub const fn done(&self) -> Option<SimTime> {
        match self.end {
            End::Ok { at, .. } => Some(at),
            End::Failed { .. } | End::Unknown => None,
        }
    }

    /// What it answered, if it was done and answered anything.
    pub const fn answer(&self) -> Option<u64> {
        match self.end {
            End::Ok { value, .. } => value,
            End::Failed { .. } | End::Unknown => None,
        }
    }

    /// Whether it may have had an effect.
    pub const fn may_count(&self) -> bool {
        !matches!(self.end, End::Failed { .. })
    }

    /// Whether it was over before another one began.
    pub fn precedes(&self, other: &Self) -> bool {
        self.ended().is_some_and(|ended| ended < other.invoked)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => write!(formatter, "read"),
            Self::Write(value) => write!(formatter, "write {value}"),
            Self::CompareAndSet { expected, new } => write!(formatter, "set {new} if {expected}"),
            Self::Add(value) => write!(formatter, "add {value}"),
            Self::Acquire => write!(formatter, "acquire"),
            Self::Release => write!(formatter, "release"),
            Self::Transfer { to, amount } => write!(formatter, "transfer {amount} to {to}"),
            Self::Total => write!(formatter, "total"),
        }
    }
}

/// In one line: who, what, when, and how it ended.
impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "client {} at {}: {} of {}", self.client, self.invoked, self.action, self.object)?;
        match self.end {
            End::Ok { at, value: Some(value) } => write!(formatter, ", answered {value} at {at}"),
            End::Ok { at, value: None } => write!(formatter, ", done at {at}"),
            End::Failed { at } => write!(formatter, ", without effect at {at}"),
            End::Unknown => write!(formatter, ", outcome unknown"),
        }
    }
}
