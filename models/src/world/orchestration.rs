//! Who brings a replica back that has died, and who kills one that is of no use any more?
//!
//! What an orchestrator does is on the ledger of the environment like everything else: a replica that it has not started yet is down because it says
//! so, and one that it has started is renewed, so that what had stopped the process before does not concern it. So faults end when they end,
//! and nothing is undone.
//!
//! A process that dies is noticed at once, as its machine answers for it; a machine that says nothing only after a while. Probes are sent on
//! the machine itself: they meet no links but that of the domain to itself, wait for a worker like any request, and go on while the process
//! stands still.

use super::World;
use super::fleets::{Replica, Stage};
use super::scaling::LOOP;
use crate::environment::{DiskLoss, Effect, NodeEffect};
use crate::event::{Kind, WorldEvent};
use crate::faults::Happening;
use crate::ids::{NodeId, StretchId};
use crate::measure::Reaction;
use crate::protocols::Protocol;
use crate::services::Restarts;
use crate::strategies::health::{Health, KubernetesProbe, ProbeKind, Probed};
use sim_core::draw::Key;
use sim_core::sample::Sampler;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// What an orchestrator has put on the ledger about one node. No fault has stretches of these numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Its process does not run.
    Down = 0,
    /// Its process is another one than before.
    Renewed = 1,
}

const ORDERS: u32 = 1 << 31;

impl Order {
    pub(super) const fn stretch(self, node: NodeId) -> StretchId {
        StretchId(ORDERS | node.0 << 1 | self as u32)
    }
}

/// What may be announced about replicas that are looked after, by name.
pub(crate) const ANNOUNCED: [&str; 5] = ["ReplicaKilled", "ReplicaRestarted", "MachineLost", "ScaledOut", "ScaledIn"];

/// The draws of how long a start takes.
const STARTS: Key = Key::named("start-up");

impl<P: Protocol> World<P> {
    pub(super) fn restarts_of(&self, node: NodeId) -> Option<&Restarts> {
        self.service_at(node).restarts.as_ref().map(|(restarts, _)| &**restarts)
    }

    /// The probe of this kind that asks a replica.
    pub(super) fn probe_of(&self, node: NodeId, kind: ProbeKind) -> KubernetesProbe {
        let restarts = self.restarts_of(node).expect("who is probed by an orchestrator has one");
        restarts.probes().find(|probe| probe.kind == kind).expect("it has a probe of each kind that it sends")
    }

    /// Whether a probe waits until its replica has started up.
    pub(super) fn is_held_back(&self, node: NodeId, kind: ProbeKind) -> bool {
        let place = self.fleets.place(&self.plan, node);
        let has_started = place.is_none_or(|place| self.fleets.replicas[place as usize].has_started);
        if kind == ProbeKind::Startup { has_started } else { !has_started }
    }

    /// Whether a fault has taken away the machine of a node, so that nobody answers for it.
    pub(super) fn machine_is_gone(&self, node: NodeId) -> bool {
        let mut is_gone = false;
        for (stretch, effect) in self.environment.effects_on(node) {
            match effect {
                NodeEffect::Down { refuses: false, .. } if stretch.0 & ORDERS == 0 => is_gone = true,
                NodeEffect::Renewed => is_gone = false,
                _ => {}
            }
        }
        is_gone
    }

    /// Orders begin and end at a node: its condition follows.
    pub(super) fn order(&mut self, node: NodeId, begins: Option<(Order, NodeEffect)>, ends: Option<Order>, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let before = self.environment.node(node).clone();
        if let Some((order, effect)) = begins {
            self.environment.begin(order.stretch(node), 0, &[Effect::Node(node, effect)], &plan.topology);
        }
        if let Some(order) = ends {
            self.environment.end(order.stretch(node), &[Effect::Node(node, NodeEffect::Renewed)], &plan.topology);
        }
        self.condition_changes(node, &before, ctx);
        if self.has_followers() {
            self.followers_change(ctx);
        }
    }

    /// A node is down in another way than before, or from now on: whether its machine answers for it.
    pub(super) fn order_anew(&mut self, node: NodeId, down: NodeEffect, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        let before = self.environment.node(node).clone();
        let orders = [Order::Down, Order::Renewed].map(|order| order.stretch(node));
        orders.iter().for_each(|order| self.environment.end(*order, &[Effect::Node(node, NodeEffect::Renewed)], &plan.topology));
        self.environment.begin(orders[0], 0, &[Effect::Node(node, down)], &plan.topology);
        self.condition_changes(node, &before, ctx);
    }

