//! How do services fetch messages and work on them?
//!
//! Every replica of a consumer has pollers. A poller asks its broker for messages by a call like any other, waits for them, has each
//! worked on by a call to its own replica, for which nothing travels, deletes those on which the work is done, and asks again. A call for
//! a message takes its turn in the replica's queue as a request does. A replica that dies forgets what it fetched; one that stands
//! still or drains asks for nothing (`polling`). The way to the replica's own queue and back is in `inside`.

mod inside;
mod polling;

use super::World;
use crate::brokers::{AfterFailure, Change, ConsumerPlan, Handed};
use crate::call::{GIVES_BACK, NONE, Origin};
use crate::ids::NodeId;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::record::CallName;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// In the slot of an event: the rest is the number of a poller.
pub(super) const POLLER: u32 = 1 << 31;

/// Places of the keys of the calls of a poller.
const SETTLING: Key = Key::named("a message is deleted");
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
