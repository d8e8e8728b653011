//! How does a broker pass messages on?
//!
//! Every backlog that is passed on has a pace of its own, and a number of messages that may be under way at the same time. What its target did
//! not take waits for another try, or is a dead letter.

use crate::brokers::{Handed, Message};
use crate::call::Origin;
use crate::ids::{EdgeId, NodeId};
use crate::outcome::Outcome;
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use crate::world::World;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

impl<P: Protocol> World<P> {
    /// As many messages of a backlog set out as may.
    pub(super) fn pass_on(&mut self, backlog: u32, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let of = &plan.backlogs[backlog as usize];
        let push = of.push.as_ref().expect("only what is passed on has a pace");
        // Bounded: every message that sets out is in flight or delayed afterwards.
        while self.brokers.pushing[backlog as usize].under_way < push.at_once
            && self.brokers.pushing[backlog as usize].next <= local
            && self.brokers.backlogs[backlog as usize].has_ready()
        {
            let handed = self.brokers.backlogs[backlog as usize].take(&of.rules, 1, SimTime::MAX, &mut Vec::new());
            let Some(handed) = handed.first().copied() else { return };
            let pushing = &mut self.brokers.pushing[backlog as usize];
            pushing.under_way += 1;
            if !push.interval.is_zero() {
                pushing.next = local.saturating_add(push.interval);
            }
            self.start_push(backlog, handed, local, ctx);
        }
    }

    fn start_push(&mut self, backlog: u32, handed: Handed, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let of = &plan.backlogs[backlog as usize];
        let push = of.push.as_ref().expect("only what is passed on is pushed");
        let key = handed.message.key.child(plan.edges[push.edge.index()].key.bits());
        let origin = Origin::Push(backlog, handed.number);
        let node = plan.brokers[of.broker as usize].node;
        let limit = local.saturating_add(push.timeout);
        self.start_for_message((push.edge, key, origin), (node, 0), handed, limit, ctx);
    }

    /// A call is made for a message: to have it worked on, or to pass it on. It has the message's object and class, counts its attempts
    /// on from those that were made before, and began when the message was produced.
    pub(in crate::world) fn start_for_message(
        &mut self,
        (edge, key, origin): (EdgeId, Key, Origin),
        (node, process): (NodeId, u32),
        handed: Handed,
        limit: SimTime,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let Message { object, class, client, population, ordinal, produced, change, .. } = handed.message;
        let name = CallName { edge, key, client, population, ordinal };
        let started_local = self.local(node, ctx.now());
        let measured = self.meter.call_started(edge, false, ctx.now());
        let slot = self.calls.take();
        let call = &mut self.calls[slot];
        call.begin(name, (origin, node), process, (produced, object, class), measured);
        (call.started_local, call.limit, call.attempts) = (started_local, limit, handed.attempts);
        self.message_sets_out(slot, change);
        ctx.record(&Record::CallStarted(name));
        self.enter(slot, ctx);
    }

    /// The passing on of a message ended.
    pub(in crate::world) fn push_ended(&mut self, (backlog, number): (u32, u32), (outcome, call): (Outcome, u32), ctx: &mut Ctx<'_, Self>) {
        let (attempts, produced) = (self.calls[call].attempts, self.calls[call].started);
        let plan = Arc::clone(&self.plan);
        let of = &plan.backlogs[backlog as usize];
        let push = of.push.as_ref().expect("only what is passed on is pushed");
        let local = self.local(plan.brokers[of.broker as usize].node, ctx.now());
        self.brokers.pushing[backlog as usize].under_way -= 1;
        let kept = &mut self.brokers.backlogs[backlog as usize];
        kept.attempted(number, attempts);
        match outcome {
            Outcome::Success => {
                if push.completes {
                    kept.completed(number, ctx.now().saturating_since(produced));
                }
                kept.delete_in_flight(&of.rules, number);
            }
            Outcome::Failed(failure) => {
                let wait = kept.failed(number, failure, local).and_then(|(failures, age)| push.redelivery.wait(failure, failures, age));
                match wait {
                    Some(wait) => kept.delay(&of.rules, number, local.saturating_add(wait.max(SimDuration::NANOSECOND))),
                    None => {
                        let dead = kept.give_up(&of.rules, number);
                        self.bury(of.broker, dead.into_iter().collect(), ctx);
                    }
                }
            }
        }
        // What sets out next does so at an instant of its own: a call that ends at once must not go on within itself.
        self.arm_broker_by(of.broker, local, ctx);
    }
}