    /// Something is to be done about a replica at this instant, and nothing of what was to be done before.
    pub(super) fn look_after(&mut self, place: u32, stage: Stage, due: SimTime, ctx: &mut Ctx<'_, Self>) {
        let due = due.max(ctx.now().saturating_add(SimDuration::NANOSECOND));
        let replica = &mut self.fleets.replicas[place as usize];
        (replica.stage, replica.due) = (stage, due);
        let key = Key::named(&self.plan.nodes[replica.node.index()].name);
        ctx.at(due, WorldEvent::new(Kind::Orchestration, key, 0, place));
    }

    /// The life of a replica has ended, for whatever reason: whoever looks after it begins to.
    pub(super) fn replica_died(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(place) = self.fleets.place(&self.plan, node) else { return };
        match self.fleets.replicas[place as usize].stage {
            Stage::Leaving => return self.replica_is_gone(place, ctx),
            Stage::Absent => return,
            Stage::Running | Stage::Silent { .. } | Stage::Waiting | Stage::Starting => {}
        }
        let Some(restarts) = self.restarts_of(node) else { return };
        let (backoff, lost_after, now) = (restarts.backoff, restarts.lost_after, ctx.now());
        let replica = &mut self.fleets.replicas[place as usize];
        replica.deaths = backoff.deaths(replica.deaths, now.saturating_since(replica.runs_since));
        let wait = backoff.wait(replica.deaths);
        // What had been renewed has died like any other; it stays down until it is started again.
        let is_ordered = self.environment.effects_on(node).iter().any(|(stretch, _)| *stretch == Order::Down.stretch(node));
        self.order(node, (!is_ordered).then(|| (Order::Down, stopped())), Some(Order::Renewed), ctx);
        if self.machine_is_gone(node) {
            return self.look_after(place, Stage::Silent { is_listed: true }, now.saturating_add(lost_after), ctx);
        }
        self.list(node, false, now);
        self.meter.reactions.reacts(Reaction::ReplicaUnlisted, now);
        self.look_after(place, Stage::Waiting, now.saturating_add(wait), ctx);
    }

    /// The machine of a dead replica answers again: what ran on it is started anew.
    pub(super) fn machine_returns(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(place) = self.fleets.place(&self.plan, node) else { return };
        let replica = &self.fleets.replicas[place as usize];
        let (Stage::Silent { .. }, Some(restarts)) = (replica.stage, self.restarts_of(node)) else { return };
        let wait = restarts.backoff.wait(replica.deaths);
        self.list(node, false, ctx.now());
        self.look_after(place, Stage::Waiting, ctx.now().saturating_add(wait), ctx);
    }

    /// Something is to be done about a replica now, unless that was changed.
    pub(super) fn orchestration_due(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        if place & LOOP != 0 {
            return self.loop_looks(place ^ LOOP, ctx);
        }
        let Replica { node, stage, moves, due, .. } = self.fleets.replicas[place as usize];
        if due != ctx.now() {
            return;
        }
        match stage {
            Stage::Waiting | Stage::Starting if self.machine_is_gone(node) && !moves => self.machine_is_silent(place, ctx),
            Stage::Waiting => self.restart(place, ctx),
            Stage::Starting => self.replica_runs(place, ctx),
            Stage::Silent { is_listed: true } => {
                self.list(node, false, ctx.now());
                self.announce_replica(node, "MachineLost", "machines taken for lost", ctx);
                let replaced_after = self.restarts_of(node).map_or(SimDuration::ZERO, |restarts| restarts.replaced_after);
                self.look_after(place, Stage::Silent { is_listed: false }, ctx.now().saturating_add(replaced_after), ctx);
            }
            Stage::Silent { is_listed: false } => self.replace(place, ctx),
            Stage::Leaving => self.replica_is_gone(place, ctx),
            Stage::Running | Stage::Absent => {}
        }
    }

    /// The machine on which a replica was to be started has gone meanwhile.
    fn machine_is_silent(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        let Replica { node, service, .. } = self.fleets.replicas[place as usize];
        match self.restarts_of(node).map(|restarts| restarts.lost_after) {
            Some(lost_after) => self.look_after(place, Stage::Silent { is_listed: false }, ctx.now().saturating_add(lost_after), ctx),
            // Nobody looks after it: whoever wanted it takes another one.
            None => {
                self.replica_is_gone(place, ctx);
                self.scale_out(service, ctx);
            }
        }
    }

