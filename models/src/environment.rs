//! What is the state of the world just now?
//!
//! The environment is a ledger of the effects that are on, and the conditions derived from it. Ending a fault removes its
//! entries; nothing is ever undone, so overlap has one written rule per condition: a node is down while any entry says so,
//! and silent while any of those says so; the slowest factor counts; cuts unite. What follows for links and routes is derived
//! in [`crate::links::RouteConditions`].

use crate::ids::{FaultId, NodeId, RouteId};
use crate::links::{Blocking, LinkChange, RouteConditions, WayEffect};
use crate::topology::Topology;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Something a fault does to the world while it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A node is down.
    Down {
        /// Which.
        node: NodeId,
        /// Whether its machine answers for it that nobody listens.
        refuses: bool,
    },
    /// A node is slow.
    Slow {
        /// Which.
        node: NodeId,
        /// By how much.
        slowness: Slowness,
    },
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

/// How much longer work takes, in thousandths: 1000 is full speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slowness(u64);

impl Slowness {
    /// Full speed.
    pub const NONE: Self = Self(1000);

    /// The slowness of a factor such as 8 or 1.5.
    pub fn from_factor(factor: f64) -> Self {
        Self((factor * 1000.0 + 0.5) as u64)
    }

    /// How long work of this length takes.
    #[inline]
    pub fn stretch(self, work: SimDuration) -> SimDuration {
        if self == Self::NONE { work } else { work.scaled(self.0, 1000) }
    }

    /// How much work is done in this time.
    pub fn done_in(self, time: SimDuration) -> SimDuration {
        if self == Self::NONE { time } else { time.scaled(1000, self.0) }
    }
}

/// The condition of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether it runs.
    pub up: bool,
    /// If it does not run: whether its machine says so.
    pub refuses: bool,
    /// How slow it is.
    pub slowness: Slowness,
}

impl Condition {
    const NORMAL: Self = Self { up: true, refuses: false, slowness: Slowness::NONE };
}

/// The ledger, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    ledger: Vec<(FaultId, Effect)>,
    nodes: Vec<Condition>,
    routes: RouteConditions,
}

impl Environment {
    /// A world in which nothing is wrong.
    pub fn new(nodes: usize, routes: usize) -> Self {
        Self { ledger: Vec::new(), nodes: vec![Condition::NORMAL; nodes], routes: RouteConditions::new(routes) }
    }

    /// A fault begins.
    pub fn begin(&mut self, fault: FaultId, effects: &[Effect], topology: &Topology) {
        self.ledger.extend(effects.iter().map(|effect| (fault, effect.clone())));
        self.derive(topology);
    }

    /// A fault ends.
    pub fn end(&mut self, fault: FaultId, topology: &Topology) {
        self.ledger.retain(|(owner, _)| *owner != fault);
        self.derive(topology);
    }

    /// The condition of a node.
    #[inline]
    pub fn node(&self, node: NodeId) -> Condition {
        self.nodes[node.index()]
    }

    /// Whether a message arriving now over this route vanishes.
    #[inline]
    pub fn is_blocked(&self, route: RouteId) -> bool {
        self.routes.blocking(route).is_some()
    }

    /// The conditions of links and routes.
    #[inline]
    pub const fn routes(&self) -> &RouteConditions {
        &self.routes
    }

    /// The cuts that are on: from which domain to which.
    pub fn cuts(&self) -> Vec<(String, String)> {
        let mut cuts: Vec<_> = self
            .ledger
            .iter()
            .filter_map(|(_, effect)| match effect {
                Effect::Cut { from, to, .. } => Some((from.clone(), to.clone())),
                _ => None,
            })
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// Routing has learnt of these cuts, and of no others.
    pub fn converge(&mut self, cuts: &[(String, String)], topology: &Topology) {
        self.routes.converge(cuts, &way_effects(&self.ledger), topology);
    }

    /// How many effects are on.
    pub fn active(&self) -> usize {
        self.ledger.len()
    }

    fn derive(&mut self, topology: &Topology) {
        self.nodes.fill(Condition::NORMAL);
        for (_, effect) in &self.ledger {
            match effect {
                Effect::Down { node, refuses } => {
                    let condition = &mut self.nodes[node.index()];
                    condition.refuses = *refuses && (condition.up || condition.refuses);
                    condition.up = false;
                }
                Effect::Slow { node, slowness } => {
                    let condition = &mut self.nodes[node.index()];
                    condition.slowness = condition.slowness.max(*slowness);
                }
                Effect::Cut { .. } | Effect::Link { .. } => {}
            }
        }
        self.routes.derive(&way_effects(&self.ledger), topology);
    }
}

/// What the ledger says about the ways between domains.
fn way_effects(ledger: &[(FaultId, Effect)]) -> Vec<WayEffect<'_>> {
    let effects = ledger.iter().map(|(_, effect)| effect);
    effects
        .filter_map(|effect| match effect {
            Effect::Cut { from, to, how } => Some(WayEffect::Cut(from, to, *how)),
            Effect::Link { from, to, change } => Some(WayEffect::Change(from, to, change)),
            Effect::Down { .. } | Effect::Slow { .. } => None,
        })
        .collect()
}

/// The next instant after `now` at which the plan changes the environment: until then nothing planned interferes.
pub fn quiet_until(changes: &[SimTime], now: SimTime) -> SimTime {
    let next = changes.partition_point(|&change| change <= now);
    changes.get(next).copied().unwrap_or(SimTime::MAX)
}
