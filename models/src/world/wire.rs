//! How does a request travel, and what meets it when it arrives?

use super::World;
use super::parcels::{Cargo, Fate, fate_on};
use crate::attempt::{Attempt, Phase};
use crate::call::{NONE, Origin};
use crate::environment::{Conduct, Reach};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, RouteId};
use crate::links::{Luck, SIZE_OF_A_WORD, USUAL_SIZE};
use crate::outcome::{Failure, Outcome};
use crate::plan::{Callee, ServicePlan};
use crate::protocols::Protocol;
use crate::record::{AttemptName, Loss, Record};
use crate::services::News;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;

/// Kinds of message by their numbers, as [`crate::links::KINDS`] names them.
pub(super) const REQUEST: u8 = 0;
pub(super) const REPLY: u8 = 1;
pub(super) const CANCEL: u8 = 2;

impl Attempt {
    /// A message of it arrives after this time.
    #[inline(always)]
    pub(super) fn travels<P: Protocol>(&mut self, kind: Kind, slot: u32, delay: SimDuration, ctx: &mut Ctx<'_, World<P>>) {
        self.references += 1;
        ctx.after(delay, WorldEvent::new(kind, self.name.call.key, self.name.number, slot));
    }
}

impl<P: Protocol> World<P> {
    /// Puts the next attempt of a call on the wire.
    #[inline(always)]
    pub(super) fn send_attempt(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = self.attempts.take();
        let call = &mut self.calls[slot];
        call.attempts += 1;
        call.waits = 0;
        call.on_wire += 1;
        let name = AttemptName { call: call.name, number: call.attempts, copy: 0 };
        let (caller, is_counted, tells_deadline) = (call.caller, call.is_counted, call.tells_deadline);
        let is_probe = matches!(call.origin, Origin::Probe(_) | Origin::Check(_));
        let state = &mut call.flights[flight as usize];
        state.attempt = attempt;
        let chosen = state.replica;
        let draws = self.seed.draws(name.call.key, name.number);
        let edge = &self.plan.edges[name.call.edge.index()];
        let (node, service) = match edge.callee {
            Callee::Service(service) => {
                let load = self.environment.load();
                let hot = if load.any() && !is_probe { self.drawn_to(slot, service, draws.choice()) } else { None };
                let plan = &self.plan.services[service as usize];
                let replica = match (chosen, plan.evenly) {
                    (NONE, 1) => 0,
                    (NONE, 0) => self.found_by(slot, service, draws.choice(), ctx.now()),
                    (NONE, replicas) => draws.choice().index(u64::from(replicas)) as u32,
                    (chosen, _) => chosen,
                };
                if replica == NONE {
                    return self.find_nobody(slot, attempt, (name, draws, flight), ctx);
                }
                (hot.unwrap_or(NodeId(plan.first.0 + replica)), service)
            }
            Callee::Group => (self.plan.group.as_ref().expect("a plan with an edge to a group has one").first, NONE),
            Callee::Own(_) => (caller, NONE),
        };
        let routes = edge.routes(|| (self.plan.nodes[caller.index()].domain, self.plan.nodes[node.index()].domain));
        let reach = self.reach_of(slot);
        let deadline = if tells_deadline { self.deadline_to_tell(slot, ctx.now()) } else { SimTime::MAX };
        if !is_probe {
            self.meter.attempt_sent(name.call.edge, is_counted, ctx.now());
        }
        let state = &mut self.attempts[attempt];
        state.begin(name, draws, (slot, flight), (caller, node, service), routes);
        (state.reach, state.is_probe, state.deadline) = (reach, is_probe, deadline);
        if service == NONE {
            return self.begin_session(attempt, ctx);
        }
        ctx.record(&Record::Sent(name, node));
        if !self.environment.is_calm() {
            return self.send_request_under_faults(attempt, ctx);
        }
        self.meter.messages.sent += 1;
        let luck = Luck { delay: draws.request_delay(), loss: draws.request_loss() };
        match fate_on(self.plan.topology.route(routes.0), luck) {
            Fate::Arrives(delay) => state.travels(Kind::Request, attempt, delay, ctx),
            other => self.send_request((attempt, other), (routes.0, luck), ctx),
        }
    }

    /// By when a server is told that its answer is of no use any more.
    #[inline(never)]
    fn deadline_to_tell(&mut self, slot: u32, now: SimTime) -> SimTime {
        self.wake_of_call(slot, self.calls[slot].deadline, now)
    }

    /// Where a call stands among all: whatever is called on behalf of a client's call stands where that does.
    #[inline(always)]
    fn reach_of(&self, slot: u32) -> Reach {
        match &self.plan.experiment {
            Some(experiment) if experiment.confines_calls() => self.reach_in_experiment(slot),
            _ => Reach::NO_CALL,
        }
    }

    #[cold]
    fn reach_in_experiment(&self, slot: u32) -> Reach {
        let call = &self.calls[slot];
        match call.origin {
            Origin::Job(job) | Origin::Branch(job, _) | Origin::Sent(job) | Origin::Check(job) => self.attempts[job].reach,
            Origin::Flight(parent, _) => self.reach_of(parent),
            Origin::Saga(saga, _) => self.reach_of_saga(saga),
            Origin::Probe(_) => Reach::NO_CALL,
            Origin::Poll(_) | Origin::Delivery(..) | Origin::Settling(..) | Origin::Push(..) => self.reach_of_message(call.origin),
            Origin::Client | Origin::Background(..) => {
                let population = Key::named(&self.plan.nodes[call.caller.index()].name);
                Reach::of(call.name.key, population.child(u64::from(call.name.client)), &self.seed)
            }
        }
    }

