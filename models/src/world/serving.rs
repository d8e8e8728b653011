//! What happens to a request at a server?

mod calling;
mod leaving;

use super::World;
use super::jobs::RUN;
use super::sessions::LOGS_IN;
use crate::attempt::{Attempt, Phase};
use crate::call::{NONE, Origin};
use crate::environment::Slowness;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::{INSIDE, Role, ServicePlan};
use crate::protocols::Protocol;
use crate::record::Record;
use crate::services::{DemandOfRetry, LateWork, News, Step, TaskPlan, Threads};
use sim_core::draw::{Draw, Seed};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

impl Attempt {
    /// The work that is due, and whether it is a write: `demand` before the first task, else that of the task before the
    /// program counter.
    #[inline(always)]
    pub(super) fn next_work(&self, service: &ServicePlan, seed: &Seed) -> (SimDuration, bool) {
        if self.is_probe {
            return (SimDuration::ZERO, false);
        }
        let demand = self.demand_draw(service, seed);
        match self.task.checked_sub(1).map(|task| &service.program[task as usize]) {
            None => (service.demand.sample(demand), false),
            Some(Step { does: task @ (TaskPlan::Work(work) | TaskPlan::Write(work)), place, .. }) => {
                (work.sample(demand.further(u64::from(*place) + 1)), matches!(task, TaskPlan::Write(_)))
            }
            Some(_) => unreachable!("a worker is taken for work"),
        }
    }

    /// The draw of all its work.
    #[inline(always)]
    pub(super) fn demand_draw(&self, service: &ServicePlan, seed: &Seed) -> Draw {
        match service.demand_of_retry {
            DemandOfRetry::Same if self.name.number > 1 => seed.draws(self.name.call.key, 1).demand(),
            DemandOfRetry::Same | DemandOfRetry::Fresh => self.draws.demand(),
        }
    }

    /// A worker begins with so much work of it, which is writing or not, and nothing is wrong.
    #[inline(always)]
    fn is_served<P: Protocol>(&mut self, (work, is_writing): (SimDuration, bool), slot: u32, ctx: &mut Ctx<'_, World<P>>) {
        self.phase = Phase::Serving;
        self.is_writing = is_writing;
        self.fails_to_write = false;
        self.proceed(slot, work, Slowness::NONE, ctx);
    }

    /// So much work is left of it, and is done at this pace from now on.
    #[inline(always)]
    fn proceed<P: Protocol>(&mut self, slot: u32, left: SimDuration, slowness: Slowness, ctx: &mut Ctx<'_, World<P>>) {
        self.work_began = ctx.now();
        self.work_ends = ctx.now().saturating_add(slowness.stretch(left).max(SimDuration::NANOSECOND));
        self.references += 1;
        ctx.at(self.work_ends, WorldEvent::new(Kind::WorkDone, self.name.call.key, self.name.number, slot));
    }

    /// Counts the work done since it began or went on, and answers how much that is. Work that stands still began at the end
    /// of time, and has not been done since.
    #[inline(always)]
    fn count_work(&mut self, now: SimTime) -> SimDuration {
        let worked = now.saturating_since(self.work_began);
        self.worked += worked;
        worked
    }
}

impl<P: Protocol> World<P> {
    pub(super) fn service_at(&self, node: NodeId) -> &ServicePlan {
        match self.plan.nodes[node.index()].role {
            Role::Replica(service) => &self.plan.services[service as usize],
            Role::Clients(_) | Role::Member(_) => unreachable!("requests go to replicas of services"),
        }
    }

    /// Whether a worker of a server is free, of those that faults leave it.
    pub(super) fn has_free_worker(&self, node: NodeId) -> bool {
        self.is_free(node, self.service_at(node))
    }

    #[inline(always)]
    fn is_free(&self, node: NodeId, service: &ServicePlan) -> bool {
        let lost = if self.environment.is_calm() { 0 } else { self.environment.node(node).workers_lost };
        self.servers[node.index()].busy.count() < service.workers.saturating_sub(lost)
    }

    /// How many requests may wait at a server.
    pub(super) fn places_at(&self, node: NodeId) -> u32 {
        self.service_at(node).queue_limit.saturating_sub(self.environment.node(node).places_taken)
    }

