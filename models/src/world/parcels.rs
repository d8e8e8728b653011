//! What becomes of anything that is sent? The one place through which every message goes.
//!
//! Most ways have a delay and independent losses and nothing else, and nothing is wrong with them: a message is one event, and
//! its fate is known when it is sent. Everywhere else it becomes a *parcel*, which is looked after at every leg of its way,
//! when it gets there: lines with a memory, copies, alterations, and whatever faults do to links.

use super::World;
use super::timekeeping::TimeMessage;
use crate::attempt::Phase;
use crate::environment::Letter;
use crate::event::{Kind, WorldEvent};
use crate::ids::RouteId;
use crate::links::{Block, Corruption, Luck};
use crate::outcome::Failure;
use crate::protocols::Protocol;
use crate::record::{Loss, Record};
use crate::topology::{Route, draw_of_leg};
use sim_core::draw::{Draw, Key};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Size;
use std::sync::Arc;

/// What is known of a message when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives after this time, unless a cut begins meanwhile.
    Arrives(SimDuration),
    /// It is lost.
    Lost(Loss),
    /// That depends on what it meets on the way: it must be sent as a parcel.
    Unknown,
}

/// What a parcel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cargo {
    /// The request of an attempt, by slot.
    Request(u32),
    /// The answer of an attempt.
    Reply(u32),
    /// The word that the caller of an attempt has gone.
    Cancel(u32),
    /// A message of a group, by slot.
    Envelope(u32),
    /// A message between a clock and its time server.
    Time(TimeMessage),
}

impl Cargo {
    /// The attempt of which this is a message that decides whether it is over.
    const fn decides(self) -> Option<u32> {
        match self {
            Self::Request(attempt) | Self::Reply(attempt) => Some(attempt),
            Self::Cancel(_) | Self::Envelope(_) | Self::Time(_) => None,
        }
    }
}

/// A message that is looked after at every leg of its way.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) cargo: Cargo,
    route: RouteId,
    /// The way around a cut that was in use when it was sent.
    detour: Option<Arc<Route>>,
    /// The leg it is on.
    leg: u32,
    kind: u8,
    size: Size,
    luck: Luck,
    pub(super) sent: SimTime,
    corruption: Corruption,
    /// What its sender will hear, if a cut turned it back.
    pub(super) turned: Option<Failure>,
    /// Whether it is on its way back.
    pub(super) is_refusal: bool,
    /// Whether it has still to set out on its leg, which a cut keeps it from.
    waits: bool,
}

/// Place of the draws of a copy on the legs after that on which it was made.
const OF_COPY: u64 = 0x3_0000;
/// Place of the draw that alters a message of a protocol.
const ALTERED: u64 = 0x3_0001;

/// What becomes of a message on this way, if no fault interferes.
#[inline(always)]
pub(super) fn fate_on(way: &Route, luck: Luck) -> Fate {
    if !way.is_plain() {
        return Fate::Unknown;
    }
    if way.loss().holds(luck.loss) {
        return Fate::Lost(Loss::Link);
    }
    Fate::Arrives(way.delay(luck.delay))
}

impl<P: Protocol> World<P> {
    /// What becomes of a message on this route that is sent now.
    pub(super) fn dispatch(&mut self, letter: Letter, route: RouteId, luck: Luck) -> Fate {
        if !self.environment.is_calm()
            && let Some(fate) = self.interfered(letter, route)
        {
            self.meter.messages.sent += 1;
            return fate;
        }
        self.pass(route, luck)
    }

    /// What becomes of a message on this route that is sent now, if no fault interferes.
    #[inline(always)]
    pub(super) fn pass(&mut self, route: RouteId, luck: Luck) -> Fate {
        self.meter.messages.sent += 1;
        fate_on(self.plan.topology.route(route), luck)
    }

    /// What faults make of a message that is sent now, if they do anything.
    #[cold]
    fn interfered(&self, letter: Letter, route: RouteId) -> Option<Fate> {
        if self.environment.messages().any()
            && let Some(loss) = self.kept_back(letter)
        {
            return Some(Fate::Lost(loss));
        }
        self.environment.routes().disturbs(route).then_some(Fate::Unknown)
    }

    /// Sends a message whose fate is not known beforehand.
    ///
    /// # Errors
    /// Why it is lost at once; the sender has to see to what follows from that.
    pub(super) fn send_parcel(
        &mut self,
        cargo: Cargo,
        route: RouteId,
        (kind, size): (u8, Size),
        luck: Luck,
        ctx: &mut Ctx<'_, Self>,
    ) -> Result<(), Loss> {
        let detour = self.environment.routes().detour(route).cloned();
        let (sent, corruption) = (ctx.now(), Corruption::None);
        self.enter_leg(
            Parcel { cargo, route, detour, leg: 0, kind, size, luck, sent, corruption, turned: None, is_refusal: false, waits: false },
            ctx,
        )
    }

