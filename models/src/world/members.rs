//! How do members of a group take their turns, talk with each other, and keep their timers?

use super::World;
use super::envelopes::Envelope;
use crate::call::NONE;
use crate::disks::Device;
use crate::event::{Kind, WorldEvent};
use crate::ids::{InstanceId, NodeId, RouteId};
use crate::links::Luck;
use crate::plan::GroupPlan;
use crate::protocols::{Announcement, LOG_LIMIT, Orders, Protocol, Seen, Speaker, To, Truth, Turn};
use crate::record::{Loss, MessageName, Record};
use sim_core::draw::{Draw, Draws, Key, Seed};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// An instance of a member of a group.
#[derive(Clone, Debug)]
pub(super) struct MemberState<P: Protocol> {
    /// Which member it is.
    pub(super) identity: u32,
    /// What it remembers.
    pub(super) memory: P::Member,
    /// Its disk, which holds nothing if it never writes.
    pub(super) device: Device<P::Stored>,
    /// The key of its draws.
    pub(super) key: Key,
    /// Pending timers and when they are due by its monotonic clock, in the order in which they were set.
    pub(super) timers: Vec<(P::Timer, SimTime)>,
    /// The true instant of the timer event that is pending, or `MAX`.
    armed: SimTime,
    /// Whether its first life has begun.
    pub(super) has_started: bool,
    /// Messages sent so far, by receiver and kind.
    sent: BTreeMap<(u32, &'static str), u32>,
    /// The number of the first message of each kind to each other member: messages of twins have numbers of their own.
    pub(super) first_ordinal: u32,
    /// What it said to each member, and to callers, of each kind, the last first; kept only where it may be repeated.
    said: BTreeMap<(Option<u32>, &'static str), VecDeque<P::Message>>,
    /// Whether it runs, or would if its node did.
    pub(super) is_on: bool,
}

impl<P: Protocol> MemberState<P> {
    pub(super) fn new(identity: u32, memory: P::Member, name: &str) -> Self {
        Self {
            identity,
            memory,
            device: Device::default(),
            key: Key::named(name),
            timers: Vec::new(),
            armed: SimTime::MAX,
            has_started: false,
            sent: BTreeMap::new(),
            first_ordinal: 0,
            said: BTreeMap::new(),
            is_on: true,
        }
    }

    /// Keeps what it honestly said.
    pub(super) fn remember(&mut self, to: To, message: P::Message) {
        let said = self.said.entry((peer(to), P::kind(&message))).or_default();
        said.push_front(message);
        said.truncate(MOST_REMEMBERED);
    }

    /// Something it said before, of the kind of this message and to the same member, or to some caller.
    pub(super) fn remembered(&self, to: To, message: &P::Message, draw: Draw) -> Option<&P::Message> {
        let said = self.said.get(&(peer(to), P::kind(message)))?;
        said.get(draw.index(said.len() as u64) as usize)
    }
}

/// A dishonest member repeats one of so many messages: own choice, enough that an old one is really old.
const MOST_REMEMBERED: usize = 16;

/// The member spoken to, if it is not a caller.
const fn peer(to: To) -> Option<u32> {
    match to {
        To::Member(member) => Some(member),
        To::Caller | To::Held(_) => None,
    }
}

/// A message between two members on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberMessage {
    /// Which.
    pub(super) name: MessageName,
    /// Who says that it sent it: the sender of its name, unless that lies.
    pub(super) from: u32,
    /// Whom it is for.
    pub(super) to: u32,
    /// Which instance sent it.
    pub(super) by: u32,
    /// Where faults at its ends draw its luck from.
    pub(super) luck: Draw,
}

impl MemberMessage {
    /// What a member tells itself passes no link, and no fault gets hold of it.
    pub(super) const fn is_to_itself(&self) -> bool {
        self.from == self.to
    }

    /// It is said in the name of another member, drawn evenly among those that neither send nor hear it, if there are any.
    pub(super) fn speak_as_another(&mut self, members: u32, draw: Draw) {
        if members > 2 {
            let (low, high) = (self.from.min(self.to), self.from.max(self.to));
            let other = draw.index(u64::from(members - 2)) as u32;
            let other = other + u32::from(other >= low);
            self.from = other + u32::from(other >= high);
        }
    }
}

/// The draws of messages that belong to no call, of members of the group with this name.
fn draws_of_message(seed: &Seed, group: &GroupPlan, from: u32, to: u32, kind: &'static str, ordinal: u32) -> Draws {
    let pair = Key::named(&group.name).child(u64::from(from) << 32 | u64::from(to));
    seed.draws(pair.child(Key::named(kind).bits()), ordinal)
}

impl<P: Protocol> World<P> {
    pub(super) fn group(&self) -> &GroupPlan {
        self.plan.group.as_ref().expect("a member belongs to a group")
    }

    pub(super) fn node_of(&self, member: u32) -> NodeId {
        NodeId(self.group().first.0 + member)
    }

    /// The node of an instance: that of its identity.
    pub(super) fn node_of_instance(&self, instance: u32) -> NodeId {
        self.node_of(self.members[instance as usize].identity)
    }