    /// A request has arrived at a server that runs.
    #[inline(always)]
    pub(super) fn receive(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let node = attempt.node;
        let service = &self.plan.services[attempt.service as usize];
        let server = &mut self.servers[node.index()];
        server.tally.arrived += 1;
        if !service.is_plain || !self.environment.is_calm() {
            return self.receive_otherwise(slot, ctx);
        }
        if server.busy.count() >= service.workers || attempt.deadline <= ctx.now() {
            return self.receive_or_refuse(slot, ctx);
        }
        // As in `take_worker`, `work` and `begin_work`, with all that is needed at hand.
        server.busy.up(ctx.now());
        attempt.has_worker = true;
        ctx.record(&Record::Started(attempt.name, node));
        let work = if attempt.is_probe { SimDuration::ZERO } else { service.demand.sample(attempt.draws.demand()) };
        attempt.is_served((work, false), slot, ctx);
    }

    /// A request has arrived that needs more than a worker, or while something is wrong.
    #[inline(never)]
    fn receive_otherwise(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if !self.plan.services[self.attempts[slot].service as usize].checks_in || self.checks_in(slot, ctx) {
            self.receive_or_refuse(slot, ctx);
        }
    }

    /// A request that has arrived gets a worker, or a place in the queue, or is refused.
    #[inline(never)]
    fn receive_or_refuse(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let node = attempt.node;
        if self.is_free(node, &self.plan.services[attempt.service as usize]) {
            self.take_worker(slot, ctx);
        } else if self.servers[node.index()].waiting.count() < self.places_at(node) {
            self.enqueue(slot, ctx);
        } else {
            self.refuse(slot, ctx);
        }
    }

    pub(super) fn enqueue(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.phase = Phase::Queued;
        attempt.references += 1;
        ctx.record(&Record::Queued(attempt.name, attempt.node));
        let server = &mut self.servers[attempt.node.index()];
        server.waiting.up(ctx.now());
        if self.plan.services[attempt.service as usize].intake.is_some() {
            return self.line_up(slot, ctx.now());
        }
        server.queue.push_back(slot);
    }

    /// A free worker takes a request: its demand first, or the work at which it stopped to make a call.
    #[inline(always)]
    pub(super) fn take_worker(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        if attempt.deadline <= ctx.now() {
            // Nobody waits for it any more, and its server knows.
            return self.fail(slot, Failure::Deadline, ctx);
        }
        attempt.has_worker = true;
        self.servers[attempt.node.index()].busy.up(ctx.now());
        ctx.record(&Record::Started(attempt.name, attempt.node));
        self.work(slot, ctx);
    }

    /// A worker begins with the work that is due.
    #[inline(always)]
    fn work(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let service = &self.plan.services[attempt.service as usize];
        if service.has_own_ways {
            return self.work_in_own_way(slot, ctx);
        }
        let work = attempt.next_work(service, &self.seed);
        self.begin_work(slot, work, ctx);
    }

    /// A worker begins with so much work, which is writing or not.
    #[inline(always)]
    pub(super) fn begin_work(&mut self, slot: u32, (work, is_writing): (SimDuration, bool), ctx: &mut Ctx<'_, Self>) {
        if !self.environment.is_calm() {
            return self.work_under_faults(slot, work, is_writing, ctx);
        }
        self.attempts[slot].is_served((work, is_writing), slot, ctx);
    }

    #[cold]
    fn work_under_faults(&mut self, slot: u32, work: SimDuration, is_writing: bool, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let condition = self.environment.node(attempt.node);
        attempt.phase = Phase::Serving;
        attempt.fails_to_write = is_writing && condition.disk_full;
        attempt.is_writing = is_writing && !condition.disk_full;
        // To find that a disk is full needs no time of the disk, only the least there is of the worker.
        let work = if attempt.fails_to_write { SimDuration::ZERO } else { work };
        let pace = condition.pace((attempt.name.call.key, attempt.reach), attempt.is_writing, &self.seed);
        self.proceed(slot, work, pace, ctx);
    }

    /// So much work is left, and is done at this pace from now on; not at all if there is none.
    pub(super) fn proceed(&mut self, slot: u32, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        if self.shares_cores(slot) {
            return self.share_cores(slot, left, pace, ctx);
        }
        let attempt = &mut self.attempts[slot];
        let Some(slowness) = pace else {
            (attempt.work_began, attempt.work_ends, attempt.work_left) = (SimTime::MAX, SimTime::MAX, left);
            return;
        };
        attempt.proceed(slot, left, slowness, ctx);
    }

    /// A piece of work is done, unless it was given up or its end has moved.
    #[inline(always)]
    pub(super) fn work_done(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if slot & RUN != 0 {
            return self.run_done(slot ^ RUN, ctx);
        }
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if attempt.phase != Phase::Serving || attempt.work_ends != ctx.now() {
            return self.forget_attempt(slot);
        }
        let (worked, fails) = (attempt.count_work(ctx.now()), attempt.fails_to_write);
        self.meter.worked(worked);
        if fails {
            return self.task_failed(slot, Failure::ServerError, ctx);
        }
        self.go_on(slot, ctx);
    }