    /// A parcel is put on the line of its leg.
    fn enter_leg(&mut self, mut parcel: Parcel, ctx: &mut Ctx<'_, Self>) -> Result<(), Loss> {
        let plan = Arc::clone(&self.plan);
        let way = parcel.detour.as_deref().unwrap_or_else(|| plan.topology.route(parcel.route));
        let condition = self.environment.routes().leg(parcel.route, parcel.detour.as_ref(), parcel.leg as usize);
        if let Some(block) = condition.and_then(|condition| condition.blocked) {
            parcel.turned = self.answer_of_cut(&parcel, block.how);
            if parcel.turned.is_none() && !block.holds {
                return Err(Loss::Cut);
            }
            if parcel.turned.is_none() {
                self.hold_parcel(Parcel { waits: true, ..parcel }, ctx.now());
                return Ok(());
            }
        }
        let disturbance = condition.and_then(|condition| condition.disturbance(parcel.kind));
        let line = way.legs()[parcel.leg as usize].line(parcel.kind) as usize;
        let luck = Luck {
            delay: draw_of_leg(parcel.luck.delay, u64::from(parcel.leg)),
            loss: draw_of_leg(parcel.luck.loss, u64::from(parcel.leg)),
        };
        let crossing = plan.topology.lines()[line].cross(&mut self.lines[line], disturbance, ctx.now(), parcel.size, luck)?;
        match (parcel.corruption, crossing.corruption) {
            (Corruption::Detected, _) | (_, Corruption::None) => {}
            (_, corruption) => parcel.corruption = corruption,
        }
        if let Some(at) = crossing.copy.filter(|_| parcel.turned.is_none()) {
            self.meter.messages.copied += 1;
            let copy = self.copy_of(&parcel);
            self.put_on_the_way(copy, at, ctx);
        }
        self.put_on_the_way(parcel, crossing.at, ctx);
        Ok(())
    }

    fn copy_of(&mut self, parcel: &Parcel) -> Parcel {
        let cargo = match parcel.cargo {
            Cargo::Envelope(envelope) => Cargo::Envelope(self.envelopes.insert(self.envelopes[envelope].clone())),
            other => other,
        };
        let luck = Luck { delay: parcel.luck.delay.further(OF_COPY), loss: parcel.luck.loss.further(OF_COPY) };
        Parcel { cargo, luck, ..parcel.clone() }
    }

    pub(super) fn put_on_the_way(&mut self, parcel: Parcel, at: SimTime, ctx: &mut Ctx<'_, Self>) {
        let (key, ordinal) = self.tie_of(parcel.cargo);
        let slot = self.keep(parcel);
        ctx.at(at, WorldEvent::new(Kind::LegDone, key, ordinal, slot));
    }

    /// A cut holds a parcel.
    fn hold_parcel(&mut self, parcel: Parcel, now: SimTime) {
        let ((key, ordinal), place) = (self.tie_of(parcel.cargo), (parcel.route, parcel.detour.clone(), Some(parcel.leg)));
        let slot = self.keep(parcel);
        self.hold(WorldEvent::new(Kind::LegDone, key, ordinal, slot), place, now);
    }

    /// A parcel under way; what it is about is not over before.
    fn keep(&mut self, parcel: Parcel) -> u32 {
        if let Some(attempt) = self.attempt_of(parcel.cargo) {
            self.attempts[attempt].references += 1;
        }
        if let Some(attempt) = parcel.cargo.decides() {
            self.attempts[attempt].pending += 1;
        }
        self.parcels.insert(parcel)
    }

    /// The attempt on whose behalf something travels, if there is one.
    pub(super) fn attempt_of(&self, cargo: Cargo) -> Option<u32> {
        match cargo {
            Cargo::Request(attempt) | Cargo::Reply(attempt) | Cargo::Cancel(attempt) => Some(attempt),
            Cargo::Envelope(envelope) => self.envelopes[envelope].attempt(),
            Cargo::Time(_) => None,
        }
    }

    /// Whose events those of a parcel are.
    fn tie_of(&self, cargo: Cargo) -> (Key, u32) {
        match cargo {
            Cargo::Request(attempt) | Cargo::Reply(attempt) | Cargo::Cancel(attempt) => {
                let name = self.attempts[attempt].name;
                (name.call.key, name.number)
            }
            Cargo::Envelope(envelope) => self.tie_of_envelope(envelope),
            Cargo::Time(message) => (Key::default(), message.node.0),
        }
    }

