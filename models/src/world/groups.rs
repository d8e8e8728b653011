//! How do callers and the members of a group talk?

use super::World;
use super::members::Letter;
use crate::attempt::Phase;
use crate::call::NONE;
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, RouteId};
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Protocol, Speaker, To, Turn};
use crate::record::{Loss, Record};
use sim_core::draw::{Draw, Key};
use sim_core::simulation::Ctx;

/// A message of a group's protocol on its way.
#[derive(Clone, Debug)]
pub(super) struct Envelope<M> {
    address: Address,
    /// What is said; nothing when the machine of a dead member answers that nobody listens.
    message: Option<M>,
}

/// Between whom it travels.
#[derive(Clone, Copy, Debug)]
enum Address {
    /// A caller and a member.
    Call {
        /// The attempt on whose behalf it travels.
        attempt: u32,
        /// The member it goes to, or comes from.
        member: u32,
        /// Whether it goes to the caller.
        to_caller: bool,
    },
    /// Two members.
    Letter(Letter),
}

impl<M> Envelope<M> {
    /// An answer of a member to a caller.
    pub(super) const fn to_caller(attempt: u32, member: u32, message: M) -> Self {
        Self { address: Address::Call { attempt, member, to_caller: true }, message: Some(message) }
    }

    /// A message between members.
    pub(super) const fn letter(letter: Letter, message: M) -> Self {
        Self { address: Address::Letter(letter), message: Some(message) }
    }
}

/// The draws of a session itself, and of messages to the members after the first.
const SESSION: Key = Key::named("session with a group");

