//! What becomes of a message that is put on one direction of a link?
//!
//! In this order: it waits until the line is free, if that has a bandwidth (or finds no room and is dropped); the line sends
//! it and may lose it; it may be altered, or copied; it travels. On a line that is first in, first out it arrives after
//! every message sent before it. A copy is made on the wire: it takes no bandwidth, is not lost or copied again on this
//! line, and has a delay of its own.

use super::{Disturbance, Link, LossModel, LossState};
use crate::record::Loss;
use sim_core::draw::Draw;
use sim_core::sample::Sampler;
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};
use sim_core::units::{Bandwidth, Share, Size};

/// One direction of a link, ready to be used.
#[derive(Clone, Debug)]
pub struct Line {
    delay: Option<Sampler>,
    loss: Share,
    /// What most lines have not.
    rare: Option<Box<Rare>>,
}

#[derive(Clone, Debug)]
struct Rare {
    loss: LossModel,
    fifo: bool,
    bandwidth: Option<Bandwidth>,
    queue: Option<Size>,
    mishaps: super::Mishaps,
}

/// What one direction of a link remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineState {
    loss: LossState,
    /// When the last message in order arrives.
    last_arrival: SimTime,
    /// When everything that waits has been sent, and at which bandwidth that was reckoned.
    free_at: SimTime,
    booked: Bandwidth,
}

/// The random numbers of a message on one line.
#[derive(Clone, Copy, Debug)]
pub struct Luck {
    /// How long it travels.
    pub delay: Draw,
    /// Whether it is lost; what else befalls it are further draws of this one.
    pub loss: Draw,
}

/// How a message was altered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Corruption {
    /// Not at all.
    #[default]
    None,
    /// So that the receiver finds out and drops it.
    Detected,
    /// So that nobody finds out.
    Undetected,
}

/// A message that got over a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// When it arrives.
    pub at: SimTime,
    /// When a copy of it arrives, if there is one.
    pub copy: Option<SimTime>,
    /// How it was altered, and its copy with it.
    pub corruption: Corruption,
}

/// Places of further draws of a loss draw.
const DUPLICATE: u64 = 0x1_0001;
const COPY_DELAY: u64 = 0x1_0002;
const REORDER: u64 = 0x1_0003;
const CORRUPT: u64 = 0x1_0004;
const UNDETECTED: u64 = 0x1_0005;
const ADDED_LOSS: u64 = 0x1_0006;

impl Line {
    /// One direction of a checked link: `link` as it is from `from` to `to`.
    pub fn of(link: &Link) -> Self {
        let loss = LossModel::of(link);
        let mishaps = super::Mishaps {
            duplicate: link.duplicate,
            reorder: link.reorder,
            corrupt: link.corrupt,
            corrupt_undetected: link.corrupt_undetected,
        };
        let is_rare = !loss.is_independent() || link.fifo || link.bandwidth.is_some() || mishaps != super::Mishaps::default();
        let rare = Rare { loss, fifo: link.fifo, bandwidth: link.bandwidth, queue: link.queue, mishaps };
        Self { delay: Some(link.delay.compile()), loss: link.loss, rare: is_rare.then(|| Box::new(rare)) }
    }

    /// The way within one domain where no link is written: a nanosecond, and nothing goes wrong.
    pub const fn local() -> Self {
        Self { delay: None, loss: Share::NONE, rare: None }
    }

    /// Whether it has a delay and independent losses, and nothing else.
    pub const fn is_plain(&self) -> bool {
        self.rare.is_none()
    }

    /// How long a message travels, if nothing else is said.
    pub const fn delay(&self) -> Option<&Sampler> {
        self.delay.as_ref()
    }

    /// The share of messages lost on average.
    pub const fn loss(&self) -> Share {
        self.loss
    }

    /// The mean time on the way.
    pub fn mean(&self) -> SimDuration {
        self.delay.as_ref().map_or(SimDuration::ZERO, Sampler::mean)
    }

