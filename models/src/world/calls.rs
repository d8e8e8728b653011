//! How does a stack turn a call into attempts, and their results into one outcome?

use super::World;
use crate::call::{Closed, Flight, NONE, Origin};
use crate::ids::NodeId;
use crate::outcome::{Failure, Hint, Outcome};
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::strategies::{Cause, End, FlightMemory, Step, Ticket};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

/// What the callee would not let in is not sent.
const BEYOND_CUT: Step = Step::End(Outcome::Failed(Failure::Limited));

impl<P: Protocol> World<P> {
    /// A caller makes a call.
    #[inline(always)]
    pub(super) fn start_call(&mut self, name: CallName, origin: Origin, process: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let slot = self.calls.take();
        let is_client = origin == Origin::Client;
        let measured = self.meter.call_started(name.edge, is_client, now);
        // What is called for a request, or in the place of a call, is called about the same.
        let (caller, object, class) = match origin {
            // Populations come first among the nodes, in the order of their edges.
            Origin::Client => {
                let (object, class) = self.about(name, measured.0);
                (NodeId(name.edge.0), object, class)
            }
            Origin::Job(job) | Origin::Branch(job, _) | Origin::Sent(job) => {
                let call = &self.calls[self.attempts[job].call];
                (self.attempts[job].node, call.object, call.class)
            }
            Origin::Flight(call, _) => (self.calls[call].caller, self.calls[call].object, self.calls[call].class),
            Origin::Saga(saga, _) => self.caller_of_saga(saga),
            Origin::Background(..) => unreachable!("what nobody waits for is begun as part of another call"),
            Origin::Probe(_) | Origin::Check(_) => unreachable!("who asks whether somebody is well begins its calls itself"),
            Origin::Poll(_) | Origin::Delivery(..) | Origin::Settling(..) | Origin::Push(..) => {
                unreachable!("brokers and pollers begin their calls themselves")
            }
        };
        self.calls[slot].begin(name, (origin, caller), process, (now, object, class), measured);
        if !self.clocks.is_empty() {
            self.calls[slot].started_local = self.local_of_call(slot, now);
        }
        self.open_calls += u64::from(is_client);
        ctx.record(&Record::CallStarted(name));
        if let Origin::Job(job) = origin {
            self.attempts[job].child = slot;
            self.inherit_deadline(slot, job);
        }
        if let Origin::Branch(job, branch) = origin {
            self.branch_begins(slot, (job, branch));
        }
        match origin {
            Origin::Flight(parent, flight) => {
                self.calls[parent].flights[flight as usize].child = slot;
                self.inherit_time(slot, parent);
                self.message_goes_elsewhere(slot, parent);
            }
            Origin::Saga(saga, place) => self.saga_call_begins(slot, (saga, place)),
            _ => {}
        }
        if self.calls[slot].limit <= self.calls[slot].started_local {
            return self.run_out(slot, ctx);
        }
        self.enter(slot, ctx);
    }

    /// A call made for a request that knows its deadline ends no later.
    #[inline(always)]
    pub(super) fn inherit_deadline(&mut self, slot: u32, job: u32) {
        let deadline = self.attempts[job].deadline;
        if deadline != SimTime::MAX {
            // A child never outlives its parent, and tells its own children.
            let limit = self.local_of_call(slot, deadline);
            let call = &mut self.calls[slot];
            (call.limit, call.deadline, call.tells_deadline) = (limit, limit, true);
        }
    }

    /// A call that has begun just now goes through its layers to the wire, if they let it.
    #[inline(always)]
    pub(super) fn enter(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let now = self.local_of_call(slot, ctx.now());
        let call = &mut self.calls[slot];
        let (edge, mut earliest) = (&self.plan.edges[call.name.edge.index()], call.limit);
        let mut index = 0;
        while let Some(layer) = edge.stack.get(index)
            && let Some(Step::Inner { wake }) = layer.at_once(Cause::Start, now)
        {
            let wake = wake.unwrap_or(SimTime::MAX);
            call.add_first_flight(FlightMemory::Nothing, wake);
            earliest = earliest.min(wake);
            index += 1;
        }
        if index < edge.stack.len() || edge.sheds_early {
            return self.enter_further(slot, (index, earliest), ctx);
        }
        let leaf = call.add_first_flight(FlightMemory::Nothing, SimTime::MAX);
        self.send_attempt(slot, leaf, ctx);
        self.arm_by(slot, earliest, ctx);
    }

