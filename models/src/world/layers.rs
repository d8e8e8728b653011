//! What is a layer shown when it is asked, and what becomes of what it says beside its step?

use super::World;
use crate::call::NONE;
use crate::environment::ConnectionPool;
use crate::faults::Happening;
use crate::ids::{EdgeId, NodeId};
use crate::outcome::Outcome;
use crate::plan::{Callee, EdgePlan, Role};
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::strategies::{Cause, FlightMemory, Layer, Luck, Moment, Scope, SharedMemory, ShiftAt, Site, Step, Ticket};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// Asks the layer of a flight.
    pub(super) fn ask(&mut self, slot: u32, flight: u32, cause: Cause, ctx: &mut Ctx<'_, Self>) -> Step {
        let layer = self.calls[slot].flights[flight as usize].layer as usize;
        self.ask_layer(slot, (flight, layer), cause, ctx)
    }

    /// Layers live by their caller's clock: every instant they are told, or name, is one of that.
    #[inline(always)]
    pub(super) fn ask_layer(&mut self, slot: u32, (flight, layer): (u32, usize), cause: Cause, ctx: &mut Ctx<'_, Self>) -> Step {
        let now = self.local_of_call(slot, ctx.now());
        let edge = &self.plan.edges[self.calls[slot].name.edge.index()];
        match edge.stack[layer].at_once(cause, now) {
            Some(step) => step,
            None => self.consult(slot, flight, (cause, now), ctx),
        }
    }

    /// Asks a layer that has a memory, or wants to know more than the time.
    #[inline(never)]
    pub(super) fn consult(&mut self, slot: u32, flight: u32, (cause, now): (Cause, SimTime), ctx: &mut Ctx<'_, Self>) -> Step {
        let step = self.with_layer(slot, flight, now, |layer, memory, shared, moment| layer.ask(cause, memory, shared, moment));
        if self.notes.is_any() {
            self.hear_notes(slot, flight, ctx);
        }
        step
    }

    /// Looks up everything a layer may see, and lets it act. `now` is by its caller's clock.
    #[inline(always)]
    pub(super) fn with_layer<R>(
        &mut self,
        slot: u32,
        flight: u32,
        now: SimTime,
        act: impl FnOnce(&Layer, &mut FlightMemory, &mut SharedMemory, &mut Moment<'_>) -> R,
    ) -> R {
        let edge = &self.plan.edges[self.calls[slot].name.edge.index()];
        let (part, writes) = if edge.is_parted { self.narrowed(slot) } else { (None, false) };
        let call = &mut self.calls[slot];
        let state = &mut call.flights[flight as usize];
        let index = state.layer as usize;
        let layer = &edge.stack[index];
        let replica = (state.replica != NONE).then_some(state.replica);
        let is_client = (call.caller.0 as usize) < self.plan.populations.len();
        let scope = scope_of(edge.scopes[index], is_client.then_some(call.name.client), call.process, replica, edge);
        let key = if edge.scopes[index].is_some() { key_of_scope(edge.key, index, scope) } else { edge.key };
        let mut site = edge.site(now, Luck { seed: &self.seed, key }, self.environment.lever(call.name.edge, call.process));
        if let Callee::Service(service) = edge.callee {
            // Who chooses for many looks for all of them.
            site.listed = self.fleets.known(service, (&self.seed, edge.key, scope as u32), now);
            site.pinned = self.fleets.pinned(service, (call.name.population.0, call.name.client));
        }
        let (edge_of_memory, layer_of_memory) = edge.homes[index];
        let memory = &mut self.shared[edge_of_memory.index()][layer_of_memory as usize];
        if memory.len() <= scope || memory[scope].is_none() {
            let pool = ConnectionPool { edge: edge_of_memory, layer: layer_of_memory };
            make_memory(scope, layer, memory, &site, || self.environment.connections_taken(pool));
        }
        let shared = memory[scope].as_mut().expect("it has just been made");
        let mut moment = Moment {
            now,
            call_started: call.started_local,
            deadline: call.deadline.min(call.limit),
            attempts: call.attempts,
            key: call.name.key,
            object: call.object,
            client: (call.name.client, call.name.ordinal),
            part,
            writes,
            replica,
            own_zone: edge.own_zone(call.process),
            layer: index as u32,
            ticket: Ticket::new(slot, flight),
            waits: &mut call.waits,
            tried: &mut call.tried,
            notes: &mut self.notes,
            site,
        };
        act(layer, &mut state.memory, shared, &mut moment)
    }

    /// Deals with what a layer has said beside its step.
    #[cold]
    pub(super) fn hear_notes(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        if let Some((at, propagates)) = self.notes.deadline.take() {
            call.deadline = call.deadline.min(at);
            call.tells_deadline |= propagates;
        }
        if std::mem::take(&mut self.notes.is_degraded) {
            call.is_degraded = true;
            self.meter.fell_back(call);
        }
        if std::mem::take(&mut self.notes.refreshes) {
            self.start_background(slot, flight, ctx);
        }
        let call = &mut self.calls[slot];
        if self.notes.shifts.is_empty() {
            return;
        }
        let is_client = (call.caller.0 as usize) < self.plan.populations.len();
        let (edge, process, client) = (call.name.edge, call.process, is_client.then_some(call.name.client));
        let state = &call.flights[flight as usize];
        let (layer, replica) = (state.layer, (state.replica != NONE).then_some(state.replica));
        let plan = &self.plan.edges[edge.index()];
        let scope = scope_of(plan.scopes[layer as usize], client, process, replica, plan) as u32;
        self.announce_shifts(edge, (layer, scope), ctx);
    }

    /// Makes known what a layer has said of its state.
    pub(super) fn announce_shifts(&mut self, edge: EdgeId, (layer, scope): (u32, u32), ctx: &mut Ctx<'_, Self>) {
        for shift in std::mem::take(&mut self.notes.shifts) {
            self.observations.count(shift.counted(), 1);
            ctx.record(&Record::Shifted(ShiftAt { edge, layer, scope, shift }));
            self.happens(Happening::Announced(shift.name()), ctx);
        }
    }

    /// Tells flights that what they waited for is theirs. One whose caller stands still hears of it when that goes on.
    #[cold]
    pub(super) fn hand_out_grants(&mut self, ctx: &mut Ctx<'_, Self>) {
        // Bounded: a grant is given for a place that was left, and taking it leaves none.
        while let Some(next) = self.notes.grants.iter().position(|ticket| !self.stands_still(self.calls[ticket.parts().0].caller)) {
            let ticket = self.notes.grants.remove(next).expect("it has just been found");
            let (slot, flight) = ticket.parts();
            self.calls[slot].flights[flight as usize].timer = SimTime::MAX;
            let step = self.ask(slot, flight, Cause::Granted, ctx);
            self.take_step(slot, flight, step, None, ctx);
        }
    }

    /// A layer hears how its background call ended.
    pub(super) fn refreshed(
        &mut self,
        (name, process, object): (CallName, u32, u64),
        (layer, replica): (u32, u32),
        outcome: Outcome,
        now: SimTime,
    ) {
        let edge = &self.plan.edges[name.edge.index()];
        let is_client = (edge.caller.0 as usize) < self.plan.populations.len();
        let replica = (replica != NONE).then_some(replica);
        let scope = scope_of(edge.scopes[layer as usize], is_client.then_some(name.client), process, replica, edge);
        let node = if is_client { edge.caller } else { NodeId(edge.caller.0 + process) };
        let now = self.local(node, now);
        let edge = &self.plan.edges[name.edge.index()];
        if let Some(Some(memory)) = self.shared[name.edge.index()][layer as usize].get_mut(scope) {
            edge.stack[layer as usize].refreshed(memory, object, outcome, now);
        }
    }

    /// What all layers of an edge keep by object is lost.
    pub(super) fn flush(&mut self, edge: EdgeId) {
        let plan = &self.plan.edges[edge.index()];
        for (layer, memories) in plan.stack.iter().zip(&mut self.shared[edge.index()]) {
            memories.iter_mut().flatten().for_each(|memory| layer.flush(memory));
        }
    }

    /// What the strategies of a process remembered is gone with it; what all processes share is kept elsewhere.
    pub(super) fn forget_strategies(&mut self, node: NodeId) {
        for (edge, memories) in self.plan.edges.iter().zip(&mut self.shared) {
            let Role::Replica(service) = self.plan.nodes[node.index()].role else { continue };
            if edge.caller != self.plan.services[service as usize].first {
                continue;
            }
            let process = (node.0 - edge.caller.0) as usize;
            for ((index, layer), memory) in edge.stack.iter().enumerate().zip(memories) {
                let own = match edge.scopes[index] {
                    None | Some(Scope::Edge) => continue,
                    Some(Scope::Client | Scope::Process) => process..process + 1,
                    Some(Scope::Endpoint) => process * edge.replicas.len()..(process + 1) * edge.replicas.len(),
                };
                if layer.begins_full() {
                    let missing: Vec<usize> = own.clone().filter(|scope| memory.get(*scope).is_none_or(Option::is_none)).collect();
                    for scope in missing {
                        let luck = Luck { seed: &self.seed, key: key_of_scope(edge.key, index, scope) };
                        make_memory(scope, layer, memory, &edge.site(SimTime::ZERO, luck, None), || 0);
                    }
                }
                for memory in memory.iter_mut().take(own.end).skip(own.start) {
                    if memory.as_mut().is_some_and(|memory| !layer.dies(memory)) {
                        *memory = None;
                    }
                }
            }
        }
    }

    /// Adds up what layers have counted over the run.
    pub(super) fn count_layers(&mut self) {
        for (edge, memories) in self.plan.edges.iter().zip(&self.shared) {
            for (layer, memories) in edge.stack.iter().zip(memories) {
                for memory in memories.iter().flatten() {
                    layer.counted(memory, &mut |name, number| {
                        if number > 0 {
                            self.observations.count(name, number);
                        }
                    });
                }
            }
        }
    }
}

