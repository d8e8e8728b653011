//! Byzantine register: a value that several replicas keep, some of which lie.
//!
//! Source: D. Malkhi, M. Reiter, "Byzantine Quorum Systems", Distributed Computing 1998. Two quorums have so many replicas in common that
//! the lies of `faults` of them do no harm. `data: Signed` (dissemination quorums): values carry the signature of who wrote them, so that a
//! replica can only say that it has an older one; two quorums have a correct replica in common, as 2f + 1 of 3f + 1 do. `data: Plain`
//! (masking quorums): a replica can make up a value, so a reader believes what f + 1 say alike, and two quorums have f + 1 correct replicas
//! in common, as 3f + 1 of 4f + 1 do. A read writes back what it answers, as in H. Attiya, A. Bar-Noy, D. Dolev, JACM 1995. What a
//! replica has accepted survives its crash. Left out: writers that lie.

use super::told::Beginning;
use super::{Lie, OF_REGISTERS, Protocol, Speaks, To, TooSmall, Turn, Verdict, wish};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::units::{Share, Size};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Replicas of a register, or of many, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ByzantineRegister {
    /// How many replicas there are.
    pub members: u32,
    /// How many of them may lie.
    pub faults: u32,
    /// Whether values are signed by who wrote them.
    pub data: Data,
    /// How many answers a read or a write waits for; the fewest that are enough unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// How many keys there are; a call reads or writes one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// Rules of safety that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<RegisterRule>,
    /// Where the replicas stand.
    pub domain: Placement,
    /// How large each of their messages is, and each of their callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
}

/// Whether values are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Data {
    /// By who wrote them: nobody else can make one up.
    #[default]
    Signed,
    /// They are not: a replica can say what it likes.
    Plain,
}

/// A rule that keeps readers from lies and from going back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegisterRule {
    /// A plain value is believed that one more replica gives than may lie; without, the newest that any gives.
    Vouching,
    /// A read writes back what it answers, unless a quorum has that.
    WriteBack,
}

impl Default for ByzantineRegister {
    fn default() -> Self {
        Self {
            members: 4,
            faults: 1,
            data: Data::default(),
            quorum: None,
            keys: 1,
            reads: Share::percent(50),
            without: Vec::new(),
            domain: Placement::default(),
            message_size: usual_size(),
        }
    }
}

impl Registered for ByzantineRegister {
    const NAME: &'static str = "ByzantineRegister";
    const SUMMARY: &'static str =
        "a register whose replicas may lie, read and written by quorums that bear it, with signed values or plain ones";
}

impl ByzantineRegister {
    /// The fewest whose quorums have a correct replica in common, or one more than may lie.
    const fn fewest(&self) -> u32 {
        let surplus = match self.data {
            Data::Signed => self.faults + 1,
            Data::Plain => 2 * self.faults + 1,
        };
        (self.members + surplus).div_ceil(2)
    }
}

impl Speaks for ByzantineRegister {
    type Protocol = ByzantineRegisterProtocol;

    fn protocol(&self) -> ByzantineRegisterProtocol {
        ByzantineRegisterProtocol { quorum: self.quorum.unwrap_or_else(|| self.fewest()) as usize, spec: self.clone() }
    }

    fn members(&self) -> u32 {
        self.members
    }

    super::placed!();

    fn too_small(&self) -> Option<TooSmall> {
        let (quorum, fewest) = (self.quorum?, self.fewest());
        (quorum < fewest).then(|| TooSmall {
            field: "quorum",
            sentence: format!(
                "two quorums of {quorum} among {} replicas may have none in common that is honest and outvotes {} who lie",
                self.members, self.faults
            ),
            remedy: if fewest > self.members {
                format!("write more `members`, and a `quorum` of {fewest} or more")
            } else {
                format!("write {fewest} or more, or leave it out")
            },
            breaks: OF_REGISTERS,
        })
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > MOST {
            complaints.push(complaint("members", format!("callers ask every replica: at most {MOST}, not {}", self.members)));
        }
        if self.faults >= self.members {
            complaints.push(complaint("faults", format!("of {} replicas fewer may lie than there are", self.members)));
        }
        match self.quorum {
            Some(quorum) if !(1..=self.members).contains(&quorum) => {
                complaints.push(complaint("quorum", format!("a quorum is 1 to {} of the members, not {quorum}", self.members)));
            }
            None if self.faults <= MOST && self.fewest() > self.members => {
                let sentence = format!("quorums that bear {} liars would need more than {} members; write more", self.faults, self.members);
                complaints.push(complaint("members", sentence));
            }
            _ => {}
        }
        if !(1..=100_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("there are 1 to 100000 keys, not {}", self.keys)));
        }
        complaints
    }
}

