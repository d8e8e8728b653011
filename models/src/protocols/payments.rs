//! Payments: a call charges an account, perhaps twice if its answer is lost.
//!
//! Source: J. Gray, A. Reuter, "Transaction Processing", 1993 (testable and idempotent requests); the IETF draft "The Idempotency-Key
//! HTTP Header Field". All attempts of a call carry its key: a server that remembers the keys of what it has done, and what it answered,
//! does it once. One server, whose books survive crashes. Left out: several servers, and payments that fail.

use super::{Announcement, Lie, Protocol, Seen, Speaks, To, Truth, Turn, Verdict};
use crate::history::Action;
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Accounts that calls charge, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payments {
    /// How many accounts there are; a call charges one of them by 1, drawn evenly.
    pub accounts: u32,
    /// How long the server remembers what it has done.
    pub remembers: SimDuration,
    /// Rules that are broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<PaymentRule>,
    /// Where the server stands.
    pub domain: Placement,
    /// How large its messages are, and those of its callers; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
}

/// A rule that keeps a call from being charged twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentRule {
    /// What the server has done under a key it does not do again.
    IdempotencyKeys,
}

impl Default for Payments {
    fn default() -> Self {
        let remembers = SimDuration::from_secs(24 * 3_600);
        Self { accounts: 10, remembers, without: Vec::new(), domain: Placement::default(), message_size: usual_size() }
    }
}

impl Registered for Payments {
    const NAME: &'static str = "Payments";
    const SUMMARY: &'static str = "a server charges accounts, once for each call if it remembers their keys";
}

impl Speaks for Payments {
    type Protocol = PaymentsProtocol;

    fn protocol(&self) -> PaymentsProtocol {
        let has_keys = !self.without.contains(&PaymentRule::IdempotencyKeys);
        PaymentsProtocol { accounts: self.accounts, remembers: has_keys.then_some(self.remembers) }
    }

    fn members(&self) -> u32 {
        1
    }

    super::placed!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000_000).contains(&self.accounts) {
            complaints.push(complaint("accounts", format!("there are 1 to 1000000 accounts, not {}", self.accounts)));
        }
        if self.remembers.is_zero() {
            complaints.push(complaint("remembers", "a server that remembers nothing has no keys; write `without: [IdempotencyKeys]`"));
        }
        complaints
    }
}

/// The protocol of [`Payments`].
#[derive(Clone, Copy, Debug)]
pub struct PaymentsProtocol {
    accounts: u32,
    remembers: Option<SimDuration>,
}

/// What the server has in its books.
#[derive(Clone, Debug, Default)]
pub struct Member {
    charged: BTreeMap<u32, u64>,
    /// What was answered, by key, and which keys when.
    answers: BTreeMap<u64, u64>,
    keys: VecDeque<(SimTime, u64)>,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Charge this account by 1, under this key.
    Charge(u32, u64),
    /// It has been charged so often.
    Charged(u64),
}

/// How often calls were charged, of those that were charged last.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    charges: BTreeMap<i64, u32>,
    order: VecDeque<i64>,
}

/// The server forgets the oldest key beyond so many, and the witness the oldest call: own choice, above what a run has under way.
const MOST_KEYS: usize = 100_000;

impl Protocol for PaymentsProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = ();
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["charge", "charged"];

    const ANNOUNCES: &'static [&'static str] = &["Charges"];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[("ChargedOnce", "no call is charged more than once")];

    fn members(&self) -> u32 {
        1
    }

    fn member(&self, _index: u32) -> Member {
        Member::default()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Charge(..) => "charge",
            Message::Charged(_) => "charged",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Charge(account, key) => write!(f, "charge account {account} by 1, under the key {:06x}", key >> 40),
            Message::Charged(times) => write!(f, "charged {times} times by now"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        // Of the call and not of the attempt: all of them charge one account.
        let call = turn.asking().call;
        let account = (sim_core::draw::mix(call) % u64::from(self.accounts)) as u32;
        turn.invoke(u64::from(account), Action::Add(1));
        turn.send(To::Member(0), Message::Charge(account, call));
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let Message::Charged(sum) = message else { return None };
        turn.returns(sum);
        Some(Outcome::Success)
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        let Message::Charge(account, key) = message else { return };
        if let Some(remembers) = self.remembers {
            let is_old = |since: SimTime| since.saturating_add(remembers) < turn.now();
            while member.keys.front().is_some_and(|&(since, _)| is_old(since)) || member.keys.len() >= MOST_KEYS {
                if let Some((_, old)) = member.keys.pop_front() {
                    member.answers.remove(&old);
                }
            }
            if let Some(&sum) = member.answers.get(&key) {
                return turn.send(To::Caller, Message::Charged(sum));
            }
        }
        let sum = member.charged.entry(account).or_insert(0);
        *sum += 1;
        let sum = *sum;
        if self.remembers.is_some() {
            member.answers.insert(key, sum);
            member.keys.push_back((turn.now(), key));
        }
        turn.announce("Charges", key as i64);
        turn.send(To::Caller, Message::Charged(sum));
    }

    fn on_crash(&self, member: &mut Member) {
        // Its clock begins again, and so does the time for which keys are remembered.
        member.keys.iter_mut().for_each(|(since, _)| *since = SimTime::ZERO);
    }

    /// A dishonest server says another sum.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Charged(sum)) => *sum ^= 1 << draw.index(16),
            (Lie::Wrong, Message::Charge(..)) => {}
        }
        Verdict::Send
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        let Seen::Announced(_, Announcement { what: "Charges", value: call }) = seen else { return };
        let times = watch.charges.entry(call).or_insert(0);
        *times += 1;
        let is_again = *times > 1;
        observations.speaks_for("ChargedOnce");
        if is_again {
            observations.violated("ChargedOnce", truth.now, || format!("call {:016x} was charged again", call as u64));
        } else {
            watch.order.push_back(call);
        }
        observations.count("charges", 1);
        observations.count("charges made again", u64::from(is_again));
        if watch.order.len() > MOST_KEYS
            && let Some(old) = watch.order.pop_front()
        {
            watch.charges.remove(&old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};

    #[test]
    fn whatever_is_said_to_the_server_it_goes_on() {
        let anything = |words: &mut Words| match words.index(2) {
            0 => Message::Charge(words.small(), words.number()),
            _ => Message::Charged(words.number()),
        };
        bears_everything(&Payments::default().protocol(), anything);
    }
}
