//! What does a participant do, before it has voted, and while it waits for a decision?

use super::journal::Journal;
use super::message::{Message, Record, State, Transaction, owner};
use super::protocol::{Timer, TwoPhaseCommitProtocol};
use super::{CommitRule, Phases, Termination};
use crate::disks::{Completion, Order};
use crate::protocols::{To, Turn};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A participant.
#[derive(Clone, Debug, Default)]
pub struct Participant {
    open: BTreeMap<Transaction, Part>,
    /// What was decided, and the slot where that is written, until everybody has done it.
    decided: BTreeMap<Transaction, (bool, Option<u64>)>,
    journal: Journal<Next>,
    is_loading: bool,
    over: Over,
}

/// The transactions that everybody has done last, and how they ended: a copy of a question about one of them may come late. It is with the
/// records on the disk.
#[derive(Clone, Debug, Default)]
struct Over {
    ends: BTreeMap<Transaction, bool>,
    order: VecDeque<Transaction>,
}

/// Own choice, far above what ends while a message is on its way.
const MOST_OVER: usize = 4_096;

impl Over {
    fn insert(&mut self, transaction: Transaction, commit: bool) {
        if self.ends.insert(transaction, commit).is_none() {
            self.order.push_back(transaction);
        }
        if self.order.len() > MOST_OVER
            && let Some(old) = self.order.pop_front()
        {
            self.ends.remove(&old);
        }
    }
}

/// Its part in a transaction.
#[derive(Clone, Debug)]
struct Part {
    state: Known,
    slot: u64,
    /// How often it has asked what was decided.
    asked: u32,
    /// Whether it or another participant that answered knows that all have voted yes.
    is_pre_committed: bool,
    /// Who told the decision, and hears that it is done.
    tellers: BTreeSet<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Its vote is not safe yet.
    Preparing,
    Prepared,
    PreCommitting,
    PreCommitted,
    /// The decision is not safe yet.
    Deciding(bool),
}

/// What it does when a record is safe.
#[derive(Clone, Copy, Debug)]
enum Next {
    Votes(Transaction),
    IsReady(Transaction),
    Finishes(Transaction),
}

type Now<'a, 'b> = &'a mut Turn<'b, TwoPhaseCommitProtocol>;

impl Participant {
    pub(super) fn hears(&mut self, protocol: &TwoPhaseCommitProtocol, from: u32, message: Message, turn: Now<'_, '_>) {
        if self.is_loading {
            return;
        }
        match message {
            Message::Prepare(transaction) => self.asked(protocol, transaction, from, turn),
            Message::PreCommit(transaction) => self.pre_commits(protocol, transaction, from, turn),
            Message::Decision(transaction, commit) => self.told(protocol, transaction, commit, from, turn),
            Message::Forget(transaction) => {
                if let Some((commit, slot)) = self.decided.remove(&transaction) {
                    self.over.insert(transaction, commit);
                    slot.into_iter().for_each(|slot| self.journal.give_back(slot));
                }
            }
            Message::Query(transaction) => {
                let state = self.state(transaction);
                turn.send(To::Member(from), Message::State(transaction, state));
            }
            Message::State(transaction, State::Decided(commit)) => self.decide(protocol, transaction, commit, turn),
            Message::State(transaction, State::PreCommitted) => {
                if let Some(part) = self.open.get_mut(&transaction) {
                    part.is_pre_committed = true;
                }
            }
            _ => {}
        }
    }

    fn asked(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, from: u32, turn: Now<'_, '_>) {
        if self.over.ends.contains_key(&transaction) {
            return;
        }
        if let Some(&(commit, _)) = self.decided.get(&transaction) {
            return turn.send(To::Member(from), Message::Vote(transaction, commit));
        }
        if let Some(part) = self.open.get(&transaction) {
            if part.state != Known::Preparing {
                turn.send(To::Member(from), Message::Vote(transaction, true));
            }
            return;
        }
        let draw = turn.draws("vote", transaction as u32).numbered(owner(transaction) as usize % 8);
        if protocol.spec.no_votes.holds(draw) {
            return turn.send(To::Member(from), Message::Vote(transaction, false));
        }
        let slot = self.journal.take();
        let part = Part { state: Known::Preparing, slot, asked: 0, is_pre_committed: false, tellers: BTreeSet::new() };
        self.open.insert(transaction, part);
        let waits = protocol.keeps(CommitRule::LogsBeforeVoting);
        let next = self.journal.write((slot, Record::Prepared(transaction)), (Next::Votes(transaction), waits), turn);
        next.into_iter().for_each(|next| self.goes_on(protocol, next, turn));
    }

