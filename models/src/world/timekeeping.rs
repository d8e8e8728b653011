//! What time is it at a node, and how does its clock ask a time server?

use super::World;
use super::parcels::{Cargo, Fate};
use super::wire::{REPLY, REQUEST};
use crate::call::NONE;
use crate::clocks::{Awaited, Clock, ClockChange, Reading, WallTime};
use crate::environment::{Letter, Reach};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, RouteId};
use crate::links::{Luck, SIZE_OF_A_WORD};
use crate::plan::{ClockPlan, Plan, Role};
use crate::protocols::Protocol;
use crate::record::{Loss, Record};
use crate::services::News;
use sim_core::draw::{Draws, Key};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// The draws of a node's exchanges with its time server.
const EXCHANGES: Key = Key::named("exchanges with a time server");

/// How far an exchange has come: the lowest bits of a clock event's slot; the others are the node.
const ASK: u32 = 0;
const AT_SERVER: u32 = 1;
const BACK: u32 = 2;
const STEPS: u32 = 4;

/// A time server is no node: no fault strikes it, and partitions of nodes part nobody from it.
const TIME_SERVER: NodeId = NodeId(u32::MAX);

/// A message between a clock and its time server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeMessage {
    /// The node whose clock asks.
    pub(super) node: NodeId,
    /// The how-manieth exchange of this clock it belongs to, from 1.
    pub(super) number: u32,
    /// Whether it comes from the server.
    pub(super) is_answer: bool,
}

/// The clocks of a plan's nodes: none if all are perfect.
pub(super) fn clocks_of(plan: &Plan) -> Vec<Clock> {
    let clock = |(plan, node): (&ClockPlan, &crate::plan::NodePlan)| Clock::new(&plan.parts, Key::named(&node.name));
    plan.clocks.iter().zip(&plan.nodes).map(clock).collect()
}

impl<P: Protocol> World<P> {
    /// What the monotonic clock of a node shows.
    #[inline]
    pub(super) fn local(&mut self, node: NodeId, now: SimTime) -> SimTime {
        if self.clocks.is_empty() { now } else { self.clocks[node.index()].monotonic(now, &self.seed) }
    }

    /// What the monotonic clock of the caller of a call shows.
    #[inline]
    pub(super) fn local_of_call(&mut self, slot: u32, now: SimTime) -> SimTime {
        if self.clocks.is_empty() {
            return now;
        }
        let node = self.caller_of(slot);
        self.local(node, now)
    }

    /// When a timer that is due at `local` must be looked at, at least a nanosecond from now.
    #[inline]
    pub(super) fn wake_of_call(&mut self, slot: u32, local: SimTime, now: SimTime) -> SimTime {
        if self.clocks.is_empty() {
            // A caller that stood still may be about to hear of timers that lie behind.
            return local.max(now.saturating_add(SimDuration::NANOSECOND));
        }
        let node = self.caller_of(slot);
        self.wake(node, local, now)
    }

    /// See [`wake_of_call`](Self::wake_of_call).
    pub(super) fn wake(&mut self, node: NodeId, local: SimTime, now: SimTime) -> SimTime {
        let at = if self.clocks.is_empty() { local } else { self.clocks[node.index()].wake(local, now, &self.seed) };
        at.max(now.saturating_add(SimDuration::NANOSECOND))
    }

    /// See [`wake`](Self::wake): the same for somebody who only looks, of whom not even a clock takes notice.
    pub(super) fn foreseen(&self, node: NodeId, local: SimTime, now: SimTime) -> SimTime {
        let at = if self.clocks.is_empty() { local } else { self.clocks[node.index()].clone().wake(local, now, &self.seed) };
        at.max(now.saturating_add(SimDuration::NANOSECOND))
    }

    /// The first instant at which the monotonic clock of a node shows `local`, as far as is known now: faults may still change its rate.
    pub(super) fn true_time(&mut self, node: NodeId, local: SimTime, now: SimTime) -> SimTime {
        let at = if self.clocks.is_empty() { local } else { self.clocks[node.index()].instant(local, now, &self.seed) };
        at.max(now)
    }

    /// Everything the clock of a node shows.
    pub(super) fn reading(&mut self, node: NodeId, now: SimTime) -> Reading {
        if self.clocks.is_empty() { Reading::perfect(now) } else { self.clocks[node.index()].read(now, &self.seed) }
    }

    /// The node that made a call.
    pub(super) fn caller_of(&self, slot: u32) -> NodeId {
        self.calls[slot].caller
    }

