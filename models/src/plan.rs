//! What is simulated? A scenario with every name looked up: immutable, and shared by all runs of an arm.

use crate::clocks::{AnyClock, Parts};
use crate::faults::{Experiment, FaultPlan, PlannedFault, Storm, StormPlan};
use crate::ids::{EdgeId, NodeId, PopulationId, RouteId};
use crate::links::{KINDS, Link};
use crate::protocols::Group;
use crate::registry::Complaint;
use crate::services::{DemandOfRetry, LateWork, Service, Threads};
use crate::strategies::Layer;
use crate::topology::{Topology, lies_in};
use crate::workloads::{ArrivalProcess, Clients};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, Seed};
use sim_core::sample::Sampler;
use sim_core::time::SimDuration;
use sim_core::units::Size;
use std::sync::Arc;

/// A scenario's system, as written: names are not looked up yet. Order is the order of writing.
#[derive(Clone, Debug, Default)]
pub struct SystemSpec {
    /// Client populations.
    pub clients: Vec<(String, Clients)>,
    /// Services.
    pub services: Vec<(String, Service)>,
    /// Groups.
    pub groups: Vec<(String, Group)>,
    /// Links.
    pub links: Vec<Link>,
    /// Whether and how messages find another way when theirs is cut.
    pub routing: Routing,
    /// Stacks by edge: `"shoppers -> checkout"`.
    pub stacks: Vec<(String, Vec<Layer>)>,
    /// Faults.
    pub faults: Vec<PlannedFault>,
    /// Faults that the seed draws, if there are any.
    pub storm: Option<Storm>,
    /// What lets faults strike, and lifts them.
    pub experiment: Option<Experiment>,
    /// Clocks by what has them: `"checkout"`, `"checkout[1]"`, `"shoppers"`, `"domain:zone-a"`.
    pub clocks: Vec<(String, AnyClock)>,
    /// Times and measuring.
    pub clockwork: Clockwork,
}

/// How messages find another way when theirs is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routing {
    /// How long after a cut begins or ends every sender knows of it, and takes another way or the old one again; meanwhile
    /// messages vanish in the cut. Never unless said: who is cut off stays so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convergence: Option<SimDuration>,
}

/// When a run ends, and how it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clockwork {
    /// When measuring begins.
    pub warm_up: SimDuration,
    /// When arrivals stop.
    pub horizon: SimDuration,
    /// How long the system may go on after the horizon to finish what was started.
    pub drain: SimDuration,
    /// Width of the time bins of all series.
    pub bin: SimDuration,
    /// Width of the rolling window that decides recovery.
    pub hold: SimDuration,
}

impl Default for Clockwork {
    fn default() -> Self {
        Self {
            warm_up: SimDuration::ZERO,
            horizon: SimDuration::from_secs(60),
            drain: SimDuration::from_secs(60),
            bin: SimDuration::from_secs(1),
            hold: SimDuration::from_secs(5),
        }
    }
}

/// A system with every name looked up.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Every identity that messages are sent to or come from.
    pub nodes: Vec<NodePlan>,
    /// Services, in order of writing.
    pub services: Vec<ServicePlan>,
    /// The group, if there is one; the protocol itself is chosen where the world is made.
    pub group: Option<GroupPlan>,
    /// Populations, in order of writing.
    pub populations: Vec<PopulationPlan>,
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

    /// The faults that a storm has in the run of this seed, as a scenario would write them; none without a storm.
    pub fn storm_of_run(&self, seed: &Seed) -> Vec<PlannedFault> {
        self.storm.iter().flat_map(|storm| storm.draw(self, seed)).map(|(planned, _)| planned).collect()
    }

    /// Name and number of members of every service, in order of writing, and then of the group.
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
    /// Whether workers are held during downstream calls.
    pub threads: Threads,
    /// How many requests may wait at each.
    pub queue_limit: u32,
    /// Work before anything else.
    pub demand: Sampler,
    /// What comes after.
    pub program: Vec<TaskPlan>,
    /// See [`LateWork`].
    pub late_work: LateWork,
    /// See [`DemandOfRetry`].
    pub demand_of_retry: DemandOfRetry,
    /// How large a request is.
    pub request_size: Size,
    /// How large an answer is.
    pub reply_size: Size,
}

