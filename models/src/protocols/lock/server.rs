//! What do a server that lends the lock, and the resource that it protects, do with what they hear?

use super::LockRule;
use super::message::Message;
use super::protocol::{LockProtocol, Timer};
use crate::protocols::{To, Turn};
use std::collections::BTreeMap;

/// A server.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Holder and job that have the lock, as far as it knows.
    lent: Option<(u32, u64)>,
    /// How often it has lent the lock, or the highest token it has heard of; survives crashes.
    counter: u64,
    /// Whether it lends nothing, since it has forgotten to whom it lent.
    is_quiet: bool,
}

/// The resource.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The highest token it has seen.
    highest: u64,
    /// How often it has changed.
    pub(super) version: u64,
    /// By holder: the job that wrote last, and what it made the version.
    wrote: BTreeMap<u32, (u64, u64)>,
    /// The version that the last write was made of.
    pub(super) based_on: u64,
    /// The token of the last write.
    pub(super) token: u64,
    /// What it holds: how many changes went into it, each made of the one that its holder had read.
    content: u64,
}

impl Server {
    pub(super) fn hears(&mut self, protocol: &LockProtocol, from: u32, message: Message, turn: &mut Turn<'_, LockProtocol>) {
        match message {
            Message::Ask(job) => self.asked(protocol, from, job, turn),
            Message::Stamp(job, token) if self.lent == Some((from, job)) => {
                self.counter = self.counter.max(protocol.count_of(token));
                turn.send(To::Member(from), Message::Stamped(job));
            }
            Message::Release(job) if self.lent == Some((from, job)) => {
                self.lent = None;
                turn.cancel_timer(Timer::Over);
            }
            _ => {}
        }
    }

    fn asked(&mut self, protocol: &LockProtocol, from: u32, job: u64, turn: &mut Turn<'_, LockProtocol>) {
        // What a holder asked before it gave that up may come late.
        let is_late = self.lent.is_some_and(|(holder, lent)| holder == from && job < lent);
        if is_late {
            return;
        }
        let is_free = !self.is_quiet && self.lent.is_none_or(|(holder, _)| holder == from);
        if !is_free {
            return turn.send(To::Member(from), Message::Denied(job));
        }
        if self.lent != Some((from, job)) {
            self.counter = self.counter.saturating_add(1);
            self.lent = Some((from, job));
            turn.set_timer(Timer::Over, protocol.spec.ttl);
        }
        turn.send(To::Member(from), Message::Grant(job, self.counter));
    }

    pub(super) fn over(&mut self) {
        (self.lent, self.is_quiet) = (None, false);
    }

    pub(super) fn crashes(&mut self) {
        *self = Self { counter: self.counter, ..Self::default() };
    }

    pub(super) fn returns(&mut self, protocol: &LockProtocol, turn: &mut Turn<'_, LockProtocol>) {
        if protocol.keeps(LockRule::DelayedRestart) {
            self.is_quiet = true;
            turn.set_timer(Timer::Over, protocol.spec.ttl);
        }
    }
}

impl Resource {
    pub(super) fn hears(&mut self, protocol: &LockProtocol, from: u32, message: Message, turn: &mut Turn<'_, LockProtocol>) {
        let (Message::Read(job, token) | Message::Write(job, token, ..)) = message else { return };
        if let (Message::Write(..), Some(&(last, version))) = (message, self.wrote.get(&from))
            && last == job
        {
            // The holder has not heard that it was done.
            return turn.send(To::Member(from), Message::Written(job, version));
        }
        if protocol.keeps(LockRule::Fencing) && token < self.highest {
            return turn.send(To::Member(from), Message::Fenced(job));
        }
        self.highest = self.highest.max(token);
        let Message::Write(_, _, based_on, content) = message else {
            return turn.send(To::Member(from), Message::Value(job, self.version, self.content));
        };
        self.version += 1;
        (self.based_on, self.token, self.content) = (based_on, token, content);
        self.wrote.insert(from, (job, self.version));
        turn.announce("Writes", i64::from(from));
        turn.send(To::Member(from), Message::Written(job, self.version));
    }
}
