//! In which order, and for how long, does a disk work on what it is asked?

use super::disk::{Disk, Slots as _};
use super::speed::DiskTimes;
use crate::environment::Slowness;
use sim_core::draw::{Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// What a member asks of its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order<R> {
    /// Puts a record into a slot, in the page cache.
    Write(u64, R),
    /// Empties every slot from this one on, in the page cache.
    EraseFrom(u64),
    /// Takes everything in the page cache to the medium.
    Sync,
    /// Reads everything, so that slots can be read at once from then on.
    Load,
}

impl<R> Order<R> {
    /// The same of another kind of record.
    pub(crate) fn with<S>(self, record: impl Fn(R) -> S) -> Order<S> {
        match self {
            Self::Write(slot, written) => Order::Write(slot, record(written)),
            Self::EraseFrom(first) => Order::EraseFrom(first),
            Self::Sync => Order::Sync,
            Self::Load => Order::Load,
        }
    }
}

/// What a disk has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The record of this slot is in the page cache.
    Written(u64),
    /// There was no room for the record of this slot: nothing was written.
    NoRoom(u64),
    /// The slots from this one on are empty, in the page cache.
    Erased(u64),
    /// Everything that had been written when the sync was asked for is on the medium.
    Synced,
    /// Everything has been read.
    Loaded,
}

/// The disk of a member at work: what it holds, and what it is still to do, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Device<R> {
    pub(crate) disk: Disk<R>,
    waiting: VecDeque<Order<R>>,
    /// How much of the first that waits is left to do at full speed, as of the last change of pace.
    begun: Option<SimDuration>,
    /// When that is done at the present pace, and the pace.
    ends: SimTime,
    pace: Option<Slowness>,
    /// Whether there was no room when it was begun.
    is_refused: bool,
    /// How many orders have been begun: each draws its time by its number.
    begun_so_far: u32,
    /// What was done while the member stood still.
    pub(crate) unnoticed: Vec<Completion>,
}

/// The draws of how long a disk takes.
const TIMES: Key = Key::named("times of a disk");

impl<R> Default for Device<R> {
    fn default() -> Self {
        Self {
            disk: Disk::default(),
            waiting: VecDeque::new(),
            begun: None,
            ends: SimTime::MAX,
            pace: None,
            is_refused: false,
            begun_so_far: 0,
            unnoticed: Vec::new(),
        }
    }
}

/// The condition a disk is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How slow it is; it stands still if `None`.
    pub(crate) slowness: Option<Slowness>,
    /// Whether it has no room.
    pub(crate) is_full: bool,
}

impl<R: Clone> Device<R> {
    /// The disk of a twin: what it holds, and nothing to do.
    pub(crate) fn copied(&self) -> Self {
        Self { disk: self.disk.clone(), ..Self::default() }
    }

    pub(crate) fn order(&mut self, order: Order<R>) {
        self.waiting.push_back(order);
    }

    /// Begins with the next order, if the disk is idle; answers when it is done, if that is new.
    pub(crate) fn go_on(&mut self, now: SimTime, pace: Pace, times: &DiskTimes, key: Key, seed: &Seed) -> Option<SimTime> {
        if self.begun.is_some() {
            return None;
        }
        let order = self.waiting.front()?;
        let draw = seed.draws(key.child(TIMES.bits()), self.begun_so_far).demand();
        self.begun_so_far = self.begun_so_far.wrapping_add(1);
        // To find that there is no room takes as long as to write.
        self.is_refused = matches!(order, Order::Write(..)) && pace.is_full;
        let takes = match order {
            Order::Write(..) | Order::EraseFrom(_) => times.write.sample(draw),
            Order::Sync => times.sync.sample(draw),
            Order::Load => times.read.sample(draw).saturating_mul(self.disk.len()),
        };
        self.begun = Some(takes.max(SimDuration::NANOSECOND));
        self.run_at(now, pace.slowness)
    }