    /// Work that was in progress until now counts as done.
    pub(super) fn count_work(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let worked = match self.leaves_share(self.attempts[slot].node, slot, ctx) {
            Some(worked) => {
                self.attempts[slot].worked += worked;
                worked
            }
            None => self.attempts[slot].count_work(ctx.now()),
        };
        self.meter.worked(worked);
    }

    /// Goes on with the program of a request.
    #[inline(always)]
    pub(super) fn go_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let (node, task) = (attempt.node, attempt.task);
        let service = &self.plan.services[attempt.service as usize];
        let Some(next) = service.program.get(task as usize).filter(|_| !attempt.is_probe) else {
            if attempt.is_probe {
                return self.check_dependencies(slot, ctx);
            }
            return self.finish(slot, ctx);
        };
        attempt.task += 1;
        match &next.does {
            TaskPlan::Work(_) | TaskPlan::Write(_) if attempt.has_worker => self.work(slot, ctx),
            TaskPlan::Work(_) | TaskPlan::Write(_) => {
                if self.has_free_worker(node) {
                    self.take_worker(slot, ctx);
                } else {
                    // Work that goes on after a call is not refused: the queue's limit is for newcomers.
                    self.enqueue(slot, ctx);
                }
            }
            TaskPlan::Call(edge) => {
                let (edge, threads, process) = (*edge, service.threads, node.0 - service.first.0);
                let name = attempt.name.calls(edge, next.place);
                self.begins_to_call(slot, threads, ctx);
                self.start_call(name, Origin::Job(slot), process, ctx);
            }
            _ => self.step(slot, ctx),
        }
    }

    /// All is done for a request: its worker takes the next, and its caller is answered.
    #[inline(always)]
    fn finish(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        if attempt.holds.any() {
            return self.finish_holding(slot, ctx);
        }
        let node = attempt.node;
        let server = &mut self.servers[node.index()];
        server.tally.completed += 1;
        // As in `free_worker`, with the memory of the server at hand.
        if std::mem::replace(&mut attempt.has_worker, false) {
            server.busy.down(ctx.now());
            if !server.queue.is_empty() || server.intake.is_some() {
                self.fill_workers(node, ctx);
            }
        }
        self.answer_holding_nothing(slot, Outcome::Success, ctx);
    }

    /// The same for a request that holds something beside its worker.
    #[inline(never)]
    fn finish_holding(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.waits_for_followers(slot, ctx) {
            return;
        }
        self.servers[self.attempts[slot].node.index()].tally.completed += 1;
        self.free_worker(slot, ctx);
        self.answer_counted(slot, Outcome::Success, ctx);
    }

    /// Gives back the worker of a request, if it has one, to the next in the queue.
    #[inline(always)]
    pub(super) fn free_worker(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        if !std::mem::replace(&mut attempt.has_worker, false) {
            return;
        }
        let node = attempt.node;
        let server = &mut self.servers[node.index()];
        server.busy.down(ctx.now());
        if !server.queue.is_empty() || server.intake.is_some() {
            self.fill_workers(node, ctx);
        }
    }

    /// Free workers take what waits.
    pub(super) fn fill_workers(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if self.servers[node.index()].intake.is_some() {
            return self.call_up(node, ctx);
        }
        while !self.servers[node.index()].queue.is_empty() && self.has_free_worker(node) {
            self.serve_next(node, ctx);
        }
    }

    fn serve_next(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let skips = self.service_at(node).late_work == LateWork::SkipQueued;
        while let Some(slot) = self.servers[node.index()].queue.pop_front() {
            if slot & RUN != 0 {
                self.servers[node.index()].waiting.down(ctx.now());
                return self.run_takes_worker(slot ^ RUN, ctx);
            }
            let attempt = &mut self.attempts[slot];
            attempt.references -= 1;
            if attempt.phase != Phase::Queued {
                self.forget_attempt(slot);
                continue;
            }
            self.servers[node.index()].waiting.down(ctx.now());
            // What goes on after a call was begun, and is finished.
            if skips && attempt.task == 0 && attempt.is_known_unwanted {
                self.discard(slot, ctx);
                continue;
            }
            if attempt.holds.any() && attempt.task == 0 {
                self.begins_on_data(slot, ctx.now());
            }
            return self.take_worker(slot, ctx);
        }
    }
}
