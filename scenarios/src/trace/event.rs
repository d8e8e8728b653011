//! How does an event of a trace read, apart from the run it happened in?
//!
//! A [`TraceEvent`] holds names instead of numbers of a plan, so that it can be written to a file, read again, and compared with
//! one of another scenario or another version.

use super::follow::Seen;
use super::kinds::kind_of;
use super::line;
use models::plan::Plan;
use models::record::{AttemptName, CallName, MessageName, Record};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, mix};
use std::borrow::Cow;

/// What a trace says of itself: its first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`TRACE_FORMAT`](super::TRACE_FORMAT) of whoever wrote it.
    pub trace: u32,
    /// The version of Stormglass that wrote it.
    pub version: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The seed of the run.
    pub seed: u64,
    /// Every node, in order.
    pub nodes: Vec<String>,
    /// What was chosen, if not everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// One event of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceEvent<'a> {
    /// Its number in the run, from 1: the same whatever part of the trace is written.
    pub id: u64,
    /// When, in nanoseconds of virtual time since the start.
    pub at: u64,
    /// What happened: one of [`KINDS`](super::KINDS).
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// The number of the event that led to it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// Where it happened, if at one node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Cow<'a, str>>,
    /// Which life of that node it was, from 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub life: u32,
    /// The node at the other end, if something travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Cow<'a, str>>,
    /// The call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallOfEvent<'a>>,
    /// The message of a member that it is about: its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Cow<'a, str>>,
    /// The how-manieth message of this kind between these two, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    /// How it ended, or why it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Cow<'a, str>>,
    /// The fault, the alert, the layer or the news that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<Cow<'a, str>>,
    /// What is said of that: the state of a layer, what the number of an announcement is (`term 7`), by how much a clock was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Cow<'a, str>>,
    /// What the message of a group says that it is about, in words, cut off where it is long; of a fault that begins, whom it strikes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<Cow<'a, str>>,
}

/// A call, and perhaps one of its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallOfEvent<'a> {
    /// Its name: `shoppers -> checkout #17.3`.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The key of its draws, as 16 hexadecimal digits: the same in every arm and under every seed, and unlike that of any other call.
    pub key: Cow<'a, str>,
    /// The number of the attempt, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Which arrival of it at the server: left out unless a link copied the request.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copy: u32,
    /// At the begin of a call that a service makes: the key of the call for whose sake, and the number of its attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<(Cow<'a, str>, u32)>,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn key_text(key: Key) -> Cow<'static, str> {
    format!("{:016x}", key.bits()).into()
}

impl<'a> CallOfEvent<'a> {
    fn of_call(plan: &Plan, name: &CallName) -> Self {
        Self { name: line::call_label(plan, name).into(), key: key_text(name.key), ..Self::default() }
    }

    fn of_attempt(plan: &Plan, name: &AttemptName) -> Self {
        Self { attempt: Some(name.number), copy: name.copy, ..Self::of_call(plan, &name.call) }
    }
}

impl<'a> TraceEvent<'a> {
    /// What was seen, in the words of its plan.
    pub fn of(plan: &'a Plan, seen: &'a Seen) -> Self {
        let name = |node: models::ids::NodeId| Cow::Borrowed(plan.nodes[node.index()].name.as_str());
        let mut event = Self {
            id: seen.id,
            at: seen.at.as_nanos(),
            kind: kind_of(&seen.record).into(),
            cause: seen.cause,
            node: seen.node.map(name),
            life: seen.life,
            peer: seen.peer.map(name),
            says: seen.says.as_deref().map(Cow::Borrowed),
            ..Self::default()
        };
        event.tell(plan, seen);
        event
    }

    fn tell(&mut self, plan: &'a Plan, seen: &Seen) {
        match &seen.record {
            Record::CallStarted(name) => {
                let within = seen.within.map(|within| (key_text(within.key), within.number));
                self.call = Some(CallOfEvent { within, ..CallOfEvent::of_call(plan, name) });
            }
            Record::CallAbandoned(name) => self.call = Some(CallOfEvent::of_call(plan, name)),
            Record::CallEnded(name, outcome) => {
                (self.call, self.outcome) = (Some(CallOfEvent::of_call(plan, name)), Some(outcome.name().into()));
            }
            Record::Sent(name, _)
            | Record::Queued(name, _)
            | Record::Started(name, _)
            | Record::Abandoned(name, _)
            | Record::Discarded(name, _)
            | Record::Altered(name, _)
            | Record::Broken(name, _)
            | Record::Replied(name, _)
            | Record::Unheard(name, _)
            | Record::Ignored(name, _) => self.call = Some(CallOfEvent::of_attempt(plan, name)),
            Record::Dropped(name, _, loss) => {
                (self.call, self.outcome) = (Some(CallOfEvent::of_attempt(plan, name)), Some(loss.name().into()));
            }
            Record::Answered(name, _, outcome)
            | Record::Delivered(name, _, outcome)
            | Record::DeliveredLate(name, _, outcome)
            | Record::TurnedBack(name, _, outcome) => {
                (self.call, self.outcome) = (Some(CallOfEvent::of_attempt(plan, name)), Some(outcome.name().into()));
            }
            Record::MemberSent(name) | Record::MemberHeard(name) | Record::MemberMisheard(name) => self.about(name),
            Record::MemberMissed(name, loss) => {
                self.about(name);
                self.outcome = Some(loss.name().into());
            }
            other => self.tell_of_world(plan, other),
        }
    }