    /// Puts a message on the line.
    ///
    /// # Errors
    /// Why it is lost.
    pub fn cross(
        &self,
        state: &mut LineState,
        disturbance: Option<&Disturbance>,
        now: SimTime,
        size: Size,
        luck: Luck,
    ) -> Result<Crossing, Loss> {
        let rare = self.rare.as_deref();
        let own = rare.and_then(|rare| rare.bandwidth);
        let added = disturbance.and_then(|disturbance| disturbance.bandwidth);
        let bandwidth = match (own, added) {
            (Some(own), Some(added)) => Some(own.min(added)),
            (own, added) => own.or(added),
        };
        let sent = match bandwidth {
            Some(bandwidth) => state.transmit(now, size, bandwidth, rare.and_then(|rare| rare.queue)).ok_or(Loss::Full)?,
            None => now,
        };
        let is_lost = match rare {
            Some(rare) => rare.loss.loses(&mut state.loss, luck.loss),
            None => self.loss.holds(luck.loss),
        };
        let also_lost = disturbance.is_some_and(|disturbance| disturbance.loss.holds(luck.loss.further(ADDED_LOSS)));
        if is_lost || also_lost {
            return Err(Loss::Link);
        }
        let mut mishaps = rare.map_or_else(Default::default, |rare| rare.mishaps);
        if let Some(disturbance) = disturbance {
            mishaps = mishaps.combined(disturbance.mishaps);
        }
        let skips = mishaps.reorder.holds(luck.loss.further(REORDER));
        let travel = |delay: Draw| {
            let own = self.delay.as_ref().map_or(SimDuration::ZERO, |sampler| sampler.sample(delay));
            let added = disturbance.map_or(SimDuration::ZERO, |disturbance| disturbance.delay(luck.loss, delay));
            sent.saturating_add(own.saturating_add(added).max(SimDuration::NANOSECOND))
        };
        let is_fifo = rare.is_some_and(|rare| rare.fifo);
        let at = if skips { sent.saturating_add(SimDuration::NANOSECOND) } else { state.in_order(is_fifo, travel(luck.delay)) };
        let is_copied = mishaps.duplicate.holds(luck.loss.further(DUPLICATE));
        let copy = is_copied.then(|| state.in_order(is_fifo, travel(luck.delay.further(COPY_DELAY))));
        let corruption = if mishaps.corrupt.holds(luck.loss.further(CORRUPT)) {
            Corruption::Detected
        } else if mishaps.corrupt_undetected.holds(luck.loss.further(UNDETECTED)) {
            Corruption::Undetected
        } else {
            Corruption::None
        };
        Ok(Crossing { at, copy, corruption })
    }
}

impl LineState {
    /// When a message has left for good; `None` if there is no room for it. What waits is counted in bytes, with the rest of
    /// the message that is being sent; a message that finds the line idle is always taken. After a change of the bandwidth
    /// what waits already leaves at the old one.
    fn transmit(&mut self, now: SimTime, size: Size, bandwidth: Bandwidth, queue: Option<Size>) -> Option<SimTime> {
        let left = self.free_at.saturating_since(now);
        if let Some(queue) = queue.filter(|_| !left.is_zero()) {
            let bits = u128::from(left.as_nanos()) * u128::from(self.booked.bits_per_second()) / u128::from(NANOS_PER_SECOND);
            if bits.div_ceil(8) + u128::from(size.as_bytes()) > u128::from(queue.as_bytes()) {
                return None;
            }
        }
        self.free_at = self.free_at.max(now).saturating_add(bandwidth.transfer_time(size));
        self.booked = bandwidth;
        Some(self.free_at)
    }

    /// On a line that is first in, first out: not before, and not together with, the last one.
    fn in_order(&mut self, is_fifo: bool, at: SimTime) -> SimTime {
        if !is_fifo {
            return at;
        }
        self.last_arrival = at.max(self.last_arrival.saturating_add(SimDuration::NANOSECOND));
        self.last_arrival
    }
}
