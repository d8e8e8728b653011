//! How does a written system become a plan? Every name is looked up here, and everything wrong is said at once.

mod clocks;

use crate::ids::{EdgeId, NodeId, PopulationId};
use crate::plan::{
    Callee, Clockwork, EdgePlan, FaultPlan, GroupPlan, NodePlan, Places, Plan, PopulationPlan, Role, ServicePlan, SystemSpec, TaskPlan,
};
use crate::registry::{Complaint, complaint, within};
use crate::services::{Queue, Task};
use crate::topology::Topology;
use sim_core::draw::Key;
use sim_core::time::{SimDuration, SimTime};

/// At most so many clients and server nodes in one system: their numbers are 32 bits.
const MOST_CLIENTS: u64 = 100_000_000;

impl Plan {
    /// Looks up every name of a system.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the path of the field: `nodes.checkout.does[0]`.
    pub fn new(spec: &SystemSpec) -> Result<Self, Vec<Complaint>> {
        let mut builder = Builder { spec, complaints: Vec::new(), domains: Vec::new(), topology: Topology::new(&[]) };
        builder.check_parts();
        builder.check_clockwork(&spec.clockwork);
        if builder.complaints.is_empty() {
            builder.topology = Topology::new(&spec.links);
        }
        let plan = builder.assemble();
        if builder.complaints.is_empty() { Ok(plan) } else { Err(builder.complaints) }
    }
}