    #[cold]
    fn send_request_under_faults(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (route, luck) = (attempt.routes.0, Luck { delay: attempt.draws.request_delay(), loss: attempt.draws.request_loss() });
        let fate = self.dispatch(attempt.asks(REQUEST), route, luck);
        self.send_request((slot, fate), (route, luck), ctx);
    }

    #[inline(never)]
    fn send_request(&mut self, (slot, fate): (u32, Fate), (route, luck): (RouteId, Luck), ctx: &mut Ctx<'_, Self>) {
        match fate {
            Fate::Arrives(delay) => self.schedule(Kind::Request, slot, delay, ctx),
            Fate::Lost(loss) => self.lose(slot, loss, ctx),
            Fate::Unknown => {
                let size = self.size_of(slot, |service| service.request_size);
                if let Err(loss) = self.send_parcel(Cargo::Request(slot), route, (REQUEST, size), luck, ctx) {
                    self.lose(slot, loss, ctx);
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn schedule(&mut self, kind: Kind, slot: u32, delay: SimDuration, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].travels(kind, slot, delay, ctx);
    }

    /// An event in the life of an attempt.
    pub(super) fn event_of(&self, kind: Kind, slot: u32) -> WorldEvent {
        let name = self.attempts[slot].name;
        WorldEvent::new(kind, name.call.key, name.number, slot)
    }

    /// How large a message of an attempt is: as its service says, if it goes to one, and next to nothing for a probe.
    pub(super) fn size_of(&self, slot: u32, of_service: impl Fn(&ServicePlan) -> Size) -> Size {
        let attempt = &self.attempts[slot];
        if attempt.is_probe {
            return SIZE_OF_A_WORD;
        }
        match self.plan.services.get(attempt.service as usize) {
            Some(service) if service.broker.is_some() => self.size_at_broker(slot, of_service(service)),
            service => service.map_or(USUAL_SIZE, of_service),
        }
    }

    /// A request reaches its server, unless a cut swallows it.
    #[inline(always)]
    pub(super) fn request_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if !self.environment.is_calm() {
            return self.request_arrives_under_faults(slot, ctx);
        }
        self.meter.messages.arrived += 1;
        self.receive(slot, ctx);
    }

    #[cold]
    fn request_arrives_under_faults(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        match self.passes(self.attempts[slot].routes.0, |world| world.event_of(Kind::Request, slot), ctx.now()) {
            Ok(true) => {}
            Ok(false) => return self.attempts[slot].references += 1,
            Err(loss) => return self.lose(slot, loss, ctx),
        }
        match self.swallowed(self.attempts[slot].asks(REQUEST)) {
            Some(loss) => self.lose(slot, loss, ctx),
            None => self.request_reaches(slot, ctx),
        }
    }

    /// A request has reached its server.
    pub(super) fn request_reaches(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[slot].node;
        let condition = self.environment.node(node);
        if !condition.up && !condition.refuses {
            return self.lose(slot, Loss::Dead, ctx);
        }
        if condition.up && condition.paused {
            return self.put_aside(node, slot, News::Request, ctx);
        }
        let takes = condition.up && !condition.drains;
        self.meter.messages.arrived += 1;
        let at_once = if takes { self.failed_on_arrival(slot).map(Outcome::Failed) } else { Some(Outcome::Failed(Failure::Refused)) };
        let is_replayed = at_once.is_none() && self.conduct(slot) == Conduct::Replayed;
        self.attempts[slot].is_wrong |= is_replayed;
        match at_once.or(is_replayed.then_some(Outcome::Success)) {
            None => self.receive(slot, ctx),
            Some(outcome) => {
                self.servers[node.index()].tally.arrived += 1;
                self.answer(slot, outcome, ctx);
            }
        }
    }

    /// The record of a request that arrives: that of the attempt for the first copy, and one of its own for each further one,
    /// which the server cannot tell from a request of its own right.
    pub(super) fn arrival_of(&mut self, slot: u32) -> u32 {
        let attempt = &mut self.attempts[slot];
        if attempt.phase == Phase::Requesting {
            return slot;
        }
        attempt.copies += 1;
        attempt.pending += 1;
        attempt.references += 1;
        let (name, draws, of) = (AttemptName { copy: attempt.copies, ..attempt.name }, attempt.draws, (attempt.call, attempt.flight));
        let ends = (attempt.caller, attempt.node, attempt.service);
        let (routes, reach, is_known_unwanted, is_probe) = (attempt.routes, attempt.reach, attempt.is_known_unwanted, attempt.is_probe);
        let copy = self.attempts.take();
        let attempt = &mut self.attempts[copy];
        attempt.begin(name, draws, of, ends, routes);
        attempt.reach = reach;
        attempt.original = slot;
        attempt.is_waited_for = false;
        attempt.is_known_unwanted = is_known_unwanted;
        attempt.is_probe = is_probe;
        copy
    }
}
