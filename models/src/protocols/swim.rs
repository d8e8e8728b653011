//! SWIM: every member probes one other per period, and asks helpers to try before it suspects.
//!
//! Source: A. Das, I. Gupta, A. Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership
//! Protocol", DSN 2002: random probing (section 3.1) and round robin over a shuffled list (section 4.3). A probe is a ping
//! and its answer; after `timeout` without one, `helpers` members are asked to ping on the prober's behalf; at the end of the
//! period who has not answered is suspected. Left out: what is suspected is not spread (see Gossip for how fast that is),
//! and there is no time in which a suspect may defend itself.

use super::heartbeats::{another_count, observe_suspicion};
use super::{Announcement, Lie, Number, Protocol, Seen, Speaks, To, Truth, Turn, Verdict};
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;
use sim_core::units::Size;
use std::fmt;

/// Members that probe each other, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swim {
    /// How many members there are, at least 2.
    pub members: u32,
    /// How often each of them probes one other.
    pub period: SimDuration,
    /// How long it waits for an answer before it asks helpers; shorter than the period.
    pub timeout: SimDuration,
    /// How many it asks.
    #[serde(default = "three")]
    pub helpers: u32,
    /// Whom it probes.
    #[serde(default)]
    pub order: Order,
    /// Where the members stand.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

const fn three() -> u32 {
    3
}

/// Whom a member probes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Any other, drawn evenly each time.
    #[default]
    Random,
    /// All others in turn, shuffled anew each time through: nobody is left out for long.
    RoundRobin,
}

impl Registered for Swim {
    const NAME: &'static str = "Swim";
    const SUMMARY: &'static str = "every member probes one other per period, and asks helpers before it suspects";
}

impl Speaks for Swim {
    type Protocol = SwimProtocol;

    fn protocol(&self) -> SwimProtocol {
        SwimProtocol { members: self.members, period: self.period, timeout: self.timeout, helpers: self.helpers, order: self.order }
    }

    super::peers!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members == 1 {
            complaints.push(complaint("members", "one member has nobody to probe; write at least 2"));
        }
        if self.timeout.is_zero() || self.timeout >= self.period {
            complaints.push(complaint("timeout", format!("helpers are asked within the period of {}, and not at once", self.period)));
        }
        complaints
    }
}

/// The protocol of [`Swim`].
#[derive(Clone, Copy, Debug)]
pub struct SwimProtocol {
    members: u32,
    period: SimDuration,
    timeout: SimDuration,
    helpers: u32,
    order: Order,
}

/// What a member remembers.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// How many probes it has begun.
    probes: u32,
    /// Whom it probes, as long as there is no answer.
    unanswered: Option<u32>,
    /// Whom it probes next, the last first.
    list: Vec<u32>,
    suspected: Vec<u32>,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Do you live? On behalf of this member, for its probe of this number.
    Ping(u32, u32),
    /// Yes.
    Ack(u32, u32),
    /// Ping this member for me, for this probe of mine.
    PingFor(u32, u32),
    /// A caller asks how things are.
    Ask,
    /// So many members are believed to live.
    Alive(u32),
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The period is over.
    Period,
    /// No answer came yet.
    Help,
}

impl SwimProtocol {
    fn next_target(&self, member: &mut Member, turn: &Turn<'_, Self>) -> u32 {
        let others = u64::from(self.members - 1);
        let skipping_me = |index: u32| index + u32::from(index >= turn.me());
        if self.order == Order::Random {
            return skipping_me(turn.draws("target", member.probes).choice().index(others) as u32);
        }
        if member.list.is_empty() {
            let draws = turn.draws("order", member.probes);
            member.list = (0..self.members - 1).map(skipping_me).collect();
            member.list.sort_by_key(|&other| draws.choice().further(u64::from(other)).bits());
        }
        member.list.pop().expect("the list was filled")
    }

    fn probe(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let target = self.next_target(member, turn);
        member.probes += 1;
        member.unanswered = Some(target);
        turn.send(To::Member(target), Message::Ping(turn.me(), member.probes));
        turn.set_timer(Timer::Help, self.timeout);
        turn.set_timer(Timer::Period, self.period);
    }

    fn ask_helpers(&self, member: &Member, target: u32, turn: &mut Turn<'_, Self>) {
        let me = turn.me();
        let mut others: Vec<u32> = (0..self.members).filter(|&other| other != me && other != target).collect();
        let draw = turn.draws("helpers", member.probes).choice();
        for nth in 0..self.helpers.min(others.len() as u32) {
            let helper = others.swap_remove(draw.further(u64::from(nth)).index(others.len() as u64) as usize);
            turn.send(To::Member(helper), Message::PingFor(target, member.probes));
        }
    }