impl<P: Protocol> World<P> {
    /// The caller's side of an attempt at a group begins.
    pub(super) fn begin_session(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].phase = Phase::Talking;
        let session = self.session_turn(slot, ctx, |world, turn| world.protocol.begin(turn));
        self.attempts[slot].session = self.sessions.insert(session);
        // Whom it speaks to first is whom the attempt went to.
        let first = self.orders.sent.iter().find_map(|(to, _)| if let To::Member(member) = to { Some(*member) } else { None });
        let (name, node) = (self.attempts[slot].name, self.node_of(first.unwrap_or(0)));
        self.attempts[slot].node = node;
        ctx.record(&Record::Sent(name, node));
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
        let (call, session) = (attempt.call, attempt.session);
        let key = attempt.name.call.key.child(SESSION.bits()).child(u64::from(attempt.name.number));
        let caller = self.caller_of(call);
        let reading = self.reading(caller, ctx.now());
        let mut orders = std::mem::take(&mut self.orders);
        let answer = {
            let session = if session == NONE { None } else { Some(&mut self.sessions[session]) };
            let mut world = SessionWorld { protocol: &self.protocol, session };
            act(&mut world, &mut Turn::new(reading, &self.seed, key, None, &mut orders))
        };
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
            let address = Address::Call { attempt: slot, member, to_caller: false };
            self.send_envelope(Envelope { address, message: Some(message) }, ctx);
        }
        self.orders.sent = sent;
        self.end_if_silent(slot);
    }

    /// The ways between the caller of an attempt and a member.
    fn ways_to(&self, slot: u32, member: u32) -> (RouteId, RouteId) {
        let attempt = &self.attempts[slot];
        if member == 0 {
            return attempt.routes;
        }
        let domain = |node: NodeId| self.plan.nodes[node.index()].domain;
        let edge = &self.plan.edges[attempt.name.call.edge.index()];
        edge.routes(domain(self.caller_of(attempt.call)), domain(self.node_of(member)))
    }

    pub(super) fn send_envelope(&mut self, envelope: Envelope<P::Message>, ctx: &mut Ctx<'_, Self>) {
        let Address::Call { attempt: slot, member, to_caller } = envelope.address else { unreachable!("letters are sent by members") };
        let ways = self.ways_to(slot, member);
        let (route, delay, loss) = self.luck(slot, member, to_caller, ways);
        let attempt = &mut self.attempts[slot];
        let way = self.plan.topology.route(route);
        let lost = if self.environment.is_blocked(route) { Some(Loss::Cut) } else { way.loss().holds(loss).then_some(Loss::Link) };
        if let Some(loss) = lost {
            let node = NodeId(self.plan.group.as_ref().expect("a message of a group").first.0 + member);
            return ctx.record(&Record::Dropped(attempt.name, node, loss));
        }
        attempt.references += 1;
        let (key, number) = (attempt.name.call.key, attempt.name.number);
        let envelope = self.envelopes.insert(envelope);
        ctx.after(way.delay(delay), WorldEvent::new(Kind::Message, key, number, envelope));
    }

    /// The way and the draws of the next message between a caller and a member. The first message each way has the draws of
    /// an ordinary request and reply, each later one further draws; members after the first have blocks of their own.
    fn luck(&mut self, slot: u32, member: u32, to_caller: bool, ways: (RouteId, RouteId)) -> (RouteId, Draw, Draw) {
        let attempt = &mut self.attempts[slot];
        let draws = match member {
            0 => attempt.draws,
            _ => self.seed.draws(attempt.name.call.key.child(SESSION.bits() ^ u64::from(member)), attempt.name.number),
        };
        let (route, delay, loss, count) = if to_caller {
            (ways.1, draws.reply_delay(), draws.reply_loss(), &mut attempt.messages.1)
        } else {
            (ways.0, draws.request_delay(), draws.request_loss(), &mut attempt.messages.0)
        };
        let ordinal = u64::from(*count);
        *count += 1;
        if ordinal == 0 { (route, delay, loss) } else { (route, delay.further(ordinal), loss.further(ordinal)) }
    }

    /// A message reaches a member or a caller.
    pub(super) fn message_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let envelope = &mut self.envelopes[slot];
        let (address, message) = (envelope.address, envelope.message.take());
        self.envelopes.release(slot);
        let (attempt, member, to_caller) = match address {
            Address::Call { attempt, member, to_caller } => (attempt, member, to_caller),
            Address::Letter(letter) => return self.letter_arrives(letter, message.expect("members say something"), ctx),
        };
        self.attempts[attempt].references -= 1;
        let ways = self.ways_to(attempt, member);
        if self.environment.is_blocked(if to_caller { ways.1 } else { ways.0 }) {
            ctx.record(&Record::Dropped(self.attempts[attempt].name, self.node_of(member), Loss::Cut));
            return self.end_if_silent(attempt);
        }
        if to_caller { self.answer_arrives(attempt, member, message, ctx) } else { self.request_reaches(attempt, member, message, ctx) }
    }

    fn answer_arrives(&mut self, slot: u32, member: u32, message: Option<P::Message>, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        if !attempt.is_waited_for || attempt.phase == Phase::Done {
            return self.end_if_silent(slot);
        }
        let answer = match message {
            Some(message) => self.session_turn(slot, ctx, |world, turn| {
                let session = world.session.as_mut().expect("an attempt that talks has a session");
                world.protocol.on_answer(session, member, message, turn)
            }),
            None => Some(Outcome::Failed(Failure::Refused)),
        };
        if let Some(outcome) = answer {
            self.orders.sent.clear();
            self.attempts[slot].outcome = outcome;
            return self.deliver(slot, ctx);
        }
        self.post(slot, ctx);
    }

    fn request_reaches(&mut self, slot: u32, member: u32, message: Option<P::Message>, ctx: &mut Ctx<'_, Self>) {
        let (name, node) = (self.attempts[slot].name, self.node_of(member));
        let condition = self.environment.node(node);
        if condition.up {
            ctx.record(&Record::Started(name, node));
            let message = message.expect("only the machine of a member has nothing to say");
            // The caller's attempt is not over while its message is handled.
            self.attempts[slot].references += 1;
            self.take_turn(member, slot, ctx, |protocol, memory, turn| protocol.on_request(memory, message, turn));
            self.attempts[slot].references -= 1;
        } else if condition.refuses {
            ctx.record(&Record::Answered(name, node, Outcome::Failed(Failure::Refused)));
            let address = Address::Call { attempt: slot, member, to_caller: true };
            self.send_envelope(Envelope { address, message: None }, ctx);
        } else {
            ctx.record(&Record::Dropped(name, node, Loss::Dead));
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

/// What a caller's turn may touch.
struct SessionWorld<'a, P: Protocol> {
    protocol: &'a P,
    session: Option<&'a mut P::Session>,
}
