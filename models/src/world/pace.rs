//! What happens while a node is slow or stands still, and when it goes on?
//!
//! A node that stands still (a pause) works on nothing and notices nothing. What reaches it waits in its inbox, and its timers
//! come due unseen. When it goes on, at one instant and in this order: work in progress resumes with what was left of it; a
//! member hears what its disk has done; its clock asks its time server, if it should have done so meanwhile; the timers that came due
//! meanwhile fire, in the order in which they were due; workers take what waits in the queue; and what
//! waits in the inbox is handled in order of arrival. So a caller that was paused takes an answer for late if its timer ran
//! out during the pause, whichever came first: this is what a process sees that looks at its timers before its sockets. A
//! timer that is due at the very instant at which the node goes on is not late, and comes after the inbox.
//!
//! If the node dies instead, what waits meets a dead node: it is lost, or refused.

use super::World;
use super::timekeeping::TimeMessage;
use crate::attempt::Phase;
use crate::call::NONE;
use crate::environment::Condition;
use crate::ids::NodeId;
use crate::plan::Role;
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::services::{News, Unheard};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::VecDeque;

/// A timer that came due while its caller stood still.
struct Overdue {
    due: SimTime,
    name: CallName,
    slot: u32,
    layer: u32,
    flight: u32,
}

impl<P: Protocol> World<P> {
    /// Whether a node lives and stands still.
    #[inline]
    pub(super) fn stands_still(&self, node: NodeId) -> bool {
        let condition = self.environment.node(node);
        condition.up && condition.paused
    }

    pub(super) fn is_replica(&self, node: NodeId) -> bool {
        matches!(self.plan.nodes[node.index()].role, Role::Replica(_))
    }

    /// The pace of a server changed: work in progress ends earlier or later from now on, or stands still.
    pub(super) fn server_changes_pace(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let after = self.environment.node(node).clone();
        if before.has_pace_of(&after) {
            return;
        }
        self.runs_change_pace(node, before, ctx);
        self.sagas_change_pace(node, before, ctx);
        self.log_changes_pace(node, before, ctx);
        for slot in 0..self.attempts.slots().len() as u32 {
            let attempt = &self.attempts[slot];
            if attempt.node != node || attempt.phase != Phase::Serving {
                continue;
            }
            let (call, is_writing) = ((attempt.name.call.key, attempt.reach), attempt.is_writing);
            let (old, new) = (before.pace(call, is_writing, &self.seed), after.pace(call, is_writing, &self.seed));
            if old == new {
                continue;
            }
            let (ends, left) = (attempt.work_ends, attempt.work_left);
            let time_left = self.left_of_share(node, slot, ctx.now()).unwrap_or(ends.saturating_since(ctx.now()));
            let left = old.map_or(left, |slowness| slowness.done_in(time_left));
            self.count_work(slot, ctx);
            self.proceed(slot, left, new, ctx);
        }
    }

    /// A node that stood still goes on; its work has resumed already.
    pub(super) fn server_resumes(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        self.ask_if_overdue(node, ctx);
        match self.plan.nodes[node.index()].role {
            Role::Replica(_) => {
                self.fire_overdue(node, ctx);
                self.probers_go_on(node, ctx);
                self.sagas_go_on(node, ctx);
                self.pollers_go_on(node, ctx);
                self.broker_resumes(node, ctx);
                self.fill_workers(node, ctx);
            }
            Role::Member(member) => {
                for instance in self.instances(member) {
                    self.disk_is_noticed(instance, ctx);
                    self.member_timers_fire(instance, ctx);
                }
            }
            Role::Clients(_) => {}
        }
        let inbox = std::mem::take(&mut self.servers[node.index()].inbox);
        self.hear_all(inbox, ctx);
    }

    /// Something has reached a node that stands still. Its attempt is not over before that is heard.
    pub(super) fn put_aside(&mut self, node: NodeId, slot: u32, news: News, ctx: &mut Ctx<'_, Self>) {
        // What members say to each other is about no attempt.
        if slot != NONE {
            let attempt = &mut self.attempts[slot];
            attempt.references += 1;
            match news {
                News::Request => attempt.phase = Phase::Unheard,
                News::Reply { .. } | News::TurnedBack => attempt.pending += 1,
                News::Cancel | News::HandOver | News::Message(_) | News::MessageTurnedBack(_) | News::Time { .. } | News::Broken => {}
            }
            if !matches!(news, News::Cancel | News::HandOver | News::Broken) {
                ctx.note(&Record::Unheard(attempt.name, node));
            }
        }
        self.servers[node.index()].inbox.push_back(Unheard { attempt: slot, news });
    }

