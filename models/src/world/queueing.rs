//! Who waits for a worker, and who is sent away, where a service has another queue than a plain one?
//!
//! A plain queue is in `serving`, with what the workers do. Here requests stand in the line of an intake, and perhaps outside of it: who
//! stands outside has not arrived, for all that the server knows.

use super::World;
use super::jobs::RUN;
use crate::attempt::Phase;
use crate::ids::NodeId;
use crate::outcome::{Failure, Hint};
use crate::protocols::Protocol;
use crate::services::queues::{Item, Standing, Verdict};
use crate::services::{Intake, IntakePlan, LateWork, News, Unheard, WhenFull};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

impl<P: Protocol> World<P> {
    /// A request stands at the door of a server that has an intake.
    #[cold]
    pub(super) fn comes_in(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[slot].node;
        self.drop_overdue(node, ctx);
        if self.must_stay_outside(node) {
            self.stay_outside(slot, ctx.now());
        } else {
            self.is_let_in(slot, ctx);
        }
    }

    /// A request has been heard of: it is executed, or waits, or is sent away.
    fn is_let_in(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[slot].node;
        if !self.is_admitted(slot, ctx) || !self.gets_what_it_needs(slot, ctx) {
            return;
        }
        if self.has_free_worker(node) {
            self.notices_begin(slot, SimDuration::ZERO, ctx.now());
            return self.take_worker(slot, ctx);
        }
        if !self.has_place(node) {
            let (item, now) = (self.item_of(slot, ctx.now()), ctx.now());
            let Some(leaver) = self.at_intake(node, now, |plan, intake| intake.give_way(plan, &item, now)) else {
                self.observations.count("requests that found the queue full", 1);
                return self.refuse(slot, ctx);
            };
            self.shed(leaver.slot, ctx);
        }
        self.enqueue(slot, ctx);
    }

    /// A request is refused because there is too much to do.
    pub(super) fn refuse(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.hint = self.plan.services[attempt.service as usize].retry_after.map(Hint::After);
        self.fail(slot, Failure::Overload, ctx);
    }

    /// A request that has waited is sent away.
    pub(super) fn shed(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        self.servers[attempt.node.index()].waiting.down(ctx.now());
        self.observations.count("requests shed while they waited", 1);
        self.refuse(slot, ctx);
    }

    /// Looks at the intake of a server, which is made if it was not needed before.
    pub(super) fn at_intake<R>(&mut self, node: NodeId, now: SimTime, act: impl FnOnce(&IntakePlan, &mut Intake) -> R) -> R {
        let crate::plan::Role::Replica(service) = self.plan.nodes[node.index()].role else { unreachable!("servers are replicas") };
        let plan = self.plan.services[service as usize].intake.as_deref().expect("who lines up does so at an intake");
        let intake = self.servers[node.index()].intake.get_or_insert_with(|| Box::new(Intake::new(plan, now)));
        act(plan, intake)
    }

    fn has_place(&self, node: NodeId) -> bool {
        let waiting = self.servers[node.index()].intake.as_ref().map_or(0, |intake| intake.line().len());
        waiting < self.places_at(node) as usize
    }

    /// What the queue knows of a request.
    pub(super) fn item_of(&self, slot: u32, now: SimTime) -> Item {
        let attempt = &self.attempts[slot];
        let class = self.calls[attempt.call].class;
        let intake = self.plan.services[attempt.service as usize].intake.as_ref();
        Item {
            slot,
            entered: now,
            standing: if attempt.task == 0 { Standing::Newcomer } else { Standing::Begun },
            priority: self.plan.classes[usize::from(class)].priority,
            class,
            weight: intake.map_or(1, |intake| intake.weights[usize::from(class)]),
            client: self.number_of_client(attempt.name.call),
            caller: attempt.caller.0,
            deadline: attempt.deadline,
        }
    }

    /// A request waits from now on.
    #[cold]
    pub(super) fn line_up(&mut self, slot: u32, now: SimTime) {
        let (node, item) = (self.attempts[slot].node, self.item_of(slot, now));
        self.at_intake(node, now, |plan, intake| intake.enter(plan, item, now));
    }

    /// Background work waits from now on.
    #[cold]
    pub(super) fn run_lines_up(&mut self, run: u32, node: NodeId, now: SimTime) {
        let (standing, deadline) = (Standing::Background, SimTime::MAX);
        let item = Item { slot: run, entered: now, standing, priority: 0, class: 0, weight: 1, client: 0, caller: node.0, deadline };
        self.at_intake(node, now, |plan, intake| intake.enter(plan, item, now));
    }

