//! Rolling restart: the replicas of a service are restarted one after another, or so many at a time.
//!
//! Each replica drains first (see [`Drain`](super::Drain)), is down for a while and comes back with empty queues; when all of its
//! batch are back, the next batch begins. Requests to a replica that drains or restarts are refused, because its machine lives.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{DiskLoss, Effect, NodeEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Replicas are drained and restarted, a few at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollingRestart {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How long a replica is down.
    pub each: SimDuration,
    /// How many are restarted at the same time.
    #[serde(default = "one")]
    pub at_once: u32,
    /// How long a replica drains before; not at all unless said.
    #[serde(default, skip_serializing_if = "is_none")]
    pub drain: SimDuration,
}

fn one() -> u32 {
    1
}

fn is_none(duration: &SimDuration) -> bool {
    duration.is_zero()
}

impl Registered for RollingRestart {
    const NAME: &'static str = "RollingRestart";
    const SUMMARY: &'static str = "the replicas are drained and restarted, one after another or a few at a time";
}

impl Fault for RollingRestart {
    const EXPLANATION: Explanation = Explanation {
        meaning: "In the order of the system, `at_once` replicas at a time: they drain for `drain`, are down for `each`, and are back when the next ones \
                  begin. What a replica has not finished when it goes down is lost. It takes as long as it takes; with `lasts`, replicas whose \
                  turn has not come by then are left alone.",
        in_flight: "Requests that reach a replica that drains or is down are refused. Answers sent before still arrive.",
        overlap: "As that of Drain and Crash: down from the first begin to the last end.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who is restarted"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("each", "duration", "required", "how long a replica is down"),
            parameter("at_once", "number", "1", "how many are restarted at the same time"),
            parameter("drain", "duration", "no time", "how long a replica refuses new requests before it goes down"),
        ],
        example: "RollingRestart(node: \"shop\", each: \"5s\", drain: \"2s\", at: \"60s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        let drains = nodes.into_iter().map(|node| Effect::Node(node, NodeEffect::Drains)).collect();
        Ok(vec![Member { name: self.label(), effects: drains }])
    }

    fn label(&self) -> String {
        format!("rolling restart of {}", target::in_words(&self.node, &self.domain))
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, _luck: Luck<'_>) -> Vec<Span> {
        let turn = self.drain.saturating_add(self.each);
        let begins = (0..).map(|batch| turn.saturating_mul(batch));
        let batches = begins.zip(member.effects.chunks(self.at_once.max(1) as usize));
        let batches = batches.take_while(|(begin, _)| lasts.is_none_or(|lasts| *begin < lasts));
        let spans = batches.flat_map(|(begin, drains)| {
            let stops = begin.saturating_add(self.drain);
            let down = NodeEffect::Down { refuses: true, disk: DiskLoss::Kept };
            let down = drains.iter().filter_map(Effect::node).map(|node| Effect::Node(node, down.clone())).collect();
            [
                Span { from: begin, until: Some(stops), effects: drains.to_vec() },
                Span { from: stops, until: Some(begin.saturating_add(turn)), effects: down },
            ]
        });
        spans.collect()
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.each.is_zero() {
            complaints.push(complaint("each", "a restart takes time; write how long a replica is down, such as \"5s\""));
        }
        if self.at_once == 0 {
            complaints.push(complaint("at_once", "at least one replica is restarted at a time"));
        }
        if timing.pick.is_some() {
            complaints.push(complaint("pick", "a rolling restart strikes all its replicas in turn; name fewer of them instead"));
        }
        complaints
    }
}
