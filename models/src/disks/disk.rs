//! What is in the slots of a disk, on the medium and in the page cache before it?

use super::mishap::{Mishap, Mishaps};
use crate::environment::DiskLoss;
use sim_core::draw::{Draw, Draws, Key, Seed};
use std::collections::BTreeMap;

/// The disk of one member: numbered slots with a record each.
#[derive(Clone, Debug)]
pub struct Disk<R> {
    /// What is safe.
    medium: BTreeMap<u64, Stored<R>>,
    /// What was written (or erased) since the last sync, in order.
    cache: Vec<(u64, Option<R>)>,
    /// The place in the cache of what was written to a slot last.
    cached: BTreeMap<u64, usize>,
    /// How many records have reached the medium, or should have.
    landed: u64,
    /// How often what was not synced was lost.
    losses: u32,
}

#[derive(Clone, Debug)]
struct Stored<R> {
    record: R,
    /// Whether it is what was written; a checksum finds out.
    is_sound: bool,
}

/// What a read with a checksum finds in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a, R> {
    /// Nothing.
    Nothing,
    /// A record that is what somebody wrote; not necessarily into this slot.
    Record(&'a R),
    /// A record whose checksum is wrong.
    Damaged,
}

/// What decides by chance what becomes of records.
pub(crate) struct Chance<'a, R> {
    /// The key of the disk.
    pub(crate) key: Key,
    pub(crate) seed: &'a Seed,
    /// What becomes of a record that is torn or rots.
    pub(crate) garble: &'a dyn Fn(&R, Draw) -> R,
}

/// The draws of a loss of what was not synced.
const LOSS: Key = Key::named("unsynced writes of a disk");

/// The slots of a disk, for a member that reads them.
pub trait Slots<R> {
    /// The first slot behind all that hold something.
    fn end(&self) -> u64;

    /// How many slots hold something.
    fn len(&self) -> u64;

    /// Whether no slot holds anything.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is in a slot, for a reader who compares checksums.
    fn read(&self, slot: u64) -> Found<'_, R>;

    /// What is in a slot, for a reader who compares nothing: a damaged record looks like any other.
    fn read_unchecked(&self, slot: u64) -> Option<&R>;
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Self { medium: BTreeMap::new(), cache: Vec::new(), cached: BTreeMap::new(), landed: 0, losses: 0 }
    }
}

impl<R: Clone> Slots<R> for Disk<R> {
    fn end(&self) -> u64 {
        let written = |(&slot, &place): (&u64, &usize)| self.cache[place].1.is_some().then_some(slot + 1);
        let cached = self.cached.iter().rev().find_map(written).unwrap_or(0);
        let stored = self.medium.keys().rev().find(|slot| !self.cached.contains_key(slot)).map_or(0, |slot| slot + 1);
        cached.max(stored)
    }

    fn len(&self) -> u64 {
        let behind = self.medium.keys().filter(|slot| !self.cached.contains_key(slot)).count();
        let before = self.cached.values().filter(|&&place| self.cache[place].1.is_some()).count();
        (behind + before) as u64
    }

    fn read(&self, slot: u64) -> Found<'_, R> {
        match self.stored(slot) {
            None => Found::Nothing,
            Some((record, true)) => Found::Record(record),
            Some((_, false)) => Found::Damaged,
        }
    }

    fn read_unchecked(&self, slot: u64) -> Option<&R> {
        self.stored(slot).map(|(record, _)| record)
    }
}

impl<R: Clone> Disk<R> {
    fn stored(&self, slot: u64) -> Option<(&R, bool)> {
        match self.cached.get(&slot) {
            Some(&place) => self.cache[place].1.as_ref().map(|record| (record, true)),
            None => self.medium.get(&slot).map(|stored| (&stored.record, stored.is_sound)),
        }
    }

    /// A record is in the page cache.
    pub(crate) fn write(&mut self, slot: u64, record: R) {
        self.cached.insert(slot, self.cache.len());
        self.cache.push((slot, Some(record)));
    }

