//! What does each member of a replicated register, and each of its callers, do when it is its turn?

use super::member::{Member, Timer};
use super::message::{Message, Version};
use super::repair::HANDED;
use super::work::{Next, Work};
use super::{Asks, Coordinator, QuorumRegister, Versions};
use crate::history::Action;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;

/// The protocol of a [`QuorumRegister`].
#[derive(Clone, Debug)]
pub struct QuorumRegisterProtocol {
    pub(super) spec: QuorumRegister,
}

/// A caller's side of an attempt.
#[derive(Clone, Debug)]
pub enum Session {
    /// It coordinates the operation itself.
    Coordinates(Work),
    /// It waits for a member to do so.
    Waits,
}

impl QuorumRegisterProtocol {
    pub(super) fn new(spec: &QuorumRegister) -> Self {
        Self { spec: spec.clone() }
    }

    /// The replicas of a key.
    pub(super) fn replicas(&self, key: u32) -> impl Iterator<Item = u32> + use<> {
        let members = self.spec.members;
        (0..self.spec.replicas()).map(move |place| (key + place) % members)
    }

    /// The members that follow them on the ring.
    pub(super) fn stand_ins(&self, key: u32) -> impl Iterator<Item = u32> + use<> {
        let members = self.spec.members;
        (self.spec.replicas()..members).map(move |place| (key + place) % members)
    }

    pub(super) fn is_replica(&self, key: u32, member: u32) -> bool {
        self.replicas(key).any(|replica| replica == member)
    }

    pub(super) fn tell_others(&self, key: u32, message: &Message, turn: &mut Turn<'_, Self>) {
        let me = turn.me();
        self.replicas(key).filter(|other| *other != me).for_each(|other| turn.send(To::Member(other), message.clone()));
    }

    /// A replica keeps what it is told, unless it has something newer: then the write is discarded, and nobody is told.
    pub(super) fn keep(&self, member: &mut Member, key: u32, version: Version, turn: &mut Turn<'_, Self>) {
        if member.keep(key, version) {
            turn.announce("Discards", i64::from(key));
        }
    }

    /// The key that a call is about, and the value that its attempt writes, if it writes. A retry is a write of its own, with a new version,
    /// unless versions are counted: then all attempts of a call write the same one.
    fn asked(&self, turn: &Turn<'_, Self>) -> (u32, Option<u64>) {
        let (draws, asking) = (turn.draws_of_first("operation"), turn.asking());
        let value = if self.spec.versions == Versions::Counted { turn.value_of_call() } else { turn.unique_value() };
        match self.spec.asks {
            Asks::Drawn => {
                let key = draws.choice().index(u64::from(self.spec.keys)) as u32;
                (key, (!self.spec.reads.holds(draws.share())).then_some(value))
            }
            Asks::Alternating => (asking.client % self.spec.keys, (asking.ordinal % 2 == 0).then_some(value)),
        }
    }

    /// What an attempt that its caller coordinates makes of an answer.
    fn take(&self, work: &Work, next: Next, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match next {
            Next::Wait => None,
            Next::Store(version) => {
                let missing = self.replicas(work.key).filter(|replica| !work.has(*replica));
                missing.for_each(|replica| turn.send(To::Member(replica), Message::Write(0, work.key, version)));
                None
            }
            Next::Done(value) => {
                turn.rests_on(work.who_said_so());
                turn.returns(value);
                Some(Outcome::Success)
            }
            Next::Fail => Some(Outcome::Failed(Failure::Refused)),
        }
    }
}

