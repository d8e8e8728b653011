//! How do generals reckon rounds, and what do their callers ask?

use super::algorithm::{Lieutenant, Manner, Order, Rules};
use super::watch::Watch;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::told::Several;
use crate::protocols::{Held, Lie, Number, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The protocol of [`Generals`](super::Generals).
#[derive(Clone, Copy, Debug)]
pub struct GeneralsProtocol {
    rules: Rules,
    round: SimDuration,
}

/// Which agreement: 48 bits that its caller has drawn.
type Agreement = u64;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A caller gives the commander an order.
    Command(u64, Order),
    /// A caller asks a lieutenant what it does.
    Ask(u64),
    /// That is done.
    Does(u64, Order),
    /// An order, and who has passed it on.
    Told(u64, Vec<u32>, Order),
}

/// What a general waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Nothing more can come: it decides.
    Decide(u64),
    /// Nobody asks any more.
    Forget(u64),
}

/// What a general remembers: the agreements that are under way.
pub type Member = BTreeMap<Agreement, Ongoing>;

/// One agreement.
#[derive(Clone, Debug)]
pub struct Ongoing {
    since: SimTime,
    heard: Lieutenant,
    decided: Option<Order>,
    asking: Vec<Held>,
}

/// What a caller has heard.
#[derive(Clone, Debug)]
pub struct Session {
    agreement: Agreement,
    order: Order,
    answers: BTreeMap<u32, Order>,
    /// Whose machines said that nobody listens.
    refused: BTreeSet<u32>,
}

/// A general takes part in so many agreements at once, and hears of no others: own choice.
const MOST_ONGOING: usize = 10_000;

impl GeneralsProtocol {
    pub(super) const fn new(rules: Rules, round: SimDuration) -> Self {
        Self { rules, round }
    }

    /// How long an agreement takes: an order is passed on as often as there may be traitors.
    const fn length(&self) -> SimDuration {
        self.round.saturating_mul(self.rules.traitors as u64 + 1)
    }

    fn ongoing<'a>(&self, member: &'a mut Member, agreement: Agreement, turn: &mut Turn<'_, Self>) -> Option<&'a mut Ongoing> {
        if member.len() >= MOST_ONGOING && !member.contains_key(&agreement) {
            return None;
        }
        Some(member.entry(agreement).or_insert_with(|| {
            turn.set_timer(Timer::Decide(agreement), self.length());
            Ongoing { since: turn.now(), heard: Lieutenant::default(), decided: None, asking: Vec::new() }
        }))
    }

    fn told(&self, member: &mut Member, agreement: Agreement, path: &[u32], order: Order, turn: &mut Turn<'_, Self>) {
        let Some(ongoing) = self.ongoing(member, agreement, turn) else { return };
        let is_late = turn.now() > ongoing.since.saturating_add(self.round.saturating_mul(path.len() as u64));
        if ongoing.decided.is_some() || is_late && self.rules.messages == Manner::Signed {
            return;
        }
        let mut further = path.to_vec();
        further.push(turn.me());
        for general in ongoing.heard.hears(self.rules, turn.me(), path, order) {
            turn.send(To::Member(general), Message::Told(agreement, further.clone(), order));
        }
    }
}

