//! How does a saga write down how far it has come, and what does it wait for?

use super::super::saga_books::SagaEnd;
use super::{Course, Doing, WAITS, WRITES, World, place};
use crate::environment::Slowness;
use crate::event::{Kind, WorldEvent};
use crate::outcome::{Failure, Outcome};
use crate::protocols::Protocol;
use crate::strategies::backoff::{Asks, Wait};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

impl<P: Protocol> World<P> {
    /// Waits before the next try; not if the backoff has come to an end.
    pub(super) fn saga_waits(&mut self, slot: u32, failure: Failure, ctx: &mut Ctx<'_, Self>) -> bool {
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
    pub(super) fn saga_writes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        let times = saga.plan.write.as_ref().expect("only a saga with a log writes");
        let takes = times.sample(self.seed.draws(saga.key.child(WRITES), saga.writes).demand());
        saga.writes = saga.writes.wrapping_add(1);
        let condition = self.environment.node(saga.node);
        saga.doing = Doing::Writing(condition.disk_full);
        let pace = condition.pace_of_disk();
        self.write_of_saga_proceeds(slot, takes, pace, ctx);
    }

    pub(super) fn write_of_saga_proceeds(&mut self, slot: u32, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        saga.left = left;
        saga.ends = SimTime::MAX;
        if let Some(slowness) = pace {
            saga.ends = ctx.now().saturating_add(slowness.stretch(left).max(SimDuration::NANOSECOND));
            ctx.at(saga.ends, WorldEvent::new(Kind::Log, saga.key, 0, slot));
        }
    }

    /// A write or a wait of a saga is over, unless its end has moved. A node that stands still does not notice.
    pub(in crate::world) fn saga_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &self.sagas[slot];
        if saga.ends == ctx.now() && !self.stands_still(saga.node) {
            self.saga_wakes(slot, ctx);
        }
    }

    pub(super) fn saga_wakes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
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
}