    /// What waited is heard, by a node that goes on or by a dead one.
    pub(super) fn hear_all(&mut self, inbox: VecDeque<Unheard>, ctx: &mut Ctx<'_, Self>) {
        for Unheard { attempt: slot, news } in inbox {
            match news {
                News::Message(envelope) if slot == NONE => {
                    self.message_reaches(envelope, ctx);
                    continue;
                }
                News::Time { node, number } => {
                    self.time_message_reaches(TimeMessage { node, number, is_answer: true }, ctx);
                    continue;
                }
                _ => {}
            }
            let attempt = &mut self.attempts[slot];
            attempt.references -= 1;
            match news {
                News::Request => {
                    attempt.phase = Phase::Requesting;
                    self.request_reaches(slot, ctx);
                }
                News::Cancel => self.cancel_reaches(slot, ctx),
                News::HandOver => self.hand_over_inside(slot, ctx),
                News::Reply { is_altered } => {
                    attempt.pending -= 1;
                    self.reply_reaches(slot, is_altered, ctx);
                }
                News::TurnedBack => {
                    attempt.pending -= 1;
                    self.deliver(slot, ctx);
                }
                News::Message(envelope) => self.message_reaches(envelope, ctx),
                News::MessageTurnedBack(envelope) => self.hear(envelope, ctx),
                News::Time { .. } => unreachable!("what a time server says is about no attempt"),
                News::Broken if attempt.phase != Phase::Done && attempt.is_waited_for => self.connection_broken(slot, ctx),
                News::Broken => self.forget_attempt(slot),
            }
        }
    }

    /// A timer event has come for a call whose caller stands still: what is due stays due, and the next timer has its event.
    pub(super) fn sleep_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let local = self.local_of_call(slot, now);
        let timers = self.calls[slot].flights.iter().filter(|flight| flight.is_open).map(|flight| flight.timer);
        let timers = timers.chain([self.calls[slot].limit]);
        if let Some(next) = timers.filter(|&timer| timer > local && timer < SimTime::MAX).min() {
            let next = self.wake_of_call(slot, next, now);
            self.arm_at(slot, next, ctx);
        }
    }

    /// Timers that came due while their caller stood still fire, in the order in which they were due.
    fn fire_overdue(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let local = self.local(node, ctx.now());
        for Overdue { due, name, slot, flight, .. } in self.overdue(node, local) {
            let call = &mut self.calls[slot];
            let is_current = call.is_open && call.name == name;
            if is_current && flight == NONE {
                self.run_out(slot, ctx);
                continue;
            }
            if !is_current || !call.flights.get(flight as usize).is_some_and(|flight| flight.is_open && flight.timer == due) {
                continue;
            }
            // Other timers of the call may lie behind, for which no event can be scheduled: none is before all have fired.
            let armed = std::mem::replace(&mut call.armed, SimTime::ZERO);
            self.timer_due(slot, flight, ctx);
            let call = &mut self.calls[slot];
            if call.is_open && call.name == name {
                call.armed = armed;
                if call.next_timer() > local {
                    self.arm(slot, ctx);
                }
            }
        }
    }

    /// The timers that are due before this instant of the node's clock.
    fn overdue(&self, node: NodeId, local: SimTime) -> Vec<Overdue> {
        let mut all = Vec::new();
        for (slot, call) in (0..).zip(self.calls.slots()) {
            if !call.is_open || call.caller != node {
                continue;
            }
            if call.limit < local {
                all.push(Overdue { due: call.limit, name: call.name, slot, layer: 0, flight: NONE });
            }
            for (index, flight) in (0..).zip(call.flights.iter()) {
                if flight.is_open && flight.timer < local {
                    all.push(Overdue { due: flight.timer, name: call.name, slot, layer: flight.layer, flight: index });
                }
            }
        }
        all.sort_unstable_by_key(|timer| (timer.due, timer.name.key, timer.layer, timer.flight));
        all
    }
}
