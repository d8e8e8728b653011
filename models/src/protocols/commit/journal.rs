//! Which slots of its disk does a member use, and what does it do when a record is safe?

use super::message::Record;
use super::protocol::TwoPhaseCommitProtocol;
use crate::disks::{Completion, Order};
use crate::protocols::Turn;
use std::collections::{BTreeSet, VecDeque};

/// Records of transactions under way: a slot is used again when its transaction is forgotten, so that the disk holds no more than that.
#[derive(Clone, Debug)]
pub struct Journal<T> {
    free: BTreeSet<u64>,
    end: u64,
    /// What is done when each sync that is under way is done: the slot that was written, and whether there was room for it.
    waiting: VecDeque<(u64, bool, T)>,
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self { free: BTreeSet::new(), end: 0, waiting: VecDeque::new() }
    }
}

impl<T> Journal<T> {
    /// A slot that nobody uses.
    pub(super) fn take(&mut self) -> u64 {
        self.free.pop_first().unwrap_or_else(|| {
            self.end += 1;
            self.end - 1
        })
    }

    pub(super) fn give_back(&mut self, slot: u64) {
        self.free.insert(slot);
    }

    /// Writes a record. What is to be done next is done at once if that does not wait for the disk.
    pub(super) fn write(
        &mut self,
        (slot, record): (u64, Record),
        (next, waits): (T, bool),
        turn: &mut Turn<'_, TwoPhaseCommitProtocol>,
    ) -> Option<T> {
        turn.order(Order::Write(slot, record));
        if !waits {
            return Some(next);
        }
        turn.order(Order::Sync);
        self.waiting.push_back((slot, true, next));
        None
    }

    /// The disk has done something: what is to be done next, and whether the record is safe.
    pub(super) fn done(&mut self, done: Completion) -> Option<(T, bool)> {
        match done {
            Completion::Synced => self.waiting.pop_front().map(|(_, had_room, next)| (next, had_room)),
            Completion::NoRoom(slot) => {
                if let Some((_, had_room, _)) = self.waiting.iter_mut().find(|(written, ..)| *written == slot) {
                    *had_room = false;
                }
                None
            }
            Completion::Written(_) | Completion::Erased(_) | Completion::Loaded => None,
        }
    }

    /// What a member finds that starts again, by slot. Slots that hold nothing that can be read are free.
    pub(super) fn load(&mut self, turn: &Turn<'_, TwoPhaseCommitProtocol>) -> Vec<(u64, Record)> {
        let disk = turn.disk();
        *self = Self { end: disk.end(), ..Self::default() };
        let mut found = Vec::new();
        for slot in 0..self.end {
            match disk.read(slot) {
                crate::disks::Found::Record(record) => found.push((slot, *record)),
                crate::disks::Found::Nothing | crate::disks::Found::Damaged => {
                    self.free.insert(slot);
                }
            }
        }
        found
    }
}
