//! What is a message of a group, and how does it travel?

use super::World;
use super::members::MemberMessage;
use super::parcels::{Cargo, Fate};
use crate::attempt::Phase;
use crate::environment::{Conduct, Letter, Reach};
use crate::event::{Kind, WorldEvent};
use crate::ids::RouteId;
use crate::links::{Luck, SIZE_OF_A_WORD};
use crate::outcome::Failure;
use crate::protocols::{Lie, Protocol, To, Verdict};
use crate::record::{Loss, Record};
use crate::services::News;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::units::Size;

/// Place of the draw by which a dishonest member alters a message.
const LIE: u64 = 0x9_0000;

/// A message of a group's protocol on its way.
#[derive(Clone, Debug)]
pub(super) struct Envelope<M> {
    pub(super) address: Address,
    /// What is said, or why nothing is: the machine of a dead member answers that nobody listens, or a cut turned it back.
    pub(super) message: Result<M, Failure>,
    /// Whether it is not what its sender should have said, or has said.
    pub(super) is_wrong: bool,
}

/// Between whom it travels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Address {
    /// A caller and a member.
    Call(CallMessage),
    /// Two members.
    Members(MemberMessage),
}

/// A message between a caller and a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallMessage {
    /// The attempt on whose behalf it travels.
    pub(super) attempt: u32,
    /// The member it goes to, or comes from.
    pub(super) member: u32,
    /// Whether it goes to the caller.
    pub(super) to_caller: bool,
    /// The how-manieth message of the attempt it is; known when it is sent.
    pub(super) ordinal: u64,
}

impl<M> Envelope<M> {
    /// A message of a caller to a member.
    pub(super) const fn to_member(attempt: u32, member: u32, message: M) -> Self {
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

impl<P: Protocol> World<P> {
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
    pub(super) fn drop_envelope(&mut self, slot: u32, loss: Loss, ctx: &mut Ctx<'_, Self>) {
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
            let lost = &self.attempts[attempt];
            if lost.references == 0 && lost.phase != Phase::Done {
                self.is_unheard(attempt, lost.node, ctx);
            }
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
            return self.put_aside(receiver, call.attempt, News::Message(slot), ctx);
        }
        self.meter.messages.arrived += 1;
        self.hear(slot, ctx);
    }

    /// Takes a message out of its envelope.
    pub(super) fn open(&mut self, slot: u32) -> Result<P::Message, Failure> {
        let message = std::mem::replace(&mut self.envelopes[slot].message, Err(Failure::Refused));
        self.envelopes.release(slot);
        message
    }
}
