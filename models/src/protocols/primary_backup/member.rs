//! What does a member do while there is a primary?

use super::BackupRule;
use super::message::{Message, State, Wish};
use super::protocol::{PrimaryBackupProtocol, Timer};
use crate::protocols::{Held, To, Turn};
use std::collections::BTreeMap;

/// A member.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub(super) state: State,
    /// The epoch that it has promised to hear no older one than.
    pub(super) promised: u64,
    pub(super) role: Role,
    /// Of a primary: how much each member has of its epoch.
    pub(super) has: BTreeMap<u32, u64>,
    /// Of a primary: what is not acknowledged yet.
    pub(super) open: BTreeMap<u64, Open>,
    /// Of a primary that ships now and then: what it has not shipped.
    pub(super) unshipped: Vec<(u64, Wish)>,
    /// Of one that takes over: what others have.
    pub(super) heard: BTreeMap<u32, State>,
    /// What was acknowledged in the last turn that acknowledged anything, for the witness.
    pub(super) done: Vec<(u64, Wish)>,
}

/// Something that is ordered and not acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    wish: Wish,
    /// What is answered then: a read sees what was ordered before it.
    answer: Option<u64>,
    caller: Held,
}

/// What a member takes itself for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It follows the primary of the highest epoch it has heard of.
    #[default]
    Backup,
    /// It asks others whether it may lead.
    Candidate,
    /// It leads.
    Primary,
}

type Now<'a, 'b> = &'a mut Turn<'b, PrimaryBackupProtocol>;

/// A primary has so many writes under way, and refuses others: own choice.
const MOST_OPEN: usize = 10_000;

impl Member {
    pub(super) fn asked(&mut self, protocol: &PrimaryBackupProtocol, wish: Wish, turn: Now<'_, '_>) {
        if self.role != Role::Primary || self.open.len() >= MOST_OPEN {
            let primary =
                (self.role == Role::Backup).then(|| protocol.primary_of(self.state.epoch)).filter(|&primary| primary != turn.me());
            return turn.send(To::Caller, Message::Elsewhere(primary));
        }
        let answer = wish.1.is_none().then(|| self.state.store.get(&wish.0).map_or(0, |(value, _)| *value));
        if answer.is_some() && !protocol.keeps(BackupRule::ConfirmedReads) {
            return turn.send(To::Caller, Message::Done(answer));
        }
        let number = self.state.count.saturating_add(1);
        self.accept(number, wish);
        self.open.insert(number, Open { wish, answer, caller: turn.hold() });
        if protocol.spec.ships_every.is_zero() {
            protocol.tell_others(&Message::Order(self.state.epoch, number, Some(wish)), turn);
        } else {
            self.unshipped.push((number, wish));
        }
        self.acknowledge(protocol, turn);
    }

    fn accept(&mut self, number: u64, (key, write): Wish) {
        self.state.count = number;
        if let Some(value) = write {
            self.state.store.insert(key, (value, number));
        }
    }

    /// The primary acknowledges what enough backups have, in order.
    pub(super) fn acknowledge(&mut self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        if self.role != Role::Primary {
            return;
        }
        let me = turn.me();
        let mut has: Vec<u64> = protocol.others(me).map(|member| self.has.get(&member).copied().unwrap_or(0)).collect();
        has.sort_unstable_by(|one, other| other.cmp(one));
        let safe = match protocol.needed() {
            0 => self.state.count,
            needed => has.get(needed - 1).copied().unwrap_or(0).min(self.state.count),
        };
        let waiting = self.open.split_off(&safe.saturating_add(1));
        self.done.clear();
        for (number, open) in std::mem::replace(&mut self.open, waiting) {
            self.done.push((number, open.wish));
            turn.announce("Acknowledges", number as i64);
            turn.send(To::Held(open.caller), Message::Done(open.answer));
        }
    }

