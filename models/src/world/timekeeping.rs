//! What time is it at a node, and how does its clock ask a time server?

use super::World;
use crate::clocks::{Clock, ClockChange, Reading, WallTime};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::plan::{ClockPlan, Plan, Role};
use crate::protocols::Protocol;
use crate::record::Record;
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
            return local;
        }
        let node = self.caller_of(slot);
        self.wake(node, local, now)
    }

    /// See [`wake_of_call`](Self::wake_of_call).
    pub(super) fn wake(&mut self, node: NodeId, local: SimTime, now: SimTime) -> SimTime {
        let at = if self.clocks.is_empty() { local } else { self.clocks[node.index()].wake(local, now, &self.seed) };
        at.max(now.saturating_add(SimDuration::NANOSECOND))
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
        for (node, clock) in (0..).zip(&self.plan.clocks) {
            if clock.server.is_some() {
                ctx.after(SimDuration::NANOSECOND, clock_event(node, ASK));
            }
        }
    }

    /// A clock goes on with asking its time server.
    pub(super) fn clock_goes_on(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (node, step) = (slot / STEPS, slot % STEPS);
        if step == ASK {
            return self.ask_for_time(node, ctx);
        }
        if self.clocks[node as usize].exchange.due != ctx.now() {
            return;
        }
        let (there, back) = self.server_of(node);
        let arrives_by = if step == AT_SERVER { there } else { back };
        if self.environment.is_blocked(arrives_by) || !self.environment.node(NodeId(node)).up {
            return;
        }
        if step == BACK {
            return self.set_clock(node, ctx);
        }
        self.clocks[node as usize].exchange.answered = WallTime::of(ctx.now());
        let draws = self.draws_of_exchange(node);
        let way = self.plan.topology.route(back);
        if self.environment.is_blocked(back) || way.loss().holds(draws.reply_loss()) {
            return;
        }
        let due = ctx.now().saturating_add(way.delay(draws.reply_delay()));
        self.clocks[node as usize].exchange.due = due;
        ctx.at(due, clock_event(node, BACK));
    }

    /// A node sends a request to its time server, and comes back for the next one.
    fn ask_for_time(&mut self, node: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let reading = self.reading(NodeId(node), now);
        let every = self.plan.clocks[node as usize].parts.polling.as_ref().expect("a clock that asks has a server").every;
        let clock = &mut self.clocks[node as usize];
        // A clock that is looked at early looks again: the walk of its drift was too long to be seen through.
        let due = clock.exchange.asked.saturating_add(every);
        if clock.exchange.begun > 0 && reading.monotonic < due {
            let at = self.wake(NodeId(node), due, now);
            return ctx.at(at, clock_event(node, ASK));
        }
        clock.exchange.begun += 1;
        clock.exchange.asked = reading.monotonic;
        // An answer to an earlier request that is still under way is not waited for any longer.
        clock.exchange.due = SimTime::MAX;
        let next = self.wake(NodeId(node), reading.monotonic.saturating_add(every), now);
        if next < self.plan.clockwork.end_of_arrivals() {
            ctx.at(next, clock_event(node, ASK));
        }
        if !self.environment.node(NodeId(node)).up {
            return;
        }
        let (there, _) = self.server_of(node);
        let draws = self.draws_of_exchange(node);
        let way = self.plan.topology.route(there);
        if self.environment.is_blocked(there) || way.loss().holds(draws.request_loss()) {
            return;
        }
        let due = now.saturating_add(way.delay(draws.request_delay()));
        self.clocks[node as usize].exchange.due = due;
        ctx.at(due, clock_event(node, AT_SERVER));
    }

    fn set_clock(&mut self, node: u32, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let by = self.clocks[node as usize].set(now, &self.seed);
        let error = self.reading(NodeId(node), now).wall.since(WallTime::of(now));
        self.observations.count("clocks set", 1);
        self.observations.longest("error of a clock just set", error.magnitude());
        self.observations.longest("correction of a clock", by.magnitude());
        ctx.record(&Record::ClockSet(NodeId(node), by));
    }

    fn server_of(&self, node: u32) -> (crate::ids::RouteId, crate::ids::RouteId) {
        self.plan.clocks[node as usize].server.expect("a clock that asks has a server")
    }

    fn draws_of_exchange(&self, node: u32) -> Draws {
        let key = Key::named(&self.plan.nodes[node as usize].name).child(EXCHANGES.bits());
        self.seed.draws(key, self.clocks[node as usize].exchange.begun)
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
            self.arm_member(member, ctx);
        }
        if self.plan.clocks.get(node.index()).is_some_and(|clock| clock.server.is_some()) {
            // The next exchange may come sooner; the event that is pending finds that it is early, or that it is over.
            let every = self.plan.clocks[node.index()].parts.polling.as_ref().map_or(SimDuration::MAX, |polling| polling.every);
            let due = self.clocks[node.index()].exchange.asked.saturating_add(every);
            let at = self.wake(node, due, now);
            if at < self.plan.clockwork.end_of_arrivals() {
                ctx.at(at, clock_event(node.0, ASK));
            }
        }
    }
}

fn clock_event(node: u32, step: u32) -> WorldEvent {
    WorldEvent::new(Kind::Clock, Key::default(), node, node * STEPS + step)
}
