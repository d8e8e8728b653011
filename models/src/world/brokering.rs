//! What does a broker do with what it is asked, and what does it do by itself?
//!
//! A broker is a node like a replica of a service: requests wait in its queue and take its workers, and faults strike it as any other.
//! What it is asked says who asks: a poll, a deletion, or else a message that is to be stored. By itself it takes messages back whose
//! visibility timeout has lapsed, drops what is too old, lets polls go that have waited long enough, and passes messages on (`pushing`). Its
//! times are those of its own clock; while it stands still nothing is due, and while it is down nothing lapses.

mod pushing;
mod watching;

use super::World;
use super::consuming::{POLLER, Poller};
use crate::attempt::{BROUGHT, Phase};
use crate::brokers::{Backlog, BrokerPlan, Handed, Message, Stored};
use crate::call::{GIVES_BACK, Origin};
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::{Plan, Role};
use crate::pool::Pool;
use crate::protocols::Protocol;
use crate::record::{CallName, Record};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::VecDeque;
use std::sync::Arc;

/// Everything that brokers and consumers remember.
#[derive(Clone, Debug, Default)]
pub(super) struct Brokers {
    states: Vec<BrokerState>,
    /// What is kept, by the numbers of the plan.
    pub(super) backlogs: Vec<Backlog>,
    /// How far the passing on of each backlog has come.
    pushing: Vec<Pushing>,
    pub(super) pollers: Vec<Poller>,
    /// Messages on their way to pollers.
    pub(super) batches: Pool<Vec<Handed>>,
}

/// What a broker remembers besides its backlogs.
#[derive(Clone, Debug)]
struct BrokerState {
    /// Polls for which there was nothing, in the order in which they came.
    parked: VecDeque<Parked>,
    /// The true instant of the event that is pending, or the end of time.
    armed: SimTime,
    /// Messages that no rule was for.
    unrouted: u64,
}

/// A poll that waits.
#[derive(Clone, Copy, Debug)]
struct Parked {
    attempt: u32,
    poller: u32,
    /// Until when, by the broker's clock.
    until: SimTime,
}

/// How far the passing on of a backlog has come.
#[derive(Clone, Copy, Debug, Default)]
struct Pushing {
    under_way: u32,
    /// When the next message may be passed on, by the broker's clock.
    next: SimTime,
}

impl Brokers {
    /// Those of a plan, with nothing stored.
    pub(super) fn of(plan: &Plan) -> Self {
        let state = BrokerState { parked: VecDeque::new(), armed: SimTime::MAX, unrouted: 0 };
        Self {
            states: vec![state; plan.brokers.len()],
            backlogs: vec![Backlog::default(); plan.backlogs.len()],
            pushing: vec![Pushing::default(); plan.backlogs.len()],
            pollers: Poller::all(plan),
            batches: Pool::default(),
        }
    }
}

