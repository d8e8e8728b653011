//! When may a replica forget, and how does one that was away come by what the others have done?

use super::message::{Message, Snapshot};
use super::protocol::PbftProtocol;
use super::replica::Replica;
use crate::protocols::{To, Turn};
use std::collections::BTreeMap;

type Now<'a, 'b> = &'a mut Turn<'b, PbftProtocol>;

/// Checkpoints further ahead than so many windows are of no use to anybody: own choice.
const FAR: u64 = 1 << 40;

impl Replica {
    pub(super) fn take_snapshot(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        let done = self.done.iter().filter_map(|id| self.answers.get(id).map(|&answer| (*id, answer))).collect();
        self.snapshot = Snapshot { at: self.executed, store: self.store.clone(), done };
        let digest = self.snapshot.digest();
        protocol.tell_others(&Message::Checkpoint(self.executed, digest), turn);
        self.checkpoints.entry(self.executed).or_default().insert(turn.me(), digest);
        self.settle(protocol, self.executed, turn);
    }

    pub(super) fn told_of_checkpoint(&mut self, protocol: &PbftProtocol, from: u32, (at, digest): (u64, u64), turn: Now<'_, '_>) {
        let is_checkpoint = at.is_multiple_of(u64::from(protocol.spec.checkpoint_every));
        if at <= self.stable || !is_checkpoint || at > self.executed.saturating_add(FAR) {
            return;
        }
        // Of each replica the highest two, so that a liar fills nothing.
        let mine: Vec<u64> = self.checkpoints.iter().filter(|(_, all)| all.contains_key(&from)).map(|(&at, _)| at).collect();
        if mine.len() > 1
            && let Some(votes) = self.checkpoints.get_mut(&mine[0])
        {
            votes.remove(&from);
        }
        self.checkpoints.entry(at).or_default().insert(from, digest);
        self.checkpoints.retain(|_, votes| !votes.is_empty());
        self.settle(protocol, at, turn);
    }

    /// A quorum has done the same up to there: what is before is not needed any more. Who has not, asks for it.
    fn settle(&mut self, protocol: &PbftProtocol, at: u64, turn: Now<'_, '_>) {
        let Some(votes) = self.checkpoints.get(&at) else { return };
        let alike = votes.values().map(|digest| votes.values().filter(|other| *other == digest).count()).max().unwrap_or(0);
        if at > self.executed {
            if alike >= protocol.one_is_right() && at > self.executed.saturating_add(u64::from(protocol.spec.checkpoint_every) / 2) {
                self.fetched.clear();
                protocol.tell_others(&Message::Fetch(self.executed), turn);
            }
            return;
        }
        if alike >= protocol.quorum() && at > self.stable {
            self.stable = at;
            self.slots = self.slots.split_off(&at.saturating_add(1));
            self.checkpoints = self.checkpoints.split_off(&at.saturating_add(1));
            self.given = self.given.max(at);
            self.propose_waiting(protocol, turn);
        }
    }

    /// It says again what it has done up to its last checkpoint.
    pub(super) fn repeats_checkpoint(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        let (at, digest) = (self.snapshot.at, self.snapshot.digest());
        if at > 0 {
            protocol.tell_others(&Message::Checkpoint(at, digest), turn);
        }
    }

    /// Another has done everything up to there, and may lack what comes next: it is told again what this one has said of that, as by the
    /// status messages of M. Castro's thesis (2001, section 5.2).
    pub(super) fn asked_for_state(&self, protocol: &PbftProtocol, from: u32, executed: u64, turn: Now<'_, '_>) {
        if self.snapshot.at > executed {
            turn.send(To::Member(from), Message::State(Box::new(self.snapshot.clone())));
        }
        if self.snapshot.at > 0 {
            turn.send(To::Member(from), Message::Checkpoint(self.snapshot.at, self.snapshot.digest()));
        }
        if self.is_changing {
            return;
        }
        let leads = protocol.primary(self.view) == turn.me();
        for (&place, slot) in self.slots.range(executed.saturating_add(1)..).take(protocol.window() as usize) {
            let Some((view, proposal)) = slot.accepted.filter(|&(view, _)| view == self.view) else { continue };
            let at = (view, place);
            turn.send(To::Member(from), if leads { Message::PrePrepare(at, proposal) } else { Message::Prepare(at, proposal) });
            if slot.prepared == Some((view, proposal)) {
                turn.send(To::Member(from), Message::Commit(at, proposal));
            }
        }
    }

    /// What one more replica says than may be faulty is right.
    pub(super) fn told_state(&mut self, protocol: &PbftProtocol, from: u32, told: Snapshot, turn: Now<'_, '_>) {
        if told.at <= self.executed {
            return;
        }
        let alike = 1 + self.fetched.iter().filter(|(other, state)| **other != from && **state == told).count();
        if alike < protocol.one_is_right() {
            self.fetched.insert(from, told);
            return;
        }
        self.fetched.clear();
        (self.executed, self.stable) = (told.at, told.at);
        self.store.clone_from(&told.store);
        (self.answers, self.done) = (BTreeMap::new(), std::collections::VecDeque::new());
        told.done.iter().for_each(|&(id, answer)| self.remember(id, answer));
        self.slots = self.slots.split_off(&told.at.saturating_add(1));
        self.checkpoints = self.checkpoints.split_off(&told.at.saturating_add(1));
        self.snapshot = told;
        // Or there might be too few who say so for it to become stable.
        self.repeats_checkpoint(protocol, turn);
        let finished: Vec<u64> = self.waiting.keys().copied().filter(|id| self.answers.contains_key(id)).collect();
        for id in finished {
            let asking = self.waiting.remove(&id).into_iter().flat_map(|(_, asking)| asking);
            if let Some(&answer) = self.answers.get(&id) {
                asking.for_each(|held| turn.send(To::Held(held), Message::Reply(id, answer)));
            }
        }
        turn.announce("CatchesUp", self.executed as i64);
        self.execute(protocol, turn);
        self.is_timed = false;
        self.watch_the_time(protocol, turn);
    }
}
