//! How does an answer come back, and who hears it?

use super::World;
use super::parcels::{Cargo, Fate, fate_on};
use super::wire::REPLY;
use crate::attempt::Phase;
use crate::call::{NONE, Origin};
use crate::event::Kind;
use crate::links::Luck;
use crate::outcome::{Failure, Outcome};
use crate::plan::INSIDE;
use crate::protocols::Protocol;
use crate::record::Record;
use crate::services::News;
use sim_core::simulation::Ctx;

/// Place of the draws of answers to copies of a request.
const OF_COPY: u64 = 0x5_0000;

impl<P: Protocol> World<P> {
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
            return self.answer_otherwise(slot, outcome, ctx);
        }
        self.answer_holding_nothing(slot, outcome, ctx);
    }

    /// The same for a request that holds nothing beside its worker.
    #[inline(always)]
    pub(super) fn answer_holding_nothing(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        if !self.environment.is_calm() || attempt.name.copy > 0 {
            return self.answer_otherwise(slot, outcome, ctx);
        }
        attempt.outcome = outcome;
        attempt.phase = Phase::Replying;
        ctx.record(&Record::Answered(attempt.name, attempt.node, outcome));
        self.meter.messages.sent += 1;
        let luck = Luck { delay: attempt.draws.reply_delay(), loss: attempt.draws.reply_loss() };
        match fate_on(self.plan.topology.route(attempt.routes.1), luck) {
            Fate::Arrives(delay) => attempt.travels(Kind::Reply, slot, delay, ctx),
            other => self.answer_goes((slot, other), luck, ctx),
        }
    }

    /// An answer is sent by a server that has to look after more than that, or while something is wrong.
    #[inline(never)]
    fn answer_otherwise(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let is_calm = self.environment.is_calm();
        let mut told = outcome;
        if !is_calm || self.attempts[slot].holds.any() {
            told = self.outcome_told(slot, outcome, ctx);
        }
        let attempt = &mut self.attempts[slot];
        attempt.outcome = told;
        attempt.phase = Phase::Replying;
        ctx.record(&Record::Answered(attempt.name, attempt.node, told));
        if is_calm || !self.holds_back(slot, ctx) {
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
    #[inline(never)]
    pub(super) fn send_answer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (route, mut luck) = (attempt.routes.1, Luck { delay: attempt.draws.reply_delay(), loss: attempt.draws.reply_loss() });
        if attempt.name.copy > 0 {
            let copy = u64::from(attempt.name.copy);
            luck = Luck { delay: luck.delay.further(OF_COPY + copy), loss: luck.loss.further(OF_COPY + copy) };
        }
        let fate = if self.environment.is_calm() { self.pass(route, luck) } else { self.dispatch(attempt.answers(REPLY), route, luck) };
        self.answer_goes((slot, fate), luck, ctx);
    }

    #[inline(never)]
    fn answer_goes(&mut self, (slot, fate): (u32, Fate), luck: Luck, ctx: &mut Ctx<'_, Self>) {
        match fate {
            Fate::Arrives(delay) => self.schedule(Kind::Reply, slot, delay, ctx),
            Fate::Lost(loss) => self.lose(slot, loss, ctx),
            Fate::Unknown => {
                let (size, route) = (self.size_of(slot, |service| service.reply_size), self.attempts[slot].routes.1);
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
            return self.put_aside(caller, slot, News::Reply { is_altered }, ctx);
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
        let is_last = attempt.references == 0 && attempt.pending == 0;
        let is_alone = attempt.original == NONE && attempt.session == NONE && !attempt.holds.any();
        if !(is_last && is_alone && attempt.is_waited_for) {
            return self.deliver(slot, ctx);
        }
        // As in `hand_over` and `end_attempt`, of which nothing else is left to do.
        attempt.is_delivered = true;
        attempt.phase = Phase::Done;
        let (call, flight, outcome, hint) = (attempt.call, attempt.flight, attempt.outcome, attempt.hint);
        let (is_wrong, is_degraded) = (attempt.is_wrong, attempt.is_degraded);
        ctx.record(&Record::Delivered(attempt.name, attempt.node, outcome));
        self.recent_wait = (attempt.name.number == 1).then(|| (attempt.name.call.key, attempt.draws.wait()));
        let state = &mut self.calls[call];
        debug_assert_eq!(state.flights[flight as usize].attempt, slot, "a flight knows the attempt that it waits for");
        state.on_wire -= 1;
        state.flights[flight as usize].attempt = NONE;
        if outcome.is_success() {
            (state.is_wrong, state.is_degraded) = (is_wrong, is_degraded);
        } else {
            self.answered_badly(call, outcome);
        }
        self.attempts.release(slot);
        // A hint is for whoever made the call, and goes the longer way.
        if hint.is_none() && self.plan.edges[self.calls[call].name.edge.index()].passes_outcomes {
            return self.end_call(call, outcome, ctx);
        }
        self.attempt_ended(call, flight, outcome, hint, ctx);
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
}
