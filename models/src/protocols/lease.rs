//! Lease: one server lends something to one holder at a time, for a time that each reckons by its own clock.
//!
//! Source: C. Gray, D. Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency",
//! SOSP 1989. It is safe if the holder stops before the server lends again: if the holder's clock is not slower than the
//! server's, and if the holder reckons from when it asked, not from when it heard. A server that comes back from a crash
//! lends nothing for the length of a lease, since it has forgotten to whom it lent. In the history of a run holders acquire and release the lease, which is
//! object 1, until it is over by their own clocks, and callers add to what it protects, object 0. Left out: fencing tokens.

use super::{Announcement, Lie, Number, Protocol, Seen, Speaker, Speaks, To, Truth, Turn, Verdict};
use crate::history::Action;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// What is protected, as an object of a history.
const RESOURCE: u64 = 0;

/// The lease, as an object of a history.
const LEASE: u64 = 1;

/// A lease, as a scenario writes it. Member 0 is the server, the others want the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// How many want the lease.
    pub holders: u32,
    /// How long it is lent.
    pub length: SimDuration,
    /// From when on the holder reckons.
    #[serde(default)]
    pub counted: Counted,
    /// How long after it asked last a holder asks for more time; only when its lease is over unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_after: Option<SimDuration>,
    /// Where server and holders stand.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// From when on a holder reckons the length of its lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// From when it asked: before the server lent it.
    #[default]
    FromRequest,
    /// From when it heard: after the server lent it, which is wrong.
    FromReceipt,
}

impl Registered for Lease {
    const NAME: &'static str = "Lease";
    const SUMMARY: &'static str = "a server lends something to one holder at a time; each reckons its length by its own clock";
}

impl Speaks for Lease {
    type Protocol = LeaseProtocol;

    fn protocol(&self) -> LeaseProtocol {
        LeaseProtocol { holders: self.holders, length: self.length, counted: self.counted, renews_after: self.renews_after }
    }

    fn members(&self) -> u32 {
        self.holders.saturating_add(1)
    }

    super::placed!();
    super::authenticated!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.holders == 0 {
            complaints.push(complaint("holders", "nobody wants the lease; write `holders: 2`"));
        }
        if self.length.is_zero() {
            complaints.push(complaint("length", "a lease of no time is never held"));
        }
        if self.renews_after.is_some_and(|after| after.is_zero() || after >= self.length) {
            complaints.push(complaint(
                "renews_after",
                format!("a holder asks again before its lease of {} is over, and not at once", self.length),
            ));
        }
        complaints
    }
}

/// The protocol of a [`Lease`].
#[derive(Clone, Copy, Debug)]
pub struct LeaseProtocol {
    holders: u32,
    length: SimDuration,
    counted: Counted,
    renews_after: Option<SimDuration>,
}

/// What a member remembers.
#[derive(Clone, Debug)]
pub enum Member {
    /// The server.
    Server {
        /// Who has the lease, as far as the server knows; nobody in particular after a crash.
        lent: Option<Option<u32>>,
        /// Who wants it.
        waiting: VecDeque<u32>,
    },
    /// Somebody who wants the lease.
    Holder {
        /// When it asked last.
        asked: SimTime,
        /// Until when it holds the lease.
        until: Option<SimTime>,
    },
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A holder wants the lease, or more time.
    Ask,
    /// The server lends it.
    Grant,
    /// A caller wants something done that only the holder may do.
    Do,
    /// Whether it was done.
    Done(bool),
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The lease is over.
    Over,
    /// Time to ask.
    Ask,
}

/// Who holds the lease, really, and since when two do.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    holders: BTreeMap<InstanceId, SimTime>,
    two_since: Option<SimTime>,
}

impl Watch {
    /// Somebody who may hold the lease does not hold it any more.
    fn released(&mut self, holder: InstanceId, now: SimTime, observations: &mut Observations) {
        if let Some(since) = self.holders.remove(&holder) {
            observations.total("time leases were held", now - since);
        }
        if self.holders.len() < 2
            && let Some(since) = self.two_since.take()
        {
            observations.total("time with two holders", now - since);
            observations.longest("time with two holders", now - since);
        }
    }
}

impl LeaseProtocol {
    fn lend(&self, lent: &mut Option<Option<u32>>, waiting: &mut VecDeque<u32>, turn: &mut Turn<'_, Self>) {
        *lent = waiting.pop_front().map(Some);
        if let Some(Some(holder)) = *lent {
            turn.send(To::Member(holder), Message::Grant);
            turn.set_timer(Timer::Over, self.length);
        }
    }

    fn ask(&self, asked: &mut SimTime, turn: &mut Turn<'_, Self>) {
        *asked = turn.now();
        turn.send(To::Member(0), Message::Ask);
        // A question or its answer may be lost.
        turn.set_timer(Timer::Ask, self.renews_after.unwrap_or(self.length));
    }

    fn granted(&self, asked: SimTime, until: &mut Option<SimTime>, turn: &mut Turn<'_, Self>) {
        let from = if self.counted == Counted::FromRequest { asked } else { turn.now() };
        let over = from.saturating_add(self.length);
        if over <= turn.now() {
            return;
        }
        if until.is_none() {
            turn.invoke(LEASE, Action::Acquire);
            turn.returns(None);
            turn.announce("Holds", i64::from(turn.me()));
        }
        turn.holds_until(LEASE, over);
        *until = Some(over);
        turn.set_timer(Timer::Over, over - turn.now());
    }
}

