//! What does a request that is passed on take with it, and what comes back?
//!
//! A middlebox is no caller of its own: whoever stands behind it is asked the very same thing. So what identifies a request (its idempotency
//! key) goes with it, and the answer that comes back is passed on as it is: what failed and how, and when to come again. Only where no
//! answer came does the middlebox have to say something itself. Draws are not passed on: each hop has its own luck.

use super::World;
use crate::call::Origin;
use crate::outcome::{Failure, Hint, Outcome};
use crate::protocols::Protocol;
use crate::record::CallName;
use crate::services::TaskPlan;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;

/// A call that passes a request on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PassedOn {
    /// Its own key: a record is out of date if another call has the slot.
    own: Key,
    /// The key of the call that began it all, and the slot of that.
    first: (Key, u32),
}

impl<P: Protocol> World<P> {
    /// A request is passed on, and waits for what becomes of that.
    pub(super) fn forward(&mut self, slot: u32, name: CallName, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let service = &self.plan.services[attempt.service as usize];
        let (threads, process) = (service.threads, attempt.node.0 - service.first.0);
        let first = self.asked_first(attempt.call, attempt.name.call.key);
        self.begins_to_call(slot, threads, ctx);
        self.start_call(name, Origin::Job(slot), process, ctx);
        // It may be over already; then nothing of it comes to anybody behind.
        let child = self.attempts[slot].child as usize;
        if self.calls.slots().get(child).is_some_and(|call| call.name.key == name.key) {
            if self.passed_on.len() <= child {
                self.passed_on.resize(child + 1, PassedOn::default());
            }
            self.passed_on[child] = PassedOn { own: name.key, first };
        }
    }

    /// Key and slot of the call that a call in this slot repeats, if middleboxes lie between; else its own.
    pub(super) fn asked_first(&self, slot: u32, key: Key) -> (Key, u32) {
        let passed_on = self.passed_on.get(slot as usize).filter(|passed| passed.own == key);
        passed_on.map_or((key, slot), |passed| passed.first)
    }

    /// Where executions of a call are counted: the slot of the call that began it all as long as that is under way, and its key.
    pub(super) fn counted_at(&self, slot: u32, key: Key) -> (u32, Key) {
        let (first, of) = self.asked_first(slot, key);
        let is_there = self.calls.slots().get(of as usize).is_some_and(|call| call.name.key == first);
        if is_there { (of, first) } else { (slot, first) }
    }

    /// What was done for a request failed like this: how does the request itself fail?
    #[cold]
    pub(super) fn failure_of_task(&self, slot: u32, outcome: Outcome) -> Failure {
        match outcome {
            Outcome::Failed(failure) if self.passes_on(slot) => told_of(failure),
            _ => Failure::Dependency,
        }
    }

    /// A call ends whose callee has said when to come again: who passed it on says so as well.
    #[cold]
    pub(super) fn pass_on_hint(&mut self, call: u32, hint: Option<Hint>) {
        if let Origin::Job(job) = self.calls[call].origin
            && self.passes_on(job)
        {
            self.attempts[job].hint = hint;
        }
    }

    /// Whether what a request waits for, or has waited for, is what it was passed on to.
    fn passes_on(&self, slot: u32) -> bool {
        let attempt = &self.attempts[slot];
        let program = self.plan.services.get(attempt.service as usize).map(|service| &service.program);
        let step = program.and_then(|program| program.get((attempt.task as usize).checked_sub(1)?));
        step.is_some_and(|step| matches!(step.does, TaskPlan::Forward(_)))
    }
}

/// What a middlebox says of a failure: what it was answered, or, where no answer came, that nobody was there to ask (503), or that nothing
/// good came of asking (502, 504).
const fn told_of(failure: Failure) -> Failure {
    match failure {
        Failure::Refused | Failure::BreakerOpen | Failure::Limited => Failure::Overload,
        Failure::Timeout | Failure::Deadline | Failure::Reset => Failure::Dependency,
        Failure::Dependency | Failure::Conflict | Failure::ServerError | Failure::Overload | Failure::Throttled | Failure::ClientError => {
            failure
        }
    }
}
