//! What does a coordinator do, and how do several agree on a decision?

use super::journal::Journal;
use super::message::{Accepted, Message, Record, Transaction, named};
use super::protocol::{Timer, TwoPhaseCommitProtocol};
use super::{CommitRule, Phases};
use crate::disks::{Completion, Order};
use crate::protocols::{Held, To, Turn};
use std::collections::{BTreeMap, BTreeSet};

/// A coordinator.
#[derive(Clone, Debug, Default)]
pub struct Coordinator {
    /// In which of its lives it is.
    life: u32,
    /// How many transactions it has led in this life.
    count: u32,
    open: BTreeMap<Transaction, Open>,
    ballots: BTreeMap<Transaction, Ballots>,
    journal: Journal<Next>,
    /// Whether it still reads its disk.
    is_loading: bool,
}

/// A transaction that it leads.
#[derive(Clone, Debug, Default)]
struct Open {
    caller: Option<Held>,
    stage: Stage,
    /// Who has answered what was asked in this stage.
    answered: BTreeSet<u32>,
    ballot: u32,
    /// What is proposed, or decided.
    commit: bool,
    /// What others had accepted with the highest ballot.
    found: Accepted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Voting,
    PreCommitting,
    Claiming,
    Proposing,
    Telling,
}

/// What it has promised and accepted.
#[derive(Clone, Copy, Debug)]
struct Ballots {
    slot: u64,
    promised: u32,
    accepted: Accepted,
}

/// What it does when a record is safe.
#[derive(Clone, Copy, Debug)]
enum Next {
    Promises(Transaction, u32, u32),
    Accepts(Transaction, u32, u32),
}

type Now<'a, 'b> = &'a mut Turn<'b, TwoPhaseCommitProtocol>;

/// A coordinator leads at most so many transactions at once, and refuses others: own choice.
const MOST_OPEN: usize = 10_000;

impl Coordinator {
    pub(super) fn called(&mut self, protocol: &TwoPhaseCommitProtocol, turn: Now<'_, '_>) {
        if self.is_loading || self.open.len() >= MOST_OPEN {
            return turn.send(To::Caller, Message::Refused);
        }
        let transaction = named(turn.me(), self.life, self.count);
        self.count += 1;
        self.open.insert(transaction, Open { caller: Some(turn.hold()), ..Open::default() });
        turn.announce("Begins", transaction as i64);
        protocol.participants().for_each(|member| turn.send(To::Member(member), Message::Prepare(transaction)));
        turn.set_timer(Timer(transaction), protocol.spec.patience);
    }

    pub(super) fn hears(&mut self, protocol: &TwoPhaseCommitProtocol, from: u32, message: Message, turn: Now<'_, '_>) {
        if self.is_loading {
            return;
        }
        match (message, protocol.is_coordinator(from)) {
            (Message::Vote(transaction, yes), false) => self.voted(protocol, (transaction, from), yes, turn),
            (Message::Ready(transaction), false) => {
                if let Some(open) = self.open.get_mut(&transaction).filter(|open| open.stage == Stage::PreCommitting) {
                    open.answered.insert(from);
                    if open.answered.len() == protocol.spec.participants as usize {
                        self.propose(protocol, transaction, true, turn);
                    }
                }
            }
            (Message::Finished(transaction, commit), false) => self.finished(protocol, (transaction, from), commit, turn),
            (Message::Inquire(transaction), false) => match self.open.get(&transaction) {
                Some(open) if open.stage == Stage::Telling => turn.send(To::Member(from), Message::Decision(transaction, open.commit)),
                Some(_) => {}
                None => self.take_over(protocol, transaction, turn),
            },
            (Message::Claim(transaction, ballot), true) => self.claimed(protocol, transaction, (ballot, from), turn),
            (Message::Promise(transaction, ballot, accepted), true) => self.promised(protocol, transaction, (ballot, from), accepted, turn),
            (Message::Accept(transaction, ballot, commit), true) => self.proposed(protocol, transaction, (ballot, from), commit, turn),
            (Message::Accepted(transaction, ballot), true) => self.accepted(protocol, transaction, (ballot, from), turn),
            (Message::Outbid(transaction, ballot), true) => self.outbid(protocol, transaction, ballot, turn),
            (Message::Forget(transaction), true) => self.forget(transaction, turn),
            _ => {}
        }
    }

    fn voted(&mut self, protocol: &TwoPhaseCommitProtocol, (transaction, from): (Transaction, u32), yes: bool, turn: Now<'_, '_>) {
        let Some(open) = self.open.get_mut(&transaction).filter(|open| open.stage == Stage::Voting) else { return };
        if !yes {
            return self.propose(protocol, transaction, false, turn);
        }
        open.answered.insert(from);
        if open.answered.len() < protocol.spec.participants as usize {
            return;
        }
        if protocol.spec.phases == Phases::Two {
            return self.propose(protocol, transaction, true, turn);
        }
        open.stage = Stage::PreCommitting;
        open.answered.clear();
        protocol.participants().for_each(|member| turn.send(To::Member(member), Message::PreCommit(transaction)));
        turn.set_timer(Timer(transaction), protocol.spec.patience);
    }

