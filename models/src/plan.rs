//! What is simulated? A scenario with every name looked up: immutable, and shared by all runs of an arm.

mod edges;
mod spec;

pub use edges::{Callee, EdgePlan, EdgeRoutes, INSIDE, Zones};
pub use spec::{Clockwork, RecoveryLevel, Routing, SystemSpec};

use crate::alerts::AlertPlan;
use crate::brokers::{BacklogPlan, BrokerPlan, ConsumerPlan};
use crate::clocks::Parts;
use crate::faults::{Experiment, FaultPlan, PlannedFault, StormPlan};
use crate::ids::{EdgeId, NodeId, PopulationId, RouteId};
use crate::links::{KINDS, Link};
use crate::properties::Stated;
use crate::protocols::Group;
use crate::services::connections::Connections;
use crate::services::data::DataPlan;
use crate::services::{
    AnyPartition, Congestion, DemandOfRetry, IntakePlan, LateWork, LogPlan, Program, Restarts, Rollback, SagaPlan, Scaler, SessionPlace,
    TaskPlan, Threads, WhenFull,
};
use crate::strategies::cache::IdempotencyKeys;
use crate::topology::Topology;
use crate::workloads::{ArrivalProcess, ClassMix, ObjectPlan};
use sim_core::draw::{Key, Seed};
use sim_core::sample::Sampler;
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};
use std::sync::Arc;

/// A system with every name looked up.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Every identity that messages are sent to or come from.
    pub nodes: Vec<NodePlan>,
    /// Services, in order of writing, and then brokers, each of which is a service to those who call it.
    pub services: Vec<ServicePlan>,
    /// Brokers, in order of writing.
    pub brokers: Vec<BrokerPlan>,
    /// The queues of messages that brokers keep.
    pub backlogs: Vec<BacklogPlan>,
    /// Services that fetch messages.
    pub consumers: Vec<ConsumerPlan>,
    /// The group, if there is one; the protocol itself is chosen where the world is made.
    pub group: Option<GroupPlan>,
    /// Populations, in order of writing.
    pub populations: Vec<PopulationPlan>,
    /// Classes of requests: first that of calls without a class, then all others, population by population, by their names.
    pub classes: Vec<ClassPlan>,
    /// Edges: those of populations first, then those of services.
    pub edges: Vec<EdgePlan>,
    /// The places that nodes stand in, by the numbers that [`NodePlan::domain`] holds.
    pub places: Vec<String>,
    /// Links, as written.
    pub links: Vec<Link>,
    /// Links and the routes over them.
    pub topology: Topology,
    /// Faults, in order of writing, and behind them those of a storm, once it is drawn.
    pub faults: Vec<FaultPlan>,
    /// Faults that the seed of a run draws. See [`Plan::of_run`].
    pub storm: Option<StormPlan>,
    /// What lets faults strike, and lifts them.
    pub experiment: Option<Experiment>,
    /// What is claimed of every run, in order of writing.
    pub properties: Vec<Stated>,
    /// How many operations the history of a run has at most.
    pub history_limit: u32,
    /// Whether the history of operations is recorded, whether or not a property is judged by it.
    pub keeps_history: bool,
    /// The share of calls that should succeed, if somebody has said one.
    pub objective: Option<Share>,
    /// Alerts, in order of writing.
    pub alerts: Vec<AlertPlan>,
    /// The clock of every node; empty if all are perfect.
    pub clocks: Vec<ClockPlan>,
    /// Times and measuring.
    pub clockwork: Clockwork,
}

impl Plan {
    /// The plan of one run: the same, unless it has a storm, whose faults the seed draws.
    pub fn of_run(self: &Arc<Self>, seed: &Seed) -> Arc<Self> {
        let Some(storm) = &self.storm else { return Arc::clone(self) };
        let drawn = storm.draw(self, seed).into_iter().map(|(_, fault)| fault);
        Arc::new(Self { faults: self.faults.iter().cloned().chain(drawn).collect(), storm: None, ..Self::clone(self) })
    }

