//! What happens to a node, and in what condition does it leave it?
//!
//! One rule per condition says what overlapping effects come to: a node is down while any says so, and silent while any of
//! those says so; it stands still, drains, or has a disk that is stalled or full while any says so; the slowest factor
//! counts; workers and places that are taken away add up, and so do
//! changes of its clock; mishaps of its disk are independent of each other. It has one twin while any says so, and the one that began first says who
//! hears whom. What follows from being down comes before everything else. A node that was brought back by whoever looks after it is another
//! process on the same machine: what had stopped the one before (down, standing still, workers and places taken) counts no more.

use super::{Reach, Within};
use crate::clocks::ClockChange;
use crate::disks::{Mishap, Mishaps};
use crate::ids::NodeId;
use crate::services::FlagId;
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, Seed};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Something that happens to one node while a fault is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NodeEffect {
    /// It is down; its memory is lost.
    Down {
        /// Whether its machine answers for it that nobody listens.
        refuses: bool,
        /// What becomes of what it had written.
        disk: DiskLoss,
    },
    /// It stands still: nothing is worked on, sent, heard or noticed.
    Paused,
    /// It takes no new requests.
    Drains,
    /// All its work takes longer.
    Slow(Slowness),
    /// Its clock is moved, or runs faster or slower.
    Clock(ClockChange),
    /// Some of its requests take longer.
    SlowShare(SlowRequests),
    /// So many of its workers are missing.
    WorkersLost(u32),
    /// So many of the places in its queue are taken by something else.
    PlacesTaken(u32),
    /// Its disk takes longer to write.
    DiskSlow(Slowness),
    /// Its disk writes nothing.
    DiskStalled,
    /// Its disk has no room.
    DiskFull,
    /// Records on its disk rot.
    DiskRots(Mishap),
    /// Its disk loses writes that it has acknowledged.
    DiskLosesWrites(Mishap),
    /// Its disk writes to the wrong place.
    DiskMisdirects(Mishap),
    /// A flag is on in its program.
    Flag(FlagOn),
    /// A second instance of it runs.
    Twin(Twin),
    /// It was brought back by whoever looks after it: whatever stopped its process before is over for it.
    Renewed,
}

/// A flag that is on at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagOn {
    /// Which.
    pub flag: FlagId,
    /// For these calls.
    #[serde(default)]
    pub within: Within,
}

/// A second instance of an identity: correct, and unaware of the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    /// Whether it starts with nothing, as a member at its first start; otherwise with what the first has on its disk and
    /// keeps over a crash.
    pub fresh: bool,
    /// Whose messages reach the first alone; ascending.
    pub first: Vec<NodeId>,
    /// Whose messages reach the second alone; ascending. All others reach both.
    pub second: Vec<NodeId>,
}

/// What a crash leaves of what a node had written, from the mildest to the worst. It concerns members of groups that keep something on a
/// disk; of services the logs of sagas and of states that are rebuilt, which are synced and lost with everything alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DiskLoss {
    /// Everything that was written is there.
    #[default]
    Kept,
    /// What was written since the last sync is gone.
    UnsyncedLost,
    /// The disk is empty.
    AllLost,
}

/// Some of the requests at a node: always the same ones, by their call, whichever node serves them in whichever strike. A larger
/// share holds all that a smaller one does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowRequests {
    /// How much longer they take.
    pub slowness: Slowness,
    /// How many of them.
    pub share: Share,
    /// Among these calls.
    #[serde(default)]
    pub within: Within,
}

/// The draw that decides.
const SLOW_REQUESTS: Key = Key::named("slow requests");

impl SlowRequests {
    /// Whether requests of this call are among them.
    pub fn holds(&self, (call, reach): (Key, Reach), seed: &Seed) -> bool {
        self.within.holds(reach) && self.share.holds(seed.draws(call.child(SLOW_REQUESTS.bits()), 0).share())
    }
}

/// How much longer work takes, in thousandths: 1000 is full speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slowness(u64);

impl Slowness {
    /// Full speed.
    pub const NONE: Self = Self(1000);

    /// The slowness of a factor such as 8 or 1.5.
    pub fn from_factor(factor: f64) -> Self {
        Self((factor * 1000.0 + 0.5) as u64)
    }

    /// How long work of this length takes.
    #[inline]
    pub fn stretch(self, work: SimDuration) -> SimDuration {
        if self == Self::NONE { work } else { work.scaled(self.0, 1000) }
    }

    /// How much work is done in this time.
    pub fn done_in(self, time: SimDuration) -> SimDuration {
        if self == Self::NONE { time } else { time.scaled(1000, self.0) }
    }
}