    /// Another machine takes the place of one that says nothing: one of those that stand by, if their number follows the load.
    fn replace(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        let Replica { service, .. } = self.fleets.replicas[place as usize];
        if self.plan.services[service as usize].scales.is_some() && self.has_room(service) {
            self.replica_is_gone(place, ctx);
            return self.scale_out(service, ctx);
        }
        self.fleets.replicas[place as usize].moves = true;
        self.restart(place, ctx);
    }

    fn restart(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.fleets.replicas[place as usize].node;
        let takes = self.restarts_of(node).expect("who is started again is looked after").start_up.compile();
        self.announce_replica(node, "ReplicaRestarted", "replicas restarted", ctx);
        self.begin_start(place, &takes, ctx);
    }

    /// A process is started.
    pub(super) fn begin_start(&mut self, place: u32, takes: &Sampler, ctx: &mut Ctx<'_, Self>) {
        let replica = &mut self.fleets.replicas[place as usize];
        replica.starts += 1;
        let (node, starts) = (replica.node, replica.starts);
        let key = Key::named(&self.plan.nodes[node.index()].name).child(STARTS.bits()).child(u64::from(starts));
        let takes = takes.sample(self.seed.draws(key, 0).wait());
        self.look_after(place, Stage::Starting, ctx.now().saturating_add(takes), ctx);
    }

    /// A process that was started listens from now on.
    fn replica_runs(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        let node = self.fleets.replicas[place as usize].node;
        let probes = |has: fn(&Restarts) -> bool| self.restarts_of(node).is_some_and(has);
        let (waits, is_asked) = (probes(|restarts| restarts.startup.is_some()), probes(|restarts| restarts.readiness.is_some()));
        let replica = &mut self.fleets.replicas[place as usize];
        (replica.stage, replica.due, replica.runs_since) = (Stage::Running, SimTime::MAX, ctx.now());
        (replica.moves, replica.has_started) = (false, !waits);
        replica.health = [Health::new(false), Health::new(true), Health::new(true)];
        self.order(node, Some((Order::Renewed, NodeEffect::Renewed)), Some(Order::Down), ctx);
        if !waits && !is_asked {
            self.list(node, true, ctx.now());
        }
    }

    /// A probe on the machine of a replica has ended.
    pub(super) fn replica_probed(&mut self, node: NodeId, kind: ProbeKind, probed: Probed, ctx: &mut Ctx<'_, Self>) {
        let rule = self.probe_of(node, kind);
        let place = self.fleets.place(&self.plan, node).expect("who is probed by an orchestrator is looked after");
        let replica = &mut self.fleets.replicas[place as usize];
        let stage = replica.stage;
        let health = &mut replica.health[kind as usize];
        let has_changed = rule.probed(health, probed);
        let is_well = health.is_well();
        match kind {
            ProbeKind::Startup if probed == Probed::Well => {
                replica.has_started = true;
                self.probers_are_let_go(node, ctx);
                if stage == Stage::Running && self.restarts_of(node).is_some_and(|restarts| restarts.readiness.is_none()) {
                    self.list(node, true, ctx.now());
                }
            }
            // Who is to leave is not listed again.
            ProbeKind::Readiness if has_changed && (!is_well || stage == Stage::Running) => {
                if !is_well {
                    self.meter.reactions.reacts(Reaction::ReplicaUnlisted, ctx.now());
                }
                self.list(node, is_well, ctx.now());
            }
            ProbeKind::Startup | ProbeKind::Liveness if has_changed && !is_well => self.kill(node, ctx),
            ProbeKind::Startup | ProbeKind::Liveness | ProbeKind::Readiness => {}
        }
    }

    /// A replica is of no use any more.
    fn kill(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        self.announce_replica(node, "ReplicaKilled", "replicas killed", ctx);
        self.order(node, Some((Order::Down, stopped())), None, ctx);
    }

    pub(super) fn announce_replica(&mut self, node: NodeId, what: &'static str, counted: &'static str, ctx: &mut Ctx<'_, Self>) {
        let starts = self.fleets.place(&self.plan, node).map_or(0, |place| self.fleets.replicas[place as usize].starts);
        self.observations.count(counted, 1);
        self.tells(node, what, i64::from(starts), ctx);
        self.happens(Happening::Announced(what), ctx);
    }
}

/// A process that does not run, on a machine that says so.
pub(super) const fn stopped() -> NodeEffect {
    NodeEffect::Down { refuses: true, disk: DiskLoss::Kept }
}
