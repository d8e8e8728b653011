//! How does the number of replicas of a service follow what they have to do?
//!
//! A loop looks at the replicas fifteen times before it decides. Whom it wants more is started on a machine that is there, in the zone that has
//! the fewest; whom it wants no more leaves the list of those that callers may be sent to, answers what still comes for a while, and is
//! gone. A replica that is not there is down on the ledger, because the loop says so.

use super::World;
use super::fleets::{Replica, Stage};
use super::orchestration::{Order, stopped};
use crate::attempt::Phase;
use crate::environment::{DiskLoss, Effect, NodeEffect};
use crate::event::{Kind, WorldEvent};
use crate::faults::WhileDown;
use crate::ids::NodeId;
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::services::{Autoscale, LOOKS, Present, ScalerMemory, Seen, Target};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::sync::Arc;

/// The loop of one service.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    service: u32,
    memory: ScalerMemory,
    seen: Seen,
}

/// The slots of events from here on are those of loops.
pub(super) const LOOP: u32 = 1 << 31;

/// The loops of all services that have one.
pub(super) fn loops_of(plan: &Plan) -> Vec<Loop> {
    let scaled = (0..).zip(&plan.services).filter(|(_, service)| service.scales.is_some());
    scaled.map(|(service, _)| Loop { service, memory: ScalerMemory::default(), seen: Seen::default() }).collect()
}

impl<P: Protocol> World<P> {
    /// Replicas that are not wanted at the begin are not there, and the loops begin to look.
    pub(super) fn start_loops(&mut self, ctx: &mut Ctx<'_, Self>) {
        let plan = Arc::clone(&self.plan);
        for place in 0..self.fleets.replicas.len() {
            let Replica { node, stage, .. } = self.fleets.replicas[place];
            if stage == Stage::Absent {
                let effect = Effect::Node(node, self.absent(node));
                self.environment.begin(Order::Down.stretch(node), 0, &[effect], &plan.topology);
                self.meter.node_changes(node, false, SimTime::ZERO);
            }
        }
        for index in 0..self.fleets.loops.len() as u32 {
            self.look_again(index, ctx);
        }
    }

    fn look_again(&self, index: u32, ctx: &mut Ctx<'_, Self>) {
        let service = self.fleets.loops[index as usize].service;
        let at = ctx.now().saturating_add(self.scaler_of(service).every / u64::from(LOOKS));
        if at < self.plan.clockwork.end_of_arrivals() {
            ctx.at(at, WorldEvent::new(Kind::Orchestration, Key::named(&self.plan.services[service as usize].name), 0, LOOP | index));
        }
    }

    fn scaler_of(&self, service: u32) -> &Autoscale {
        self.plan.services[service as usize].scales.as_ref().expect("a service with a loop scales").loops()
    }

    /// What a node is that is not there.
    fn absent(&self, node: NodeId) -> NodeEffect {
        let gone = self.service_at(node).scales.as_ref().map_or(WhileDown::Silence, |scales| scales.loops().gone);
        NodeEffect::Down { refuses: gone == WhileDown::Refusal, disk: DiskLoss::Kept }
    }

    /// The replicas of a service, by their places.
    fn places_of(&self, service: u32) -> std::ops::Range<usize> {
        let first = self.fleets.first_of(service);
        first..first + self.plan.services[service as usize].replicas as usize
    }

    fn is_ready(&self, replica: &Replica) -> bool {
        replica.stage == Stage::Running && self.environment.node(replica.node).up && self.fleets.is_listed(&self.plan, replica.node)
    }

    /// A loop looks at its replicas, and decides if it has looked often enough.
    pub(super) fn loop_looks(&mut self, index: u32, ctx: &mut Ctx<'_, Self>) {
        let service = self.fleets.loops[index as usize].service;
        let replicas = &self.fleets.replicas[self.places_of(service)];
        let ready: Vec<NodeId> = replicas.iter().filter(|replica| self.is_ready(replica)).map(|replica| replica.node).collect();
        let load = self.load_of(&ready, self.scaler_of(service).target);
        let seen = &mut self.fleets.loops[index as usize].seen;
        *seen = Seen { load: seen.load + load, ready: seen.ready + ready.len() as u64, looks: seen.looks + 1 };
        if seen.looks == u64::from(LOOKS) {
            self.loop_decides(index, ctx);
        }
        self.look_again(index, ctx);
    }

    /// What these replicas, in rising order, have to do now.
    fn load_of(&self, ready: &[NodeId], target: Target) -> u64 {
        let of_servers = |count: fn(&crate::services::Server) -> u32| {
            ready.iter().map(|node| u64::from(count(&self.servers[node.index()]))).sum::<u64>()
        };
        match target {
            Target::Queue(_) => of_servers(|server| server.waiting.count()),
            Target::Occupancy(_) => of_servers(|server| server.busy.count()),
            Target::Utilisation(_) if ready.iter().any(|node| self.shares.contains_key(&node.0)) => self.cores_at_work(ready),
            Target::Utilisation(_) => {
                let works = |attempt: &&crate::attempt::Attempt| {
                    attempt.phase == Phase::Serving && !attempt.is_writing && ready.binary_search(&attempt.node).is_ok()
                };
                self.attempts.slots().iter().filter(works).count() as u64 + self.runs_at(ready)
            }
        }
    }