    /// A call that has begun just now goes on through its layers, from one that has a memory on.
    #[inline(never)]
    fn enter_further(&mut self, slot: u32, (mut index, mut earliest): (usize, SimTime), ctx: &mut Ctx<'_, Self>) {
        let now = self.local_of_call(slot, ctx.now());
        let edge = self.calls[slot].name.edge.index();
        while let Some(layer) = self.plan.edges[edge].stack.get(index) {
            let call = &mut self.calls[slot];
            let step = match layer.at_once(Cause::Start, now) {
                Some(step) => {
                    call.add_first_flight(FlightMemory::Nothing, SimTime::MAX);
                    step
                }
                None => {
                    let flight = call.add_first_flight(layer.new_flight(), SimTime::MAX);
                    self.consult(slot, flight, (Cause::Start, now), ctx)
                }
            };
            let Step::Inner { wake } = step else { return self.take_step(slot, index as u32, step, None, ctx) };
            let wake = wake.unwrap_or(SimTime::MAX);
            self.calls[slot].flights[index].timer = wake;
            earliest = earliest.min(wake);
            index += 1;
        }
        let leaf = self.calls[slot].add_first_flight(FlightMemory::Nothing, SimTime::MAX);
        if self.plan.edges[edge].sheds_early && self.is_beyond_cut(slot, ctx.now()) {
            return self.take_step(slot, leaf, BEYOND_CUT, None, ctx);
        }
        self.send_attempt(slot, leaf, ctx);
        self.arm_by(slot, earliest, ctx);
    }

    /// What a call of a client is about, and of which class it is: something of its own, and none, unless its population says more.
    #[inline(always)]
    fn about(&mut self, name: CallName, is_counted: bool) -> (u64, u8) {
        if self.plan.populations[name.edge.index()].is_plain {
            return (name.key.bits(), 0);
        }
        self.drawn(name, is_counted)
    }

