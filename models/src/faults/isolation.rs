//! Isolation: the seed parts the nodes of a service or group in one of the shapes that fault injection knows by name.
//!
//! Which nodes it hits is drawn anew for each strike. The shapes, and their names, are those of Jepsen's nemeses (K. Kingsbury,
//! jepsen.nemesis). Messages on the wire that would arrive while it is on are lost; overlapping isolations unite.

use super::partition::severed;
use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, MessageEffect};
use crate::ids::NodeId;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Some of the nodes lose sight of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isolation {
    /// The nodes: a service or group, or a list of replicas.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// Who loses sight of whom.
    pub shape: Shape,
}

/// Who loses sight of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// One node is cut off from everybody, its callers included.
    One,
    /// The greatest minority is cut off from everybody else.
    Minority,
    /// The least majority is cut off from everybody else.
    Majority,
    /// The nodes fall into two halves, which both see one node in between; callers see all.
    Bridge,
    /// Every node sees a majority, and no two the same one: its nearest neighbours in a ring; callers see all.
    MajoritiesRing,
}

impl Registered for Isolation {
    const NAME: &'static str = "Isolation";
    const SUMMARY: &'static str = "one node, a minority or a majority is cut off, or the nodes see each other as a bridge or a ring";
}

impl Fault for Isolation {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The seed draws, for each strike, which of the nodes are hit. `One`, `Minority` and `Majority` are cut off from everybody else, \
                  callers included. In a `Bridge` two halves see one node in between, and not each other. In a `MajoritiesRing` every node sees a \
                  majority and no two see the same one. In the last two callers see all nodes.",
        in_flight: "Messages on the wire that would arrive while it is on are lost.",
        overlap: "Isolations and partitions unite: a message gets through if none of them parts its ends.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "the nodes"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("shape", "One, Minority, Majority, Bridge or MajoritiesRing", "required", "who loses sight of whom"),
        ],
        example: "Isolation(node: \"shop\", shape: Minority, at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        let least = match self.shape {
            Shape::One => 1,
            Shape::Minority | Shape::Majority | Shape::Bridge => 3,
            Shape::MajoritiesRing => 4,
        };
        if nodes.len() < least {
            let sentence = format!("a {:?} needs at least {least} nodes, and there are {}", self.shape, nodes.len());
            return Err(vec![complaint("shape", sentence)]);
        }
        // All nodes, and everybody: the course of a strike draws who is parted from whom.
        let everybody: Vec<_> = places.all().collect();
        Ok(vec![Member { name: self.label(), effects: vec![severed(&nodes, &everybody)] }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let [Effect::Messages(MessageEffect::Severed { from, to })] = member.effects.as_slice() else {
            unreachable!("an isolation knows its nodes and everybody")
        };
        let nodes = luck.shuffled(from);
        let count = nodes.len();
        let effects = match self.shape {
            Shape::One => cut_off(&nodes[..1], to),
            Shape::Minority => cut_off(&nodes[..(count - 1) / 2], to),
            Shape::Majority => cut_off(&nodes[..count / 2 + 1], to),
            Shape::Bridge => {
                let (first, second) = nodes[1..].split_at((count - 1) / 2);
                both_ways(first, second)
            }
            Shape::MajoritiesRing => ring(&nodes),
        };
        vec![Span { from: SimDuration::ZERO, until: lasts, effects }]
    }

    fn label(&self) -> String {
        let whom = target::in_words(&self.node, &self.domain);
        match self.shape {
            Shape::One => format!("one of {whom} isolated"),
            Shape::Minority => format!("a minority of {whom} isolated"),
            Shape::Majority => format!("a majority of {whom} isolated"),
            Shape::Bridge => format!("{whom} parted but for a bridge"),
            Shape::MajoritiesRing => format!("{whom} in a ring of majorities"),
        }
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let is_picked = timing.pick.is_some();
        is_picked.then(|| complaint("pick", "the shape says how many are hit; leave `pick` out")).into_iter().collect()
    }
}

/// These do not hear anybody else, and nobody else hears them.
fn cut_off(nodes: &[NodeId], everybody: &[NodeId]) -> Vec<Effect> {
    let others: Vec<_> = everybody.iter().filter(|node| !nodes.contains(node)).copied().collect();
    both_ways(nodes, &others)
}

pub(super) fn both_ways(some: &[NodeId], others: &[NodeId]) -> Vec<Effect> {
    let (mut some, mut others) = (some.to_vec(), others.to_vec());
    some.sort_unstable();
    others.sort_unstable();
    vec![severed(&some, &others), severed(&others, &some)]
}

/// Each node hears the majority made of itself and its nearest neighbours on both sides, and nobody beyond.
fn ring(nodes: &[NodeId]) -> Vec<Effect> {
    let count = nodes.len();
    let seen = count / 2 + 1;
    let hears = |index: usize| (0..seen).map(move |step| (index + count + step - seen / 2) % count);
    let deaf_to = |index: usize| {
        let heard: Vec<_> = hears(index).collect();
        let mut deaf: Vec<_> = (0..count).filter(|other| !heard.contains(other)).map(|other| nodes[other]).collect();
        deaf.sort_unstable();
        deaf
    };
    (0..count).map(|index| severed(&deaf_to(index), &[nodes[index]])).collect()
}