    fn about(&mut self, name: &MessageName) {
        (self.message, self.ordinal) = (Some(name.kind.into()), Some(name.ordinal));
    }

    fn tell_of_world(&mut self, plan: &'a Plan, record: &Record) {
        match record {
            Record::FaultBegan(fault, member) | Record::FaultEnded(fault, member) => {
                self.what = Some(line::fault(plan, *fault, *member).into());
            }
            Record::Announced(_, what, value) => {
                let number = plan.number_announced(what, *value);
                (self.what, self.value) = (Some((*what).into()), Some(number).filter(|number| !number.is_empty()).map(Cow::from));
            }
            Record::ClockSet(_, by) => self.value = Some(by.to_string().into()),
            Record::AlertFired(alert) | Record::AlertResolved(alert) => {
                self.what = Some(plan.alerts[*alert as usize].name.as_str().into());
            }
            Record::Shifted(at) => {
                (self.what, self.value) = (Some(line::layer(plan, at).into()), Some(line::shift(&at.shift).into()));
            }
            _ => {}
        }
    }

    /// Whether this is something that its node sent when it did the other, which is no reason for that.
    pub fn is_aside_of(&self, effect: &TraceEvent<'_>) -> bool {
        let is_act = matches!(effect.kind.as_ref(), "say" | "tell");
        is_act && self.kind == "say" && self.at == effect.at && self.node == effect.node
    }

    /// The same with names of its own.
    pub fn into_owned(self) -> TraceEvent<'static> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        TraceEvent {
            id: self.id,
            at: self.at,
            kind: Cow::Owned(self.kind.into_owned()),
            cause: self.cause,
            node: own(self.node),
            life: self.life,
            peer: own(self.peer),
            call: self.call.map(|call| CallOfEvent {
                name: Cow::Owned(call.name.into_owned()),
                key: Cow::Owned(call.key.into_owned()),
                attempt: call.attempt,
                copy: call.copy,
                within: call.within.map(|(key, number)| (Cow::Owned(key.into_owned()), number)),
            }),
            message: own(self.message),
            ordinal: self.ordinal,
            outcome: own(self.outcome),
            what: own(self.what),
            value: own(self.value),
            says: own(self.says),
        }
    }

    /// A word that is equal for events that say the same, whoever caused them and however many came before.
    pub fn fingerprint(&self) -> u64 {
        let text = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(1, |text| Key::named(text).bits());
        let mut word = mix(self.at) ^ Key::named(&self.kind).bits();
        let mut add = |part: u64| word = mix(word.rotate_left(17) ^ part);
        let parts = [&self.node, &self.peer, &self.message, &self.outcome, &self.what, &self.value, &self.says];
        parts.into_iter().for_each(|part| add(text(part)));
        add(u64::from(self.life) << 32 | u64::from(self.ordinal.map_or(0, |ordinal| ordinal.wrapping_add(1))));
        if let Some(call) = &self.call {
            add(Key::named(&call.key).bits());
            // Whose call it is, too: with other clients the same calls are made by others.
            add(Key::named(&call.name).bits());
            add(u64::from(call.copy) << 32 | u64::from(call.attempt.unwrap_or_default()));
        }
        word
    }

    /// Whether it says the same as another, whoever caused them and however many came before.
    pub fn says_the_same(&self, other: &TraceEvent<'_>) -> bool {
        (self.at, &self.kind, &self.node, self.life, &self.peer) == (other.at, &other.kind, &other.node, other.life, &other.peer)
            && (&self.message, self.ordinal, &self.outcome, &self.what, &self.value, &self.says)
                == (&other.message, other.ordinal, &other.outcome, &other.what, &other.value, &other.says)
            && match (&self.call, &other.call) {
                (Some(left), Some(right)) => {
                    (&left.key, &left.name, left.attempt, left.copy) == (&right.key, &right.name, right.attempt, right.copy)
                }
                (left, right) => left.is_none() && right.is_none(),
            }
    }
}
