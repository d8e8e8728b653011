//! How does a member that starts again come by its log?

use super::Acknowledge;
use super::log::{Entry, Log};
use super::member::{Member, Phase};
use super::message::Message;
use super::protocol::{KeyValueProtocol, Timer};
use crate::protocols::{To, Turn};
use sim_core::time::SimDuration;

/// How long a primary waits for its followers before it asks again: own choice, far above a round trip.
const ASK_AGAIN: SimDuration = SimDuration::from_secs(1);

impl KeyValueProtocol {
    /// A member has read what is on its disk.
    pub(super) fn loaded(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let (log, found) = Log::found(turn.disk(), self.spec.verify);
        member.log = log;
        for (what, count) in [("DropsTorn", found.torn), ("FindsDamaged", found.damaged), ("FindsMissing", found.missing)] {
            if count > 0 {
                turn.announce(what, count as i64);
            }
        }
        if found.torn > 0 {
            turn.order(member.log.cut(member.log.end()));
        }
        if turn.me() > 0 {
            self.serve(member, turn);
            let first = member.log.holes().first().copied().unwrap_or(member.log.end());
            return turn.send(To::Member(0), Message::Missing(first));
        }
        if self.spec.acknowledge == Acknowledge::All && self.spec.members > 1 {
            member.phase = Phase::Asking;
            return self.ask(member, turn);
        }
        self.serve(member, turn);
    }

    pub(super) fn ask(&self, member: &Member, turn: &mut Turn<'_, Self>) {
        let lack = Message::Lack(member.life, member.log.holes(), member.log.end());
        (1..self.spec.members).for_each(|follower| turn.send(To::Member(follower), lack.clone()));
        turn.set_timer(Timer::Ask, ASK_AGAIN);
    }

    /// A member that has its log again serves.
    fn serve(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.phase = Phase::Ready;
        member.base = member.log.end();
        member.applied = member.log.end();
        member.store = member.log.store(member.applied);
        if turn.me() == 0 {
            turn.announce("Recovers", member.log.end() as i64);
            self.tell_all(member, member.base, &[], turn);
        }
        self.begin_syncing(turn);
        self.progress(member, turn);
    }

    /// The primary hears what a follower has of what it lacks. Whatever was acknowledged every follower has, so one is enough.
    pub(super) fn filled(&self, member: &mut Member, entries: Vec<(u64, Entry)>, turn: &mut Turn<'_, Self>) {
        for (slot, entry) in entries {
            while member.log.end() < slot {
                let end = member.log.end();
                Self::put(member, end, None, turn);
            }
            if member.log.get(slot).is_none() {
                Self::put(member, slot, Some(entry), turn);
            }
        }
        turn.cancel_timer(Timer::Ask);
        self.serve(member, turn);
    }
}
