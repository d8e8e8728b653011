//! Heartbeats: every member says from time to time that it lives, and every other judges by what it hears.
//!
//! Two judges. A fixed time without a beat. Or phi accrual (N. Hayashibara et al., "The phi Accrual Failure Detector", SRDS
//! 2004): phi is how improbable it is that a beat is still to come, -log10(1 - F(t)), F being the normal distribution with
//! the mean and the deviation of the last intervals; a member is suspected when phi reaches a threshold, that is when the
//! beat is later than mean + z sd. A window begins with two guesses, the period and a quarter less and more, as Akka does.
//! Left out: spreading what one member found out to the others.

use super::{Announcement, Lie, Number, Protocol, Seen, Speaker, Speaks, To, Truth, Turn, Verdict};
use crate::measure::Observations;
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::sample::normal_exceeded;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;
use std::collections::VecDeque;
use std::fmt;

/// Members that watch each other, as a scenario writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeats {
    /// How many members there are.
    pub members: u32,
    /// How often each of them says that it lives.
    pub every: SimDuration,
    /// When another believes that it does not.
    pub detector: Detector,
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

/// When silence means death.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Detector {
    /// After a fixed time without a beat.
    FixedTimeout(SimDuration),
    /// When a beat is improbably late.
    PhiAccrual(PhiAccrual),
}

/// When a beat is improbably late.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhiAccrual {
    /// Suspect when the odds that a beat is only late are below 10 to the minus this.
    pub threshold: f64,
    /// How many intervals are remembered, at least 2.
    #[serde(default = "a_thousand")]
    pub window: u32,
    /// The deviation is taken to be at least this.
    #[serde(default)]
    pub least_sd: SimDuration,
    /// A pause that every interval may have on top.
    #[serde(default)]
    pub pause: SimDuration,
}

const fn a_thousand() -> u32 {
    1000
}

impl Registered for Heartbeats {
    const NAME: &'static str = "Heartbeats";
    const SUMMARY: &'static str = "members say that they live; others suspect them after a fixed time or by phi accrual";
}

impl Speaks for Heartbeats {
    type Protocol = HeartbeatsProtocol;

    fn protocol(&self) -> HeartbeatsProtocol {
        let z = match &self.detector {
            Detector::FixedTimeout(_) => 0.0,
            Detector::PhiAccrual(phi) => normal_exceeded(phi.threshold),
        };
        HeartbeatsProtocol { spec: self.clone(), z }
    }

    super::peers!();

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.members > 1_000 {
            complaints.push(complaint("members", format!("everybody watches everybody: at most 1000 members, not {}", self.members)));
        }
        if self.every.is_zero() {
            complaints.push(complaint("every", "a member that speaks all the time; write a period such as \"1s\""));
        }
        match &self.detector {
            Detector::FixedTimeout(after) if *after <= self.every => {
                complaints
                    .push(complaint("detector", format!("a member is silent for {} between two beats; wait longer than that", self.every)));
            }
            Detector::PhiAccrual(phi) => {
                if !(phi.threshold > 0.3 && phi.threshold <= 300.0) {
                    complaints.push(complaint(
                        "detector.threshold",
                        "phi is a number above 0.3 (a beat as late as the mean) and up to 300, such as 8.0",
                    ));
                }
                if !(2..=100_000).contains(&phi.window) {
                    complaints.push(complaint("detector.window", format!("a window has 2 to 100000 intervals, not {}", phi.window)));
                }
            }
            Detector::FixedTimeout(_) => {}
        }
        complaints
    }
}

/// The protocol of [`Heartbeats`].
#[derive(Clone, Debug)]
pub struct HeartbeatsProtocol {
    spec: Heartbeats,
    /// How many deviations later than the mean a beat is when it is improbable enough.
    z: f64,
}

/// What a member knows of all others.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// How often it came back: the only thing it writes down.
    life: u32,
    others: Vec<Watched>,
}

/// What is known of one other member.
#[derive(Clone, Debug, Default)]
struct Watched {
    /// When it was last heard, and in which of its lives.
    last: Option<(SimTime, u32)>,
    is_suspected: bool,
    intervals: VecDeque<u64>,
    /// Of the intervals, in nanoseconds.
    sum: u128,
    squares: u128,
}

impl Watched {
    fn note(&mut self, interval: u64, window: u32) {
        self.intervals.push_back(interval);
        self.sum += u128::from(interval);
        self.squares += u128::from(interval) * u128::from(interval);
        if self.intervals.len() > window as usize {
            let oldest = self.intervals.pop_front().expect("the window is not empty");
            self.sum -= u128::from(oldest);
            self.squares -= u128::from(oldest) * u128::from(oldest);
        }
    }

    /// The mean and the deviation of the intervals, in nanoseconds.
    fn spread(&self) -> (f64, f64) {
        let count = self.intervals.len() as u128;
        // Exact until the last step: n times the sum of squares less the square of the sum.
        let spread = count * self.squares - self.sum * self.sum;
        (self.sum as f64 / count as f64, (spread as f64).sqrt() / count as f64)
    }
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// I live, for the so-manieth time.
    Beat(u32),
    /// A caller asks how things are.
    Ask,
    /// So many members are believed to live.
    Alive(u32),
}

/// What a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Time to say that it lives.
    Beat,
    /// This other member is too late.
    Late(u32),
}