impl Protocol for LeaseProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["ask", "grant", "do", "done"];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[("OneHolder", "no two members hold the lease at once")];

    const ANNOUNCES: &'static [(&'static str, Number)] =
        &[("Holds", Number::Of("member")), ("Serves", Number::Of("member")), ("Releases", Number::Of("member"))];

    const PRIMARY: Option<&'static str> = Some("holder of the lease");

    fn members(&self) -> u32 {
        self.holders + 1
    }

    fn member(&self, index: u32) -> Member {
        match index {
            0 => Member::Server { lent: None, waiting: VecDeque::new() },
            _ => Member::Holder { asked: SimTime::ZERO, until: None },
        }
    }

    fn leads(&self, member: &Member) -> bool {
        matches!(member, Member::Holder { until: Some(_), .. })
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Ask => "ask",
            Message::Grant => "grant",
            Message::Do => "do",
            Message::Done(_) => "done",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Ask => f.write_str("the lease, or more time"),
            Message::Grant => f.write_str("the lease is lent"),
            Message::Do => f.write_str("to be done by who holds the lease"),
            Message::Done(true) => f.write_str("it is done"),
            Message::Done(false) => f.write_str("it is not done: the lease is not held"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let holder = 1 + turn.draws("holder", 0).choice().index(u64::from(self.holders)) as u32;
        turn.invoke(RESOURCE, Action::Add(1));
        turn.send(To::Member(holder), Message::Do);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Done(true) => {
                turn.returns(None);
                Some(Outcome::Success)
            }
            Message::Done(false) => Some(Outcome::Failed(Failure::Refused)),
            Message::Ask | Message::Grant | Message::Do => None,
        }
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if let Member::Holder { asked, .. } = member {
            self.ask(asked, turn);
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let (Member::Holder { until, .. }, Message::Do) = (member, message) {
            let holds = until.is_some();
            if holds {
                turn.announce("Serves", i64::from(turn.me()));
            }
            turn.send(To::Caller, Message::Done(holds));
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match (member, message) {
            (Member::Server { lent, waiting }, Message::Ask) => {
                if *lent == Some(Some(from)) {
                    turn.send(To::Member(from), Message::Grant);
                    turn.set_timer(Timer::Over, self.length);
                    return;
                }
                if !waiting.contains(&from) {
                    waiting.push_back(from);
                }
                if lent.is_none() {
                    self.lend(lent, waiting, turn);
                }
            }
            (Member::Holder { asked, until }, Message::Grant) => self.granted(*asked, until, turn),
            _ => {}
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match (member, timer) {
            (Member::Server { lent, waiting }, Timer::Over) => self.lend(lent, waiting, turn),
            (Member::Holder { asked, until }, Timer::Over) => {
                *until = None;
                turn.releases(LEASE);
                turn.announce("Releases", i64::from(turn.me()));
                self.ask(asked, turn);
            }
            // Who holds the lease and does not renew it asks again when it is over.
            (Member::Holder { until: Some(_), .. }, Timer::Ask) if self.renews_after.is_none() => {}
            (Member::Holder { asked, .. }, Timer::Ask) => self.ask(asked, turn),
            (Member::Server { .. }, Timer::Ask) => {}
        }
    }

    fn on_crash(&self, member: &mut Member) {
        match member {
            Member::Server { lent, waiting } => {
                *lent = Some(None);
                waiting.clear();
            }
            Member::Holder { until, .. } => *until = None,
        }
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Server { .. } => turn.set_timer(Timer::Over, self.length),
            Member::Holder { asked, .. } => self.ask(asked, turn),
        }
    }

    /// A dishonest holder says that it holds what it does not, and the other way round. Asking and lending carry nothing that could
    /// be wrong but the name of who does so.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, _draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Done(done)) => *done = !*done,
            (Lie::Wrong, Message::Ask | Message::Grant | Message::Do) => {}
        }
        Verdict::Send
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        match seen {
            Seen::Announced(Speaker::Member(_, holder), Announcement { what: "Holds", .. }) => {
                watch.holders.insert(holder, truth.now);
                observations.count("leases held", 1);
                observations.speaks_for("OneHolder");
                if watch.holders.len() == 2 {
                    watch.two_since = Some(truth.now);
                    observations.count("leases held twice", 1);
                    observations.violated("OneHolder", truth.now, || "two members hold the lease at once".to_owned());
                }
            }
            Seen::Announced(Speaker::Member(_, holder), Announcement { what: "Releases", .. }) | Seen::Died(_, holder) => {
                watch.released(holder, truth.now, observations);
            }
            Seen::Announced(_, Announcement { what: "Serves", .. }) => {
                observations.count("calls served while two held", u64::from(watch.holders.len() > 1));
            }
            Seen::Announced(..) | Seen::Returned(..) => {}
        }
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        // The first to go ends the time that two held it, and the others go at the same instant.
        while let Some((&holder, _)) = watch.holders.first_key_value() {
            watch.released(holder, truth.now, observations);
        }
    }
}
