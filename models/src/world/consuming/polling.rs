//! When does a poller ask its broker for messages, and when does it sleep?
//!
//! When arrivals have ended and its broker keeps nothing, it sleeps until something is stored.

use super::{POLLER, Poller};
use crate::attempt::BROUGHT;
use crate::brokers::ConsumerPlan;
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, PopulationId};
use crate::outcome::Outcome;
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_POLL, Record};
use crate::world::World;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

impl<P: Protocol> World<P> {
    /// Every poller begins to ask.
    pub(in crate::world) fn start_pollers(&mut self, ctx: &mut Ctx<'_, Self>) {
        for poller in 0..self.brokers.pollers.len() as u32 {
            self.poller_asks_in(poller, SimDuration::ZERO, ctx);
        }
    }

    /// A poller asks after a while.
    pub(super) fn poller_asks_in(&mut self, poller: u32, wait: SimDuration, ctx: &mut Ctx<'_, Self>) {
        let now = self.local(self.brokers.pollers[poller as usize].node, ctx.now());
        self.brokers.pollers[poller as usize].due = now.saturating_add(wait);
        self.arm_poller(poller, ctx);
    }

    fn arm_poller(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let Poller { node, due, armed, key, .. } = self.brokers.pollers[poller as usize];
        if due == SimTime::MAX {
            return;
        }
        let at = self.wake(node, due, ctx.now());
        if at < armed {
            self.brokers.pollers[poller as usize].armed = at;
            ctx.at(at, WorldEvent::new(Kind::Broker, key, 0, POLLER | poller));
        }
    }

    /// The event of a poller comes.
    pub(in crate::world) fn poller_due(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let state = &mut self.brokers.pollers[poller as usize];
        if state.armed != ctx.now() {
            return;
        }
        state.armed = SimTime::MAX;
        let (node, due) = (state.node, state.due);
        let condition = self.environment.node(node);
        // What comes due while the replica stands still is seen to when it goes on.
        if due == SimTime::MAX || !condition.up || condition.paused {
            return;
        }
        let drains = condition.drains;
        if self.local(node, ctx.now()) < due {
            return self.arm_poller(poller, ctx);
        }
        if drains {
            let rest = self.consumer_of(poller).rest;
            return self.poller_asks_in(poller, rest, ctx);
        }
        self.poll(poller, ctx);
    }

    fn poll(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let ConsumerPlan { polls: edge, wait, timeout, .. } = *self.consumer_of(poller);
        let state = &mut self.brokers.pollers[poller as usize];
        state.due = SimTime::MAX;
        state.made += 1;
        let Poller { key, made, node, process, .. } = *state;
        let (key, ordinal) = (key.child(u64::from(made)), FIRST_POLL.saturating_add(made - 1));
        let name = CallName { edge, key, client: process, population: PopulationId::default(), ordinal };
        let local = self.local(node, ctx.now());
        let measured = self.meter.call_started(edge, false, ctx.now());
        let slot = self.calls.take();
        let call = &mut self.calls[slot];
        call.begin(name, (Origin::Poll(poller), node), process, (ctx.now(), name.key.bits(), 0), measured);
        (call.started_local, call.limit) = (local, local.saturating_add(wait).saturating_add(timeout));
        ctx.record(&Record::CallStarted(name));
        self.enter(slot, ctx);
    }

    /// What the answer of a broker brings reaches the poller that waits for it.
    #[cold]
    pub(in crate::world) fn brings(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        let (Origin::Poll(poller), true) = (self.calls[attempt.call].origin, attempt.outcome.is_success()) else { return };
        if attempt.session & BROUGHT != 0 && attempt.session != NONE {
            let batch = self.brokers.batches[attempt.session ^ BROUGHT].clone();
            self.brokers.pollers[poller as usize].brought = batch;
        }
    }

    /// A poll ended.
    pub(in crate::world) fn poll_ended(&mut self, poller: u32, (outcome, took): (Outcome, SimDuration), ctx: &mut Ctx<'_, Self>) {
        let ConsumerPlan { backlog, wait, rest, .. } = *self.consumer_of(poller);
        let brought = std::mem::take(&mut self.brokers.pollers[poller as usize].brought);
        if outcome.is_success() && !brought.is_empty() {
            return self.begin_batch(poller, &brought, ctx);
        }
        if ctx.now() >= self.plan.clockwork.end_of_arrivals() && self.brokers.backlogs[backlog as usize].is_empty() {
            self.brokers.pollers[poller as usize].sleeps = true;
            return;
        }
        // What a layer answers in the place of the broker comes at once, and must not be asked for again without an end.
        let waited = outcome.is_success() && !wait.is_zero() && took >= wait;
        self.poller_asks_in(poller, if waited { SimDuration::ZERO } else { rest }, ctx);
    }

    /// Something is stored in a backlog, for which nobody may be awake any more.
    pub(in crate::world) fn wake_sleepers(&mut self, backlog: u32, ctx: &mut Ctx<'_, Self>) {
        for poller in 0..self.brokers.pollers.len() as u32 {
            if self.brokers.pollers[poller as usize].sleeps && self.consumer_of(poller).backlog == backlog {
                self.brokers.pollers[poller as usize].sleeps = false;
                self.poller_asks_in(poller, SimDuration::ZERO, ctx);
            }
        }
    }

    /// The life of a replica ends: its pollers forget what they fetched.
    pub(in crate::world) fn pollers_die(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let pollers = self.pollers_at(node);
        if pollers.is_empty() {
            return;
        }
        let is_of_poller = |origin| matches!(origin, Origin::Poll(_) | Origin::Delivery(..) | Origin::Settling(..));
        self.abandon_all(node, is_of_poller, ctx);
        for poller in pollers {
            let state = &mut self.brokers.pollers[poller as usize];
            (state.due, state.sleeps) = (SimTime::MAX, false);
            state.items.clear();
            state.brought.clear();
        }
    }

    /// A replica that was down returns: its pollers begin anew.
    pub(in crate::world) fn pollers_return(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for poller in self.pollers_at(node) {
            self.poller_asks_in(poller, SimDuration::ZERO, ctx);
        }
    }

    /// A replica goes on after it stood still, or its clock goes differently: what is due comes.
    pub(in crate::world) fn pollers_go_on(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for poller in self.pollers_at(node) {
            self.arm_poller(poller, ctx);
        }
    }

    fn pollers_at(&self, node: NodeId) -> Vec<u32> {
        (0..).zip(&self.brokers.pollers).filter(|(_, poller)| poller.node == node).map(|(poller, _)| poller).collect()
    }
}
