//! What does a server of a chain do?

use super::ChainRule;
use super::message::{Message, Order, State, Write};
use super::protocol::{ChainProtocol, Timer};
use crate::protocols::{Held, To, Turn};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) order: Order,
    pub(super) state: State,
    /// The version in which it came into the chain that it has everything of, but for what is on its way.
    complete_since: u64,
    /// Writes that the tail has not confirmed.
    open: BTreeMap<u64, Pending>,
    /// Writes that came before those that they follow.
    early: BTreeMap<u64, Pending>,
    /// Of a head: who waits for what. The tail answers them.
    waiting: BTreeMap<u64, Held>,
    /// When it told the master that it lives, by number.
    told: BTreeMap<u64, SimTime>,
    /// How often it has done so, in all its lives.
    beats: u64,
    /// Until when it serves, by its own clock.
    lease: Option<SimTime>,
    /// The oldest write that was not confirmed at the last beat.
    oldest: Option<u64>,
    /// What was acknowledged in the last turn that acknowledged anything, for the witness.
    pub(super) done: Vec<Write>,
}

/// A key, its value, and who waits to hear that it is written, if that is known.
type Pending = (u32, u64, Option<Held>);

type Now<'a, 'b> = &'a mut Turn<'b, ChainProtocol>;

/// A head has so many writes under way, and refuses others; a server keeps so many that came early. Own choice.
const MOST_OPEN: usize = 10_000;
/// So many writes are passed on again at once: own choice.
const MOST_AGAIN: usize = 100;
/// It remembers when it told the master so often: own choice, more than are under way.
const MOST_TOLD: usize = 100;

impl Default for Server {
    fn default() -> Self {
        Self {
            order: Order::default(),
            state: State::default(),
            // All begin together, in the first version, with nothing.
            complete_since: 1,
            open: BTreeMap::new(),
            early: BTreeMap::new(),
            waiting: BTreeMap::new(),
            told: BTreeMap::new(),
            beats: 0,
            lease: None,
            oldest: None,
            done: Vec::new(),
        }
    }
}

impl Server {
    fn place(&self, me: u32) -> Option<usize> {
        self.order.servers.iter().position(|&(server, _)| server == me)
    }

    /// Whether it has what the one before it has, but for what is on its way: a server that was out of the chain lacks what the others
    /// did without it.
    fn is_complete(&self, me: u32) -> bool {
        self.place(me).is_some_and(|place| self.order.servers[place].1 == self.complete_since)
    }

    fn before(&self, me: u32) -> Option<u32> {
        self.place(me)?.checked_sub(1).map(|before| self.order.servers[before].0)
    }

    fn next(&self, me: u32) -> Option<u32> {
        self.order.servers.get(self.place(me)? + 1).map(|(next, _)| *next)
    }

    fn is_head(&self, me: u32) -> bool {
        self.place(me) == Some(0)
    }

    fn is_tail(&self, me: u32) -> bool {
        self.place(me).is_some() && self.next(me).is_none()
    }

    fn serves(&self, protocol: &ChainProtocol, turn: Now<'_, '_>) -> bool {
        self.is_complete(turn.me()) && (!protocol.keeps(ChainRule::Lease) || self.lease.is_some_and(|lease| turn.now() < lease))
    }