    /// What its nodes may announce, by name.
    pub fn announced(&self) -> impl Iterator<Item = &'static str> + use<> {
        crate::places::announced(&self.services, self.group.as_ref())
    }

    /// The number that comes with what a node announces, in words: `term 7` of `Votes`; nothing if it says nothing.
    pub fn number_announced(&self, what: &str, value: i64) -> String {
        crate::places::number_announced(self.group.as_ref(), what, value)
    }

    /// The faults that a storm has in the run of this seed, as a scenario would write them; none without a storm.
    pub fn storm_of_run(&self, seed: &Seed) -> Vec<PlannedFault> {
        self.storm.iter().flat_map(|storm| storm.draw(self, seed)).map(|(planned, _)| planned).collect()
    }

    /// The same system, which nothing strikes: no fault, no storm, no experiment. Everything else in it is what it was, draw by draw.
    #[must_use]
    pub fn without_faults(&self) -> Self {
        Self { faults: Vec::new(), storm: None, experiment: None, ..self.clone() }
    }

    /// What a storm has in the run of this seed: each strike as a scenario would write it, and with its names looked up.
    pub fn strikes_of_run(&self, seed: &Seed) -> Vec<(PlannedFault, FaultPlan)> {
        self.storm.iter().flat_map(|storm| storm.draw(self, seed)).collect()
    }

    /// Those of some strikes that its storm might have under this seed: a restart, whose length is drawn, may take too long under another one.
    pub fn allowed_strikes(&self, seed: &Seed, mut strikes: Vec<(PlannedFault, FaultPlan)>) -> Vec<(PlannedFault, FaultPlan)> {
        let Some(storm) = &self.storm else { return strikes };
        let mut allowed = storm.allowed(self, seed, &strikes).into_iter();
        strikes.retain(|_| allowed.next() == Some(true));
        strikes
    }

    /// The plan of a run that has these strikes in the place of those that its storm would draw.
    #[must_use]
    pub fn with_strikes(&self, strikes: impl IntoIterator<Item = FaultPlan>) -> Self {
        Self { faults: self.faults.iter().cloned().chain(strikes).collect(), storm: None, ..self.clone() }
    }

    /// The edges that calls go over: all but those over which replicas are asked whether they are alive.
    pub fn edges_of_calls(&self) -> &[EdgePlan] {
        let watched = self.services.iter().filter(|service| service.restarts.is_some()).count();
        &self.edges[..self.edges.len() - watched]
    }

    /// Name and number of members of every service, in order of writing, of the brokers, and then of the group.
    pub fn fleets(&self) -> Vec<(String, u32)> {
        let services = self.services.iter().map(|service| (service.name.clone(), service.replicas));
        let members = || self.nodes.iter().filter(|node| matches!(node.role, Role::Member(_))).count() as u32;
        services.chain(self.group.iter().map(|group| (group.name.clone(), members()))).collect()
    }
}

/// An identity.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Its name: `checkout[1]`, or `shoppers` for a whole population.
    pub name: String,
    /// The place it stands in, as a number local to this plan.
    pub domain: u32,
    /// What it is.
    pub role: Role,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A population of clients.
    Clients(PopulationId),
    /// A replica of the service with this index.
    Replica(u32),
    /// A member of the group.
    Member(u32),
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// Its name.
    pub name: String,
    /// Its first replica; the others follow.
    pub first: NodeId,
    /// How many replicas.
    pub replicas: u32,
    /// Workers of each.
    pub workers: u32,
    /// The key of its name.
    pub key: Key,
    /// Whether workers are held during downstream calls.
    pub threads: Threads,
    /// How many requests may wait at each.
    pub queue_limit: u32,
    /// How requests wait, unless simply in order of arrival until the queue is full.
    pub intake: Option<Box<IntakePlan>>,
    /// Work before anything else.
    pub demand: Sampler,
    /// The same by the number of the class, where that has its own; empty if none has.
    pub demand_of: Vec<Option<Sampler>>,
    /// How many cores its workers share at each replica, if they do.
    pub cores: Option<u32>,
    /// By how much work grows with what is in service.
    pub congestion: Option<Congestion>,
    /// Whether something but `demand` decides how long a worker is busy with a request.
    pub has_own_ways: bool,
    /// What comes after.
    pub program: Program,
    /// The broker that it is, if it is one, by its index.
    pub broker: Option<u32>,
    /// Which of them a request may go to; any unless said.
    pub partition: Option<AnyPartition>,
    /// See [`IdempotencyKeys`].
    pub idempotency: Option<IdempotencyKeys>,
    /// Whether the ends of its requests are of interest: it has keys, counts, keeps a log, or takes part in sagas.
    pub is_watched: bool,
    /// Whether it counts what it executes.
    pub counts_executions: bool,
    /// The log its state is rebuilt from, if it has one.
    pub log: Option<Arc<LogPlan>>,
    /// See [`Connections`].
    pub connections: Option<Connections>,
    /// What it keeps, if anything is known of that.
    pub data: Option<DataPlan>,
    /// The service of whose writes messages tell it, by its index, if it is a read model.
    pub read_model: Option<u32>,
    /// Whether a request asks for something beside a worker when it arrives.
    pub checks_in: bool,
    /// Whether it asks for a worker alone, who is busy with it as long as its own draw says: it neither checks in nor has its service own ways.
    pub is_plain: bool,
    /// What a full queue says about when to come again.
    pub retry_after: Option<SimDuration>,
    /// See [`LateWork`].
    pub late_work: LateWork,
    /// See [`DemandOfRetry`].
    pub demand_of_retry: DemandOfRetry,
    /// Of how many replicas one is drawn where nobody chooses; 0 if it depends on who is there, or on what is asked for.
    pub evenly: u32,
    /// Whether its replicas come and go.
    pub comes_and_goes: bool,
    /// Who kills and restarts its replicas, and over which edge that asks them.
    pub restarts: Option<(Box<Restarts>, EdgeId)>,
    /// Who decides how many of its replicas are there.
    pub scales: Option<Scaler>,
    /// How many of them are there at the begin, the first ones.
    pub initial: u32,
    /// What takes bad deploys of it back.
    pub rolls_back: Option<Rollback>,
    /// Where sessions live, and over which edge a login goes, if it takes a call.
    pub sessions: Option<(SessionPlace, Option<EdgeId>)>,
    /// How often callers look who is there; always, if it is no time.
    pub refresh: SimDuration,
    /// Whom its health endpoint asks, and how long it waits for each.
    pub checks: Vec<EdgeId>,
    /// See [`checks`](Self::checks).
    pub check_timeout: SimDuration,
    /// Whether they are asked on behalf of whoever kills what is not alive, too.
    pub checks_liveness: bool,
    /// How large a request is.
    pub request_size: Size,
    /// How large an answer is.
    pub reply_size: Size,
}

