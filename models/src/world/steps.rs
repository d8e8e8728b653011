//! How does a request go through the program of its service, where that is more than calls and work in a row?
//!
//! Everything here is off the way of a plain request: `serving` goes on with calls and work itself.

use super::World;
use crate::call::NONE;
use crate::outcome::Failure;
use crate::protocols::Protocol;
use crate::services::{Condition, DemandOfRetry, SagaPlan, TaskPlan};
use sim_core::draw::Draw;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// The draws of conditions, by the places of their steps; what a request draws otherwise at this place is about messages.
const OF_CONDITION: u64 = 0x6 << 32;

impl<P: Protocol> World<P> {
    /// Does the steps of a request that take no time, from the one before its counter on, and whatever comes after them.
    #[cold]
    #[inline(never)]
    pub(super) fn step(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        // Bounded: the counter only grows.
        loop {
            let attempt = &mut self.attempts[slot];
            let program = &self.plan.services[attempt.service as usize].program;
            let step = &program[attempt.task as usize - 1];
            match &step.does {
                TaskPlan::Send(edge) => {
                    let name = attempt.name.calls(*edge, step.place);
                    self.send_for_nobody(slot, name, ctx);
                }
                TaskPlan::If(condition, otherwise) => {
                    let (condition, place, otherwise) = (condition.clone(), step.place, *otherwise);
                    if !self.meets(slot, &condition, place, ctx.now()) {
                        self.attempts[slot].task = otherwise;
                    }
                }
                TaskPlan::Forward(edge) => {
                    let name = attempt.name.calls(*edge, step.place);
                    return self.forward(slot, name, ctx);
                }
                TaskPlan::Jump(to) => attempt.task = *to,
                TaskPlan::Degrade => attempt.is_degraded = true,
                TaskPlan::Parallel(_) => return self.fan_out(slot, ctx),
                TaskPlan::Broker => return self.broker_is_asked(slot, ctx),
                TaskPlan::Settle => return self.work_is_over(slot, ctx),
                TaskPlan::Saga(saga) => {
                    let (saga, place) = (Arc::clone(saga), step.place);
                    return self.coordinate(slot, (saga, place), ctx);
                }
                TaskPlan::Call(_) | TaskPlan::Work(_) | TaskPlan::Write(_) => unreachable!("what takes time is gone on with elsewhere"),
            }
            let attempt = &mut self.attempts[slot];
            let program = &self.plan.services[attempt.service as usize].program;
            match program.get(attempt.task as usize) {
                Some(next) if next.does.is_immediate() => attempt.task += 1,
                Some(_) | None => return self.go_on_from(slot, ctx),
            }
        }
    }

    /// A request begins a saga, and waits for its end.
    fn coordinate(&mut self, slot: u32, saga: (Arc<SagaPlan>, u32), ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let service = &self.plan.services[attempt.service as usize];
        let process = attempt.node.0 - service.first.0;
        self.begins_to_call(slot, service.threads, ctx);
        self.begin_saga(slot, saga, process, ctx);
    }

    /// Goes on with a request, from a place that is seldom.
    #[inline(never)]
    pub(super) fn go_on_from(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.go_on(slot, ctx);
    }

    /// Something that was done for a request failed, and so does the request, unless its program says what then.
    #[inline(never)]
    pub(super) fn task_failed(&mut self, slot: u32, failure: Failure, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let step = &self.plan.services[attempt.service as usize].program[attempt.task as usize - 1];
        // Nobody waits any more for what could be done after the deadline.
        if step.rescue != NONE && attempt.deadline > ctx.now() {
            (attempt.task, attempt.hint) = (step.rescue, None);
            return self.go_on(slot, ctx);
        }
        self.free_worker(slot, ctx);
        self.fail(slot, failure, ctx);
    }

    fn meets(&self, slot: u32, condition: &Condition, place: u32, now: SimTime) -> bool {
        match condition {
            Condition::Share(share) => {
                let attempt = &self.attempts[slot];
                let draw = match self.plan.services[attempt.service as usize].demand_of_retry {
                    DemandOfRetry::Same if attempt.name.number > 1 => self.seed.draws(attempt.name.call.key, 1).share(),
                    DemandOfRetry::Same | DemandOfRetry::Fresh => attempt.draws.share(),
                };
                share.holds(draw.further(OF_CONDITION | u64::from(place)))
            }
            Condition::OwnWrite(written, within) => self.has_written(slot, (*written, *within), now),
            Condition::Classes(classes) => classes.binary_search(&self.class_of_request(slot)).is_ok(),
            Condition::Flag(flag) => {
                let attempt = &self.attempts[slot];
                self.environment.node(attempt.node).has_on(*flag, attempt.reach)
            }
        }
    }

    /// Of which class a request is.
    fn class_of_request(&self, slot: u32) -> u8 {
        self.calls[self.attempts[slot].call].class
    }

    /// A worker begins with the work that is due, at a service where more than `demand` says how much that is.
    #[cold]
    #[inline(never)]
    pub(super) fn work_in_own_way(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (node, is_probe) = (attempt.node, attempt.is_probe);
        let service = &self.plan.services[attempt.service as usize];
        let (mut work, is_writing) = attempt.next_work(service, &self.seed);
        if attempt.task == 0 && !is_probe {
            work = self.demand_of_class(slot, attempt.demand_draw(service, &self.seed)).unwrap_or(work);
        }
        if let Some(congestion) = service.congestion.as_ref().filter(|_| !is_writing && !is_probe) {
            work = congestion.stretch(work, self.servers[node.index()].busy.count());
        }
        if is_writing || service.cores.is_none() || !self.environment.is_calm() {
            return self.begin_work(slot, (work, is_writing), ctx);
        }
        self.begin_shared_work(slot, work, ctx);
    }

    /// The demand of a request whose class has one of its own.
    fn demand_of_class(&self, slot: u32, draw: Draw) -> Option<SimDuration> {
        let service = &self.plan.services[self.attempts[slot].service as usize];
        let sampler = service.demand_of.get(usize::from(self.class_of_request(slot)))?.as_ref()?;
        Some(sampler.sample(draw))
    }
}