    /// Every slot from this one on is emptied, in the page cache.
    pub(crate) fn erase_from(&mut self, first: u64) {
        let mut slots: Vec<u64> = self.medium.range(first..).map(|(&slot, _)| slot).collect();
        slots.extend(self.cached.range(first..).map(|(&slot, _)| slot));
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            self.cached.insert(slot, self.cache.len());
            self.cache.push((slot, None));
        }
    }

    /// Everything in the page cache reaches the medium, or meets with a mishap on the way.
    pub(crate) fn sync(&mut self, mishaps: &Mishaps, chance: &Chance<'_, R>) {
        let cache = std::mem::take(&mut self.cache);
        self.cached.clear();
        for (slot, record) in cache {
            self.land(slot, record, mishaps, chance);
        }
    }

    fn land(&mut self, slot: u64, record: Option<R>, mishaps: &Mishaps, chance: &Chance<'_, R>) {
        let Some(record) = record else {
            self.medium.remove(&slot);
            return;
        };
        let ordinal = self.landed;
        self.landed += 1;
        let struck = |of: &[Mishap]| Mishaps::struck(of, chance.key, ordinal, chance.seed);
        if struck(&mishaps.lost).is_some() {
            return;
        }
        let slot = struck(&mishaps.misdirected).map_or(slot, |draw| self.elsewhere(slot, draw));
        let rotten = struck(&mishaps.rot).map(|draw| (chance.garble)(&record, draw));
        let is_sound = rotten.is_none();
        self.medium.insert(slot, Stored { record: rotten.unwrap_or(record), is_sound });
    }

    /// Another slot of the used part of the disk, or the one behind it.
    fn elsewhere(&self, slot: u64, draw: Draw) -> u64 {
        let end = self.medium.keys().next_back().map_or(0, |last| last + 1).max(slot + 1);
        let other = draw.index(end);
        if other == slot { end } else { other }
    }

    /// Records that are on the medium rot.
    pub(crate) fn rot(&mut self, mishap: &Mishap, chance: &Chance<'_, R>) {
        for (&slot, stored) in &mut self.medium {
            // What is on the medium is struck by its slot, what comes later by its number: two ranges of one kind of draw.
            if let Some(draw) = mishap.strikes(chance.key, u64::MAX - slot, chance.seed) {
                *stored = Stored { record: (chance.garble)(&stored.record, draw), is_sound: false };
            }
        }
    }

    /// The machine of the member is gone, and with it what [`DiskLoss`] says.
    pub(crate) fn lose(&mut self, loss: DiskLoss, mishaps: &Mishaps, chance: &Chance<'_, R>) {
        match loss {
            DiskLoss::Kept => {}
            DiskLoss::UnsyncedLost => self.lose_unsynced(mishaps, chance),
            DiskLoss::AllLost => {
                self.medium.clear();
                self.cache.clear();
                self.cached.clear();
            }
        }
    }

    /// Of what was not synced, the first writes have reached the medium all the same, as many as the seed says, all numbers
    /// being equally likely; of every second such remainder the last one is torn.
    fn lose_unsynced(&mut self, mishaps: &Mishaps, chance: &Chance<'_, R>) {
        let draws: Draws = chance.seed.draws(chance.key.child(LOSS.bits()), self.losses);
        self.losses += 1;
        let survive = draws.choice().index(self.cache.len() as u64 + 1) as usize;
        self.cache.truncate(survive);
        let torn = self.cache.last().and_then(|(slot, record)| record.as_ref().map(|record| (*slot, record.clone())));
        self.sync(mishaps, chance);
        if let (Some((slot, record)), true) = (torn, draws.share().index(2) == 0) {
            let record = (chance.garble)(&record, draws.wait());
            self.medium.insert(slot, Stored { record, is_sound: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::units::Share;

    const KEY: Key = Key::named("db[0]");

    fn garbled(record: &u64, draw: Draw) -> u64 {
        record ^ 1 << draw.index(32)
    }

    fn chance(seed: &Seed) -> Chance<'_, u64> {
        Chance { key: KEY, seed, garble: &garbled }
    }

    fn mishap(percent: u64) -> Vec<Mishap> {
        vec![Mishap { share: Share::percent(percent), choice: 7 }]
    }

    /// A disk with ten records, of which so many are synced.
    fn ten(synced: u64, seed: &Seed) -> Disk<u64> {
        let mut disk = Disk::default();
        for slot in 0..10 {
            if slot == synced {
                disk.sync(&Mishaps::NONE, &chance(seed));
            }
            disk.write(slot, 100 + slot);
        }
        if synced == 10 {
            disk.sync(&Mishaps::NONE, &chance(seed));
        }
        disk
    }

    #[test]
    fn what_is_synced_survives_and_of_the_rest_a_prefix_that_may_end_torn() {
        let (mut lengths, mut torn) = (std::collections::BTreeSet::new(), 0);
        for number in 0..200 {
            let seed = Seed::new(number);
            let mut disk = ten(4, &seed);
            disk.lose(DiskLoss::UnsyncedLost, &Mishaps::NONE, &chance(&seed));
            let end = disk.end();
            assert!((4..=10).contains(&end), "{end}");
            lengths.insert(end);
            for slot in 0..end {
                let is_last = slot + 1 == end && slot >= 4;
                match disk.read(slot) {
                    Found::Record(record) => assert_eq!(*record, 100 + slot),
                    Found::Damaged if is_last => torn += 1,
                    other => panic!("slot {slot} of {end}: {other:?}"),
                }
            }
            assert!((end..10).all(|slot| disk.read(slot) == Found::Nothing));
        }
        assert_eq!(lengths.len(), 7, "any number survives");
        assert!((60..115).contains(&torn), "every second remainder of one or more: {torn} of about 86");
    }

    #[test]
    fn a_process_that_dies_leaves_the_cache_and_a_disk_that_dies_leaves_nothing() {
        let seed = Seed::new(1);
        let mut disk = ten(4, &seed);
        disk.lose(DiskLoss::Kept, &Mishaps::NONE, &chance(&seed));
        assert_eq!((disk.len(), disk.cache.len()), (10, 6), "what was not synced is still not synced");
        disk.lose(DiskLoss::AllLost, &Mishaps::NONE, &chance(&seed));
        assert!(disk.is_empty());
    }

    #[test]
    fn erased_slots_come_back_if_the_erasing_was_not_synced() {
        let seed = Seed::new(1);
        let mut disk = ten(10, &seed);
        disk.erase_from(3);
        assert_eq!((disk.end(), disk.len(), disk.read(5)), (3, 3, Found::Nothing));
        disk.write(3, 7);
        assert_eq!((disk.end(), disk.read(3)), (4, Found::Record(&7)));
        disk.sync(&Mishaps::NONE, &chance(&seed));
        assert_eq!((disk.end(), disk.len()), (4, 4));
        let mut survivors = std::collections::BTreeSet::new();
        for number in 0..100 {
            let seed = Seed::new(number);
            let mut disk = ten(10, &seed);
            disk.erase_from(3);
            disk.lose(DiskLoss::UnsyncedLost, &Mishaps::NONE, &chance(&seed));
            survivors.insert(disk.len());
        }
        assert_eq!(survivors, (3..=10).collect());
    }

    #[test]
    fn a_lost_write_is_read_until_the_sync_and_leaves_what_was_there_before() {
        let seed = Seed::new(1);
        let mut disk = ten(10, &seed);
        disk.write(2, 7);
        disk.write(10, 8);
        assert_eq!((disk.read(2), disk.read(10)), (Found::Record(&7), Found::Record(&8)));
        disk.sync(&Mishaps { lost: mishap(100), ..Mishaps::NONE }, &chance(&seed));
        assert_eq!((disk.read(2), disk.read(10)), (Found::Record(&102), Found::Nothing));
    }

    #[test]
    fn a_misdirected_write_is_sound_and_in_another_slot() {
        let seed = Seed::new(1);
        let mut disk = ten(10, &seed);
        disk.write(2, 7);
        disk.sync(&Mishaps { misdirected: mishap(100), ..Mishaps::NONE }, &chance(&seed));
        assert_eq!(disk.read(2), Found::Record(&102), "what was there before");
        let found: Vec<u64> = (0..11).filter(|&slot| disk.read(slot) == Found::Record(&7)).collect();
        assert_eq!(found.len(), 1);
        assert_ne!(found, [2]);
    }

    #[test]
    fn records_rot_by_their_share_and_only_a_checksum_tells() {
        let seed = Seed::new(1);
        let mut disk = Disk::default();
        (0..1000).for_each(|slot| disk.write(slot, slot));
        disk.sync(&Mishaps { rot: mishap(10), ..Mishaps::NONE }, &chance(&seed));
        let count = |disk: &Disk<u64>| (0..1000).filter(|&slot| disk.read(slot) == Found::Damaged).count();
        assert!((70..130).contains(&count(&disk)), "{}", count(&disk));
        assert!((0..1000).all(|slot| disk.read_unchecked(slot).is_some()));
        assert!((0..1000).all(|slot| (disk.read(slot) == Found::Damaged) == (disk.read_unchecked(slot) != Some(&slot))));
        disk.rot(&Mishap { share: Share::ALL, choice: 8 }, &chance(&seed));
        assert_eq!(count(&disk), 1000);
    }
}