/// Own choice, far above what anybody does.
const MOST: u32 = 100;

/// The protocol of a [`ByzantineRegister`].
#[derive(Clone, Debug)]
pub struct ByzantineRegisterProtocol {
    spec: ByzantineRegister,
    quorum: usize,
}

/// A version: a number, and the value that was written; of equal numbers the greater value is the newer one.
pub type Version = (u64, u64);

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// What is the version of this key?
    Ask(u32),
    /// This.
    Version(u64, u64),
    /// Keep this version of this key, unless a newer one is there.
    Store(u32, u64, u64),
    /// That is done.
    Stored,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(key) => write!(f, "which version has key {key}?"),
            Self::Version(number, value) => write!(f, "version {number} ({})", Beginning(*value)),
            Self::Store(key, number, value) => write!(f, "keep version {number} ({}) of key {key}", Beginning(*value)),
            Self::Stored => f.write_str("it is kept"),
        }
    }
}

/// What a caller has heard.
#[derive(Clone, Debug)]
pub struct Session {
    key: u32,
    write: Option<u64>,
    versions: BTreeMap<u32, Version>,
    /// What it writes, or writes back, once it knows.
    storing: Option<Version>,
    stored: BTreeSet<u32>,
    /// Whose machines said that nobody listens.
    refused: BTreeSet<u32>,
}

impl Session {
    /// Those who have said that this is the version they have.
    fn who_said(&self, version: Version) -> impl Iterator<Item = u32> {
        self.versions.iter().filter(move |&(_, said)| *said == version).map(|(&member, _)| member)
    }
}

impl ByzantineRegisterProtocol {
    fn keeps(&self, rule: RegisterRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    /// What a reader believes: the newest version that it has reason to. Nothing was written before the version `(0, 0)`.
    fn believed(&self, versions: &BTreeMap<u32, Version>) -> Option<Version> {
        if self.spec.data == Data::Signed || !self.keeps(RegisterRule::Vouching) {
            return versions.values().max().copied();
        }
        let alike = |version: &&Version| versions.values().filter(|other| other == version).count() > self.spec.faults as usize;
        versions.values().filter(alike).max().copied()
    }

    /// A number that a correct replica has, or a greater one: what a writer goes beyond.
    fn highest(&self, versions: &BTreeMap<u32, Version>) -> u64 {
        let mut numbers: Vec<u64> = versions.values().map(|(number, _)| *number).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        let believed = if self.spec.data == Data::Signed { 0 } else { self.spec.faults as usize };
        numbers.get(believed).or(numbers.last()).copied().unwrap_or(0)
    }

    fn versions_are_in(&self, session: &mut Session, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let version = match session.write {
            Some(value) => (self.highest(&session.versions).saturating_add(1), value),
            None => match self.believed(&session.versions) {
                Some(version) => version,
                // Nobody is believed yet; perhaps when more have answered.
                None if session.versions.len() < self.spec.members as usize => return None,
                None => {
                    turn.had_no_effect();
                    return Some(Outcome::Failed(Failure::Conflict));
                }
            },
        };
        let have = session.versions.values().filter(|have| **have == version).count();
        if session.write.is_none() && (have >= self.quorum || !self.keeps(RegisterRule::WriteBack)) {
            turn.rests_on(session.who_said(version));
            turn.returns(version.1);
            return Some(Outcome::Success);
        }
        session.storing = Some(version);
        let store = Message::Store(session.key, version.0, version.1);
        (0..self.spec.members).for_each(|member| turn.send(To::Member(member), store));
        None
    }
}

impl Protocol for ByzantineRegisterProtocol {
    /// The version of each key that was written.
    type Member = BTreeMap<u32, Version>;
    type Session = Session;
    type Message = Message;
    type Timer = ();
    type Witness = ();
    type Stored = ();

