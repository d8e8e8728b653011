//! Grow-only counter: everybody counts for itself, tells others, and is always available.
//!
//! Source: M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski, "A Comprehensive Study of Convergent and Commutative Replicated Data Types",
//! INRIA 2011 (the G-Counter). A member has an entry for every member, adds to its own alone, and takes of each entry that it hears the
//! greater: what it hears twice, late or in another order makes no difference. The value is the sum. What a member has added to its own
//! entry is on its disk before it says so; what it has heard is not. Left out: members that come and go.

use super::told::Several;
use super::{Announcement, Lie, Number, Protocol, Seen, Speaker, Speaks, To, Truth, Turn, Verdict};
use crate::history::Action;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};
use std::collections::BTreeMap;
use std::fmt;

/// Members that count, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrowOnlyCounter {
    /// How many members there are.
    pub members: u32,
    /// How often each of them tells another, drawn evenly, what it knows.
    pub every: SimDuration,
    /// How many of the calls read the sum; the others add 1. Each asks a member drawn evenly.
    pub reads: Share,
    /// Rules that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<CounterRule>,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// A rule that keeps counts right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CounterRule {
    /// Of each entry that a member hears it takes the greater; without, it adds what it hears to what it has.
    GreaterEntry,
    /// A member's own entry is on its disk before it says that it has added.
    DurableEntry,
    /// A member merges what it hears with what it has; without, what it heard last takes the place of all that it has, and sums fall.
    Merging,
}

impl Default for GrowOnlyCounter {
    fn default() -> Self {
        Self {
            members: 3,
            every: SimDuration::from_millis(200),
            reads: Share::percent(50),
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for GrowOnlyCounter {
    const NAME: &'static str = "GrowOnlyCounter";
    const SUMMARY: &'static str = "everybody counts for itself and tells the others: always available, and never quite up to date";
}

impl Speaks for GrowOnlyCounter {
    type Protocol = CounterProtocol;

    fn protocol(&self) -> CounterProtocol {
        let keeps = |rule| !self.without.contains(&rule);
        CounterProtocol {
            members: self.members,
            every: self.every,
            reads: self.reads,
            takes_the_greater: keeps(CounterRule::GreaterEntry),
            is_durable: keeps(CounterRule::DurableEntry),
            merges: keeps(CounterRule::Merging),
        }
    }

    super::peers!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > MOST {
            complaints.push(complaint("members", format!("a counter has an entry for each member: at most {MOST}, not {}", self.members)));
        }
        if self.every.is_zero() {
            complaints.push(complaint("every", "members tell each other now and then; write how often, such as \"200ms\""));
        }
        complaints
    }
}

/// Own choice: what is told has an entry for every member.
const MOST: u32 = 100;

/// The protocol of a [`GrowOnlyCounter`].
#[derive(Clone, Copy, Debug)]
pub struct CounterProtocol {
    members: u32,
    every: SimDuration,
    reads: Share,
    takes_the_greater: bool,
    is_durable: bool,
    merges: bool,
}

/// What a member knows.
#[derive(Clone, Debug)]
pub struct Member {
    index: u32,
    /// How much each member has added, as far as is known.
    entries: Vec<u64>,
    round: u32,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller adds 1.
    Add,
    /// That is counted.
    Added,
    /// A caller wants the sum.
    Read,
    /// This is the sum.
    Sum(u64),
    /// What a member knows.
    Entries(Vec<u64>),
}

/// What was really added, and the greatest sum that each member has said in this life.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    added: u64,
    said: BTreeMap<InstanceId, u64>,
}

impl Member {
    fn sum(&self) -> u64 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(*entry))
    }
}

impl CounterProtocol {
    fn tell(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.round += 1;
        turn.set_timer((), self.every);
        if self.members > 1 {
            let other = turn.draws("whom", member.round).choice().index(u64::from(self.members - 1)) as u32;
            let other = other + u32::from(other >= turn.me());
            turn.send(To::Member(other), Message::Entries(member.entries.clone()));
        }
    }
}

