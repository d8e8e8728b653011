//! What does the system look like at this instant, to somebody who may see everything?
//!
//! For whoever steps through a run. Nothing is changed by looking, not even a clock that remembers when it was read.

use super::World;
use super::envelopes::Address;
use super::groups::Words;
use crate::attempt::Phase;
use crate::clocks::Reading;
use crate::faults::Strike;
use crate::ids::NodeId;
use crate::protocols::Protocol;
use crate::record::{AttemptName, CallName, MessageName};
use sim_core::time::SimTime;

/// A node as it is now.
#[derive(Clone, Debug)]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Whether it lives.
    pub is_up: bool,
    /// Whether it lives and stands still.
    pub is_paused: bool,
    /// What its clock shows.
    pub clock: Reading,
    /// Requests with a worker, requests that wait for one, requests that wait for others and have none, and what reached it while it stood
    /// still.
    pub requests: [u64; 4],
    /// What is done to it, as effects of faults are written.
    pub effects: Vec<String>,
    /// What its members remember, if it is one of a group: one, or two while it has a twin.
    pub members: Vec<MemberView>,
}

/// An instance of a member as it is now.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// Whether it runs, or would if its node did.
    pub is_on: bool,
    /// What it remembers.
    pub memory: String,
    /// Its pending timers, and when they are due by its own clock.
    pub timers: Vec<(String, SimTime)>,
}

/// What is under way now.
#[derive(Clone, Debug, Default)]
pub struct UnderWay {
    /// Calls whose callers wait.
    pub calls: Vec<CallName>,
    /// Attempts: where they go, and how far they have come.
    pub attempts: Vec<(AttemptName, NodeId, &'static str)>,
    /// Messages between members, with what they say.
    pub messages: Vec<(MessageName, String)>,
}

impl<P: Protocol> World<P> {
    /// A node as it is at this instant.
    pub fn view(&self, node: NodeId, now: SimTime) -> NodeView {
        let condition = self.environment.node(node);
        let server = &self.servers[node.index()];
        let clock = self.clocks.get(node.index()).map_or_else(|| Reading::perfect(now), |clock| clock.clone().read(now, &self.seed));
        let first = self.plan.group.as_ref().map(|group| group.first.0);
        let identity = first.and_then(|first| node.0.checked_sub(first)).filter(|_| self.is_member(node));
        let members = self.members.iter().filter(|member| Some(member.identity) == identity);
        NodeView {
            name: self.plan.nodes[node.index()].name.clone(),
            is_up: condition.up,
            is_paused: condition.paused,
            clock,
            requests: [
                u64::from(server.busy.count()),
                u64::from(server.waiting.count()),
                u64::from(server.calling.count()),
                server.inbox.len() as u64,
            ],
            effects: self.environment.effects_on(node).iter().map(|(_, effect)| format!("{effect:?}")).collect(),
            members: members
                .map(|member| MemberView {
                    is_on: member.is_on,
                    memory: format!("{:#?}", member.memory),
                    timers: member.timers.iter().map(|(timer, due)| (format!("{timer:?}"), *due)).collect(),
                })
                .collect(),
        }
    }

    fn is_member(&self, node: NodeId) -> bool {
        matches!(self.plan.nodes[node.index()].role, crate::plan::Role::Member(_))
    }

    /// Everything under way at this instant.
    pub fn under_way(&self) -> UnderWay {
        let attempts = self.attempts.live_slots().filter(|(_, attempt)| !matches!(attempt.phase, Phase::Settled | Phase::Done));
        let letter = |envelope: &super::Envelope<P::Message>| match envelope.address {
            Address::Members(members) => {
                let says = envelope
                    .message
                    .as_ref()
                    .map_or_else(|failure| failure.name().to_owned(), |message| Words(&self.protocol, message).to_string());
                Some((members.name, says))
            }
            Address::Call(_) => None,
        };
        UnderWay {
            calls: self.calls.live_slots().filter(|(_, call)| call.is_open).map(|(_, call)| call.name).collect(),
            attempts: attempts.map(|(_, attempt)| (attempt.name, attempt.node, attempt.phase.name())).collect(),
            messages: self.envelopes.live_slots().filter_map(|(_, envelope)| letter(envelope)).collect(),
        }
    }

    /// The strikes that are on at this instant, each with whom it hits unless the name of its fault says so.
    pub fn strikes_on(&self, now: SimTime) -> impl Iterator<Item = (&Strike, Option<String>)> {
        let lifted = self.lifted;
        let is_on = move |begin: SimTime, end: Option<SimTime>| {
            begin <= now && end.is_none_or(|end| now < end) && lifted.is_none_or(|lifted| now < lifted)
        };
        let strikes = (0..).zip(&self.timetable.strikes).filter(move |(_, strike)| is_on(strike.begin, strike.end));
        strikes.map(move |(index, strike)| {
            let of_strike = self.timetable.stretches.iter().filter(move |stretch| stretch.strike == index);
            (strike, self.whom(of_strike.filter(|stretch| is_on(stretch.begin, stretch.end)), strike.fault))
        })
    }
}

impl Phase {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requesting => "on its way",
            Self::Unheard => "unheard",
            Self::Queued => "in the queue",
            Self::Serving => "in service",
            Self::Calling => "waits for a call",
            Self::Parked => "waits for a message",
            Self::Talking => "talks with a group",
            Self::Replying => "answered",
            Self::Settled => "settled",
            Self::Done => "done",
        }
    }
}