    const KINDS: &'static [&'static str] = &["ask", "version", "store", "stored"];

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn member(&self, _index: u32) -> BTreeMap<u32, Version> {
        BTreeMap::new()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Ask(_) => "ask",
            Message::Version(..) => "version",
            Message::Store(..) => "store",
            Message::Stored => "stored",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let (key, write) = wish::made((self.spec.keys, self.spec.reads), turn.unique_value(), turn);
        (0..self.spec.members).for_each(|member| turn.send(To::Member(member), Message::Ask(key)));
        Session { key, write, versions: BTreeMap::new(), storing: None, stored: BTreeSet::new(), refused: BTreeSet::new() }
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match (message, session.storing) {
            (Message::Version(number, value), None) => {
                session.versions.insert(from, (number, value));
                if session.versions.len() >= self.quorum { self.versions_are_in(session, turn) } else { None }
            }
            (Message::Stored, Some(version)) => {
                session.stored.insert(from);
                if session.stored.len() < self.quorum {
                    return None;
                }
                if session.write.is_some() {
                    turn.rests_on(session.stored.iter().copied());
                } else {
                    turn.rests_on(session.who_said(version));
                }
                turn.returns(session.write.is_none().then_some(version.1));
                Some(Outcome::Success)
            }
            _ => None,
        }
    }

    /// The others answer, as long as they are a quorum.
    fn on_refusal(&self, session: &mut Session, from: u32, failure: Failure, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        session.refused.insert(from);
        (self.spec.members as usize - session.refused.len() < self.quorum).then_some(Outcome::Failed(failure))
    }

    fn on_request(&self, member: &mut BTreeMap<u32, Version>, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Ask(key) => {
                let (number, value) = member.get(&key).copied().unwrap_or_default();
                turn.send(To::Caller, Message::Version(number, value));
            }
            Message::Store(key, number, value) => {
                let kept = member.entry(key).or_default();
                *kept = (*kept).max((number, value));
                turn.send(To::Caller, Message::Stored);
            }
            Message::Version(..) | Message::Stored => {}
        }
    }

    fn on_crash(&self, _member: &mut BTreeMap<u32, Version>) {}

    /// A liar says that it has nothing, or, where values are not signed, what nobody has written, as the newest there is.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Version(number, value)) => {
                let invents = self.spec.data == Data::Plain && draw.index(2) == 0;
                (*number, *value) = if invents { (number.saturating_add(1), draw.further(1).bits() | 1) } else { (0, 0) };
            }
            (Lie::Wrong, Message::Ask(_) | Message::Store(..) | Message::Stored) => {}
        }
        Verdict::Send
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};

    #[test]
    fn quorums_are_as_small_as_the_theory_allows() {
        let fewest = |members, faults, data| ByzantineRegister { members, faults, data, ..ByzantineRegister::default() }.fewest();
        for faults in 0..10 {
            assert_eq!(fewest(3 * faults + 1, faults, Data::Signed), 2 * faults + 1);
            assert_eq!(fewest(4 * faults + 1, faults, Data::Plain), 3 * faults + 1);
            // With one replica less no quorum can do without a liar.
            if faults > 0 {
                assert!(fewest(3 * faults, faults, Data::Signed) > 2 * faults);
                assert!(fewest(4 * faults, faults, Data::Plain) > 3 * faults);
            }
        }
    }

    #[test]
    fn whatever_is_said_to_a_replica_it_goes_on() {
        let anything = |words: &mut Words| match words.index(4) {
            0 => Message::Ask(words.small()),
            1 => Message::Version(words.number(), words.number()),
            2 => Message::Store(words.small(), words.number(), words.number()),
            _ => Message::Stored,
        };
        for data in [Data::Signed, Data::Plain] {
            let spec = ByzantineRegister { members: 5, data, ..ByzantineRegister::default() };
            bears_everything(&spec.protocol(), anything);
            let without = vec![RegisterRule::Vouching, RegisterRule::WriteBack];
            bears_everything(&ByzantineRegister { without, ..spec }.protocol(), anything);
        }
    }
}
