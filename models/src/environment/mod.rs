//! What is the state of the world just now?
//!
//! The environment is a ledger of the effects that are on, and the conditions derived from it. Ending a fault removes its
//! entries; nothing is ever undone, so overlap has one written rule per condition, and when every fault has ended the
//! environment is what it was at the start. What a node suffers is derived in `node.rs`, what messages suffer from
//! their ends in `messages.rs`, what is asked beside what should be in `load.rs`, what links and routes suffer in
//! [`crate::links::RouteConditions`].

mod load;
mod messages;
mod node;

pub use load::{Factor, JobWork, Load, LoadEffect, LoadFactor};
pub use messages::{Conduct, Failing, Letter, MessageEffect, Messages, Misbehaviour, Omission, OmissionWay, Stage};
pub use node::{Condition, DiskLoss, NodeEffect, SlowRequests, Slowness, Twin};

use crate::ids::{NodeId, RouteId, StretchId};
use crate::links::{Blocking, LinkChange, RouteConditions, WayEffect};
use crate::topology::Topology;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something a fault does to the world while it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Something happens to a node.
    Node(NodeId, NodeEffect),
    /// Something happens to messages because of who sends or receives them.
    Messages(MessageEffect),
    /// Something happens to what is asked of the system.
    Load(LoadEffect),
    /// Messages from one domain (and those inside it) to another do not get through.
    Cut {
        /// The sender's domain.
        from: String,
        /// The receiver's domain.
        to: String,
        /// What senders notice of it.
        how: Blocking,
    },
    /// Messages from one domain (and those inside it) to another meet more than their links do to them.
    Link {
        /// The sender's domain.
        from: String,
        /// The receiver's domain.
        to: String,
        /// What they meet.
        change: LinkChange,
    },
}

impl Effect {
    /// The node it happens to, if it happens to one.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Node(node, _) => Some(*node),
            Self::Messages(_) | Self::Load(_) | Self::Cut { .. } | Self::Link { .. } => None,
        }
    }
}

/// The ledger, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// What is on at each node that anything is on at, in the order in which it began.
    nodes: BTreeMap<NodeId, Vec<(StretchId, NodeEffect)>>,
    /// What is on between domains.
    between: Vec<(StretchId, Effect)>,
    messages: Messages,
    load: Load,
    conditions: Vec<Condition>,
    routes: RouteConditions,
}

impl Environment {
    /// A world in which nothing is wrong.
    pub fn new(nodes: usize, routes: usize) -> Self {
        Self {
            nodes: BTreeMap::new(),
            between: Vec::new(),
            messages: Messages::default(),
            load: Load::default(),
            conditions: vec![Condition::NORMAL; nodes],
            routes: RouteConditions::new(routes),
        }
    }

    /// These effects begin. `stream` says which numbers are drawn for what they do to messages.
    pub fn begin(&mut self, stretch: StretchId, stream: u64, effects: &[Effect], topology: &Topology) {
        let mut changed = Changed::default();
        for effect in effects {
            match effect {
                Effect::Node(node, what) => {
                    self.nodes.entry(*node).or_default().push((stretch, what.clone()));
                    changed.nodes.push(*node);
                }
                Effect::Messages(what) => self.messages.begin(stretch, stream, what),
                Effect::Load(what) => self.load.begin(stretch, what),
                Effect::Cut { .. } | Effect::Link { .. } => {
                    self.between.push((stretch, effect.clone()));
                    changed.ways = true;
                }
            }
        }
        self.derive(&changed, topology);
    }

    /// The effects of this stretch, which are among `effects`, end.
    pub fn end(&mut self, stretch: StretchId, effects: &[Effect], topology: &Topology) {
        let mut changed = Changed::default();
        for node in effects.iter().filter_map(Effect::node) {
            if let Some(entries) = self.nodes.get_mut(&node) {
                entries.retain(|(owner, _)| *owner != stretch);
                if entries.is_empty() {
                    self.nodes.remove(&node);
                }
                changed.nodes.push(node);
            }
        }
        self.messages.end(stretch);
        self.load.end(stretch);
        let before = self.between.len();
        self.between.retain(|(owner, _)| *owner != stretch);
        changed.ways = self.between.len() < before;
        self.derive(&changed, topology);
    }

    /// The condition of a node.
    #[inline]
    pub fn node(&self, node: NodeId) -> &Condition {
        &self.conditions[node.index()]
    }

    /// Whether a message arriving now over this route vanishes.
    #[inline]
    pub fn is_blocked(&self, route: RouteId) -> bool {
        self.routes.blocking(route).is_some()
    }

    /// What is on about messages because of their ends.
    #[inline]
    pub const fn messages(&self) -> &Messages {
        &self.messages
    }

    /// What is on about what is asked of the system.
    #[inline]
    pub const fn load(&self) -> &Load {
        &self.load
    }

    /// The conditions of links and routes.
    #[inline]
    pub const fn routes(&self) -> &RouteConditions {
        &self.routes
    }

    /// The cuts that are on: from which domain to which.
    pub fn cuts(&self) -> Vec<(String, String)> {
        let cut = |effect: &Effect| match effect {
            Effect::Cut { from, to, .. } => Some((from.clone(), to.clone())),
            _ => None,
        };
        let mut cuts: Vec<_> = self.between.iter().filter_map(|(_, effect)| cut(effect)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// Routing has learnt of these cuts, and of no others.
    pub fn converge(&mut self, cuts: &[(String, String)], topology: &Topology) {
        self.routes.converge(cuts, &way_effects(&self.between), topology);
    }

    /// How many effects are on.
    pub fn active(&self) -> usize {
        self.nodes.values().map(Vec::len).sum::<usize>() + self.between.len() + self.messages.active() + self.load.active()
    }

    /// Only what changed is derived again: a world may have ten thousand nodes that fail one by one.
    fn derive(&mut self, changed: &Changed, topology: &Topology) {
        for &node in &changed.nodes {
            let entries = self.nodes.get(&node).map_or(&[][..], Vec::as_slice);
            self.conditions[node.index()] = Condition::of(entries.iter().map(|(_, effect)| effect));
        }
        if changed.ways {
            self.routes.derive(&way_effects(&self.between), topology);
        }
    }
}

/// What has to be derived again.
#[derive(Default)]
struct Changed {
    nodes: Vec<NodeId>,
    ways: bool,
}

/// What is on about the ways between domains.
fn way_effects(between: &[(StretchId, Effect)]) -> Vec<WayEffect<'_>> {
    let effect = |effect| match effect {
        &Effect::Cut { ref from, ref to, how } => Some(WayEffect::Cut(from, to, how)),
        Effect::Link { from, to, change } => Some(WayEffect::Change(from, to, change)),
        Effect::Node(..) | Effect::Messages(_) | Effect::Load(_) => None,
    };
    between.iter().filter_map(|(_, on)| effect(on)).collect()
}