/// Something done for a request.
#[derive(Clone, Debug)]
pub enum TaskPlan {
    /// A call over an edge.
    Call(EdgeId),
    /// Further work.
    Work(Sampler),
    /// Writing to the disk.
    Write(Sampler),
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
}

/// A caller and its callee.
#[derive(Clone, Debug)]
pub struct EdgePlan {
    /// `shoppers -> checkout`.
    pub name: String,
    /// Where its attempts go.
    pub callee: Callee,
    /// The layers between, outermost first.
    pub stack: Vec<Layer>,
    /// Request and reply routes by the domains of caller and callee, sorted.
    pub routes: Vec<((u32, u32), (RouteId, RouteId))>,
}

impl EdgePlan {
    /// The routes of a request and its reply between two domains, those of caller and callee; nobody is asked which if
    /// there is only one pair of them.
    #[inline]
    pub fn routes(&self, domains: impl FnOnce() -> (u32, u32)) -> (RouteId, RouteId) {
        if let [only] = self.routes.as_slice() {
            return only.1;
        }
        let found = self.routes.binary_search_by_key(&domains(), |route| route.0);
        self.routes[found.expect("a plan connects all domains of an edge")].1
    }
}

/// Where attempts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// One of the replicas of a service.
    Service(u32),
    /// The group.
    Group,
}

/// The names a fault may refer to.
pub struct Places<'a> {
    nodes: &'a [NodePlan],
    services: &'a [ServicePlan],
    group: Option<&'a GroupPlan>,
    domains: &'a [String],
    kinds: &'a [String],
    clients: &'a [(String, Clients)],
}

impl<'a> Places<'a> {
    /// The names of a system.
    pub const fn new(
        nodes: &'a [NodePlan],
        services: &'a [ServicePlan],
        group: Option<&'a GroupPlan>,
        domains: &'a [String],
        kinds: &'a [String],
        clients: &'a [(String, Clients)],
    ) -> Self {
        Self { nodes, services, group, domains, kinds, clients }
    }

    /// Everybody of this name: servers as in [`servers`](Self::servers), a client population, or all nodes in a domain.
    ///
    /// # Errors
    /// A complaint about `field` if nothing is called that.
    pub fn everybody(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        let numbered = || (0..).map(NodeId).zip(self.nodes);
        let named = |node: &NodePlan| match node.role {
            Role::Clients(_) => node.name == name,
            Role::Replica(service) => node.name == name || self.services[service as usize].name == name,
            Role::Member(_) => node.name == name || self.group.is_some_and(|group| group.name == name),
        };
        let mut all: Vec<_> = numbered().filter(|(_, node)| named(node)).map(|(id, _)| id).collect();
        if all.is_empty() {
            all = numbered().filter(|(_, node)| lies_in(&self.domains[node.domain as usize], name)).map(|(id, _)| id).collect();
        }
        if !all.is_empty() {
            return Ok(all);
        }
        let mut known: Vec<&str> = self.nodes.iter().map(|node| node.name.split('[').next().unwrap_or_default()).collect();
        known.extend(self.domains.iter().map(String::as_str));
        known.dedup();
        Err(Complaint::unknown(field, "node or domain", name, known))
    }

    /// Every node there is: clients, replicas and members.
    pub fn all(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The number of a kind of message.
    ///
    /// # Errors
    /// A complaint about `field` if nothing of that kind is sent.
    pub fn kind(&self, field: &str, name: &str) -> Result<u8, Complaint> {
        let number = self.kinds.iter().position(|kind| kind == name).and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| Complaint::unknown(field, "kind of message", name, self.kinds.iter().map(String::as_str)))
    }

