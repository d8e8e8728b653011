//! How does a saga go on, and what becomes of it when its coordinator dies?
//!
//! A saga is a thing of its own at the node of its coordinator: the request that began it waits for its end, but a saga that has begun goes
//! on if the request is given up. Each step and each compensation is a call over the edge of its own. The key of such a call
//! is that of the saga and the step, so that a participant knows it again when it is made anew, after a failure or by the next life of the
//! coordinator; its attempts go on counting, so that it does not meet the same luck again.
//!
//! With a log, a record is written before the first step and after the end of every step and compensation, before the next is
//! called; a crash takes a saga back to the last record that was safe. A log that finds no room tries again after the wait of compensations, and begins no saga.

mod lives;

use super::World;
use super::saga_books::{SagaEnd, StepBook, is_consistent};
use crate::attempt::Phase;
use crate::call::{NONE, Origin};
use crate::environment::{Condition, DiskLoss, Reach, Slowness};
use crate::event::{Kind, WorldEvent};
use crate::faults::Happening;
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::pool::Pool;
use crate::protocols::Protocol;
use crate::record::{AttemptName, CallName, Record};
use crate::services::{Resumes, SagaPlan};
use crate::strategies::Attempts;
use crate::strategies::backoff::{Asks, BackoffMemory, Wait};
use crate::strategies::cache::Kept;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// All sagas of which anything is under way.
pub(super) type Sagas = Pool<Saga>;

/// A saga that was begun.
#[derive(Clone, Debug)]
pub(super) struct Saga {
    plan: Arc<SagaPlan>,
    node: NodeId,
    process: u32,
    key: Key,
    /// On whose behalf it goes.
    on_behalf_of: CallName,
    object: u64,
    class: u8,
    reach: Reach,
    /// The request that waits for its end, if it still lives, and when that is given up.
    request: (u32, AttemptName),
    /// The service and the idempotency key of its request, if it has kept that when the request was given up.
    kept_key: Option<(u32, u64)>,
    deadline: SimTime,
    course: Course,
    doing: Doing,
    /// What its log knows.
    logged: Option<Course>,
    began: SimTime,
    writes: u32,
    /// When the write or the wait is over, and how much of a write was left when its pace changed last.
    ends: SimTime,
    left: SimDuration,
    /// Calls made for the present compensation, and their waits.
    tries: u32,
    backoff: Option<BackoffMemory>,
    /// Whether a compensation was given up.
    gave_up: bool,
    is_wrong: bool,
    is_degraded: bool,
    /// Records of calls of it that are in use.
    calls: u32,
    steps: Vec<StepBook>,
}

/// Where a saga is, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// The step with this number is next.
    Forward(u32),
    /// So many steps, the first ones, are still to be compensated, the last of them first.
    Backward(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// It waits for a call.
    Calling(u32),
    /// It waits for its log; if the second is true the disk was full when it began.
    Writing(bool),
    /// It waits before it tries again.
    Waiting,
    /// Its coordinator is down.
    Down,
    /// Nothing; messages of it may be under way.
    Over(SagaEnd),
}

/// Places of the keys of what belongs to a saga, behind those of its calls: two for each step.
const WRITES: u64 = 1 << 40;
const WAITS: u64 = 1 << 41;

/// The place of the call for a step, or for its compensation.
const fn place(step: u32, is_undo: bool) -> u32 {
    2 * step + is_undo as u32
}

impl Saga {
    /// Leaves out what has no compensation.
    fn normalised(&self, course: Course) -> Course {
        match course {
            Course::Backward(left) => {
                let left = self.plan.steps[..left as usize].iter().rposition(|step| step.undo.is_some()).map_or(0, |last| last as u32 + 1);
                Course::Backward(left)
            }
            Course::Forward(_) => course,
        }
    }

    /// The steps to be compensated when the step with this number failed.
    fn back_from(&self, step: u32, is_unknown: bool) -> Course {
        Course::Backward(step + u32::from(is_unknown && self.plan.undo_unknown))
    }

    const fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Over(_))
    }
}

impl<P: Protocol> World<P> {
    /// How many sagas have not ended, or have calls under way.
    pub const fn sagas(&self) -> usize {
        self.sagas.live()
    }

