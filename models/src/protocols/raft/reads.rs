//! How does a leader answer reads without an entry of the log?

use super::command::{Action, Answer, Command, Operation};
use super::member::{Member, Role};
use super::message::Message;
use super::protocol::RaftProtocol;
use super::{ReadsBy, Rule};
use crate::protocols::{LOG_LIMIT, To, Turn};

impl RaftProtocol {
    /// A leader is asked for something.
    pub(super) fn serve(&self, member: &mut Member, operation: Operation, turn: &mut Turn<'_, Self>) {
        if operation.action != Action::Read || self.spec.reads_by == ReadsBy::Log {
            return self.propose(member, operation, turn);
        }
        let Role::Leader(leadership) = &mut member.role else { return };
        let is_sure = match self.spec.reads_by {
            ReadsBy::Log => unreachable!("those reads are entries"),
            ReadsBy::ReadIndex => !self.keeps(Rule::ReadIndex),
            ReadsBy::Lease => member.commit >= leadership.first && self.has_lease(member, turn),
        };
        if is_sure {
            return turn.send(To::Caller, value(member, operation));
        }
        let Role::Leader(leadership) = &mut member.role else { return };
        // Before an entry of its own term is committed a leader does not know what was committed before its term.
        let index = member.commit.max(leadership.first);
        // A round that is under way may have been answered before somebody else was elected.
        let asks = leadership.confirmed == leadership.round;
        leadership.reads.push_back((leadership.round + 1, index, turn.hold(), operation));
        if asks {
            self.ask_all(member, turn);
            // Who needs nobody else has its own answer.
            self.confirm(member, turn);
        }
    }

    fn propose(&self, member: &mut Member, operation: Operation, turn: &mut Turn<'_, Self>) {
        let uncommitted = member.log.last().saturating_sub(member.commit);
        if member.log.len() >= self.spec.log_limit as usize {
            return turn.announce(LOG_LIMIT, member.log.len() as i64);
        }
        if uncommitted >= MOST_UNCOMMITTED {
            turn.announce("LogFull", member.log.len() as i64);
            return turn.send(To::Caller, Message::Redirect(None));
        }
        let index = self.append(member, Command::Operation(operation));
        let Role::Leader(leadership) = &mut member.role else { return };
        leadership.waiting.push_back((index, turn.hold()));
        self.tell_all(member, false, turn);
    }

    fn has_lease(&self, member: &Member, turn: &Turn<'_, Self>) -> bool {
        let Role::Leader(leadership) = &member.role else { return false };
        let (me, now, least) = (turn.me(), turn.now(), self.spec.election_timeout.least);
        let is_bounded = self.keeps(Rule::LeaseClockBound);
        let since = self.agreed(member.log.config(), |of| {
            let progress = &leadership.progress[of as usize];
            match of == me {
                true => now,
                false if is_bounded => progress.asked,
                false => progress.answered,
            }
        });
        // Its own clock may be as slow as the others' are fast.
        let wrong = self.spec.clock_bound.parts_per_trillion().unsigned_abs();
        let length = if is_bounded { least.scaled(TRILLION - wrong, TRILLION + wrong) } else { least };
        now.saturating_since(since) < length
    }

    /// More members may have answered a round.
    pub(super) fn confirm(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Role::Leader(leadership) = &mut member.role else { return };
        let (me, round) = (turn.me(), leadership.round);
        let confirmed = self.agreed(member.log.config(), |of| if of == me { round } else { leadership.progress[of as usize].round });
        leadership.confirmed = leadership.confirmed.max(confirmed);
        let asks = confirmed == round && leadership.reads.back().is_some_and(|&(needs, ..)| needs > round);
        self.serve_reads(member, turn);
        if asks {
            self.ask_all(member, turn);
        }
    }

    /// Answers the readers who have waited long enough.
    pub(super) fn serve_reads(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        loop {
            let Role::Leader(leadership) = &mut member.role else { return };
            let Some(&(round, index, held, operation)) = leadership.reads.front() else { return };
            if round > leadership.confirmed || index > member.applied {
                return;
            }
            leadership.reads.pop_front();
            turn.send(To::Held(held), value(member, operation));
        }
    }
}

fn value(member: &Member, operation: Operation) -> Message {
    Message::Answer(operation.origin.attempt, Answer::Value(member.store.value(operation.key)))
}

/// A leader takes no more operations when so many are not committed: it may be cut off for ever. Source: etcd's Raft, which drops proposals
/// beyond `MaxUncommittedEntriesSize`; the number is an own choice.
const MOST_UNCOMMITTED: u64 = 10_000;

const TRILLION: u64 = 1_000_000_000_000;