    /// The servers of this name: all replicas of a service, all members of a group, or one of either.
    ///
    /// # Errors
    /// A complaint about `field` if nothing is called that, or if it is a client population.
    pub fn servers(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        let numbered = (0..).map(NodeId).zip(self.nodes);
        let all: Vec<_> = numbered
            .filter(|(_, node)| match node.role {
                Role::Clients(_) => false,
                Role::Replica(service) => node.name == name || self.services[service as usize].name == name,
                Role::Member(_) => node.name == name || self.group.is_some_and(|group| group.name == name),
            })
            .map(|(id, _)| id)
            .collect();
        if all.is_empty() {
            if let Some(service) = self.services.iter().find(|service| name.split('[').next() == Some(service.name.as_str())) {
                let sentence = format!("`{}` has {} replicas, counted from 0; there is no `{name}`", service.name, service.replicas);
                return Err(crate::registry::complaint(field, sentence));
            }
            let known = self.services.iter().map(|service| service.name.as_str()).chain(self.group.map(|group| group.name.as_str()));
            return Err(Complaint::unknown(field, "service or group", name, known));
        }
        Ok(all)
    }

    /// The servers in the domain of this name and those inside it.
    ///
    /// # Errors
    /// A complaint about `field` if there is no such domain, or no server in it.
    pub fn servers_in(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        self.domain(field, name)?;
        let numbered = (0..).map(NodeId).zip(self.nodes);
        let all: Vec<_> = numbered
            .filter(|(_, node)| !matches!(node.role, Role::Clients(_)) && lies_in(&self.domains[node.domain as usize], name))
            .map(|(id, _)| id)
            .collect();
        if all.is_empty() {
            return Err(crate::registry::complaint(field, format!("no service and no group stands in the domain `{name}`")));
        }
        Ok(all)
    }

    /// What may be announced in a run of this system, by name.
    pub fn events(&self) -> &'static [&'static str] {
        self.group.map_or(&[], |group| group.spec.announces())
    }

    /// The service that a node is a replica of, if it is one.
    pub fn service(&self, node: NodeId) -> Option<&'a ServicePlan> {
        match self.nodes[node.index()].role {
            Role::Replica(service) => Some(&self.services[service as usize]),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    /// Checks that these nodes are replicas of services, which answer requests one by one; members of a group speak its protocol.
    ///
    /// # Errors
    /// A complaint about `field` if one of them is not.
    pub fn answer_requests(&self, field: &str, nodes: &[NodeId]) -> Result<(), Complaint> {
        let member = nodes.iter().find(|node| !matches!(self.nodes[node.index()].role, Role::Replica(_)));
        member.map_or(Ok(()), |&node| {
            let sentence = format!(
                "`{}` is a member of a group, which speaks its protocol; only replicas of services are meant here",
                self.name(node)
            );
            Err(crate::registry::complaint(field, sentence))
        })
    }

    /// The client population of this name.
    ///
    /// # Errors
    /// A complaint about `field` if none is called that.
    pub fn population_named(&self, field: &str, name: &str) -> Result<PopulationId, Complaint> {
        let found = (0..).map(PopulationId).zip(self.clients).find(|(_, (known, _))| known == name);
        found
            .map(|(id, _)| id)
            .ok_or_else(|| Complaint::unknown(field, "client population", name, self.clients.iter().map(|(known, _)| known.as_str())))
    }

    /// The name of a population, and whether its load is `open`, `closed` or `one-shot`.
    pub fn population(&self, population: PopulationId) -> (&str, &'static str) {
        let (name, clients) = &self.clients[population.index()];
        (name, clients.arrivals.load())
    }

    /// The service that a node is a replica of, by its index, and how many replicas it has.
    pub fn service_of(&self, node: NodeId) -> Option<(u32, u32)> {
        match self.nodes[node.index()].role {
            Role::Replica(service) => Some((service, self.services[service as usize].replicas)),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    /// The name of a node.
    pub fn name(&self, node: NodeId) -> &str {
        &self.nodes[node.index()].name
    }

    /// Checks that a domain of this name, or one inside it, exists.
    ///
    /// # Errors
    /// A complaint about `field` if not.
    pub fn domain(&self, field: &str, name: &str) -> Result<(), Complaint> {
        if self.domains.iter().any(|domain| lies_in(domain, name)) {
            return Ok(());
        }
        let mut known: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        known.dedup();
        Err(Complaint::unknown(field, "domain", name, known))
    }
}