    #[inline(never)]
    fn drawn(&mut self, name: CallName, is_counted: bool) -> (u64, u8) {
        let plan = &self.plan.populations[name.edge.index()];
        let object = plan.objects.as_ref().map_or(name.key.bits(), |objects| objects.object(self.seed.draws(name.key, 1).choice()));
        let class = plan.classes.as_ref().map_or(0, |classes| classes.class(name.key, &self.seed));
        if class > 0 {
            self.meter.class_started(class, is_counted);
        }
        (object, class)
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
                        if !self.is_shed_early(slot, ctx.now()) {
                            return self.try_again(slot, leaf, ctx);
                        }
                        (flight, step, hint) = (leaf, BEYOND_CUT, None);
                        continue;
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
                        if hint.is_some() {
                            self.pass_on_hint(slot, hint);
                        }
                        return self.end_call(slot, outcome, ctx);
                    }
                    flight = parent;
                    let cause = Cause::InnerEnded(End { outcome, hint, inner, open });
                    step = self.ask_layer(slot, (flight, layer as usize - 1), cause, ctx);
                }
            }
        }
    }

    /// An attempt that was waited for ended.
    pub(super) fn attempt_ended(&mut self, slot: u32, flight: u32, outcome: Outcome, hint: Option<Hint>, ctx: &mut Ctx<'_, Self>) {
        self.take_step(slot, flight, Step::End(outcome), hint, ctx);
    }

    /// An attempt that is not the first of its call, or only after a while, goes to the wire.
    #[inline(never)]
    pub(super) fn try_again(&mut self, slot: u32, leaf: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &self.calls[slot];
        if call.attempts > 0 {
            self.meter.further.sent(call.attempts + 1, ctx.now());
        }
        if call.attempts > 0 && call.is_counted {
            // Whoever waits for an attempt does not know that it is lost.
            let layer = call.flights[leaf as usize].layer;
            let is_other = |(index, flight): (usize, &Flight)| index != leaf as usize && flight.is_open && flight.layer == layer;
            let is_hedge = call.flights.iter().enumerate().any(is_other);
            self.meter.tried_again(call.name.edge, is_hedge);
        }
        self.send_attempt(slot, leaf, ctx);
        self.arm(slot, ctx);
    }

    /// Closes a flight and everything open inside it; attempts inside are abandoned.
    #[inline(always)]
    pub(super) fn close(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) -> Closed {
        let closed = self.calls[slot].close_flight(flight);
        if closed.attempt != NONE {
            self.abandon_attempt(closed.attempt, ctx);
        } else if ctx.is_watched() {
            self.gives_up_unheard(slot, flight, ctx);
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
    pub(super) fn give_up(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
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
    pub(super) fn close_inside(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        for inner in 0..self.calls[slot].flights.len() {
            let state = &self.calls[slot].flights[inner];
            if state.is_open && state.parent == flight {
                self.give_up(slot, inner as u32, ctx);
                self.close(slot, inner as u32, ctx);
            }
        }
    }

    #[inline(always)]
    pub(super) fn end_call(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        if call.origin != Origin::Client {
            return self.end_made_call(slot, outcome, ctx);
        }
        call.is_open = false;
        let (name, is_over) = (call.name, call.on_wire == 0);
        self.meter.call_ended(call, outcome, ctx.now());
        ctx.record(&Record::CallEnded(name, outcome));
        if is_over {
            self.calls.release(slot);
        }
        self.open_calls -= 1;
        self.client_served(name, outcome, ctx);
    }

    /// A call ended that no client has made: whoever made it hears of it.
    #[inline(never)]
    fn end_made_call(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let call = &mut self.calls[slot];
        call.is_open = false;
        let (name, origin, process, object, is_over) = (call.name, call.origin, call.process, call.object, call.on_wire == 0);
        let started = call.started;
        let (is_wrong, is_degraded) = (call.is_wrong && outcome.is_success(), call.is_degraded && outcome.is_success());
        self.meter.made_call_ended(call, outcome);
        ctx.record(&Record::CallEnded(name, outcome));
        if is_over {
            self.calls.release(slot);
        }
        match origin {
            Origin::Client => unreachable!("calls of clients end on their own"),
            Origin::Job(attempt) | Origin::Check(attempt) => {
                // What is made of a wrong answer is wrong, and of a makeshift a makeshift.
                self.attempts[attempt].is_wrong |= is_wrong;
                self.attempts[attempt].is_degraded |= is_degraded;
                self.child_ended(attempt, outcome, ctx);
            }
            Origin::Branch(attempt, branch) => self.branch_ended((attempt, branch), outcome, (is_wrong, is_degraded), ctx),
            Origin::Sent(attempt) => self.sent_is_over(attempt),
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
            Origin::Saga(saga, place) => self.saga_call_ended(slot, (saga, place), (outcome, is_over), ctx),
            Origin::Poll(poller) => self.poll_ended(poller, (outcome, now.saturating_since(started)), ctx),
            Origin::Delivery(poller, place) => self.delivery_ended((poller, place), (outcome, slot), ctx),
            Origin::Settling(number, receipt) => self.settling_ended(name, process, (number, receipt), ctx),
            Origin::Push(backlog, number) => self.push_ended((backlog, number), (outcome, slot), ctx),
        }
    }

    /// The caller of a call is no more: nobody is told how it ends.
    pub(super) fn abandon_call(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.meter.call_abandoned(&self.calls[slot]);
        self.calls[slot].is_open = false;
        for flight in 0..self.calls[slot].flights.len() {
            if self.calls[slot].flights[flight].is_open {
                self.give_up(slot, flight as u32, ctx);
                self.close(slot, flight as u32, ctx);
            }
        }
        self.forget_call(slot);
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
            let origin = call.origin;
            self.calls.release(slot);
            if let Origin::Saga(saga, _) = origin {
                self.saga_call_is_forgotten(saga);
            }
        }
    }
}
