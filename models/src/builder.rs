//! How does a written system become a plan? Every name is looked up here, and everything wrong is said at once.

mod brokers;
mod classes;
mod clocks;
mod data;
mod health;
mod intake;
mod layers;
mod programs;
mod read_models;
mod sagas;
mod watches;

use crate::addresses::{Addresses, kinds as kinds_of};
use crate::faults::{FaultPlan, MOST_STRIKES, StormPlan};
use crate::ids::{EdgeId, NodeId, PopulationId};
use crate::places::Places;
use crate::plan::{
    Callee, ClassPlan, Clockwork, EdgePlan, EdgeRoutes, GroupPlan, NodePlan, Plan, PopulationPlan, Role, ServicePlan, SystemSpec, Zones,
};
use crate::protocols::MOST_MEMBERS;
use crate::registry::{Complaint, complaint, within};
use crate::services::{HealthEndpoint, Serves, Service, SessionPlace};
use crate::topology::{Topology, domain_of, shown};
use crate::workloads::ClassMix;
use classes::number_of;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use sagas::watch_participants;
use sim_core::draw::Key;
use sim_core::time::SimDuration;
use std::collections::BTreeMap;
use std::sync::Arc;

/// At most so many time bins in a run.
const MOST_BINS: u64 = 1_000_000;

