//! How does a message travel, and what becomes of it?

use super::World;
use crate::attempt::Phase;
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::Callee;
use crate::protocols::Protocol;
use crate::record::{AttemptName, Loss, Record};
use crate::services::LateWork;
use sim_core::simulation::Ctx;

impl<P: Protocol> World<P> {
    /// Puts the next attempt of a call on the wire.
    pub(super) fn send_attempt(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        call.attempts += 1;
        call.on_wire += 1;
        let name = AttemptName { call: call.name, number: call.attempts };
        let (caller, is_counted) = (call.caller, call.is_counted);
        let draws = self.seed.draws(name.call.key, name.number);
        let edge = &self.plan.edges[name.call.edge.index()];
        let (node, talks) = match edge.callee {
            Callee::Service(service) => {
                let service = &self.plan.services[service as usize];
                let replica = if service.replicas == 1 { 0 } else { draws.choice().index(u64::from(service.replicas)) as u32 };
                (NodeId(service.first.0 + replica), false)
            }
            Callee::Group => (self.plan.group.as_ref().expect("a plan with an edge to a group has one").first, true),
        };
        let routes = edge.routes(self.plan.nodes[caller.index()].domain, self.plan.nodes[node.index()].domain);
        let attempt = self.attempts.take();
        self.attempts[attempt].begin(name, draws, (slot, flight), node, routes);
        self.calls[slot].flights[flight as usize].attempt = attempt;
        self.meter.attempt_sent(name.call.edge, is_counted, ctx.now());
        if talks {
            self.begin_session(attempt, ctx);
        } else {
            ctx.record(&Record::Sent(name, node));
            self.send_request(attempt, ctx);
        }
    }

    fn send_request(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let route = self.plan.topology.route(attempt.routes.0);
        if self.environment.is_blocked(attempt.routes.0) {
            return self.lose(slot, Loss::Cut, ctx);
        }
        if route.loss().holds(attempt.draws.request_loss()) {
            return self.lose(slot, Loss::Link, ctx);
        }
        attempt.request_delay = route.delay(attempt.draws.request_delay());
        attempt.references += 1;
        let event = WorldEvent::new(Kind::Request, attempt.name.call.key, attempt.name.number, slot);
        ctx.after(attempt.request_delay, event);
    }

    /// A request reaches its server.
    pub(super) fn request_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if self.environment.is_blocked(attempt.routes.0) {
            return self.lose(slot, Loss::Cut, ctx);
        }
        let condition = self.environment.node(attempt.node);
        if condition.up {
            self.receive(slot, ctx);
        } else if condition.refuses {
            self.answer(slot, Outcome::Failed(Failure::Refused), ctx);
        } else {
            self.lose(slot, Loss::Dead, ctx);
        }
    }

    /// A server, or the machine of a dead one, sends its answer.
    pub(super) fn answer(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.outcome = outcome;
        attempt.phase = Phase::Replying;
        ctx.record(&Record::Answered(attempt.name, attempt.node, outcome));
        let route = self.plan.topology.route(attempt.routes.1);
        if self.environment.is_blocked(attempt.routes.1) {
            return self.lose(slot, Loss::Cut, ctx);
        }
        if route.loss().holds(attempt.draws.reply_loss()) {
            return self.lose(slot, Loss::Link, ctx);
        }
        attempt.references += 1;
        let event = WorldEvent::new(Kind::Reply, attempt.name.call.key, attempt.name.number, slot);
        ctx.after(route.delay(attempt.draws.reply_delay()), event);
    }

    /// An answer reaches its caller.
    pub(super) fn reply_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if self.environment.is_blocked(attempt.routes.1) {
            return self.lose(slot, Loss::Cut, ctx);
        }
        self.deliver(slot, ctx);
    }

    /// Hands the outcome of an attempt to the flight that waits for it, if one does.
    pub(super) fn deliver(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (call, flight, outcome, waited) = (attempt.call, attempt.flight, attempt.outcome, attempt.is_waited_for);
        let (name, node) = (attempt.name, attempt.node);
        self.recent = Some((name.call.key, name.number, attempt.draws));
        if waited {
            ctx.record(&Record::Delivered(name, node, outcome));
        } else {
            ctx.record(&Record::DeliveredLate(name, node, outcome));
            self.offer_late(call, flight, outcome, ctx.now());
        }
        self.end_attempt(slot, waited);
        if waited {
            self.attempt_ended(call, flight, outcome, ctx);
        } else {
            self.forget_call(call);
        }
    }

    /// A message of an attempt vanishes; its caller is not told.
    pub(super) fn lose(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let (name, node, call) = (self.attempts[slot].name, self.attempts[slot].node, self.attempts[slot].call);
        ctx.record(&Record::Dropped(name, node, loss));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// An attempt is over. If nobody got anything out of it, the work spent on it was wasted.
    pub(super) fn end_attempt(&mut self, slot: u32, was_useful: bool) {
        let attempt = &mut self.attempts[slot];
        debug_assert!(attempt.phase != Phase::Done, "an attempt ends once");
        attempt.phase = Phase::Done;
        let (call, flight) = (attempt.call, attempt.flight);
        if !was_useful {
            self.meter.wasted(attempt.worked);
        }
        let call = &mut self.calls[call];
        call.on_wire -= 1;
        call.flights[flight as usize].attempt = NONE;
        self.forget_attempt(slot);
    }

    /// Gives the record back when nothing points to it.
    pub(super) fn forget_attempt(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        if attempt.phase == Phase::Done && attempt.references == 0 {
            if attempt.session != NONE {
                self.sessions.release(attempt.session);
                attempt.session = NONE;
            }
            self.attempts.release(slot);
        }
    }

    /// Nobody waits for this attempt any longer. The server hears of it only if it listens for that.
    pub(super) fn abandon_attempt(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_waited_for = false;
        ctx.record(&Record::Abandoned(attempt.name, attempt.node));
        let Callee::Service(service) = self.plan.edges[attempt.name.call.edge.index()].callee else { return };
        if self.plan.services[service as usize].late_work == LateWork::Finish {
            return;
        }
        let (caller, route) = (self.calls[attempt.call].origin, attempt.routes.0);
        if self.environment.is_blocked(route) || !self.can_send_word(caller) {
            return;
        }
        let attempt = &mut self.attempts[slot];
        attempt.references += 1;
        let event = WorldEvent::new(Kind::Cancel, attempt.name.call.key, attempt.name.number, slot);
        ctx.after(attempt.request_delay, event);
    }

    /// A dead process is spoken for by its machine, which closes its connections, unless that is gone as well.
    fn can_send_word(&self, caller: Origin) -> bool {
        match caller {
            Origin::Client => true,
            Origin::Job(job) => {
                let condition = self.environment.node(self.attempts[job].node);
                condition.up || condition.refuses
            }
        }
    }
}
