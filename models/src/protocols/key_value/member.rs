//! What does a member of a store remember?

use super::log::{Entry, Log};
use crate::protocols::Held;
use std::collections::BTreeMap;

/// What a member remembers.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Of a primary: in which of its lives it is. Of a follower: in which it last heard the primary.
    pub(super) life: u32,
    /// Of a follower: what an earlier life of the primary says is no longer heard.
    pub(super) promised: u32,
    pub(super) phase: Phase,
    pub(super) log: Log,
    /// Slot and value of the last write to every key, as far as reads are answered from it.
    pub(super) store: BTreeMap<u32, (u64, u64)>,
    /// How many slots of the log are in the store: of a primary, those that are acknowledged.
    pub(super) applied: u64,
    /// How long the log was when this life of the primary began.
    pub(super) base: u64,
    /// Callers whose writes are not done, by their slots.
    pub(super) writing: BTreeMap<u64, Held>,
    /// How many slots each follower is known to have.
    pub(super) followers: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// It serves.
    #[default]
    Ready,
    /// It reads its log.
    Loading,
    /// It asks its followers for what it lacks.
    Asking,
    /// A follower has promised itself to a later life of the primary: it serves no more until it starts again.
    Deposed,
}

impl Member {
    /// What is in a slot of its log.
    pub(super) fn entry(&self, slot: u64) -> Option<Entry> {
        self.log.get(slot)
    }

    /// The slot and the value by which it answers a read.
    pub(super) fn read(&self, key: u32) -> Option<(u64, u64)> {
        self.store.get(&key).copied()
    }

    pub(super) fn apply_up_to(&mut self, end: u64) {
        for slot in self.applied..end {
            if let Some(entry) = self.log.get(slot) {
                self.store.insert(entry.key, (slot, entry.value));
            }
        }
        self.applied = self.applied.max(end);
    }
}
