//! How does a saga end, and who hears of it?

use super::super::saga_books::{SagaEnd, StepBook, is_consistent};
use super::{Doing, Saga, World};
use crate::attempt::Phase;
use crate::call::NONE;
use crate::outcome::{Failure, Outcome};
use crate::properties::Ending;
use crate::protocols::Protocol;
use crate::strategies::cache::Kept;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// The request that waits for a saga, if it still does.
    pub(super) fn request_of_saga(&self, slot: u32) -> Option<u32> {
        let (request, name) = self.sagas[slot].request;
        let attempt = (request != NONE).then(|| &self.attempts[request])?;
        (attempt.phase == Phase::Calling && attempt.name == name).then_some(request)
    }

    /// A request is no more: the saga that it has begun keeps its key, if it has begun one. Whether it does.
    pub(in crate::world) fn saga_keeps_key(&mut self, request: u32) -> bool {
        let attempt = &self.attempts[request];
        let (name, key) = (attempt.name, (attempt.service, self.key_asked(request).bits()));
        let is_it = |saga: &Saga| saga.request == (request, name) && !saga.is_over();
        let Some(slot) = (0..).zip(self.sagas.slots()).find_map(|(slot, saga)| is_it(saga).then_some(slot)) else { return false };
        self.sagas[slot].kept_key = Some(key);
        true
    }

    /// What a request would have been answered stands under the key that its saga has kept; nothing, if the saga has come to nothing.
    pub(super) fn let_go_of_key(&mut self, slot: u32, end: Option<SagaEnd>, now: SimTime) {
        let Some((service, key)) = self.sagas[slot].kept_key.take() else { return };
        let outcome = match end {
            Some(SagaEnd::Completed) => Some(Outcome::Success),
            Some(SagaEnd::Compensated) => Some(Outcome::Failed(Failure::Dependency)),
            Some(SagaEnd::LeftHalfway) | None => None,
        };
        self.settle_key_of(service, key, outcome.map(Kept::from), now);
    }

    pub(super) fn saga_ends(&mut self, slot: u32, end: SagaEnd, ctx: &mut Ctx<'_, Self>) {
        self.let_go_of_key(slot, Some(end), ctx.now());
        let request = self.request_of_saga(slot);
        let saga = &mut self.sagas[slot];
        saga.doing = Doing::Over(end);
        (saga.ends, saga.ended) = (SimTime::MAX, ctx.now());
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
    pub(super) fn close_books(&mut self, slot: u32) {
        let saga = &self.sagas[slot];
        let Doing::Over(end) = saga.doing else { return };
        if saga.calls == 0 {
            self.judge_saga(slot, end, saga.ended);
            self.sagas.release(slot);
        }
    }

    pub(super) fn judge_saga(&mut self, slot: u32, end: SagaEnd, at: SimTime) {
        let saga = &self.sagas[slot];
        let ending = Ending { at, ended_as: end.word(), saga: saga.on_behalf_of.ordinal, announced: saga.announced };
        let is_consistent = is_consistent(&saga.steps, |step| saga.plan.steps[step].undo.is_some(), end);
        self.observations.count("sagas inconsistent", u64::from(!is_consistent));
        if saga.plan.steps.iter().any(|step| step.amount != 0) {
            let made = saga.steps.iter().zip(&saga.plan.steps).map(|(book, step)| book.effect() * step.amount).sum();
            self.claims.books.money.saga_is_over(ending, made);
        }
        let tally = &mut self.claims.books.sagas;
        if is_consistent {
            tally.is_right();
        } else {
            let effects: Vec<i64> = saga.steps.iter().map(StepBook::effect).collect();
            tally.ends_wrongly(ending, || format!(", and its steps have taken effect {effects:?} times"));
        }
    }

    /// The record of a call of a saga is given back.
    #[cold]
    pub(in crate::world) fn saga_call_is_forgotten(&mut self, slot: u32) {
        self.sagas[slot].calls -= 1;
        self.close_books(slot);
    }
}