/// The condition of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Whether it runs.
    pub up: bool,
    /// If it does not run: whether its machine says so.
    pub refuses: bool,
    /// If it does not run: what its disk has lost, at worst.
    pub disk_loss: DiskLoss,
    /// Whether it stands still.
    pub paused: bool,
    /// Whether it takes no new requests.
    pub drains: bool,
    /// How slow it is.
    pub slowness: Slowness,
    /// Requests that may be slower still.
    pub slow_requests: Vec<SlowRequests>,
    /// How many of its workers are missing.
    pub workers_lost: u32,
    /// How many places of its queue are taken.
    pub places_taken: u32,
    /// How slowly its disk writes.
    pub disk_slowness: Slowness,
    /// Whether its disk writes nothing.
    pub disk_stalled: bool,
    /// Whether its disk has no room.
    pub disk_full: bool,
    /// What happens to records on its disk.
    pub disk_mishaps: Mishaps,
    /// What has become of its clock.
    pub clock: ClockChange,
    /// Flags that are on in its program.
    pub flags: Vec<FlagOn>,
    /// A second instance of it, if there is one.
    pub twin: Option<Twin>,
}

impl Condition {
    /// Nothing is wrong.
    pub(super) const NORMAL: Self = Self {
        up: true,
        refuses: false,
        disk_loss: DiskLoss::Kept,
        paused: false,
        drains: false,
        slowness: Slowness::NONE,
        slow_requests: Vec::new(),
        workers_lost: 0,
        places_taken: 0,
        disk_slowness: Slowness::NONE,
        disk_stalled: false,
        disk_full: false,
        disk_mishaps: Mishaps::NONE,
        clock: ClockChange::NONE,
        flags: Vec::new(),
        twin: None,
    };

    /// Whether more workers or places in the queue are there than before.
    pub(crate) const fn gives_back_room(&self, before: &Self) -> bool {
        self.workers_lost < before.workers_lost || self.places_taken < before.places_taken
    }

    /// What these effects come to, in the order in which they began.
    pub(super) fn of<'a>(effects: impl Iterator<Item = &'a NodeEffect>) -> Self {
        let mut condition = Self::NORMAL;
        for effect in effects {
            match effect {
                NodeEffect::Down { refuses, disk } => {
                    condition.refuses = *refuses && (condition.up || condition.refuses);
                    condition.disk_loss = condition.disk_loss.max(*disk);
                    condition.up = false;
                }
                NodeEffect::Paused => condition.paused = true,
                NodeEffect::Drains => condition.drains = true,
                NodeEffect::Slow(slowness) => condition.slowness = condition.slowness.max(*slowness),
                NodeEffect::SlowShare(some) => condition.slow_requests.push(some.clone()),
                NodeEffect::WorkersLost(count) => condition.workers_lost = condition.workers_lost.saturating_add(*count),
                NodeEffect::PlacesTaken(count) => condition.places_taken = condition.places_taken.saturating_add(*count),
                NodeEffect::DiskSlow(slowness) => condition.disk_slowness = condition.disk_slowness.max(*slowness),
                NodeEffect::DiskStalled => condition.disk_stalled = true,
                NodeEffect::DiskFull => condition.disk_full = true,
                NodeEffect::DiskRots(mishap) => condition.disk_mishaps.rot.push(*mishap),
                NodeEffect::DiskLosesWrites(mishap) => condition.disk_mishaps.lost.push(*mishap),
                NodeEffect::DiskMisdirects(mishap) => condition.disk_mishaps.misdirected.push(*mishap),
                NodeEffect::Flag(on) => condition.flags.push(*on),
                NodeEffect::Twin(twin) if condition.twin.is_none() => condition.twin = Some(twin.clone()),
                NodeEffect::Twin(_) => {}
                // Another process: what had become of the one before does not concern it, but its machine is the same.
                NodeEffect::Renewed => {
                    (condition.up, condition.refuses, condition.disk_loss, condition.paused) = (true, false, DiskLoss::Kept, false);
                    (condition.workers_lost, condition.places_taken) = (0, 0);
                }
                NodeEffect::Clock(change) => condition.clock = condition.clock.combined(*change),
            }
        }
        condition
    }

    /// Whether a flag is on for a request whose call stands there among all.
    pub fn has_on(&self, flag: FlagId, reach: Reach) -> bool {
        self.flags.iter().any(|on| on.flag == flag && on.within.holds(reach))
    }

    /// Whether it runs and does not stand still.
    #[inline]
    pub const fn is_running(&self) -> bool {
        self.up && !self.paused
    }

    /// Whether nothing goes on faster or slower than in the other condition.
    pub fn has_pace_of(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.paused, one.slowness, one.disk_slowness, one.disk_stalled);
        of(self) == of(other) && self.slow_requests == other.slow_requests
    }

    /// How slowly its disk works; not at all if `None`. A disk goes on while its node stands still.
    pub fn pace_of_disk(&self) -> Option<Slowness> {
        (!self.disk_stalled).then_some(self.disk_slowness)
    }

    /// How slowly a worker goes on with a request of this call: not at all if `None`. Writing waits for the disk alone.
    #[inline]
    pub fn pace(&self, call: (Key, Reach), is_writing: bool, seed: &Seed) -> Option<Slowness> {
        if self.paused || (is_writing && self.disk_stalled) {
            return None;
        }
        if is_writing {
            return Some(self.disk_slowness);
        }
        let some = self.slow_requests.iter().filter(|some| some.slowness > self.slowness && some.holds(call, seed));
        Some(some.map(|some| some.slowness).max().unwrap_or(self.slowness))
    }
}
