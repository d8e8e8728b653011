//! Who is who in a chain, and whom does a caller ask?

use super::master::Master;
use super::message::Message;
use super::server::Server;
use super::watch::Watch;
use super::{Chain, ChainRule};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::acknowledged::KEEPS_ACKNOWLEDGED;
use crate::protocols::wish::{self, Wish};
use crate::protocols::{Announcement, Lie, Number, Protocol, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::fmt;

/// The protocol of a [`Chain`].
#[derive(Clone, Debug)]
pub struct ChainProtocol {
    pub(super) spec: Chain,
}

/// What a member remembers.
#[derive(Clone, Debug)]
pub enum Member {
    /// A server, by its index.
    Server(u32, Box<Server>),
    /// The master.
    Master(Master),
}

/// Of a server: time to tell the master that it lives. Of the master: time to look who is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer;

/// What a caller wants, and whether it has found whom to ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    wish: Wish,
    is_asked: bool,
    /// Where, without the rule that the tail answers reads, it reads.
    reader: u32,
}

impl ChainProtocol {
    pub(super) fn keeps(&self, rule: ChainRule) -> bool {
        !self.spec.without.contains(&rule)
    }

    pub(super) const fn master(&self) -> u32 {
        self.spec.servers
    }

    fn server(&self, draw: Draw) -> u32 {
        draw.index(u64::from(self.spec.servers)) as u32
    }
}

impl Protocol for ChainProtocol {
    type Member = Member;
    type Session = Session;
    type Message = Message;
    type Timer = Timer;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = Message::KINDS;

    const ANNOUNCES: &'static [(&'static str, Number)] =
        &[("Leads", Number::Of("version")), ("Acknowledges", Number::Of("write")), ("Changes", Number::Of("version"))];

    const PROPERTIES: &'static [(&'static str, &'static str)] = &[KEEPS_ACKNOWLEDGED];

    fn members(&self) -> u32 {
        self.spec.servers + 1
    }

    fn member(&self, index: u32) -> Member {
        if index == self.master() { Member::Master(Master::default()) } else { Member::Server(index, Box::default()) }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{message}")
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        let draws = turn.draws("call", 0);
        let wish = wish::made((self.spec.keys, self.spec.reads), turn.unique_value(), turn);
        turn.send(To::Member(self.server(draws.demand())), Message::Where);
        Session { wish, is_asked: false, reader: self.server(draws.wait()) }
    }

    fn on_answer(&self, session: &mut Session, _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        match message {
            Message::There(servers) if !session.is_asked => {
                let reader = if self.keeps(ChainRule::TailReads) { servers.last().copied() } else { Some(session.reader) };
                let (to, ask) = match session.wish {
                    (key, Some(value)) => (servers.first().copied(), Message::Put(key, value)),
                    (key, None) => (reader, Message::Get(key)),
                };
                let Some(to) = to.filter(|&to| to < self.spec.servers) else {
                    turn.had_no_effect();
                    return Some(Outcome::Failed(Failure::Refused));
                };
                session.is_asked = true;
                turn.send(To::Member(to), ask);
                None
            }
            Message::Done(value) if session.is_asked => Some(wish::fulfilled(session.wish, value, turn)),
            // A second copy of the question may come later, to whoever is in charge by then: nobody says that it had no effect.
            Message::Refused => Some(Outcome::Failed(Failure::Refused)),
            _ => None,
        }
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Server(_, server) => server.beats(self, turn),
            Member::Master(master) => master.starts(self, turn),
        }
    }

    fn on_request(&self, member: &mut Member, message: Message, turn: &mut Turn<'_, Self>) {
        if let Member::Server(_, server) = member {
            server.asked(self, &message, turn);
        }
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Server(_, server) => server.hears(self, from, message, turn),
            Member::Master(master) => master.hears(self, from, &message, turn),
        }
    }

    fn on_timer(&self, member: &mut Member, _timer: Timer, turn: &mut Turn<'_, Self>) {
        match member {
            Member::Server(_, server) => server.beats(self, turn),
            Member::Master(master) => master.looks(self, turn),
        }
    }

    fn on_crash(&self, member: &mut Member) {
        match member {
            Member::Server(_, server) => server.crashes(),
            Member::Master(master) => master.crashes(),
        }
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.on_start(member, turn);
    }

    /// A dishonest server passes on and answers other values, and confirms what is not there.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        lie.told(message, |honest| Some(honest.clone().lie(draw)))
    }

    fn examine(
        &self,
        watch: &mut Watch,
        (_, member): (InstanceId, &Member),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        watch.sees(member, announced, truth.now, observations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::chain::message::{Order, State};
    use crate::protocols::hostile::{Words, bears_everything};
    use std::collections::BTreeMap;

    fn anything(words: &mut Words) -> Message {
        let (version, number) = (words.number(), words.number());
        let servers = (0..words.index(4)).map(|_| (words.small(), words.number())).collect();
        match words.index(12) {
            0 => Message::Where,
            1 => Message::There((0..words.index(4)).map(|_| words.small()).collect()),
            2 => Message::Put(words.small(), number),
            3 => Message::Get(words.small()),
            4 => Message::Done(words.flag().then_some(number)),
            5 => Message::Refused,
            6 => Message::Pass(version, (number, words.small(), words.number()), None),
            7 => Message::Confirm(version, number),
            8 => Message::Chain(Order { version, servers }, words.flag().then_some(number)),
            9 => Message::Alive(number, version),
            10 => Message::Join(version),
            _ => Message::Everything(version, State { count: number, store: BTreeMap::from([(words.small(), (version, number))]) }),
        }
    }

    #[test]
    fn whatever_is_said_to_a_member_it_goes_on() {
        bears_everything(&ChainProtocol { spec: Chain::default() }, anything);
        let without = vec![ChainRule::TailAcknowledges, ChainRule::TailReads, ChainRule::Lease, ChainRule::Resend];
        bears_everything(&ChainProtocol { spec: Chain { without, ..Chain::default() } }, anything);
    }
}
