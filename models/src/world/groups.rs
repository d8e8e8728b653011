//! How do callers and the members of a group talk?

use super::World;
use crate::attempt::Phase;
use crate::call::NONE;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Protocol, To};
use crate::record::{Loss, Record};
use sim_core::simulation::Ctx;

/// A message of a group's protocol on its way.
#[derive(Clone, Debug)]
pub(super) struct Envelope<M> {
    /// The attempt on whose behalf it travels.
    attempt: u32,
    /// The member it goes to, or comes from.
    member: u32,
    /// Whether it goes to the caller.
    to_caller: bool,
    /// What is said; nothing when the machine of a dead member answers that nobody listens.
    message: Option<M>,
}

impl<P: Protocol> World<P> {
    /// The caller's side of an attempt at a group begins.
    pub(super) fn begin_session(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let session = self.protocol.begin(&mut self.outbox);
        self.attempts[slot].phase = Phase::Talking;
        self.attempts[slot].session = self.sessions.insert(session);
        self.post(slot, 0, ctx);
    }

    /// Sends what is in the outbox; `from` is the member that speaks, if it is one that does.
    fn post(&mut self, slot: u32, from: u32, ctx: &mut Ctx<'_, Self>) {
        let mut outbox = std::mem::take(&mut self.outbox);
        for (to, message) in outbox.drain() {
            let (to_caller, member) = match to {
                To::Caller => (true, from),
                To::Member(member) => (false, member),
            };
            self.send_envelope(Envelope { attempt: slot, member, to_caller, message: Some(message) }, ctx);
        }
        self.outbox = outbox;
        self.end_if_silent(slot);
    }

    fn send_envelope(&mut self, envelope: Envelope<P::Message>, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[envelope.attempt];
        // The first message each way has the draws of an ordinary request and reply, each later one further draws.
        let (route, delay, loss) = if envelope.to_caller {
            (attempt.routes.1, attempt.draws.reply_delay(), attempt.draws.reply_loss())
        } else {
            (attempt.routes.0, attempt.draws.request_delay(), attempt.draws.request_loss())
        };
        let ordinal = attempt.messages / 2;
        attempt.messages += 1;
        let (delay, loss) = if ordinal == 0 { (delay, loss) } else { (delay.further(ordinal), loss.further(ordinal)) };
        let way = self.plan.topology.route(route);
        let lost = if self.environment.is_blocked(route) { Some(Loss::Cut) } else { way.loss().holds(loss).then_some(Loss::Link) };
        if let Some(loss) = lost {
            let node = NodeId(self.plan.group.as_ref().expect("a message of a group").first.0 + envelope.member);
            return ctx.record(&Record::Dropped(attempt.name, node, loss));
        }
        attempt.references += 1;
        let (key, number) = (attempt.name.call.key, attempt.name.number);
        let envelope = self.envelopes.insert(envelope);
        ctx.after(way.delay(delay), WorldEvent::new(Kind::Message, key, number, envelope));
    }

    /// A message reaches a member or a caller.
    pub(super) fn message_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let envelope = &mut self.envelopes[slot];
        let (attempt_slot, member, to_caller) = (envelope.attempt, envelope.member, envelope.to_caller);
        let message = envelope.message.take();
        self.envelopes.release(slot);
        let attempt = &mut self.attempts[attempt_slot];
        attempt.references -= 1;
        let (name, waited, session) = (attempt.name, attempt.is_waited_for, attempt.session);
        let node = NodeId(self.plan.group.as_ref().expect("a message of a group").first.0 + member);
        let route = if to_caller { attempt.routes.1 } else { attempt.routes.0 };
        if self.environment.is_blocked(route) {
            ctx.record(&Record::Dropped(name, node, Loss::Cut));
            return self.end_if_silent(attempt_slot);
        }
        if to_caller {
            if !waited || attempt.phase == Phase::Done {
                return self.end_if_silent(attempt_slot);
            }
            let answer = match message {
                Some(message) => self.protocol.on_answer(&mut self.sessions[session], member, message, &mut self.outbox),
                None => Some(Outcome::Failed(Failure::Refused)),
            };
            if let Some(outcome) = answer {
                self.attempts[attempt_slot].outcome = outcome;
                return self.deliver(attempt_slot, ctx);
            }
        } else {
            let condition = self.environment.node(node);
            if !condition.up && condition.refuses {
                ctx.record(&Record::Answered(name, node, Outcome::Failed(Failure::Refused)));
                self.send_envelope(Envelope { attempt: attempt_slot, member, to_caller: true, message: None }, ctx);
                return self.end_if_silent(attempt_slot);
            }
            if !condition.up {
                ctx.record(&Record::Dropped(name, node, Loss::Dead));
                return self.end_if_silent(attempt_slot);
            }
            ctx.record(&Record::Started(name, node));
            let message = message.expect("only the machine of a member has nothing to say");
            self.protocol.on_request(&mut self.members[member as usize], message, &mut self.outbox);
        }
        self.post(attempt_slot, member, ctx);
    }

    /// An attempt of which no message is under way any more is over: nobody will ever hear of it again.
    fn end_if_silent(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        if attempt.references > 0 {
            return;
        }
        if attempt.phase == Phase::Done {
            return self.forget_attempt(slot);
        }
        debug_assert!(attempt.session != NONE, "an attempt at a group has a session");
        self.end_attempt(slot, false);
        self.forget_call(call);
    }
}