    fn pre_commits(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, from: u32, turn: Now<'_, '_>) {
        let Some(part) = self.open.get_mut(&transaction) else { return };
        match part.state {
            Known::Prepared => {
                (part.state, part.is_pre_committed) = (Known::PreCommitting, true);
                let record = (part.slot, Record::PreCommitted(transaction));
                self.journal.write(record, (Next::IsReady(transaction), true), turn);
                turn.set_timer(Timer(transaction), protocol.spec.patience);
            }
            Known::PreCommitted => turn.send(To::Member(from), Message::Ready(transaction)),
            Known::Preparing | Known::PreCommitting | Known::Deciding(_) => {}
        }
    }

    /// What it tells another participant. Who has not voted will never vote yes.
    fn state(&mut self, transaction: Transaction) -> State {
        match self.open.get(&transaction).map(|part| part.state) {
            Some(Known::Deciding(commit)) => State::Decided(commit),
            Some(Known::Preparing | Known::Prepared) => State::Prepared,
            Some(Known::PreCommitting | Known::PreCommitted) => State::PreCommitted,
            None if self.over.ends.contains_key(&transaction) => State::Decided(self.over.ends[&transaction]),
            None => State::Decided(self.decided.entry(transaction).or_insert((false, None)).0),
        }
    }

    fn told(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, commit: bool, from: u32, turn: Now<'_, '_>) {
        match self.open.get_mut(&transaction) {
            Some(part) => {
                part.tellers.insert(from);
                self.decide(protocol, transaction, commit, turn);
            }
            // Done, or never begun.
            None => turn.send(To::Member(from), Message::Finished(transaction, commit)),
        }
    }

    fn decide(&mut self, _protocol: &TwoPhaseCommitProtocol, transaction: Transaction, commit: bool, turn: Now<'_, '_>) {
        let Some(part) = self.open.get_mut(&transaction) else { return };
        if matches!(part.state, Known::Deciding(_)) {
            return;
        }
        part.state = Known::Deciding(commit);
        turn.announce(if commit { "Commits" } else { "Aborts" }, transaction as i64);
        turn.cancel_timer(Timer(transaction));
        self.journal.write((part.slot, Record::Decided(transaction, commit)), (Next::Finishes(transaction), true), turn);
    }

    fn goes_on(&mut self, protocol: &TwoPhaseCommitProtocol, next: Next, turn: Now<'_, '_>) {
        match next {
            Next::Votes(transaction) => {
                let Some(part) = self.open.get_mut(&transaction).filter(|part| part.state == Known::Preparing) else { return };
                part.state = Known::Prepared;
                turn.announce("Prepares", transaction as i64);
                turn.send(To::Member(owner(transaction)), Message::Vote(transaction, true));
                turn.set_timer(Timer(transaction), protocol.spec.patience);
            }
            Next::IsReady(transaction) => {
                if let Some(part) = self.open.get_mut(&transaction).filter(|part| part.state == Known::PreCommitting) {
                    part.state = Known::PreCommitted;
                    turn.send(To::Member(owner(transaction)), Message::Ready(transaction));
                }
            }
            Next::Finishes(transaction) => self.finish(transaction, turn),
        }
    }

    /// A decision is safe, and whoever told it hears so; or the coordinator, if another participant did.
    fn finish(&mut self, transaction: Transaction, turn: Now<'_, '_>) {
        let Some(mut part) = self.open.remove(&transaction) else { return };
        let Known::Deciding(commit) = part.state else { return };
        self.decided.insert(transaction, (commit, Some(part.slot)));
        part.tellers.insert(owner(transaction));
        part.tellers.into_iter().for_each(|teller| turn.send(To::Member(teller), Message::Finished(transaction, commit)));
    }