impl ServicePlan {
    /// Whether a full queue sends somebody away; else it grows, at least outside the door.
    pub fn sends_away(&self) -> bool {
        self.queue_limit != u32::MAX && self.intake.as_ref().is_none_or(|intake| intake.queue.when_full() != WhenFull::Wait)
    }

    /// The sagas it coordinates.
    pub fn sagas(&self) -> impl Iterator<Item = &SagaPlan> {
        self.program.iter().filter_map(|step| match &step.does {
            TaskPlan::Saga(saga) => Some(&**saga),
            _ => None,
        })
    }
}

/// A group.
#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// Its name.
    pub name: String,
    /// Its first member; the others follow.
    pub first: NodeId,
    /// How many members.
    pub members: u32,
    /// Ways between members by the domains of sender and receiver, sorted.
    pub ways: Vec<((u32, u32), RouteId)>,
    /// As written.
    pub spec: Group,
    /// How large its messages are.
    pub message_size: Size,
}

impl GroupPlan {
    /// The way of a message between members in two domains.
    #[inline]
    pub fn way(&self, from: u32, to: u32) -> RouteId {
        if let [only] = self.ways.as_slice() {
            return only.1;
        }
        let found = self.ways.binary_search_by_key(&(from, to), |way| way.0);
        self.ways[found.expect("a plan connects all members of a group")].1
    }

    /// The number of a kind of message: those of calls come first, the protocol's own follow.
    pub fn number_of_kind(&self, name: &str) -> u8 {
        let kinds = KINDS.iter().chain(self.spec.kinds());
        let position = kinds.enumerate().find(|(_, kind)| **kind == name).map_or(0, |(position, _)| position);
        u8::try_from(position).expect("a protocol has fewer than 60 kinds of message")
    }
}

/// The clock of one node.
#[derive(Clone, Debug, Default)]
pub struct ClockPlan {
    /// What it is made of.
    pub parts: Parts,
    /// The ways to its time server and back, if it asks one.
    pub server: Option<(RouteId, RouteId)>,
}

/// A class of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassPlan {
    /// Its name; empty for that of calls without a class.
    pub name: String,
    /// How important it is: 0 is the most important.
    pub priority: u8,
}

/// A population.
#[derive(Clone, Debug)]
pub struct PopulationPlan {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// How many clients.
    pub count: u32,
    /// Number of its first client among the clients of all populations.
    pub first_client: u32,
    /// When they call.
    pub arrivals: ArrivalProcess,
    /// Whom they call.
    pub edge: EdgeId,
    /// The key of all its draws.
    pub key: Key,
    /// Whether its calls are each about something of its own, and of no class.
    pub is_plain: bool,
    /// What its calls are about, if not each about something of its own.
    pub objects: Option<ObjectPlan>,
    /// Of which classes its calls are, if it has any.
    pub classes: Option<ClassMix>,
    /// Over how much time its clients start.
    pub starts_within: SimDuration,
    /// Whether they are probes instead of users.
    pub synthetic: bool,
    /// Whether what each of its clients gets is counted.
    pub counts_each: bool,
}
