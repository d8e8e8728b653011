//! What does a member do with its disk?

use super::Rule;
use super::journal::{self, Deferred, Journal};
use super::log::Log;
use super::member::{Member, Phase};
use super::message::Message;
use super::protocol::{RaftProtocol, Timer};
use crate::disks::{Completion, Order};
use crate::protocols::{To, Turn};
use sim_core::time::SimDuration;

/// How long a member waits until it tries again to write to a disk without room: own choice.
const TRY_AGAIN: SimDuration = SimDuration::from_millis(100);

impl RaftProtocol {
    /// Sends a message when everything that a member has in mind now is safe.
    pub(super) fn send_when_safe(&self, member: &mut Member, to: To, message: Message, turn: &mut Turn<'_, Self>) {
        if let Some(Deferred::Send(to, message)) = member.journal.defer(&member.log, Deferred::Send(to, message)) {
            turn.send(to, message);
        }
    }

    /// Writes what is new, if nothing is being written.
    pub(super) fn write_down(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let vote = member.vote.filter(|_| self.keeps(Rule::VotePersistence));
        let reuses = self.spec.snapshot_every > 0;
        if let Some((place, record)) = member.journal.flush(&member.log, (member.term, vote), &member.snapshot, reuses) {
            turn.order(Order::Write(place, record));
            turn.order(Order::Sync);
        }
    }

    /// The disk of a member has done something.
    pub(super) fn hears_disk(&self, member: &mut Member, done: Completion, turn: &mut Turn<'_, Self>) {
        match done {
            Completion::Loaded => self.read_up(member, turn),
            Completion::NoRoom(_) => member.journal.found_no_room(),
            Completion::Synced if member.journal.synced() => {
                while let Some(what) = member.journal.released() {
                    match what {
                        Deferred::Send(to, message) => turn.send(to, message),
                        Deferred::Campaign(term) => self.plead(member, term, turn),
                    }
                }
                self.tally(member, turn);
            }
            Completion::Synced => turn.set_timer(Timer::Disk, TRY_AGAIN),
            Completion::Written(_) | Completion::Erased(_) => {}
        }
    }

    /// A member has read its disk, and takes part again.
    fn read_up(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Some(found) = journal::found(turn.disk(), &self.first, self.spec.snapshot_every > 0) else {
            member.phase = Phase::Damaged;
            return turn.announce("RefusesToStart", i64::from(turn.me()));
        };
        if found.is_torn {
            turn.announce("DropsTorn", 1);
        }
        let end = found.snapshot.end.index;
        member.phase = Phase::Running;
        (member.term, member.vote) = (found.term, found.vote);
        (member.commit, member.applied) = (end, end);
        member.store = found.snapshot.store.clone();
        // What was found may be in the page cache alone.
        member.journal = Journal::starting(found.next, found.log.last() + 1, true);
        (member.snapshot, member.log) = (found.snapshot, found.log);
        // Whom it heard before it died it does not know.
        member.heard = turn.now();
        turn.announce("Recovers", member.log.last() as i64);
        self.wait_anew(member, turn);
    }

    /// The life of a member ended.
    pub(super) fn forgets(&self, member: &mut Member) {
        let first = Member::first(&self.first);
        let log = Log::default();
        *member = Member { phase: Phase::Loading, drawn: member.drawn, pleas: member.pleas, log, ..first };
    }
}
