//! How do callers and the members of a group talk?

use super::World;
use super::parcels::{Cargo, Fate};
use crate::attempt::Phase;
use crate::call::NONE;
use crate::environment::Letter;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::links::{Luck, SIZE_OF_A_WORD};
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Protocol, To};
use crate::record::{Loss, Record};
use crate::services::News;
use sim_core::simulation::Ctx;
use sim_core::units::Size;

/// A message of a group's protocol on its way.
#[derive(Clone, Debug)]
pub(super) struct Envelope<M> {
    /// The attempt on whose behalf it travels.
    attempt: u32,
    /// The member it goes to, or comes from.
    member: u32,
    /// The how-manieth message of the attempt it is.
    ordinal: u64,
    /// Whether it goes to the caller.
    pub(super) to_caller: bool,
    /// What is said, or why nothing is: the machine of a dead member answers that nobody listens, or a cut turned it back.
    pub(super) message: Result<M, Failure>,
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
            self.send_envelope(Envelope { attempt: slot, member, ordinal: 0, to_caller, message: Ok(message) }, ctx);
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
        let envelope = Envelope { ordinal: attempt.messages, ..envelope };
        let ordinal = attempt.messages / 2;
        attempt.messages += 1;
        let luck = if ordinal == 0 { Luck { delay, loss } } else { Luck { delay: delay.further(ordinal), loss: loss.further(ordinal) } };
        let slot = envelope.attempt;
        let envelope = self.envelopes.insert(envelope);
        let letter = self.letter_of_envelope(envelope, self.kind_and_size(envelope).0);
        match self.dispatch(letter, route, luck) {
            Fate::Arrives(delay) => {
                let attempt = &mut self.attempts[slot];
                attempt.references += 1;
                ctx.after(delay, WorldEvent::new(Kind::Message, attempt.name.call.key, attempt.name.number, envelope));
            }
            Fate::Lost(loss) => self.drop_envelope(envelope, loss, ctx),
            Fate::Unknown => {
                let (kind, size) = self.kind_and_size(envelope);
                if let Err(loss) = self.send_parcel(Cargo::Envelope(envelope), slot, route, (kind, size), luck, ctx) {
                    self.drop_envelope(envelope, loss, ctx);
                }
            }
        }
    }

    /// The number of the kind of a message, and its size.
    fn kind_and_size(&self, envelope: u32) -> (u8, Size) {
        let group = self.plan.group.as_ref().expect("a message of a group");
        match &self.envelopes[envelope].message {
            Ok(message) => (group.number_of_kind(self.protocol.kind(message)), group.message_size),
            Err(_) => (group.number_of_kind("reply"), SIZE_OF_A_WORD),
        }
    }

    /// A message as faults at its ends see it.
    pub(super) fn letter_of_envelope(&self, slot: u32, kind: u8) -> Letter {
        let envelope = &self.envelopes[slot];
        let (attempt, member) = (&self.attempts[envelope.attempt], self.member_node(envelope.member));
        let (from, to) = if envelope.to_caller { (member, attempt.caller) } else { (attempt.caller, member) };
        // Each message of an attempt has a luck of its own.
        Letter { from, to, kind, luck: attempt.draws.share().further(1 + envelope.ordinal) }
    }

    /// A message is lost: its record is given back. Whether that ends the attempt is not asked here.
    fn drop_envelope(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let (attempt, member) = (self.envelopes[slot].attempt, self.envelopes[slot].member);
        self.envelopes.release(slot);
        self.meter.messages.lost(loss);
        ctx.record(&Record::Dropped(self.attempts[attempt].name, self.member_node(member), loss));
    }

    fn member_node(&self, member: u32) -> NodeId {
        NodeId(self.plan.group.as_ref().expect("a message of a group").first.0 + member)
    }

    /// A message is lost on its way.
    pub(super) fn message_lost(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let attempt = self.envelopes[slot].attempt;
        self.drop_envelope(slot, loss, ctx);
        self.end_if_silent(attempt);
    }

    /// A message reaches a member or a caller, unless a cut swallows it.
    pub(super) fn message_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let envelope = &self.envelopes[slot];
        let (attempt_slot, to_caller) = (envelope.attempt, envelope.to_caller);
        let attempt = &mut self.attempts[attempt_slot];
        attempt.references -= 1;
        let route = if to_caller { attempt.routes.1 } else { attempt.routes.0 };
        if self.environment.is_blocked(route) {
            return self.message_lost(slot, Loss::Cut, ctx);
        }
        if let Some(loss) = self.swallowed(self.letter_of_envelope(slot, self.kind_and_size(slot).0)) {
            return self.message_lost(slot, loss, ctx);
        }
        self.message_reaches(slot, ctx);
    }

    /// A message has reached a member or a caller.
    pub(super) fn message_reaches(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.member_node(self.envelopes[slot].member);
        let condition = self.environment.node(node);
        if !self.envelopes[slot].to_caller && !condition.up && !condition.refuses {
            return self.message_lost(slot, Loss::Dead, ctx);
        }
        let attempt = self.envelopes[slot].attempt;
        let receiver = if self.envelopes[slot].to_caller { self.attempts[attempt].caller } else { node };
        if self.stands_still(receiver) {
            return self.put_aside(receiver, attempt, News::Message(slot));
        }
        self.meter.messages.arrived += 1;
        self.hear(slot, ctx);
    }

    /// What is said reaches whoever it is for: a caller, or a member whose machine runs.
    pub(super) fn hear(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let envelope = &mut self.envelopes[slot];
        let (attempt_slot, member, to_caller) = (envelope.attempt, envelope.member, envelope.to_caller);
        let message = std::mem::replace(&mut envelope.message, Err(Failure::Refused));
        self.envelopes.release(slot);
        let attempt = &self.attempts[attempt_slot];
        let (name, waited, session) = (attempt.name, attempt.is_waited_for, attempt.session);
        let node = self.member_node(member);
        if to_caller {
            if !waited || attempt.phase == Phase::Done {
                return self.end_if_silent(attempt_slot);
            }
            let answer = match message {
                Ok(message) => self.protocol.on_answer(&mut self.sessions[session], member, message, &mut self.outbox),
                Err(failure) => Some(Outcome::Failed(failure)),
            };
            if let Some(outcome) = answer {
                self.attempts[attempt_slot].outcome = outcome;
                return self.deliver(attempt_slot, ctx);
            }
        } else {
            let condition = self.environment.node(node);
            if !condition.up || condition.drains {
                ctx.record(&Record::Answered(name, node, Outcome::Failed(Failure::Refused)));
                let refusal = Envelope { attempt: attempt_slot, member, ordinal: 0, to_caller: true, message: Err(Failure::Refused) };
                self.send_envelope(refusal, ctx);
                return self.end_if_silent(attempt_slot);
            }
            ctx.record(&Record::Started(name, node));
            let message = message.expect("only callers are told that nobody listens");
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
