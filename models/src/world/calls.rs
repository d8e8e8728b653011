//! How does a stack turn a call into attempts, and their results into one outcome?

use super::World;
use crate::call::{Closed, NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::faults::Happening;
use crate::ids::{EdgeId, NodeId};
use crate::outcome::{Failure, Hint, Outcome};
use crate::plan::{EdgePlan, Role};
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::strategies::{Cause, End, FlightMemory, Layer, Luck, Moment, Scope, SharedMemory, ShiftAt, Site, Step, Ticket};
use sim_core::draw::Key;
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
        // What is called for a request, or in the place of a call, is called about the same.
        let (caller, object) = match origin {
            // Populations come first among the nodes, in the order of their edges.
            Origin::Client => (NodeId(name.edge.0), self.object_of(name)),
            Origin::Job(job) => (self.attempts[job].node, self.calls[self.attempts[job].call].object),
            Origin::Flight(call, _) => (self.calls[call].caller, self.calls[call].object),
            Origin::Background(..) => unreachable!("what nobody waits for is begun as part of another call"),
            Origin::Probe(_) => unreachable!("a prober begins its calls itself"),
        };
        self.calls[slot].begin(name, (origin, caller), process, (now, object), measured);
        if !self.clocks.is_empty() {
            self.calls[slot].started_local = self.local_of_call(slot, now);
        }
        self.open_calls += u64::from(is_client);
        ctx.record(&Record::CallStarted(name));
        if let Origin::Job(job) = origin {
            self.attempts[job].child = slot;
            let deadline = self.attempts[job].deadline;
            if deadline != SimTime::MAX {
                // A child never outlives its parent, and tells its own children.
                let limit = self.local_of_call(slot, deadline);
                let call = &mut self.calls[slot];
                (call.limit, call.deadline, call.tells_deadline) = (limit, limit, true);
            }
        }
        if let Origin::Flight(parent, flight) = origin {
            self.calls[parent].flights[flight as usize].child = slot;
            self.inherit_time(slot, parent);
        }
        if self.calls[slot].limit <= self.calls[slot].started_local {
            return self.run_out(slot, ctx);
        }
        self.enter(slot, ctx);
    }

    /// A call that has begun just now goes through its layers to the wire, if they let it.
    #[inline(always)]
    fn enter(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let now = self.local_of_call(slot, ctx.now());
        let (edge, mut earliest) = (self.calls[slot].name.edge.index(), self.calls[slot].limit);
        let mut index = 0;
        while let Some(layer) = self.plan.edges[edge].stack.get(index) {
            let call = &mut self.calls[slot];
            let step = match layer.at_once(Cause::Start, now) {
                Some(step) => {
                    call.add_first_flight(FlightMemory::Nothing);
                    step
                }
                None => {
                    let flight = call.add_first_flight(layer.new_flight());
                    self.consult(slot, flight, (Cause::Start, now), ctx)
                }
            };
            let Step::Inner { wake } = step else { return self.take_step(slot, index as u32, step, None, ctx) };
            let wake = wake.unwrap_or(SimTime::MAX);
            self.calls[slot].flights[index].timer = wake;
            earliest = earliest.min(wake);
            index += 1;
        }
        let leaf = self.calls[slot].add_first_flight(FlightMemory::Nothing);
        self.send_attempt(slot, leaf, ctx);
        self.arm_by(slot, earliest, ctx);
    }

    /// What a call of a client is about.
    fn object_of(&self, name: CallName) -> u64 {
        match &self.plan.populations[name.edge.index()].objects {
            Some(objects) => objects.object(self.seed.draws(name.key, 1).choice()),
            None => name.key.bits(),
        }
    }

    /// A call made by a layer of another has the time that is left for that one. What is outside of a deadline of the stack outlives it.
    fn inherit_time(&mut self, slot: u32, parent: u32) {
        let now = self.calls[slot].started_local;
        let (deadline, limit, tells) = (self.calls[parent].deadline, self.calls[parent].limit, self.calls[parent].tells_deadline);
        let limit = if deadline > now { deadline.min(limit) } else { limit };
        let call = &mut self.calls[slot];
        (call.limit, call.deadline, call.tells_deadline) = (limit, limit, tells);
    }

    /// A layer calls another service in the place of what is inside it.
    fn call_elsewhere(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        let state = &mut call.flights[flight as usize];
        state.timer = SimTime::MAX;
        // The layers outside still have their timers, and the other call may be over before this comes back.
        self.arm(slot, ctx);
        let call = &mut self.calls[slot];
        let layer = call.flights[flight as usize].layer;
        let edge = self.plan.edges[call.name.edge.index()].elsewhere[layer as usize].expect("a plan has the edges of all its layers");
        let name = CallName { edge, key: call.name.key.child(ELSEWHERE + place_of(layer, call.made)), ..call.name };
        call.made += 1;
        let process = call.process;
        self.start_call(name, Origin::Flight(slot, flight), process, ctx);
    }

    /// A layer calls what is inside it once more, for nobody.
    fn start_background(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let parent = &mut self.calls[slot];
        let (layer, replica) = (parent.flights[flight as usize].layer, parent.flights[flight as usize].replica);
        let key = parent.name.key.child(BACKGROUND + place_of(layer, parent.made));
        parent.made += 1;
        let (name, caller, process, object) = (CallName { key, ..parent.name }, parent.caller, parent.process, parent.object);
        let measured = self.meter.background_started(now);
        let fresh = self.calls.take();
        self.calls[fresh].begin(name, (Origin::Background(layer, replica), caller), process, (now, object), measured);
        self.calls[fresh].started_local = self.local_of_call(fresh, now);
        self.inherit_time(fresh, slot);
        ctx.record(&Record::CallStarted(name));
        self.take_step(fresh, NONE, Step::Inner { wake: None }, None, ctx);
    }

    /// Does what the layer of a flight wants, and goes on until everything waits for time to pass. `hint` is what the callee said
    /// about asking again, where the step is the end of an attempt.
    #[inline(never)]
    pub(super) fn take_step(&mut self, slot: u32, flight: u32, step: Step, hint: Option<Hint>, ctx: &mut Ctx<'_, Self>) {
        let (mut flight, mut step, mut hint) = (flight, step, hint);
        loop {
            match step {
                Step::Inner { .. } | Step::At(_) => {
                    let call = &mut self.calls[slot];
                    let mut layer = if let Origin::Background(layer, _) = call.origin { layer as usize + 1 } else { 0 };
                    if let Some(state) = call.flights.get_mut(flight as usize) {
                        layer = state.layer as usize + 1;
                        match step {
                            Step::Inner { wake } => state.timer = wake.unwrap_or(SimTime::MAX),
                            Step::At(replica) => state.replica = replica,
                            Step::Wait(_) | Step::GiveUp(_) | Step::Elsewhere | Step::End(_) => unreachable!("nothing is started by these"),
                        }
                    }
                    let Some(strategy) = self.plan.edges[call.name.edge.index()].stack.get(layer) else {
                        let leaf = call.add_flight(flight, layer, FlightMemory::Nothing);
                        return self.try_again(slot, leaf, ctx);
                    };
                    flight = call.add_flight(flight, layer, strategy.new_flight());
                    hint = None;
                    step = self.ask(slot, flight, Cause::Start, ctx);
                }
                Step::Wait(until) => {
                    self.calls[slot].flights[flight as usize].timer = until;
                    return self.arm(slot, ctx);
                }
                Step::GiveUp(until) => {
                    self.calls[slot].flights[flight as usize].timer = until;
                    self.close_inside(slot, flight, ctx);
                    return self.arm(slot, ctx);
                }
                Step::Elsewhere => return self.call_elsewhere(slot, flight, ctx),
                Step::End(outcome) => {
                    let Closed { parent, layer, ordinal: inner, beside: open, .. } = self.close(slot, flight, ctx);
                    if parent == NONE {
                        return self.end_call(slot, outcome, ctx);
                    }
                    flight = parent;
                    let cause = Cause::InnerEnded(End { outcome, hint, inner, open });
                    step = self.ask_layer(slot, (flight, layer as usize - 1), cause, ctx);
                }
            }
        }
    }

    /// Asks the layer of a flight.
    pub(super) fn ask(&mut self, slot: u32, flight: u32, cause: Cause, ctx: &mut Ctx<'_, Self>) -> Step {
        let layer = self.calls[slot].flights[flight as usize].layer as usize;
        self.ask_layer(slot, (flight, layer), cause, ctx)
    }

    /// Layers live by their caller's clock: every instant they are told, or name, is one of that.
    #[inline(always)]
    fn ask_layer(&mut self, slot: u32, (flight, layer): (u32, usize), cause: Cause, ctx: &mut Ctx<'_, Self>) -> Step {
        let now = self.local_of_call(slot, ctx.now());
        let edge = &self.plan.edges[self.calls[slot].name.edge.index()];
        match edge.stack[layer].at_once(cause, now) {
            Some(step) => step,
            None => self.consult(slot, flight, (cause, now), ctx),
        }
    }

    /// Asks a layer that has a memory, or wants to know more than the time.
    #[inline(never)]
    fn consult(&mut self, slot: u32, flight: u32, (cause, now): (Cause, SimTime), ctx: &mut Ctx<'_, Self>) -> Step {
        let step = self.with_layer(slot, flight, now, |layer, memory, shared, moment| layer.ask(cause, memory, shared, moment));
        if self.notes.is_any() {
            self.hear_notes(slot, flight, ctx);
        }
        step
    }

    /// Looks up everything a layer may see, and lets it act. `now` is by its caller's clock.
    #[inline(always)]
    fn with_layer<R>(
        &mut self,
        slot: u32,
        flight: u32,
        now: SimTime,
        act: impl FnOnce(&Layer, &mut FlightMemory, &mut SharedMemory, &mut Moment<'_>) -> R,
    ) -> R {
        let call = &mut self.calls[slot];
        let edge = &self.plan.edges[call.name.edge.index()];
        let state = &mut call.flights[flight as usize];
        let index = state.layer as usize;
        let layer = &edge.stack[index];
        let replica = (state.replica != NONE).then_some(state.replica);
        let is_client = (call.caller.0 as usize) < self.plan.populations.len();
        let scope = scope_of(edge.scopes[index], is_client.then_some(call.name.client), call.process, replica, edge);
        let key = if edge.scopes[index].is_some() { key_of_scope(edge.key, index, scope) } else { edge.key };
        let site = edge.site(now, Luck { seed: &self.seed, key }, self.environment.lever(call.name.edge));
        let memory = &mut self.shared[call.name.edge.index()][index];
        if memory.len() <= scope || memory[scope].is_none() {
            make_memory(scope, layer, memory, &site);
        }
        let shared = memory[scope].as_mut().expect("it has just been made");
        let mut moment = Moment {
            now,
            call_started: call.started_local,
            deadline: call.deadline.min(call.limit),
            attempts: call.attempts,
            key: call.name.key,
            object: call.object,
            replica,
            own_zone: edge.own_zone(call.process),
            layer: index as u32,
            ticket: Ticket::new(slot, flight),
            waits: &mut call.waits,
            notes: &mut self.notes,
            site,
        };
        act(layer, &mut state.memory, shared, &mut moment)
    }

    /// Deals with what a layer has said beside its step.
    #[cold]
    fn hear_notes(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        if let Some((at, propagates)) = self.notes.deadline.take() {
            call.deadline = call.deadline.min(at);
            call.tells_deadline |= propagates;
        }
        call.is_degraded |= std::mem::take(&mut self.notes.is_degraded);
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

    /// An attempt that was waited for ended.
    pub(super) fn attempt_ended(&mut self, slot: u32, flight: u32, outcome: Outcome, hint: Option<Hint>, ctx: &mut Ctx<'_, Self>) {
        self.take_step(slot, flight, Step::End(outcome), hint, ctx);
    }

    /// An attempt that is not the first of its call, or only after a while, goes to the wire.
    #[inline(never)]
    fn try_again(&mut self, slot: u32, leaf: u32, ctx: &mut Ctx<'_, Self>) {
        self.send_attempt(slot, leaf, ctx);
        self.arm(slot, ctx);
    }

    /// Closes a flight and everything open inside it; attempts inside are abandoned.
    #[inline(always)]
    fn close(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) -> Closed {
        let closed = self.calls[slot].close_flight(flight);
        if closed.attempt != NONE {
            self.abandon_attempt(closed.attempt, ctx);
        }
        if closed.child != NONE {
            self.abandon_call(closed.child, ctx);
        }
        if closed.inside > 0 {
            self.close_inside(slot, flight, ctx);
        }
        closed
    }

    /// A flight that is given up lets go of what its layer holds for it.
    #[cold]
    fn give_up(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let ticket = Ticket::new(slot, flight);
        self.notes.grants.retain(|granted| *granted != ticket);
        if matches!(self.calls[slot].flights[flight as usize].memory, FlightMemory::Nothing) {
            return;
        }
        let now = self.local_of_call(slot, ctx.now());
        self.with_layer(slot, flight, now, |layer, memory, shared, moment| layer.given_up(memory, shared, moment));
        self.hear_notes(slot, flight, ctx);
    }

    #[cold]
    fn close_inside(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        for inner in 0..self.calls[slot].flights.len() {
            let state = &self.calls[slot].flights[inner];
            if state.is_open && state.parent == flight {
                self.give_up(slot, inner as u32, ctx);
                self.close(slot, inner as u32, ctx);
            }
        }
    }

    #[inline(always)]
    fn end_call(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let call = &mut self.calls[slot];
        call.is_open = false;
        let (name, origin, process, object, is_over) = (call.name, call.origin, call.process, call.object, call.on_wire == 0);
        let (is_wrong, is_degraded) = (call.is_wrong && outcome.is_success(), call.is_degraded && outcome.is_success());
        self.meter.call_ended(call, outcome, now);
        ctx.record(&Record::CallEnded(name, outcome));
        if is_over {
            self.calls.release(slot);
        }
        match origin {
            Origin::Client => {
                self.open_calls -= 1;
                self.client_served(name, outcome, ctx);
            }
            Origin::Job(attempt) => {
                // What is made of a wrong answer is wrong, and of a makeshift a makeshift.
                self.attempts[attempt].is_wrong |= is_wrong;
                self.attempts[attempt].is_degraded |= is_degraded;
                self.child_ended(attempt, outcome, ctx);
            }
            Origin::Flight(parent, flight) => {
                let call = &mut self.calls[parent];
                call.flights[flight as usize].child = NONE;
                call.is_wrong = is_wrong;
                call.is_degraded |= is_degraded;
                let open = call.flights[flight as usize].open_inside;
                let step = self.ask(parent, flight, Cause::InnerEnded(End { outcome, hint: None, inner: 0, open }), ctx);
                self.take_step(parent, flight, step, None, ctx);
            }
            Origin::Background(layer, replica) => self.refreshed((name, process, object), (layer, replica), outcome, now),
            Origin::Probe(prober) => self.probe_ended(prober, outcome, ctx),
        }
    }

    /// A layer hears how its background call ended.
    fn refreshed(&mut self, (name, process, object): (CallName, u32, u64), (layer, replica): (u32, u32), outcome: Outcome, now: SimTime) {
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

    /// The caller of a call is no more: nobody is told how it ends.
    pub(super) fn abandon_call(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.calls[slot].is_open = false;
        for flight in 0..self.calls[slot].flights.len() {
            if self.calls[slot].flights[flight].is_open {
                self.give_up(slot, flight as u32, ctx);
                self.close(slot, flight as u32, ctx);
            }
        }
        self.forget_call(slot);
    }

    /// The machine of whoever made calls in the background is no more. Its layers hear that these have failed.
    pub(super) fn abandon_background(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.calls.slots().len() as u32 {
            let call = &self.calls[slot];
            let Origin::Background(layer, replica) = call.origin else { continue };
            if call.is_open && call.caller == node {
                let of = (call.name, call.process, call.object);
                self.abandon_call(slot, ctx);
                self.refreshed(of, (layer, replica), Outcome::Failed(Failure::Reset), ctx.now());
            }
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
            for (scope, memory) in edge.scopes.iter().zip(memories) {
                let own = match scope {
                    None | Some(Scope::Edge) => continue,
                    Some(Scope::Client | Scope::Process) => process..process + 1,
                    Some(Scope::Endpoint) => process * edge.replicas.len()..(process + 1) * edge.replicas.len(),
                };
                memory.iter_mut().take(own.end).skip(own.start).for_each(|memory| *memory = None);
            }
        }
    }

    /// The time of what the call is made for is up.
    pub(super) fn run_out(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        for flight in 0..self.calls[slot].flights.len() {
            if self.calls[slot].flights[flight].is_open {
                self.give_up(slot, flight as u32, ctx);
                self.close(slot, flight as u32, ctx);
            }
        }
        self.end_call(slot, Outcome::Failed(Failure::Deadline), ctx);
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
        self.arm_by(slot, self.calls[slot].next_timer(), ctx);
    }

    /// Makes sure that an event comes no later than the caller's clock shows this.
    #[inline(always)]
    fn arm_by(&mut self, slot: u32, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let next = self.wake_of_call(slot, local, ctx.now());
        self.arm_at(slot, next, ctx);
    }

    /// Makes sure that an event comes no later than this true instant.
    #[inline(always)]
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
        let caller = call.caller;
        if self.stands_still(caller) {
            return self.sleep_on(slot, ctx);
        }
        let local = self.local_of_call(slot, now);
        if self.calls[slot].limit <= local {
            return self.run_out(slot, ctx);
        }
        // Bounded: every round ends a timer that is due, and steps set timers that lie ahead.
        while self.calls[slot].is_open
            && let Some(flight) = self.calls[slot].due(local)
        {
            self.timer_due(slot, flight, ctx);
        }
        if self.calls[slot].is_open {
            self.arm(slot, ctx);
        }
    }

    /// The timer of a flight is due. What has been granted before is not waited for any more, though the flight has not heard of it.
    #[inline]
    pub(super) fn timer_due(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        self.calls[slot].flights[flight as usize].timer = SimTime::MAX;
        if self.notes.has_grants() && self.notes.grants.contains(&Ticket::new(slot, flight)) {
            return;
        }
        let step = self.ask(slot, flight, Cause::Timer, ctx);
        self.take_step(slot, flight, step, None, ctx);
    }
}

/// Places of the keys of calls that layers make. What is called for an attempt has its number and 32 further bits as its place.
const ELSEWHERE: u64 = 1 << 63;
const BACKGROUND: u64 = 1 << 63 | 1 << 62;

/// The place of the call of a layer, by the layer and by how many calls were made before for the same call.
const fn place_of(layer: u32, made: u32) -> u64 {
    (made as u64) << 32 | layer as u64
}

/// The shared memory of a scope, made on first use.
#[cold]
pub(super) fn make_memory(scope: usize, layer: &Layer, memory: &mut Vec<Option<SharedMemory>>, site: &Site<'_>) {
    if memory.len() <= scope {
        memory.resize_with(scope + 1, || None);
    }
    memory[scope] = Some(layer.fresh(site));
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