/// The shared memory of a scope, made on first use.
#[cold]
pub(super) fn make_memory(
    scope: usize,
    layer: &Layer,
    memory: &mut Vec<Option<SharedMemory>>,
    site: &Site<'_>,
    taken: impl FnOnce() -> u32,
) {
    if memory.len() <= scope {
        memory.resize_with(scope + 1, || None);
    }
    let mut fresh = layer.fresh(site);
    if layer.connections().is_some() {
        layer.take(&mut fresh, taken(), site.now);
    }
    memory[scope] = Some(fresh);
}

/// Which of the shared memories of a layer belongs to a flight.
#[inline(always)]
fn scope_of(scope: Option<Scope>, client: Option<u32>, process: u32, replica: Option<u32>, edge: &EdgePlan) -> usize {
    match scope {
        None => 0,
        Some(scope) => match (scope, client) {
            (Scope::Edge, _) => 0,
            (Scope::Client, Some(client)) => client as usize,
            (Scope::Client | Scope::Process, _) => process as usize,
            (Scope::Endpoint, _) => process as usize * edge.replicas.len() + replica.unwrap_or(0) as usize,
        },
    }
}

/// The key of the random numbers of a shared memory.
pub(super) const fn key_of_scope(edge: Key, layer: usize, scope: usize) -> Key {
    edge.child(layer as u64).child(scope as u64)
}
