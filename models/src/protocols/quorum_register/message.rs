//! What do replicas, coordinators and callers say to each other?

use crate::protocols::told::{Beginning, Several};
use sim_core::draw::Draw;
use std::fmt;

/// A version of a key. The greatest is the newest; those of one number are told apart by their values, which no two writes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// A count, or a wall clock's nanoseconds.
    pub number: i64,
    /// What was written; 0 if nothing was.
    pub value: u64,
}

impl Version {
    /// What there is before anything was written: older than anything that a clock may say.
    pub const NOTHING: Self = Self { number: i64::MIN, value: 0 };
}

/// What is said. The number that comes with it names the operation of a coordinator; it is 0 if the coordinator is a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A coordinator asks for a key.
    Read(u64, u32),
    /// What a replica has.
    Value(u64, u32, Version),
    /// A coordinator has a replica keep this, unless it has something newer.
    Write(u64, u32, Version),
    /// The replica has it, or something newer.
    Written(u64, u32, Version),
    /// A coordinator has a member keep this for the replica with this index.
    Hint(u64, u32, Version, u32),
    /// A caller wants a value written to a key, in its call with this number.
    Put(u32, u64, u32),
    /// A caller wants to read a key.
    Get(u32),
    /// The caller's write is done.
    Done,
    /// What the caller reads.
    Got(u64),
    /// What a member has, of the keys that the other has as well.
    Digest(Vec<(u32, Version)>),
    /// What the other lacks.
    Entries(Vec<(u32, Version)>),
    /// Keys of which the other has something newer.
    Lack(Vec<u32>),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NOTHING {
            return f.write_str("nothing");
        }
        write!(f, "version {} ({})", self.number, Beginning(self.value))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_, key) | Self::Get(key) => write!(f, "what is key {key}?"),
            Self::Value(_, key, version) => write!(f, "key {key} is {version}"),
            Self::Write(_, key, version) => write!(f, "keep {version} of key {key}"),
            Self::Written(_, key, version) => write!(f, "has {version} of key {key}, or newer"),
            Self::Hint(_, key, version, of) => write!(f, "keep {version} of key {key} for member {of}"),
            Self::Put(key, value, _) => write!(f, "key {key} is to be {}", Beginning(*value)),
            Self::Done => f.write_str("it is written"),
            Self::Got(value) => write!(f, "it is {}", Beginning(*value)),
            Self::Digest(entries) | Self::Entries(entries) => {
                write!(f, "{}", Several(entries.iter().map(|(key, version)| format!("key {key} is {version}"))))
            }
            Self::Lack(keys) => write!(f, "lacks the newest of keys {}", Several(keys)),
        }
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["read", "value", "write", "written", "hint", "put", "get", "done", "got", "digest", "entries", "lack"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Read(..) => "read",
            Self::Value(..) => "value",
            Self::Write(..) => "write",
            Self::Written(..) => "written",
            Self::Hint(..) => "hint",
            Self::Put(..) => "put",
            Self::Get(_) => "get",
            Self::Done => "done",
            Self::Got(_) => "got",
            Self::Digest(_) => "digest",
            Self::Entries(_) => "entries",
            Self::Lack(_) => "lack",
        }
    }

    /// The same message with a bit of a value flipped; nothing if it carries no value.
    pub fn with_another_value(&self, draw: Draw) -> Option<Self> {
        let flipped = |value: u64| value ^ 1 << draw.index(64);
        let another = |version: &Version| Version { value: flipped(version.value), ..*version };
        Some(match self {
            Self::Value(work, key, version) => Self::Value(*work, *key, another(version)),
            Self::Write(work, key, version) => Self::Write(*work, *key, another(version)),
            Self::Hint(work, key, version, of) => Self::Hint(*work, *key, another(version), *of),
            Self::Put(key, value, ordinal) => Self::Put(*key, flipped(*value), *ordinal),
            Self::Got(value) => Self::Got(flipped(*value)),
            Self::Entries(entries) => {
                let mut entries = entries.clone();
                let (_, version) = entries.first_mut()?;
                *version = another(version);
                Self::Entries(entries)
            }
            Self::Read(..) | Self::Written(..) | Self::Get(_) | Self::Done | Self::Digest(_) | Self::Lack(_) => return None,
        })
    }
}
