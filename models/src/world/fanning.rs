//! What becomes of calls that a request makes at once, and of those for which it does not wait?
//!
//! Calls at once are all made at the same instant, and judged when the last one is made and whenever one ends. As soon as the successes
//! that are waited for are there, or cannot be had any more, the request goes on; the calls still open are given up, or go on for nobody.
//!
//! A call for nobody lives in the process that made it: if that dies, so does the call, and what is under way of it finds nobody when it
//! comes back. It has no deadline, and is not given up when the request is. The record of the request it was made for is kept until it
//! ends.

use super::World;
use crate::call::{NONE, Origin};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::services::{FanPlan, Rest, TaskPlan};
use sim_core::simulation::Ctx;
use std::sync::Arc;

/// Calls that one request makes at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Fan {
    /// The calls by their slots; [`NONE`] where one is over.
    calls: Vec<u32>,
    /// How many successes are still waited for.
    wanted: u32,
    /// How many more calls may fail.
    spare: u32,
    /// Whether all may, and only the worth of the answer suffers.
    tolerates: bool,
    /// Whether more have failed than may.
    has_failed: bool,
    /// Whether they are being made just now, so that nothing is judged yet.
    is_being_made: bool,
}

/// Marks calls at once where otherwise the slot of a call stands.
const FAN: u32 = 1 << 31;

impl<P: Protocol> World<P> {
    /// A request makes the calls of the step before its counter.
    pub(super) fn fan_out(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let attempt = &mut self.attempts[slot];
        let service = &plan.services[attempt.service as usize];
        let Some(FanPlan { calls, wanted, tolerates, .. }) = fan_of(service.program.get(attempt.task as usize - 1).map(|step| &step.does))
        else {
            unreachable!("calls are made at once where the program says so")
        };
        let (name, process) = (attempt.name, attempt.node.0 - service.first.0);
        self.begins_to_call(slot, service.threads, ctx);
        let fan = self.fans.take();
        let count = calls.len() as u32;
        let state = &mut self.fans[fan];
        state.calls.clear();
        state.calls.resize(calls.len(), NONE);
        (state.wanted, state.spare, state.tolerates) = (*wanted, count - *wanted, *tolerates);
        (state.has_failed, state.is_being_made) = (false, true);
        self.attempts[slot].child = FAN | fan;
        for (branch, &(edge, place)) in (0..).zip(calls) {
            self.start_call(name.calls(edge, place), Origin::Branch(slot, branch), process, ctx);
        }
        self.fans[fan].is_being_made = false;
        self.judge(slot, ctx);
    }

    /// One of the calls begins.
    #[cold]
    pub(super) fn branch_begins(&mut self, call: u32, (slot, branch): (u32, u32)) {
        let fan = self.attempts[slot].child ^ FAN;
        self.fans[fan].calls[branch as usize] = call;
        self.inherit_deadline(call, slot);
    }

    /// One of the calls has ended.
    #[cold]
    pub(super) fn branch_ended(
        &mut self,
        (slot, branch): (u32, u32),
        outcome: Outcome,
        (is_wrong, is_degraded): (bool, bool),
        ctx: &mut Ctx<'_, Self>,
    ) {
        let attempt = &mut self.attempts[slot];
        let fan = &mut self.fans[attempt.child ^ FAN];
        fan.calls[branch as usize] = NONE;
        if !outcome.is_success() && fan.tolerates {
            attempt.is_degraded = true;
            fan.wanted -= 1;
        } else if outcome.is_success() {
            // What comes when enough are there already is not looked at.
            attempt.is_wrong |= is_wrong && fan.wanted > 0;
            attempt.is_degraded |= is_degraded && fan.wanted > 0;
            fan.wanted = fan.wanted.saturating_sub(1);
        } else {
            fan.has_failed |= fan.spare == 0;
            fan.spare = fan.spare.saturating_sub(1);
        }
        if !fan.is_being_made {
            self.judge(slot, ctx);
        }
    }

    /// The request goes on if it is known how its calls end together.
    fn judge(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let fan = &self.fans[attempt.child ^ FAN];
        let (succeeded, failed) = (fan.wanted == 0, fan.has_failed);
        if !succeeded && !failed {
            return;
        }
        let step = &self.plan.services[attempt.service as usize].program[attempt.task as usize - 1];
        let rest = fan_of(Some(&step.does)).map_or(Rest::Abandon, |fan| fan.rest);
        let child = std::mem::replace(&mut self.attempts[slot].child, NONE);
        match rest {
            Rest::Abandon => self.abandon_child(child, ctx),
            Rest::Finish => self.leave_alone(slot, child ^ FAN),
        }
        self.calls_no_more(slot, ctx);
        if succeeded {
            return self.go_on_from(slot, ctx);
        }
        self.task_failed(slot, Failure::Dependency, ctx);
    }

    /// Whatever a request waits for is given up: a call, or several.
    #[inline]
    pub(super) fn abandon_child(&mut self, child: u32, ctx: &mut Ctx<'_, Self>) {
        if child & FAN == 0 {
            return self.abandon_call(child, ctx);
        }
        self.abandon_fan(child ^ FAN, ctx);
    }

    #[cold]
    fn abandon_fan(&mut self, fan: u32, ctx: &mut Ctx<'_, Self>) {
        for branch in 0..self.fans[fan].calls.len() {
            let call = std::mem::replace(&mut self.fans[fan].calls[branch], NONE);
            if call != NONE {
                ctx.record(&Record::CallAbandoned(self.calls[call].name));
                self.abandon_call(call, ctx);
            }
        }
        self.fans.release(fan);
    }

    /// Calls of a request go on for nobody.
    fn leave_alone(&mut self, slot: u32, fan: u32) {
        for branch in 0..self.fans[fan].calls.len() {
            let call = self.fans[fan].calls[branch];
            if call != NONE {
                self.calls[call].origin = Origin::Sent(slot);
                self.attempts[slot].references += 1;
            }
        }
        self.fans.release(fan);
    }

    /// A request makes a call for which nobody waits.
    pub(super) fn send_for_nobody(&mut self, slot: u32, name: CallName, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references += 1;
        let process = attempt.node.0 - self.plan.services[attempt.service as usize].first.0;
        self.start_call(name, Origin::Sent(slot), process, ctx);
    }

    /// A call for nobody has ended: the record of the request that made it may go.
    #[cold]
    pub(super) fn sent_is_over(&mut self, slot: u32) {
        self.attempts[slot].references -= 1;
        self.forget_attempt(slot);
    }

    /// The process that made calls for nobody is no more, and so are they.
    pub(super) fn abandon_sent(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.calls.slots().len() as u32 {
            let call = &self.calls[slot];
            let Origin::Sent(attempt) = call.origin else { continue };
            if call.is_open && call.caller == node {
                ctx.record(&Record::CallAbandoned(call.name));
                self.abandon_call(slot, ctx);
                self.sent_is_over(attempt);
            }
        }
    }
}

fn fan_of(does: Option<&TaskPlan>) -> Option<&FanPlan> {
    match does {
        Some(TaskPlan::Parallel(fan)) => Some(fan),
        _ => None,
    }
}
