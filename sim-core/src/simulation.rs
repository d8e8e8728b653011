//! How does a model move through virtual time?
//!
//! A model is a state and a rule that says how an event changes it. The kernel pops the earliest event, moves the time
//! there and hands it to the model with a [`Ctx`], through which everything a handler may do is done. Nothing is scheduled
//! for the present instant: what happens now is a function call.

use crate::draw::mix;
use crate::observe::{Digest, Observer, Record};
use crate::queue::EventQueue;
use crate::time::{SimDuration, SimTime};
use std::fmt;

/// A system under simulation: its state, and how an event changes it.
pub trait Model: Sized {
    /// What may happen. Its rank orders events of one instant and says all there is to say about the event.
    type Event: Event;
    /// What a bystander sees.
    type Record: Record;
    /// Applies an event that is due now.
    fn handle(&mut self, event: Self::Event, ctx: &mut Ctx<'_, Self>);
}

/// An event is 64 bits: what it is, never when it was scheduled.
///
/// The highest [`KIND_BITS`](Self::KIND_BITS) say its kind; kinds of one instant fire in their numerical order.
pub trait Event: Copy {
    /// How many of the highest bits of a rank say the kind of the event.
    const KIND_BITS: u32;
    /// The event as 64 bits.
    fn rank(self) -> u64;
    /// The event with this rank, which came from [`rank`](Self::rank).
    fn from_rank(rank: u64) -> Self;
}

/// In which order events of one kind and one instant fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// By rank.
    #[default]
    ByRank,
    /// By a keyed permutation of the ranks within a kind: exposes models that rely on luck.
    Shuffled(u64),
}

impl TieBreak {
    #[inline(always)]
    fn apply(self, rank: u64, kind_bits: u32) -> u64 {
        match self {
            Self::ByRank => rank,
            Self::Shuffled(key) => shuffled(key, rank, kind_bits),
        }
    }

    #[inline(always)]
    fn undo(self, rank: u64, kind_bits: u32) -> u64 {
        match self {
            Self::ByRank => rank,
            Self::Shuffled(key) => unshuffled(key, rank, kind_bits),
        }
    }
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
const ODD_INVERSE: u64 = inverse_of_odd(ODD);

const fn inverse_of_odd(odd: u64) -> u64 {
    // Newton's iteration doubles the number of correct bits; an odd number is its own inverse to three bits.
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

#[cold]
fn shuffled(key: u64, rank: u64, kind_bits: u32) -> u64 {
    permuted(rank, kind_bits, |low, mask| {
        let low = (low ^ mix(key) & mask).wrapping_mul(ODD) & mask;
        (low ^ (low >> 29)).wrapping_mul(ODD) & mask
    })
}

#[cold]
fn unshuffled(key: u64, rank: u64, kind_bits: u32) -> u64 {
    permuted(rank, kind_bits, |low, mask| {
        let low = low.wrapping_mul(ODD_INVERSE) & mask;
        // A right shift of 29 is undone in at most three steps for words of up to 64 bits.
        let low = low ^ (low >> 29) ^ (low >> 58);
        low.wrapping_mul(ODD_INVERSE) & mask ^ mix(key) & mask
    })
}

fn permuted(rank: u64, kind_bits: u32, permute: impl Fn(u64, u64) -> u64) -> u64 {
    let mask = u64::MAX >> kind_bits;
    rank & !mask | permute(rank & mask, mask)
}

/// What a handler may do.
pub struct Ctx<'a, M: Model> {
    now: SimTime,
    queue: &'a mut EventQueue,
    digest: &'a mut Digest,
    ties: TieBreak,
    observer: Option<&'a mut dyn Observer<M::Record>>,
    /// What the present event has scheduled, while somebody follows: `queue` is an outbox then.
    followed: Option<&'a mut Vec<(SimTime, u64)>>,
    /// After how many events to come back, from the start of the run.
    last: u64,
    /// Whether the model has asked to stop.
    is_asked_to_stop: bool,
}

impl<M: Model> Ctx<'_, M> {
    /// The present instant.
    #[inline]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules an event after `delay`; a delay of zero is one nanosecond.
    #[inline(always)]
    pub fn after(&mut self, delay: SimDuration, event: M::Event) {
        let delay = if delay.is_zero() { SimDuration::NANOSECOND } else { delay };
        self.schedule(self.now.saturating_add(delay), event.rank());
    }

