//! What background work do servers do, and when again?
//!
//! A run takes its turn in the queue of its server and one of its workers, beside the requests. A node sets its timer anew
//! when it has no run of the same fault left, its own or another's: that is how nodes fall into step.

use super::World;
use super::sharing::SHARE;
use crate::environment::{Condition, JobWork, Slowness};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, StretchId};
use crate::pool::Pool;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::draw::Key;
use sim_core::sample::Sampler;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// The background work of all servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    timers: Pool<Option<Timer>>,
    runs: Pool<Run>,
}

impl Jobs {
    /// Where a run belongs.
    pub(super) fn node_of(&self, run: u32) -> NodeId {
        self.runs[run].node
    }
}

/// The timer of one node.
#[derive(Clone, Debug)]
struct Timer {
    is_on: bool,
    stretch: StretchId,
    node: NodeId,
    key: Key,
    work: Sampler,
    rest: Sampler,
    is_shared: bool,
    /// How often it was set.
    set: u64,
    /// When it is due; `MAX` while the work goes on.
    next: SimTime,
    /// Runs that wait or are worked on at the node.
    pending: u32,
}

/// Work for one node.
#[derive(Clone, Debug, Default)]
struct Run {
    timer: u32,
    node: NodeId,
    key: Key,
    /// What is left of it, when it was begun or came to stand still.
    work: SimDuration,
    is_worked_on: bool,
    began: SimTime,
    ends: SimTime,
}

/// Marks a run among the attempts in queues and events.
pub(super) const RUN: u32 = 1 << 31;

impl<P: Protocol> World<P> {
    /// A node begins to have background work.
    pub(super) fn job_begins(&mut self, stretch: StretchId, node: NodeId, what: &JobWork, strike: u64, ctx: &mut Ctx<'_, Self>) {
        let key = Key::named(&self.plan.nodes[node.index()].name).child(strike);
        let (work, rest, is_shared) = (what.work.compile(), what.rest.compile(), what.is_shared);
        let draws = self.seed.draws(key.child(0), 0);
        let first = draws.choice().below(rest.sample(draws.wait()));
        let timer = Timer { is_on: true, stretch, node, key, work, rest, is_shared, set: 0, next: SimTime::MAX, pending: 0 };
        let slot = self.jobs.timers.insert(Some(timer));
        self.set_timer(slot, first, ctx);
    }

    /// A node is to have no more background work; what it has is finished.
    pub(super) fn job_ends(&mut self, stretch: StretchId, node: NodeId) {
        for slot in self.timers_of(|timer| timer.is_on && timer.stretch == stretch && timer.node == node) {
            let timer = self.timer(slot);
            (timer.is_on, timer.next) = (false, SimTime::MAX);
            self.forget_timer(slot);
        }
    }

    fn timers_of(&self, which: impl Fn(&Timer) -> bool) -> Vec<u32> {
        let timers = (0..).zip(self.jobs.timers.slots());
        timers.filter(|(_, timer)| timer.as_ref().is_some_and(&which)).map(|(slot, _)| slot).collect()
    }

    fn timer(&mut self, slot: u32) -> &mut Timer {
        self.jobs.timers[slot].as_mut().expect("a timer lives as long as its fault and its runs")
    }

    fn forget_timer(&mut self, slot: u32) {
        let timer = self.timer(slot);
        if !timer.is_on && timer.pending == 0 {
            self.jobs.timers[slot] = None;
            self.jobs.timers.release(slot);
        }
    }

    fn set_timer(&mut self, slot: u32, rest: SimDuration, ctx: &mut Ctx<'_, Self>) {
        let (now, end) = (ctx.now(), self.plan.clockwork.end_of_arrivals());
        let timer = self.timer(slot);
        timer.set += 1;
        timer.next = now.saturating_add(rest.max(SimDuration::NANOSECOND));
        if timer.next < end {
            ctx.at(timer.next, WorldEvent::new(Kind::JobTimer, timer.key, 0, slot));
        }
    }

    fn rest(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let timer = self.jobs.timers[slot].as_ref().expect("who rests has a timer");
        let rest = timer.rest.sample(self.seed.draws(timer.key.child(timer.set), 0).wait());
        self.set_timer(slot, rest, ctx);
    }

