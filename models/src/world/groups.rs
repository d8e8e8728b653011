//! How do callers and the members of a group talk?

use super::World;
use super::envelopes::{Address, CallMessage, Envelope};
use super::members::MemberMessage;
use crate::attempt::Phase;
use crate::call::NONE;
use crate::ids::{NodeId, RouteId};
use crate::links::Luck;
use crate::outcome::{Failure, Outcome};
use crate::plan::INSIDE;
use crate::protocols::{Protocol, Speaker, To, Turn};
use crate::record::{Loss, Record};
use crate::services::News;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use std::fmt;

/// The draws of a session itself, and of messages to the members after the first.
const SESSION: Key = Key::named("session with a group");

impl<P: Protocol> World<P> {
    /// The caller's side of an attempt at a group begins.
    pub(super) fn begin_session(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].routes.0 == INSIDE {
            return self.begin_delivery(slot, ctx);
        }
        self.attempts[slot].phase = Phase::Talking;
        // An earlier attempt may have had this slot.
        self.misled.remove(&slot);
        let session = self.session_turn(slot, ctx, |world, turn| world.protocol.begin(turn));
        self.attempts[slot].session = self.sessions.insert(session);
        // Whom it speaks to first is whom the attempt went to.
        let first = self.orders.sent.iter().find_map(|(to, _)| if let To::Member(member) = to { Some(*member) } else { None });
        let (node, routes) = (self.node_of(first.unwrap_or(0)), self.ways_to(slot, first.unwrap_or(0)));
        let attempt = &mut self.attempts[slot];
        (attempt.node, attempt.routes) = (node, routes);
        ctx.record(&Record::Sent(attempt.name, node));
        self.post(slot, ctx);
    }

    /// It is the caller's turn; what it wants sent stays in the orders.
    fn session_turn<T>(
        &mut self,
        slot: u32,
        ctx: &mut Ctx<'_, Self>,
        act: impl FnOnce(&mut SessionWorld<'_, P>, &mut Turn<'_, P>) -> T,
    ) -> T {
        let attempt = &self.attempts[slot];
        let (caller, session) = (attempt.caller, attempt.session);
        let of_call = attempt.name.call.key.child(SESSION.bits());
        let key = of_call.child(u64::from(attempt.name.number));
        let asking = self.asking(slot);
        let reading = self.reading(caller, ctx.now());
        let mut orders = std::mem::take(&mut self.orders);
        let answer = {
            let session = if session == NONE { None } else { Some(&mut self.sessions[session]) };
            let mut world = SessionWorld { protocol: &self.protocol, session };
            act(&mut world, &mut Turn::new(reading, &self.seed, key, None, &mut orders).with_call(asking, of_call))
        };
        if !orders.operations.is_empty() {
            self.note_operations(slot, &mut orders.operations, ctx);
        }
        self.make_known(Speaker::Caller, caller, &mut orders, ctx);
        self.orders = orders;
        answer
    }

    /// Sends what the caller's session wants sent.
    fn post(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let mut sent = std::mem::take(&mut self.orders.sent);
        for (to, message) in sent.drain(..) {
            let To::Member(member) = to else {
                debug_assert!(false, "a caller sends to members");
                continue;
            };
            self.send_envelope(Envelope::to_member(slot, member, message), ctx);
        }
        self.orders.sent = sent;
        self.end_if_silent(slot);
    }

    /// The ways between the caller of an attempt and a member.
    pub(super) fn ways_to(&self, slot: u32, member: u32) -> (RouteId, RouteId) {
        let (attempt, node) = (&self.attempts[slot], self.node_of(member));
        if node == attempt.node {
            return attempt.routes;
        }
        let domain = |node: NodeId| self.plan.nodes[node.index()].domain;
        self.plan.edges[attempt.name.call.edge.index()].routes(|| (domain(attempt.caller), domain(node)))
    }

    /// Sends a message between a caller and a member.
    pub(super) fn send_envelope(&mut self, mut envelope: Envelope<P::Message>, ctx: &mut Ctx<'_, Self>) {
        let Address::Call(call) = &mut envelope.address else { unreachable!("messages between members are sent by members") };
        let sent = self.attempts[call.attempt].messages;
        call.ordinal = u64::from(sent.0 + sent.1);
        let call = *call;
        let luck = self.luck(call);
        let envelope = self.envelopes.insert(envelope);
        if call.to_caller && self.member_withholds(envelope, call.member, To::Caller) {
            self.meter.messages.sent += 1;
            return self.drop_envelope(envelope, Loss::Omitted, ctx);
        }
        self.put_in_the_post(envelope, luck, ctx);
    }

    /// The draws of the next message between a caller and a member. The first message each way has the draws of an ordinary
    /// request and reply, each later one further draws; members after the first have blocks of their own.
    fn luck(&mut self, call: CallMessage) -> Luck {
        let attempt = &mut self.attempts[call.attempt];
        let draws = match call.member {
            0 => attempt.draws,
            member => self.seed.draws(attempt.name.call.key.child(SESSION.bits() ^ u64::from(member)), attempt.name.number),
        };
        let (delay, loss, count) = if call.to_caller {
            (draws.reply_delay(), draws.reply_loss(), &mut attempt.messages.1)
        } else {
            (draws.request_delay(), draws.request_loss(), &mut attempt.messages.0)
        };
        let ordinal = u64::from(*count);
        *count += 1;
        if ordinal == 0 { Luck { delay, loss } } else { Luck { delay: delay.further(ordinal), loss: loss.further(ordinal) } }
    }

    /// A message of a member reaches another.
    pub(super) fn member_hears(&mut self, slot: u32, members: MemberMessage, ctx: &mut Ctx<'_, Self>) {
        if !self.environment.node(members.name.to).up {
            return self.message_lost(slot, Loss::Dead, ctx);
        }
        if self.stands_still(members.name.to) {
            return self.put_aside(members.name.to, NONE, News::Message(slot), ctx);
        }
        if !members.is_to_itself() {
            self.meter.messages.arrived += 1;
        }
        let message = self.open(slot).expect("members say something to each other");
        self.say(&message, ctx);
        ctx.record(&Record::MemberHeard(members.name));
        for (instance, message) in with_copies(self.hearers(members), message) {
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_message(memory, members.from, message, turn));
        }
    }

    /// What is said between a caller and a member reaches whoever it is for.
    pub(super) fn hear(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let Address::Call(call) = self.envelopes[slot].address else { unreachable!("only a message of a call is heard by a caller") };
        let is_wrong = self.envelopes[slot].is_wrong;
        let message = self.open(slot);
        if is_wrong {
            // Whatever a caller makes of what it hears or is done for it rests on that, unless its session says otherwise.
            self.attempts[call.attempt].is_wrong = true;
            self.misled.entry(call.attempt).or_default().insert(call.member);
        }
        if call.to_caller { self.caller_hears(call, message, ctx) } else { self.member_is_asked(call, message, ctx) }
    }

    fn caller_hears(&mut self, call: CallMessage, message: Result<P::Message, Failure>, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[call.attempt];
        if !attempt.is_waited_for || attempt.phase == Phase::Done {
            return self.end_if_silent(call.attempt);
        }
        if ctx.is_watched() {
            self.note_reply(call, &message, ctx);
        }
        let answer = match message {
            Ok(message) => self.session_turn(call.attempt, ctx, |world, turn| {
                let session = world.session.as_mut().expect("an attempt that talks has a session");
                world.protocol.on_answer(session, call.member, message, turn)
            }),
            Err(failure) => self.session_turn(call.attempt, ctx, |world, turn| {
                let session = world.session.as_mut().expect("an attempt that talks has a session");
                world.protocol.on_refusal(session, call.member, failure, turn)
            }),
        };
        let rests_on = std::mem::take(&mut self.orders.rests_on);
        if let Some(outcome) = answer {
            self.orders.sent.clear();
            let attempt = &mut self.attempts[call.attempt];
            attempt.outcome = outcome;
            if attempt.is_wrong && !rests_on.is_empty() {
                // Of several who say the same one may be honest, and then so is what they say.
                let misled = self.misled.get(&call.attempt);
                attempt.is_wrong = misled.is_some_and(|misled| rests_on.iter().all(|member| misled.contains(member)));
            }
            return self.deliver(call.attempt, ctx);
        }
        self.post(call.attempt, ctx);
    }

    /// Who looks is told of every answer, and not only of the one that was enough.
    #[cold]
    fn note_reply(&self, call: CallMessage, message: &Result<P::Message, Failure>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Ok(message) => self.say(message, ctx),
            Err(failure) => ctx.say(&failure.name()),
        }
        ctx.note(&Record::Replied(self.attempts[call.attempt].name, self.node_of(call.member)));
    }

    /// What a message says is told to who looks, before the record that is about it.
    #[inline]
    pub(super) fn say(&self, message: &P::Message, ctx: &mut Ctx<'_, Self>) {
        if ctx.is_watched() {
            ctx.say(&Words(&self.protocol, message));
        }
    }

    fn member_is_asked(&mut self, call: CallMessage, message: Result<P::Message, Failure>, ctx: &mut Ctx<'_, Self>) {
        let (slot, member) = (call.attempt, call.member);
        let (name, node) = (self.attempts[slot].name, self.node_of(member));
        let condition = self.environment.node(node);
        if condition.up && !condition.drains {
            let message = message.expect("only callers are told that nobody listens");
            self.say(&message, ctx);
            ctx.record(&Record::Started(name, node));
            // The caller's attempt is not over while its message is handled.
            self.attempts[slot].references += 1;
            for (instance, message) in with_copies(self.reached(member, self.attempts[slot].caller), message) {
                self.take_turn(instance, slot, ctx, |protocol, memory, turn| protocol.on_request(memory, message, turn));
            }
            self.attempts[slot].references -= 1;
        } else {
            ctx.record(&Record::Answered(name, node, Outcome::Failed(Failure::Refused)));
            self.send_envelope(Envelope::to_caller(slot, member, Err(Failure::Refused)), ctx);
        }
        self.end_if_silent(slot);
    }

    /// An attempt of which no message is under way any more is over: nobody will ever hear of it again.
    pub(super) fn end_if_silent(&mut self, slot: u32) {
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

/// A message for everybody who hears it: as a rule one, who gets the message itself.
fn with_copies<M: Clone>(hearers: impl Iterator<Item = u32>, message: M) -> impl Iterator<Item = (u32, M)> {
    let (mut hearers, mut message) = (hearers.peekable(), Some(message));
    std::iter::from_fn(move || {
        let instance = hearers.next()?;
        let copy = if hearers.peek().is_some() { message.clone() } else { message.take() };
        copy.map(|copy| (instance, copy))
    })
}

/// A message in the words of its protocol.
pub(super) struct Words<'a, P: Protocol>(pub(super) &'a P, pub(super) &'a P::Message);

impl<P: Protocol> fmt::Display for Words<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.words(self.1, f)
    }
}

/// What a caller's turn may touch.
struct SessionWorld<'a, P: Protocol> {
    protocol: &'a P,
    session: Option<&'a mut P::Session>,
}