    /// Schedules an event at an instant that lies ahead.
    #[inline(always)]
    pub fn at(&mut self, at: SimTime, event: M::Event) {
        assert!(at > self.now, "an event is scheduled for {at}, which is not after now ({})", self.now);
        self.schedule(at, event.rank());
    }

    #[inline(always)]
    fn schedule(&mut self, at: SimTime, rank: u64) {
        self.queue.push(at, self.ties.apply(rank, M::Event::KIND_BITS));
    }

    /// Reports something a bystander could see.
    #[inline(always)]
    pub fn record(&mut self, record: &M::Record) {
        // Inlined where the kind of record is known, so that its fingerprint is a few instructions.
        self.digest.add(self.now, record);
        if self.observer.is_some() {
            // A copy: a record that is only ever looked at here need not be written to memory.
            self.show(*record);
        }
    }

    /// No event after the present one is handled: the run is to be left where it is.
    #[cold]
    pub const fn stop(&mut self) {
        (self.last, self.is_asked_to_stop) = (0, true);
    }

    /// Whether anybody looks: then what records say may be [told](Self::say).
    #[inline(always)]
    pub const fn is_watched(&self) -> bool {
        self.observer.is_some()
    }

    /// Says in words what the record says that is reported next. Nothing but what is read depends on it.
    #[cold]
    pub fn say(&mut self, words: &dyn fmt::Display) {
        if let Some(observer) = &mut self.observer {
            observer.says(words);
        }
    }

    /// Tells who follows that what is reported now led to an event, though that will be scheduled later: of a timer that is set while an earlier one is pending.
    #[cold]
    pub fn promise(&mut self, at: SimTime, event: &M::Event) {
        self.tell_scheduled();
        if let Some(observer) = &mut self.observer {
            observer.scheduled(at, event.rank());
        }
    }

    /// Reports something to whoever looks that is no part of the digest, because it follows from what is.
    #[cold]
    pub fn note(&mut self, record: &M::Record) {
        self.tell_scheduled();
        if let Some(observer) = &mut self.observer {
            observer.note(self.now, record);
        }
    }

    #[cold]
    fn show(&mut self, record: M::Record) {
        // Whatever was scheduled before this record was reported did not come of it.
        self.tell_scheduled();
        if let Some(observer) = &mut self.observer {
            observer.record(self.now, &record);
        }
    }

    /// Tells who follows what has been scheduled since the last record.
    fn tell_scheduled(&mut self) {
        let (Some(observer), Some(followed)) = (&mut self.observer, &mut self.followed) else { return };
        let ties = self.ties;
        self.queue.move_out(|at, rank| {
            observer.scheduled(at, ties.undo(rank, M::Event::KIND_BITS));
            followed.push((at, rank));
        });
    }
}

/// A run in progress: a model, its pending events and the time. A clone is a fork: both go on alike until treated differently.
#[derive(Clone, Debug)]
pub struct Simulation<M> {
    model: M,
    queue: EventQueue,
    digest: Digest,
    ties: TieBreak,
    now: SimTime,
}

/// Why [`Simulation::run_until`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// No event is pending.
    Finished,
    /// The next event lies beyond the end.
    Reached,
    /// The bound on the number of events was reached.
    TooManyEvents,
    /// The model has asked for it.
    Asked,
}

