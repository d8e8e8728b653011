//! How does a backup become the primary, and with what?

use super::BackupRule;
use super::member::{Member, Role};
use super::message::{Message, State};
use super::protocol::{PrimaryBackupProtocol, Timer};
use crate::protocols::{To, Turn};
use std::collections::BTreeMap;

type Now<'a, 'b> = &'a mut Turn<'b, PrimaryBackupProtocol>;

impl Member {
    /// The primary is silent, or too few have answered.
    pub(super) fn silence(&mut self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        if self.role == Role::Primary {
            return;
        }
        let members = u64::from(protocol.spec.members);
        // The next epoch that is its own: that of member `epoch` modulo `members`.
        let ahead = (u64::from(turn.me()) + members - self.promised % members) % members;
        self.promised = self.promised.saturating_add(if ahead == 0 { members } else { ahead });
        self.role = Role::Candidate;
        self.heard = BTreeMap::from([(turn.me(), self.state.clone())]);
        turn.announce("TakesOver", self.promised as i64);
        protocol.tell_others(&Message::TakesOver(self.promised), turn);
        // Of several who try at once, those that wait less win.
        let more = turn.draws("again", self.promised as u32).wait().below(protocol.spec.fail_over);
        turn.set_timer(Timer::Silence, protocol.spec.fail_over.saturating_add(more));
        self.may_lead(protocol, turn);
    }

    pub(super) fn another_takes_over(&mut self, protocol: &PrimaryBackupProtocol, from: u32, epoch: u64, turn: Now<'_, '_>) {
        if epoch <= self.promised {
            if epoch < self.promised {
                turn.send(To::Member(from), Message::Deposed(self.promised));
            }
            return;
        }
        if protocol.keeps(BackupRule::EpochFencing) || self.role != Role::Primary {
            self.follows(epoch, turn);
            self.wait(protocol, turn);
        }
        turn.send(To::Member(from), Message::Follows(epoch, self.state.clone()));
    }

    pub(super) fn another_follows(&mut self, protocol: &PrimaryBackupProtocol, from: u32, epoch: u64, state: State, turn: Now<'_, '_>) {
        if self.role == Role::Candidate && epoch == self.promised {
            self.heard.insert(from, state);
            self.may_lead(protocol, turn);
        }
    }

    fn may_lead(&mut self, protocol: &PrimaryBackupProtocol, turn: Now<'_, '_>) {
        let enough = if protocol.keeps(BackupRule::MajorityTakeover) { protocol.to_take_over() } else { 1 };
        if self.heard.len() < enough {
            return;
        }
        let heard = std::mem::take(&mut self.heard);
        if let Some(best) = heard.into_values().max_by_key(|state| (state.epoch, state.count)) {
            self.state = best;
        }
        (self.state.epoch, self.role) = (self.promised, Role::Primary);
        self.has.clear();
        self.open.clear();
        turn.cancel_timer(Timer::Silence);
        turn.announce("Leads", self.state.epoch as i64);
        self.begins(protocol, turn);
    }

    /// There is a newer epoch.
    pub(super) fn deposed(&mut self, protocol: &PrimaryBackupProtocol, epoch: u64, turn: Now<'_, '_>) {
        if epoch > self.promised && protocol.keeps(BackupRule::EpochFencing) {
            self.follows(epoch, turn);
            self.wait(protocol, turn);
        }
    }

    /// It keeps what it has accepted and promised.
    pub(super) fn crashes(&mut self) {
        *self = Self { state: std::mem::take(&mut self.state), promised: self.promised, ..Self::default() };
    }
}