/// At most so many clients and server nodes in one system: their numbers are 32 bits.
const MOST_CLIENTS: u64 = 100_000_000;

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
    /// What every part says of its own numbers.
    fn check_parts(&mut self) {
        let spec = self.spec;
        let node = |name: &str| format!("nodes.{}", quoted(name));
        let mut all = Vec::new();
        for (name, clients) in &spec.clients {
            all.extend(within(&node(name), clients.check()));
        }
        for (name, service) in &spec.services {
            all.extend(within(&node(name), service.check()));
        }
        for (name, broker) in &spec.brokers {
            all.extend(within(&node(name), broker.check()));
        }
        for (index, link) in spec.links.iter().enumerate() {
            all.extend(within(&format!("links[{index}]"), link.check()));
        }
        for (index, fault) in spec.faults.iter().enumerate() {
            all.extend(within(&format!("faults[{index}]"), fault.check()));
        }
        if let Some(storm) = &spec.storm {
            all.extend(within("storm", storm.check(&spec.faults, spec.clockwork.horizon)));
        }
        if let Some(experiment) = &spec.experiment {
            all.extend(experiment.check(&spec.faults, spec.storm.as_ref(), &spec.clockwork));
        }
        for (edge, stack) in &spec.stacks {
            for (index, layer) in stack.iter().enumerate() {
                all.extend(within(&format!("stacks.{}[{index}]", quoted(edge)), layer.check()));
            }
            if stack.len() > 32 {
                all.push(complaint(&format!("stacks.{}", quoted(edge)), "a stack has at most 32 layers"));
            }
        }
        for (name, group) in &spec.groups {
            all.extend(within(&format!("groups.{}", quoted(name)), group.check()));
        }
        for (name, clock) in &spec.clocks {
            all.extend(within(&format!("clocks.{}", quoted(name)), clock.check()));
        }
        if spec.groups.len() > 1 {
            all.push(complaint("groups", "a scenario has at most one group"));
        }
        let clients: u64 = spec.clients.iter().map(|(_, clients)| u64::from(clients.count)).sum();
        if clients > MOST_CLIENTS {
            all.push(complaint("nodes", format!("{clients} clients are more than a run can hold ({MOST_CLIENTS})")));
        }
        if !spec.clients.is_empty() && spec.clients.iter().all(|(_, clients)| clients.synthetic) {
            all.push(complaint(
                "nodes",
                "nobody is a user: synthetic clients only show how users fare; add a population that is not synthetic",
            ));
        }
        if spec.clients.is_empty() {
            all.push(complaint("nodes", "nobody calls anything; add a population such as \"shoppers\": Clients(...)"));
        }
        self.complaints = all;
    }

    fn check_clockwork(&mut self, times: &Clockwork) {
        let mut complain = |field: &str, message: String| self.complaints.push(complaint(field, message));
        let longest = SimDuration::from_secs(366 * 86_400);
        if times.horizon.is_zero() {
            complain("horizon", "a run needs time; write a horizon such as \"5m\"".to_owned());
        }
        for (field, length) in [("horizon", times.horizon), ("drain", times.drain)] {
            if length > longest {
                complain(field, format!("{length} is longer than a run may take; the longest is 366d"));
            }
        }
        if times.warm_up >= times.horizon && !times.horizon.is_zero() {
            complain(
                "warm_up",
                format!("the warm-up ({}) leaves nothing to measure before the horizon ({})", times.warm_up, times.horizon),
            );
        }
        let bins = times.horizon.as_nanos() / times.bin.as_nanos().max(1);
        if times.bin.is_zero() {
            complain("bin", "a time bin needs a width; write a bin such as \"1s\"".to_owned());
        } else if times.horizon <= longest && bins > MOST_BINS {
            let least = SimDuration::from_nanos(times.horizon.as_nanos().div_ceil(MOST_BINS));
            let sentence = format!("a horizon of {} is {bins} bins of {}, and {MOST_BINS} are the most", times.horizon, times.bin);
            complain("bin", format!("{sentence}; shorten the horizon, or write a `bin` of at least {least}"));
        } else if times.hold < times.bin || !(times.hold % times.bin).is_zero() {
            complain("hold", format!("the hold time ({}) must be a whole number of bins ({})", times.hold, times.bin));
        }
    }

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
        let (brokers, backlogs, consumers) = self.brokers(&services, &classes, &edges);
        let domains: Vec<_> = self.domains.iter().map(|place| domain_of(place).to_owned()).collect();
        let clocks = self.clocks(&nodes, &domains, &services, group.as_ref());
        let kinds = kinds_of(spec);
        let places = self.domains.clone();
        let known = Places::new(&nodes, &services, group.as_ref(), (&domains, &places), &kinds, &spec.clients, &edges);
        let (faults, storm) = (self.faults(&known), self.storm(&known));
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

    /// Edges of populations first, in their order, then those of services in order of writing.
    fn edges(
        &mut self,
        nodes: &[NodePlan],
        services: &mut [ServicePlan],
        group: Option<&GroupPlan>,
        classes: &[ClassPlan],
    ) -> Vec<EdgePlan> {
        let spec = self.spec;
        let callees = Callees::new(services, group);
        let mut edges: Vec<EdgePlan> = Vec::new();
        for (index, (name, clients)) in spec.clients.iter().enumerate() {
            let path = format!("nodes.{}.calls", quoted(name));
            let edge = self.edge(name, &nodes[index..=index], &clients.calls, &path, &callees, nodes);
            edges.push(edge);
        }
        for (index, (name, service)) in spec.services.iter().enumerate() {
            let replicas = &nodes[services[index].first.index()..][..services[index].replicas as usize];
            services[index].program = self.program((name, &service.does), replicas, (&callees, nodes, classes), &mut edges);
            if let Some(callee) = service.sessions.as_ref().and_then(SessionPlace::asks) {
                let wanted = format!("{name} -> {callee}");
                let known = edges.iter().position(|edge| edge.name == wanted);
                let login = known.unwrap_or_else(|| {
                    let path = format!("nodes.{}.sessions.unknown", quoted(name));
                    edges.push(self.edge(name, replicas, callee, &path, &callees, nodes));
                    edges.len() - 1
                });
                services[index].sessions.iter_mut().for_each(|(_, edge)| *edge = Some(EdgeId(login as u32)));
            }
            if let HealthEndpoint::Deep(deep) = &service.health {
                self.health_of((name, replicas, deep), (&callees, nodes), &mut services[index], &mut edges);
            }
        }
        watch_participants(services, &edges);
        for service in services.iter_mut() {
            service.checks_in = service.is_watched
                || service.connections.is_some()
                || service.data.is_some()
                || service.read_model.is_some()
                || service.intake.is_some()
                || service.sessions.is_some();
        }
        self.add_edges_of_brokers(&callees, nodes, services, &mut edges);
        Self::remember_writers(services);
        self.add_publications(&callees, nodes, services, &mut edges);
        self.add_edges_of_layers(&callees, nodes, services, &mut edges);
        self.refuse_cycles(nodes, services, &edges);
        self.attach_stacks(&mut edges);
        self.add_watches(nodes, services, &mut edges);
        edges
    }

    fn edge(&mut self, caller: &str, callers: &[NodePlan], callee: &str, path: &str, known: &Callees, nodes: &[NodePlan]) -> EdgePlan {
        let name = format!("{caller} -> {callee}");
        let Some((target, first, count)) = known.by_name.get(callee).copied() else {
            self.complaints.push(Complaint::unknown(path, "service or group", callee, known.names.iter().map(String::as_str)));
            return EdgePlan::new(name, NodeId(0), Callee::Group, Vec::new(), Zones::default(), Vec::new());
        };
        let routes = self.routes(&name, callers, &nodes[first.index()..][..count as usize]);
        let replicas = nodes[first.index()..][..count as usize].iter().map(|node| Key::named(&node.name).bits()).collect();
        let caller = nodes.iter().position(|node| std::ptr::eq(node, &callers[0])).unwrap_or_default();
        let domains = |nodes: &[NodePlan]| nodes.iter().map(|node| domain_of(&self.domains[node.domain as usize])).collect::<Vec<_>>();
        let zones = Zones::new(&domains(callers), &domains(&nodes[first.index()..][..count as usize]));
        let is_parted = self.spec.services.iter().any(|(name, service)| name == callee && (service.has_parts() || service.data.is_some()));
        let tells_cut = |service: &Service| service.admission.iter().any(|control| control.cut_is_kept_for().is_some());
        let sheds_early = self.spec.services.iter().any(|(name, service)| name == callee && tells_cut(service));
        EdgePlan { is_parted, sheds_early, ..EdgePlan::new(name, NodeId(caller as u32), target, replicas, zones, routes) }
    }

    fn routes(&mut self, edge: &str, callers: &[NodePlan], callees: &[NodePlan]) -> EdgeRoutes {
        let mut routes = Vec::new();
        if !self.complaints.is_empty() && self.complaints.iter().any(|complaint| complaint.field != "links") {
            return routes;
        }
        for (caller, from_nodes) in by_place(callers) {
            for (callee, to_nodes) in &by_place(callees) {
                let (from, to) = (&self.domains[caller as usize], &self.domains[*callee as usize]);
                let there = self.topology.connect(from, to);
                let back = self.topology.connect(to, from);
                if let (Some(there), Some(back)) = (there, back) {
                    routes.push(((caller, *callee), (there, back)));
                    continue;
                }
                let (callers, callees) = (listed(&from_nodes), listed(to_nodes));
                let (from, to, trouble) = if there.is_none() {
                    (shown(from), shown(to), format!("{callers} cannot reach {callees}"))
                } else {
                    (shown(to), shown(from), format!("no answer of {callees} reaches {callers}"))
                };
                let sentence = format!(
                    "`{edge}` needs a way from {from:?} to {to:?}: {trouble}; add Link(from: {from:?}, to: {to:?}, delay: Constant(\"1ms\"))"
                );
                self.complaints.push(complaint("links", sentence));
            }
        }
        routes
    }

    /// A service that calls itself, over whatever detour, would never answer.
    fn refuse_cycles(&mut self, nodes: &[NodePlan], services: &[ServicePlan], edges: &[EdgePlan]) {
        for service in in_a_circle(nodes, services, edges) {
            let name = &services[service].name;
            let path = format!("nodes.{}.does", quoted(name));
            let sentence = format!("`{name}` calls itself, directly or through others; calls must not go round in a circle");
            self.complaints.push(complaint(&path, sentence));
        }
    }

    fn faults(&mut self, places: &Places<'_>) -> Vec<FaultPlan> {
        let mut faults: Vec<FaultPlan> = Vec::new();
        let sound = self.complaints.is_empty();
        let plans = crate::faults::plans(&self.spec.faults, places, self.spec.clockwork.horizon, sound);
        for (index, plan) in plans.into_iter().enumerate() {
            match plan {
                Ok(plan) => faults.extend(plan),
                Err(complaints) => self.complaints.extend(within(&format!("faults[{index}]"), complaints)),
            }
        }
        if let Some(experiment) = &self.spec.experiment {
            faults.iter_mut().for_each(|fault| fault.limit_to(experiment));
            self.complaints.extend(faults.iter().find_map(|fault| experiment.check_confined(&fault.label, &fault.members, places)));
        }
        for (name, service) in &self.spec.services {
            let Some(rollback) = &service.rolls_back else { continue };
            let labels = faults.iter().map(|fault| fault.label.as_str());
            let events: Vec<&str> = places.events().collect();
            let wrong = rollback.when.check_names(labels, events.iter().copied());
            let path = format!("nodes.{}.rolls_back.when", quoted(name));
            self.complaints.extend(within(&path, wrong.into_iter().collect()));
        }
        let expected: f64 = faults.iter().map(|fault| fault.expected_strikes(self.spec.clockwork.horizon)).sum();
        if self.complaints.is_empty() && expected > MOST_STRIKES as f64 {
            let sentence = format!("about {expected:.0} strikes are expected in a run, which can hold {MOST_STRIKES}");
            self.complaints.push(complaint("faults", sentence));
        }
        faults
    }

    fn storm(&mut self, places: &Places<'_>) -> Option<StormPlan> {
        match self.spec.storm.as_ref()?.plan(places) {
            Ok(plan) => {
                let (families, experiment) = (&self.spec.storm.as_ref()?.families, self.spec.experiment.as_ref());
                let wrong = plan.members().find_map(|(family, members)| {
                    experiment.and_then(|experiment| experiment.check_confined(&families[family].label(), members, places))
                });
                self.complaints.extend(wrong);
                Some(plan)
            }
            Err(unknown) => {
                self.complaints.extend(within("storm", unknown));
                None
            }
        }
    }
}