    /// All members start a nanosecond after the run.
    pub(super) fn schedule_members(&mut self, ctx: &mut Ctx<'_, Self>) {
        let at = ctx.now().saturating_add(SimDuration::NANOSECOND);
        for (member, state) in (0..).zip(&mut self.members) {
            state.armed = at;
            ctx.at(at, WorldEvent::new(Kind::MemberTimer, state.key, 0, member));
        }
    }

    fn start_member(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        let state = &mut self.members[instance as usize];
        if !std::mem::replace(&mut state.has_started, true) && self.down[state.identity as usize].is_none() {
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_start(memory, turn));
        }
    }

    /// It is the turn of an instance of a member; `attempt` is that of the caller whose message it handles, if it does.
    pub(super) fn take_turn(
        &mut self,
        instance: u32,
        attempt: u32,
        ctx: &mut Ctx<'_, Self>,
        act: impl FnOnce(&P, &mut P::Member, &mut Turn<'_, P>),
    ) {
        let member = self.members[instance as usize].identity;
        let node = self.node_of(member);
        let reading = self.reading(node, ctx.now());
        let mut orders = std::mem::take(&mut self.orders);
        let state = &mut self.members[instance as usize];
        let turn = Turn::new(reading, &self.seed, state.key, Some(member), &mut orders);
        act(&self.protocol, &mut state.memory, &mut turn.with_disk(&state.device.disk));
        if let Some(held) = orders.held.take() {
            debug_assert!(attempt != NONE, "a member holds a caller whose message it handles");
            if attempt != NONE {
                self.attempts[attempt].references += 1;
                self.held.insert(held, (instance, attempt));
            }
        }
        for (to, message) in orders.sent.drain(..) {
            match to {
                To::Caller if attempt == NONE => debug_assert!(false, "there is no caller to answer"),
                To::Caller => self.send_envelope(Envelope::to_caller(attempt, member, Ok(message)), ctx),
                To::Member(to) => self.send_to_member(instance, to, message, ctx),
                To::Held(held) => {
                    if let Some((_, attempt)) = self.held.remove(&held) {
                        self.attempts[attempt].references -= 1;
                        self.send_envelope(Envelope::to_caller(attempt, member, Ok(message)), ctx);
                        self.end_if_silent(attempt);
                    }
                }
            }
        }
        for held in orders.dropped.drain(..) {
            self.drop_held(held);
        }
        if !orders.operations.is_empty() {
            self.note_operations_of_member(instance, &mut orders.operations, ctx);
        }
        self.order_of_disk(instance, &mut orders, ctx);
        self.set_timers(instance, &mut orders, ctx);
        self.make_known(Speaker::Member(member, InstanceId(instance)), node, &mut orders, ctx);
        self.orders = orders;
    }

    pub(super) fn drop_held(&mut self, held: crate::protocols::Held) {
        if let Some((_, attempt)) = self.held.remove(&held) {
            self.attempts[attempt].references -= 1;
            self.end_if_silent(attempt);
        }
    }

    /// Announcements go to the trace and to the witness.
    pub(super) fn make_known(&mut self, by: Speaker, node: NodeId, orders: &mut Orders<P>, ctx: &mut Ctx<'_, Self>) {
        for Announcement { what, value } in orders.announced.drain(..) {
            self.tells(node, what, value, ctx);
            self.announce(what, ctx);
            if what == LOG_LIMIT {
                self.log_is_over_limit(ctx);
            }
            let announcement = Announcement { what, value };
            self.show_witness(Seen::Announced(by, announcement), ctx.now());
            if let Speaker::Member(_, instance) = by {
                let memory = &self.members[instance.index()].memory;
                let first = self.plan.group.as_ref().map_or(NodeId(0), |group| group.first);
                let truth = Truth::new(ctx.now(), &self.down).under(&self.environment, first).after(&self.strayed);
                self.protocol.examine(&mut self.witness, (instance, memory), announcement, &truth, &mut self.observations);
            }
        }
    }

    pub(super) fn show_witness(&mut self, seen: Seen, now: SimTime) {
        let first = self.plan.group.as_ref().map_or(NodeId(0), |group| group.first);
        let truth = Truth::new(now, &self.down).under(&self.environment, first).after(&self.strayed);
        self.protocol.witness(&mut self.witness, seen, &truth, &mut self.observations);
    }

    fn send_to_member(&mut self, by: u32, to: u32, message: P::Message, ctx: &mut Ctx<'_, Self>) {
        let kind = P::kind(&message);
        let state = &mut self.members[by as usize];
        let from = state.identity;
        let count = state.sent.entry((to, kind)).or_insert(state.first_ordinal);
        let ordinal = *count;
        *count += 1;
        let group = self.plan.group.as_ref().expect("a member belongs to a group");
        let name = MessageName { from: NodeId(group.first.0 + from), to: NodeId(group.first.0 + to), kind, ordinal };
        self.say(&message, ctx);
        ctx.record(&Record::MemberSent(name));
        let draws = draws_of_message(&self.seed, group, from, to, kind, ordinal);
        let members = MemberMessage { name, from, to, by, luck: draws.share() };
        let envelope = self.envelopes.insert(Envelope::between(members, message));
        if members.is_to_itself() {
            let (key, ordinal) = self.tie_of_envelope(envelope);
            return ctx.after(SimDuration::NANOSECOND, WorldEvent::new(Kind::Message, key, ordinal, envelope));
        }
        if self.member_withholds(envelope, from, To::Member(to)) {
            self.meter.messages.sent += 1;
            return self.message_lost(envelope, Loss::Omitted, ctx);
        }
        self.put_in_the_post(envelope, Luck { delay: draws.request_delay(), loss: draws.request_loss() }, ctx);
    }

    pub(super) fn key_of_member(&self, member: u32) -> Key {
        self.members[member as usize].key
    }

    /// The way of a message between two members.
    pub(super) fn way_between(&self, members: MemberMessage) -> RouteId {
        let domain = |node: NodeId| self.plan.nodes[node.index()].domain;
        self.group().way(domain(members.name.from), domain(members.name.to))
    }

    fn set_timers(&mut self, instance: u32, orders: &mut Orders<P>, ctx: &mut Ctx<'_, Self>) {
        if orders.timers.is_empty() {
            return;
        }
        if ctx.is_watched() {
            self.promise_timers(instance, orders, ctx);
        }
        let timers = &mut self.members[instance as usize].timers;
        for (timer, due) in orders.timers.drain(..) {
            timers.retain(|(pending, _)| *pending != timer);
            timers.extend(due.map(|due| (timer, due)));
        }
        self.arm_member(instance, ctx);
    }

    /// Tells who follows what led to timers that are set, each of which may share its event with others.
    #[cold]
    fn promise_timers(&self, instance: u32, orders: &Orders<P>, ctx: &mut Ctx<'_, Self>) {
        let (node, key) = (self.node_of_instance(instance), self.members[instance as usize].key);
        for due in orders.timers.iter().filter_map(|(_, due)| *due) {
            let at = self.foreseen(node, due, ctx.now());
            if at < SimTime::MAX {
                ctx.promise(at, &WorldEvent::new(Kind::MemberTimer, key, 0, instance));
            }
        }
    }

    /// Makes sure that an event comes no later than the earliest timer of a member.
    pub(super) fn arm_member(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        let Some(due) = self.members[instance as usize].timers.iter().map(|&(_, due)| due).min() else { return };
        let at = self.wake(self.node_of_instance(instance), due, ctx.now());
        let state = &mut self.members[instance as usize];
        if at < state.armed && at < SimTime::MAX {
            state.armed = at;
            ctx.at(at, WorldEvent::new(Kind::MemberTimer, state.key, 0, instance));
        }
    }

    /// The timer event of a member comes.
    pub(super) fn member_timer(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        if self.members[instance as usize].armed != ctx.now() {
            return;
        }
        self.members[instance as usize].armed = SimTime::MAX;
        // A member that stands still notices nothing; what is due fires when it goes on.
        if !self.stands_still(self.node_of_instance(instance)) {
            self.member_timers_fire(instance, ctx);
        }
    }

    /// Those timers fire that are due by a member's clock, the earliest first.
    pub(super) fn member_timers_fire(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        self.start_member(instance, ctx);
        let node = self.node_of_instance(instance);
        let now = self.local(node, ctx.now());
        // Bounded: a timer that is set in a turn is due a nanosecond later at least, so that each of those pending fires once.
        for _ in 0..self.members[instance as usize].timers.len() {
            let timers = &mut self.members[instance as usize].timers;
            let due = (0..timers.len()).filter(|&index| timers[index].1 <= now).min_by_key(|&index| (timers[index].1, index));
            let Some(due) = due else { break };
            let (timer, _) = timers.remove(due);
            ctx.record(&Record::TimerFired(node));
            self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_timer(memory, timer, turn));
        }
        self.arm_member(instance, ctx);
    }

    /// The life of an instance of a member ends with that of its node: its timers are gone, and whom it held is never answered.
    pub(super) fn member_dies(&mut self, instance: u32, now: SimTime) {
        let state = &mut self.members[instance as usize];
        state.timers.clear();
        state.device.stop();
        self.protocol.on_crash(&mut state.memory);
        let identity = state.identity;
        let held: Vec<_> = self.held.iter().filter(|(_, (by, _))| *by == instance).map(|(held, _)| *held).collect();
        held.into_iter().for_each(|held| self.drop_held(held));
        self.end_operations_of_member(instance, now);
        self.down[identity as usize] = self.down[identity as usize].or(Some(now));
        self.show_witness(Seen::Died(identity, InstanceId(instance)), now);
    }

    /// A new life of an instance of a member begins with that of its node.
    pub(super) fn member_returns(&mut self, instance: u32, ctx: &mut Ctx<'_, Self>) {
        let identity = self.members[instance as usize].identity;
        self.down[identity as usize] = None;
        self.show_witness(Seen::Returned(identity, InstanceId(instance)), ctx.now());
        self.take_turn(instance, NONE, ctx, |protocol, memory, turn| protocol.on_recover(memory, turn));
    }
}
