//! How does a saga go on, and what becomes of it when its coordinator dies?
//!
//! A saga is a thing of its own at the node of its coordinator: the request that began it waits for its end, but a saga that has begun goes
//! on if the request is given up. Each step and each compensation is a call over the edge of its own. The key of such a call
//! is that of the saga and the step, so that a participant knows it again when it is made anew, after a failure or by the next life of the
//! coordinator; its attempts go on counting, so that it does not meet the same luck again.
//!
//! With a log, a record is written before the first step and after the end of every step and compensation, before the next is
//! called; a crash takes a saga back to the last record that was safe. A log that finds no room tries again after the wait of compensations, and begins no saga.

mod ends;
mod lives;
mod writing;

use super::World;
use super::saga_books::{SagaEnd, StepBook};
use crate::call::{NONE, Origin};
use crate::environment::{Condition, DiskLoss, Reach};
use crate::faults::Happening;
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::pool::Pool;
use crate::protocols::Protocol;
use crate::record::{AttemptName, CallName};
use crate::services::{Resumes, SagaPlan};
use crate::strategies::Attempts;
use crate::strategies::backoff::BackoffMemory;
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
    /// When it was over, if it is.
    ended: SimTime,
    /// The number of its last announcement.
    announced: u64,
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
            ended: SimTime::MAX,
            announced: 0,
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
        self.tells(saga.node, what, i64::from(saga.on_behalf_of.ordinal), ctx);
        self.sagas[slot].announced = self.observations.announced();
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
