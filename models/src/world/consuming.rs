//! How do services fetch messages and work on them?
//!
//! Every replica of a consumer has pollers. A poller asks its broker for messages by a call like any other, waits for them, has each
//! worked on by a call to its own replica, for which nothing travels, deletes those on which the work is done, and asks again. A call for
//! a message takes its turn in the replica's queue as a request does. A replica that dies forgets what it fetched; one that stands
//! still or drains asks for nothing. When arrivals have ended and its broker keeps nothing, a poller sleeps until something is stored.

use super::World;
use crate::attempt::{BROUGHT, Phase};
use crate::brokers::{AfterFailure, Change, ConsumerPlan, Handed};
use crate::call::{GIVES_BACK, NONE, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::{NodeId, PopulationId};
use crate::outcome::{Failure, Outcome};
use crate::plan::{Callee, INSIDE, Plan};
use crate::protocols::Protocol;
use crate::record::{CallName, FIRST_POLL, Loss, Record};
use crate::services::News;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// In the slot of an event: the rest is the number of a poller.
pub(super) const POLLER: u32 = 1 << 31;

/// Places of the keys of calls for a message, and of the draw that makes it poison.
const SETTLING: Key = Key::named("a message is deleted");
const POISON: Key = Key::named("poison");
const POLLS: Key = Key::named("poll");

/// Whoever fetches messages for one replica, a batch at a time.
#[derive(Clone, Debug)]
pub(super) struct Poller {
    consumer: u32,
    process: u32,
    node: NodeId,
    key: Key,
    made: u32,
    /// When it asks, by the clock of its replica; the end of time while it waits, works, sleeps or is down.
    due: SimTime,
    /// The true instant of the event that is pending, or the end of time.
    armed: SimTime,
    sleeps: bool,
    /// What the answer to its poll has brought.
    brought: Vec<Handed>,
    /// The batch it holds.
    items: Vec<Item>,
}

/// A message that a poller holds.
#[derive(Clone, Copy, Debug)]
struct Item {
    handed: Handed,
    stage: Stage,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Working,
    Settling,
    Over,
}

impl Poller {
    /// All pollers of a plan, in the order of consumers and replicas.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let mut pollers = Vec::new();
        for (index, consumer) in (0..).zip(&plan.consumers) {
            let service = &plan.services[consumer.service as usize];
            for process in 0..service.replicas {
                for number in 0..consumer.pollers {
                    let key = plan.edges[consumer.polls.index()].key.child(POLLS.bits()).child(u64::from(process)).child(u64::from(number));
                    let node = NodeId(service.first.0 + process);
                    let (due, armed) = (SimTime::MAX, SimTime::MAX);
                    let (brought, items) = (Vec::new(), Vec::new());
                    pollers.push(Self { consumer: index, process, node, key, made: 0, due, armed, sleeps: false, brought, items });
                }
            }
        }
        pollers
    }
}

impl<P: Protocol> World<P> {
    pub(super) fn consumer_of(&self, poller: u32) -> &ConsumerPlan {
        &self.plan.consumers[self.brokers.pollers[poller as usize].consumer as usize]
    }

    fn pollers_at(&self, node: NodeId) -> Vec<u32> {
        (0..).zip(&self.brokers.pollers).filter(|(_, poller)| poller.node == node).map(|(poller, _)| poller).collect()
    }

    /// Every poller begins to ask.
    pub(super) fn start_pollers(&mut self, ctx: &mut Ctx<'_, Self>) {
        for poller in 0..self.brokers.pollers.len() as u32 {
            self.poller_asks_in(poller, SimDuration::ZERO, ctx);
        }
    }

    /// A poller asks after a while.
    fn poller_asks_in(&mut self, poller: u32, wait: SimDuration, ctx: &mut Ctx<'_, Self>) {
        let now = self.local(self.brokers.pollers[poller as usize].node, ctx.now());
        self.brokers.pollers[poller as usize].due = now.saturating_add(wait);
        self.arm_poller(poller, ctx);
    }

    fn arm_poller(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let Poller { node, due, armed, key, .. } = self.brokers.pollers[poller as usize];
        if due == SimTime::MAX {
            return;
        }
        let at = self.wake(node, due, ctx.now());
        if at < armed {
            self.brokers.pollers[poller as usize].armed = at;
            ctx.at(at, WorldEvent::new(Kind::Broker, key, 0, POLLER | poller));
        }
    }

