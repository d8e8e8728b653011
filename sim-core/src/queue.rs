//! Which event comes next?
//!
//! A hierarchical timing wheel (Varghese and Lauck, SOSP 1987) over the 128-bit word `(instant, rank)`: 1024 slots a
//! level, a bitmap of occupied slots, and the slot in service sorted into a small run. The rank *is* the event, so an
//! entry is 16 bytes and a link of 4. Entries leave in ascending order of `(instant, rank)`, whatever the order they came in.
//!
//! Nothing is ever removed but by popping: whoever no longer wants an event ignores it when it comes.

use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const LEVEL_BITS: u32 = 10;
const SLOTS: usize = 1 << LEVEL_BITS;
/// As many as the narrowest slots need to reach the last instant.
const LEVELS: usize = (u64::BITS - NARROWEST_WIDTH_BITS).div_ceil(LEVEL_BITS) as usize;
const NONE: u32 = u32::MAX;

/// A run longer than this takes no more insertions in its middle: they cost linear time, so later ones go to a heap.
const LONGEST_SORTED_RUN: usize = 64;

/// Slots hold 2^16 ns = 65 us until the queue has seen enough events to choose for itself.
const FIRST_WIDTH_BITS: u32 = 16;

const NARROWEST_WIDTH_BITS: u32 = 2;

/// How many events a slot should hold when it comes into service: sorting a few is cheap, visiting empty slots and moving
/// events down from coarser levels is not.
const WANTED_PER_SLOT: u64 = 8;

/// The width is reconsidered after this many pops, and again each time the number of pops has grown fourfold.
const FIRST_REVIEW: u64 = 1 << 10;

/// The pending events of a simulation, ordered by `(instant, rank)`.
///
/// ```
/// use sim_core::queue::EventQueue;
/// use sim_core::time::SimTime;
/// let mut queue = EventQueue::new();
/// queue.push(SimTime::from_nanos(20), 1);
/// queue.push(SimTime::from_nanos(10), 9);
/// queue.push(SimTime::from_nanos(10), 2);
/// let order: Vec<_> = std::iter::from_fn(|| queue.pop_until(SimTime::MAX)).collect();
/// assert_eq!(order, [(SimTime::from_nanos(10), 2), (SimTime::from_nanos(10), 9), (SimTime::from_nanos(20), 1)]);
/// ```
#[derive(Clone, Debug)]
pub struct EventQueue {
    /// The slot in service, in descending order: the next event is the last.
    run: Vec<u128>,
    /// Events that fell into a run already long; merged with it while popping.
    burst: BinaryHeap<Reverse<u128>>,
    /// Entries of all slots, linked into lists, with a list of free ones. The links lie apart: measured, one record
    /// of both costs more than a quarter of the speed with a million pending events.
    entries: Vec<u128>,
    next: Vec<u32>,
    free: u32,
    levels: [Level; LEVELS],
    /// log2 of the nanoseconds a slot of level 0 spans.
    width_bits: u32,
    /// Number of the slot in service: all entries in the wheel lie in later slots.
    cursor: u64,
    len: usize,
    pops: u64,
    next_review: u64,
    /// Slots taken into service since the last review.
    loads: u64,
    popped_at_review: u64,
}

#[derive(Clone, Debug)]
struct Level {
    heads: Box<[u32; SLOTS]>,
    /// A bit for every slot that has entries, and a bit for every word of those bits that is not zero.
    occupied: [u64; SLOTS / 64],
    words: u32,
}

impl Level {
    fn empty() -> Self {
        Self { heads: Box::new([NONE; SLOTS]), occupied: [0; SLOTS / 64], words: 0 }
    }

    #[inline]
    fn first_occupied(&self) -> Option<usize> {
        if self.words == 0 {
            return None;
        }
        let word = self.words.trailing_zeros() as usize;
        Some(word * 64 + self.occupied[word].trailing_zeros() as usize)
    }

    /// Puts an entry at the head of a slot's list; answers what was there before.
    #[inline]
    fn put(&mut self, slot: usize, index: u32) -> u32 {
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.words |= 1 << (slot / 64);
        std::mem::replace(&mut self.heads[slot], index)
    }

