//! How does a message that was fetched come to the queue of the replica that has fetched it, and what came of it back?
//!
//! Nothing travels: both are a nanosecond away.

use super::Item;
use crate::attempt::Phase;
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::outcome::{Failure, Outcome};
use crate::plan::{Callee, INSIDE};
use crate::protocols::Protocol;
use crate::record::{Loss, Record};
use crate::services::News;
use crate::world::World;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimDuration;

/// The place of the draw that makes a message poison.
const POISON: Key = Key::named("poison");

impl<P: Protocol> World<P> {
    /// An attempt at a message sets out for the queue of its own replica.
    pub(in crate::world) fn begin_delivery(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let Callee::Own(service) = self.plan.edges[attempt.name.call.edge.index()].callee else {
            unreachable!("only what was fetched stays inside")
        };
        attempt.service = service;
        ctx.record(&Record::Sent(attempt.name, attempt.node));
        self.schedule_hand_over(slot, ctx);
    }

    fn schedule_hand_over(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references += 1;
        ctx.after(SimDuration::NANOSECOND, WorldEvent::new(Kind::HandOver, attempt.name.call.key, attempt.name.number, slot));
    }

    /// What was fetched reaches the queue of its replica, or what came of it whoever fetched it.
    pub(in crate::world) fn hand_over_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].references -= 1;
        self.hand_over_inside(slot, ctx);
    }

    pub(in crate::world) fn hand_over_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (node, phase) = (self.attempts[slot].node, self.attempts[slot].phase);
        if self.stands_still(node) {
            return self.put_aside(node, slot, News::HandOver, ctx);
        }
        match phase {
            Phase::Requesting if !self.environment.node(node).up => self.dies_inside(slot, ctx),
            Phase::Requesting => match self.failed_on_arrival(slot) {
                Some(failure) => {
                    self.servers[node.index()].tally.arrived += 1;
                    self.fail(slot, failure, ctx);
                }
                None => self.receive(slot, ctx),
            },
            Phase::Replying => self.deliver(slot, ctx),
            _ => self.forget_attempt(slot),
        }
    }

    /// The replica that fetched a message died before the message came to its queue.
    fn dies_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        ctx.record(&Record::Dropped(attempt.name, attempt.node, Loss::Dead));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// The program of a service that fetches messages has come to its end: a request is answered, the work on a message is over.
    #[cold]
    pub(in crate::world) fn work_is_over(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.free_worker(slot, ctx);
        if self.attempts[slot].routes.0 == INSIDE {
            let outcome = if self.is_poison(slot) { Outcome::Failed(Failure::ServerError) } else { Outcome::Success };
            return self.answer_inside(slot, outcome, ctx);
        }
        self.answer(slot, Outcome::Success, ctx);
    }

    /// Whether the consumer fails on what this attempt is about.
    fn is_poison(&self, slot: u32) -> bool {
        let Origin::Delivery(poller, place) = self.calls[self.attempts[slot].call].origin else { return false };
        let (poison, items) = (self.consumer_of(poller).poison, &self.brokers.pollers[poller as usize].items);
        let fails = |item: &Item| {
            let edge = self.plan.edges[self.consumer_of(poller).deliveries.index()].key;
            poison.holds(self.seed.draws(item.handed.message.key.child(POISON.bits()).child(edge.bits()), 1).share())
        };
        if place == NONE { items.iter().any(fails) } else { items.get(place as usize).is_some_and(fails) }
    }

    /// What came of an attempt at a message goes back to whoever fetched it.
    #[cold]
    pub(in crate::world) fn answer_inside(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let outcome = if self.environment.is_calm() { outcome } else { self.answered_under_faults(slot, outcome) };
        let holds = self.attempts[slot].holds.any();
        let outcome = if holds { self.checks_out(slot, Some(outcome), ctx).unwrap_or(outcome) } else { outcome };
        let attempt = &mut self.attempts[slot];
        attempt.outcome = outcome;
        attempt.phase = Phase::Replying;
        *self.servers[attempt.node.index()].tally.of(outcome) += 1;
        ctx.record(&Record::Answered(attempt.name, attempt.node, outcome));
        self.schedule_hand_over(slot, ctx);
    }

    /// Whoever fetched a message has given its work up.
    pub(in crate::world) fn cancel_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].phase == Phase::Done { self.forget_attempt(slot) } else { self.cancel(slot, ctx) }
    }
}
