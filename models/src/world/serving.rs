//! What happens to a request at a server?

use super::World;
use super::jobs::RUN;
use crate::attempt::Phase;
use crate::call::{NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::{Role, ServicePlan, TaskPlan};
use crate::protocols::Protocol;
use crate::record::{CallName, Loss, Record};
use crate::services::{DemandOfRetry, LateWork, Threads};
use sim_core::simulation::Ctx;
use sim_core::time::SimDuration;

impl<P: Protocol> World<P> {
    pub(super) fn service_at(&self, node: NodeId) -> &ServicePlan {
        match self.plan.nodes[node.index()].role {
            Role::Replica(service) => &self.plan.services[service as usize],
            Role::Clients(_) | Role::Member(_) => unreachable!("requests go to replicas of services"),
        }
    }

    /// A request has arrived at a server that runs.
    pub(super) fn receive(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[slot].node;
        let service = self.service_at(node);
        let (workers, limit) = (service.workers, service.queue_limit);
        let server = &mut self.servers[node.index()];
        if server.busy < workers {
            self.take_worker(slot, ctx);
        } else if server.waiting < limit {
            self.enqueue(slot, ctx);
        } else {
            self.answer(slot, Outcome::Failed(Failure::Refused), ctx);
        }
    }

    fn enqueue(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.phase = Phase::Queued;
        attempt.references += 1;
        ctx.record(&Record::Queued(attempt.name, attempt.node));
        let server = &mut self.servers[attempt.node.index()];
        server.queue.push_back(slot);
        server.waiting += 1;
    }

    /// A free worker takes a request: its demand first, or the work at which it stopped to make a call.
    fn take_worker(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.has_worker = true;
        self.servers[attempt.node.index()].busy += 1;
        ctx.record(&Record::Started(attempt.name, attempt.node));
        let work = self.next_work(slot);
        self.work(slot, work, ctx);
    }

    /// The work that is due: `demand` before the first task, else that of the task before the program counter.
    fn next_work(&self, slot: u32) -> SimDuration {
        let attempt = &self.attempts[slot];
        let service = self.service_at(attempt.node);
        let draws = match service.demand_of_retry {
            DemandOfRetry::Same if attempt.name.number > 1 => self.seed.draws(attempt.name.call.key, 1),
            DemandOfRetry::Same | DemandOfRetry::Fresh => attempt.draws,
        };
        match attempt.task.checked_sub(1).map(|task| &service.program[task as usize]) {
            None => service.demand.sample(draws.demand()),
            Some(TaskPlan::Work(work)) => work.sample(draws.demand().further(u64::from(attempt.task))),
            Some(TaskPlan::Call(_)) => unreachable!("a worker is taken for work"),
        }
    }

    fn work(&mut self, slot: u32, work: SimDuration, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let slowness = self.environment.node(attempt.node).slowness;
        let takes = slowness.stretch(work).max(SimDuration::NANOSECOND);
        attempt.phase = Phase::Serving;
        attempt.work_began = ctx.now();
        attempt.work_ends = ctx.now().saturating_add(takes);
        attempt.references += 1;
        ctx.at(attempt.work_ends, WorldEvent::new(Kind::WorkDone, attempt.name.call.key, attempt.name.number, slot));
    }

    /// A piece of work is done, unless it was given up or its end has moved.
    pub(super) fn work_done(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if slot & RUN != 0 {
            return self.run_done(slot ^ RUN, ctx);
        }
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if attempt.phase != Phase::Serving || attempt.work_ends != ctx.now() {
            return self.forget_attempt(slot);
        }
        self.count_work(slot, ctx);
        self.go_on(slot, ctx);
    }

    fn count_work(&mut self, slot: u32, ctx: &Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let worked = ctx.now() - attempt.work_began;
        attempt.worked += worked;
        self.meter.worked(worked);
    }

    /// Goes on with the program of a request.
    fn go_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let (node, task) = (attempt.node, attempt.task);
        let service = match self.plan.nodes[node.index()].role {
            Role::Replica(service) => &self.plan.services[service as usize],
            Role::Clients(_) | Role::Member(_) => unreachable!("requests go to replicas of services"),
        };
        let Some(next) = service.program.get(task as usize) else {
            self.free_worker(slot, ctx);
            return self.answer(slot, Outcome::Success, ctx);
        };
        attempt.task += 1;
        match next {
            TaskPlan::Work(_) if attempt.has_worker => {
                let work = self.next_work(slot);
                self.work(slot, work, ctx);
            }
            TaskPlan::Work(_) => {
                if self.servers[node.index()].busy < service.workers {
                    self.take_worker(slot, ctx);
                } else {
                    // Work that goes on after a call is not refused: the queue's limit is for newcomers.
                    self.enqueue(slot, ctx);
                }
            }
            TaskPlan::Call(edge) => {
                let (edge, threads, process) = (*edge, service.threads, node.0 - service.first.0);
                let parent = attempt.name;
                attempt.phase = Phase::Calling;
                if threads == Threads::Released {
                    self.free_worker(slot, ctx);
                }
                let mut key = parent.call.key.child(u64::from(parent.number) << 32 | u64::from(task));
                if parent.copy > 0 {
                    key = key.child(u64::from(parent.copy));
                }
                let name = CallName { edge, key, client: parent.call.client, ordinal: parent.call.ordinal };
                self.start_call(name, Origin::Job(slot), process, ctx);
            }
        }
    }

    /// A downstream call ended. A failure fails the request.
    pub(super) fn child_ended(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].child = NONE;
        if outcome.is_success() {
            return self.go_on(slot, ctx);
        }
        self.free_worker(slot, ctx);
        self.answer(slot, Outcome::Failed(Failure::Dependency), ctx);
    }

    /// Gives back the worker of a request, if it has one, to the next in the queue.
    fn free_worker(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        if !std::mem::replace(&mut attempt.has_worker, false) {
            return;
        }
        let node = attempt.node;
        self.servers[node.index()].busy -= 1;
        if !self.servers[node.index()].queue.is_empty() {
            self.serve_next(node, ctx);
        }
    }

    pub(super) fn serve_next(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let skips = self.service_at(node).late_work == LateWork::SkipQueued;
        while let Some(slot) = self.servers[node.index()].queue.pop_front() {
            if slot & RUN != 0 {
                self.servers[node.index()].waiting -= 1;
                return self.run_takes_worker(slot ^ RUN, ctx);
            }
            let attempt = &mut self.attempts[slot];
            attempt.references -= 1;
            if attempt.phase != Phase::Queued {
                self.forget_attempt(slot);
                continue;
            }
            self.servers[node.index()].waiting -= 1;
            // What goes on after a call was begun, and is finished.
            if skips && attempt.task == 0 && attempt.is_known_unwanted {
                self.discard(slot, ctx);
                continue;
            }
            return self.take_worker(slot, ctx);
        }
    }

    /// Gives up a request whose caller has gone.
    fn discard(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        ctx.record(&Record::Discarded(attempt.name, attempt.node));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// The word that a caller has gone reaches the server, unless a cut swallows it.
    pub(super) fn cancel_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if self.environment.is_blocked(attempt.routes.0) {
            self.meter.messages.lost(Loss::Cut);
            return self.forget_attempt(slot);
        }
        self.cancel_reaches(slot, ctx);
    }

    /// The word that a caller has gone reaches the server: it is about the request and all its copies.
    pub(super) fn cancel_reaches(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.meter.messages.arrived += 1;
        let attempt = &self.attempts[slot];
        if attempt.phase == Phase::Done {
            return self.forget_attempt(slot);
        }
        if attempt.pending > 0 {
            for copy in 0..self.attempts.slots().len() as u32 {
                if self.attempts[copy].original == slot && self.attempts[copy].phase != Phase::Done {
                    self.cancel(copy, ctx);
                }
            }
        }
        if self.attempts[slot].phase != Phase::Done {
            self.cancel(slot, ctx);
        }
    }

    fn cancel(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_known_unwanted = true;
        let (node, child) = (attempt.node, attempt.child);
        if self.service_at(node).late_work == LateWork::SkipQueued {
            return;
        }
        match self.attempts[slot].phase {
            Phase::Queued => {
                self.servers[node.index()].waiting -= 1;
                self.discard(slot, ctx);
            }
            Phase::Serving => {
                self.count_work(slot, ctx);
                self.free_worker(slot, ctx);
                self.discard(slot, ctx);
            }
            Phase::Calling => {
                self.free_worker(slot, ctx);
                self.abandon_call(child, ctx);
                self.discard(slot, ctx);
            }
            Phase::Requesting | Phase::Talking | Phase::Replying | Phase::Settled | Phase::Done => {}
        }
    }

    /// The life of a server ends: queued and begun work is gone, and nobody is told.
    pub(super) fn server_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let queue = std::mem::take(&mut self.servers[node.index()].queue);
        let (runs, queue): (Vec<u32>, Vec<u32>) = queue.into_iter().partition(|slot| slot & RUN != 0);
        for slot in queue {
            self.attempts[slot].references -= 1;
            // One that had been cancelled is over already and only waited for its turn.
            self.forget_attempt(slot);
        }
        for slot in 0..self.attempts.slots().len() as u32 {
            let attempt = &mut self.attempts[slot];
            if attempt.node != node || !matches!(attempt.phase, Phase::Queued | Phase::Serving | Phase::Calling) {
                continue;
            }
            let (call, child) = (attempt.call, attempt.child);
            attempt.has_worker = false;
            if attempt.phase == Phase::Serving {
                self.count_work(slot, ctx);
            }
            if child != NONE {
                self.abandon_call(child, ctx);
            }
            self.end_attempt(slot, false);
            self.forget_call(call);
        }
        self.servers[node.index()] = Default::default();
        self.runs_die(node, runs.into_iter().map(|run| run ^ RUN).collect(), ctx);
    }

    /// The speed of a server changed: work in progress ends earlier or later from now on.
    pub(super) fn server_changes_speed(&mut self, node: NodeId, before: crate::environment::Slowness, ctx: &mut Ctx<'_, Self>) {
        self.runs_change_speed(node, before, ctx);
        let slowness = self.environment.node(node).slowness;
        for slot in 0..self.attempts.slots().len() as u32 {
            let attempt = &mut self.attempts[slot];
            if attempt.node != node || attempt.phase != Phase::Serving {
                continue;
            }
            let left = slowness.stretch(before.done_in(attempt.work_ends.saturating_since(ctx.now()))).max(SimDuration::NANOSECOND);
            attempt.work_ends = ctx.now().saturating_add(left);
            attempt.references += 1;
            ctx.at(attempt.work_ends, WorldEvent::new(Kind::WorkDone, attempt.name.call.key, attempt.name.number, slot));
        }
    }
}
