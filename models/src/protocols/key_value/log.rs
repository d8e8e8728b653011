//! What is in a member's log, how much of it is done, and what is left of it after a crash?

use super::{Sync, Verify};
use crate::disks::{Found, Order, Slots};
use crate::protocols::told::Beginning;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A record of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The slot it was written for.
    pub place: u64,
    /// The key.
    pub key: u32,
    /// The value, which no other write has.
    pub value: u64,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} = {}", self.key, Beginning(self.value))
    }
}

/// A log in memory, and how much of it is on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// By slot; a slot may be empty.
    pub(super) slots: Vec<Option<Entry>>,
    /// How many slots, from the first on, are in the page cache.
    pub(super) written: u64,
    /// How many of those are on the medium.
    safe: u64,
    /// Slots behind `written` that are in the page cache.
    ahead: BTreeSet<u64>,
    is_syncing: bool,
    /// Orders to empty slots that are not carried out yet: what is written before is of an older log.
    erasing: u32,
}

/// What was found on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// Records at the end whose checksum is wrong.
    pub(super) torn: u64,
    /// Records before that which are not believed.
    pub(super) damaged: u64,
    /// Slots without a record.
    pub(super) missing: u64,
}

impl Log {
    pub(super) fn end(&self) -> u64 {
        self.slots.len() as u64
    }

    pub(super) fn get(&self, slot: u64) -> Option<Entry> {
        self.slots.get(slot as usize).copied().flatten()
    }

    /// Slots that are empty.
    pub(super) fn holes(&self) -> Vec<u64> {
        (0..).zip(&self.slots).filter_map(|(slot, entry)| entry.is_none().then_some(slot)).collect()
    }

    /// Puts an entry into a slot, at most the next one; answers what the disk is to do.
    pub(super) fn put(&mut self, slot: u64, entry: Option<Entry>) -> Option<Order<Entry>> {
        match self.slots.get_mut(slot as usize) {
            Some(old) => *old = entry,
            None => self.slots.push(entry),
        }
        self.advance();
        entry.map(|entry| Order::Write(slot, entry))
    }

    /// Forgets everything from a slot on.
    pub(super) fn cut(&mut self, slot: u64) -> Order<Entry> {
        self.slots.truncate(slot as usize);
        self.ahead.retain(|&ahead| ahead < slot);
        self.written = self.written.min(slot);
        self.safe = self.safe.min(slot);
        self.erasing += 1;
        Order::EraseFrom(slot)
    }

    /// The disk has emptied slots.
    pub(super) fn erased(&mut self) {
        self.erasing = self.erasing.saturating_sub(1);
    }

    /// A record is in the page cache; answers whether it is of this log.
    pub(super) fn wrote(&mut self, slot: u64) -> bool {
        if self.erasing > 0 || slot >= self.end() {
            return false;
        }
        if slot >= self.written {
            self.ahead.insert(slot);
            self.advance();
        }
        true
    }

    /// There was no room for a record; answers whether it is of this log.
    pub(super) fn found_no_room(&mut self, slot: u64) -> bool {
        if self.erasing > 0 || slot >= self.end() {
            return false;
        }
        self.slots[slot as usize] = None;
        self.advance();
        true
    }

    fn advance(&mut self) {
        while self.written < self.end() && (self.ahead.remove(&self.written) || self.slots[self.written as usize].is_none()) {
            self.written += 1;
        }
    }

    /// Everything that had been written is on the medium.
    pub(super) fn synced(&mut self) {
        self.is_syncing = false;
        self.safe = self.written;
    }

    /// A sync, if one is due and none is under way.
    pub(super) fn sync(&mut self) -> Option<Order<Entry>> {
        let is_due = !self.is_syncing && self.safe < self.written;
        is_due.then(|| {
            self.is_syncing = true;
            Order::Sync
        })
    }

    /// How many slots, from the first on, are done.
    pub(super) const fn done(&self, sync: Sync) -> u64 {
        match sync {
            Sync::EveryWrite => self.safe,
            Sync::Every(_) | Sync::Never => self.written,
        }
    }

    /// The log as it is found on a disk. Records at the end that are not believed are taken for torn, and no part of it; whether
    /// what was found is on the medium is not known.
    pub(super) fn found(disk: &dyn Slots<Entry>, verify: Verify) -> (Self, Findings) {
        let mut findings = Findings::default();
        let read = |slot| match (verify, disk.read(slot)) {
            (Verify::Nothing, _) => disk.read_unchecked(slot).map_or(Found::Nothing, Found::Record),
            (Verify::ChecksumAndPlace, Found::Record(entry)) if entry.place != slot => Found::Damaged,
            (_, found) => found,
        };
        let mut end = disk.end();
        while end > 0 && read(end - 1) == Found::Damaged {
            end -= 1;
            findings.torn += 1;
        }
        let mut slots = Vec::with_capacity(end as usize);
        for slot in 0..end {
            slots.push(match read(slot) {
                Found::Record(entry) => Some(*entry),
                Found::Nothing => {
                    findings.missing += 1;
                    None
                }
                Found::Damaged => {
                    findings.damaged += 1;
                    None
                }
            });
        }
        (Self { slots, written: end, ..Self::default() }, findings)
    }

    /// What the slots up to `end` come to: the slot and the value of the last write to every key.
    pub(super) fn store(&self, end: u64) -> BTreeMap<u32, (u64, u64)> {
        let written = (0..end).zip(&self.slots).filter_map(|(slot, entry)| entry.map(|entry| (entry.key, (slot, entry.value))));
        written.collect()
    }
}
