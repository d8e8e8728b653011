//! Who hears what among replicas, and when does a caller believe them?

use super::message::{Message, Request};
use super::replica::Replica;
use super::watch::Watch;
use super::{Pbft, PbftRule};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, Lie, Number, Protocol, To, Truth, Turn, Verdict, wish};
use sim_core::draw::Draw;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The protocol of [`Pbft`].
#[derive(Clone, Debug)]
pub struct PbftProtocol {
    pub(super) spec: Pbft,
}

/// A replica, and which member it is.
#[derive(Clone, Debug)]
pub struct Member {
    index: u32,
    replica: Box<Replica>,
}

/// What a caller has asked, and who answered what.
#[derive(Clone, Debug)]
pub struct Session {
    id: u64,
    is_read: bool,
    answers: BTreeMap<u32, u64>,
    /// Whose machines said that nobody listens.
    refused: BTreeSet<u32>,
}

impl PbftProtocol {
    pub(super) fn new(spec: &Pbft) -> Self {
        Self { spec: spec.clone() }
    }

    pub(super) fn keeps(&self, rule: PbftRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    pub(super) fn primary(&self, view: u64) -> u32 {
        (view % u64::from(self.spec.members)) as u32
    }

    /// As many as can be waited for: 2f + 1 of 3f + 1.
    pub(super) const fn quorum(&self) -> usize {
        (self.spec.members - self.spec.faults) as usize
    }

    /// Of so many that say the same, one is right.
    pub(super) const fn one_is_right(&self) -> usize {
        self.spec.faults as usize + 1
    }

    /// How far proposals may be ahead of the last stable checkpoint: two intervals, so that the next can be reached while the last is settled.
    pub(super) const fn window(&self) -> u64 {
        2 * self.spec.checkpoint_every as u64
    }

    pub(super) fn tell_others(&self, message: &Message, turn: &mut Turn<'_, Self>) {
        let me = turn.me();
        (0..self.spec.members).filter(|&member| member != me).for_each(|member| turn.send(To::Member(member), message.clone()));
    }
}

impl Protocol for PbftProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    /// A request was not done in time, or a view did not begin.
    type Timer = ();
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Executes", Number::Of("place")),
        ("CatchesUp", Number::Of("place")),
        ("WantsView", Number::Of("view")),
        ("EntersView", Number::Of("view")),
    ];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[("Agreement", "no two correct members decide differently")];

    const PRIMARY: Option<&'static str> = Some("primary");

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn leads(&self, member: &Member) -> bool {
        !member.replica.is_changing && self.primary(member.replica.view) == member.index
    }

    fn member(&self, index: u32) -> Member {
        Member { index, replica: Box::default() }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let (key, write) = wish::made((self.spec.keys, self.spec.reads), turn.value_of_call(), turn);
        // A write that is asked for again is done once. A read is asked for anew: what an earlier attempt was answered may be old by now.
        let draws = if write.is_some() { turn.draws_of_first("call") } else { turn.draws("call", 0) };
        let id = draws.wait().bits();
        let request = Message::Request(Request { id, key, write });
        (0..self.spec.members).for_each(|member| turn.send(To::Member(member), request.clone()));
        Session { id, is_read: write.is_none(), answers: BTreeMap::new(), refused: BTreeSet::new() }
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let Message::Reply(id, answer) = message else { return None };
        if id != session.id {
            return None;
        }
        session.answers.insert(from, answer);
        let alike = session.answers.values().filter(|&&other| other == answer).count();
        let enough = if self.keeps(PbftRule::ReplyQuorum) { self.one_is_right() } else { 1 };
        if alike < enough {
            return None;
        }
        turn.rests_on(session.answers.iter().filter(|&(_, &other)| other == answer).map(|(&member, _)| member));
        turn.returns(session.is_read.then_some(answer));
        Some(Outcome::Success)
    }

    /// The others answer, as long as there are enough of them.
    fn on_refusal(&self, session: &mut Session, from: u32, failure: Failure, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        session.refused.insert(from);
        let left = self.spec.members as usize - session.refused.len();
        (left < self.one_is_right()).then_some(Outcome::Failed(failure))
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let Message::Request(request) = message {
            member.replica.asked(self, request, turn);
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        let replica = &mut member.replica;
        match message {
            Message::PrePrepare(at, proposal) => replica.proposed(self, from, at, proposal, turn),
            Message::Prepare(..) | Message::Commit(..) => replica.voted(self, from, &message, turn),
            Message::Checkpoint(at, digest) => replica.told_of_checkpoint(self, from, (at, digest), turn),
            Message::ViewChange(view, change) => replica.wanted(self, from, view, change, turn),
            Message::NewView(view, proofs) => replica.new_view(self, from, view, &proofs, turn),
            Message::Fetch(executed) => replica.asked_for_state(self, from, executed, turn),
            Message::State(snapshot) => replica.told_state(self, from, *snapshot, turn),
            Message::Request(_) | Message::Reply(..) => {}
        }
    }

    fn on_timer(&self, member: &mut Member, (): (), turn: &mut Turn<'_, Self>) {
        member.replica.waited(self, turn);
    }

    /// What it has said it has written down; who asked it is forgotten.
    fn on_crash(&self, member: &mut Member) {
        let replica = &mut member.replica;
        replica.waiting.clear();
        (replica.is_timed, replica.has_asked) = (false, false);
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let replica = &mut member.replica;
        self.tell_others(&Message::Fetch(replica.executed), turn);
        replica.watch_the_time(self, turn);
    }

    /// A liar tells some that there was no request where it told others of one, in whatever role it has, keeps certificates to itself, and
    /// answers callers wrongly.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        let said = match lie {
            Lie::Old(old) => Some(old.clone()),
            Lie::Wrong => message.clone().lie(draw),
        };
        match said {
            Some(said) => *message = said,
            None => return Verdict::Withhold,
        }
        Verdict::Send
    }

    fn examine(
        &self,
        watch: &mut Watch,
        (instance, member): (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.sees((instance, &member.replica), (member.index, announced), truth, observations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};
    use crate::protocols::pbft::message::{Change, Proposal, Snapshot};

    fn proposal(words: &mut Words) -> Proposal {
        words.flag().then(|| Request { id: words.number(), key: words.small(), write: words.flag().then(|| words.number()) })
    }

    fn change(words: &mut Words) -> Change {
        let prepared = (0..words.index(3)).map(|_| (words.number(), (words.number(), proposal(words)))).collect();
        Change { stable: words.number(), prepared }
    }

    fn anything(words: &mut Words) -> Message {
        let at = (words.number(), words.number());
        match words.index(10) {
            0 => Message::Request(Request { id: at.0, key: words.small(), write: words.flag().then_some(at.1) }),
            1 => Message::Reply(at.0, at.1),
            2 => Message::PrePrepare(at, proposal(words)),
            3 => Message::Prepare(at, proposal(words)),
            4 => Message::Commit(at, proposal(words)),
            5 => Message::Checkpoint(at.0, at.1),
            6 => Message::ViewChange(at.0, change(words)),
            7 => Message::NewView(at.0, (0..words.index(5)).map(|_| (words.small(), change(words))).collect()),
            8 => Message::Fetch(at.0),
            _ => {
                let done = (0..words.index(3)).map(|_| (words.number(), words.number())).collect();
                Message::State(Box::new(Snapshot { at: at.0, store: BTreeMap::from([(words.small(), at.1)]), done }))
            }
        }
    }

    #[test]
    fn whatever_is_said_to_a_replica_it_goes_on() {
        let spec = Pbft { checkpoint_every: 4, ..Pbft::default() };
        bears_everything(&PbftProtocol::new(&spec), anything);
        let without = vec![PbftRule::PrepareRound, PbftRule::MatchingProposals, PbftRule::PreparedCertificates, PbftRule::ReplyQuorum];
        bears_everything(&PbftProtocol::new(&Pbft { without, ..spec }), anything);
    }
}