    /// A run is due, unless the fault is over.
    pub(super) fn job_timer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let Some(timer) = &self.jobs.timers[slot] else { return };
        if timer.next != ctx.now() {
            return;
        }
        let (stretch, is_shared, of_run) = (timer.stretch, timer.is_shared, timer.key.child(timer.set));
        if !self.environment.node(timer.node).up {
            return self.rest(slot, ctx);
        }
        self.timer(slot).next = SimTime::MAX;
        let workers = if is_shared { self.timers_of(|timer| timer.is_on && timer.stretch == stretch) } else { vec![slot] };
        for worker in workers {
            let timer = self.timer(worker);
            let (node, sampler) = (timer.node, timer.work.clone());
            if self.environment.node(node).up {
                self.timer(worker).pending += 1;
                let key = of_run.child(u64::from(node.0));
                let work = sampler.sample(self.seed.draws(key, 0).demand());
                let run = self.jobs.runs.insert(Run { timer: worker, node, key, work, ..Run::default() });
                self.receive_run(run, ctx);
            }
        }
    }

    /// How many runs workers of these nodes, in rising order, work on.
    pub(super) fn runs_at(&self, nodes: &[NodeId]) -> u64 {
        let works = |run: &&Run| run.is_worked_on && nodes.binary_search(&run.node).is_ok();
        self.jobs.runs.slots().iter().filter(works).count() as u64
    }

    fn receive_run(&mut self, run: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.jobs.runs[run].node;
        // A node that stands still has its timer fire as well, and finds the run in its queue when it goes on.
        if self.has_free_worker(node) && !self.stands_still(node) {
            return self.run_takes_worker(run, ctx);
        }
        self.servers[node.index()].waiting.up(ctx.now());
        if self.service_at(node).intake.is_some() {
            return self.run_lines_up(run | RUN, node, ctx.now());
        }
        self.servers[node.index()].queue.push_back(run | RUN);
    }

    /// A free worker takes a run.
    pub(super) fn run_takes_worker(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let run = &mut self.jobs.runs[slot];
        self.servers[run.node.index()].busy.up(ctx.now());
        ctx.record(&Record::JobBegan(run.node));
        run.is_worked_on = true;
        let (left, pace) = (run.work, pace_of(self.environment.node(run.node)));
        self.run_proceeds(slot, left, pace, ctx);
    }

    /// So much of a run is left, and is done at this pace from now on; not at all if there is none.
    fn run_proceeds(&mut self, slot: u32, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        let run = &mut self.jobs.runs[slot];
        let Some(slowness) = pace else {
            (run.began, run.ends, run.work) = (SimTime::MAX, SimTime::MAX, left);
            return;
        };
        let (node, key) = (run.node, run.key);
        if self.joins_share(node, (slot | RUN, key), slowness.stretch(left), ctx) {
            let run = &mut self.jobs.runs[slot];
            (run.began, run.ends, run.work) = (SimTime::MAX, SimTime::MAX, left);
            return;
        }
        let run = &mut self.jobs.runs[slot];
        run.began = ctx.now();
        run.ends = ctx.now().saturating_add(slowness.stretch(left).max(SimDuration::NANOSECOND));
        ctx.at(run.ends, WorldEvent::new(Kind::WorkDone, run.key, 0, slot | RUN));
    }

    /// A run is done, unless it died or its end has moved.
    pub(super) fn run_done(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if slot & SHARE != 0 {
            return self.share_is_due(NodeId(slot ^ SHARE), ctx);
        }
        let run = &self.jobs.runs[slot];
        if !run.is_worked_on || run.ends != ctx.now() {
            return;
        }
        self.meter.worked(ctx.now() - run.began);
        self.run_is_done(slot, ctx);
    }

    pub(super) fn run_is_done(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let run = &self.jobs.runs[slot];
        let (timer, node) = (run.timer, run.node);
        ctx.record(&Record::JobEnded(node));
        self.forget_run(slot);
        self.servers[node.index()].busy.down(ctx.now());
        self.fill_workers(node, ctx);
        self.run_is_over(timer, ctx);
    }

    fn forget_run(&mut self, slot: u32) {
        self.jobs.runs[slot].is_worked_on = false;
        self.jobs.runs.release(slot);
    }

    fn run_is_over(&mut self, timer: u32, ctx: &mut Ctx<'_, Self>) {
        let state = self.timer(timer);
        state.pending -= 1;
        let rests = state.is_on && state.pending == 0 && state.next == SimTime::MAX;
        if rests {
            self.rest(timer, ctx);
        }
        self.forget_timer(timer);
    }

    /// The life of a server ends, with these runs in its queue.
    pub(super) fn runs_die(&mut self, node: NodeId, queued: Vec<u32>, ctx: &mut Ctx<'_, Self>) {
        let working: Vec<u32> =
            (0..).zip(self.jobs.runs.slots()).filter(|(_, run)| run.is_worked_on && run.node == node).map(|(slot, _)| slot).collect();
        for &slot in &working {
            let worked = self.leaves_share(node, slot | RUN, ctx).unwrap_or(ctx.now().saturating_since(self.jobs.runs[slot].began));
            self.meter.worked(worked);
            self.meter.wasted(worked);
        }
        for slot in working.into_iter().chain(queued) {
            let timer = self.jobs.runs[slot].timer;
            self.forget_run(slot);
            self.run_is_over(timer, ctx);
        }
    }

    /// The pace of a server changed: runs in progress end earlier or later from now on, or stand still.
    pub(super) fn runs_change_pace(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let (old, new) = (pace_of(before), pace_of(self.environment.node(node)));
        if old == new {
            return;
        }
        for slot in 0..self.jobs.runs.slots().len() as u32 {
            let run = &self.jobs.runs[slot];
            if run.is_worked_on && run.node == node {
                let (began, ends, left) = (run.began, run.ends, run.work);
                let time_left = self.left_of_share(node, slot | RUN, ctx.now()).unwrap_or(ends.saturating_since(ctx.now()));
                let left = old.map_or(left, |slowness| slowness.done_in(time_left));
                let worked = self.leaves_share(node, slot | RUN, ctx).unwrap_or(ctx.now().saturating_since(began));
                self.meter.worked(worked);
                self.run_proceeds(slot, left, new, ctx);
            }
        }
    }
}

/// How slowly a node goes on with its background work: not at all if `None`. Which requests are slow does not concern it.
fn pace_of(condition: &Condition) -> Option<Slowness> {
    (!condition.paused).then_some(condition.slowness)
}