    /// Empties a slot; answers the head of its list.
    #[inline]
    fn take(&mut self, slot: usize) -> u32 {
        let word = &mut self.occupied[slot / 64];
        *word &= !(1 << (slot % 64));
        if *word == 0 {
            self.words &= !(1 << (slot / 64));
        }
        std::mem::replace(&mut self.heads[slot], NONE)
    }
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl EventQueue {
    /// An empty queue.
    pub fn new() -> Self {
        Self {
            run: Vec::new(),
            burst: BinaryHeap::new(),
            entries: Vec::new(),
            next: Vec::new(),
            free: NONE,
            levels: std::array::from_fn(|_| Level::empty()),
            width_bits: FIRST_WIDTH_BITS,
            cursor: 0,
            len: 0,
            pops: 0,
            next_review: FIRST_REVIEW,
            loads: 0,
            popped_at_review: 0,
        }
    }

    /// An empty queue that only collects what is pushed, to be [moved out](Self::move_out).
    pub(crate) fn outbox() -> Self {
        // Nothing lies behind the last slot, so that everything falls into the run.
        Self { cursor: u64::MAX, ..Self::new() }
    }

    /// Empties an outbox; the order is of no meaning.
    pub(crate) fn move_out(&mut self, mut take: impl FnMut(SimTime, u64)) {
        let burst = self.burst.drain().map(|Reverse(entry)| entry);
        self.run.drain(..).chain(burst).for_each(|entry| take(instant(entry), entry as u64));
        self.len = 0;
    }

    /// How many events are pending.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no event is pending.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many events have been popped.
    pub const fn popped(&self) -> u64 {
        self.pops
    }

    /// Adds an event.
    #[inline(always)]
    pub fn push(&mut self, at: SimTime, rank: u64) {
        self.len += 1;
        self.place(word(at, rank));
    }

    /// Takes the earliest event, if it is due at `end` or before.
    #[inline]
    pub fn pop_until(&mut self, end: SimTime) -> Option<(SimTime, u64)> {
        if self.run.is_empty() && !self.refill() {
            return None;
        }
        // `refill` leaves at least one entry in the run, so that the common case looks at one place only.
        let next = *self.run.last().expect("a refilled run has an entry");
        if !self.burst.is_empty() {
            return self.pop_merged(next, end);
        }
        if instant(next) > end {
            return None;
        }
        self.run.pop();
        self.len -= 1;
        self.pops += 1;
        Some((instant(next), next as u64))
    }

    /// The instant of the earliest pending event.
    pub fn next_at(&mut self) -> Option<SimTime> {
        if self.run.is_empty() && !self.refill() {
            return None;
        }
        let run = self.run.last().copied();
        let burst = self.burst.peek().map(|&Reverse(entry)| entry);
        run.into_iter().chain(burst).min().map(instant)
    }

    #[cold]
    fn pop_merged(&mut self, next: u128, end: SimTime) -> Option<(SimTime, u64)> {
        let burst = self.burst.peek().map_or(u128::MAX, |&Reverse(entry)| entry);
        let earliest = next.min(burst);
        if instant(earliest) > end {
            return None;
        }
        if burst < next {
            self.burst.pop();
        } else {
            self.run.pop();
            if self.run.is_empty() {
                // Keep the promise that entries of the slot in service are found through the run.
                let Reverse(first) = self.burst.pop().expect("the caller saw a burst");
                self.run.push(first);
            }
        }
        self.len -= 1;
        self.pops += 1;
        Some((instant(earliest), earliest as u64))
    }

    /// An event of the near future goes straight into a list of the finest level; everything else is out of line.
    #[inline(always)]
    fn place(&mut self, entry: u128) {
        let slot = (entry >> 64) as u64 >> self.width_bits;
        if slot > self.cursor && slot ^ self.cursor < SLOTS as u64 {
            self.link(0, slot as usize % SLOTS, entry);
        } else {
            self.place_elsewhere(slot, entry);
        }
    }

    /// Puts an event into the run or into a coarser level.
    #[inline(never)]
    fn place_elsewhere(&mut self, slot: u64, entry: u128) {
        if slot <= self.cursor {
            self.insert_in_run(entry);
            return;
        }
        let level = ((63 - (slot ^ self.cursor).leading_zeros()) / LEVEL_BITS) as usize;
        self.link(level, (slot >> (LEVEL_BITS * level as u32)) as usize % SLOTS, entry);
    }

    fn insert_in_run(&mut self, entry: u128) {
        if self.run.len() > LONGEST_SORTED_RUN {
            self.burst.push(Reverse(entry));
            return;
        }
        let position = self.run.iter().rposition(|&other| other > entry).map_or(0, |position| position + 1);
        self.run.insert(position, entry);
    }

    #[inline(always)]
    fn link(&mut self, level: usize, slot: usize, entry: u128) {
        let index = self.free;
        // Where no entry is free the number is `NONE`, and there is no entry in that place.
        let Some(next) = self.next.get_mut(index as usize) else { return self.link_new(level, slot, entry) };
        self.free = *next;
        *next = self.levels[level].put(slot, index);
        self.entries[index as usize] = entry;
    }

    #[cold]
    #[inline(never)]
    fn link_new(&mut self, level: usize, slot: usize, entry: u128) {
        let index = u32::try_from(self.entries.len()).expect("fewer than 2^32 events are pending");
        assert!(index < NONE, "fewer than 2^32 events are pending");
        self.entries.push(entry);
        self.next.push(self.levels[level].put(slot, index));
    }

    /// Brings the next occupied slot into service. Answers whether there was one.
    fn refill(&mut self) -> bool {
        debug_assert!(self.burst.is_empty(), "a burst outlived its run");
        if self.pops >= self.next_review {
            self.review();
        }
        while self.run.is_empty() {
            let Some((level, slot)) = self.next_occupied() else { return false };
            let shift = LEVEL_BITS * level as u32;
            let above = if shift + LEVEL_BITS >= 64 { 0 } else { self.cursor >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS) };
            self.cursor = above | (slot as u64) << shift;
            if level == 0 {
                self.serve(slot);
            } else {
                self.move_down(level, slot);
            }
        }
        self.loads += 1;
        sort_descending(&mut self.run);
        true
    }

