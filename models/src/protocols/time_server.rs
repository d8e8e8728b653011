//! Time server: callers ask what time it is, and reckon how wrong their own clock is.
//!
//! Sources: F. Cristian, "Probabilistic Clock Synchronization", 1989: the server's time plus half the round trip is wrong by
//! at most half the round trip less the shortest way there is. D. Mills, RFC 5905: four time stamps, so that the time a
//! server takes to answer does not count; wrong by half the difference of the two ways. K. Marzullo 1984: of several servers,
//! what most of them agree on. A server may be wrong itself: give it a clock. Left out: the filters and the choice of peers
//! of real daemons, which average over many exchanges.

use super::marzullo::marzullo;
use super::{Announcement, Held, Number, Protocol, Seen, Speaks, To, Truth, Turn};
use crate::clocks::WallTime;
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::registry::Registered;
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;
use std::fmt;

/// Time servers, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeServer {
    /// How many servers there are.
    #[serde(default = "one")]
    pub servers: u32,
    /// What a caller makes of the answers.
    pub method: Method,
    /// How long a server takes to answer.
    #[serde(default)]
    pub takes: SimDuration,
    /// The shortest way there is between caller and server, as far as callers know: it narrows what an answer may mean.
    #[serde(default)]
    pub least_delay: SimDuration,
    /// Where the servers stand.
    #[serde(default)]
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
}

const fn one() -> u32 {
    1
}

/// What a caller makes of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// One server, drawn evenly: its time, plus half the round trip.
    Cristian,
    /// One server, drawn evenly, with the times at which it received and sent.
    Ntp,
    /// All servers as by `Ntp`, and of what they say that which most of them agree on.
    Marzullo,
}

impl Registered for TimeServer {
    const NAME: &'static str = "TimeServer";
    const SUMMARY: &'static str = "servers that tell the time; callers reckon their error by Cristian, NTP or Marzullo";
}

impl Speaks for TimeServer {
    type Protocol = TimeServerProtocol;

    fn protocol(&self) -> TimeServerProtocol {
        TimeServerProtocol { servers: self.servers, method: self.method, takes: self.takes, least_delay: self.least_delay }
    }

    fn members(&self) -> u32 {
        self.servers
    }

    super::placed!();
}

/// The protocol of a [`TimeServer`].
#[derive(Clone, Copy, Debug)]
pub struct TimeServerProtocol {
    servers: u32,
    method: Method,
    takes: SimDuration,
    least_delay: SimDuration,
}

/// What is said between a caller and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// What time is it?
    Ask,
    /// This: when the question came, and when this answer went.
    Time {
        /// By the server's wall clock.
        received: WallTime,
        /// By the server's wall clock.
        sent: WallTime,
    },
}

/// The caller's side.
#[derive(Clone, Debug)]
pub struct Session {
    asked: SimTime,
    /// Offsets that each server's answer allows, in nanoseconds.
    heard: Vec<(i64, i64)>,
}

/// What the witness remembers from one announcement to the next, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// How wrong the estimate may be.
    bound: i64,
    /// What the caller's own clock shows.
    shown: i64,
}

impl Protocol for TimeServerProtocol {
    /// Questions that are being answered: who asked, and when they came.
    type Member = Vec<(Held, WallTime)>;
    type Session = Session;
    type Message = Message;
    type Timer = Held;
    type Witness = Watch;
    type Stored = ();