    /// The event of a poller comes.
    pub(super) fn poller_due(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let state = &mut self.brokers.pollers[poller as usize];
        if state.armed != ctx.now() {
            return;
        }
        state.armed = SimTime::MAX;
        let (node, due) = (state.node, state.due);
        let condition = self.environment.node(node);
        // What comes due while the replica stands still is seen to when it goes on.
        if due == SimTime::MAX || !condition.up || condition.paused {
            return;
        }
        let drains = condition.drains;
        if self.local(node, ctx.now()) < due {
            return self.arm_poller(poller, ctx);
        }
        if drains {
            let rest = self.consumer_of(poller).rest;
            return self.poller_asks_in(poller, rest, ctx);
        }
        self.poll(poller, ctx);
    }

    fn poll(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let ConsumerPlan { polls: edge, wait, timeout, .. } = *self.consumer_of(poller);
        let state = &mut self.brokers.pollers[poller as usize];
        state.due = SimTime::MAX;
        state.made += 1;
        let Poller { key, made, node, process, .. } = *state;
        let (key, ordinal) = (key.child(u64::from(made)), FIRST_POLL.saturating_add(made - 1));
        let name = CallName { edge, key, client: process, population: PopulationId::default(), ordinal };
        let local = self.local(node, ctx.now());
        let measured = self.meter.call_started(edge, false, ctx.now());
        let slot = self.calls.take();
        let call = &mut self.calls[slot];
        call.begin(name, (Origin::Poll(poller), node), process, (ctx.now(), name.key.bits(), 0), measured);
        (call.started_local, call.limit) = (local, local.saturating_add(wait).saturating_add(timeout));
        ctx.record(&Record::CallStarted(name));
        self.enter(slot, ctx);
    }

    /// What the answer of a broker brings reaches the poller that waits for it.
    #[cold]
    pub(super) fn brings(&mut self, slot: u32) {
        let attempt = &self.attempts[slot];
        let (Origin::Poll(poller), true) = (self.calls[attempt.call].origin, attempt.outcome.is_success()) else { return };
        if attempt.session & BROUGHT != 0 && attempt.session != NONE {
            let batch = self.brokers.batches[attempt.session ^ BROUGHT].clone();
            self.brokers.pollers[poller as usize].brought = batch;
        }
    }

    /// A poll ended.
    pub(super) fn poll_ended(&mut self, poller: u32, (outcome, took): (Outcome, SimDuration), ctx: &mut Ctx<'_, Self>) {
        let ConsumerPlan { backlog, wait, rest, .. } = *self.consumer_of(poller);
        let brought = std::mem::take(&mut self.brokers.pollers[poller as usize].brought);
        if outcome.is_success() && !brought.is_empty() {
            return self.begin_batch(poller, &brought, ctx);
        }
        if ctx.now() >= self.plan.clockwork.end_of_arrivals() && self.brokers.backlogs[backlog as usize].is_empty() {
            self.brokers.pollers[poller as usize].sleeps = true;
            return;
        }
        // What a layer answers in the place of the broker comes at once, and must not be asked for again without an end.
        let waited = outcome.is_success() && !wait.is_zero() && took >= wait;
        self.poller_asks_in(poller, if waited { SimDuration::ZERO } else { rest }, ctx);
    }

    /// Something is stored in a backlog, for which nobody may be awake any more.
    pub(super) fn wake_sleepers(&mut self, backlog: u32, ctx: &mut Ctx<'_, Self>) {
        for poller in 0..self.brokers.pollers.len() as u32 {
            if self.brokers.pollers[poller as usize].sleeps && self.consumer_of(poller).backlog == backlog {
                self.brokers.pollers[poller as usize].sleeps = false;
                self.poller_asks_in(poller, SimDuration::ZERO, ctx);
            }
        }
    }

    /// A poller has fetched messages: each is work, or all are one piece of it.
    fn begin_batch(&mut self, poller: u32, brought: &[Handed], ctx: &mut Ctx<'_, Self>) {
        let items = brought.iter().map(|&handed| Item { handed, stage: Stage::Working });
        self.brokers.pollers[poller as usize].items = items.collect();
        if self.consumer_of(poller).together {
            return self.deliver_message((poller, NONE), brought[0], ctx);
        }
        for (place, &handed) in (0..).zip(brought) {
            self.deliver_message((poller, place), handed, ctx);
        }
    }

    fn deliver_message(&mut self, (poller, place): (u32, u32), handed: Handed, ctx: &mut Ctx<'_, Self>) {
        let Poller { node, process, .. } = self.brokers.pollers[poller as usize];
        let edge = self.consumer_of(poller).deliveries;
        let key = handed.message.key.child(self.plan.edges[edge.index()].key.bits());
        self.start_for_message((edge, key, Origin::Delivery(poller, place)), (node, process), handed, SimTime::MAX, ctx);
    }