impl HeartbeatsProtocol {
    /// How long after its last beat the next one of a member is too late.
    fn patience(&self, watched: &Watched) -> SimDuration {
        match &self.spec.detector {
            Detector::FixedTimeout(after) => *after,
            Detector::PhiAccrual(phi) => {
                let (mean, sd) = watched.spread();
                let late = mean + self.z * sd.max(phi.least_sd.as_nanos() as f64);
                SimDuration::from_nanos(late.max(1.0) as u64).saturating_add(phi.pause)
            }
        }
    }

    fn begin_life(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.others = vec![Watched::default(); self.spec.members as usize];
        if let Detector::PhiAccrual(phi) = &self.spec.detector {
            let every = self.spec.every.as_nanos();
            for watched in &mut member.others {
                watched.note(every - every / 4, phi.window);
                watched.note(every + every / 4, phi.window);
            }
        }
        self.beat(member, turn);
    }

    fn beat(&self, member: &Member, turn: &mut Turn<'_, Self>) {
        let me = turn.me();
        (0..self.spec.members).filter(|&other| other != me).for_each(|other| turn.send(To::Member(other), Message::Beat(member.life)));
        turn.set_timer(Timer::Beat, self.spec.every);
    }
}

impl Protocol for HeartbeatsProtocol {
    type Member = Member;
    type Session = ();
    type Message = Message;
    type Timer = Timer;
    type Witness = ();
    type Stored = ();

    const KINDS: &'static [&'static str] = &["beat", "ask", "alive"];

    const ANNOUNCES: &'static [(&'static str, Number)] = &[("Trusts", Number::Of("member")), ("Suspects", Number::Of("member"))];

    fn members(&self) -> u32 {
        self.spec.members
    }

    fn member(&self, _index: u32) -> Member {
        Member::default()
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Beat(_) => "beat",
            Message::Ask => "ask",
            Message::Alive(_) => "alive",
        }
    }

    fn words(&self, message: &Message, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match message {
            Message::Beat(count) => write!(f, "lives, said {count} times before"),
            Message::Ask => f.write_str("how many live?"),
            Message::Alive(count) => write!(f, "believes that {count} live"),
        }
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) {
        let member = turn.draws("member", 0).choice().index(u64::from(self.spec.members)) as u32;
        turn.send(To::Member(member), Message::Ask);
    }

    fn on_answer(&self, _session: &mut (), _from: u32, message: Message, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        matches!(message, Message::Alive(_)).then_some(Outcome::Success)
    }

    fn on_start(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.begin_life(member, turn);
    }

    fn on_request(&self, member: &mut Member, _message: Message, turn: &mut Turn<'_, Self>) {
        let alive = member.others.iter().filter(|other| !other.is_suspected).count() as u32;
        turn.send(To::Caller, Message::Alive(alive));
    }

    fn on_message(&self, member: &mut Member, from: u32, message: Message, turn: &mut Turn<'_, Self>) {
        let Message::Beat(life) = message else { return };
        let watched = &mut member.others[from as usize];
        if let (Some((last, before)), Detector::PhiAccrual(phi)) = (watched.last, &self.spec.detector)
            && before == life
        {
            // The silence between two lives says nothing about how a member beats.
            watched.note(turn.now().saturating_since(last).as_nanos(), phi.window);
        }
        watched.last = Some((turn.now(), life));
        if std::mem::replace(&mut watched.is_suspected, false) {
            turn.announce("Trusts", i64::from(from));
        }
        let patience = self.patience(watched);
        turn.set_timer(Timer::Late(from), patience);
    }

    fn on_timer(&self, member: &mut Member, timer: Timer, turn: &mut Turn<'_, Self>) {
        match timer {
            Timer::Beat => self.beat(member, turn),
            Timer::Late(other) => {
                member.others[other as usize].is_suspected = true;
                turn.announce("Suspects", i64::from(other));
            }
        }
    }

    fn on_crash(&self, member: &mut Member) {
        *member = Member { life: member.life + 1, others: Vec::new() };
    }

    fn on_recover(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        self.begin_life(member, turn);
    }

    /// A dishonest member gives a wrong number: of its life, or of those it believes to live.
    fn mutate(&self, lie: Lie<'_, Message>, message: &mut Message, _to: To, draw: Draw) -> Verdict {
        match (lie, &mut *message) {
            (Lie::Old(old), _) => *message = *old,
            (Lie::Wrong, Message::Beat(life)) => *life = life.wrapping_add(1 + draw.index(1000) as u32),
            (Lie::Wrong, Message::Alive(count)) => *count = another_count(*count, self.spec.members, draw),
            (Lie::Wrong, Message::Ask) => {}
        }
        Verdict::Send
    }

    fn witness(&self, _witness: &mut (), seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Announced(Speaker::Member(..), Announcement { what: "Suspects", value }) = seen {
            observe_suspicion(value as u32, truth, observations);
        }
    }
}

/// A member suspects another: rightly or not?
pub(super) fn observe_suspicion(suspect: u32, truth: &Truth<'_>, observations: &mut Observations) {
    match truth.down_since(suspect) {
        Some(since) => {
            observations.count("detections", 1);
            observations.spread("time until a dead member is suspected", truth.now - since);
        }
        None => observations.count("false suspicions", 1),
    }
}

/// Another number of members, all being equally likely.
pub(super) fn another_count(count: u32, members: u32, draw: Draw) -> u32 {
    (count + 1 + draw.index(u64::from(members)) as u32) % (members + 1)
}
