//! What does somebody do who wants the lock, and with it?

use super::message::Message;
use super::protocol::{LockProtocol, Timer};
use super::{LOCK, LockRule};
use crate::history::Action;
use crate::protocols::{Held, To, Turn};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Somebody who wants the lock.
#[derive(Clone, Debug, Default)]
pub struct Holder {
    /// How many jobs it has begun, in all its lives.
    jobs: u64,
    /// Callers who wait, the one it works for first.
    queue: VecDeque<Held>,
    job: Option<Job>,
}

/// One try.
#[derive(Clone, Debug)]
struct Job {
    number: u64,
    phase: Phase,
    /// When it asked for the lock.
    asked: SimTime,
    /// What each server that lends it has counted.
    granted: BTreeMap<u32, u64>,
    denied: BTreeSet<u32>,
    stamped: BTreeSet<u32>,
    token: u64,
    /// The version that was read, and what the resource held.
    version: u64,
    content: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Stamping,
    Reading,
    Working,
    /// Nothing but the write is left to do, and it has looked at its clock.
    Preparing,
    Writing,
    /// It waits before it asks again.
    Resting,
}

impl Phase {
    const fn holds(self) -> bool {
        matches!(self, Self::Reading | Self::Working | Self::Preparing | Self::Writing)
    }
}

impl Job {
    /// What it makes of what it has read: one more.
    const fn written(&self) -> u64 {
        self.content.saturating_add(1)
    }
}

type Now<'a, 'b> = &'a mut Turn<'b, LockProtocol>;