impl<P: Protocol> World<P> {
    fn broker_at(&self, node: NodeId) -> Option<u32> {
        match self.plan.nodes[node.index()].role {
            Role::Replica(service) => self.plan.services[service as usize].broker,
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    fn broker_plan(&self, broker: u32) -> &BrokerPlan {
        &self.plan.brokers[broker as usize]
    }

    /// A worker of a broker has come to a point at which it is to be decided what is done.
    #[cold]
    pub(super) fn broker_is_asked(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let attempt = &self.attempts[slot];
        let broker = self.plan.services[attempt.service as usize].broker.expect("only brokers are asked this");
        let is_first = attempt.task == 1;
        match self.calls[attempt.call].origin {
            Origin::Poll(poller) => {
                self.free_worker(slot, ctx);
                self.is_polled(broker, (slot, poller), ctx);
            }
            Origin::Settling(number, receipt) => {
                self.free_worker(slot, ctx);
                self.settles(broker, number, receipt, ctx);
                self.answer(slot, Outcome::Success, ctx);
            }
            _ if is_first => match self.would_store(broker, slot, ctx) {
                Stored::Kept => self.go_on(slot, ctx),
                other => self.does_not_store(broker, slot, other, ctx),
            },
            // Others may have filled the last places meanwhile, or brought the same.
            _ => match self.would_store(broker, slot, ctx) {
                Stored::Kept => {
                    self.stores(broker, slot, ctx);
                    self.free_worker(slot, ctx);
                    self.answer(slot, Outcome::Success, ctx);
                }
                other => self.does_not_store(broker, slot, other, ctx),
            },
        }
    }

    /// The message that an attempt brings.
    fn message_of(&self, slot: u32) -> Message {
        let attempt = &self.attempts[slot];
        let call = &self.calls[attempt.call];
        let CallName { key, client, population, ordinal, .. } = call.name;
        let (object, class, produced, reach) = (call.object, call.class, call.started, attempt.reach);
        let change = self.change_told_by(attempt.call);
        Message { key, object, class, client, population, ordinal, produced, reach, change }
    }

    /// What would become of a message: a queue may be full or know it, whoever passes on takes everything.
    fn would_store(&mut self, broker: u32, slot: u32, ctx: &Ctx<'_, Self>) -> Stored {
        let (node, first) = (self.broker_plan(broker).node, self.broker_plan(broker).backlogs.start as usize);
        let local = self.local(node, ctx.now());
        let message = self.message_of(slot);
        self.brokers.backlogs[first].may_store(&self.plan.backlogs[first].rules, &message, local)
    }

    fn does_not_store(&mut self, broker: u32, slot: u32, why: Stored, ctx: &mut Ctx<'_, Self>) {
        let first = self.broker_plan(broker).backlogs.start as usize;
        self.brokers.backlogs[first].count_unstored(why);
        self.free_worker(slot, ctx);
        match why {
            Stored::Full => self.fail(slot, Failure::Overload, ctx),
            Stored::Known | Stored::Kept => self.answer(slot, Outcome::Success, ctx),
        }
    }

    /// A message is stored: once for everybody who is to get it.
    fn stores(&mut self, broker: u32, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let message = self.message_of(slot);
        let wants = |backlog: u32| {
            let classes = &plan.backlogs[backlog as usize].classes;
            classes.is_empty() || classes.contains(&message.class)
        };
        let wanted: Vec<u32> = plan.brokers[broker as usize].backlogs.clone().filter(|&backlog| wants(backlog)).collect();
        self.brokers.states[broker as usize].unrouted += u64::from(wanted.is_empty());
        for backlog in wanted {
            self.puts(backlog, message, ctx);
        }
        self.broker_goes_on(broker, ctx);
    }

    /// A message is put in a backlog.
    fn puts(&mut self, backlog: u32, message: Message, ctx: &mut Ctx<'_, Self>) {
        let plan = &self.plan.backlogs[backlog as usize];
        let node = self.plan.brokers[plan.broker as usize].node;
        let local = self.local(node, ctx.now());
        let rules = self.plan.backlogs[backlog as usize].rules;
        self.brokers.backlogs[backlog as usize].store(&rules, message, (ctx.now(), local));
        self.wake_sleepers(backlog, ctx);
    }

    /// A message is deleted by whoever has its receipt, or given back.
    fn settles(&mut self, broker: u32, number: u32, receipt: u32, ctx: &mut Ctx<'_, Self>) {
        let backlog = self.broker_plan(broker).backlogs.start as usize;
        let rules = self.plan.backlogs[backlog].rules;
        if receipt & GIVES_BACK == 0 {
            self.brokers.backlogs[backlog].delete(&rules, number, receipt);
        } else {
            self.brokers.backlogs[backlog].give_back(&rules, number, receipt ^ GIVES_BACK, None);
        }
        self.broker_goes_on(broker, ctx);
    }

    /// Somebody asks for messages: there are some, or the poll waits.
    fn is_polled(&mut self, broker: u32, (slot, poller): (u32, u32), ctx: &mut Ctx<'_, Self>) {
        let node = self.broker_plan(broker).node;
        let until = self.local(node, ctx.now()).saturating_add(self.consumer_of(poller).wait);
        self.attempts[slot].phase = Phase::Parked;
        self.servers[node.index()].calling.up(ctx.now());
        self.brokers.states[broker as usize].parked.push_back(Parked { attempt: slot, poller, until });
        self.broker_goes_on(broker, ctx);
    }

    /// A poll has got this.
    fn answers_poll(&mut self, parked: Parked, handed: Vec<Handed>, ctx: &mut Ctx<'_, Self>) {
        let node = self.attempts[parked.attempt].node;
        self.servers[node.index()].calling.down(ctx.now());
        if !handed.is_empty() {
            self.attempts[parked.attempt].session = BROUGHT | self.brokers.batches.insert(handed);
        }
        self.answer(parked.attempt, Outcome::Success, ctx);
    }

    /// The word that a caller has gone reaches a broker: its poll is given up. What is to be stored or deleted is, all the same.
    #[cold]
    pub(super) fn cancel_at_broker(&mut self, slot: u32, broker: u32, ctx: &mut Ctx<'_, Self>) {
        if self.attempts[slot].phase == Phase::Parked {
            self.brokers.states[broker as usize].parked.retain(|parked| parked.attempt != slot);
            let node = self.attempts[slot].node;
            self.servers[node.index()].calling.down(ctx.now());
            self.discard(slot, ctx);
        }
    }

    /// Everything that can be done at a broker now is done: time has passed, or something has come.
    fn broker_goes_on(&mut self, broker: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.broker_plan(broker).node;
        let condition = self.environment.node(node);
        if !condition.up || condition.paused {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let local = self.local(node, ctx.now());
        let BrokerPlan { backlogs, dead_letters, .. } = &plan.brokers[broker as usize];
        for backlog in backlogs.clone() {
            let is_pushed = plan.backlogs[backlog as usize].push.is_some();
            let mut expired = Vec::new();
            self.brokers.backlogs[backlog as usize].pass_time(&plan.backlogs[backlog as usize].rules, local, &mut expired);
            // What could not be passed on in its time is a dead letter; what nobody has fetched is gone.
            let dead = if is_pushed { expired } else { Vec::new() };
            self.bury(broker, dead, ctx);
        }
        self.serve_parked(broker, local, ctx);
        for backlog in backlogs.clone().chain(*dead_letters) {
            if plan.backlogs[backlog as usize].push.is_some() {
                let rules = &plan.backlogs[backlog as usize].rules;
                self.brokers.backlogs[backlog as usize].pass_time(rules, local, &mut Vec::new());
                self.pass_on(backlog, local, ctx);
            }
        }
        self.arm_broker(broker, ctx);
    }

    /// Polls that wait get what there is, or hear that there is nothing.
    fn serve_parked(&mut self, broker: u32, local: SimTime, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let backlog = plan.brokers[broker as usize].backlogs.start as usize;
        let rules = &plan.backlogs[backlog].rules;
        while self.brokers.backlogs[backlog].has_ready()
            && let Some(parked) = self.brokers.states[broker as usize].parked.front().copied()
        {
            let mut dead = Vec::new();
            let most = self.consumer_of(parked.poller).batch;
            let handed = self.brokers.backlogs[backlog].take(rules, most, local.saturating_add(rules.visibility), &mut dead);
            self.bury(broker, dead, ctx);
            if !handed.is_empty() {
                self.brokers.states[broker as usize].parked.pop_front();
                self.answers_poll(parked, handed, ctx);
            }
        }
        let (over, waiting) =
            std::mem::take(&mut self.brokers.states[broker as usize].parked).into_iter().partition(|poll| poll.until <= local);
        self.brokers.states[broker as usize].parked = waiting;
        let over: VecDeque<Parked> = over;
        for parked in over {
            self.answers_poll(parked, Vec::new(), ctx);
        }
    }

    /// Messages are dead letters: they go to another broker, or are gone.
    fn bury(&mut self, broker: u32, dead: Vec<Message>, ctx: &mut Ctx<'_, Self>) {
        let BrokerPlan { node, dead_letters, .. } = *self.broker_plan(broker);
        for message in dead {
            self.tells(node, "message dead-lettered", i64::from(message.ordinal), ctx);
            if let Some(backlog) = dead_letters {
                self.puts(backlog, message, ctx);
            }
        }
    }

    /// Makes sure that an event comes no later than the next thing that is due at a broker.
    fn arm_broker(&mut self, broker: u32, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let mut due = self.brokers.states[broker as usize].parked.iter().map(|parked| parked.until).min().unwrap_or(SimTime::MAX);
        let BrokerPlan { backlogs, dead_letters, .. } = &plan.brokers[broker as usize];
        for backlog in backlogs.clone().chain(*dead_letters) {
            let (of, kept, pushing) =
                (&plan.backlogs[backlog as usize], &self.brokers.backlogs[backlog as usize], self.brokers.pushing[backlog as usize]);
            due = due.min(kept.next(&of.rules));
            if of.push.as_ref().is_some_and(|push| pushing.under_way < push.at_once) && kept.has_ready() {
                due = due.min(pushing.next);
            }
        }
        self.arm_broker_by(broker, due, ctx);
    }

    fn arm_broker_by(&mut self, broker: u32, due: SimTime, ctx: &mut Ctx<'_, Self>) {
        if due == SimTime::MAX {
            return;
        }
        let node = self.broker_plan(broker).node;
        let at = self.wake(node, due, ctx.now());
        let state = &mut self.brokers.states[broker as usize];
        if at < state.armed {
            state.armed = at;
            ctx.at(at, WorldEvent::new(Kind::Broker, Key::named(&self.plan.brokers[broker as usize].name), 0, broker));
        }
    }

    /// The event of a broker or a poller comes.
    pub(super) fn broker_due(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        if slot & POLLER != 0 {
            return self.poller_due(slot ^ POLLER, ctx);
        }
        let state = &mut self.brokers.states[slot as usize];
        if state.armed == ctx.now() {
            state.armed = SimTime::MAX;
            self.broker_goes_on(slot, ctx);
        }
    }

    /// The life of a broker ends: polls that wait are gone, what it passed on is nobody's, and messages wait for its return or are lost.
    pub(super) fn broker_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(broker) = self.broker_at(node) else { return };
        let plan = Arc::clone(&self.plan);
        self.brokers.states[broker as usize].parked.clear();
        self.abandon_all(node, |origin| matches!(origin, Origin::Push(..)), ctx);
        let BrokerPlan { backlogs, dead_letters, .. } = &plan.brokers[broker as usize];
        for backlog in backlogs.clone().chain(*dead_letters) {
            self.brokers.backlogs[backlog as usize].crash(&plan.backlogs[backlog as usize].rules);
            self.brokers.pushing[backlog as usize] = Pushing::default();
        }
    }

    /// Calls of a kind that a node made are abandoned.
    pub(super) fn abandon_all(&mut self, node: NodeId, of: impl Fn(Origin) -> bool, ctx: &mut Ctx<'_, Self>) {
        for slot in 0..self.calls.slots().len() as u32 {
            let call = &self.calls[slot];
            if call.is_open && call.caller == node && of(call.origin) {
                ctx.record(&Record::CallAbandoned(call.name));
                self.abandon_call(slot, ctx);
            }
        }
    }

    /// A broker returns, goes on after it stood still, or finds that its clock goes differently.
    pub(super) fn broker_resumes(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if let Some(broker) = self.broker_at(node) {
            self.broker_goes_on(broker, ctx);
        }
    }
}
