//! What does a member do for a caller who leaves it to speak to the replicas?

use super::Versions;
use super::member::{Coordinated, Member, Timer};
use super::message::{Message, Version};
use super::protocol::QuorumRegisterProtocol;
use super::work::{Next, Work};
use crate::protocols::{To, Turn};

impl QuorumRegisterProtocol {
    /// A caller wants something done.
    pub(super) fn coordinate(&self, member: &mut Member, work: Work, turn: &mut Turn<'_, Self>) {
        member.begun += 1;
        let (id, key) = (member.begun, work.key);
        let at_once = work.stores_at_once();
        let is_first = member.works.is_empty();
        let caller = Some(turn.hold());
        if let Some(after) = self.spec.hinted_handoff.filter(|_| work.is_write()) {
            if member.unhinted.is_empty() {
                turn.set_timer(Timer::Hint, after);
            }
            member.unhinted.push_back((id, turn.now()));
        }
        member.works.insert(id, Coordinated { work, caller, since: turn.now() });
        if is_first {
            self.look_after(member, turn);
        }
        let next = match at_once {
            Some(version) => Next::Store(version),
            None => {
                self.tell_others(key, &Message::Read(id, key), turn);
                if self.is_replica(key, turn.me()) {
                    self.goes_on(member, id, |work, spec, me, has| work.value(spec, me, has), turn)
                } else {
                    Next::Wait
                }
            }
        };
        self.go_on(member, id, next, turn);
    }

    /// The number of a version that is written now, unless replicas are asked for it first.
    pub(super) fn number(&self, ordinal: u32, turn: &Turn<'_, Self>) -> Option<i64> {
        match self.spec.versions {
            Versions::Queried => None,
            Versions::WallClock => Some(turn.wall().as_nanos()),
            Versions::Counted => Some(i64::from(ordinal)),
        }
    }

    /// An answer of a replica, or of a member in its place, to an operation that is coordinated here.
    pub(super) fn answered(&self, member: &mut Member, id: u64, from: u32, has: Option<Version>, turn: &mut Turn<'_, Self>) {
        let Some(coordinated) = member.works.get_mut(&id) else { return };
        let next = match has {
            Some(version) => coordinated.work.value(&self.spec, from, version),
            None => coordinated.work.written(&self.spec, from),
        };
        self.go_on(member, id, next, turn);
    }

    /// What an operation makes of what this member itself has of its key.
    fn goes_on(
        &self,
        member: &mut Member,
        id: u64,
        step: impl FnOnce(&mut Work, &super::QuorumRegister, u32, Version) -> Next,
        turn: &Turn<'_, Self>,
    ) -> Next {
        let Some(coordinated) = member.works.get(&id) else { return Next::Wait };
        let has = member.version(coordinated.work.key);
        member.works.get_mut(&id).map_or(Next::Wait, |coordinated| step(&mut coordinated.work, &self.spec, turn.me(), has))
    }

    fn go_on(&self, member: &mut Member, id: u64, mut next: Next, turn: &mut Turn<'_, Self>) {
        // Bounded: an operation stores once and is done once.
        loop {
            next = match next {
                Next::Store(version) => self.store(member, id, version, turn),
                Next::Done(value) => {
                    if let Some(held) = member.works.get_mut(&id).and_then(|coordinated| coordinated.caller.take()) {
                        turn.send(To::Held(held), value.map_or(Message::Done, Message::Got));
                    }
                    Next::Wait
                }
                Next::Wait | Next::Fail => break,
            };
        }
        self.repair(member, id, turn);
        self.forget_if_done(member, id, turn);
    }

    /// Has all replicas keep a version that are not known to have it, this member among them.
    fn store(&self, member: &mut Member, id: u64, version: Version, turn: &mut Turn<'_, Self>) -> Next {
        let Some(work) = member.works.get(&id).map(|coordinated| &coordinated.work) else { return Next::Wait };
        let key = work.key;
        let me = turn.me();
        for other in self.replicas(key).filter(|other| *other != me && !work.has(*other)) {
            turn.send(To::Member(other), Message::Write(id, key, version));
        }
        if !self.is_replica(key, me) {
            return Next::Wait;
        }
        self.keep(member, key, version, turn);
        self.goes_on(member, id, |work, spec, me, _| work.written(spec, me), turn)
    }

    /// Forgets an operation when nothing is left to do for it.
    fn forget_if_done(&self, member: &mut Member, id: u64, turn: &mut Turn<'_, Self>) {
        let Some(coordinated) = member.works.get(&id) else { return };
        let looks_after = if coordinated.work.is_write() { self.spec.hinted_handoff.is_some() } else { self.spec.read_repair };
        let is_complete = coordinated.work.answered() >= self.spec.replicas() as usize;
        if coordinated.work.is_over() && (is_complete || !looks_after) {
            member.works.remove(&id);
            if member.works.is_empty() {
                turn.cancel_timer(Timer::Overdue);
            }
        }
    }

    /// Waits for the end of its patience with the oldest operation.
    fn look_after(&self, member: &Member, turn: &mut Turn<'_, Self>) {
        if let Some((_, oldest)) = member.works.first_key_value() {
            let due = oldest.since.saturating_add(self.spec.patience);
            turn.set_timer(Timer::Overdue, due.saturating_since(turn.now()));
        }
    }

    /// Forgets what has been going on for too long.
    pub(super) fn overdue(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        while let Some(entry) = member.works.first_entry() {
            if entry.get().since.saturating_add(self.spec.patience) > turn.now() {
                break;
            }
            if let Some(held) = entry.remove().caller {
                turn.drop_held(held);
            }
        }
        self.look_after(member, turn);
    }

    /// Makes hints for replicas that have not answered writes in time.
    pub(super) fn hints_due(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Some(after) = self.spec.hinted_handoff else { return };
        while let Some((id, since)) = member.unhinted.front().copied() {
            let due = since.saturating_add(after);
            if due > turn.now() {
                turn.set_timer(Timer::Hint, due - turn.now());
                break;
            }
            member.unhinted.pop_front();
            self.hint(member, id, turn);
        }
    }
}
