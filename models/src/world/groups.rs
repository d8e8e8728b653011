//! How do callers and the members of a group talk?

use super::World;
use super::members::MemberMessage;
use super::parcels::{Cargo, Fate};
use crate::attempt::Phase;
use crate::call::NONE;
use crate::environment::{Conduct, Letter, Reach};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, RouteId};
use crate::links::{Luck, SIZE_OF_A_WORD};
use crate::outcome::{Failure, Outcome};
use crate::plan::INSIDE;
use crate::protocols::{Lie, Protocol, Speaker, To, Turn, Verdict};
use crate::record::{Loss, Record};
use crate::services::News;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::units::Size;

/// A message of a group's protocol on its way.
#[derive(Clone, Debug)]
pub(super) struct Envelope<M> {
    address: Address,
    /// What is said, or why nothing is: the machine of a dead member answers that nobody listens, or a cut turned it back.
    pub(super) message: Result<M, Failure>,
    /// Whether it is not what its sender should have said, or has said.
    pub(super) is_wrong: bool,
}

/// Between whom it travels.
#[derive(Clone, Copy, Debug)]
enum Address {
    /// A caller and a member.
    Call(CallMessage),
    /// Two members.
    Members(MemberMessage),
}

/// A message between a caller and a member.
#[derive(Clone, Copy, Debug)]
struct CallMessage {
    /// The attempt on whose behalf it travels.
    attempt: u32,
    /// The member it goes to, or comes from.
    member: u32,
    /// Whether it goes to the caller.
    to_caller: bool,
    /// The how-manieth message of the attempt it is; known when it is sent.
    ordinal: u64,
}

impl<M> Envelope<M> {
    /// A message of a caller to a member.
    const fn to_member(attempt: u32, member: u32, message: M) -> Self {
        Self {
            address: Address::Call(CallMessage { attempt, member, to_caller: false, ordinal: 0 }),
            message: Ok(message),
            is_wrong: false,
        }
    }

    /// An answer to a caller: of a member, or of its machine that nobody listens.
    pub(super) const fn to_caller(attempt: u32, member: u32, message: Result<M, Failure>) -> Self {
        Self { address: Address::Call(CallMessage { attempt, member, to_caller: true, ordinal: 0 }), message, is_wrong: false }
    }

    /// A message between members.
    pub(super) const fn between(members: MemberMessage, message: M) -> Self {
        Self { address: Address::Members(members), message: Ok(message), is_wrong: false }
    }

    /// The attempt on whose behalf it travels, if there is one.
    pub(super) const fn attempt(&self) -> Option<u32> {
        match self.address {
            Address::Call(call) => Some(call.attempt),
            Address::Members(_) => None,
        }
    }

    /// The two members between whom it travels, if it does.
    pub(super) const fn members(&self) -> Option<MemberMessage> {
        match self.address {
            Address::Call(_) => None,
            Address::Members(members) => Some(members),
        }
    }

    /// Whether it goes from a caller to a member: then a cut that answers tells its sender.
    pub(super) const fn asks(&self) -> bool {
        matches!(self.address, Address::Call(CallMessage { to_caller: false, .. }))
    }

    /// What was asked comes back as an answer: the way is cut.
    pub(super) fn turn_back(&mut self, failure: Failure) {
        if let Address::Call(call) = &mut self.address {
            call.to_caller = true;
        }
        self.message = Err(failure);
    }
}

/// The draws of a session itself, and of messages to the members after the first.
const SESSION: Key = Key::named("session with a group");

