//! Whom does a health endpoint ask before it says that its service is well?
//!
//! It asks one dependency after another for their health, over the edges of its service and through their layers, so that a breaker, a
//! retry or a fallback there is part of what it finds. Such a call counts among no calls of anybody; the first one that fails makes the
//! answer.

use super::World;
use crate::call::Origin;
use crate::outcome::Outcome;
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_CHECK, Record};
use sim_core::simulation::Ctx;

impl<P: Protocol> World<P> {
    /// A probe has been looked at by a worker: the next dependency is asked, or the answer given.
    #[cold]
    pub(super) fn check_dependencies(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let (node, asked, parent) = (attempt.node, attempt.task, attempt.name);
        let service = &self.plan.services[attempt.service as usize];
        let is_asked = service.checks_liveness || !self.asks_for_life(self.attempts[slot].call);
        let Some(&edge) = service.checks.get(asked as usize).filter(|_| is_asked) else {
            self.free_worker(slot, ctx);
            return self.answer(slot, Outcome::Success, ctx);
        };
        let (threads, timeout, process) = (service.threads, service.check_timeout, node.0 - service.first.0);
        self.attempts[slot].task += 1;
        self.begins_to_call(slot, threads, ctx);
        let mut key = parent.call.key.child(u64::from(parent.number) << 32 | u64::from(asked));
        if parent.copy > 0 {
            key = key.child(u64::from(parent.copy));
        }
        let name = CallName { edge, key, ordinal: parent.call.ordinal | FIRST_CHECK, ..parent.call };
        let local = self.local(node, ctx.now());
        let fresh = self.calls.take();
        let call = &mut self.calls[fresh];
        call.begin(name, (Origin::Check(slot), node), process, (ctx.now(), key.bits(), 0), (false, 0));
        (call.started_local, call.limit) = (local, local.saturating_add(timeout));
        self.attempts[slot].child = fresh;
        ctx.record(&Record::CallStarted(name));
        self.enter(fresh, ctx);
    }
}
