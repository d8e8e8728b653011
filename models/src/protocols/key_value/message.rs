//! What do a store, its followers and its callers say to each other?

use super::log::Entry;
use sim_core::draw::Draw;

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
