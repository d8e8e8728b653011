//! What becomes of a request whose caller, or whose server, is no more?

use super::*;

impl<P: Protocol> World<P> {
    /// Gives up a request whose caller has gone.
    pub(in crate::world) fn discard(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].holds.any() {
            self.checks_out(slot, None, ctx);
        }
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        self.servers[attempt.node.index()].tally.abandoned += 1;
        ctx.record(&Record::Discarded(attempt.name, attempt.node));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// The word that a caller has gone reaches the server, unless a cut swallows it.
    pub(in crate::world) fn cancel_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].references -= 1;
        if self.attempts[slot].routes.0 == INSIDE {
            return self.cancel_inside(slot, ctx);
        }
        match self.passes(self.attempts[slot].routes.0, |world| world.event_of(Kind::Cancel, slot), ctx.now()) {
            Ok(true) => {}
            Ok(false) => return self.attempts[slot].references += 1,
            Err(loss) => {
                self.meter.messages.lost(loss);
                return self.forget_attempt(slot);
            }
        }
        self.cancel_reaches(slot, ctx);
    }

    /// The word that a caller has gone reaches the server: it is about the request and all its copies.
    pub(in crate::world) fn cancel_reaches(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[slot].node;
        if self.stands_still(node) {
            return self.put_aside(node, slot, News::Cancel, ctx);
        }
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

    pub(in crate::world) fn cancel(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_known_unwanted = true;
        let (node, child) = (attempt.node, attempt.child);
        if let Some(broker) = self.service_at(node).broker {
            return self.cancel_at_broker(slot, broker, ctx);
        }
        if self.service_at(node).late_work == LateWork::SkipQueued {
            return;
        }
        match self.attempts[slot].phase {
            Phase::Queued => {
                self.servers[node.index()].waiting.down(ctx.now());
                if self.servers[node.index()].intake.is_some() {
                    return self.leaves_line(slot, ctx);
                }
                self.discard(slot, ctx);
            }
            Phase::Serving => {
                self.count_work(slot, ctx);
                self.free_worker(slot, ctx);
                self.discard(slot, ctx);
            }
            Phase::Calling => {
                self.calls_no_more(slot, ctx);
                self.free_worker(slot, ctx);
                // A saga goes on without it.
                if child != NONE {
                    self.abandon_child(child, ctx);
                }
                self.discard(slot, ctx);
            }
            Phase::Parked => self.waits_no_longer(slot, ctx),
            Phase::Requesting | Phase::Unheard | Phase::Talking | Phase::Replying | Phase::Settled | Phase::Done => {}
        }
    }

    /// The life of a server ends: queued and begun work is gone, and nobody is told.
    pub(in crate::world) fn server_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let queue = std::mem::take(&mut self.servers[node.index()].queue);
        let (in_line, outside) = self.line_breaks_up(node);
        let (runs, queue): (Vec<u32>, Vec<u32>) = queue.into_iter().chain(in_line).partition(|slot| slot & RUN != 0);
        for slot in queue {
            self.attempts[slot].references -= 1;
            // One that had been cancelled is over already and only waited for its turn.
            self.forget_attempt(slot);
        }
        for slot in 0..self.attempts.slots().len() as u32 {
            let attempt = &mut self.attempts[slot];
            if attempt.node != node || !matches!(attempt.phase, Phase::Queued | Phase::Serving | Phase::Calling | Phase::Parked) {
                continue;
            }
            let (call, child, holds) = (attempt.call, attempt.child, attempt.holds);
            if holds.any() {
                self.checks_out(slot, None, ctx);
            }
            let attempt = &mut self.attempts[slot];
            attempt.has_worker = false;
            if attempt.phase == Phase::Serving {
                self.count_work(slot, ctx);
            }
            if child != NONE {
                self.abandon_child(child, ctx);
            }
            self.servers[node.index()].tally.lost += 1;
            self.is_unheard(slot, node, ctx);
            self.end_attempt(slot, false);
            self.forget_call(call);
        }
        self.sagas_die(node, ctx);
        self.log_stops(node, ctx);
        self.abandon_background(node, ctx);
        self.abandon_sent(node, ctx);
        self.forget_strategies(node);
        self.sessions_die(node);
        self.probers_die(node, ctx);
        self.connections_close(node);
        self.pollers_die(node, ctx);
        self.broker_dies(node, ctx);
        let inbox = std::mem::take(&mut self.servers[node.index()].inbox);
        self.servers[node.index()].dies(ctx.now());
        self.hear_all(outside, ctx);
        self.hear_all(inbox, ctx);
        self.runs_die(node, runs.into_iter().map(|run| run ^ RUN).collect(), ctx);
    }
}
