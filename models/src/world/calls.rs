//! How does a stack turn a call into attempts, and their results into one outcome?

use super::World;
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::Outcome;
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::strategies::{Cause, FlightMemory, Layer, Moment, Scope, SharedMemory, Step};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// A caller makes a call.
    #[inline(always)]
    pub(super) fn start_call(&mut self, name: CallName, origin: Origin, process: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let slot = self.calls.take();
        let is_client = origin == Origin::Client;
        let measured = self.meter.call_started(name.edge, is_client, now);
        let caller = match origin {
            // Populations come first among the nodes, in the order of their edges.
            Origin::Client => NodeId(name.edge.0),
            Origin::Job(job) => self.attempts[job].node,
        };
        self.calls[slot].begin(name, (origin, caller), process, now, measured);
        if !self.clocks.is_empty() {
            self.calls[slot].started_local = self.local_of_call(slot, now);
        }
        self.open_calls += u64::from(is_client);
        ctx.record(&Record::CallStarted(name));
        if let Origin::Job(job) = origin {
            self.attempts[job].child = slot;
        }
        // The call is what its outermost flight is inside of.
        self.take_step(slot, NONE, Step::Inner { wake: None }, ctx);
    }

    /// Does what the layer of a flight wants, and goes on until everything waits for time to pass.
    pub(super) fn take_step(&mut self, slot: u32, flight: u32, step: Step, ctx: &mut Ctx<'_, Self>) {
        let (mut flight, mut step) = (flight, step);
        loop {
            match step {
                Step::Inner { wake } => {
                    let call = &mut self.calls[slot];
                    let layer = call.flights.get_mut(flight as usize).map_or(0, |state| {
                        state.timer = wake.unwrap_or(SimTime::MAX);
                        state.layer as usize + 1
                    });
                    let Some(strategy) = self.plan.edges[call.name.edge.index()].stack.get(layer) else {
                        let leaf = call.add_flight(flight, layer, FlightMemory::Nothing);
                        self.send_attempt(slot, leaf, ctx);
                        return self.arm(slot, ctx);
                    };
                    flight = call.add_flight(flight, layer, strategy.new_flight());
                    step = self.ask(slot, flight, Cause::Start, ctx.now());
                }
                Step::Wait(until) => {
                    self.calls[slot].flights[flight as usize].timer = until;
                    return self.arm(slot, ctx);
                }
                Step::End(outcome) => {
                    let parent = self.close(slot, flight, ctx);
                    if parent == NONE {
                        return self.end_call(slot, outcome, ctx);
                    }
                    flight = parent;
                    step = self.ask(slot, flight, Cause::InnerEnded(outcome), ctx.now());
                }
            }
        }
    }

    /// Layers live by their caller's clock: every instant they are told, or name, is one of that.
    #[inline(always)]
    pub(super) fn ask(&mut self, slot: u32, flight: u32, cause: Cause, now: SimTime) -> Step {
        let now = self.local_of_call(slot, now);
        let call = &mut self.calls[slot];
        let edge = call.name.edge.index();
        let state = &mut call.flights[flight as usize];
        let index = state.layer as usize;
        let layer = &self.plan.edges[edge].stack[index];
        let moment = Moment { now, call_started: call.started_local, attempts: call.attempts, key: call.name.key, seed: &self.seed };
        let nothing = &mut SharedMemory::Nothing;
        let shared = if layer.shares() {
            let scope = scope_of(layer, call.origin, call.name.client, call.process);
            memory_of(scope, layer, &mut self.shared[edge][index])
        } else {
            nothing
        };
        layer.ask(cause, &mut state.memory, shared, &moment)
    }

    /// An attempt that was waited for ended.
    pub(super) fn attempt_ended(&mut self, slot: u32, flight: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        self.take_step(slot, flight, Step::End(outcome), ctx);
    }

    /// A result came for an attempt that had been given up: its layer may want to know.
    pub(super) fn offer_late(&mut self, slot: u32, flight: u32, outcome: Outcome, now: SimTime) {
        let now = self.local_of_call(slot, now);
        let call = &self.calls[slot];
        let edge = call.name.edge.index();
        let parent = call.flights.get(flight as usize).map_or(NONE, |flight| flight.parent);
        let Some(owner) = call.flights.get(parent as usize) else { return };
        let index = owner.layer as usize;
        let layer = &self.plan.edges[edge].stack[index];
        let scope = scope_of(layer, call.origin, call.name.client, call.process);
        let moment = Moment { now, call_started: call.started_local, attempts: call.attempts, key: call.name.key, seed: &self.seed };
        if let Some(shared) = self.shared[edge][index].get_mut(scope) {
            layer.offer_late(outcome, shared, &moment);
        }
    }

    /// Closes a flight and everything open inside it; attempts inside are abandoned. Answers its parent.
    #[inline(always)]
    fn close(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) -> u32 {
        let (parent, attempt, inside) = self.calls[slot].close_flight(flight);
        if attempt != NONE {
            self.abandon_attempt(attempt, ctx);
        }
        if inside > 0 {
            self.close_inside(slot, flight, ctx);
        }
        parent
    }

    #[cold]
    fn close_inside(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        for inner in 0..self.calls[slot].flights.len() {
            let state = &self.calls[slot].flights[inner];
            if state.is_open && state.parent == flight {
                self.close(slot, inner as u32, ctx);
            }
        }
    }

    fn end_call(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let call = &mut self.calls[slot];
        call.is_open = false;
        let (name, origin, is_wrong) = (call.name, call.origin, call.is_wrong && outcome.is_success());
        self.meter.call_ended(call, outcome, now);
        ctx.record(&Record::CallEnded(name, outcome));
        self.forget_call(slot);
        match origin {
            Origin::Client => {
                self.open_calls -= 1;
                self.client_served(name, outcome, ctx);
            }
            Origin::Job(attempt) => {
                // What is made of a wrong answer is wrong.
                self.attempts[attempt].is_wrong |= is_wrong;
                self.child_ended(attempt, outcome, ctx);
            }
        }
    }

    /// The caller of a call is no more: nobody is told how it ends.
    pub(super) fn abandon_call(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.calls[slot].is_open = false;
        for flight in 0..self.calls[slot].flights.len() {
            if self.calls[slot].flights[flight].is_open {
                self.close(slot, flight as u32, ctx);
            }
        }
        self.forget_call(slot);
    }

    /// Gives the record back when nobody waits for the call and nothing of it is under way.
    pub(super) fn forget_call(&mut self, slot: u32) {
        let call = &self.calls[slot];
        if !call.is_open && call.on_wire == 0 {
            self.calls.release(slot);
        }
    }

    /// Makes sure that an event comes no later than the earliest timer of the call. A pending one that comes earlier is
    /// good enough: it is armed again then. So a call costs at most one pending timer, and most cost none of their own.
    #[inline(always)]
    pub(super) fn arm(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let local = self.calls[slot].next_timer();
        let next = self.wake_of_call(slot, local, ctx.now());
        self.arm_at(slot, next, ctx);
    }

    /// Makes sure that an event comes no later than this true instant.
    pub(super) fn arm_at(&mut self, slot: u32, next: SimTime, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        if next < call.armed {
            call.armed = next;
            let event = WorldEvent::new(Kind::CallTimer, call.name.key, 0, slot);
            ctx.at(next, event);
        }
    }

    /// The timer event of a slot comes; the call it was armed for may be long over.
    pub(super) fn call_timer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let call = &mut self.calls[slot];
        if call.armed != now {
            return;
        }
        call.armed = SimTime::MAX;
        if !call.is_open {
            return;
        }
        if let Origin::Job(job) = call.origin
            && self.stands_still(self.attempts[job].node)
        {
            return self.sleep_on(slot, ctx);
        }
        let local = self.local_of_call(slot, now);
        // Bounded: every round ends a timer that is due, and steps set timers that lie ahead.
        while self.calls[slot].is_open
            && let Some(flight) = self.calls[slot].due(local)
        {
            self.calls[slot].flights[flight as usize].timer = SimTime::MAX;
            let step = self.ask(slot, flight, Cause::Timer, now);
            self.take_step(slot, flight, step, ctx);
        }
        if self.calls[slot].is_open {
            self.arm(slot, ctx);
        }
    }
}

/// The shared memory of a scope, made on first use. Out of line, so that layers that share nothing are asked cheaply.
#[inline(never)]
fn memory_of<'a>(scope: usize, layer: &Layer, shared: &'a mut Vec<SharedMemory>) -> &'a mut SharedMemory {
    if shared.len() <= scope {
        shared.resize_with(scope + 1, || layer.fresh());
    }
    &mut shared[scope]
}

/// Which of the shared memories of a layer belongs to a call.
fn scope_of(layer: &Layer, origin: Origin, client: u32, process: u32) -> usize {
    match (layer.scope(), origin) {
        (None | Some(Scope::Edge), _) => 0,
        (Some(Scope::Client), Origin::Client) => client as usize,
        (Some(Scope::Client | Scope::Process), _) => process as usize,
    }
}