    pub(super) fn asked(&mut self, protocol: &ChainProtocol, message: &Message, turn: Now<'_, '_>) {
        let me = turn.me();
        match *message {
            Message::Where => {
                let servers = self.order.servers.iter().map(|(server, _)| *server).collect();
                turn.send(To::Caller, Message::There(servers));
            }
            Message::Get(key) => {
                let answers = self.is_tail(me) || self.place(me).is_some() && !protocol.keeps(ChainRule::TailReads);
                let value = self.state.store.get(&key).map_or(0, |(value, _)| *value);
                let answer = if answers && self.serves(protocol, turn) { Message::Done(Some(value)) } else { Message::Refused };
                turn.send(To::Caller, answer);
            }
            Message::Put(key, value) => {
                if !self.is_head(me) || !self.serves(protocol, turn) || self.open.len() >= MOST_OPEN {
                    return turn.send(To::Caller, Message::Refused);
                }
                let number = self.state.count.saturating_add(1);
                let caller = protocol.keeps(ChainRule::TailAcknowledges).then(|| turn.hold());
                if let Some(caller) = caller {
                    self.waiting.insert(number, caller);
                } else {
                    self.done = vec![(number, key, value)];
                    turn.announce("Acknowledges", number as i64);
                    turn.send(To::Caller, Message::Done(None));
                }
                self.take(number, (key, value, caller), turn);
            }
            _ => {}
        }
    }

    /// It has the next write, and passes it on; the tail confirms it.
    fn take(&mut self, number: u64, (key, value, caller): Pending, turn: Now<'_, '_>) {
        self.state.count = number;
        self.state.store.insert(key, (value, number));
        self.open.insert(number, (key, value, caller));
        self.pass_on(number, turn);
    }

    fn pass_on(&mut self, number: u64, turn: Now<'_, '_>) {
        match self.next(turn.me()) {
            Some(next) => {
                if let Some(&(key, value, caller)) = self.open.get(&number) {
                    turn.send(To::Member(next), Message::Pass(self.order.version, (number, key, value), caller));
                }
            }
            None if self.is_tail(turn.me()) && self.is_complete(turn.me()) => self.confirmed(number, turn),
            None => {}
        }
    }

    /// The tail has everything up to there: so has everybody, and it answers whoever waits for that.
    fn confirmed(&mut self, number: u64, turn: Now<'_, '_>) {
        let left = self.open.split_off(&number.saturating_add(1));
        let closed = std::mem::replace(&mut self.open, left);
        let still = self.waiting.split_off(&number.saturating_add(1));
        let waited = std::mem::replace(&mut self.waiting, still);
        if self.is_tail(turn.me()) {
            self.done.clear();
            for (number, (key, value, caller)) in closed {
                let Some(caller) = caller else { continue };
                self.done.push((number, key, value));
                turn.announce("Acknowledges", number as i64);
                turn.send(To::Held(caller), Message::Done(None));
            }
        }
        // Whom no tail has answered, because it did not know of them any more, nobody answers.
        waited.into_values().for_each(|caller| turn.drop_held(caller));
        if let Some(before) = self.before(turn.me()) {
            turn.send(To::Member(before), Message::Confirm(self.order.version, number));
        }
    }

    pub(super) fn hears(&mut self, protocol: &ChainProtocol, from: u32, message: Message, turn: Now<'_, '_>) {
        let me = turn.me();
        match message {
            Message::Chain(order, answers) if from == protocol.master() => self.told(protocol, order, answers, turn),
            Message::Pass(version, write, caller) if version == self.order.version && self.before(me) == Some(from) => {
                self.passed(write, caller, turn);
            }
            Message::Confirm(version, number) if version == self.order.version && self.next(me) == Some(from) => {
                self.confirmed(number.min(self.state.count), turn);
            }
            Message::Join(version) if version == self.order.version && self.next(me) == Some(from) && self.is_complete(me) => {
                turn.send(To::Member(from), Message::Everything(version, self.state.clone()));
            }
            Message::Everything(version, state)
                if version == self.order.version && self.before(me) == Some(from) && !self.is_complete(me) =>
            {
                self.completes(state, turn);
            }
            _ => {}
        }
    }

    fn passed(&mut self, (number, key, value): Write, caller: Option<Held>, turn: Now<'_, '_>) {
        if self.is_complete(turn.me()) && number <= self.state.count {
            // It was passed on again: whoever is behind may not have it, or the confirmation was lost.
            let Some((.., waits)) = self.open.get_mut(&number) else { return self.confirmed(number, turn) };
            *waits = waits.or(caller);
            return self.pass_on(number, turn);
        }
        if self.early.len() < MOST_OPEN {
            self.early.insert(number, (key, value, caller));
        }
        self.catch_up(turn);
    }