    /// A request begins a saga, and waits for its end.
    #[cold]
    pub(super) fn begin_saga(&mut self, slot: u32, (plan, task): (Arc<SagaPlan>, u32), process: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let (name, call) = (attempt.name, &self.calls[attempt.call]);
        let mut key = name.call.key.child(u64::from(name.number) << 32 | u64::from(task));
        if name.copy > 0 {
            key = key.child(u64::from(name.copy));
        }
        let steps = vec![StepBook::default(); plan.steps.len()];
        let saga = Saga {
            plan,
            node: attempt.node,
            process,
            key,
            on_behalf_of: name.call,
            object: call.object,
            class: call.class,
            reach: attempt.reach,
            request: (slot, name),
            kept_key: None,
            deadline: attempt.deadline,
            course: Course::Forward(0),
            doing: Doing::Waiting,
            logged: None,
            began: ctx.now(),
            writes: 0,
            ends: SimTime::MAX,
            left: SimDuration::ZERO,
            tries: 0,
            backoff: None,
            gave_up: false,
            is_wrong: false,
            is_degraded: false,
            calls: 0,
            steps,
        };
        let saga = self.sagas.insert(saga);
        if self.sagas[saga].plan.write.is_none() {
            self.saga_begins(saga, ctx);
        }
        self.saga_goes_on(saga, ctx);
    }

    fn saga_begins(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.observations.count("sagas begun", 1);
        self.tell_of_saga(slot, "SagaBegun", ctx);
    }

    fn tell_of_saga(&mut self, slot: u32, what: &'static str, ctx: &mut Ctx<'_, Self>) {
        let saga = &self.sagas[slot];
        ctx.record(&Record::Announced(saga.node, what, i64::from(saga.on_behalf_of.ordinal)));
        self.happens(Happening::Announced(what), ctx);
    }

