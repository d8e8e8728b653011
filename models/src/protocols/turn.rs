//! What may a member or a caller do when it is its turn?

use super::Protocol;
use crate::clocks::{Reading, WallTime};
use crate::disks::{Disk, Order};
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

/// One step of a member or of a caller's session: what it knows, and what it wants done.
pub struct Turn<'a, P: Protocol> {
    reading: Reading,
    seed: &'a Seed,
    key: Key,
    me: Option<u32>,
    call: Option<(Key, u32)>,
    disk: Option<&'a Disk<P::Stored>>,
    orders: &'a mut Orders<P>,
}

/// Whom a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A member of the group, by its index.
    Member(u32),
    /// The caller whose message is being handled.
    Caller,
    /// A caller who was held for later.
    Held(Held),
}

/// A caller whose answer comes later: when the others have agreed, when the lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held(u64);

/// Something worth knowing for faults and measures: a leader was elected, a member is suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What happened, in one word of the protocol: `Suspects`.
    pub what: &'static str,
    /// A number that says more: of a member, a term, a length in nanoseconds.
    pub value: i64,
}

/// What a turn wants done.
#[derive(Clone, Debug)]
pub struct Orders<P: Protocol> {
    /// Messages, in order.
    pub(crate) sent: Vec<(To, P::Message)>,
    /// Timers to be set to a local instant, or cancelled.
    pub(crate) timers: Vec<(P::Timer, Option<SimTime>)>,
    /// What the disk is to do, in order.
    pub(crate) disk: Vec<Order<P::Stored>>,
    /// Announcements, in order.
    pub(crate) announced: Vec<Announcement>,
    /// The caller whose message is handled is to be kept under this ticket.
    pub(crate) held: Option<Held>,
    /// Callers who are never answered.
    pub(crate) dropped: Vec<Held>,
    tickets: u64,
}

impl<P: Protocol> Default for Orders<P> {
    fn default() -> Self {
        Self { sent: Vec::new(), timers: Vec::new(), disk: Vec::new(), announced: Vec::new(), held: None, dropped: Vec::new(), tickets: 0 }
    }
}

impl<'a, P: Protocol> Turn<'a, P> {
    /// A turn of whoever has this clock reading and key; `me` is the index of a member.
    pub(crate) fn new(reading: Reading, seed: &'a Seed, key: Key, me: Option<u32>, orders: &'a mut Orders<P>) -> Self {
        Self { reading, seed, key, me, call: None, disk: None, orders }
    }

    /// The turn of a caller in this attempt of the call with this key.
    pub(crate) fn of_attempt(self, call: Key, attempt: u32) -> Self {
        Self { call: Some((call, attempt)), ..self }
    }

    /// The turn of a member with this disk.
    pub(crate) fn with_disk(self, disk: &'a Disk<P::Stored>) -> Self {
        Self { disk: Some(disk), ..self }
    }

    /// Of a caller: a number of its call, which no other call has, and that of the attempt.
    pub fn call(&self) -> (u64, u32) {
        let (call, attempt) = self.call.expect("a member makes no calls");
        (call.bits(), attempt)
    }

    /// The draws of a caller for this purpose that belong to its call: all attempts of the call have the same.
    pub fn draws_of_call(&self, purpose: &'static str) -> Draws {
        let (call, _) = self.call.expect("a member makes no calls");
        self.seed.draws(call.child(Key::named(purpose).bits()), 0)
    }

    /// The index of the member whose turn it is.
    pub fn me(&self) -> u32 {
        self.me.expect("a caller is no member")
    }

    /// What the monotonic clock shows: only differences mean anything, and only on this node in this life.
    pub const fn now(&self) -> SimTime {
        self.reading.monotonic
    }

    /// What the wall clock shows.
    pub const fn wall(&self) -> WallTime {
        self.reading.wall
    }

    /// Everything the clock shows, with its uncertainty if it knows that.
    pub const fn reading(&self) -> Reading {
        self.reading
    }

    /// Sends a message.
    pub fn send(&mut self, to: To, message: P::Message) {
        self.orders.sent.push((to, message));
    }

    /// Keeps the caller whose message is being handled for an answer [`To::Held`].
    pub fn hold(&mut self) -> Held {
        let orders = &mut *self.orders;
        *orders.held.get_or_insert_with(|| {
            orders.tickets += 1;
            Held(orders.tickets)
        })
    }

    /// A held caller will never be answered; whether it hears of that is its stack's business.
    pub fn drop_held(&mut self, held: Held) {
        self.orders.dropped.push(held);
    }

    /// Sets a timer on the member's own monotonic clock, in place of one that is pending under the same name. It fires
    /// after at least a nanosecond, and never in a later life.
    pub fn set_timer(&mut self, timer: P::Timer, after: SimDuration) {
        debug_assert!(self.me.is_some(), "a caller's time is its stack's business");
        self.orders.timers.push((timer, Some(self.now().saturating_add(after))));
    }

    /// Cancels a timer, if it is pending.
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.orders.timers.push((timer, None));
    }

    /// What is on the member's disk, as it would be read now. A member that starts again loads it first.
    pub fn disk(&self) -> &'a Disk<P::Stored> {
        self.disk.expect("a caller has no disk")
    }

    /// Asks the member's disk to do something: it does one thing at a time, in order, and says what it has done
    /// (see [`Protocol::on_disk`]). What it has not done when the member dies is never done.
    pub fn order(&mut self, order: Order<P::Stored>) {
        debug_assert!(self.me.is_some(), "a caller has no disk");
        self.orders.disk.push(order);
    }

    /// Makes something known to faults and measures. No node hears it.
    pub fn announce(&mut self, what: &'static str, value: i64) {
        self.orders.announced.push(Announcement { what, value });
    }

    /// The draws of the `ordinal`-th time that the speaker decides something by chance for this purpose: they belong to it,
    /// the purpose and the number alone.
    pub fn draws(&self, purpose: &'static str, ordinal: u32) -> Draws {
        self.seed.draws(self.key.child(Key::named(purpose).bits()), ordinal)
    }
}
