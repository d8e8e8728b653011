//! Gossip: a rumour spreads, each round every member that may speak tells another.
//!
//! Source: A. Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987. Push: who knows tells
//! `fanout` others, drawn evenly. Pull: who does not know asks `fanout` others. Push-pull: everybody, whether it knows or not,
//! exchanges what it knows with `fanout` others.
//! Rounds are synchronous, as where such protocols are analysed: what is learned in a round is passed on from the next one
//! on. Left out: members that lose interest, and several rumours.

use super::{Announcement, Lie, Number, Protocol, Seen, Speaks, To, Truth, Turn, Verdict};
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;
use sim_core::units::Size;
use std::fmt;

/// Members among which a rumour spreads, as a scenario writes them. Member 0 knows it from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gossip {
    /// How many members there are, at least 2.
    pub members: u32,
    /// How long a round takes, by each member's own clock; longer than a message travels there and back.
    pub every: SimDuration,
    /// Who tells whom.
    pub mode: Mode,
    /// How many others a member speaks to in a round.
    #[serde(default = "one")]
    pub fanout: u32,
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

const fn one() -> u32 {
    1
}

/// Who tells whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Who knows tells others.
    Push,
    /// Who does not know asks others.
    Pull,
    /// Everybody exchanges what it knows with others.
    PushPull,
}

impl Registered for Gossip {
    const NAME: &'static str = "Gossip";
    const SUMMARY: &'static str = "a rumour spreads from member to member in rounds, by push, pull or push-pull";
}

impl Speaks for Gossip {
    type Protocol = GossipProtocol;

    fn protocol(&self) -> GossipProtocol {
        GossipProtocol { members: self.members, every: self.every, mode: self.mode, fanout: self.fanout }
    }

    super::peers!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members == 1 {
            complaints.push(complaint("members", "one member has nobody to tell; write at least 2"));
        }
        if self.every.is_zero() {
            complaints.push(complaint("every", "a round takes time; write how long, such as \"200ms\""));
        }
        if self.fanout == 0 || self.fanout >= self.members.max(2) {
            complaints.push(complaint("fanout", format!("a member speaks to 1 or more of the {} others", self.members.saturating_sub(1))));
        }
        complaints
    }
}

/// The protocol of [`Gossip`].
#[derive(Clone, Copy, Debug)]
pub struct GossipProtocol {
    members: u32,
    every: SimDuration,
    mode: Mode,
    fanout: u32,
}

/// What a member remembers.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Whether it knows.
    knows: bool,
    /// Whether it knew when the round began.
    knew: bool,
    /// The round, from 1.
    round: u32,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The rumour.
    Rumour,
    /// Whether I know it; what about you?
    Exchange(bool),
    /// Whether I know it.
    Reply(bool),
    /// A caller asks whether a member knows.
    Ask,
    /// Whether it does.
    Known(bool),
}

impl GossipProtocol {
    fn round(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.round += 1;
        member.knew = member.knows;
        turn.set_timer((), self.every);
        let message = match self.mode {
            Mode::Push if member.knew => Message::Rumour,
            Mode::Push => return,
            Mode::Pull if member.knew => return,
            Mode::Pull | Mode::PushPull => Message::Exchange(member.knew),
        };
        let mut told: Vec<u32> = Vec::with_capacity(self.fanout as usize);
        let draw = turn.draws("whom", member.round).choice();
        let mut nth = 0;
        // Bounded: there are more others than are told.
        while told.len() < self.fanout as usize {
            let other = draw.further(nth).index(u64::from(self.members - 1)) as u32;
            let other = other + u32::from(other >= turn.me());
            nth += 1;
            if !told.contains(&other) {
                told.push(other);
                turn.send(To::Member(other), message);
            }
        }
    }

    fn learn(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if !std::mem::replace(&mut member.knows, true) {
            turn.announce("Learns", i64::from(member.round));
        }
    }
}

impl Protocol for GossipProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    /// The next round begins.
    type Timer = ();
    /// How many members know.
    type Witness = u32;
    type Stored = ();

    // What is said in reply is a `reply`, a kind that everybody knows.
    const KINDS: &'static [&'static str] = &["rumour", "exchange", "ask", "known"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[("Learns", Number::Of("round"))];

    fn members(&self) -> u32 {
        self.members
    }

    fn member(&self, index: u32) -> Member {
        Member { knows: index == 0, knew: index == 0, round: 0 }
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Rumour => "rumour",
            Message::Exchange(_) => "exchange",
            Message::Reply(_) => "reply",
            Message::Ask => "ask",
            Message::Known(_) => "known",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Rumour => f.write_str("the rumour"),
            Message::Exchange(true) => f.write_str("knows the rumour; does the other?"),
            Message::Exchange(false) => f.write_str("does not know the rumour; does the other?"),
            Message::Reply(true) | Message::Known(true) => f.write_str("knows the rumour"),
            Message::Reply(false) | Message::Known(false) => f.write_str("does not know the rumour"),
            Message::Ask => f.write_str("is the rumour known?"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let member = turn.draws("member", 0).choice().index(u64::from(self.members)) as u32;
        turn.send(To::Member(member), Message::Ask);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Known(true) => Some(Outcome::Success),
            Message::Known(false) => Some(Outcome::Failed(Failure::Refused)),
            _ => None,
        }
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.round(member, turn);
    }

    fn on_request(&self, member: &mut Member, _message: Message, turn: &mut Turn<'_, Self>) {
        turn.send(To::Caller, Message::Known(member.knows));
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Rumour | Message::Reply(true) => self.learn(member, turn),
            Message::Exchange(knows) => {
                turn.send(To::Member(from), Message::Reply(member.knew));
                if knows {
                    self.learn(member, turn);
                }
            }
            Message::Reply(false) | Message::Ask | Message::Known(_) => {}
        }
    }

    fn on_timer(&self, member: &mut Member, (): (), turn: &mut Turn<'_, Self>) {
        self.round(member, turn);
    }

    fn on_crash(&self, member: &mut Member) {
        member.knows = false;
        member.knew = false;
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.round(member, turn);
    }

    /// A dishonest member says that it knows what it does not, and the other way round; a rumour that it passes on it can only
    /// keep to itself.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, _draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Rumour) => return Verdict::Withhold,
            (Lie::Wrong, Message::Exchange(knows) | Message::Reply(knows) | Message::Known(knows)) => *knows = !*knows,
            (Lie::Wrong, Message::Ask) => {}
        }
        Verdict::Send
    }

    fn witness(&self, knowing: &mut u32, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Announced(_, Announcement { what: "Learns", value }) = seen {
            *knowing += 1;
            observations.count("members that learned", 1);
            if *knowing == self.members - 1 {
                observations.most("rounds until everybody knew", value.unsigned_abs());
                observations.longest("time until everybody knew", truth.now.since_start());
            }
        }
    }
}