    /// An attempt at a message sets out for the queue of its own replica.
    pub(super) fn begin_delivery(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        let Callee::Own(service) = self.plan.edges[attempt.name.call.edge.index()].callee else {
            unreachable!("only what was fetched stays inside")
        };
        attempt.service = service;
        ctx.record(&Record::Sent(attempt.name, attempt.node));
        self.schedule_hand_over(slot, ctx);
    }

    fn schedule_hand_over(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references += 1;
        ctx.after(SimDuration::NANOSECOND, WorldEvent::new(Kind::HandOver, attempt.name.call.key, attempt.name.number, slot));
    }

    /// What was fetched reaches the queue of its replica, or what came of it whoever fetched it.
    pub(super) fn hand_over_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.attempts[slot].references -= 1;
        self.hand_over_inside(slot, ctx);
    }

    pub(super) fn hand_over_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (node, phase) = (self.attempts[slot].node, self.attempts[slot].phase);
        if self.stands_still(node) {
            return self.put_aside(node, slot, News::HandOver);
        }
        match phase {
            Phase::Requesting if !self.environment.node(node).up => self.dies_inside(slot, ctx),
            Phase::Requesting => match self.failed_on_arrival(slot) {
                Some(failure) => {
                    self.servers[node.index()].tally.arrived += 1;
                    self.fail(slot, failure, ctx);
                }
                None => self.receive(slot, ctx),
            },
            Phase::Replying => self.deliver(slot, ctx),
            _ => self.forget_attempt(slot),
        }
    }

    /// The replica that fetched a message died before the message came to its queue.
    fn dies_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let call = attempt.call;
        ctx.record(&Record::Dropped(attempt.name, attempt.node, Loss::Dead));
        self.end_attempt(slot, false);
        self.forget_call(call);
    }

    /// The program of a service that fetches messages has come to its end: a request is answered, the work on a message is over.
    #[cold]
    pub(super) fn work_is_over(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        self.free_worker(slot, ctx);
        if self.attempts[slot].routes.0 == INSIDE {
            let outcome = if self.is_poison(slot) { Outcome::Failed(Failure::ServerError) } else { Outcome::Success };
            return self.answer_inside(slot, outcome, ctx);
        }
        self.answer(slot, Outcome::Success, ctx);
    }

    /// Whether the consumer fails on what this attempt is about.
    fn is_poison(&self, slot: u32) -> bool {
        let Origin::Delivery(poller, place) = self.calls[self.attempts[slot].call].origin else { return false };
        let (poison, items) = (self.consumer_of(poller).poison, &self.brokers.pollers[poller as usize].items);
        let fails = |item: &Item| {
            let edge = self.plan.edges[self.consumer_of(poller).deliveries.index()].key;
            poison.holds(self.seed.draws(item.handed.message.key.child(POISON.bits()).child(edge.bits()), 1).share())
        };
        if place == NONE { items.iter().any(fails) } else { items.get(place as usize).is_some_and(fails) }
    }

    /// What came of an attempt at a message goes back to whoever fetched it.
    #[cold]
    pub(super) fn answer_inside(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let outcome = if self.environment.is_calm() { outcome } else { self.answered_under_faults(slot, outcome) };
        let holds = self.attempts[slot].holds.any();
        let outcome = if holds { self.checks_out(slot, Some(outcome), ctx).unwrap_or(outcome) } else { outcome };
        let attempt = &mut self.attempts[slot];
        attempt.outcome = outcome;
        attempt.phase = Phase::Replying;
        *self.servers[attempt.node.index()].tally.of(outcome) += 1;
        ctx.record(&Record::Answered(attempt.name, attempt.node, outcome));
        self.schedule_hand_over(slot, ctx);
    }

    /// Whoever fetched a message has given its work up.
    pub(super) fn cancel_inside(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].phase == Phase::Done { self.forget_attempt(slot) } else { self.cancel(slot, ctx) }
    }

    /// The work on a message, or on a batch, ended.
    pub(super) fn delivery_ended(&mut self, (poller, place): (u32, u32), (outcome, call): (Outcome, u32), ctx: &mut Ctx<'_, Self>) {
        let attempts = self.calls[call].attempts;
        let count = self.brokers.pollers[poller as usize].items.len() as u32;
        let places = if place == NONE { 0..count } else { place..place + 1 };
        let ConsumerPlan { backlog, after_failure, .. } = *self.consumer_of(poller);
        let local = self.local(self.brokers.pollers[poller as usize].node, ctx.now());
        for place in places.clone() {
            let item = self.brokers.pollers[poller as usize].items[place as usize];
            let kept = &mut self.brokers.backlogs[backlog as usize];
            kept.attempted(item.handed.number, attempts);
            match outcome {
                Outcome::Success => kept.completed(item.handed.number, ctx.now().saturating_since(item.handed.message.produced)),
                Outcome::Failed(failure) => {
                    kept.failed(item.handed.number, failure, local);
                }
            }
            let says = outcome.is_success() || after_failure == AfterFailure::Return;
            self.brokers.pollers[poller as usize].items[place as usize].stage = if says { Stage::Settling } else { Stage::Over };
        }
        for place in places {
            let item = self.brokers.pollers[poller as usize].items[place as usize];
            if item.stage == Stage::Settling {
                self.settle_message(poller, item.handed, outcome.is_success(), ctx);
            }
        }
        self.batch_goes_on(poller, ctx);
    }

    /// A poller tells its broker that it is done with a message, or gives it back.
    fn settle_message(&mut self, poller: u32, handed: Handed, is_done: bool, ctx: &mut Ctx<'_, Self>) {
        let Poller { node, process, .. } = self.brokers.pollers[poller as usize];
        let ConsumerPlan { polls: edge, timeout, .. } = *self.consumer_of(poller);
        let key =
            handed.message.key.child(SETTLING.bits()).child(self.plan.edges[edge.index()].key.bits()).child(u64::from(handed.receipt));
        let limit = self.local(node, ctx.now()).saturating_add(timeout);
        let receipt = if is_done { handed.receipt } else { handed.receipt | GIVES_BACK };
        let of = (edge, key, Origin::Settling(handed.number, receipt));
        self.start_for_message(of, (node, process), Handed { attempts: 0, ..handed }, limit, ctx);
    }

    /// A broker has heard that a message is done, or nobody knows.
    pub(super) fn settling_ended(&mut self, name: CallName, process: u32, (number, receipt): (u32, u32), ctx: &mut Ctx<'_, Self>) {
        let receipt = receipt & !GIVES_BACK;
        for poller in 0..self.brokers.pollers.len() as u32 {
            let consumer = self.consumer_of(poller);
            if consumer.polls != name.edge || self.brokers.pollers[poller as usize].process != process {
                continue;
            }
            let of = |item: &&mut Item| item.handed.number == number && item.handed.receipt == receipt && item.stage == Stage::Settling;
            if let Some(item) = self.brokers.pollers[poller as usize].items.iter_mut().find(of) {
                item.stage = Stage::Over;
                return self.batch_goes_on(poller, ctx);
            }
        }
    }

    /// A poller asks again when all it holds is settled.
    fn batch_goes_on(&mut self, poller: u32, ctx: &mut Ctx<'_, Self>) {
        let items = &mut self.brokers.pollers[poller as usize].items;
        if !items.is_empty() && items.iter().all(|item| item.stage == Stage::Over) {
            items.clear();
            self.poller_asks_in(poller, SimDuration::ZERO, ctx);
        }
    }

    /// The life of a replica ends: its pollers forget what they fetched.
    pub(super) fn pollers_die(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let pollers = self.pollers_at(node);
        if pollers.is_empty() {
            return;
        }
        let is_of_poller = |origin| matches!(origin, Origin::Poll(_) | Origin::Delivery(..) | Origin::Settling(..));
        self.abandon_all(node, is_of_poller, ctx);
        for poller in pollers {
            let state = &mut self.brokers.pollers[poller as usize];
            (state.due, state.sleeps) = (SimTime::MAX, false);
            state.items.clear();
            state.brought.clear();
        }
    }

    /// A replica that was down returns: its pollers begin anew.
    pub(super) fn pollers_return(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for poller in self.pollers_at(node) {
            self.poller_asks_in(poller, SimDuration::ZERO, ctx);
        }
    }

    /// A replica goes on after it stood still, or its clock goes differently: what is due comes.
    pub(super) fn pollers_go_on(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        for poller in self.pollers_at(node) {
            self.arm_poller(poller, ctx);
        }
    }

    /// The writes that the messages tell of that a poller holds.
    pub(super) fn changes_held_by(&self, poller: u32) -> Vec<Change> {
        self.brokers.pollers[poller as usize].items.iter().filter_map(|item| item.handed.message.change).collect()
    }

    /// The reach of a call that is made for a message.
    pub(super) fn reach_of_message(&self, origin: Origin) -> crate::environment::Reach {
        let message = match origin {
            Origin::Delivery(poller, place) => {
                let place = if place == NONE { 0 } else { place as usize };
                self.brokers.pollers[poller as usize].items.get(place).map(|item| item.handed.message)
            }
            Origin::Push(backlog, number) => self.brokers.backlogs[backlog as usize].message(number),
            _ => None,
        };
        message.map_or(crate::environment::Reach::NO_CALL, |message| message.reach)
    }
}
