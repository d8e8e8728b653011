//! Who is who among the members of a lock service, and who hears what?

use super::holder::Holder;
use super::message::Message;
use super::server::{Resource, Server};
use super::watch::Watch;
use super::{DistributedLock, LockRule, RESOURCE};
use crate::history::Action;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;
use std::ops::Range;

/// The protocol of a [`DistributedLock`].
#[derive(Clone, Debug)]
pub struct LockProtocol {
    pub(super) spec: DistributedLock,
}

/// What a member remembers.
#[derive(Clone, Debug)]
pub enum Member {
    /// A server that lends the lock.
    Server(Server),
    /// Somebody who wants it.
    Holder(Box<Holder>),
    /// What the lock protects.
    Resource(Resource),
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Of a server: what it has lent is over.
    Over,
    /// Of a holder: no answer has come, or it has rested.
    Wait,
    /// Of a holder: its work is done.
    Work,
}

impl LockProtocol {
    pub(super) fn new(spec: &DistributedLock) -> Self {
        Self { spec: spec.clone() }
    }

    pub(super) fn keeps(&self, rule: LockRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    pub(super) const fn servers(&self) -> Range<u32> {
        0..self.spec.servers
    }

    pub(super) const fn is_server(&self, member: u32) -> bool {
        member < self.spec.servers
    }

    pub(super) const fn majority(&self) -> usize {
        self.spec.servers as usize / 2 + 1
    }

    pub(super) const fn resource(&self) -> u32 {
        self.spec.servers + self.spec.holders
    }

    /// Tokens are ordered by what was counted; those of several holders who counted alike differ.
    pub(super) fn token(&self, count: u64, holder: u32) -> u64 {
        count.saturating_mul(u64::from(self.spec.holders)).saturating_add(u64::from(holder - self.spec.servers))
    }

    pub(super) fn count_of(&self, token: u64) -> u64 {
        token / u64::from(self.spec.holders)
    }
}

impl Protocol for LockProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] =
        &[("Holds", Number::Of("member")), ("Releases", Number::Of("member")), ("Writes", Number::Of("member"))];

    const PROPERTIES: &'static [(&'static str, &'static str)] =
        &[("OneWriterAtATime", "nobody writes what was made of something that another has changed meanwhile")];

    const PRIMARY: Option<&'static str> = Some("holder of the lock");

    fn members(&self) -> u32 {
        self.resource() + 1
    }

    fn member(&self, index: u32) -> Member {
        match index {
            index if self.is_server(index) => Member::Server(Server::default()),
            index if index == self.resource() => Member::Resource(Resource::default()),
            _ => Member::Holder(Box::default()),
        }
    }

    fn leads(&self, member: &Member) -> bool {
        matches!(member, Member::Holder(holder) if holder.holds())
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let holder = turn.draws("holder", 0).choice().index(u64::from(self.spec.holders)) as u32;
        turn.invoke(RESOURCE, Action::Add(1));
        turn.send(To::Member(self.spec.servers + holder), Message::Do);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Done(content) => {
                turn.returns(content);
                Some(Outcome::Success)
            }
            // A second copy of the question may find room later: nobody says that it had no effect.
            Message::Refused => Some(Outcome::Failed(Failure::Overload)),
            _ => None,
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let (Member::Holder(holder), Message::Do) = (member, message) {
            holder.called(self, turn);
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Server(server) => server.hears(self, from, message, turn),
            Member::Holder(holder) => holder.hears(self, from, message, turn),
            Member::Resource(resource) => resource.hears(self, from, message, turn),
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match (member, timer) {
            (Member::Server(server), Timer::Over) => server.over(),
            (Member::Holder(holder), Timer::Wait) => holder.waited(self, turn),
            (Member::Holder(holder), Timer::Work) => holder.worked(self, turn),
            _ => {}
        }
    }

    fn on_crash(&self, member: &mut Member) {
        match member {
            Member::Server(server) => server.crashes(),
            Member::Holder(holder) => holder.crashes(),
            Member::Resource(_) => {}
        }
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if let Member::Server(server) = member {
            server.returns(self, turn);
        }
    }

    /// A dishonest server denies a lock that it lends, and grants one that it does not; a dishonest resource says of a write that it
    /// was refused, and of one that was refused that it was done; numbers are others.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| Some(honest.lie(draw)))
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        watch.sees(seen, truth.now, observations);
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        watch.ends(truth.now, observations);
    }

    fn examine(
        &self,
        watch: &mut Watch,
        (_, member): (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.looks(member, announced, truth.now, observations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};
    use crate::services::{Placement, usual_size};
    use sim_core::time::SimDuration;

    fn anything(words: &mut Words) -> Message {
        let (job, token, version) = (words.number(), words.number(), words.number());
        match words.index(14) {
            0 => Message::Do,
            1 => Message::Done(job),
            2 => Message::Refused,
            3 => Message::Ask(job),
            4 => Message::Grant(job, token),
            5 => Message::Denied(job),
            6 => Message::Stamp(job, token),
            7 => Message::Stamped(job),
            8 => Message::Release(job),
            9 => Message::Read(job, token),
            10 => Message::Value(job, version, words.number()),
            11 => Message::Write(job, token, version, words.number()),
            12 => Message::Written(job, version),
            _ => Message::Fenced(job),
        }
    }

    #[test]
    fn whatever_is_said_to_a_member_it_goes_on() {
        let second = SimDuration::from_secs(1);
        for servers in [1, 3] {
            let spec = DistributedLock {
                servers,
                holders: 2,
                ttl: second,
                work: SimDuration::from_millis(100),
                prepares: SimDuration::from_millis(10),
                patience: second,
                queue: 5,
                without: Vec::new(),
                domain: Placement::default(),
                message_size: usual_size(),
                authenticated: false,
            };
            bears_everything(&LockProtocol::new(&spec), anything);
            let without = vec![LockRule::Fencing, LockRule::ExpiryCheck, LockRule::DelayedRestart];
            bears_everything(&LockProtocol::new(&DistributedLock { without, ..spec }), anything);
        }
    }
}