    fn judge(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let Some(target) = member.unanswered.take() else { return };
        turn.announce("ProbeFailed", i64::from(target));
        if !member.suspected.contains(&target) {
            member.suspected.push(target);
            turn.announce("Suspects", i64::from(target));
        }
    }
}

impl Protocol for SwimProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = ();
    type Stored = ();

    const KINDS: &'static [&'static str] = &["ping", "ack", "ping-for", "ask", "alive"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("ProbeFailed", Number::Of("member")),
        ("Suspects", Number::Of("member")),
        ("Trusts", Number::Of("member")),
        ("ProbeEnded", Number::Nothing),
    ];

    fn members(&self) -> u32 {
        self.members
    }

    fn member(&self, _index: u32) -> Member {
        Member::default()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Ping(..) => "ping",
            Message::Ack(..) => "ack",
            Message::PingFor(..) => "ping-for",
            Message::Ask => "ask",
            Message::Alive(_) => "alive",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Ping(of, probe) => write!(f, "does it live? for probe {probe} of member {of}"),
            Message::Ack(of, probe) => write!(f, "it lives, for probe {probe} of member {of}"),
            Message::PingFor(target, probe) => write!(f, "ping member {target} for probe {probe}"),
            Message::Ask => f.write_str("how many live?"),
            Message::Alive(count) => write!(f, "believes that {count} live"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let member = turn.draws("member", 0).choice().index(u64::from(self.members)) as u32;
        turn.send(To::Member(member), Message::Ask);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        matches!(message, Message::Alive(_)).then_some(Outcome::Success)
    }

    fn on_start(&self, _member: &mut Member, turn: &mut Turn<'_, Self>) {
        turn.set_timer(Timer::Period, self.period);
    }

    fn on_request(&self, member: &mut Member, _message: Message, turn: &mut Turn<'_, Self>) {
        turn.send(To::Caller, Message::Alive(self.members - member.suspected.len() as u32));
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Ping(prober, probe) => turn.send(To::Member(from), Message::Ack(prober, probe)),
            Message::PingFor(target, probe) => turn.send(To::Member(target), Message::Ping(from, probe)),
            Message::Ack(prober, probe) if prober != turn.me() => turn.send(To::Member(prober), Message::Ack(prober, probe)),
            Message::Ack(_, probe) => {
                if probe == member.probes
                    && let Some(target) = member.unanswered.take()
                    && member.suspected.contains(&target)
                {
                    member.suspected.retain(|&suspect| suspect != target);
                    turn.announce("Trusts", i64::from(target));
                }
            }
            Message::Ask | Message::Alive(_) => {}
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Help => {
                if let Some(target) = member.unanswered {
                    self.ask_helpers(member, target, turn);
                }
            }
            Timer::Period => {
                if member.probes > 0 {
                    turn.announce("ProbeEnded", 0);
                }
                self.judge(member, turn);
                self.probe(member, turn);
            }
        }
    }

    fn on_crash(&self, member: &mut Member) {
        // How many probes there were is remembered, so that a new life does not draw the luck of the old one again.
        *member = Member { probes: member.probes, ..Member::default() };
    }

    fn on_recover(&self, _member: &mut Member, turn: &mut Turn<'_, Self>) {
        turn.set_timer(Timer::Period, self.period);
    }

    /// A dishonest member acknowledges another probe than it was asked about, lets others ask for another member, and gives a wrong
    /// number of those it believes to live.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Ack(_, probe)) => *probe = probe.wrapping_add(1 + draw.index(1000) as u32),
            (Lie::Wrong, Message::PingFor(target, _)) => {
                *target = (*target + 1 + draw.index(u64::from(self.members - 1)) as u32) % self.members;
            }
            (Lie::Wrong, Message::Alive(count)) => *count = another_count(*count, self.members, draw),
            (Lie::Wrong, Message::Ping(..) | Message::Ask) => {}
        }
        Verdict::Send
    }

    fn witness(&self, _witness: &mut (), seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        let Seen::Announced(_, Announcement { what, value }) = seen else { return };
        match what {
            "ProbeEnded" => observations.count("probes", 1),
            "ProbeFailed" => observations.count("probes of the living that failed", u64::from(truth.down_since(value as u32).is_none())),
            "Suspects" => observe_suspicion(value as u32, truth, observations),
            _ => {}
        }
    }
}