impl Protocol for CounterProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    /// Time to tell another member.
    type Timer = ();
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["add", "added", "read", "sum", "entries"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[("Adds", Number::Count("to the sum")), ("Reads", Number::Of("sum"))];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[
        ("NeverTooMuch", "no member ever says a sum greater than what was added"),
        ("NeverLess", "no member ever says a smaller sum than before in the same life"),
    ];

    const GOALS: &'static [(&'static str, &'static str)] = &[("KnowsAll", "some read finds everything that was added before it")];

    fn members(&self) -> u32 {
        self.members
    }

    fn member(&self, index: u32) -> Member {
        Member { index, entries: vec![0; self.members as usize], round: 0 }
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Add => "add",
            Message::Added => "added",
            Message::Read => "read",
            Message::Sum(_) => "sum",
            Message::Entries(_) => "entries",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Add => f.write_str("add 1"),
            Message::Added => f.write_str("it is counted"),
            Message::Read => f.write_str("what is the sum?"),
            Message::Sum(sum) => write!(f, "it is {sum}"),
            Message::Entries(entries) => write!(f, "counted by each member: {}", Several(entries)),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let draws = turn.draws("call", 0);
        let member = draws.choice().index(u64::from(self.members)) as u32;
        let (action, message) = if self.reads.holds(turn.draws_of_first("call").share()) {
            (Action::Read, Message::Read)
        } else {
            (Action::Add(1), Message::Add)
        };
        turn.invoke(0, action);
        turn.send(To::Member(member), message);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Added => turn.returns(None),
            Message::Sum(sum) => turn.returns(sum),
            Message::Add | Message::Read | Message::Entries(_) => return None,
        }
        Some(Outcome::Success)
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.tell(member, turn);
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Add => {
                let own = &mut member.entries[member.index as usize];
                *own = own.saturating_add(1);
                turn.announce("Adds", 1);
                turn.send(To::Caller, Message::Added);
            }
            Message::Read => {
                let sum = member.sum();
                turn.announce("Reads", sum as i64);
                turn.send(To::Caller, Message::Sum(sum));
            }
            Message::Added | Message::Sum(_) | Message::Entries(_) => {}
        }
    }

    fn on_message(&self, member: &mut Member, _from: u32, message: Message, _turn: &mut Turn<'_, Self>) {
        let Message::Entries(heard) = message else { return };
        if !self.merges {
            member.entries.iter_mut().zip(heard).for_each(|(known, heard)| *known = heard);
            return;
        }
        for (known, heard) in member.entries.iter_mut().zip(heard) {
            *known = if self.takes_the_greater { heard.max(*known) } else { known.saturating_add(heard) };
        }
    }

    fn on_timer(&self, member: &mut Member, (): (), turn: &mut Turn<'_, Self>) {
        self.tell(member, turn);
    }

    fn on_crash(&self, member: &mut Member) {
        let own = if self.is_durable { member.entries[member.index as usize] } else { 0 };
        member.entries.fill(0);
        member.entries[member.index as usize] = own;
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.tell(member, turn);
    }

    /// A dishonest member says more or less than it knows.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => message.clone_from(old),
            (Lie::Wrong, Message::Sum(sum)) => *sum ^= 1 << draw.index(16),
            (Lie::Wrong, Message::Entries(entries)) => {
                let count = entries.len() as u64;
                if let Some(entry) = entries.get_mut(draw.index(count.max(1)) as usize) {
                    *entry ^= 1 << draw.further(1).index(16);
                }
            }
            (Lie::Wrong, Message::Add | Message::Added | Message::Read) => {}
        }
        Verdict::Send
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        match seen {
            Seen::Announced(_, Announcement { what: "Adds", .. }) => watch.added += 1,
            Seen::Announced(Speaker::Member(member, instance), Announcement { what: "Reads", value }) => {
                let sum = value as u64;
                let before = watch.said.insert(instance, sum).unwrap_or(0);
                observations.count("sums read", 1);
                ["NeverTooMuch", "NeverLess"].into_iter().for_each(|property| observations.speaks_for(property));
                observations.most("additions that a read missed", watch.added.saturating_sub(sum));
                if sum > watch.added {
                    observations
                        .violated("NeverTooMuch", truth.now, || format!("member {member} says {sum}, and {} were added", watch.added));
                }
                if sum < before {
                    observations.violated("NeverLess", truth.now, || format!("member {member} says {sum}, and has said {before}"));
                }
                if sum == watch.added && sum > 0 {
                    observations.reached("KnowsAll", truth.now);
                }
            }
            Seen::Died(_, instance) => {
                watch.said.remove(&instance);
            }
            Seen::Announced(..) | Seen::Returned(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};

    fn anything(words: &mut Words) -> Message {
        match words.index(5) {
            0 => Message::Add,
            1 => Message::Added,
            2 => Message::Read,
            3 => Message::Sum(words.number()),
            _ => Message::Entries((0..words.index(5)).map(|_| words.number()).collect()),
        }
    }

    #[test]
    fn whatever_is_said_to_a_member_it_goes_on() {
        bears_everything(&GrowOnlyCounter::default().protocol(), anything);
        let without = vec![CounterRule::GreaterEntry, CounterRule::Merging, CounterRule::DurableEntry];
        bears_everything(&GrowOnlyCounter { without, ..GrowOnlyCounter::default() }.protocol(), anything);
    }
}
