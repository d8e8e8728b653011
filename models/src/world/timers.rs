//! When is a call woken, and what for?

use super::World;
use crate::event::{Kind, WorldEvent};
use crate::protocols::Protocol;
use crate::strategies::{Cause, Ticket};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;

impl<P: Protocol> World<P> {
    /// Makes sure that an event comes no later than the earliest timer of the call. A pending one that comes earlier is
    /// good enough: it is armed again then. So a call costs at most one pending timer, and most cost none of their own.
    #[inline(always)]
    pub(super) fn arm(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.arm_by(slot, self.calls[slot].next_timer(), ctx);
    }

    /// Makes sure that an event comes no later than the caller's clock shows this.
    #[inline(always)]
    pub(super) fn arm_by(&mut self, slot: u32, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let next = self.wake_of_call(slot, local, ctx.now());
        self.arm_at(slot, next, ctx);
    }

    /// Makes sure that an event comes no later than this true instant.
    #[inline(always)]
    pub(super) fn arm_at(&mut self, slot: u32, next: SimTime, ctx: &mut Ctx<'_, Self>) {
        let call = &mut self.calls[slot];
        if next < call.armed {
            call.armed = next;
            let event = WorldEvent::new(Kind::CallTimer, call.name.key, 0, slot);
            ctx.at(next, event);
        }
    }

    /// The timer event of a slot comes; the call it was armed for may be long over.
    pub(super) fn call_timer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let call = &mut self.calls[slot];
        if call.armed != now {
            return;
        }
        call.armed = SimTime::MAX;
        if !call.is_open {
            return;
        }
        let caller = call.caller;
        if self.stands_still(caller) && !self.is_made_beside(slot) {
            return self.sleep_on(slot, ctx);
        }
        let local = self.local_of_call(slot, now);
        if self.calls[slot].limit <= local {
            return self.run_out(slot, ctx);
        }
        // Bounded: every round ends a timer that is due, and steps set timers that lie ahead.
        while self.calls[slot].is_open
            && let Some(flight) = self.calls[slot].due(local)
        {
            self.timer_due(slot, flight, ctx);
        }
        if self.calls[slot].is_open {
            self.arm(slot, ctx);
        }
    }

    /// The timer of a flight is due. What has been granted before is not waited for any more, though the flight has not heard of it.
    #[inline]
    pub(super) fn timer_due(&mut self, slot: u32, flight: u32, ctx: &mut Ctx<'_, Self>) {
        self.calls[slot].flights[flight as usize].timer = SimTime::MAX;
        if self.notes.has_grants() && self.notes.grants.contains(&Ticket::new(slot, flight)) {
            return;
        }
        let step = self.ask(slot, flight, Cause::Timer, ctx);
        self.take_step(slot, flight, step, None, ctx);
    }
}
