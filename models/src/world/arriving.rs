//! What does a request ask for when it arrives at a service, beside a worker, and what becomes of that when it is over?
//!
//! A connection, the key of its call, a place among the reads and writes of what the service keeps. Only services of which a scenario
//! says so have any of this; all other requests pass by.

use super::World;
use crate::attempt::Holds;
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::{INSIDE, Role};
use crate::protocols::Protocol;
use crate::services::connections::Holder;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// A request asks for what it needs beside a worker. Whether it goes on; if not, it has been answered.
    #[cold]
    pub(super) fn checks_in(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let attempt = &self.attempts[slot];
        let keeps_sessions = self.plan.services[attempt.service as usize].sessions.is_some();
        if keeps_sessions && !attempt.is_probe && !self.knows_client(slot, ctx) {
            return false;
        }
        self.knows_enough(slot, ctx)
    }

    /// The same for a request whose client is known.
    pub(super) fn knows_enough(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        if self.plan.services[self.attempts[slot].service as usize].intake.is_some() {
            self.comes_in(slot, ctx);
            return false;
        }
        self.gets_what_it_needs(slot, ctx)
    }

    /// The same, where nothing else decides who comes in.
    pub(super) fn gets_what_it_needs(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        if self.attempts[slot].is_probe {
            return true;
        }
        if !self.connects(slot, ctx.now()) {
            self.observations.count("connections refused", 1);
            self.fail(slot, Failure::Refused, ctx);
            return false;
        }
        if self.plan.services[self.attempts[slot].service as usize].is_watched && !self.claims(slot, ctx) {
            return false;
        }
        self.comes_to_data(slot, ctx.now());
        if self.plan.services[self.attempts[slot].service as usize].read_model.is_some() {
            self.attempts[slot].holds.add(Holds::MODEL);
        }
        true
    }

    /// A request is over at its server: it was answered with this outcome, or nothing came of it. Lets go of what it held, and answers
    /// how it ended indeed: a write may come too late.
    #[cold]
    pub(super) fn checks_out(&mut self, slot: u32, outcome: Option<Outcome>, ctx: &mut Ctx<'_, Self>) -> Option<Outcome> {
        let now = ctx.now();
        let holds = self.attempts[slot].holds;
        let outcome = if holds.has(Holds::DATA) { self.leaves_data(slot, outcome, ctx) } else { outcome };
        if holds.has(Holds::MODEL) {
            self.leaves_read_model(slot, outcome, now);
        }
        if holds.has(Holds::KEY) {
            self.settle_key(slot, outcome, ctx);
        }
        if holds.has(Holds::CONNECTION) {
            let (attempt, holder) = (&self.attempts[slot], self.holder_of(slot));
            if let Some(limit) = &self.plan.services[attempt.service as usize].connections
                && let Some(pools) = self.pools.get_mut(&attempt.node)
            {
                pools.give_back(limit, holder, now);
            }
        }
        self.attempts[slot].holds = Holds::default();
        if holds.has(Holds::DOOR) {
            self.leaves_door(slot, outcome, now);
        }
        outcome
    }

    /// Whether there is a connection for a request.
    fn connects(&mut self, slot: u32, now: SimTime) -> bool {
        let (attempt, holder) = (&self.attempts[slot], self.holder_of(slot));
        // What a replica has fetched itself comes over no connection.
        let Some(limit) = self.plan.services[attempt.service as usize].connections.as_ref().filter(|_| attempt.routes.0 != INSIDE) else {
            return true;
        };
        let pools = self.pools.entry(attempt.node).or_default();
        let connects = pools.take(limit, holder, now);
        self.observations.most("connections of a replica", u64::from(pools.open()));
        if connects {
            self.attempts[slot].holds.add(Holds::CONNECTION);
        }
        connects
    }

    /// Whose connection a request comes over.
    fn holder_of(&self, slot: u32) -> Holder {
        let attempt = &self.attempts[slot];
        match self.plan.nodes[attempt.caller.index()].role {
            Role::Clients(_) => (attempt.caller, attempt.name.call.client),
            Role::Replica(_) | Role::Member(_) => (attempt.caller, 0),
        }
    }

    /// A node is no more: connections to it and from it are closed.
    #[cold]
    pub(super) fn connections_close(&mut self, node: NodeId) {
        self.pools.remove(&node);
        self.pools.values_mut().for_each(|pools| pools.holder_dies(node));
    }
}
