//! When is an attempt over, and what is left of it?

use super::World;
use super::parcels::{Cargo, Fate};
use super::wire::CANCEL;
use crate::attempt::{BROUGHT, Phase};
use crate::call::NONE;
use crate::event::Kind;
use crate::ids::NodeId;
use crate::links::{Luck, SIZE_OF_A_WORD};
use crate::plan::INSIDE;
use crate::protocols::Protocol;
use crate::record::{Loss, Record};
use crate::services::LateWork;
use sim_core::simulation::Ctx;
use sim_core::time::SimDuration;

/// Place of the draws of the word that a caller has gone.
const OF_CANCEL: u64 = 0x4_0000;

impl<P: Protocol> World<P> {
    /// The caller of an attempt no longer needs it, and has no word for the server about that.
    pub(super) fn let_go(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        attempt.is_waited_for = false;
        self.calls[attempt.call].flights[attempt.flight as usize].attempt = NONE;
    }

    /// A message of an attempt vanishes; its caller is not told.
    pub(super) fn lose(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let (name, node, call) = (self.attempts[slot].name, self.attempts[slot].node, self.attempts[slot].call);
        self.meter.messages.lost(loss);
        ctx.record(&Record::Dropped(name, node, loss));
        self.is_unheard(slot, node, ctx);
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// Nothing may come of an attempt any more, and its caller does not know: whoever looks is told when it is given up.
    pub(super) fn is_unheard(&mut self, slot: u32, node: NodeId, ctx: &Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        if ctx.is_watched() && attempt.is_waited_for && attempt.original == NONE {
            self.unheard.insert((attempt.call, attempt.flight), (attempt.name, node));
        }
    }

    /// The caller of an attempt of which nobody hears any more gives it up. It follows from what is recorded, and is only shown.
    #[cold]
    pub(super) fn gives_up_unheard(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        let Some((name, node)) = self.unheard.remove(&(slot, flight)) else { return };
        if name.call == self.calls[slot].name {
            ctx.note(&Record::Abandoned(name, node));
        }
    }

    /// An attempt is over, or will be when all copies of its messages are. If nobody got anything out of it, the work spent
    /// on it was wasted.
    #[inline(always)]
    pub(super) fn end_attempt(&mut self, slot: u32, was_useful: bool) {
        let attempt = &mut self.attempts[slot];
        debug_assert!(attempt.phase != Phase::Done, "an attempt ends once");
        if !was_useful {
            self.meter.wasted(std::mem::take(&mut attempt.worked));
        }
        if attempt.pending > 0 {
            attempt.phase = Phase::Settled;
            attempt.worked = SimDuration::ZERO;
            return;
        }
        attempt.phase = Phase::Done;
        let (call, flight, original) = (attempt.call, attempt.flight, attempt.original);
        if original != NONE {
            return self.end_copy(slot, original);
        }
        let call = &mut self.calls[call];
        call.on_wire -= 1;
        let attempt_of_flight = &mut call.flights[flight as usize].attempt;
        if *attempt_of_flight == slot {
            *attempt_of_flight = NONE;
        }
        if attempt.references == 0 {
            self.release_attempt(slot);
        }
    }

    #[cold]
    fn end_copy(&mut self, slot: u32, original: u32) {
        self.forget_attempt(slot);
        let attempt = &mut self.attempts[original];
        attempt.references -= 1;
        attempt.pending -= 1;
        if attempt.phase == Phase::Settled && attempt.pending == 0 {
            self.end_attempt(original, false);
        }
    }

    /// Nothing came of a copy of a message: if it was the last one, the attempt is over.
    pub(super) fn settle(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        if attempt.phase == Phase::Settled && attempt.pending == 0 {
            self.end_attempt(slot, false);
            self.forget_call(call);
        }
    }

    /// Gives the record back when nothing points to it.
    pub(super) fn forget_attempt(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        if attempt.phase == Phase::Done && attempt.references == 0 {
            self.release_attempt(slot);
        }
    }

    #[inline(always)]
    fn release_attempt(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        if attempt.session != NONE {
            let session = std::mem::replace(&mut attempt.session, NONE);
            self.release_session(session);
        }
        self.attempts.release(slot);
    }

    #[cold]
    fn release_session(&mut self, session: u32) {
        if session & BROUGHT == 0 { self.sessions.release(session) } else { self.brokers.batches.release(session ^ BROUGHT) }
    }

    /// Nobody waits for this attempt any longer. The server hears of it only if it listens for that.
    pub(super) fn abandon_attempt(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.is_waited_for = false;
        ctx.record(&Record::Abandoned(attempt.name, attempt.node));
        let service = self.plan.services.get(attempt.service as usize);
        if service.is_none_or(|service| service.late_work == LateWork::Finish) {
            return;
        }
        let (caller, route) = (attempt.caller, attempt.routes.0);
        if route == INSIDE {
            return self.schedule(Kind::Cancel, slot, SimDuration::NANOSECOND, ctx);
        }
        // It travels as long as the request did, on lines without a memory, and is lost or not by a draw of its own.
        let luck = Luck { delay: attempt.draws.request_delay(), loss: attempt.draws.request_loss().further(OF_CANCEL) };
        let letter = attempt.asks(CANCEL);
        if !self.can_send_word(caller) {
            return;
        }
        match self.dispatch(letter, route, luck) {
            Fate::Arrives(delay) => self.schedule(Kind::Cancel, slot, delay, ctx),
            Fate::Lost(loss) => self.meter.messages.lost(loss),
            Fate::Unknown => {
                if let Err(loss) = self.send_parcel(Cargo::Cancel(slot), route, (CANCEL, SIZE_OF_A_WORD), luck, ctx) {
                    self.meter.messages.lost(loss);
                }
            }
        }
    }

    /// A dead process is spoken for by its machine, which closes its connections, unless that is gone as well.
    fn can_send_word(&self, caller: NodeId) -> bool {
        let condition = self.environment.node(caller);
        condition.up || condition.refuses
    }
}