    fn next_occupied(&self) -> Option<(usize, usize)> {
        self.levels.iter().enumerate().find_map(|(index, level)| level.first_occupied().map(|slot| (index, slot)))
    }

    /// Moves all of a slot of level 0 into the run, to be sorted once when it is there, and frees its list as a whole.
    fn serve(&mut self, slot: usize) {
        let head = self.levels[0].take(slot);
        let (mut index, mut last) = (head, head);
        while index != NONE {
            self.run.push(self.entries[index as usize]);
            last = index;
            index = self.next[index as usize];
        }
        self.next[last as usize] = std::mem::replace(&mut self.free, head);
    }

    /// Moves all of a slot of a coarser level down: into the run where they belong to the slot in service, else to lower levels.
    fn move_down(&mut self, level: usize, slot: usize) {
        let mut index = self.levels[level].take(slot);
        while index != NONE {
            let entry = self.entries[index as usize];
            let next = std::mem::replace(&mut self.next[index as usize], self.free);
            self.free = index;
            if (entry >> 64) as u64 >> self.width_bits == self.cursor {
                // Sorted once, when all are here.
                self.run.push(entry);
            } else {
                self.place(entry);
            }
            index = next;
        }
    }

    /// Chooses the slot width anew from what was seen: a slot should hold a few events, for too wide costs a little and
    /// too narrow costs much. The order of events does not depend on it.
    #[cold]
    fn review(&mut self) {
        let popped = self.pops - self.popped_at_review;
        let wanted = WANTED_PER_SLOT * self.loads.max(1);
        let width = match (popped / wanted.max(1), wanted / popped.max(1)) {
            (0..=1, 0..=1) => self.width_bits,
            (too_many @ 2.., _) => self.width_bits.saturating_sub(too_many.ilog2()),
            (_, too_few) => self.width_bits + too_few.ilog2(),
        };
        let width = width.clamp(NARROWEST_WIDTH_BITS, 40);
        if width != self.width_bits {
            self.rebuild(width);
        }
        self.next_review = self.pops.saturating_mul(4);
        self.popped_at_review = self.pops;
        self.loads = 0;
    }

    fn rebuild(&mut self, width_bits: u32) {
        let mut pending = std::mem::take(&mut self.run);
        pending.extend(self.burst.drain().map(|Reverse(entry)| entry));
        for level in &mut self.levels {
            for &head in level.heads.iter() {
                let mut index = head;
                while index != NONE {
                    pending.push(self.entries[index as usize]);
                    index = self.next[index as usize];
                }
            }
            *level = Level::empty();
        }
        self.entries.clear();
        self.next.clear();
        self.free = NONE;
        // Nothing earlier than the earliest pending event will be served before it, but may still be pushed: `place`
        // puts whatever lies before the cursor into the run.
        self.cursor = pending.iter().min().map_or(0, |&entry| (entry >> 64) as u64 >> width_bits);
        self.width_bits = width_bits;
        for entry in pending {
            if (entry >> 64) as u64 >> width_bits == self.cursor {
                self.run.push(entry);
            } else {
                self.place(entry);
            }
        }
        sort_descending(&mut self.run);
    }
}

const fn word(at: SimTime, rank: u64) -> u128 {
    (at.as_nanos() as u128) << 64 | rank as u128
}

const fn instant(entry: u128) -> SimTime {
    SimTime::from_nanos((entry >> 64) as u64)
}

fn sort_descending(run: &mut [u128]) {
    run.sort_unstable_by(|a, b| b.cmp(a));
}