impl Holder {
    /// Whether it believes that it has the lock.
    pub(super) fn holds(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.phase.holds())
    }

    pub(super) fn called(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        if self.queue.len() >= protocol.spec.queue as usize {
            return turn.send(To::Caller, Message::Refused);
        }
        self.queue.push_back(turn.hold());
        if self.job.is_none() {
            self.begin(protocol, turn);
        }
    }

    fn begin(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        turn.invoke(LOCK, Action::Acquire);
        self.asks(protocol, turn);
    }

    fn asks(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        self.jobs += 1;
        self.job = Some(Job {
            number: self.jobs,
            phase: Phase::Asking,
            asked: turn.now(),
            granted: BTreeMap::new(),
            denied: BTreeSet::new(),
            stamped: BTreeSet::new(),
            token: 0,
            version: 0,
            content: 0,
        });
        protocol.servers().for_each(|server| turn.send(To::Member(server), Message::Ask(self.jobs)));
        turn.set_timer(Timer::Wait, protocol.spec.patience);
    }

    /// It lets go of the lock, whether it has it or not.
    fn lets_go(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        if let Some(job) = self.job.take() {
            if job.phase.holds() {
                turn.releases(LOCK);
                turn.announce("Releases", i64::from(turn.me()));
            }
            protocol.servers().for_each(|server| turn.send(To::Member(server), Message::Release(job.number)));
        }
        [Timer::Wait, Timer::Work].into_iter().for_each(|timer| turn.cancel_timer(timer));
    }

    /// It was in vain: it waits by chance, so that those who ask at once do not do so again.
    fn rests(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let wait = turn.draws("again", self.jobs as u32).wait().below(protocol.spec.patience);
        let job = self.job.clone();
        self.lets_go(protocol, turn);
        self.job = job.map(|job| Job { phase: Phase::Resting, ..job });
        turn.set_timer(Timer::Wait, wait);
    }

    /// What it has read is worth nothing any more.
    fn begins_again(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        self.lets_go(protocol, turn);
        self.begin(protocol, turn);
    }

    fn is_over(job: &Job, protocol: &LockProtocol, turn: Now<'_, '_>) -> bool {
        turn.now() >= job.asked.saturating_add(protocol.spec.ttl)
    }

    pub(super) fn hears(&mut self, protocol: &LockProtocol, from: u32, message: Message, turn: Now<'_, '_>) {
        let Some(job) = &mut self.job else { return };
        match (job.phase, message) {
            (Phase::Asking, Message::Grant(number, count)) if number == job.number && protocol.is_server(from) => {
                job.granted.insert(from, count);
                self.granted(protocol, turn);
            }
            (Phase::Asking, Message::Denied(number)) if number == job.number && protocol.is_server(from) => {
                job.denied.insert(from);
                if job.denied.len() > protocol.spec.servers as usize - protocol.majority() {
                    self.rests(protocol, turn);
                }
            }
            (Phase::Stamping, Message::Stamped(number)) if number == job.number && protocol.is_server(from) => {
                job.stamped.insert(from);
                if job.stamped.len() >= protocol.majority() {
                    self.holds_it(protocol, turn);
                }
            }
            (Phase::Reading, Message::Value(number, version, content)) if number == job.number && from == protocol.resource() => {
                (job.version, job.content, job.phase) = (version, content, Phase::Working);
                turn.cancel_timer(Timer::Wait);
                turn.set_timer(Timer::Work, protocol.spec.work);
            }
            (Phase::Reading | Phase::Writing, Message::Fenced(number)) if number == job.number && from == protocol.resource() => {
                self.begins_again(protocol, turn);
            }
            (Phase::Writing, Message::Written(number, _)) if number == job.number && from == protocol.resource() => {
                let written = job.written();
                self.lets_go(protocol, turn);
                if let Some(caller) = self.queue.pop_front() {
                    turn.send(To::Held(caller), Message::Done(written));
                }
                if !self.queue.is_empty() {
                    self.begin(protocol, turn);
                }
            }
            _ => {}
        }
    }

    fn granted(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let Some(job) = &mut self.job else { return };
        if job.granted.len() < protocol.majority() {
            return;
        }
        if Self::is_over(job, protocol, turn) {
            return self.rests(protocol, turn);
        }
        let count = job.granted.values().copied().max().unwrap_or(0);
        if protocol.spec.servers == 1 {
            job.token = protocol.token(count, turn.me());
            return self.holds_it(protocol, turn);
        }
        job.token = protocol.token(count.saturating_add(1), turn.me());
        job.phase = Phase::Stamping;
        let (number, token) = (job.number, job.token);
        job.granted.keys().for_each(|&server| turn.send(To::Member(server), Message::Stamp(number, token)));
        turn.set_timer(Timer::Wait, protocol.spec.patience);
    }

    fn holds_it(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let Some(job) = &mut self.job else { return };
        if Self::is_over(job, protocol, turn) {
            return self.rests(protocol, turn);
        }
        job.phase = Phase::Reading;
        let read = Message::Read(job.number, job.token);
        turn.returns(job.token);
        turn.holds_until(LOCK, job.asked.saturating_add(protocol.spec.ttl));
        turn.announce("Holds", i64::from(turn.me()));
        turn.send(To::Member(protocol.resource()), read);
        turn.set_timer(Timer::Wait, protocol.spec.patience);
    }

    pub(super) fn worked(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let Some(job) = &mut self.job else { return };
        match job.phase {
            Phase::Working if protocol.keeps(LockRule::ExpiryCheck) && Self::is_over(job, protocol, turn) => {
                self.begins_again(protocol, turn);
            }
            Phase::Working if !protocol.spec.prepares.is_zero() => {
                job.phase = Phase::Preparing;
                turn.set_timer(Timer::Work, protocol.spec.prepares);
            }
            Phase::Working | Phase::Preparing => {
                job.phase = Phase::Writing;
                self.writes(protocol, turn);
            }
            _ => {}
        }
    }

    fn writes(&self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let Some(job) = &self.job else { return };
        turn.send(To::Member(protocol.resource()), Message::Write(job.number, job.token, job.version, job.written()));
        turn.set_timer(Timer::Wait, protocol.spec.patience);
    }

    /// No answer has come.
    pub(super) fn waited(&mut self, protocol: &LockProtocol, turn: Now<'_, '_>) {
        let Some(job) = &self.job else { return };
        match job.phase {
            Phase::Asking | Phase::Stamping => self.rests(protocol, turn),
            Phase::Resting => {
                self.job = None;
                self.asks(protocol, turn);
            }
            Phase::Reading if protocol.keeps(LockRule::ExpiryCheck) && Self::is_over(job, protocol, turn) => {
                self.begins_again(protocol, turn);
            }
            Phase::Reading => {
                turn.send(To::Member(protocol.resource()), Message::Read(job.number, job.token));
                turn.set_timer(Timer::Wait, protocol.spec.patience);
            }
            // Whether it was written is not known, and to write it again changes nothing.
            Phase::Writing => self.writes(protocol, turn),
            Phase::Working | Phase::Preparing => {}
        }
    }

    pub(super) fn crashes(&mut self) {
        *self = Self { jobs: self.jobs, ..Self::default() };
    }
}