    /// Nothing has come for a while.
    pub(super) fn waited(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, turn: Now<'_, '_>) {
        let Some(open) = self.open.get(&transaction) else { return };
        match open.stage {
            Stage::Voting => self.propose(protocol, transaction, false, turn),
            // Whoever has not answered finds out when it comes back.
            Stage::PreCommitting => self.propose(protocol, transaction, true, turn),
            Stage::Claiming | Stage::Proposing => self.take_over(protocol, transaction, turn),
            Stage::Telling => self.tell(protocol, transaction, turn),
        }
    }

    fn tell(&self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, turn: Now<'_, '_>) {
        let Some(open) = self.open.get(&transaction) else { return };
        let missing = protocol.participants().filter(|member| !open.answered.contains(member));
        missing.for_each(|member| turn.send(To::Member(member), Message::Decision(transaction, open.commit)));
        turn.set_timer(Timer(transaction), protocol.spec.patience);
    }

    /// A participant has done what was decided, which it may have heard from others.
    fn finished(&mut self, protocol: &TwoPhaseCommitProtocol, (transaction, from): (Transaction, u32), commit: bool, turn: Now<'_, '_>) {
        let open = self.open.entry(transaction).or_insert_with(|| {
            turn.set_timer(Timer(transaction), protocol.spec.patience);
            Open { stage: Stage::Telling, commit, ..Open::default() }
        });
        if open.stage != Stage::Telling {
            open.stage = Stage::Telling;
            open.commit = commit;
            open.answered.clear();
            let caller = open.caller.take();
            caller.into_iter().for_each(|caller| turn.send(To::Held(caller), Message::Done(commit)));
        }
        open.answered.insert(from);
        if open.answered.len() == protocol.spec.participants as usize {
            self.forget(transaction, turn);
            turn.announce("Forgets", transaction as i64);
            let others = protocol.everybody().filter(|&member| member != turn.me());
            others.collect::<Vec<_>>().into_iter().for_each(|member| turn.send(To::Member(member), Message::Forget(transaction)));
        }
    }

    fn forget(&mut self, transaction: Transaction, turn: Now<'_, '_>) {
        if let Some(Open { caller: Some(caller), commit, .. }) = self.open.remove(&transaction) {
            turn.send(To::Held(caller), Message::Done(commit));
        }
        turn.cancel_timer(Timer(transaction));
        if let Some(ballots) = self.ballots.remove(&transaction) {
            self.journal.give_back(ballots.slot);
        }
    }

    pub(super) fn disk(&mut self, protocol: &TwoPhaseCommitProtocol, done: Completion, turn: Now<'_, '_>) {
        if done == Completion::Loaded {
            for (slot, record) in self.journal.load(turn) {
                if let Record::Ballot(transaction, promised, accepted) = record {
                    self.ballots.insert(transaction, Ballots { slot, promised, accepted });
                }
            }
            self.is_loading = false;
            // What it had under way it knows no more; who waits for that will ask.
            return;
        }
        if let Some((next, true)) = self.journal.done(done) {
            self.goes_on(protocol, next, turn);
        }
    }

    pub(super) fn crashes(&mut self) {
        *self = Self { life: self.life + 1, is_loading: true, ..Self::default() };
    }

    pub(super) fn returns(turn: Now<'_, '_>) {
        turn.order(Order::Load);
    }
}

/// How coordinators agree: Paxos (L. Lamport, "Paxos Made Simple", 2001) for each decision, of which the lowest ballot needs no claim.
impl Coordinator {
    fn propose(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, commit: bool, turn: Now<'_, '_>) {
        let Some(open) = self.open.get_mut(&transaction) else { return };
        (open.stage, open.commit) = (Stage::Proposing, commit);
        open.answered.clear();
        let ballot = open.ballot;
        turn.set_timer(Timer(transaction), protocol.spec.patience);
        protocol.others(turn.me()).for_each(|member| turn.send(To::Member(member), Message::Accept(transaction, ballot, commit)));
        self.proposed(protocol, transaction, (ballot, turn.me()), commit, turn);
    }

    /// It wants to know what was decided, or to decide, in place of whoever led the transaction so far.
    fn take_over(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, turn: Now<'_, '_>) {
        let promised = self.ballots.get(&transaction).map_or(0, |ballots| ballots.promised);
        let open = self.open.entry(transaction).or_default();
        let all = protocol.spec.coordinators;
        // The next that is its own: ballots of different coordinators differ, and 0 belongs to the one that led first.
        let ballot = (promised.max(open.ballot) / all).saturating_add(1).saturating_mul(all).saturating_add(turn.me());
        (open.stage, open.ballot, open.found) = (Stage::Claiming, ballot, None);
        open.answered.clear();
        // Of several who try at once, those that wait less win.
        let wait = turn.draws("again", ballot).wait().below(protocol.spec.patience);
        turn.set_timer(Timer(transaction), protocol.spec.patience.saturating_add(wait));
        protocol.others(turn.me()).for_each(|member| turn.send(To::Member(member), Message::Claim(transaction, ballot)));
        self.claimed(protocol, transaction, (ballot, turn.me()), turn);
    }

