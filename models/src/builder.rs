//! How does a written system become a plan? Every name is looked up here, and everything wrong is said at once.

mod alerts;
mod brokers;
mod classes;
mod clocks;
mod data;
mod edges;
mod health;
mod intake;
mod layers;
mod misfortune;
mod parts;
mod programs;
mod properties;
mod read_models;
mod sagas;
mod watches;

use crate::addresses::{Addresses, kinds as kinds_of};
use crate::ids::{EdgeId, NodeId, PopulationId};
use crate::places::Places;
use crate::plan::{GroupPlan, NodePlan, Plan, PopulationPlan, Role, ServicePlan, SystemSpec};
use crate::protocols::MOST_MEMBERS;
use crate::registry::Complaint;
use crate::services::{DemandOfRetry, HealthEndpoint, Serves};
use crate::topology::{Topology, domain_of};
use crate::workloads::ClassMix;
use classes::number_of;
use edges::Callees;
use sim_core::draw::Key;
use sim_core::time::SimDuration;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Plan {
    /// Looks up every name of a system.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the path of the field: `nodes.checkout.does[0]`.
    pub fn new(spec: &SystemSpec) -> Result<Self, Vec<Complaint>> {
        let mut builder = Builder {
            spec,
            complaints: Vec::new(),
            domains: Vec::new(),
            numbers: BTreeMap::new(),
            addresses: Addresses::of(spec),
            topology: Topology::default(),
        };
        builder.check_parts();
        builder.check_clockwork(&spec.clockwork);
        let problems = builder.addresses.check(spec);
        builder.complaints.extend(problems);
        if builder.complaints.is_empty() {
            builder.topology = Topology::within(&spec.links, builder.addresses.surroundings(spec));
        }
        let plan = builder.assemble();
        if builder.complaints.is_empty() { Ok(plan) } else { Err(builder.complaints) }
    }
}

struct Builder<'a> {
    spec: &'a SystemSpec,
    complaints: Vec<Complaint>,
    /// Places that nodes stand in, and their numbers.
    domains: Vec<String>,
    numbers: BTreeMap<String, u32>,
    addresses: Addresses,
    topology: Topology,
}

