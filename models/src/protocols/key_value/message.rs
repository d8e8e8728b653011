//! What do a store, its followers and its callers say to each other?

use super::log::Entry;
use crate::protocols::told::{Beginning, Several, Wanted};
use sim_core::draw::Draw;
use std::fmt;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller writes a value to a key.
    Write(u32, u64),
    /// A caller reads a key.
    Read(u32),
    /// The write is done.
    Written,
    /// The value of the key; 0 if it has none.
    Value(u64),
    /// The member cannot do that now.
    Refused,
    /// The primary tells a follower what is in its log.
    Entries(Entries),
    /// A follower has so many slots of the log of this life of the primary.
    Appended(u32, u64),
    /// A follower lacks everything from this slot on.
    Missing(u64),
    /// The primary lacks these slots, and everything from that slot on, in this life.
    Lack(u32, Vec<u64>, u64),
    /// A follower has promised itself to this later life of the primary.
    Deposed(u32),
    /// What a follower has of that.
    Have(u32, Vec<(u64, Entry)>),
}

/// A part of the log of a primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// In which of its lives the primary says so.
    pub life: u32,
    /// How long its log was when that began: what followers have beyond that is no longer true.
    pub base: u64,
    /// The first slot.
    pub from: u64,
    /// What is in the slots from there on; a slot may be empty, because there was no room.
    pub entries: Vec<Option<Entry>>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(key, value) => write!(f, "{}", Wanted(*key, Some(*value))),
            Self::Read(key) => write!(f, "{}", Wanted(*key, None)),
            Self::Written => f.write_str("it is written"),
            Self::Value(value) => write!(f, "it is {}", Beginning(*value)),
            Self::Refused => f.write_str("that cannot be done now"),
            Self::Entries(told) => write!(f, "{told}"),
            Self::Appended(life, slots) => write!(f, "life {life}: has {slots} slots"),
            Self::Missing(slot) => write!(f, "lacks everything from slot {slot} on"),
            Self::Lack(life, slots, from) if slots.is_empty() => write!(f, "life {life}: lacks everything from slot {from} on"),
            Self::Lack(life, slots, from) => write!(f, "life {life}: lacks slots {}, and everything from slot {from} on", Several(slots)),
            Self::Deposed(life) => write!(f, "promised to the primary of life {life}"),
            Self::Have(life, entries) if entries.is_empty() => write!(f, "life {life}: has nothing of that"),
            Self::Have(life, entries) => {
                write!(f, "life {life}: has {}", Several(entries.iter().map(|(slot, entry)| format!("in slot {slot} {entry}"))))
            }
        }
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { life, from, entries, .. } = self;
        if entries.is_empty() {
            return write!(f, "life {life}: nothing new from slot {from} on");
        }
        let told = (*from..).zip(entries).map(|(slot, entry)| match entry {
            Some(entry) => format!("slot {slot} has {entry}"),
            None => format!("slot {slot} is empty"),
        });
        write!(f, "life {life}: {}", Several(told))
    }
}

impl Message {
    /// Every kind.
    pub const KINDS: &'static [&'static str] =
        &["write", "read", "written", "value", "refused", "entries", "appended", "missing", "lack", "have", "deposed"];

    /// The kind of this message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Write(..) => "write",
            Self::Read(_) => "read",
            Self::Written => "written",
            Self::Value(_) => "value",
            Self::Refused => "refused",
            Self::Entries(_) => "entries",
            Self::Appended(..) => "appended",
            Self::Missing(_) => "missing",
            Self::Lack(..) => "lack",
            Self::Have(..) => "have",
            Self::Deposed(_) => "deposed",
        }
    }

    /// The same message with a bit of a value flipped; nothing if it carries no value.
    pub fn with_another_value(&self, draw: Draw) -> Option<Self> {
        let flipped = |value: u64| value ^ 1 << draw.index(64);
        match self {
            Self::Write(key, value) => Some(Self::Write(*key, flipped(*value))),
            Self::Value(value) => Some(Self::Value(flipped(*value))),
            Self::Entries(told) => {
                let mut told = told.clone();
                let entry = told.entries.iter_mut().flatten().next()?;
                entry.value = flipped(entry.value);
                Some(Self::Entries(told))
            }
            Self::Have(life, entries) => {
                let mut entries = entries.clone();
                let (_, entry) = entries.first_mut()?;
                entry.value = flipped(entry.value);
                Some(Self::Have(*life, entries))
            }
            Self::Read(_) | Self::Written | Self::Refused | Self::Appended(..) | Self::Missing(_) | Self::Lack(..) | Self::Deposed(_) => {
                None
            }
        }
    }
}