    fn note(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, next: Next, turn: Now<'_, '_>) {
        let Some(ballots) = self.ballots.get(&transaction) else { return };
        let record = (ballots.slot, Record::Ballot(transaction, ballots.promised, ballots.accepted));
        if let Some(next) = self.journal.write(record, (next, protocol.keeps(CommitRule::LogsBeforeTelling)), turn) {
            self.goes_on(protocol, next, turn);
        }
    }

    fn ballots(&mut self, transaction: Transaction) -> &mut Ballots {
        let journal = &mut self.journal;
        self.ballots.entry(transaction).or_insert_with(|| Ballots { slot: journal.take(), promised: 0, accepted: None })
    }

    fn claimed(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, (ballot, from): (u32, u32), turn: Now<'_, '_>) {
        let ballots = self.ballots(transaction);
        if ballot <= ballots.promised {
            let promised = ballots.promised;
            return self.say(protocol, from, Message::Outbid(transaction, promised), turn);
        }
        ballots.promised = ballot;
        self.note(protocol, transaction, Next::Promises(transaction, ballot, from), turn);
    }

    fn proposed(
        &mut self,
        protocol: &TwoPhaseCommitProtocol,
        transaction: Transaction,
        (ballot, from): (u32, u32),
        commit: bool,
        turn: Now<'_, '_>,
    ) {
        let ballots = self.ballots(transaction);
        if ballot < ballots.promised {
            let promised = ballots.promised;
            return self.say(protocol, from, Message::Outbid(transaction, promised), turn);
        }
        (ballots.promised, ballots.accepted) = (ballot, Some((ballot, commit)));
        self.note(protocol, transaction, Next::Accepts(transaction, ballot, from), turn);
    }

    /// A record is safe: it says what it has promised or accepted.
    fn goes_on(&mut self, protocol: &TwoPhaseCommitProtocol, next: Next, turn: Now<'_, '_>) {
        match next {
            Next::Promises(transaction, ballot, to) => {
                let accepted = self.ballots.get(&transaction).and_then(|ballots| ballots.accepted);
                self.say(protocol, to, Message::Promise(transaction, ballot, accepted), turn);
            }
            Next::Accepts(transaction, ballot, to) => self.say(protocol, to, Message::Accepted(transaction, ballot), turn),
        }
    }

    /// Says something to a coordinator, which may be itself.
    fn say(&mut self, protocol: &TwoPhaseCommitProtocol, to: u32, message: Message, turn: Now<'_, '_>) {
        if to == turn.me() { self.hears(protocol, to, message, turn) } else { turn.send(To::Member(to), message) }
    }

    fn promised(
        &mut self,
        protocol: &TwoPhaseCommitProtocol,
        transaction: Transaction,
        (ballot, from): (u32, u32),
        accepted: Accepted,
        turn: Now<'_, '_>,
    ) {
        let Some(open) = self.open.get_mut(&transaction) else { return };
        if open.stage != Stage::Claiming || open.ballot != ballot {
            return;
        }
        open.answered.insert(from);
        open.found = open.found.max(accepted);
        if open.answered.len() >= protocol.majority() {
            let commit = open.found.is_some_and(|(_, commit)| commit);
            self.propose(protocol, transaction, commit, turn);
        }
    }

    fn accepted(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, (ballot, from): (u32, u32), turn: Now<'_, '_>) {
        let Some(open) = self.open.get_mut(&transaction) else { return };
        if open.stage != Stage::Proposing || open.ballot != ballot {
            return;
        }
        open.answered.insert(from);
        if open.answered.len() < protocol.majority() {
            return;
        }
        open.stage = Stage::Telling;
        open.answered.clear();
        let (caller, commit) = (open.caller.take(), open.commit);
        caller.into_iter().for_each(|caller| turn.send(To::Held(caller), Message::Done(commit)));
        turn.announce(if commit { "DecidesCommit" } else { "DecidesAbort" }, transaction as i64);
        self.tell(protocol, transaction, turn);
    }

    /// Somebody else leads the transaction now. It waits, and takes over again if it hears no more.
    fn outbid(&mut self, protocol: &TwoPhaseCommitProtocol, transaction: Transaction, ballot: u32, turn: Now<'_, '_>) {
        let Some(open) = self.open.get_mut(&transaction) else { return };
        if matches!(open.stage, Stage::Claiming | Stage::Proposing) && ballot > open.ballot {
            open.ballot = ballot;
            open.stage = Stage::Claiming;
            open.answered.clear();
            let wait = turn.draws("again", ballot).wait().below(protocol.spec.patience);
            turn.set_timer(Timer(transaction), protocol.spec.patience.saturating_add(wait));
        }
    }
}