struct Builder<'a> {
    spec: &'a SystemSpec,
    complaints: Vec<Complaint>,
    domains: Vec<String>,
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
        for (index, link) in spec.links.iter().enumerate() {
            all.extend(within(&format!("links[{index}]"), link.check()));
        }
        for (index, fault) in spec.faults.iter().enumerate() {
            all.extend(within(&format!("faults[{index}]"), fault.check()));
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
        if times.bin.is_zero() || times.horizon.as_nanos() / times.bin.as_nanos().max(1) > 1_000_000 {
            complain("bin", format!("bins of {} are too fine: at most 1000000 of them fit into a run", times.bin));
        } else if times.hold < times.bin || !(times.hold % times.bin).is_zero() {
            complain("hold", format!("the hold time ({}) must be a whole number of bins ({})", times.hold, times.bin));
        }
    }

    fn assemble(&mut self) -> Plan {
        let spec = self.spec;
        let mut nodes = Vec::new();
        let mut populations = Vec::new();
        let mut first_client = 0_u32;
        for (index, (name, clients)) in (0..).zip(&spec.clients) {
            let node = NodeId(nodes.len() as u32);
            nodes.push(NodePlan { name: name.clone(), domain: self.domain(&clients.domain), role: Role::Clients(PopulationId(index)) });
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
            });
            first_client = first_client.saturating_add(clients.count);
        }
        let mut services = self.place_services(&mut nodes);
        let group = self.place_group(&mut nodes);
        let edges = self.edges(&nodes, &mut services, group.as_ref());
        let clocks = self.clocks(&nodes, &services, group.as_ref());
        let domains = std::mem::take(&mut self.domains);
        let faults = self.faults(&Places::new(&nodes, &services, group.as_ref(), &domains));
        let mut changes: Vec<SimTime> = faults.iter().flat_map(|fault| [Some(fault.begin), fault.end]).flatten().collect();
        changes.sort_unstable();
        changes.dedup();
        let topology = std::mem::take(&mut self.topology);
        Plan { nodes, services, group, populations, edges, topology, faults, clocks, changes, clockwork: spec.clockwork }
    }

    fn domain(&mut self, name: &str) -> u32 {
        let position = self.domains.iter().position(|known| known == name).unwrap_or_else(|| {
            self.domains.push(name.to_owned());
            self.domains.len() - 1
        });
        u32::try_from(position).expect("fewer than 2^32 domains")
    }

    fn place_services(&mut self, nodes: &mut Vec<NodePlan>) -> Vec<ServicePlan> {
        let sound = self.complaints.is_empty();
        let mut services = Vec::new();
        for (index, (name, service)) in (0..).zip(&self.spec.services) {
            let first = NodeId(nodes.len() as u32);
            let replicas = service.replicas.clamp(1, 10_000);
            for replica in 0..replicas {
                let domain = if service.domain.0.is_empty() { 0 } else { self.domain(service.domain.of(replica)) };
                nodes.push(NodePlan { name: format!("{name}[{replica}]"), domain, role: Role::Replica(index) });
            }
            let Queue::Fifo(queue) = &service.queue;
            services.push(ServicePlan {
                name: name.clone(),
                first,
                replicas,
                workers: service.workers,
                threads: service.threads,
                queue_limit: queue.limit.unwrap_or(u32::MAX),
                demand: if sound {
                    service.demand.compile()
                } else {
                    sim_core::sample::Distribution::Constant(SimDuration::ZERO).compile()
                },
                program: Vec::new(),
                late_work: service.late_work,
                demand_of_retry: service.demand_of_retry,
            });
        }
        services
    }

    fn place_group(&mut self, nodes: &mut Vec<NodePlan>) -> Option<GroupPlan> {
        let (name, spec) = self.spec.groups.first()?;
        let first = NodeId(nodes.len() as u32);
        // Of a group that cannot be placed enough is placed for everything else to be looked up.
        let members = if self.complaints.is_empty() { spec.members() } else { 1 };
        let mut domains = Vec::new();
        for member in 0..members {
            let domain = if spec.placement().0.is_empty() { 0 } else { self.domain(spec.placement().of(member)) };
            domains.push(domain);
            nodes.push(NodePlan { name: format!("{name}[{member}]"), domain, role: Role::Member(member) });
        }
        domains.sort_unstable();
        domains.dedup();
        let ways = if members > 1 { self.routes(name, &domains, &domains) } else { Vec::new() };
        let ways = ways.into_iter().map(|(ends, (there, _))| (ends, there)).collect();
        Some(GroupPlan { name: name.clone(), first, ways, spec: spec.clone() })
    }

    /// Edges of populations first, in their order, then those of services in order of writing.
    fn edges(&mut self, nodes: &[NodePlan], services: &mut [ServicePlan], group: Option<&GroupPlan>) -> Vec<EdgePlan> {
        let spec = self.spec;
        let sound = self.complaints.is_empty();
        let mut edges: Vec<EdgePlan> = Vec::new();
        for (name, clients) in &spec.clients {
            let path = format!("nodes.{}.calls", quoted(name));
            let edge = self.edge(name, &clients.calls, &path, services, group, nodes);
            edges.push(edge);
        }
        for (index, (name, service)) in spec.services.iter().enumerate() {
            let mut program = Vec::new();
            for (position, task) in service.does.iter().enumerate() {
                match task {
                    Task::Work(work) if sound => program.push(TaskPlan::Work(work.compile())),
                    Task::Work(_) => {}
                    Task::Call(callee) => {
                        let edge_name = format!("{name} -> {callee}");
                        let known = edges.iter().position(|edge| edge.name == edge_name).unwrap_or_else(|| {
                            let path = format!("nodes.{}.does[{position}]", quoted(name));
                            let edge = self.edge(name, callee, &path, services, group, nodes);
                            edges.push(edge);
                            edges.len() - 1
                        });
                        program.push(TaskPlan::Call(EdgeId(known as u32)));
                    }
                }
            }
            services[index].program = program;
        }
        self.refuse_cycles(services, &edges);
        self.attach_stacks(&mut edges);
        edges
    }

    fn edge(
        &mut self,
        caller: &str,
        callee: &str,
        path: &str,
        services: &[ServicePlan],
        group: Option<&GroupPlan>,
        nodes: &[NodePlan],
    ) -> EdgePlan {
        let target = services.iter().position(|service| service.name == callee);
        let target = match (target, group) {
            (Some(index), _) => Some(Callee::Service(index as u32)),
            (None, Some(group)) if group.name == callee => Some(Callee::Group),
            _ => None,
        };
        let name = format!("{caller} -> {callee}");
        let Some(target) = target else {
            let known = services.iter().map(|service| service.name.as_str()).chain(group.map(|group| group.name.as_str()));
            self.complaints.push(Complaint::unknown(path, "service or group", callee, known));
            return EdgePlan { name, callee: Callee::Group, stack: Vec::new(), routes: Vec::new() };
        };
        let domains_of = |wanted: &dyn Fn(Role) -> bool| {
            let mut domains: Vec<u32> = nodes.iter().filter(|node| wanted(node.role)).map(|node| node.domain).collect();
            domains.sort_unstable();
            domains.dedup();
            domains
        };
        let callers = domains_of(&|role| match role {
            Role::Clients(population) => self.spec.clients[population.index()].0 == caller,
            Role::Replica(service) => services[service as usize].name == caller,
            Role::Member(_) => false,
        });
        let callees = domains_of(&|role| match (target, role) {
            (Callee::Service(wanted), Role::Replica(service)) => wanted == service,
            (Callee::Group, Role::Member(_)) => true,
            _ => false,
        });
        let routes = self.routes(&name, &callers, &callees);
        EdgePlan { name, callee: target, stack: Vec::new(), routes }
    }

    fn routes(&mut self, edge: &str, callers: &[u32], callees: &[u32]) -> Vec<((u32, u32), (crate::ids::RouteId, crate::ids::RouteId))> {
        let mut routes = Vec::new();
        if !self.complaints.is_empty() {
            return routes;
        }
        for &caller in callers {
            for &callee in callees {
                let (from, to) = (&self.domains[caller as usize], &self.domains[callee as usize]);
                let there = self.topology.connect(from, to);
                let back = self.topology.connect(to, from);
                if let (Some(there), Some(back)) = (there, back) {
                    routes.push(((caller, callee), (there, back)));
                } else {
                    let (from, to) = if there.is_none() { (from, to) } else { (to, from) };
                    let sentence = format!(
                        "`{edge}` needs a way from {from:?} to {to:?}; add Link(from: {from:?}, to: {to:?}, delay: Constant(\"1ms\"))"
                    );
                    self.complaints.push(complaint("links", sentence));
                }
            }
        }
        routes
    }

    /// A service that calls itself, over whatever detour, would never answer.
    fn refuse_cycles(&mut self, services: &[ServicePlan], edges: &[EdgePlan]) {
        let callees = |service: usize| {
            services[service].program.iter().filter_map(|task| match task {
                TaskPlan::Call(edge) => match edges[edge.index()].callee {
                    Callee::Service(callee) => Some(callee as usize),
                    Callee::Group => None,
                },
                TaskPlan::Work(_) => None,
            })
        };
        for start in 0..services.len() {
            let mut seen = vec![false; services.len()];
            let mut pending: Vec<usize> = callees(start).collect();
            while let Some(service) = pending.pop() {
                if service == start {
                    let path = format!("nodes.{}.does", quoted(&services[start].name));
                    let sentence =
                        format!("`{}` calls itself, directly or through others; calls must not go round in a circle", services[start].name);
                    self.complaints.push(complaint(&path, sentence));
                    break;
                }
                if !std::mem::replace(&mut seen[service], true) {
                    pending.extend(callees(service));
                }
            }
        }
    }

    fn attach_stacks(&mut self, edges: &mut [EdgePlan]) {
        for (name, stack) in &self.spec.stacks {
            let wanted = normalised(name);
            match edges.iter_mut().find(|edge| edge.name == wanted) {
                Some(edge) => edge.stack.clone_from(stack),
                None => {
                    let known = edges.iter().map(|edge| edge.name.as_str());
                    self.complaints.push(Complaint::unknown(&format!("stacks.{}", quoted(name)), "edge", name, known));
                }
            }
        }
    }

    fn faults(&mut self, places: &Places<'_>) -> Vec<FaultPlan> {
        let mut faults = Vec::new();
        let mut complaints = Vec::new();
        for (index, fault) in self.spec.faults.iter().enumerate() {
            let begin = SimTime::ZERO.saturating_add(fault.at());
            if fault.at() >= self.spec.clockwork.horizon {
                let sentence =
                    format!("it begins at {}, when the run is over (the horizon is {})", fault.at(), self.spec.clockwork.horizon);
                complaints.push(complaint(&format!("faults[{index}].at"), sentence));
            }
            match fault.effects(places) {
                Ok(effects) => {
                    let end = fault.lasts().map(|lasts| begin.saturating_add(lasts));
                    faults.push(FaultPlan { label: fault.label(), begin, end, effects });
                }
                Err(unknown) => complaints.extend(within(&format!("faults[{index}]"), unknown)),
            }
        }
        self.complaints.extend(complaints);
        faults
    }
}

/// A name as a step of a path: in double quotes if it has other characters than letters, digits and `_`.
pub fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// `a->b` and `a  ->  b` name the edge `a -> b`.
fn normalised(edge: &str) -> String {
    match edge.split_once("->") {
        Some((caller, callee)) => format!("{} -> {}", caller.trim(), callee.trim()),
        None => edge.to_owned(),
    }
}
