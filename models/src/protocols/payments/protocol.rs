//! What does the server do when it is asked, and what do callers ask for?

use super::watch::Watch;
use super::{PaymentRule, Payments};
use crate::history::Action;
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::protocols::{Announcement, Held, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// The protocol of [`Payments`].
#[derive(Clone, Copy, Debug)]
pub struct PaymentsProtocol {
    accounts: u32,
    remembers: Option<SimDuration>,
    transfers: Share,
    audits: Share,
    opening: u32,
    /// How long the money is under way of which nobody but memory knows; nothing if both sides are written as one.
    step: Option<SimDuration>,
}

/// What the server has in its books, and of what it knows by heart.
#[derive(Clone, Debug, Default)]
pub struct Member {
    charged: BTreeMap<u32, u64>,
    /// By how much what an account holds has changed since the beginning.
    moved: BTreeMap<u32, i64>,
    /// What was answered, by key, and which keys when.
    answers: BTreeMap<u64, Message>,
    keys: VecDeque<(SimTime, u64)>,
    /// Money that was taken from one account and is to be put on another, in memory, and who waits for that, by the number of the transfer.
    under_way: BTreeMap<u64, (u32, Held)>,
    /// How many transfers were begun.
    begun: u64,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Charge this account by 1, under this key.
    Charge(u32, u64),
    /// It has been charged so often.
    Charged(u64),
    /// Move 1 from the first account to the second, under this key.
    Transfer(u32, u32, u64),
    /// It has been moved.
    Transferred,
    /// What do all accounts hold?
    Audit,
    /// So much.
    Sum(u64),
}

/// The server forgets the oldest key beyond so many, and the witness the oldest call: own choice, above what a run has under way.
pub(super) const MOST_KEYS: usize = 100_000;

/// What a call wants, among those who charge.
enum Wish {
    Charge,
    Transfer(u32),
    Audit,
}

impl PaymentsProtocol {
    pub(super) fn new(spec: &Payments) -> Self {
        let keeps = |rule: PaymentRule| !spec.without.contains(&rule);
        let Payments { accounts, remembers, transfers, audits, opening, step, .. } = *spec;
        let remembers = keeps(PaymentRule::IdempotencyKeys).then_some(remembers);
        let step = (!keeps(PaymentRule::WholeTransfers)).then_some(step);
        Self { accounts, remembers, transfers, audits, opening, step }
    }

    /// What a call with this account wants, which is the same in all of its attempts.
    fn wish(&self, account: u32, turn: &Turn<'_, Self>) -> Wish {
        if self.transfers == Share::NONE && self.audits == Share::NONE {
            return Wish::Charge;
        }
        let draws = turn.draws_of_call("payment");
        let (drawn, transfers) = (draws.share().unit(), self.transfers.as_f64());
        if drawn < transfers {
            let other = draws.choice().index(u64::from(self.accounts) - 1) as u32;
            Wish::Transfer((account + 1 + other) % self.accounts)
        } else if drawn < transfers + self.audits.as_f64() {
            Wish::Audit
        } else {
            Wish::Charge
        }
    }

    /// What was answered under a key, if it is remembered; what is too old is forgotten.
    fn answered(&self, member: &mut Member, key: u64, now: SimTime) -> Option<Message> {
        let remembers = self.remembers?;
        let is_old = |since: SimTime| since.saturating_add(remembers) < now;
        while member.keys.front().is_some_and(|&(since, _)| is_old(since)) || member.keys.len() >= MOST_KEYS {
            if let Some((_, old)) = member.keys.pop_front() {
                member.answers.remove(&old);
            }
        }
        member.answers.get(&key).copied()
    }

    fn remember(&self, member: &mut Member, key: u64, answer: Message, now: SimTime) {
        if self.remembers.is_some() {
            member.answers.insert(key, answer);
            member.keys.push_back((now, key));
        }
    }

    fn charge(&self, member: &mut Member, (account, key): (u32, u64), turn: &mut Turn<'_, Self>) {
        let sum = member.charged.entry(account).or_insert(0);
        *sum += 1;
        let answer = Message::Charged(*sum);
        self.remember(member, key, answer, turn.now());
        turn.announce("Charges", key as i64);
        turn.send(To::Caller, answer);
    }

    fn transfer(&self, member: &mut Member, (from, to, key): (u32, u32, u64), turn: &mut Turn<'_, Self>) {
        *member.moved.entry(from).or_insert(0) -= 1;
        // The key is written with what is written first.
        self.remember(member, key, Message::Transferred, turn.now());
        turn.announce("Transfers", key as i64);
        match self.step {
            None => {
                *member.moved.entry(to).or_insert(0) += 1;
                turn.send(To::Caller, Message::Transferred);
            }
            Some(step) => {
                member.begun += 1;
                member.under_way.insert(member.begun, (to, turn.hold()));
                turn.set_timer(member.begun, step);
            }
        }
    }

    /// What all accounts hold together, which is below nothing only if more is missing than there was.
    fn sum(&self, member: &Member) -> i64 {
        self.total() + member.moved.values().sum::<i64>()
    }

    const fn total(&self) -> i64 {
        self.accounts as i64 * self.opening as i64
    }
}

impl Protocol for PaymentsProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = u64;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["charge", "charged", "transfer", "transferred", "audit", "sum"];

    const ANNOUNCES: &'static [(&'static str, Number)] =
        &[("Charges", Number::Key), ("Transfers", Number::Key), ("MissesMoney", Number::Count("units"))];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[("ChargedOnce", "no call is charged, or moves money, more than once")];

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
            Message::Transfer(..) => "transfer",
            Message::Transferred => "transferred",
            Message::Audit => "audit",
            Message::Sum(_) => "sum",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Charge(account, key) => write!(f, "charge account {account} by 1, under the key {key:016x}"),
            Message::Charged(times) => write!(f, "charged {times} times by now"),
            Message::Transfer(from, to, key) => write!(f, "move 1 from account {from} to account {to}, under the key {key:016x}"),
            Message::Transferred => f.write_str("it is moved"),
            Message::Audit => f.write_str("what do all accounts hold?"),
            Message::Sum(sum) => write!(f, "all accounts hold {sum}"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        // Of the call and not of the attempt: all of them are about one account.
        let call = turn.asking().call;
        let account = (sim_core::draw::mix(call) % u64::from(self.accounts)) as u32;
        let (object, action, message) = match self.wish(account, turn) {
            Wish::Charge => (account, Action::Add(1), Message::Charge(account, call)),
            Wish::Transfer(to) => (account, Action::Transfer { to: u64::from(to), amount: 1 }, Message::Transfer(account, to, call)),
            Wish::Audit => (0, Action::Total, Message::Audit),
        };
        turn.invoke(u64::from(object), action);
        turn.send(To::Member(0), message);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::Charged(sum) | Message::Sum(sum) => turn.returns(sum),
            Message::Transferred => turn.returns(None),
            Message::Charge(..) | Message::Transfer(..) | Message::Audit => return None,
        }
        Some(Outcome::Success)
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Charge(_, key) | Message::Transfer(.., key) => {
                if let Some(answer) = self.answered(member, key, turn.now()) {
                    return turn.send(To::Caller, answer);
                }
            }
            _ => {}
        }
        match message {
            Message::Charge(account, key) => self.charge(member, (account, key), turn),
            Message::Transfer(from, to, key) => self.transfer(member, (from, to, key), turn),
            Message::Audit => turn.send(To::Caller, Message::Sum(self.sum(member).max(0).unsigned_abs())),
            Message::Charged(_) | Message::Transferred | Message::Sum(_) => {}
        }
    }

    /// The second side of a transfer is written.
    fn on_timer(&self, member: &mut Member, number: u64, turn: &mut Turn<'_, Self>) {
        if let Some((to, held)) = member.under_way.remove(&number) {
            *member.moved.entry(to).or_insert(0) += 1;
            turn.send(To::Held(held), Message::Transferred);
        }
    }

    fn on_crash(&self, member: &mut Member) {
        // Its clock begins again, and so does the time for which keys are remembered.
        member.keys.iter_mut().for_each(|(since, _)| *since = SimTime::ZERO);
        member.under_way.clear();
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let missing = self.total() - self.sum(member);
        if missing != 0 {
            turn.announce("MissesMoney", missing);
        }
    }

    /// A dishonest server says another sum.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Charged(sum) | Message::Sum(sum)) => *sum ^= 1 << draw.index(16),
            (Lie::Wrong, Message::Charge(..) | Message::Transfer(..) | Message::Transferred | Message::Audit) => {}
        }
        Verdict::Send
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Announced(_, Announcement { what, value }) = seen {
            watch.see(what, value, truth.now, observations);
        }
    }
}
