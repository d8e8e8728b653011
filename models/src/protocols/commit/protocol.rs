//! Who is who in a commit, and who hears what?

use super::coordinator::Coordinator;
use super::message::{Message, Record, Transaction};
use super::participant::Participant;
use super::watch::{Rules, Watch};
use super::{CommitRule, TwoPhaseCommit};
use crate::disks::{Completion, DiskTimes};
use crate::history::Action;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, Lie, Number, Protocol, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;
use std::ops::Range;

/// The protocol of a [`TwoPhaseCommit`].
#[derive(Clone, Debug)]
pub struct TwoPhaseCommitProtocol {
    pub(super) spec: TwoPhaseCommit,
    times: DiskTimes,
}

/// What a member remembers.
#[derive(Clone, Debug)]
pub enum Member {
    /// A coordinator.
    Coordinator(Box<Coordinator>),
    /// A participant.
    Participant(Box<Participant>),
}

/// Nothing has come for a while about this transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer(pub(super) Transaction);

impl TwoPhaseCommitProtocol {
    pub(super) fn new(spec: &TwoPhaseCommit) -> Self {
        Self { spec: spec.clone(), times: spec.disk.compile() }
    }

    pub(super) fn keeps(&self, rule: CommitRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    pub(super) const fn is_coordinator(&self, member: u32) -> bool {
        member < self.spec.coordinators
    }

    pub(super) const fn coordinators(&self) -> Range<u32> {
        0..self.spec.coordinators
    }

    pub(super) const fn participants(&self) -> Range<u32> {
        self.spec.coordinators..self.spec.coordinators + self.spec.participants
    }

    pub(super) const fn everybody(&self) -> Range<u32> {
        0..self.spec.coordinators + self.spec.participants
    }

    /// The other coordinators.
    pub(super) fn others(&self, me: u32) -> impl Iterator<Item = u32> + use<> {
        self.coordinators().filter(move |&member| member != me)
    }

    pub(super) const fn majority(&self) -> usize {
        self.spec.coordinators as usize / 2 + 1
    }

    const fn rules(&self) -> Rules {
        Rules { participants: self.spec.participants, within: self.spec.decides_within }
    }
}

impl Protocol for TwoPhaseCommitProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = Record;

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Begins", Number::Of("transaction")),
        ("Prepares", Number::Of("transaction")),
        ("DecidesCommit", Number::Of("transaction")),
        ("DecidesAbort", Number::Of("transaction")),
        ("Commits", Number::Of("transaction")),
        ("Aborts", Number::Of("transaction")),
        ("Forgets", Number::Of("transaction")),
        ("Recovers", Number::Count("open transactions")),
    ];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[
        ("Atomicity", "all participants of a transaction end it in the same way, and none commits it that not all have voted for"),
        ("Integrity", "no correct member decides twice"),
        ("DecidesWithin", "a participant that has voted yes, and lives, knows the decision within the time that the group says"),
    ];

    fn members(&self) -> u32 {
        self.everybody().end
    }

    fn member(&self, index: u32) -> Member {
        if self.is_coordinator(index) { Member::Coordinator(Box::default()) } else { Member::Participant(Box::default()) }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn disk(&self) -> Option<&DiskTimes> {
        Some(&self.times)
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let coordinator = turn.draws("coordinator", 0).choice().index(u64::from(self.spec.coordinators)) as u32;
        turn.invoke(0, Action::Add(1));
        turn.send(To::Member(coordinator), Message::Do);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Done(true) => {
                turn.returns(None);
                Some(Outcome::Success)
            }
            // A second copy of the question is another transaction, which may be done: nobody says that it had no effect.
            Message::Done(false) => Some(Outcome::Failed(Failure::Conflict)),
            Message::Refused => Some(Outcome::Failed(Failure::Overload)),
            _ => None,
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let (Member::Coordinator(coordinator), Message::Do) = (member, message) {
            coordinator.called(self, turn);
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Coordinator(coordinator) => coordinator.hears(self, from, message, turn),
            Member::Participant(participant) => participant.hears(self, from, message, turn),
        }
    }

    fn on_timer(&self, member: &mut Member, Timer(transaction): Timer, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Coordinator(coordinator) => coordinator.waited(self, transaction, turn),
            Member::Participant(participant) => participant.waited(self, transaction, turn),
        }
    }

    fn on_disk(&self, member: &mut Member, done: Completion, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Coordinator(coordinator) => coordinator.disk(self, done, turn),
            Member::Participant(participant) => participant.disk(self, done, turn),
        }
    }

    fn on_crash(&self, member: &mut Member) {
        match member {
            Member::Coordinator(coordinator) => coordinator.crashes(),
            Member::Participant(participant) => participant.crashes(),
        }
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Coordinator(_) => Coordinator::returns(turn),
            Member::Participant(_) => Participant::returns(turn),
        }
    }

    /// A liar says no for yes, and the other way round: in votes, decisions, promises and answers.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| Some(honest.lie(draw)))
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        watch.ends(self.rules(), truth.now, observations);
    }

    fn examine(
        &self,
        watch: &mut Watch,
        member: (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.sees(member, announced, (self.rules(), truth.now), observations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::commit::message::State;
    use crate::protocols::commit::{Phases, Termination};
    use crate::protocols::hostile::{Words, bears_everything};

    fn anything(words: &mut Words) -> Message {
        let (transaction, ballot, flag) = (words.number(), words.number() as u32, words.flag());
        match words.index(18) {
            0 => Message::Do,
            1 => Message::Done(flag),
            2 => Message::Refused,
            3 => Message::Prepare(transaction),
            4 => Message::Vote(transaction, flag),
            5 => Message::PreCommit(transaction),
            6 => Message::Ready(transaction),
            7 => Message::Decision(transaction, flag),
            8 => Message::Finished(transaction, flag),
            9 => Message::Forget(transaction),
            10 => Message::Inquire(transaction),
            11 => Message::Query(transaction),
            12 => Message::State(transaction, if flag { State::PreCommitted } else { State::Decided(words.flag()) }),
            13 => Message::Claim(transaction, ballot),
            14 => Message::Promise(transaction, ballot, words.flag().then_some((ballot, flag))),
            15 => Message::Accept(transaction, ballot, flag),
            16 => Message::Accepted(transaction, ballot),
            _ => Message::Outbid(transaction, ballot),
        }
    }

    #[test]
    fn whatever_is_said_to_a_member_it_goes_on() {
        for (coordinators, phases) in [(1, Phases::Two), (1, Phases::Three), (3, Phases::Two)] {
            let spec = TwoPhaseCommit { coordinators, phases, termination: Termination::Everybody, ..TwoPhaseCommit::default() };
            bears_everything(&TwoPhaseCommitProtocol::new(&spec), anything);
            let without = vec![CommitRule::LogsBeforeVoting, CommitRule::LogsBeforeTelling];
            bears_everything(&TwoPhaseCommitProtocol::new(&TwoPhaseCommit { without, ..spec }), anything);
        }
    }
}
