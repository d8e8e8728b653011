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
mod reach;

pub use load::{Factor, JobWork, Load, LoadEffect, LoadFactor};
pub use messages::{Conduct, Failing, Letter, MessageEffect, Messages, Misbehaviour, Omission, OmissionWay, Stage};
pub use node::{Condition, DiskLoss, FlagOn, NodeEffect, SlowRequests, Slowness, Twin};
pub use reach::{Reach, Within};

use crate::ids::{EdgeId, NodeId, RouteId, StretchId};
use crate::links::{Block, LinkChange, RouteConditions, WayEffect};
use crate::strategies::breaker::Lever;
use crate::topology::Topology;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;
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
    /// What the caches of an edge keep is lost when it begins; nothing is on afterwards.
    Flush(EdgeId),
    /// The breakers of an edge are held in a state by hand: those of one process that calls, by its number, or of all.
    Lever(EdgeId, Option<u32>, Lever),
    /// Somebody else holds connections of each pool that a layer keeps.
    Connections(ConnectionPool, u32),
    /// Messages from some places (and those inside them) to others do not get through. A place is a domain, or that of a node.
    Cut {
        /// Where they are sent.
        from: Vec<String>,
        /// Where they are received.
        to: Vec<String>,
        /// What becomes of them, and what senders notice of it.
        block: Block,
    },
    /// Messages from some places (and those inside them) to others meet more than their links do to them.
    Link {
        /// Where they are sent.
        from: Vec<String>,
        /// Where they are received.
        to: Vec<String>,
        /// What they meet.
        change: LinkChange,
    },
}

impl Effect {
    /// The node whose treatment of single calls it changes, if it does that and nothing else.
    pub const fn node_of_calls(&self) -> Option<NodeId> {
        match self {
            Self::Node(node, NodeEffect::Slow(_) | NodeEffect::SlowShare(_) | NodeEffect::Flag(_)) => Some(*node),
            Self::Messages(
                MessageEffect::Omits(node, _)
                | MessageEffect::AnswersLate(node, _)
                | MessageEffect::Misbehaves(node, _)
                | MessageEffect::Fails(node, _),
            ) => Some(*node),
            Self::Node(..)
            | Self::Messages(_)
            | Self::Load(_)
            | Self::Lever(..)
            | Self::Flush(_)
            | Self::Connections(..)
            | Self::Cut { .. }
            | Self::Link { .. } => None,
        }
    }

    /// Whether messages are cut off by it, and lost as such.
    pub const fn cuts(&self) -> bool {
        matches!(self, Self::Cut { .. } | Self::Messages(MessageEffect::Severed { .. }))
    }

    /// Whom it is done to, as far as it names nodes; of two sides that are cut off from one another, the smaller one.
    pub fn struck(&self) -> &[NodeId] {
        match self {
            Self::Node(node, _)
            | Self::Messages(
                MessageEffect::Omits(node, _)
                | MessageEffect::AnswersLate(node, _)
                | MessageEffect::Misbehaves(node, _)
                | MessageEffect::Fails(node, _),
            ) => std::slice::from_ref(node),
            Self::Messages(MessageEffect::Severed { from, to }) => {
                if from.len() <= to.len() {
                    from
                } else {
                    to
                }
            }
            Self::Load(_) | Self::Lever(..) | Self::Flush(_) | Self::Connections(..) | Self::Cut { .. } | Self::Link { .. } => &[],
        }
    }

    /// The same effect on some calls alone.
    #[must_use]
    pub fn confined(self, within: Within) -> Self {
        match self {
            Self::Node(node, NodeEffect::Slow(slowness)) => {
                Self::Node(node, NodeEffect::SlowShare(SlowRequests { slowness, share: Share::ALL, within }))
            }
            Self::Node(node, NodeEffect::SlowShare(some)) => Self::Node(node, NodeEffect::SlowShare(SlowRequests { within, ..some })),
            Self::Node(node, NodeEffect::Flag(on)) => Self::Node(node, NodeEffect::Flag(FlagOn { within, ..on })),
            other => other,
        }
    }

    /// The node it happens to, if it happens to one.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Node(node, _) => Some(*node),
            Self::Messages(_) | Self::Load(_) | Self::Lever(..) | Self::Flush(_) | Self::Connections(..) => None,
            Self::Cut { .. } | Self::Link { .. } => None,
        }
    }
}

/// A layer that keeps a pool of connections for each scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionPool {
    /// The edge.
    pub edge: EdgeId,
    /// The layer of its stack, the outermost is 0.
    pub layer: u32,
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
    /// Levers that are pulled, in the order in which they were.
    levers: Vec<(StretchId, EdgeId, Option<u32>, Lever)>,
    /// Connections that are held by somebody else.
    connections: Vec<(StretchId, ConnectionPool, u32)>,
    conditions: Vec<Condition>,
    routes: RouteConditions,
    /// Asked at every event: nothing is wrong with any node, link or message, so that there is no need to ask what.
    is_calm: bool,
}

impl Environment {
    /// A world in which nothing is wrong.
    pub fn new(nodes: usize, routes: usize) -> Self {
        Self {
            nodes: BTreeMap::new(),
            between: Vec::new(),
            messages: Messages::default(),
            load: Load::default(),
            levers: Vec::new(),
            connections: Vec::new(),
            conditions: vec![Condition::NORMAL; nodes],
            routes: RouteConditions::new(routes),
            is_calm: true,
        }
    }

