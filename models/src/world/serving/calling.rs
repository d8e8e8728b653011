//! What becomes of a request while it waits for others, and when they have answered?

use super::*;

impl<P: Protocol> World<P> {
    /// A downstream call ended. A failure fails the request.
    pub(in crate::world) fn child_ended(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].child = NONE;
        self.calls_no_more(slot, ctx);
        if self.attempts[slot].task == LOGS_IN {
            return self.logged_in(slot, outcome, ctx);
        }
        if outcome.is_success() {
            return self.go_on(slot, ctx);
        }
        if self.attempts[slot].is_probe {
            // Its program is not what it does: it has no step that says what then.
            self.free_worker(slot, ctx);
            return self.fail(slot, Failure::Dependency, ctx);
        }
        let failure = self.failure_of_task(slot, outcome);
        self.task_failed(slot, failure, ctx);
    }

    /// A request waits for others from now on, with a worker or without.
    #[inline(always)]
    pub(in crate::world) fn begins_to_call(&mut self, slot: u32, threads: Threads, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.phase = Phase::Calling;
        let node = attempt.node;
        if threads == Threads::Released {
            self.free_worker(slot, ctx);
            self.servers[node.index()].calling.up(ctx.now());
        }
    }

    /// A request has waited for others, with a worker or without.
    pub(in crate::world) fn calls_no_more(&mut self, slot: u32, ctx: &Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        if !attempt.has_worker {
            self.servers[attempt.node.index()].calling.down(ctx.now());
        }
    }

    /// The client of a request has been logged in, or could not be.
    #[cold]
    fn logged_in(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].task = 0;
        if !outcome.is_success() {
            return self.fail(slot, Failure::Dependency, ctx);
        }
        if self.knows_enough(slot, ctx) {
            self.receive_or_refuse(slot, ctx);
        }
    }
}