    const KINDS: &'static [&'static str] = &["ask", "time"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[
        ("Agreed", Number::Count("servers")),
        ("Bound", Number::Time),
        ("Estimated", Number::Time),
        ("Shows", Number::Time),
        ("Uncertain", Number::Time),
    ];

    fn members(&self) -> u32 {
        self.servers
    }

    fn member(&self, _index: u32) -> Self::Member {
        Vec::new()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Ask => "ask",
            Message::Time { .. } => "time",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Ask => f.write_str("what time is it?"),
            Message::Time { received, sent } => write!(f, "asked at {received}, answered at {sent}, by its clock"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Session {
        if self.method == Method::Marzullo {
            (0..self.servers).for_each(|server| turn.send(To::Member(server), Message::Ask));
        } else {
            let server = turn.draws("server", 0).choice().index(u64::from(self.servers)) as u32;
            turn.send(To::Member(server), Message::Ask);
        }
        Session { asked: turn.now(), heard: Vec::new() }
    }

    fn on_answer(&self, session: &mut Session, _from: u32, message: Message, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        let Message::Time { received, sent } = message else { return None };
        let heard = turn.wall();
        let took = turn.now().saturating_since(session.asked);
        // The monotonic clock says how long it took, so that a step of the wall clock in between is no error.
        let asked = heard.earlier(took);
        let stay = if self.method == Method::Cristian { 0 } else { sent.since(received).as_nanos() };
        let trip = nanos(took) - stay;
        // Half of what a trip took is where the truth lies in the mean; less the shortest way, how far off it may be.
        let offset = match self.method {
            Method::Cristian => sent.since(heard).as_nanos() + trip / 2,
            Method::Ntp | Method::Marzullo => (received.since(asked).as_nanos() + sent.since(heard).as_nanos()).div_euclid(2),
        };
        let bound = ((trip + 1) / 2 - nanos(self.least_delay)).max(0);
        session.heard.push((offset - bound, offset + bound));
        if self.method == Method::Marzullo && session.heard.len() < self.servers as usize {
            return None;
        }
        let agreed = marzullo(session.heard.iter().copied())?;
        turn.announce("Agreed", agreed.sources as i64);
        turn.announce("Bound", (agreed.high - agreed.low + 1) / 2);
        turn.announce("Estimated", heard.as_nanos() + agreed.low + (agreed.high - agreed.low) / 2);
        if let Some(width) = turn.reading().uncertainty {
            turn.announce("Shows", heard.as_nanos());
            turn.announce("Uncertain", nanos(width));
        }
        Some(Outcome::Success)
    }

    fn on_request(&self, asking: &mut Self::Member, message: Message, turn: &mut Turn<'_, Self>) {
        if message != Message::Ask {
            return;
        }
        if self.takes.is_zero() {
            return turn.send(To::Caller, Message::Time { received: turn.wall(), sent: turn.wall() });
        }
        let caller = turn.hold();
        asking.push((caller, turn.wall()));
        turn.set_timer(caller, self.takes);
    }

    fn on_timer(&self, asking: &mut Self::Member, caller: Held, turn: &mut Turn<'_, Self>) {
        let Some(index) = asking.iter().position(|(held, _)| *held == caller) else { return };
        let (_, received) = asking.swap_remove(index);
        turn.send(To::Held(caller), Message::Time { received, sent: turn.wall() });
    }

    fn on_crash(&self, asking: &mut Self::Member) {
        asking.clear();
    }

    fn witness(&self, watch: &mut Watch, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        let Seen::Announced(_, Announcement { what, value }) = seen else { return };
        match what {
            "Bound" => watch.bound = value,
            "Agreed" => observations.least("servers that agree", value as u64),
            "Estimated" => {
                let error = value - WallTime::of(truth.now).as_nanos();
                observations.count("estimates", 1);
                observations.count("estimates beyond their bound", u64::from(error.abs() > watch.bound));
                observations.signed("error of an estimate", error);
                observations.longest("bound of an estimate", SimDuration::from_nanos(watch.bound.unsigned_abs()));
            }
            "Shows" => watch.shown = value,
            "Uncertain" => {
                let error = watch.shown - WallTime::of(truth.now).as_nanos();
                observations.longest("uncertainty of a caller's clock", SimDuration::from_nanos(value.unsigned_abs()));
                observations.shortest("uncertainty of a caller's clock", SimDuration::from_nanos(value.unsigned_abs()));
                observations.count("callers' clocks beyond their uncertainty", u64::from(error.abs() > value));
            }
            _ => {}
        }
    }
}

fn nanos(length: SimDuration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