impl Protocol for GeneralsProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["command", "ask", "does", "told"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Commands", Number::Choice("agreement", ["retreat", "attack"])),
        ("Decides", Number::Choice("agreement", ["retreat", "attack"])),
    ];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[
        ("Agreement", "no two correct members decide differently"),
        ("Validity", "what correct members decide is what a correct proposer proposed"),
        ("Integrity", "no correct member decides twice"),
    ];

    fn members(&self) -> u32 {
        self.rules.generals
    }

    fn member(&self, _index: u32) -> Member {
        Member::new()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Command(..) => "command",
            Message::Ask(_) => "ask",
            Message::Does(..) => "does",
            Message::Told(..) => "told",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Command(agreement, order) => write!(f, "agreement {agreement}: {order} is ordered"),
            Message::Ask(agreement) => write!(f, "agreement {agreement}: what is to be done?"),
            Message::Does(agreement, order) => write!(f, "agreement {agreement}: {order}"),
            Message::Told(agreement, path, order) => write!(f, "agreement {agreement}: {order}, passed on by members {}", Several(path)),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let draws = turn.draws("agreement", 0);
        let agreement = draws.wait().bits() >> 16;
        let order = if draws.choice().index(2) == 0 { Order::Retreat } else { Order::Attack };
        turn.send(To::Member(0), Message::Command(agreement, order));
        (1..self.rules.generals).for_each(|general| turn.send(To::Member(general), Message::Ask(agreement)));
        Session { agreement, order, answers: BTreeMap::new(), refused: BTreeSet::new() }
    }

    fn on_answer(&self, session: &mut Session, from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let Message::Does(agreement, order) = message else { return None };
        if agreement != session.agreement || from == 0 {
            return None;
        }
        session.answers.insert(from, order);
        // One of so many is loyal, if there are no more traitors than were prepared for.
        let enough = (self.rules.traitors + 1).min(self.rules.generals - 1) as usize;
        let alike = session.answers.values().filter(|&&other| other == order).count();
        if alike >= enough {
            turn.rests_on(session.answers.iter().filter(|&(_, &other)| other == order).map(|(&member, _)| member));
            return Some(if order == session.order { Outcome::Success } else { Outcome::Failed(Failure::Conflict) });
        }
        (session.answers.len() == self.rules.generals as usize - 1).then_some(Outcome::Failed(Failure::Conflict))
    }

    /// The other lieutenants answer, as long as there are enough of them; without a commander they retreat.
    fn on_refusal(&self, session: &mut Session, from: u32, failure: Failure, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        if from > 0 {
            session.refused.insert(from);
        }
        let lieutenants = self.rules.generals as usize - 1;
        let enough = (self.rules.traitors as usize + 1).min(lieutenants);
        (lieutenants - session.refused.len() < enough).then_some(Outcome::Failed(failure))
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        match message {
            Message::Command(agreement, order) if turn.me() == 0 => {
                turn.announce("Commands", told_witness(agreement, order));
                (1..self.rules.generals).for_each(|general| turn.send(To::Member(general), Message::Told(agreement, vec![0], order)));
            }
            Message::Ask(agreement) if turn.me() > 0 => {
                let Some(ongoing) = self.ongoing(member, agreement, turn) else { return };
                match ongoing.decided {
                    Some(order) => turn.send(To::Caller, Message::Does(agreement, order)),
                    None => ongoing.asking.push(turn.hold()),
                }
            }
            _ => {}
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        if let Message::Told(agreement, path, order) = message
            && path.last() == Some(&from)
            && turn.me() > 0
        {
            self.told(member, agreement, &path, order, turn);
        }
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Decide(agreement) => {
                let Some(ongoing) = member.get_mut(&agreement) else { return };
                let order = ongoing.heard.decides(self.rules, turn.me());
                ongoing.decided = Some(order);
                turn.announce("Decides", told_witness(agreement, order));
                ongoing.asking.drain(..).for_each(|caller| turn.send(To::Held(caller), Message::Does(agreement, order)));
                // What comes late is of this agreement, and not of a new one.
                turn.set_timer(Timer::Forget(agreement), self.length());
            }
            Timer::Forget(agreement) => {
                member.remove(&agreement);
            }
        }
    }

    fn on_crash(&self, member: &mut Member) {
        member.clear();
    }

    /// A traitor orders, or passes on, the opposite, or does not: with signed messages it can do the first only with an order of its
    /// own, and keep to itself what others have signed. To callers it says the opposite of what it does.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        let is_signed = self.rules.messages == Manner::Signed;
        match (lie, &mut *message) {
            (Lie::Old(old), _) => message.clone_from(old),
            (Lie::Wrong, Message::Told(_, path, _)) if is_signed && path.len() > 1 => {
                return if draw.index(2) == 0 { Verdict::Withhold } else { Verdict::Send };
            }
            (Lie::Wrong, Message::Told(_, _, order)) => match draw.index(3) {
                0 => return Verdict::Withhold,
                1 => *order = order.other(),
                _ => {}
            },
            (Lie::Wrong, Message::Does(_, order)) => *order = order.other(),
            (Lie::Wrong, Message::Command(..) | Message::Ask(_)) => {}
        }
        Verdict::Send
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        watch.sees(seen, (self.rules.generals, self.length()), truth, observations);
    }

    fn conclude(&self, watch: &mut Watch, truth: &Truth<'_>, observations: &mut Observations) {
        watch.ends(truth, observations);
    }
}

/// An agreement and an order in one number.
const fn told_witness(agreement: Agreement, order: Order) -> i64 {
    (agreement << 1 | order as u64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::hostile::{Words, bears_everything};

    fn anything(words: &mut Words) -> Message {
        let order = if words.flag() { Order::Attack } else { Order::Retreat };
        match words.index(4) {
            0 => Message::Command(words.number(), order),
            1 => Message::Ask(words.number()),
            2 => Message::Does(words.number(), order),
            _ => Message::Told(words.number(), (0..words.index(5)).map(|_| words.small()).collect(), order),
        }
    }

    #[test]
    fn whatever_is_said_to_a_general_it_goes_on() {
        for messages in [Manner::Oral, Manner::Signed] {
            let rules = Rules { generals: 4, traitors: 2, messages };
            bears_everything(&GeneralsProtocol::new(rules, SimDuration::from_millis(50)), anything);
        }
    }
}