impl Protocol for QuorumRegisterProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    type Timer = Timer;
    type Witness = ();
    type Stored = ();

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Discards", Number::Of("key")),
        ("Repairs", Number::Of("member")),
        ("KeepsHint", Number::Of("member")),
        ("HandsOver", Number::Of("member")),
    ];

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn member(&self, _index: u32) -> Member {
        Member::default()
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let (key, value) = self.asked(turn);
        turn.invoke(u64::from(key), value.map_or(Action::Read, Action::Write));
        let ordinal = turn.asking().ordinal;
        let coordinator = match self.spec.coordinator {
            Coordinator::Client => {
                let work = value.map_or(Work::read(key), |value| Work::write(key, value, self.number(ordinal, turn)));
                let message = work.stores_at_once().map_or(Message::Read(0, key), |version| Message::Write(0, key, version));
                self.replicas(key).for_each(|replica| turn.send(To::Member(replica), message.clone()));
                return Session::Coordinates(work);
            }
            Coordinator::AnyMember => turn.draws("coordinator", 0).choice().index(u64::from(self.spec.members)) as u32,
            Coordinator::OwnMember => turn.asking().client % self.spec.members,
        };
        turn.send(To::Member(coordinator), value.map_or(Message::Get(key), |value| Message::Put(key, value, ordinal)));
        Session::Waits
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match (session, message) {
            (Session::Coordinates(work), Message::Value(_, key, version)) if key == work.key => {
                let next = work.value(&self.spec, from, version);
                self.take(work, next, turn)
            }
            (Session::Coordinates(work), Message::Written(_, key, _)) if key == work.key => {
                let next = work.written(&self.spec, from);
                self.take(work, next, turn)
            }
            (Session::Waits, Message::Done) => {
                turn.returns(None);
                Some(Outcome::Success)
            }
            (Session::Waits, Message::Got(value)) => {
                turn.returns(value);
                Some(Outcome::Success)
            }
            _ => None,
        }
    }

    /// Of what was refused it is not said that it had no effect: a link may have made a second copy of the question, which comes later.
    fn on_refusal(&self, session: &mut Session, from: u32, failure: Failure, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let Session::Coordinates(work) = session else { return Some(Outcome::Failed(failure)) };
        let next = work.refused(&self.spec, from);
        self.take(work, next, turn)
    }

    fn on_start(&self, _member: &mut Member, turn: &mut Turn<'_, Self>) {
        if let Some(every) = self.spec.anti_entropy {
            turn.set_timer(Timer::Compare, every);
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Read(work, key) => turn.send(To::Caller, Message::Value(work, key, member.version(key))),
            Message::Write(work, key, version) => {
                self.keep(member, key, version, turn);
                turn.send(To::Caller, Message::Written(work, key, version));
            }
            Message::Put(key, value, ordinal) => {
                let number = self.number(ordinal, turn);
                self.coordinate(member, Work::write(key, value, number), turn);
            }
            Message::Get(key) => self.coordinate(member, Work::read(key), turn),
            _ => {}
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Read(work, key) => turn.send(To::Member(from), Message::Value(work, key, member.version(key))),
            Message::Write(work, key, version) => {
                self.keep(member, key, version, turn);
                turn.send(To::Member(from), Message::Written(work, key, version));
            }
            Message::Hint(work, key, version, replica) => {
                self.keep_hint(member, replica, key, version, turn);
                turn.send(To::Member(from), Message::Written(work, key, version));
            }
            Message::Value(work, _, version) => self.answered(member, work, from, Some(version), turn),
            Message::Written(HANDED, key, version) => self.handed(member, from, key, version, turn),
            Message::Written(work, ..) => self.answered(member, work, from, None, turn),
            Message::Digest(digest) => self.compared(member, from, &digest, turn),
            Message::Entries(entries) => entries.into_iter().for_each(|(key, version)| self.keep(member, key, version, turn)),
            Message::Lack(keys) => {
                let entries: Vec<(u32, Version)> = keys.into_iter().map(|key| (key, member.version(key))).collect();
                turn.send(To::Member(from), Message::Entries(entries));
            }
            Message::Put(..) | Message::Get(_) | Message::Done | Message::Got(_) => {}
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Overdue => self.overdue(member, turn),
            Timer::Hint => self.hints_due(member, turn),
            Timer::Offer => self.offer(member, turn),
            Timer::Compare => {
                self.compare(member, turn);
                turn.set_timer(Timer::Compare, self.spec.anti_entropy.unwrap_or(self.spec.patience));
            }
        }
    }

    /// What it has accepted, and hints, are on its disk.
    fn on_crash(&self, member: &mut Member) {
        member.works.clear();
        member.unhinted.clear();
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if let Some(every) = self.spec.anti_entropy {
            turn.set_timer(Timer::Compare, every);
        }
        self.offer(member, turn);
    }

    fn corrupt(&self, message: &Message, draw: Draw) -> Option<Message> {
        message.with_another_value(draw)
    }

    /// A dishonest member tells another value.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| honest.with_another_value(draw))
    }

    fn witness(&self, _witness: &mut (), seen: Seen, _truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Announced(_, Announcement { what, .. }) = seen {
            let counted = match what {
                "Discards" => "writes that a replica discarded as older",
                "Repairs" => "replicas repaired by reads",
                "KeepsHint" => "hints kept",
                "HandsOver" => "hints handed over",
                _ => return,
            };
            observations.count(counted, 1);
        }
    }
}