    /// Every clock that asks a time server does so for the first time.
    pub(super) fn start_clocks(&self, ctx: &mut Ctx<'_, Self>) {
        for (node, clock) in (0..).map(NodeId).zip(&self.plan.clocks) {
            if clock.server.is_some() {
                ctx.after(SimDuration::NANOSECOND, clock_event(node, ASK));
            }
        }
    }

    /// A clock goes on with asking its time server.
    pub(super) fn clock_goes_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (node, step) = (NodeId(slot / STEPS), slot % STEPS);
        if step == ASK {
            return self.ask_for_time(node, ctx);
        }
        let exchange = self.clocks[node.index()].exchange;
        let message = TimeMessage { node, number: exchange.begun, is_answer: step == BACK };
        match self.passes(self.way_of_time(message), |_| clock_event(node, step), ctx.now()) {
            Ok(true) => {}
            Ok(false) => return,
            Err(loss) => return self.meter.messages.lost(loss),
        }
        if let Some(loss) = self.swallowed(self.letter_of_time(message)) {
            return self.meter.messages.lost(loss);
        }
        if exchange.due != ctx.now() {
            // It belongs to an exchange that was given up for the next one.
            return self.meter.messages.arrived += 1;
        }
        self.time_message_reaches(message, ctx);
    }

    /// A message of an exchange that a cut held since then goes on now, unless the exchange was given up for the next one.
    pub(super) fn time_message_goes_on(&mut self, slot: u32, since: SimTime, now: SimTime) {
        let exchange = &mut self.clocks[(slot / STEPS) as usize].exchange;
        if exchange.due == since {
            exchange.due = now;
        }
    }

    /// A message reaches a time server, or a node whose clock asked one.
    pub(super) fn time_message_reaches(&mut self, message: TimeMessage, ctx: &mut Ctx<'_, Self>) {
        let TimeMessage { node, number, is_answer } = message;
        if is_answer && !self.environment.node(node).up {
            return self.meter.messages.lost(Loss::Dead);
        }
        if is_answer && self.stands_still(node) {
            return self.put_aside(node, NONE, News::Time { node, number }, ctx);
        }
        self.meter.messages.arrived += 1;
        let exchange = &mut self.clocks[node.index()].exchange;
        let awaited = if is_answer { Awaited::Answer } else { Awaited::Request };
        // A second copy of a message changes nothing, and neither does one of an exchange that is over.
        if exchange.begun != number || exchange.awaited != awaited {
            return;
        }
        exchange.awaited = Awaited::Nothing;
        if is_answer {
            return self.set_clock(node, ctx);
        }
        exchange.answered = WallTime::of(ctx.now());
        self.send_time_message(TimeMessage { is_answer: true, ..message }, ctx);
    }

    fn send_time_message(&mut self, message: TimeMessage, ctx: &mut Ctx<'_, Self>) {
        let TimeMessage { node, is_answer, .. } = message;
        let (route, draws) = (self.way_of_time(message), self.draws_of_exchange(node));
        let (awaited, luck) = if is_answer {
            (Awaited::Answer, Luck { delay: draws.reply_delay(), loss: draws.reply_loss() })
        } else {
            (Awaited::Request, Luck { delay: draws.request_delay(), loss: draws.request_loss() })
        };
        let letter = self.letter_of_time(message);
        let fate = self.dispatch(letter, route, luck);
        let exchange = &mut self.clocks[node.index()].exchange;
        (exchange.awaited, exchange.due) = (awaited, SimTime::MAX);
        match fate {
            Fate::Arrives(delay) => {
                let due = ctx.now().saturating_add(delay);
                exchange.due = due;
                ctx.at(due, clock_event(node, if is_answer { BACK } else { AT_SERVER }));
            }
            Fate::Lost(loss) => self.meter.messages.lost(loss),
            Fate::Unknown => {
                if let Err(loss) = self.send_parcel(Cargo::Time(message), route, (letter.kind, SIZE_OF_A_WORD), luck, ctx) {
                    self.meter.messages.lost(loss);
                }
            }
        }
    }

    fn way_of_time(&self, message: TimeMessage) -> RouteId {
        let (there, back) = self.plan.clocks[message.node.index()].server.expect("a clock that asks has a server");
        if message.is_answer { back } else { there }
    }

    /// A message of an exchange as faults at its ends see it.
    pub(super) fn letter_of_time(&self, message: TimeMessage) -> Letter {
        let (from, to, kind) = if message.is_answer { (TIME_SERVER, message.node, REPLY) } else { (message.node, TIME_SERVER, REQUEST) };
        Letter { from, to, kind, luck: self.draws_of_exchange(message.node).share(), reach: Reach::NO_CALL }
    }

    /// The exchange of a node that dies is over: its next life does not wait for the answer.
    pub(super) fn forget_exchange(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if let Some(clock) = self.clocks.get_mut(node.index()) {
            clock.exchange.awaited = Awaited::Nothing;
            self.ask_if_overdue(node, ctx);
        }
    }

    /// An exchange that was due while the node stood still begins now; one that is dead lets it pass.
    pub(super) fn ask_if_overdue(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if let Some(clock) = self.clocks.get_mut(node.index())
            && std::mem::take(&mut clock.exchange.is_overdue)
        {
            self.ask_for_time(node, ctx);
        }
    }

    /// A node sends a request to its time server, and comes back for the next one.
    fn ask_for_time(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let reading = self.reading(node, now);
        let every = self.plan.clocks[node.index()].parts.polling.as_ref().expect("a clock that asks has a server").every;
        let clock = &mut self.clocks[node.index()];
        // A clock that is looked at early looks again: the walk of its drift was too long to be seen through.
        let due = clock.exchange.asked.saturating_add(every);
        if clock.exchange.begun > 0 && reading.monotonic < due {
            let at = self.wake(node, due, now);
            return ctx.at(at, clock_event(node, ASK));
        }
        if self.stands_still(node) {
            self.clocks[node.index()].exchange.is_overdue = true;
            return;
        }
        let clock = &mut self.clocks[node.index()];
        clock.exchange.begun += 1;
        clock.exchange.asked = reading.monotonic;
        // An answer to an earlier request that is still under way is not waited for any longer.
        clock.exchange.due = SimTime::MAX;
        clock.exchange.awaited = Awaited::Nothing;
        let next = self.wake(node, reading.monotonic.saturating_add(every), now);
        if next < self.plan.clockwork.end_of_arrivals() {
            ctx.at(next, clock_event(node, ASK));
        }
        if !self.environment.node(node).up {
            return;
        }
        let number = self.clocks[node.index()].exchange.begun;
        self.send_time_message(TimeMessage { node, number, is_answer: false }, ctx);
    }

    fn set_clock(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let by = self.clocks[node.index()].set(now, &self.seed);
        let error = self.reading(node, now).wall.since(WallTime::of(now));
        self.observations.count("clocks set", 1);
        self.observations.longest("error of a clock just set", error.magnitude());
        self.observations.longest("correction of a clock", by.magnitude());
        ctx.record(&Record::ClockSet(node, by));
    }

    fn draws_of_exchange(&self, node: NodeId) -> Draws {
        let key = Key::named(&self.plan.nodes[node.index()].name).child(EXCHANGES.bits());
        self.seed.draws(key, self.clocks[node.index()].exchange.begun)
    }

    /// From now on, this is what all faults together make of the clock of a node: timers on it come sooner or later.
    pub fn change_clock(&mut self, node: NodeId, change: ClockChange, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        if self.clocks.is_empty() {
            let perfect = ClockPlan::default();
            self.clocks = self.plan.nodes.iter().map(|node| Clock::new(&perfect.parts, Key::named(&node.name))).collect();
        }
        self.clocks[node.index()].apply(change, now, &self.seed);
        for slot in 0..self.calls.slots().len() as u32 {
            if self.calls[slot].is_open && self.caller_of(slot) == node {
                self.arm(slot, ctx);
            }
        }
        if let Role::Member(member) = self.plan.nodes[node.index()].role {
            self.instances(member).for_each(|instance| self.arm_member(instance, ctx));
        }
        self.arm_probers(node, ctx);
        self.pollers_go_on(node, ctx);
        self.broker_resumes(node, ctx);
        if self.plan.clocks.get(node.index()).is_some_and(|clock| clock.server.is_some()) {
            // The next exchange may come sooner; the event that is pending finds that it is early, or that it is over.
            let every = self.plan.clocks[node.index()].parts.polling.as_ref().map_or(SimDuration::MAX, |polling| polling.every);
            let due = self.clocks[node.index()].exchange.asked.saturating_add(every);
            let at = self.wake(node, due, now);
            if at < self.plan.clockwork.end_of_arrivals() {
                ctx.at(at, clock_event(node, ASK));
            }
        }
    }
}

fn clock_event(node: NodeId, step: u32) -> WorldEvent {
    WorldEvent::new(Kind::Clock, Key::default(), node.0, node.0 * STEPS + step)
}