impl<M: Model> Simulation<M> {
    /// A run at time zero; `prepare` may schedule the first events, from one nanosecond on.
    pub fn new(model: M, ties: TieBreak, prepare: impl FnOnce(&mut M, &mut Ctx<'_, M>)) -> Self {
        let mut simulation = Self { model, queue: EventQueue::new(), digest: Digest::default(), ties, now: SimTime::ZERO };
        simulation.intervene(prepare);
        simulation
    }

    /// Handles events up to and including `end`, and at most `events` of them.
    pub fn run_until(&mut self, end: SimTime, events: u64, observer: Option<&mut dyn Observer<M::Record>>) -> Stop {
        let last = self.queue.popped().saturating_add(events);
        let observer = observer.map(|observer| observer as &mut dyn Observer<M::Record>);
        let observer = match observer {
            Some(observer) if observer.follows() => return self.run_followed(end, last, observer),
            observer => observer,
        };
        let (ties, followed) = (self.ties, None);
        let (queue, digest, is_asked_to_stop) = (&mut self.queue, &mut self.digest, false);
        let mut ctx = Ctx { now: self.now, queue, digest, ties, observer, followed, last, is_asked_to_stop };
        let stop = loop {
            if ctx.queue.popped() >= ctx.last {
                break if ctx.is_asked_to_stop { Stop::Asked } else { Stop::TooManyEvents };
            }
            let Some((at, rank)) = ctx.queue.pop_until(end) else {
                break if ctx.queue.is_empty() { Stop::Finished } else { Stop::Reached };
            };
            debug_assert!(at >= ctx.now, "virtual time ran backwards");
            ctx.now = at;
            let event = M::Event::from_rank(self.ties.undo(rank, M::Event::KIND_BITS));
            self.model.handle(event, &mut ctx);
        };
        self.now = ctx.now;
        stop
    }

    /// The same, event for event, for an observer who is told what is scheduled, and what begins.
    #[cold]
    fn run_followed(&mut self, end: SimTime, last: u64, observer: &mut dyn Observer<M::Record>) -> Stop {
        let (mut outbox, mut scheduled) = (EventQueue::outbox(), Vec::new());
        loop {
            if self.queue.popped() >= last {
                return Stop::TooManyEvents;
            }
            let Some((at, rank)) = self.queue.pop_until(end) else {
                return if self.queue.is_empty() { Stop::Finished } else { Stop::Reached };
            };
            self.now = at;
            let (ties, rank) = (self.ties, self.ties.undo(rank, M::Event::KIND_BITS));
            observer.begins(self.queue.popped(), at, rank);
            let observer = Some(&mut *observer as &mut dyn Observer<M::Record>);
            let (queue, digest, followed) = (&mut outbox, &mut self.digest, Some(&mut scheduled));
            let mut ctx = Ctx { now: at, queue, digest, ties, observer, followed, last, is_asked_to_stop: false };
            self.model.handle(M::Event::from_rank(rank), &mut ctx);
            ctx.tell_scheduled();
            let is_asked_to_stop = ctx.is_asked_to_stop;
            scheduled.drain(..).for_each(|(at, rank)| self.queue.push(at, rank));
            if is_asked_to_stop {
                return Stop::Asked;
            }
        }
    }

    /// Does something to the model from outside, at the present instant.
    pub fn intervene<T>(&mut self, act: impl FnOnce(&mut M, &mut Ctx<'_, M>) -> T) -> T {
        let (ties, followed) = (self.ties, None);
        let (queue, digest, is_asked_to_stop) = (&mut self.queue, &mut self.digest, false);
        let mut ctx = Ctx { now: self.now, queue, digest, ties, observer: None, followed, last: u64::MAX, is_asked_to_stop };
        act(&mut self.model, &mut ctx)
    }

    /// The present instant: that of the last event handled.
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Fingerprint of everything reported so far.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// How many events have been handled.
    pub const fn events(&self) -> u64 {
        self.queue.popped()
    }

    /// How many events are pending.
    pub const fn pending(&self) -> usize {
        self.queue.len()
    }

    /// The state of the system.
    pub const fn model(&self) -> &M {
        &self.model
    }

    /// Ends the run and hands the state over.
    pub fn into_model(self) -> M {
        self.model
    }
}
