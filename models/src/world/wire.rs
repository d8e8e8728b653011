//! How does a message travel, and what becomes of it?

use super::World;
use super::parcels::{Cargo, Fate};
use crate::attempt::{BROUGHT, Phase};
use crate::call::{NONE, Origin};
use crate::environment::{Conduct, Reach};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::links::{Luck, SIZE_OF_A_WORD, USUAL_SIZE};
use crate::outcome::{Failure, Outcome};
use crate::plan::{Callee, INSIDE, ServicePlan};
use crate::protocols::Protocol;
use crate::record::{AttemptName, Loss, Record};
use crate::services::{LateWork, News};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimDuration;
use sim_core::units::Size;

/// Kinds of message by their numbers, as [`crate::links::KINDS`] names them.
pub(super) const REQUEST: u8 = 0;
pub(super) const REPLY: u8 = 1;
pub(super) const CANCEL: u8 = 2;

/// Places of the draws of the word that a caller has gone, and of answers to copies of a request.
const OF_CANCEL: u64 = 0x4_0000;
const OF_COPY: u64 = 0x5_0000;

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
        self.attempts[attempt].begin(name, draws, (slot, flight), (caller, node, service), routes);
        self.attempts[attempt].reach = self.reach_of(slot);
        self.attempts[attempt].is_probe = is_probe;
        if tells_deadline {
            self.attempts[attempt].deadline = self.wake_of_call(slot, self.calls[slot].deadline, ctx.now());
        }
        if !is_probe {
            self.meter.attempt_sent(name.call.edge, is_counted, ctx.now());
        }
        if service == NONE {
            self.begin_session(attempt, ctx);
        } else {
            ctx.record(&Record::Sent(name, node));
            self.send_request(attempt, ctx);
        }
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

    #[inline(always)]
    fn send_request(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (route, luck) = (attempt.routes.0, Luck { delay: attempt.draws.request_delay(), loss: attempt.draws.request_loss() });
        let fate = if self.environment.is_calm() { self.pass(route, luck) } else { self.dispatch(attempt.asks(REQUEST), route, luck) };
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
        let attempt = &mut self.attempts[slot];
        attempt.references += 1;
        ctx.after(delay, WorldEvent::new(kind, attempt.name.call.key, attempt.name.number, slot));
    }

    /// An event in the life of an attempt.
    pub(super) fn event_of(&self, kind: Kind, slot: u32) -> WorldEvent {
        let name = self.attempts[slot].name;
        WorldEvent::new(kind, name.call.key, name.number, slot)
    }

    /// How large a message of an attempt is: as its service says, if it goes to one, and next to nothing for a probe.
    fn size_of(&self, slot: u32, of_service: impl Fn(&ServicePlan) -> Size) -> Size {
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
            return self.put_aside(node, slot, News::Request);
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

    /// A server, or the machine of a dead one, answers that a request failed.
    #[inline(never)]
    pub(super) fn fail(&mut self, slot: u32, failure: Failure, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].routes.0 == INSIDE {
            return self.answer_inside(slot, Outcome::Failed(failure), ctx);
        }
        self.answer(slot, Outcome::Failed(failure), ctx);
    }

    /// A server, or the machine of a dead one, sends its answer.
    #[inline(never)]
    pub(super) fn answer(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        *self.servers[self.attempts[slot].node.index()].tally.of(outcome) += 1;
        self.answer_counted(slot, outcome, ctx);
    }

    /// A server sends an answer that is in its books.
    #[inline(always)]
    pub(super) fn answer_counted(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].holds.any() {
            return self.answer_under_conditions(slot, outcome, ctx);
        }
        self.answer_holding_nothing(slot, outcome, ctx);
    }

    /// The same for a request that holds nothing beside its worker.
    #[inline(always)]
    pub(super) fn answer_holding_nothing(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        if !self.environment.is_calm() {
            return self.answer_under_conditions(slot, outcome, ctx);
        }
        let attempt = &mut self.attempts[slot];
        attempt.outcome = outcome;
        attempt.phase = Phase::Replying;
        ctx.record(&Record::Answered(attempt.name, attempt.node, outcome));
        self.send_answer(slot, ctx);
    }

    /// A server sends an answer that is in its books, where faults are on or the request held something.
    #[inline(never)]
    fn answer_under_conditions(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let told = self.outcome_told(slot, outcome, ctx);
        let attempt = &mut self.attempts[slot];
        attempt.outcome = told;
        attempt.phase = Phase::Replying;
        ctx.record(&Record::Answered(attempt.name, attempt.node, told));
        if self.environment.is_calm() || !self.holds_back(slot, ctx) {
            self.send_answer(slot, ctx);
        }
    }

    /// What faults, and what the request held, make of its outcome.
    #[cold]
    pub(super) fn outcome_told(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) -> Outcome {
        let mut told = if self.environment.is_calm() { outcome } else { self.answered_under_faults(slot, outcome) };
        if self.attempts[slot].holds.any() {
            told = self.checks_out(slot, Some(told), ctx).unwrap_or(told);
        }
        let tally = &mut self.servers[self.attempts[slot].node.index()].tally;
        *tally.of(outcome) -= 1;
        *tally.of(told) += 1;
        told
    }

    /// An answer leaves its node, or the machine of a dead one.
    #[inline(always)]
    pub(super) fn send_answer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (route, mut luck) = (attempt.routes.1, Luck { delay: attempt.draws.reply_delay(), loss: attempt.draws.reply_loss() });
        if attempt.name.copy > 0 {
            let copy = u64::from(attempt.name.copy);
            luck = Luck { delay: luck.delay.further(OF_COPY + copy), loss: luck.loss.further(OF_COPY + copy) };
        }
        let fate = if self.environment.is_calm() { self.pass(route, luck) } else { self.dispatch(attempt.answers(REPLY), route, luck) };
        match fate {
            Fate::Arrives(delay) => self.schedule(Kind::Reply, slot, delay, ctx),
            Fate::Lost(loss) => self.lose(slot, loss, ctx),
            Fate::Unknown => {
                let size = self.size_of(slot, |service| service.reply_size);
                if let Err(loss) = self.send_parcel(Cargo::Reply(slot), route, (REPLY, size), luck, ctx) {
                    self.lose(slot, loss, ctx);
                }
            }
        }
    }

    /// An answer reaches its caller, unless a cut swallows it.
    #[inline(always)]
    pub(super) fn reply_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if !self.environment.is_calm() {
            return self.reply_arrives_under_faults(slot, ctx);
        }
        self.reply_is_heard(slot, false, ctx);
    }

    #[cold]
    fn reply_arrives_under_faults(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        match self.passes(self.attempts[slot].routes.1, |world| world.event_of(Kind::Reply, slot), ctx.now()) {
            Ok(true) => {}
            Ok(false) => return self.attempts[slot].references += 1,
            Err(loss) => return self.lose(slot, loss, ctx),
        }
        match self.swallowed(self.attempts[slot].answers(REPLY)) {
            Some(loss) => self.lose(slot, loss, ctx),
            None => self.reply_reaches(slot, false, ctx),
        }
    }

    /// An answer has reached its caller, perhaps as one of several copies.
    pub(super) fn reply_reaches(&mut self, slot: u32, is_altered: bool, ctx: &mut Ctx<'_, Self>) {
        let caller = self.attempts[slot].caller;
        if self.stands_still(caller) {
            return self.put_aside(caller, slot, News::Reply { is_altered });
        }
        self.reply_is_heard(slot, is_altered, ctx);
    }

    /// A caller that goes on hears an answer.
    #[inline(always)]
    fn reply_is_heard(&mut self, slot: u32, is_altered: bool, ctx: &mut Ctx<'_, Self>) {
        self.meter.messages.arrived += 1;
        let attempt = &mut self.attempts[slot];
        if attempt.is_delivered {
            ctx.record(&Record::Ignored(attempt.name, attempt.node));
            return self.settle(slot);
        }
        attempt.is_wrong |= is_altered;
        self.hand_over(slot, ctx);
    }

    /// Hands the outcome of an attempt to the flight that waits for it, if one does.
    #[inline(never)]
    pub(super) fn deliver(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.hand_over(slot, ctx);
    }

    #[inline(always)]
    fn hand_over(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_delivered = true;
        if attempt.holds.any() {
            self.hears_cut(slot, ctx.now());
        }
        let attempt = &mut self.attempts[slot];
        let (call, flight, outcome, hint) = (attempt.call, attempt.flight, attempt.outcome, attempt.hint);
        let (is_wrong, is_degraded) = (attempt.is_wrong, attempt.is_degraded);
        let is_alone = attempt.original == NONE && attempt.pending == 0 && attempt.session == NONE;
        let (name, node) = (attempt.name, attempt.node);
        self.recent_wait = (name.number == 1).then(|| (name.call.key, attempt.draws.wait()));
        let (caller, waited) = match attempt.original {
            NONE => (slot, attempt.is_waited_for),
            original => (original, self.attempts[original].is_waited_for),
        };
        if waited {
            ctx.record(&Record::Delivered(name, node, outcome));
            if outcome.is_success() {
                self.calls[call].is_wrong = is_wrong;
                self.calls[call].is_degraded = is_degraded;
            } else {
                self.answered_badly(call, outcome);
            }
            if !is_alone {
                self.brings(slot);
                self.let_go(caller);
            }
        } else {
            ctx.record(&Record::DeliveredLate(name, node, outcome));
        }
        self.end_attempt(slot, waited);
        if waited {
            self.attempt_ended(call, flight, outcome, hint, ctx);
        } else {
            self.forget_call(call);
        }
    }

    /// An answer that was waited for says that an attempt of a call failed.
    #[inline(never)]
    fn answered_badly(&mut self, call: u32, outcome: Outcome) {
        self.meter.attempt_failed(&self.calls[call], outcome);
        if let Origin::Saga(saga, place) = self.calls[call].origin {
            self.saga_attempt_failed((saga, place), outcome);
        }
    }

    /// The caller of an attempt no longer needs it, and has no word for the server about that.
    pub(super) fn let_go(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        attempt.is_waited_for = false;
        self.calls[attempt.call].flights[attempt.flight as usize].attempt = NONE;
    }

    /// A message of an attempt vanishes; its caller is not told.
    pub(super) fn lose(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let (name, node, call) = (self.attempts[slot].name, self.attempts[slot].node, self.attempts[slot].call);
        self.meter.messages.lost(loss);
        ctx.record(&Record::Dropped(name, node, loss));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// An attempt is over, or will be when all copies of its messages are. If nobody got anything out of it, the work spent
    /// on it was wasted.
    #[inline(always)]
    pub(super) fn end_attempt(&mut self, slot: u32, was_useful: bool) {
        let attempt = &mut self.attempts[slot];
        debug_assert!(attempt.phase != Phase::Done, "an attempt ends once");
        if !was_useful {
            self.meter.wasted(std::mem::take(&mut attempt.worked));
        }
        if attempt.pending > 0 {
            attempt.phase = Phase::Settled;
            attempt.worked = SimDuration::ZERO;
            return;
        }
        attempt.phase = Phase::Done;
        let (call, flight, original) = (attempt.call, attempt.flight, attempt.original);
        if original != NONE {
            return self.end_copy(slot, original);
        }
        let call = &mut self.calls[call];
        call.on_wire -= 1;
        let attempt_of_flight = &mut call.flights[flight as usize].attempt;
        if *attempt_of_flight == slot {
            *attempt_of_flight = NONE;
        }
        if attempt.references == 0 {
            self.release_attempt(slot);
        }
    }

    #[cold]
    fn end_copy(&mut self, slot: u32, original: u32) {
        self.forget_attempt(slot);
        let attempt = &mut self.attempts[original];
        attempt.references -= 1;
        attempt.pending -= 1;
        if attempt.phase == Phase::Settled && attempt.pending == 0 {
            self.end_attempt(original, false);
        }
    }

    /// Nothing came of a copy of a message: if it was the last one, the attempt is over.
    pub(super) fn settle(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        if attempt.phase == Phase::Settled && attempt.pending == 0 {
            self.end_attempt(slot, false);
            self.forget_call(call);
        }
    }

    /// Gives the record back when nothing points to it.
    pub(super) fn forget_attempt(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        if attempt.phase == Phase::Done && attempt.references == 0 {
            self.release_attempt(slot);
        }
    }

    #[inline(always)]
    fn release_attempt(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        if attempt.session != NONE {
            let session = std::mem::replace(&mut attempt.session, NONE);
            self.release_session(session);
        }
        self.attempts.release(slot);
    }

    #[cold]
    fn release_session(&mut self, session: u32) {
        if session & BROUGHT == 0 { self.sessions.release(session) } else { self.brokers.batches.release(session ^ BROUGHT) }
    }

    /// Nobody waits for this attempt any longer. The server hears of it only if it listens for that.
    pub(super) fn abandon_attempt(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_waited_for = false;
        ctx.record(&Record::Abandoned(attempt.name, attempt.node));
        let service = self.plan.services.get(attempt.service as usize);
        if service.is_none_or(|service| service.late_work == LateWork::Finish) {
            return;
        }
        let (caller, route) = (attempt.caller, attempt.routes.0);
        if route == INSIDE {
            return self.schedule(Kind::Cancel, slot, SimDuration::NANOSECOND, ctx);
        }
        // It travels as long as the request did, on lines without a memory, and is lost or not by a draw of its own.
        let luck = Luck { delay: attempt.draws.request_delay(), loss: attempt.draws.request_loss().further(OF_CANCEL) };
        let letter = attempt.asks(CANCEL);
        if !self.can_send_word(caller) {
            return;
        }
        match self.dispatch(letter, route, luck) {
            Fate::Arrives(delay) => self.schedule(Kind::Cancel, slot, delay, ctx),
            Fate::Lost(loss) => self.meter.messages.lost(loss),
            Fate::Unknown => {
                if let Err(loss) = self.send_parcel(Cargo::Cancel(slot), route, (CANCEL, SIZE_OF_A_WORD), luck, ctx) {
                    self.meter.messages.lost(loss);
                }
            }
        }
    }

    /// A dead process is spoken for by its machine, which closes its connections, unless that is gone as well.
    fn can_send_word(&self, caller: NodeId) -> bool {
        let condition = self.environment.node(caller);
        condition.up || condition.refuses
    }
}