    /// A backup hears its primary.
    pub(super) fn ordered(
        &mut self,
        protocol: &PrimaryBackupProtocol,
        from: u32,
        (epoch, number): (u64, u64),
        wish: Option<Wish>,
        turn: Now<'_, '_>,
    ) {
        if epoch < self.promised && protocol.keeps(BackupRule::EpochFencing) {
            return turn.send(To::Member(from), Message::Deposed(self.promised));
        }
        if self.role == Role::Primary && (epoch <= self.state.epoch || !protocol.keeps(BackupRule::EpochFencing)) {
            return;
        }
        self.follows(epoch, turn);
        self.wait(protocol, turn);
        if epoch > self.state.epoch || number > self.state.count.saturating_add(u64::from(wish.is_some())) {
            return turn.send(To::Member(from), Message::Lacks(epoch));
        }
        if let Some(wish) = wish
            && number == self.state.count.saturating_add(1)
        {
            self.accept(number, wish);
        }
        if epoch == self.state.epoch {
            turn.send(To::Member(from), Message::Has(epoch, self.state.count));
        }
    }

    /// It knows of an epoch that is not older than its own, and leads no more if it is newer.
    pub(super) fn follows(&mut self, epoch: u64, turn: Now<'_, '_>) {
        if epoch > self.promised {
            self.promised = epoch;
            if self.role == Role::Primary {
                turn.announce("StepsDown", self.state.epoch as i64);
            }
            self.role = Role::Backup;
            self.unshipped.clear();
            std::mem::take(&mut self.open).into_values().for_each(|open| turn.drop_held(open.caller));
        } else if epoch == self.promised && self.role == Role::Candidate && epoch != self.state.epoch {
            self.role = Role::Backup;
        }
    }

    /// It will take over if it hears nothing more: the next in line first.
    pub(super) fn wait(&self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        if self.role == Role::Primary {
            return;
        }
        let members = u64::from(protocol.spec.members);
        let rank = (u64::from(turn.me()) + members - u64::from(protocol.primary_of(self.promised))) % members;
        turn.set_timer(Timer::Silence, protocol.spec.fail_over.saturating_mul(rank.max(1)));
    }

    pub(super) fn lacking(&self, from: u32, epoch: u64, turn: Now<'_, '_>) {
        if self.role == Role::Primary && epoch == self.state.epoch {
            turn.send(To::Member(from), Message::Everything(self.state.clone()));
        }
    }

    /// It is handed everything by the primary.
    pub(super) fn handed(&mut self, protocol: &PrimaryBackupProtocol, from: u32, state: State, turn: Now<'_, '_>) {
        let is_newer = (state.epoch, state.count) >= (self.state.epoch, self.state.count);
        if self.role == Role::Primary || state.epoch < self.promised || !is_newer {
            return;
        }
        self.follows(state.epoch, turn);
        self.state = state;
        self.wait(protocol, turn);
        turn.send(To::Member(from), Message::Has(self.state.epoch, self.state.count));
    }

    pub(super) fn backup_has(&mut self, protocol: &PrimaryBackupProtocol, from: u32, (epoch, count): (u64, u64), turn: Now<'_, '_>) {
        if self.role == Role::Primary && epoch == self.state.epoch {
            let known = self.has.entry(from).or_insert(0);
            *known = count.min(self.state.count).max(*known);
            self.acknowledge(protocol, turn);
        }
    }

    /// A primary begins to do what it does again and again.
    pub(super) fn begins(&mut self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        self.unshipped.clear();
        self.beats(protocol, turn);
        if !protocol.spec.ships_every.is_zero() {
            turn.set_timer(Timer::Ship, protocol.spec.ships_every);
        }
    }

    pub(super) fn beats(&self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        if self.role == Role::Primary {
            // Whoever has what was shipped lacks nothing that it could have.
            let shipped = self.unshipped.first().map_or(self.state.count, |(number, _)| number.saturating_sub(1));
            protocol.tell_others(&Message::Order(self.state.epoch, shipped, None), turn);
            turn.set_timer(Timer::Beat, protocol.spec.heartbeat);
        }
    }

    /// A primary ships what is new, in order.
    pub(super) fn ships(&mut self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        if self.role == Role::Primary {
            for (number, wish) in std::mem::take(&mut self.unshipped) {
                protocol.tell_others(&Message::Order(self.state.epoch, number, Some(wish)), turn);
            }
            turn.set_timer(Timer::Ship, protocol.spec.ships_every);
        }
    }
}
