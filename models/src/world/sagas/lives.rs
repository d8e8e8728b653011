//! What becomes of sagas when their coordinator dies, comes back, or gets slower?

use super::*;

impl<P: Protocol> World<P> {
    /// The sagas that a node coordinates and that have not ended, by their keys.
    fn sagas_of(&self, node: NodeId, which: impl Fn(&Saga) -> bool) -> Vec<u32> {
        // A slot that is not in use holds a saga that has ended.
        let of_node = |(_, saga): &(u32, &Saga)| saga.node == node && !saga.is_over() && which(saga);
        let mut found: Vec<u32> = (0..).zip(self.sagas.slots()).filter(of_node).map(|(slot, _)| slot).collect();
        found.sort_unstable_by_key(|&slot| self.sagas[slot].key);
        found
    }

    /// The life of a coordinator ends: what is written down is known to the next.
    pub(in crate::world) fn sagas_die(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in self.sagas_of(node, |saga| saga.doing != Doing::Down) {
            self.saga_dies(slot, ctx);
        }
    }

    fn saga_dies(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let saga = &mut self.sagas[slot];
        saga.request.0 = NONE;
        saga.deadline = SimTime::MAX;
        saga.ends = SimTime::MAX;
        (saga.tries, saga.backoff) = (0, None);
        let (doing, course, logged, has_log) = (saga.doing, saga.course, saga.logged, saga.plan.write.is_some());
        saga.doing = Doing::Down;
        if let Doing::Calling(call) = doing {
            let (step, is_undo) = match course {
                Course::Forward(step) => (step, false),
                Course::Backward(left) => (left - 1, true),
            };
            saga.steps[step as usize].attempts[usize::from(is_undo)] = self.calls[call].attempts;
            self.abandon_call(call, ctx);
        }
        match logged {
            // Nothing has been done, and nobody has heard of it.
            None if has_log => {
                self.let_go_of_key(slot, None, ctx.now());
                self.sagas[slot].doing = Doing::Over(SagaEnd::Compensated);
                self.sagas.release(slot);
            }
            None => self.saga_ends(slot, SagaEnd::LeftHalfway, ctx),
            Some(course) => self.sagas[slot].course = course,
        }
    }

    /// A disk has lost everything, the logs of sagas as well; what was in memory is lost with the life.
    pub(in crate::world) fn logs_of_sagas_change(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let after = self.environment.node(node);
        let is_lost = !after.up && after.disk_loss == DiskLoss::AllLost && before.disk_loss != DiskLoss::AllLost;
        if !is_lost || self.sagas.live() == 0 {
            return;
        }
        self.sagas_die(node, ctx);
        for slot in self.sagas_of(node, |saga| saga.doing == Doing::Down) {
            self.saga_ends(slot, SagaEnd::LeftHalfway, ctx);
        }
    }

    /// A node lives and goes on: it takes up the sagas of its log, and hears what came due while it stood still.
    pub(in crate::world) fn sagas_go_on(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if self.sagas.live() == 0 || !self.environment.node(node).is_running() || self.is_rebuilding(node) {
            return;
        }
        let now = ctx.now();
        for slot in self.sagas_of(node, |saga| saga.doing == Doing::Down || saga.ends < now) {
            match self.sagas[slot].doing {
                Doing::Down => self.saga_resumes(slot, ctx),
                _ => self.saga_wakes(slot, ctx),
            }
        }
    }

    fn saga_resumes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.observations.count("sagas resumed", 1);
        self.tell_of_saga(slot, "SagaResumed", ctx);
        let saga = &mut self.sagas[slot];
        if let (Course::Forward(step), Resumes::Backward) = (saga.course, saga.plan.resumes) {
            // The log does not say whether the step was asked for.
            saga.course = saga.back_from(step, true);
        }
        self.saga_goes_on(slot, ctx);
    }

    /// The pace of a disk changed: writes in progress end earlier or later, or stand still.
    pub(in crate::world) fn sagas_change_pace(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let (old, new) = (before.pace_of_disk(), self.environment.node(node).pace_of_disk());
        if old == new || self.sagas.live() == 0 {
            return;
        }
        for slot in self.sagas_of(node, |saga| matches!(saga.doing, Doing::Writing(_)) && saga.ends > ctx.now()) {
            let saga = &self.sagas[slot];
            let left = old.map_or(saga.left, |slowness| slowness.done_in(saga.ends.saturating_since(ctx.now())));
            self.write_of_saga_proceeds(slot, left, new, ctx);
        }
    }

    /// The run is over: what has not ended is left as it is.
    pub(in crate::world) fn count_sagas_left(&mut self, now: SimTime) {
        for slot in 0..self.sagas.slots().len() as u32 {
            let saga = &self.sagas[slot];
            match saga.doing {
                Doing::Over(end) if saga.calls > 0 => self.judge_saga(slot, end, now),
                Doing::Over(_) => {}
                _ if saga.plan.write.is_some() && saga.logged.is_none() => {}
                _ => {
                    self.observations.count(SagaEnd::LeftHalfway.name().0, 1);
                    self.judge_saga(slot, SagaEnd::LeftHalfway, now);
                }
            }
        }
    }
}
