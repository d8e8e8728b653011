//! What lies between a caller and its callee?

use crate::ids::{EdgeId, NodeId, RouteId};
use crate::strategies::breaker::Lever;
use crate::strategies::{Layer, Luck, Scope, Site};
use sim_core::draw::Key;
use sim_core::time::SimTime;

/// A caller and its callee.
#[derive(Clone, Debug)]
pub struct EdgePlan {
    /// `shoppers -> checkout`.
    pub name: String,
    /// The first node that calls over it; the others follow.
    pub caller: NodeId,
    /// Where its attempts go.
    pub callee: Callee,
    /// The key of the random numbers that its layers share.
    pub key: Key,
    /// The layers between, outermost first.
    pub stack: Vec<Layer>,
    /// Whether none of them makes anything else of an outcome, or has anything to remember of it: whatever ends an attempt ends the call.
    pub passes_outcomes: bool,
    /// By whom the memory of each layer is shared.
    pub scopes: Vec<Option<Scope>>,
    /// Where the shared memory of each layer is kept: its own edge and position, or those of the first layer of a pool that it shares.
    pub homes: Vec<(EdgeId, u32)>,
    /// The edge to the other service that a layer may call, for each layer.
    pub elsewhere: Vec<Option<EdgeId>>,
    /// The replicas of the callee, by the keys of their names.
    pub replicas: Vec<u64>,
    /// In which zones replicas and callers stand.
    pub zones: Zones,
    /// Request and reply routes by the domains of caller and callee, sorted.
    pub routes: Vec<((u32, u32), (RouteId, RouteId))>,
    /// Whether the callee says which of its replicas an attempt may go to, or which requests write.
    pub is_parted: bool,
    /// Whether its callers learn what the callee lets in, and do not send the rest.
    pub sheds_early: bool,
}

impl EdgePlan {
    /// An edge without layers.
    pub fn new(name: String, caller: NodeId, callee: Callee, replicas: Vec<u64>, zones: Zones, routes: EdgeRoutes) -> Self {
        let key = Key::named("stack").child(Key::named(&name).bits());
        Self {
            name,
            caller,
            callee,
            key,
            stack: Vec::new(),
            passes_outcomes: true,
            scopes: Vec::new(),
            homes: Vec::new(),
            elsewhere: Vec::new(),
            replicas,
            zones,
            routes,
            is_parted: false,
            sheds_early: false,
        }
    }

    /// What a layer may know of where it is.
    #[inline]
    pub fn site<'a>(&'a self, now: SimTime, luck: Luck<'a>, lever: Option<Lever>) -> Site<'a> {
        let (replicas, zones, callers) = (&self.replicas, &self.zones.of_replica, &self.zones.callers);
        Site { now, edge: self.key, luck, replicas, listed: None, pinned: None, zones, callers, lever }
    }

    /// The zone of a caller, if there are several.
    #[inline]
    pub fn own_zone(&self, process: u32) -> Option<u32> {
        if self.zones.callers.len() < 2 { None } else { self.zones.of_caller.get(process as usize).copied() }
    }

    /// Puts these layers between, outermost first.
    pub fn wrap_in(&mut self, stack: &[Layer]) {
        self.scopes = stack.iter().map(Layer::scope).collect();
        self.elsewhere = vec![None; stack.len()];
        self.passes_outcomes = stack.iter().all(Layer::passes_outcomes);
        self.stack = stack.to_vec();
    }

    /// The routes of a request and its reply between two domains, those of caller and callee; nobody is asked which if
    /// there is only one pair of them.
    #[inline(always)]
    pub fn routes(&self, domains: impl FnOnce() -> (u32, u32)) -> (RouteId, RouteId) {
        if let [only] = self.routes.as_slice() {
            return only.1;
        }
        let found = self.routes.binary_search_by_key(&domains(), |route| route.0);
        self.routes[found.expect("a plan connects all domains of an edge")].1
    }
}

/// The way between a replica and itself: nothing travels, and nothing is lost.
pub const INSIDE: RouteId = RouteId(u32::MAX);

/// Request and reply routes by the places of caller and callee.
pub type EdgeRoutes = Vec<((u32, u32), (RouteId, RouteId))>;

/// In which zones, that is domains as written, the ends of an edge stand, by numbers local to the edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zones {
    /// Of each replica.
    pub of_replica: Vec<u32>,
    /// Of each process that calls.
    pub of_caller: Vec<u32>,
    /// How many processes call from each zone.
    pub callers: Vec<u32>,
}

impl Zones {
    /// The zones of these domains.
    pub fn new(callers: &[&str], replicas: &[&str]) -> Self {
        let mut known: Vec<&str> = callers.iter().chain(replicas).copied().collect();
        known.sort_unstable();
        known.dedup();
        let number = |domain: &&str| known.binary_search(domain).expect("every domain is among those known") as u32;
        let of_caller: Vec<u32> = callers.iter().map(number).collect();
        let count = |zone: u32| of_caller.iter().filter(|of| **of == zone).count() as u32;
        Self { of_replica: replicas.iter().map(number).collect(), callers: (0..known.len() as u32).map(count).collect(), of_caller }
    }
}

/// Where attempts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// One of the replicas of a service.
    Service(u32),
    /// The group.
    Group,
    /// The caller itself, a replica of this service that has fetched a message: nothing travels.
    Own(u32),
}
