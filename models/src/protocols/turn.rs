//! What may a member or a caller do when it is its turn?

use super::Protocol;
use crate::clocks::{Reading, WallTime};
use crate::disks::{Order, Slots};
use crate::history::{Action, Step};
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

/// What is unique to an attempt.
const UNIQUE: Key = Key::named("value that an attempt writes");

/// The value that belongs to an attempt; never 0.
const fn value_of(attempt: Key) -> u64 {
    let bits = attempt.child(UNIQUE.bits()).bits();
    if bits == 0 { 1 } else { bits }
}

/// One step of a member or of a caller's session: what it knows, and what it wants done.
pub struct Turn<'a, P: Protocol> {
    reading: Reading,
    seed: &'a Seed,
    key: Key,
    me: Option<u32>,
    asking: Option<Asking>,
    /// What the keys of all attempts of the caller's call are made from; a member's own.
    session: Key,
    disk: Option<&'a dyn Slots<P::Stored>>,
    orders: &'a mut Orders<P>,
}

/// The call that a caller makes an attempt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The client, by its number among those of all populations: the one on whose behalf it is made, if a service makes it.
    pub client: u32,
    /// The how-manieth call of that client it is (closed load), or of its population (open load).
    pub ordinal: u32,
    /// What the call is about.
    pub object: u64,
    /// Of which class it is, by its number in the plan; 0 if of none.
    pub class: u8,
    /// The key of the call, which all of its attempts share.
    pub call: u64,
    /// The number of the attempt, from 1.
    pub attempt: u32,
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
    /// What the speaker says of its operations, in order.
    pub(crate) operations: Vec<Step>,
    /// The members who have said what a caller ends its attempt with, each of them the same; nobody if that rests on all it has heard.
    pub(crate) rests_on: Vec<u32>,
    /// The caller whose message is handled is to be kept under this ticket.
    pub(crate) held: Option<Held>,
    /// Callers who are never answered.
    pub(crate) dropped: Vec<Held>,
    tickets: u64,
}

impl<P: Protocol> Default for Orders<P> {
    fn default() -> Self {
        Self {
            sent: Vec::new(),
            timers: Vec::new(),
            disk: Vec::new(),
            announced: Vec::new(),
            operations: Vec::new(),
            rests_on: Vec::new(),
            held: None,
            dropped: Vec::new(),
            tickets: 0,
        }
    }
}

impl<'a, P: Protocol> Turn<'a, P> {
    /// A turn of whoever has this clock reading and key; `me` is the index of a member.
    pub(crate) fn new(reading: Reading, seed: &'a Seed, key: Key, me: Option<u32>, orders: &'a mut Orders<P>) -> Self {
        Self { reading, seed, key, me, asking: None, session: key, disk: None, orders }
    }

    /// The turn of a caller who makes an attempt of this call; the key of every attempt is the child of this one by its number.
    pub(crate) fn with_call(self, asking: Asking, session: Key) -> Self {
        Self { asking: Some(asking), session, ..self }
    }

    /// The turn of a member with this disk.
    pub(crate) fn with_disk(self, disk: &'a dyn Slots<P::Stored>) -> Self {
        Self { disk: Some(disk), ..self }
    }

    /// The index of the member whose turn it is.
    pub fn me(&self) -> u32 {
        self.me.expect("a caller is no member")
    }

    /// The call that the caller whose turn it is makes an attempt of.
    pub fn asking(&self) -> Asking {
        self.asking.expect("only a caller makes a call")
    }

    /// The draws of a caller for this purpose that belong to its call: all attempts of the call have the same.
    pub fn draws_of_call(&self, purpose: &'static str) -> Draws {
        self.seed.draws(Key::named(purpose).child(self.asking().call), 0)
    }

    /// What the first attempt of the call draws for this purpose: what a call is about all of its attempts take from there, so that they
    /// ask for the same.
    pub fn draws_of_first(&self, purpose: &'static str) -> Draws {
        self.seed.draws(self.session.child(1).child(Key::named(purpose).bits()), 0)
    }