    fn loop_decides(&mut self, index: u32, ctx: &mut Ctx<'_, Self>) {
        let service = self.fleets.loops[index as usize].service;
        let plan = Arc::clone(&self.plan);
        let scaler = plan.services[service as usize].scales.as_ref().expect("a service with a loop scales").loops();
        let replicas = &self.fleets.replicas[self.places_of(service)];
        let wanted = replicas.iter().filter(|replica| replica.stage.is_wanted()).count() as u32;
        let present = Present { wanted, ready: replicas.iter().filter(|replica| self.is_ready(replica)).count() as u32 };
        let state = &mut self.fleets.loops[index as usize];
        let of_service = &plan.services[service as usize];
        // Workers that share cores are at work as far as these are.
        let can_work = match scaler.target {
            Target::Utilisation(_) => of_service.cores.unwrap_or(of_service.workers),
            Target::Occupancy(_) | Target::Queue(_) => of_service.workers,
        };
        let right = scaler.right(std::mem::take(&mut state.seen), present, can_work);
        let decided = scaler.decide(&mut state.memory, right, wanted, ctx.now());
        for _ in wanted..decided {
            self.scale_out(service, ctx);
        }
        for _ in decided..wanted {
            self.scale_in(service, ctx);
        }
    }

    /// Whether another replica of a service could be started somewhere.
    pub(super) fn has_room(&self, service: u32) -> bool {
        let free = |replica: &Replica| replica.stage == Stage::Absent && !self.machine_is_gone(replica.node);
        self.fleets.replicas[self.places_of(service)].iter().any(free)
    }

    /// One more replica is started, on a machine that is there; nothing happens if there is none.
    pub(super) fn scale_out(&mut self, service: u32, ctx: &mut Ctx<'_, Self>) {
        let zone = |replica: &Replica| self.plan.nodes[replica.node.index()].domain;
        let places = self.places_of(service);
        let in_zone = |domain: u32| {
            let all = &self.fleets.replicas[places.clone()];
            all.iter().filter(|replica| replica.stage.is_wanted() && zone(replica) == domain && !self.machine_is_gone(replica.node)).count()
        };
        let free = |place: &usize| {
            let replica = &self.fleets.replicas[*place];
            replica.stage == Stage::Absent && !self.machine_is_gone(replica.node)
        };
        let Some(place) = places.clone().filter(free).min_by_key(|place| (in_zone(zone(&self.fleets.replicas[*place])), *place)) else {
            return;
        };
        let node = self.fleets.replicas[place].node;
        self.fleets.replicas[place].there_since = ctx.now();
        self.fleets.replicas[place].deaths = 0;
        self.announce_replica(node, "ScaledOut", "replicas added", ctx);
        // From now on there is a machine that says that nobody listens yet.
        self.order_anew(node, stopped(), ctx);
        let start_up = &self.scaler_of(service).start_up.compile();
        self.begin_start(place as u32, start_up, ctx);
    }

    /// One replica fewer: one that does not serve yet if there is any, else the one that was started last.
    fn scale_in(&mut self, service: u32, ctx: &mut Ctx<'_, Self>) {
        let wanted = |place: &usize| self.fleets.replicas[*place].stage.is_wanted();
        let age = |place: &usize| {
            let replica = &self.fleets.replicas[*place];
            (!self.is_ready(replica), replica.there_since, *place)
        };
        let Some(place) = self.places_of(service).filter(wanted).max_by_key(age) else { return };
        let (Replica { node, stage, .. }, drain) = (self.fleets.replicas[place], self.scaler_of(service).drain);
        self.announce_replica(node, "ScaledIn", "replicas removed", ctx);
        self.list(node, false, ctx.now());
        if stage == Stage::Running && self.environment.node(node).up {
            return self.look_after(place as u32, Stage::Leaving, ctx.now().saturating_add(drain), ctx);
        }
        self.replica_is_gone(place as u32, ctx);
    }

    /// A replica is not there any more: what it had is lost, and its machine with it.
    pub(super) fn replica_is_gone(&mut self, place: u32, ctx: &mut Ctx<'_, Self>) {
        let replica = &mut self.fleets.replicas[place as usize];
        (replica.stage, replica.due, replica.moves) = (Stage::Absent, SimTime::MAX, false);
        let node = replica.node;
        let since = replica.there_since;
        let there = ctx.now().min(self.plan.clockwork.end_of_arrivals()).saturating_since(since);
        self.observations.total("replica time", there);
        self.list(node, false, ctx.now());
        let absent = self.absent(node);
        self.order_anew(node, absent, ctx);
    }

    /// The time of replicas that are still there at the end.
    pub(super) fn count_replicas(&mut self) {
        let end = self.plan.clockwork.end_of_arrivals();
        for replica in &self.fleets.replicas {
            if replica.stage != Stage::Absent && self.plan.services[replica.service as usize].scales.is_some() {
                self.observations.total("replica time", end.saturating_since(replica.there_since));
            }
        }
    }
}