    /// These effects begin, for all calls. `stream` says which numbers are drawn for what they do to messages.
    pub fn begin(&mut self, stretch: StretchId, stream: u64, effects: &[Effect], topology: &Topology) {
        self.begin_within(stretch, (stream, Within::ALL), effects, topology);
    }

    /// These effects begin. What they do to messages they do to those of some calls.
    pub fn begin_within(&mut self, stretch: StretchId, (stream, within): (u64, Within), effects: &[Effect], topology: &Topology) {
        let mut changed = Changed::default();
        for effect in effects {
            match effect {
                Effect::Node(node, what) => {
                    self.nodes.entry(*node).or_default().push((stretch, what.clone()));
                    changed.nodes.push(*node);
                }
                Effect::Messages(what) => self.messages.begin(stretch, (stream, within), what),
                Effect::Load(what) => self.load.begin(stretch, what),
                Effect::Flush(_) => {}
                Effect::Lever(edge, process, lever) => self.levers.push((stretch, *edge, *process, *lever)),
                Effect::Connections(pool, taken) => self.connections.push((stretch, *pool, *taken)),
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
                // What is renewed after nothing is as it was.
                let idle = entries.iter().take_while(|(_, effect)| *effect == NodeEffect::Renewed).count();
                entries.drain(..idle);
                if entries.is_empty() {
                    self.nodes.remove(&node);
                }
                changed.nodes.push(node);
            }
        }
        self.messages.end(stretch);
        self.load.end(stretch);
        self.levers.retain(|(owner, ..)| *owner != stretch);
        self.connections.retain(|(owner, ..)| *owner != stretch);
        let before = self.between.len();
        self.between.retain(|(owner, _)| *owner != stretch);
        changed.ways = self.between.len() < before;
        self.derive(&changed, topology);
    }

    /// Whether nothing is on that a node, a link or a message suffers from, and routing has got over what was.
    #[inline]
    pub const fn is_calm(&self) -> bool {
        self.is_calm
    }

    /// The condition of a node.
    #[inline]
    pub fn node(&self, node: NodeId) -> &Condition {
        &self.conditions[node.index()]
    }

    /// What is on at a node, in the order in which it began.
    pub fn effects_on(&self, node: NodeId) -> &[(StretchId, NodeEffect)] {
        self.nodes.get(&node).map_or(&[], Vec::as_slice)
    }

    /// What a cut does to a message arriving now over this route, if there is one.
    #[inline]
    pub fn blocking(&self, route: RouteId) -> Option<Block> {
        self.routes.blocking(route)
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

    /// The state that is forced upon breakers of an edge at a process that calls: where several levers are pulled there, the one that was
    /// pulled last.
    #[inline]
    pub fn lever(&self, edge: EdgeId, process: u32) -> Option<Lever> {
        let is_it = |of: EdgeId, at: Option<u32>| of == edge && at.is_none_or(|at| at == process);
        self.levers.iter().rev().find(|(_, of, at, _)| is_it(*of, *at)).map(|(.., lever)| *lever)
    }

    /// How many connections of each pool of a layer somebody else holds; they add up, to more than there are.
    pub fn connections_taken(&self, pool: ConnectionPool) -> u32 {
        self.connections.iter().filter(|(_, of, _)| *of == pool).fold(0, |sum, (.., taken)| sum.saturating_add(*taken))
    }

    /// The conditions of links and routes.
    #[inline]
    pub const fn routes(&self) -> &RouteConditions {
        &self.routes
    }

    /// The cuts that are on: from which place to which.
    pub fn cuts(&self) -> Vec<(String, String)> {
        let mut cuts = Vec::new();
        for (_, effect) in &self.between {
            if let Effect::Cut { from, to, .. } = effect {
                cuts.extend(from.iter().flat_map(|from| to.iter().map(move |to| (from.clone(), to.clone()))));
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// Routing has learnt of these cuts, and of no others.
    pub fn converge(&mut self, cuts: &[(String, String)], topology: &Topology) {
        self.routes.converge(cuts, &way_effects(&self.between), topology);
        self.is_calm = self.nothing_is_wrong();
    }

    /// How many effects are on.
    pub fn active(&self) -> usize {
        self.nodes.values().map(Vec::len).sum::<usize>()
            + self.between.len()
            + self.messages.active()
            + self.load.active()
            + self.levers.len()
            + self.connections.len()
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
        self.is_calm = self.nothing_is_wrong();
    }

    /// Whether no node suffers from anything: a flag is no harm, and only programs ask for it.
    fn nothing_but_flags(&self) -> bool {
        self.nodes.values().flatten().all(|(_, effect)| matches!(effect, NodeEffect::Flag(_)))
    }

    fn nothing_is_wrong(&self) -> bool {
        self.nothing_but_flags() && !self.messages.any() && self.routes.are_normal()
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
        &Effect::Cut { ref from, ref to, block } => Some(WayEffect::Cut(from, to, block)),
        Effect::Link { from, to, change } => Some(WayEffect::Change(from, to, change)),
        Effect::Node(..) | Effect::Messages(_) | Effect::Load(_) | Effect::Lever(..) | Effect::Flush(_) | Effect::Connections(..) => None,
    };
    between.iter().filter_map(|(_, on)| effect(on)).collect()
}