impl Builder<'_> {
    fn assemble(&mut self) -> Plan {
        let spec = self.spec;
        let mut nodes = Vec::new();
        let mut populations = Vec::new();
        let mut first_client = 0_u32;
        let classes = self.classes();
        for (index, (name, clients)) in (0..).zip(&spec.clients) {
            let node = NodeId(nodes.len() as u32);
            let domain = self.place(self.addresses.of_population(name, &clients.domain));
            nodes.push(NodePlan { name: name.clone(), domain, role: Role::Clients(PopulationId(index)) });
            // The process is compiled from checked numbers only.
            let arrivals =
                if self.complaints.is_empty() { clients.arrivals.process(clients.count) } else { crate::workloads::ArrivalProcess::Once };
            populations.push(PopulationPlan {
                name: name.clone(),
                node,
                count: clients.count,
                first_client,
                arrivals,
                edge: EdgeId(index),
                key: Key::named(name),
                is_plain: clients.keys.is_none() && clients.classes.is_empty(),
                objects: clients.keys.as_ref().filter(|_| self.complaints.is_empty()).map(|keys| keys.plan(Key::named(name))),
                classes: ClassMix::new(&clients.classes, |name| number_of(&classes, name)),
                starts_within: clients.starts_within.unwrap_or_default(),
                synthetic: clients.synthetic,
                counts_each: clients.counts_each,
            });
            first_client = first_client.saturating_add(clients.count);
        }
        let mut services = self.place_services(&mut nodes);
        self.add_intakes(&mut services, &classes);
        self.add_data(&classes, &nodes, &mut services);
        self.add_read_models(&mut services);
        let group = self.place_group(&mut nodes);
        let edges = self.edges(&nodes, &mut services, group.as_ref(), &classes);
        self.demands_of_classes(&mut services, &classes);
        for service in &mut services {
            service.is_plain = !service.checks_in && !service.has_own_ways && service.demand_of_retry == DemandOfRetry::Fresh;
        }
        let (brokers, backlogs, consumers) = self.brokers(&services, &classes, &edges);
        let domains: Vec<_> = self.domains.iter().map(|place| domain_of(place).to_owned()).collect();
        let clocks = self.clocks(&nodes, &domains, &services, group.as_ref());
        let kinds = kinds_of(spec);
        let places = self.domains.clone();
        let known = Places::new(&nodes, &services, group.as_ref(), (&domains, &places), &kinds, &spec.clients, &edges);
        let (faults, storm) = (self.faults(&known), self.storm(&known));
        let (objective, alerts) = (spec.objective, self.alerts());
        let properties = self.properties(&known);
        let topology = std::mem::take(&mut self.topology);
        let links = spec.links.clone();
        let (experiment, clockwork) = (spec.experiment.clone(), spec.clockwork);
        Plan {
            nodes,
            services,
            brokers,
            backlogs,
            consumers,
            group,
            populations,
            classes,
            edges,
            places,
            links,
            topology,
            faults,
            storm,
            experiment,
            properties,
            history_limit: spec.history_limit(),
            keeps_history: false,
            objective,
            alerts,
            clocks,
            clockwork,
        }
    }

    /// The number of a place.
    fn place(&mut self, place: String) -> u32 {
        if let Some(&known) = self.numbers.get(&place) {
            return known;
        }
        let number = u32::try_from(self.domains.len()).expect("fewer than 2^32 places");
        self.domains.push(place.clone());
        self.numbers.insert(place, number);
        number
    }

    fn place_services(&mut self, nodes: &mut Vec<NodePlan>) -> Vec<ServicePlan> {
        let sound = self.complaints.is_empty();
        let mut services = Vec::new();
        let brokers = self.brokers_as_services();
        for (index, (name, service)) in (0..).zip(self.spec.services.iter().chain(&brokers)) {
            let first = NodeId(nodes.len() as u32);
            let (most, initial) = service.sizes();
            let replicas = most.clamp(1, 10_000);
            for replica in 0..replicas {
                let node = format!("{name}[{replica}]");
                let place = match service.domain.0.as_slice() {
                    [] => String::new(),
                    _ => self.addresses.of_member(name, &node, service.domain.of(replica)),
                };
                nodes.push(NodePlan { domain: self.place(place), name: node, role: Role::Replica(index) });
            }
            let comes_and_goes = service.restarts.is_some() || service.scales.is_some() || service.sessions.is_some();
            services.push(ServicePlan {
                name: name.clone(),
                key: Key::named(name),
                first,
                replicas,
                workers: service.workers,
                threads: service.threads,
                queue_limit: service.queue.limit().unwrap_or(u32::MAX),
                intake: None,
                demand: if sound {
                    service.demand.compile()
                } else {
                    sim_core::sample::Distribution::Constant(SimDuration::ZERO).compile()
                },
                demand_of: Vec::new(),
                cores: if let Serves::Sharing(sharing) = &service.serves { Some(sharing.cores) } else { None },
                congestion: service.congestion.clone(),
                has_own_ways: false,
                program: Vec::new(),
                partition: service.partition.clone(),
                broker: index.checked_sub(self.spec.services.len() as u32),
                idempotency: service.idempotency.clone(),
                is_watched: service.idempotency.is_some() || service.counts_executions || service.state.is_some(),
                counts_executions: service.counts_executions,
                log: service.state.as_ref().filter(|_| sound).map(|state| Arc::new(state.plan())),
                connections: service.connections,
                data: None,
                read_model: None,
                checks_in: false,
                is_plain: false,
                retry_after: service.retry_after,
                late_work: service.late_work,
                demand_of_retry: service.demand_of_retry,
                evenly: if comes_and_goes || service.has_parts() { 0 } else { replicas },
                comes_and_goes,
                scales: service.scales.clone(),
                rolls_back: service.rolls_back.clone(),
                sessions: service.sessions.clone().map(|place| (place, None)),
                initial: initial.min(replicas),
                restarts: service.restarts.clone().map(|restarts| (restarts, EdgeId(0))),
                refresh: service.discovery.map_or(SimDuration::ZERO, |discovery| discovery.refresh),
                checks: Vec::new(),
                check_timeout: SimDuration::ZERO,
                checks_liveness: matches!(&service.health, HealthEndpoint::Deep(deep) if deep.liveness),
                request_size: service.request_size,
                reply_size: service.reply_size,
            });
        }
        services
    }

    fn place_group(&mut self, nodes: &mut Vec<NodePlan>) -> Option<GroupPlan> {
        let (name, spec) = self.spec.groups.first()?;
        let first = NodeId(nodes.len() as u32);
        // Of a group that cannot be placed enough is placed for everything else to be looked up.
        let sound = self.complaints.is_empty();
        let members = if sound { spec.members() } else { spec.members().clamp(1, MOST_MEMBERS) };
        for member in 0..members {
            let node = format!("{name}[{member}]");
            let place = match spec.placement().0.as_slice() {
                [] => String::new(),
                _ => self.addresses.of_member(name, &node, spec.domain(member)),
            };
            nodes.push(NodePlan { domain: self.place(place), name: node, role: Role::Member(member) });
        }
        let ways = if sound && members > 1 { self.routes(name, &nodes[first.index()..], &nodes[first.index()..]) } else { Vec::new() };
        let ways = ways.into_iter().map(|(ends, (there, _))| (ends, there)).collect();
        Some(GroupPlan { name: name.clone(), first, members, ways, spec: spec.clone(), message_size: spec.message_size() })
    }
}

/// A name as a step of a path: in double quotes if it has other characters than letters, digits and `_`.
pub fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// `a->b` and `a  ->  b` name the edge `a -> b`.
pub(crate) fn normalised(edge: &str) -> String {
    match edge.split_once("->") {
        Some((caller, callee)) => format!("{} -> {}", caller.trim(), callee.trim()),
        None => edge.to_owned(),
    }
}