    /// Does what is next: writes down how far it has come, calls somebody, or ends.
    fn saga_goes_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        saga.course = saga.normalised(saga.course);
        if saga.plan.write.is_some() && saga.logged != Some(saga.course) {
            return self.saga_writes(slot, ctx);
        }
        match saga.course {
            Course::Forward(step) if step as usize == saga.plan.steps.len() => self.saga_ends(slot, SagaEnd::Completed, ctx),
            Course::Forward(step) => self.saga_calls(slot, (step, false), ctx),
            Course::Backward(0) => {
                let end = if saga.gave_up { SagaEnd::LeftHalfway } else { SagaEnd::Compensated };
                self.saga_ends(slot, end, ctx);
            }
            Course::Backward(left) => self.saga_calls(slot, (left - 1, true), ctx),
        }
    }

    fn saga_calls(&mut self, slot: u32, (step, is_undo): (u32, bool), ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        let plan = saga.plan.steps[step as usize];
        let edge = if is_undo { plan.undo.expect("only what has a compensation is compensated") } else { plan.call };
        let place = place(step, is_undo);
        let name = CallName { edge, key: saga.key.child(u64::from(place)), ..saga.on_behalf_of };
        let process = saga.process;
        saga.calls += 1;
        self.start_call(name, Origin::Saga(slot, place), process, ctx);
    }

    /// A call that a saga makes has begun: what it inherits.
    #[cold]
    pub(super) fn saga_call_begins(&mut self, call: u32, (slot, place): (u32, u32)) {
        let saga = &mut self.sagas[slot];
        saga.doing = Doing::Calling(call);
        let attempts = saga.steps[place as usize / 2].attempts[place as usize % 2];
        let deadline = saga.deadline;
        self.calls[call].attempts = attempts;
        // Nobody's patience limits what is taken back.
        if place.is_multiple_of(2) && deadline != SimTime::MAX {
            let limit = self.local_of_call(call, deadline);
            let call = &mut self.calls[call];
            (call.limit, call.deadline, call.tells_deadline) = (limit, limit, true);
        }
    }

    /// Who makes a call for a saga, about what, and of which class.
    #[cold]
    pub(super) fn caller_of_saga(&self, slot: u32) -> (NodeId, u64, u8) {
        let saga = &self.sagas[slot];
        (saga.node, saga.object, saga.class)
    }

    pub(super) fn reach_of_saga(&self, slot: u32) -> Reach {
        self.sagas[slot].reach
    }

    /// An attempt at a step was answered that it was not executed, or that nobody knows.
    #[cold]
    pub(super) fn saga_attempt_failed(&mut self, (slot, place): (u32, u32), outcome: Outcome) {
        let is_known = match outcome {
            Outcome::Failed(failure) => matches!(
                failure,
                Failure::Refused
                    | Failure::Dependency
                    | Failure::ServerError
                    | Failure::Overload
                    | Failure::Throttled
                    | Failure::ClientError
            ),
            Outcome::Success => false,
        };
        if place.is_multiple_of(2) {
            self.sagas[slot].steps[place as usize / 2].refused += u32::from(is_known);
        }
    }

    /// A call of a saga has ended.
    #[cold]
    pub(super) fn saga_call_ended(
        &mut self,
        call: u32,
        (slot, place): (u32, u32),
        (outcome, is_over): (Outcome, bool),
        ctx: &mut Ctx<'_, Self>,
    ) {
        let (attempts, is_wrong, is_degraded) = (self.calls[call].attempts, self.calls[call].is_wrong, self.calls[call].is_degraded);
        let saga = &mut self.sagas[slot];
        saga.calls -= u32::from(is_over);
        saga.doing = Doing::Waiting;
        let (step, is_undo) = (place / 2, place % 2 == 1);
        let book = &mut saga.steps[step as usize];
        book.attempts[usize::from(is_undo)] = attempts;
        let is_unknown = book.attempts[0] > book.refused;
        if outcome.is_success() {
            saga.is_wrong |= is_wrong;
            saga.is_degraded |= is_degraded;
        }
        saga.course = match (is_undo, outcome.is_success()) {
            (false, true) => Course::Forward(step + 1),
            (false, false) => saga.back_from(step, is_unknown),
            (true, true) => Course::Backward(step),
            (true, false) => return self.compensation_failed(slot, (step, outcome), ctx),
        };
        (saga.tries, saga.backoff) = (0, None);
        self.saga_goes_on(slot, ctx);
    }

    /// A compensation failed: it is tried again after a while, or given up for those that are left.
    fn compensation_failed(&mut self, slot: u32, (step, outcome): (u32, Outcome), ctx: &mut Ctx<'_, Self>) {
        let Outcome::Failed(failure) = outcome else { unreachable!("it failed") };
        let saga = &mut self.sagas[slot];
        saga.tries += 1;
        let is_spent = matches!(saga.plan.undo_attempts, Attempts::AtMost(most) if saga.tries >= most);
        if !is_spent && self.saga_waits(slot, failure, ctx) {
            return;
        }
        let saga = &mut self.sagas[slot];
        saga.gave_up = true;
        saga.course = Course::Backward(step);
        (saga.tries, saga.backoff) = (0, None);
        self.saga_goes_on(slot, ctx);
    }

    /// Waits before the next try; not if the backoff has come to an end.
    fn saga_waits(&mut self, slot: u32, failure: Failure, ctx: &mut Ctx<'_, Self>) -> bool {
        let saga = &mut self.sagas[slot];
        let which = match saga.course {
            Course::Forward(step) => place(step, false),
            Course::Backward(left) => place(left, true),
        };
        let draw = self.seed.draws(saga.key.child(WAITS + u64::from(which)), saga.tries).wait();
        let elapsed = ctx.now().saturating_since(saga.began);
        let asks = Asks { retry: saga.tries.max(1), elapsed, failure, hint: None, draw };
        let memory = saga.backoff.get_or_insert_with(|| saga.plan.undo_backoff.fresh());
        let Wait::For(wait) = saga.plan.undo_backoff.wait(memory, &asks) else { return false };
        let node = saga.node;
        let local = self.local(node, ctx.now()).saturating_add(wait.max(SimDuration::NANOSECOND));
        let ends = self.wake(node, local, ctx.now());
        let saga = &mut self.sagas[slot];
        (saga.doing, saga.ends) = (Doing::Waiting, ends);
        ctx.at(ends, WorldEvent::new(Kind::Log, saga.key, 0, slot));
        true
    }

    /// Begins to write down how far a saga has come.
    fn saga_writes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        let times = saga.plan.write.as_ref().expect("only a saga with a log writes");
        let takes = times.sample(self.seed.draws(saga.key.child(WRITES), saga.writes).demand());
        saga.writes = saga.writes.wrapping_add(1);
        let condition = self.environment.node(saga.node);
        saga.doing = Doing::Writing(condition.disk_full);
        let pace = condition.pace_of_disk();
        self.write_of_saga_proceeds(slot, takes, pace, ctx);
    }

    fn write_of_saga_proceeds(&mut self, slot: u32, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        saga.left = left;
        saga.ends = SimTime::MAX;
        if let Some(slowness) = pace {
            saga.ends = ctx.now().saturating_add(slowness.stretch(left).max(SimDuration::NANOSECOND));
            ctx.at(saga.ends, WorldEvent::new(Kind::Log, saga.key, 0, slot));
        }
    }

    /// A write or a wait of a saga is over, unless its end has moved. A node that stands still does not notice.
    pub(super) fn saga_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &self.sagas[slot];
        if saga.ends == ctx.now() && !self.stands_still(saga.node) {
            self.saga_wakes(slot, ctx);
        }
    }

    fn saga_wakes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        saga.ends = SimTime::MAX;
        let Doing::Writing(is_full) = saga.doing else { return self.saga_goes_on(slot, ctx) };
        match (is_full, saga.logged) {
            (false, before) => {
                saga.logged = Some(saga.course);
                (saga.tries, saga.backoff) = (0, None);
                if before.is_none() {
                    self.saga_begins(slot, ctx);
                }
                self.saga_goes_on(slot, ctx);
            }
            (true, None) => self.saga_is_not_begun(slot, ctx),
            (true, Some(_)) => {
                saga.tries += 1;
                if !self.saga_waits(slot, Failure::ServerError, ctx) {
                    self.saga_ends(slot, SagaEnd::LeftHalfway, ctx);
                }
            }
        }
    }

    /// There was no room in the log for a saga: nothing of it has been done.
    fn saga_is_not_begun(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let request = self.request_of_saga(slot);
        self.let_go_of_key(slot, None, ctx.now());
        self.sagas[slot].doing = Doing::Over(SagaEnd::Compensated);
        self.sagas.release(slot);
        if let Some(request) = request {
            self.child_ended(request, Outcome::Failed(Failure::ServerError), ctx);
        }
    }

    /// The request that waits for a saga, if it still does.
    fn request_of_saga(&self, slot: u32) -> Option<u32> {
        let (request, name) = self.sagas[slot].request;
        let attempt = (request != NONE).then(|| &self.attempts[request])?;
        (attempt.phase == Phase::Calling && attempt.name == name).then_some(request)
    }

    /// A request is no more: the saga that it has begun keeps its key, if it has begun one. Whether it does.
    pub(super) fn saga_keeps_key(&mut self, request: u32) -> bool {
        let attempt = &self.attempts[request];
        let (name, key) = (attempt.name, (attempt.service, self.key_asked(request).bits()));
        let is_it = |saga: &Saga| saga.request == (request, name) && !saga.is_over();
        let Some(slot) = (0..).zip(self.sagas.slots()).find_map(|(slot, saga)| is_it(saga).then_some(slot)) else { return false };
        self.sagas[slot].kept_key = Some(key);
        true
    }

    /// What a request would have been answered stands under the key that its saga has kept; nothing, if the saga has come to nothing.
    fn let_go_of_key(&mut self, slot: u32, end: Option<SagaEnd>, now: SimTime) {
        let Some((service, key)) = self.sagas[slot].kept_key.take() else { return };
        let outcome = match end {
            Some(SagaEnd::Completed) => Some(Outcome::Success),
            Some(SagaEnd::Compensated) => Some(Outcome::Failed(Failure::Dependency)),
            Some(SagaEnd::LeftHalfway) | None => None,
        };
        self.settle_key_of(service, key, outcome.map(Kept::from), now);
    }

    fn saga_ends(&mut self, slot: u32, end: SagaEnd, ctx: &mut Ctx<'_, Self>) {
        self.let_go_of_key(slot, Some(end), ctx.now());
        let request = self.request_of_saga(slot);
        let saga = &mut self.sagas[slot];
        saga.doing = Doing::Over(end);
        saga.ends = SimTime::MAX;
        let (is_wrong, is_degraded) = (saga.is_wrong, saga.is_degraded);
        let (counted, announced) = end.name();
        self.observations.count(counted, 1);
        self.tell_of_saga(slot, announced, ctx);
        self.close_books(slot);
        let Some(request) = request else { return };
        if end == SagaEnd::Completed {
            self.attempts[request].is_wrong |= is_wrong;
            self.attempts[request].is_degraded |= is_degraded;
        }
        let outcome = if end == SagaEnd::Completed { Outcome::Success } else { Outcome::Failed(Failure::Dependency) };
        self.child_ended(request, outcome, ctx);
    }

    /// The books of a saga are closed when it has ended and nothing of it is under way.
    fn close_books(&mut self, slot: u32) {
        let saga = &self.sagas[slot];
        let Doing::Over(end) = saga.doing else { return };
        if saga.calls == 0 {
            self.judge_saga(slot, end);
            self.sagas.release(slot);
        }
    }

    fn judge_saga(&mut self, slot: u32, end: SagaEnd) {
        let saga = &self.sagas[slot];
        let is_consistent = is_consistent(&saga.steps, |step| saga.plan.steps[step].undo.is_some(), end);
        self.observations.count("sagas inconsistent", u64::from(!is_consistent));
    }

    /// The record of a call of a saga is given back.
    #[cold]
    pub(super) fn saga_call_is_forgotten(&mut self, slot: u32) {
        self.sagas[slot].calls -= 1;
        self.close_books(slot);
    }

    /// A participant has executed a step or a compensation; answers how often by now, 0 if it knew better.
    pub(super) fn saga_step_executed(&mut self, (slot, place): (u32, u32)) -> u32 {
        let saga = &mut self.sagas[slot];
        let book = &mut saga.steps[place as usize / 2];
        if place.is_multiple_of(2) {
            book.is_executed(&mut self.observations)
        } else {
            book.is_undone(saga.plan.undo_checks, &mut self.observations)
        }
    }
}