/// The services that call themselves, directly or through others.
fn in_a_circle(nodes: &[NodePlan], services: &[ServicePlan], edges: &[EdgePlan]) -> Vec<usize> {
    let mut calls: DiGraph<(), ()> = DiGraph::new();
    for _ in services {
        calls.add_node(());
    }
    for edge in edges {
        if let (Role::Replica(caller), Callee::Service(callee)) = (nodes[edge.caller.index()].role, edge.callee) {
            // Nobody waits at a broker for what comes of a message.
            if services[caller as usize].broker.is_none() && services[callee as usize].broker.is_none() {
                calls.add_edge(NodeIndex::new(caller as usize), NodeIndex::new(callee as usize), ());
            }
        }
    }
    let is_circle = |group: &Vec<NodeIndex>| group.len() > 1 || calls.contains_edge(group[0], group[0]);
    let mut found: Vec<usize> = tarjan_scc(&calls).into_iter().filter(is_circle).flatten().map(NodeIndex::index).collect();
    found.sort_unstable();
    found
}

/// Whom a call may go to: its nodes by its name.
struct Callees {
    by_name: BTreeMap<String, (Callee, NodeId, u32)>,
    /// In order of writing.
    names: Vec<String>,
}

impl Callees {
    fn new(services: &[ServicePlan], group: Option<&GroupPlan>) -> Self {
        let mut all = Self { by_name: BTreeMap::new(), names: Vec::new() };
        let services =
            (0..).zip(services).map(|(index, service)| (&service.name, (Callee::Service(index), service.first, service.replicas)));
        for (name, callee) in services.chain(group.map(|group| (&group.name, (Callee::Group, group.first, group.members)))) {
            all.names.push(name.clone());
            all.by_name.entry(name.clone()).or_insert(callee);
        }
        all
    }
}

/// Names of nodes by the place they stand in.
fn by_place(nodes: &[NodePlan]) -> BTreeMap<u32, Vec<&str>> {
    let mut places: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for node in nodes {
        places.entry(node.domain).or_default().push(&node.name);
    }
    places
}

/// Some names in a sentence.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
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