    /// A value that no other attempt of the run has, and never 0: what an attempt writes where a retry is a write of its own.
    pub const fn unique_value(&self) -> u64 {
        value_of(self.key)
    }

    /// A value that no other call of the run has, and never 0: what every attempt of a call writes where a retry asks for the same again.
    pub const fn value_of_call(&self) -> u64 {
        value_of(self.session.child(1))
    }

    /// The speaker begins an operation: with this object, this is to be done. One that is still open stays unknown. Operations are those of
    /// callers, and of members that are clients of others. What attempts of one call ask of one object, unless they read it, is one operation
    /// if they ask for the same.
    pub fn invoke(&mut self, object: u64, action: Action) {
        self.orders.operations.push(Step::Invoked(object, action));
    }

    /// The operation is done and answered this, or nothing. What is neither done nor known to have had no effect when the attempt ends, or
    /// is given up, is unknown for ever.
    pub fn returns(&mut self, value: impl Into<Option<u64>>) {
        self.orders.operations.push(Step::Returned(value.into()));
    }

    /// The operation certainly had no effect, and never will have one.
    pub fn had_no_effect(&mut self) {
        self.orders.operations.push(Step::HadNoEffect);
    }

    /// A member holds this lock, and by its own clock that ends by itself at this instant, unless the member gives it back or dies before. It may
    /// say so again, with another instant.
    pub fn holds_until(&mut self, object: u64, until: SimTime) {
        debug_assert!(self.me.is_some(), "a caller's time is its stack's business");
        self.orders.operations.push(Step::HeldUntil(object, until));
    }

    /// A member gives back a lock that it holds.
    pub fn releases(&mut self, object: u64) {
        self.orders.operations.push(Step::Released(object));
    }

    /// What the caller ends its attempt with in this turn is what these members have said, each of them the same: it is right if one of them
    /// is, whatever others have said that the caller has not believed. Whoever does not say so rests on everything that it has heard.
    pub fn rests_on(&mut self, members: impl IntoIterator<Item = u32>) {
        debug_assert!(self.me.is_none(), "attempts are those of callers");
        self.orders.rests_on.extend(members);
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
    pub fn disk(&self) -> &'a dyn Slots<P::Stored> {
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

    /// The disk, if the speaker has one.
    pub(super) const fn slots(&self) -> Option<&'a dyn Slots<P::Stored>> {
        self.disk
    }

    /// The same turn, of the protocol in a box: what it wants done is collected in a room of its own.
    pub(super) fn inner<'b, Q: Protocol>(&'b self, room: &'b mut Orders<Q>, disk: Option<&'b dyn Slots<Q::Stored>>) -> Turn<'b, Q> {
        (room.held, room.tickets) = (self.orders.held, self.orders.tickets);
        let Turn { reading, seed, key, me, asking, session, .. } = *self;
        Turn { reading, seed, key, me, asking, session, disk, orders: room }
    }

    /// Takes over what the protocol in a box wants done.
    pub(super) fn take_over<Q: Protocol>(
        &mut self,
        room: &mut Orders<Q>,
        message: impl Fn(Q::Message) -> P::Message,
        timer: impl Fn(Q::Timer) -> P::Timer,
        record: impl Fn(Q::Stored) -> P::Stored,
    ) {
        let Orders { sent, timers, disk, announced, operations, rests_on, held, dropped, tickets } = room;
        let mine = &mut *self.orders;
        mine.sent.extend(sent.drain(..).map(|(to, said)| (to, message(said))));
        mine.timers.extend(timers.drain(..).map(|(name, due)| (timer(name), due)));
        mine.disk.extend(disk.drain(..).map(|order| order.with(&record)));
        mine.announced.append(announced);
        mine.operations.append(operations);
        mine.rests_on.append(rests_on);
        mine.dropped.append(dropped);
        (mine.held, mine.tickets) = (held.take(), *tickets);
    }
}