    /// A parcel reaches the end of a leg.
    pub(super) fn leg_done(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let mut parcel = self.parcels[slot].clone();
        self.parcels.release(slot);
        if let Some(attempt) = self.attempt_of(parcel.cargo) {
            self.attempts[attempt].references -= 1;
        }
        if let Some(attempt) = parcel.cargo.decides() {
            self.attempts[attempt].pending -= 1;
        }
        if parcel.is_refusal {
            return self.refusal_arrives(&parcel, ctx);
        }
        if parcel.turned.is_some() {
            return self.turn_back(parcel, ctx);
        }
        if !parcel.waits {
            let condition = self.environment.routes().leg(parcel.route, parcel.detour.as_ref(), parcel.leg as usize);
            match condition.and_then(|condition| condition.blocked) {
                Some(Block { holds: true, .. }) => return self.hold_parcel(parcel, ctx.now()),
                Some(_) => return self.parcel_lost(&parcel, Loss::Cut, ctx),
                None => parcel.leg += 1,
            }
        }
        parcel.waits = false;
        let legs = parcel.detour.as_deref().unwrap_or_else(|| self.plan.topology.route(parcel.route)).legs().len();
        if (parcel.leg as usize) < legs {
            if let Err(loss) = self.enter_leg(parcel.clone(), ctx) {
                self.parcel_lost(&parcel, loss, ctx);
            }
            return;
        }
        self.parcel_arrives(&parcel, ctx);
    }

    fn parcel_arrives(&mut self, parcel: &Parcel, ctx: &mut Ctx<'_, Self>) {
        let corruption = match (parcel.corruption, parcel.cargo) {
            // Nobody understands a cancel word that is not one, and a time server's answer has a checksum of its own.
            (Corruption::Undetected, Cargo::Cancel(_) | Cargo::Time(_)) => Corruption::Detected,
            (Corruption::Undetected, Cargo::Envelope(envelope)) if !self.alter(envelope, parcel.luck.loss) => Corruption::Detected,
            (corruption, _) => corruption,
        };
        if corruption == Corruption::Detected {
            return self.parcel_lost(parcel, Loss::Corrupt, ctx);
        }
        if let Some(loss) = self.swallowed(self.letter_of(parcel)) {
            return self.parcel_lost(parcel, loss, ctx);
        }
        if corruption == Corruption::Undetected {
            self.meter.messages.altered += 1;
            self.record_altered(parcel.cargo, ctx);
        }
        match parcel.cargo {
            Cargo::Request(slot) => {
                let slot = self.arrival_of(slot);
                self.attempts[slot].is_wrong |= corruption == Corruption::Undetected;
                self.request_reaches(slot, ctx);
            }
            Cargo::Reply(slot) => self.reply_reaches(slot, corruption == Corruption::Undetected, ctx),
            Cargo::Cancel(slot) => self.cancel_reaches(slot, ctx),
            Cargo::Envelope(envelope) => self.message_reaches(envelope, ctx),
            Cargo::Time(message) => self.time_message_reaches(message, ctx),
        }
    }

    fn record_altered(&self, cargo: Cargo, ctx: &mut Ctx<'_, Self>) {
        if let Some(attempt) = self.attempt_of(cargo) {
            return ctx.record(&Record::Altered(self.attempts[attempt].name, self.attempts[attempt].node));
        }
        if let Cargo::Envelope(envelope) = cargo
            && let Some(members) = self.envelopes[envelope].members()
        {
            ctx.record(&Record::MemberMisheard(members.name));
        }
    }

    fn letter_of(&self, parcel: &Parcel) -> Letter {
        match parcel.cargo {
            Cargo::Request(attempt) | Cargo::Cancel(attempt) => self.attempts[attempt].asks(parcel.kind),
            Cargo::Reply(attempt) => self.attempts[attempt].answers(parcel.kind),
            Cargo::Envelope(envelope) => self.letter_of_envelope(envelope, parcel.kind),
            Cargo::Time(message) => self.letter_of_time(message),
        }
    }

    /// Alters what a member or a caller says; answers whether anybody could take it for something that was said.
    fn alter(&mut self, envelope: u32, luck: Draw) -> bool {
        let Ok(message) = &self.envelopes[envelope].message else { return false };
        match self.protocol.corrupt(message, luck.further(ALTERED)) {
            Some(altered) => {
                self.envelopes[envelope].message = Ok(altered);
                self.envelopes[envelope].is_wrong = true;
                true
            }
            None => false,
        }
    }

    fn parcel_lost(&mut self, parcel: &Parcel, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        match parcel.cargo {
            Cargo::Request(slot) | Cargo::Reply(slot) => {
                let attempt = &self.attempts[slot];
                let was_last = match parcel.cargo {
                    Cargo::Request(_) => attempt.phase == Phase::Requesting,
                    _ => attempt.phase == Phase::Replying,
                };
                // As long as another copy of it is under way, it may still come.
                if was_last && attempt.pending == 0 {
                    return self.lose(slot, loss, ctx);
                }
                self.meter.messages.lost(loss);
                ctx.record(&Record::Dropped(attempt.name, attempt.node, loss));
                if was_last && parcel.cargo == Cargo::Reply(slot) {
                    self.attempts[slot].phase = Phase::Settled;
                }
                self.settle(slot);
            }
            Cargo::Cancel(slot) => {
                self.meter.messages.lost(loss);
                self.forget_attempt(slot);
            }
            Cargo::Envelope(envelope) => self.message_lost(envelope, loss, ctx),
            Cargo::Time(_) => self.meter.messages.lost(loss),
        }
    }
}