    /// The pace of the disk has changed; answers when it is done with what it does, if it does anything.
    pub(crate) fn change_pace(&mut self, now: SimTime, slowness: Option<Slowness>) -> Option<SimTime> {
        if self.pace == slowness {
            return None;
        }
        let left = self.begun?;
        self.begun = Some(self.pace.map_or(left, |pace| pace.done_in(self.ends.saturating_since(now))));
        self.run_at(now, slowness)
    }

    fn run_at(&mut self, now: SimTime, slowness: Option<Slowness>) -> Option<SimTime> {
        self.pace = slowness;
        let left = self.begun?;
        // A disk may come to what it has done at the very instant of a change: it is done a nanosecond later.
        let takes = |slowness: Slowness| slowness.stretch(left).max(SimDuration::NANOSECOND);
        self.ends = slowness.map_or(SimTime::MAX, |slowness| now.saturating_add(takes(slowness)));
        slowness.map(|_| self.ends)
    }

    /// Takes what the disk has done by now, if it has: the order, and whether it was refused.
    pub(crate) fn done(&mut self, now: SimTime) -> Option<(Order<R>, bool)> {
        if self.begun.is_none() || self.ends != now {
            return None;
        }
        self.begun = None;
        self.ends = SimTime::MAX;
        self.waiting.pop_front().map(|order| (order, self.is_refused))
    }

    /// The machine is gone: nothing is done any more.
    pub(crate) fn stop(&mut self) {
        self.waiting.clear();
        self.begun = None;
        self.ends = SimTime::MAX;
        self.unnoticed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::DiskSpeed;
    use super::*;
    use sim_core::sample::Distribution;

    const SOUND: Pace = Pace { slowness: Some(Slowness::NONE), is_full: false };

    fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + ms(millis)
    }

    fn times() -> DiskTimes {
        let constant = |millis| Distribution::Constant(ms(millis));
        DiskSpeed { write: constant(1), sync: constant(10), read: constant(2) }.compile()
    }

    #[test]
    fn orders_are_carried_out_one_by_one_in_order() {
        let (times, seed, mut device) = (times(), Seed::new(1), Device::default());
        device.order(Order::Write(0, 'a'));
        device.order(Order::Sync);
        assert_eq!(device.go_on(at(0), SOUND, &times, Key::default(), &seed), Some(at(1)));
        assert_eq!(device.go_on(at(0), SOUND, &times, Key::default(), &seed), None, "it is busy");
        assert_eq!(device.done(at(1)), Some((Order::Write(0, 'a'), false)));
        assert_eq!(device.go_on(at(1), SOUND, &times, Key::default(), &seed), Some(at(11)));
        assert_eq!(device.done(at(10)), None);
        assert_eq!(device.done(at(11)), Some((Order::Sync, false)));
        assert_eq!(device.go_on(at(11), SOUND, &times, Key::default(), &seed), None);
    }

    #[test]
    fn what_is_begun_is_slowed_stands_still_and_needs_the_rest_of_its_time() {
        let (times, seed, mut device) = (times(), Seed::new(1), Device::<char>::default());
        device.order(Order::Sync);
        assert_eq!(device.go_on(at(0), SOUND, &times, Key::default(), &seed), Some(at(10)));
        assert_eq!(device.change_pace(at(4), Some(Slowness::from_factor(3.0))), Some(at(22)), "6 ms are left, three times as long");
        assert_eq!(device.change_pace(at(10), None), None, "it stands still with 4 ms left");
        assert_eq!(device.done(at(10)), None);
        assert_eq!(device.change_pace(at(50), Some(Slowness::NONE)), Some(at(54)));
        assert_eq!(device.done(at(54)), Some((Order::Sync, false)));
    }

    #[test]
    fn a_full_disk_refuses_what_begins_and_syncs_all_the_same() {
        let (times, seed, mut device) = (times(), Seed::new(1), Device::default());
        let full = Pace { is_full: true, ..SOUND };
        device.order(Order::Write(0, 'a'));
        device.order(Order::Sync);
        device.go_on(at(0), full, &times, Key::default(), &seed);
        assert_eq!(device.done(at(1)), Some((Order::Write(0, 'a'), true)));
        device.go_on(at(1), full, &times, Key::default(), &seed);
        assert_eq!(device.done(at(11)), Some((Order::Sync, false)));
    }
}