impl<P: Protocol> World<P> {
    /// The caller's side of an attempt at a group begins.
    pub(super) fn begin_session(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].routes.0 == INSIDE {
            return self.begin_delivery(slot, ctx);
        }
        self.attempts[slot].phase = Phase::Talking;
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
        let key = attempt.name.call.key.child(SESSION.bits()).child(u64::from(attempt.name.number));
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
            self.send_envelope(Envelope::to_member(slot, member, message), ctx);
        }
        self.orders.sent = sent;
        self.end_if_silent(slot);
    }

    /// The ways between the caller of an attempt and a member.
    fn ways_to(&self, slot: u32, member: u32) -> (RouteId, RouteId) {
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

    /// Puts a message of the group on its way.
    pub(super) fn put_in_the_post(&mut self, slot: u32, luck: Luck, ctx: &mut Ctx<'_, Self>) {
        let (route, (kind, size)) = (self.route_of_envelope(slot), self.kind_and_size(slot));
        match self.dispatch(self.letter_of_envelope(slot, kind), route, luck) {
            Fate::Arrives(delay) => {
                if let Some(attempt) = self.envelopes[slot].attempt() {
                    self.attempts[attempt].references += 1;
                }
                let (key, ordinal) = self.tie_of_envelope(slot);
                ctx.after(delay, WorldEvent::new(Kind::Message, key, ordinal, slot));
            }
            Fate::Lost(loss) => self.drop_envelope(slot, loss, ctx),
            Fate::Unknown => {
                if let Err(loss) = self.send_parcel(Cargo::Envelope(slot), route, (kind, size), luck, ctx) {
                    self.drop_envelope(slot, loss, ctx);
                }
            }
        }
    }

    /// Whose events those of a message are.
    pub(super) fn tie_of_envelope(&self, slot: u32) -> (Key, u32) {
        match self.envelopes[slot].address {
            Address::Call(call) => {
                let name = self.attempts[call.attempt].name;
                (name.call.key, name.number)
            }
            Address::Members(members) => (self.key_of_member(members.from).child(u64::from(members.to)), members.name.ordinal),
        }
    }

    fn event_of_envelope(&self, slot: u32) -> WorldEvent {
        let (key, ordinal) = self.tie_of_envelope(slot);
        WorldEvent::new(Kind::Message, key, ordinal, slot)
    }

    fn route_of_envelope(&self, slot: u32) -> RouteId {
        match self.envelopes[slot].address {
            Address::Call(call) => {
                let ways = self.ways_to(call.attempt, call.member);
                if call.to_caller { ways.1 } else { ways.0 }
            }
            Address::Members(members) => self.way_between(members),
        }
    }

    /// The number of the kind of a message, and its size.
    fn kind_and_size(&self, slot: u32) -> (u8, Size) {
        let group = self.group();
        match &self.envelopes[slot].message {
            Ok(message) => (group.number_of_kind(P::kind(message)), group.message_size),
            Err(_) => (group.number_of_kind("reply"), SIZE_OF_A_WORD),
        }
    }

    /// A message as faults at its ends see it.
    pub(super) fn letter_of_envelope(&self, slot: u32, kind: u8) -> Letter {
        match self.envelopes[slot].address {
            Address::Call(call) => {
                let (attempt, member) = (&self.attempts[call.attempt], self.node_of(call.member));
                let (from, to) = if call.to_caller { (member, attempt.caller) } else { (attempt.caller, member) };
                // Each message of an attempt has a luck of its own.
                Letter { from, to, kind, luck: attempt.draws.share().further(1 + call.ordinal), reach: attempt.reach }
            }
            Address::Members(MemberMessage { name, luck, .. }) => {
                Letter { from: name.from, to: name.to, kind, luck, reach: Reach::NO_CALL }
            }
        }
    }

    /// Whether a dishonest member does not send what it has to say; if it sends it, it may have altered it.
    pub(super) fn member_withholds(&mut self, slot: u32, member: u32, to: To) -> bool {
        let honest = self.envelopes[slot].message.as_ref().ok().filter(|_| self.remembers).cloned();
        let is_withheld =
            self.environment.messages().any() && self.environment.node(self.node_of(member)).up && self.lies(slot, member, to);
        if let Some(honest) = honest {
            self.members[member as usize].remember(to, honest);
        }
        is_withheld
    }

    /// What a member that may be dishonest makes of what it has to say; whether it does not say it at all.
    fn lies(&mut self, slot: u32, member: u32, to: To) -> bool {
        let letter = self.letter_of_envelope(slot, 0);
        let envelope = &mut self.envelopes[slot];
        let Ok(message) = &mut envelope.message else { return false };
        let (lie, draw) = match self.environment.messages().conduct(letter.from, letter.to, (letter.luck, letter.reach)) {
            Conduct::Honest => return false,
            Conduct::Withheld => return true,
            Conduct::Wrong => (Lie::Wrong, letter.luck.further(LIE)),
            Conduct::Equivocal(draw) => (Lie::Wrong, draw),
            Conduct::Replayed => {
                let draw = letter.luck.further(LIE);
                let Some(old) = self.members[member as usize].remembered(to, message, draw) else { return false };
                (Lie::Old(old), draw)
            }
            Conduct::Forged => {
                if let Address::Members(members) = &mut envelope.address {
                    members.speak_as_another(self.plan.group.as_ref().map_or(0, |group| group.members), letter.luck.further(LIE));
                }
                return false;
            }
        };
        let honest = message.clone();
        let verdict = self.protocol.mutate(lie, message, to, draw);
        envelope.is_wrong |= *message != honest;
        verdict == Verdict::Withhold
    }

    /// A message is lost: its record is given back. Whether that ends the attempt is not asked here.
    fn drop_envelope(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let address = self.envelopes[slot].address;
        self.envelopes.release(slot);
        match address {
            Address::Call(call) => {
                self.meter.messages.lost(loss);
                ctx.record(&Record::Dropped(self.attempts[call.attempt].name, self.node_of(call.member), loss));
            }
            Address::Members(members) => {
                if !members.is_to_itself() {
                    self.meter.messages.lost(loss);
                }
                ctx.record(&Record::MemberMissed(members.name, loss));
            }
        }
    }

    /// A message is lost on its way.
    pub(super) fn message_lost(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let attempt = self.envelopes[slot].attempt();
        self.drop_envelope(slot, loss, ctx);
        if let Some(attempt) = attempt {
            self.end_if_silent(attempt);
        }
    }

    /// A message reaches a member or a caller, unless a cut swallows it.
    pub(super) fn message_arrives(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        match self.envelopes[slot].address {
            Address::Call(call) => self.attempts[call.attempt].references -= 1,
            Address::Members(members) if members.is_to_itself() => return self.member_hears(slot, members, ctx),
            Address::Members(_) => {}
        }
        match self.passes(self.route_of_envelope(slot), |world| world.event_of_envelope(slot), ctx.now()) {
            Ok(true) => {}
            Ok(false) => {
                if let Some(attempt) = self.envelopes[slot].attempt() {
                    self.attempts[attempt].references += 1;
                }
                return;
            }
            Err(loss) => return self.message_lost(slot, loss, ctx),
        }
        if let Some(loss) = self.swallowed(self.letter_of_envelope(slot, self.kind_and_size(slot).0)) {
            return self.message_lost(slot, loss, ctx);
        }
        self.message_reaches(slot, ctx);
    }

    /// A message has reached a member or a caller.
    pub(super) fn message_reaches(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let call = match self.envelopes[slot].address {
            Address::Call(call) => call,
            Address::Members(members) => return self.member_hears(slot, members, ctx),
        };
        let condition = self.environment.node(self.node_of(call.member));
        if !call.to_caller && !condition.up && !condition.refuses {
            return self.message_lost(slot, Loss::Dead, ctx);
        }
        let receiver = if call.to_caller { self.attempts[call.attempt].caller } else { self.node_of(call.member) };
        if self.stands_still(receiver) {
            return self.put_aside(receiver, call.attempt, News::Message(slot));
        }
        self.meter.messages.arrived += 1;
        self.hear(slot, ctx);
    }

    /// A message of a member reaches another.
    fn member_hears(&mut self, slot: u32, members: MemberMessage, ctx: &mut Ctx<'_, Self>) {
        if !self.environment.node(members.name.to).up {
            return self.message_lost(slot, Loss::Dead, ctx);
        }
        if self.stands_still(members.name.to) {
            return self.put_aside(members.name.to, NONE, News::Message(slot));
        }
        if !members.is_to_itself() {
            self.meter.messages.arrived += 1;
        }
        let message = self.open(slot).expect("members say something to each other");
        ctx.record(&Record::MemberHeard(members.name));
        for instance in self.hearers(members) {
            let message = message.clone();
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_message(memory, members.from, message, turn));
        }
    }

    /// Takes a message out of its envelope.
    fn open(&mut self, slot: u32) -> Result<P::Message, Failure> {
        let message = std::mem::replace(&mut self.envelopes[slot].message, Err(Failure::Refused));
        self.envelopes.release(slot);
        message
    }

    /// What is said between a caller and a member reaches whoever it is for.
    pub(super) fn hear(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let Address::Call(call) = self.envelopes[slot].address else { unreachable!("only a message of a call is heard by a caller") };
        let is_wrong = self.envelopes[slot].is_wrong;
        let message = self.open(slot);
        // Whatever a caller makes of what it hears or is done for it rests on that.
        self.attempts[call.attempt].is_wrong |= is_wrong;
        if call.to_caller { self.caller_hears(call, message, ctx) } else { self.member_is_asked(call, message, ctx) }
    }

    fn caller_hears(&mut self, call: CallMessage, message: Result<P::Message, Failure>, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[call.attempt];
        if !attempt.is_waited_for || attempt.phase == Phase::Done {
            return self.end_if_silent(call.attempt);
        }
        let answer = match message {
            Ok(message) => self.session_turn(call.attempt, ctx, |world, turn| {
                let session = world.session.as_mut().expect("an attempt that talks has a session");
                world.protocol.on_answer(session, call.member, message, turn)
            }),
            Err(failure) => Some(Outcome::Failed(failure)),
        };
        if let Some(outcome) = answer {
            self.orders.sent.clear();
            self.attempts[call.attempt].outcome = outcome;
            return self.deliver(call.attempt, ctx);
        }
        self.post(call.attempt, ctx);
    }

    fn member_is_asked(&mut self, call: CallMessage, message: Result<P::Message, Failure>, ctx: &mut Ctx<'_, Self>) {
        let (slot, member) = (call.attempt, call.member);
        let (name, node) = (self.attempts[slot].name, self.node_of(member));
        let condition = self.environment.node(node);
        if condition.up && !condition.drains {
            ctx.record(&Record::Started(name, node));
            let message = message.expect("only callers are told that nobody listens");
            // The caller's attempt is not over while its message is handled.
            self.attempts[slot].references += 1;
            for instance in self.reached(member, self.attempts[slot].caller) {
                let message = message.clone();
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

/// Place of the draw by which a dishonest member alters a message.
const LIE: u64 = 0x9_0000;

/// What a caller's turn may touch.
struct SessionWorld<'a, P: Protocol> {
    protocol: &'a P,
    session: Option<&'a mut P::Session>,
}