    fn catch_up(&mut self, turn: Now<'_, '_>) {
        if !self.is_complete(turn.me()) {
            return;
        }
        while let Some(write) = self.early.remove(&(self.state.count.saturating_add(1))) {
            self.take(self.state.count.saturating_add(1), write, turn);
        }
    }

    /// It has what the one before it has.
    fn completes(&mut self, state: State, turn: Now<'_, '_>) {
        self.state = state;
        self.complete_since = self.place(turn.me()).map_or(0, |place| self.order.servers[place].1);
        self.open.clear();
        self.early = self.early.split_off(&(self.state.count.saturating_add(1)));
        if self.is_tail(turn.me()) {
            self.confirmed(self.state.count, turn);
        }
        self.catch_up(turn);
    }

    /// The master says what the chain is, and perhaps that it has heard that the server lives.
    fn told(&mut self, protocol: &ChainProtocol, order: Order, answers: Option<u64>, turn: Now<'_, '_>) {
        if order.version < self.order.version {
            return;
        }
        // From when it said so, not from when it hears that: the master counts from later.
        if let Some(since) = answers.and_then(|number| self.told.get(&number)) {
            let half = SimDuration::from_nanos(protocol.spec.patience.as_nanos() / 2);
            self.lease = self.lease.max(Some(since.saturating_add(half)));
        }
        if order.version == self.order.version {
            return;
        }
        let me = turn.me();
        let (had_next, was_head, was_tail) = (self.next(me), self.is_head(me), self.is_tail(me));
        self.order = order;
        self.early.clear();
        if !self.is_complete(me) {
            // What it had under way when it was in the chain last is no part of that any more: it is handed what is.
            self.open.clear();
        }
        if !self.is_head(me) {
            std::mem::take(&mut self.waiting).into_values().for_each(|caller| turn.drop_held(caller));
        } else if !was_head {
            turn.announce("Leads", self.order.version as i64);
        }
        if self.is_tail(me) && !was_tail && self.is_complete(me) {
            self.confirmed(self.state.count, turn);
        } else if self.next(me) != had_next && protocol.keeps(ChainRule::Resend) {
            self.again(MOST_OPEN, turn);
        }
    }

    fn again(&mut self, most: usize, turn: Now<'_, '_>) {
        let open: Vec<u64> = self.open.keys().copied().take(most).collect();
        open.into_iter().for_each(|number| self.pass_on(number, turn));
    }

    /// It tells the master that it lives, and repeats what may be lost.
    pub(super) fn beats(&mut self, protocol: &ChainProtocol, turn: Now<'_, '_>) {
        self.beats += 1;
        self.told.insert(self.beats, turn.now());
        if self.told.len() > MOST_TOLD {
            self.told.pop_first();
        }
        turn.send(To::Member(protocol.master()), Message::Alive(self.beats, self.complete_since));
        turn.set_timer(Timer, protocol.spec.heartbeat);
        if let Some(before) = self.before(turn.me()).filter(|_| !self.is_complete(turn.me())) {
            turn.send(To::Member(before), Message::Join(self.order.version));
        }
        let oldest = self.open.first_key_value().map(|(&number, _)| number);
        if oldest.is_some() && oldest == self.oldest && protocol.keeps(ChainRule::Resend) {
            self.again(MOST_AGAIN, turn);
        }
        self.oldest = oldest;
    }

    /// What it has it has written down; who waits is forgotten, and so is how the chain was.
    pub(super) fn crashes(&mut self) {
        let (state, mut open) = (std::mem::take(&mut self.state), std::mem::take(&mut self.open));
        open.values_mut().for_each(|(.., caller)| *caller = None);
        *self = Self { state, open, complete_since: self.complete_since, beats: self.beats, ..Self::default() };
    }
}