    /// Free workers take what waits, and whoever stands outside comes in.
    #[cold]
    pub(super) fn call_up(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        self.drop_overdue(node, ctx);
        loop {
            while self.has_free_worker(node)
                && let Some((item, verdict)) = self.at_intake(node, now, |plan, intake| intake.take(plan, now))
            {
                self.has_its_turn(item, verdict, ctx);
            }
            if self.must_stay_outside_behind_others(node) {
                return;
            }
            let Some(slot) = self.at_intake(node, now, |_, intake| intake.outside.pop_front()) else { return };
            self.comes_in_from_outside(slot, ctx);
        }
    }

    fn has_its_turn(&mut self, item: Item, verdict: Verdict, ctx: &mut Ctx<'_, Self>) {
        let slot = item.slot;
        if slot & RUN != 0 {
            self.servers[self.jobs.node_of(slot ^ RUN).index()].waiting.down(ctx.now());
            return self.run_takes_worker(slot ^ RUN, ctx);
        }
        if verdict == Verdict::Dropped {
            return self.shed(slot, ctx);
        }
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        self.servers[attempt.node.index()].waiting.down(ctx.now());
        let skips = self.plan.services[attempt.service as usize].late_work == LateWork::SkipQueued;
        // What goes on after a call was begun, and is finished.
        if skips && item.may_be_shed() && attempt.is_known_unwanted {
            return self.discard(slot, ctx);
        }
        if item.may_be_shed() {
            if attempt.holds.any() {
                self.begins_on_data(slot, ctx.now());
            }
            self.notices_begin(slot, ctx.now().saturating_since(item.entered), ctx.now());
        }
        self.take_worker(slot, ctx);
    }

    /// Whoever has waited too long is sent away.
    fn drop_overdue(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        while let Some(item) = self.at_intake(node, now, |plan, intake| intake.overdue(plan, now)) {
            self.shed(item.slot, ctx);
        }
    }

    /// The caller of a request that waits has gone, and the server gives it up.
    #[cold]
    pub(super) fn leaves_line(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (node, now) = (self.attempts[slot].node, ctx.now());
        let item = self.at_intake(node, now, |plan, intake| intake.withdraw(plan, slot, now));
        debug_assert!(item.is_some(), "who is queued stands in the line");
        self.attempts[slot].references -= 1;
        self.discard(slot, ctx);
        self.call_up(node, ctx);
    }

    /// The life of a server ends. Answers who stood in its line, and who stood outside of it: of those the server has not known.
    pub(super) fn line_breaks_up(&mut self, node: NodeId) -> (Vec<u32>, VecDeque<Unheard>) {
        let Some(intake) = self.servers[node.index()].intake.take() else { return (Vec::new(), VecDeque::new()) };
        let outside = intake.outside.iter().map(|&attempt| Unheard { attempt, news: News::Request });
        (intake.line().iter().map(|item| item.slot).collect(), outside.collect())
    }
}

/// Those who wait for a place in the queue.
impl<P: Protocol> World<P> {
    fn lets_wait(&self, node: NodeId) -> bool {
        self.service_at(node).intake.as_ref().is_some_and(|intake| intake.queue.when_full() == WhenFull::Wait)
    }

    fn must_stay_outside(&self, node: NodeId) -> bool {
        let is_alone = || self.servers[node.index()].intake.as_ref().is_none_or(|intake| intake.outside.is_empty());
        self.lets_wait(node) && (!is_alone() || self.must_stay_outside_behind_others(node))
    }

    /// Whether not even the first of those outside can come in.
    fn must_stay_outside_behind_others(&self, node: NodeId) -> bool {
        !self.has_free_worker(node) && !self.has_place(node)
    }

    /// A request waits outside. It has not arrived, as its server sees it.
    fn stay_outside(&mut self, slot: u32, now: SimTime) {
        self.meter.messages.arrived -= 1;
        let attempt = &mut self.attempts[slot];
        self.servers[attempt.node.index()].tally.arrived -= 1;
        attempt.references += 1;
        attempt.phase = Phase::Unheard;
        let node = attempt.node;
        self.at_intake(node, now, |_, intake| intake.outside.push_back(slot));
    }

    fn comes_in_from_outside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.meter.messages.arrived += 1;
        let attempt = &mut self.attempts[slot];
        self.servers[attempt.node.index()].tally.arrived += 1;
        attempt.references -= 1;
        attempt.phase = Phase::Requesting;
        // The server finds the connection closed as it accepts it, if it looks.
        if attempt.is_known_unwanted {
            return self.discard(slot, ctx);
        }
        self.is_let_in(slot, ctx);
    }
}
