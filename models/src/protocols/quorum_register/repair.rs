//! How do replicas come by what they have missed?

use super::member::{Member, Timer};
use super::message::{Message, Version};
use super::protocol::QuorumRegisterProtocol;
use crate::protocols::{To, Turn};

/// The number of the operation by which hints are handed over: no coordinator begins so many.
pub(super) const HANDED: u64 = u64::MAX;
/// The same of repairs, whose answers nobody waits for.
pub(super) const REPAIRED: u64 = u64::MAX - 1;

impl QuorumRegisterProtocol {
    /// Read repair: brings those up to date that have said that they have something older than was answered.
    pub(super) fn repair(&self, member: &mut Member, id: u64, turn: &mut Turn<'_, Self>) {
        let Some(coordinated) = member.works.get_mut(&id).filter(|one| self.spec.read_repair && !one.work.is_write()) else { return };
        let (key, me) = (coordinated.work.key, turn.me());
        let Some(version) = coordinated.work.version().filter(|_| coordinated.work.is_over()) else { return };
        let outdated = coordinated.work.take_outdated();
        for other in outdated {
            if other == me {
                self.keep(member, key, version, turn);
            } else {
                turn.announce("Repairs", i64::from(other));
                turn.send(To::Member(other), Message::Write(REPAIRED, key, version));
            }
        }
    }

    /// Keeps a hint for every replica that has not said that it has a write, or gives it to the next member on the ring.
    pub(super) fn hint(&self, member: &mut Member, id: u64, turn: &mut Turn<'_, Self>) {
        // A write that still asks for versions has nothing to hint at.
        let Some(coordinated) = member.works.get(&id) else { return };
        let Some(version) = coordinated.work.version() else { return };
        let key = coordinated.work.key;
        let silent: Vec<u32> = self.replicas(key).filter(|other| !coordinated.work.has(*other)).collect();
        let mut stand_ins = self.stand_ins(key);
        for replica in silent {
            match stand_ins.next().filter(|_| self.spec.sloppy_quorum) {
                Some(other) if other != turn.me() => turn.send(To::Member(other), Message::Hint(id, key, version, replica)),
                Some(_) => {
                    self.keep_hint(member, replica, key, version, turn);
                    self.answered(member, id, turn.me(), None, turn);
                }
                None => self.keep_hint(member, replica, key, version, turn),
            }
        }
    }

    pub(super) fn keep_hint(&self, member: &mut Member, replica: u32, key: u32, version: Version, turn: &mut Turn<'_, Self>) {
        if member.hints.is_empty() {
            turn.set_timer(Timer::Offer, self.spec.hinted_handoff.unwrap_or(self.spec.patience));
        }
        turn.announce("KeepsHint", i64::from(replica));
        let kept = member.hints.entry((replica, key)).or_insert(version);
        *kept = version.max(*kept);
    }

    /// Offers every hint to whom it is for.
    pub(super) fn offer(&self, member: &Member, turn: &mut Turn<'_, Self>) {
        for (&(replica, key), &version) in &member.hints {
            turn.send(To::Member(replica), Message::Write(HANDED, key, version));
        }
        if !member.hints.is_empty() {
            turn.set_timer(Timer::Offer, self.spec.hinted_handoff.unwrap_or(self.spec.patience));
        }
    }

    /// A replica has what it was handed over.
    pub(super) fn handed(&self, member: &mut Member, from: u32, key: u32, version: Version, turn: &mut Turn<'_, Self>) {
        if member.hints.get(&(from, key)).is_some_and(|kept| *kept <= version) {
            member.hints.remove(&(from, key));
            turn.announce("HandsOver", i64::from(from));
        }
    }

    /// Compares what it has with another member, drawn evenly.
    pub(super) fn compare(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let others = u64::from(self.spec.members - 1);
        let drawn = turn.draws("whom to compare with", member.compared).choice().index(others) as u32;
        member.compared = member.compared.wrapping_add(1);
        let other = drawn + u32::from(drawn >= turn.me());
        let common = member.store.iter().filter(|(key, _)| self.is_replica(**key, other) && self.is_replica(**key, turn.me()));
        turn.send(To::Member(other), Message::Digest(common.map(|(key, version)| (*key, *version)).collect()));
    }

    /// Another member says what it has: tells it what it lacks, and asks for what this one lacks.
    pub(super) fn compared(&self, member: &Member, from: u32, digest: &[(u32, Version)], turn: &mut Turn<'_, Self>) {
        let theirs = |key: u32| digest.binary_search_by_key(&key, |(key, _)| *key).map_or(Version::NOTHING, |index| digest[index].1);
        let newer = member.store.iter().filter(|(key, version)| self.is_replica(**key, from) && **version > theirs(**key));
        let newer: Vec<(u32, Version)> = newer.map(|(key, version)| (*key, *version)).collect();
        let lacking: Vec<u32> = digest.iter().filter(|(key, version)| *version > member.version(*key)).map(|(key, _)| *key).collect();
        if !newer.is_empty() {
            turn.send(To::Member(from), Message::Entries(newer));
        }
        if !lacking.is_empty() {
            turn.send(To::Member(from), Message::Lack(lacking));
        }
    }
}