    /// There was no room for a record: a vote is no, and what was decided is asked for again.
    fn has_no_room(&mut self, protocol: &TwoPhaseCommitProtocol, next: Next, turn: Now<'_, '_>) {
        match next {
            Next::Votes(transaction) => {
                if let Some(part) = self.open.remove(&transaction) {
                    self.journal.give_back(part.slot);
                    turn.send(To::Member(owner(transaction)), Message::Vote(transaction, false));
                }
            }
            Next::IsReady(transaction) | Next::Finishes(transaction) => {
                if let Some(part) = self.open.get_mut(&transaction) {
                    part.state = if part.is_pre_committed { Known::PreCommitted } else { Known::Prepared };
                    turn.set_timer(Timer(transaction), protocol.spec.patience);
                }
            }
        }
    }

    /// It has voted yes and hears nothing.
    pub(super) fn waited(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, turn: Now<'_, '_>) {
        let Some(part) = self.open.get_mut(&transaction) else { return };
        part.asked += 1;
        let is_second = part.asked > 1;
        let peers: Vec<u32> = protocol.participants().filter(|&member| member != turn.me()).collect();
        if protocol.spec.phases == Phases::Three && is_second {
            let commit = part.is_pre_committed;
            peers.iter().for_each(|&member| turn.send(To::Member(member), Message::Decision(transaction, commit)));
            return self.decide(protocol, transaction, commit, turn);
        }
        let leader = owner(transaction);
        let asks = protocol.coordinators().filter(|&member| is_second || member == leader);
        asks.for_each(|member| turn.send(To::Member(member), Message::Inquire(transaction)));
        if protocol.spec.phases == Phases::Three || protocol.spec.termination == Termination::Everybody {
            peers.iter().for_each(|&member| turn.send(To::Member(member), Message::Query(transaction)));
        }
        turn.set_timer(Timer(transaction), protocol.spec.patience);
    }

    pub(super) fn disk(&mut self, protocol: &TwoPhaseCommitProtocol, done: Completion, turn: Now<'_, '_>) {
        if done == Completion::Loaded {
            return self.loaded(protocol, turn);
        }
        match self.journal.done(done) {
            Some((next, true)) => self.goes_on(protocol, next, turn),
            Some((next, false)) => self.has_no_room(protocol, next, turn),
            None => {}
        }
    }

    /// It knows again what it had written, and asks for what it does not know.
    fn loaded(&mut self, protocol: &TwoPhaseCommitProtocol, turn: Now<'_, '_>) {
        for (slot, record) in self.journal.load(turn) {
            let (state, transaction) = match record {
                Record::Prepared(transaction) => (Known::Prepared, transaction),
                Record::PreCommitted(transaction) => (Known::PreCommitted, transaction),
                Record::Decided(transaction, commit) => {
                    self.decided.insert(transaction, (commit, Some(slot)));
                    // Perhaps nobody has heard that it is done.
                    turn.send(To::Member(owner(transaction)), Message::Finished(transaction, commit));
                    continue;
                }
                Record::Ballot(..) => continue,
            };
            let is_pre_committed = state == Known::PreCommitted;
            self.open.insert(transaction, Part { state, slot, asked: 0, is_pre_committed, tellers: BTreeSet::new() });
            turn.set_timer(Timer(transaction), protocol.spec.patience);
        }
        self.is_loading = false;
        turn.announce("Recovers", self.open.len() as i64);
    }

    /// Whether it has voted yes in a transaction, or done it.
    pub(super) fn knows(&self, transaction: Transaction) -> bool {
        self.open.contains_key(&transaction) || self.decided.contains_key(&transaction)
    }

    pub(super) fn crashes(&mut self) {
        *self = Self { is_loading: true, over: std::mem::take(&mut self.over), ..Self::default() };
    }

    pub(super) fn returns(turn: Now<'_, '_>) {
        turn.order(Order::Load);
    }
}
