//! Who calls whom, and which way do requests and answers take?

use super::sagas::watch_participants;
use super::{Builder, quoted};
use crate::ids::{EdgeId, NodeId};
use crate::plan::{Callee, ClassPlan, EdgePlan, EdgeRoutes, GroupPlan, NodePlan, Role, ServicePlan, Zones};
use crate::registry::{Complaint, complaint};
use crate::services::{HealthEndpoint, Service, SessionPlace};
use crate::topology::{domain_of, shown};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use sim_core::draw::Key;
use std::collections::{BTreeMap, VecDeque};

impl Builder<'_> {
    /// Edges of populations first, in their order, then those of services in order of writing.
    pub(super) fn edges(
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

    pub(super) fn edge(
        &mut self,
        caller: &str,
        callers: &[NodePlan],
        callee: &str,
        path: &str,
        known: &Callees,
        nodes: &[NodePlan],
    ) -> EdgePlan {
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
        let is_parted = self.is_parted(callee);
        let tells_cut = |service: &Service| service.admission.iter().any(|control| control.cut_is_kept_for().is_some());
        let sheds_early = self.spec.services.iter().any(|(name, service)| name == callee && tells_cut(service));
        EdgePlan { is_parted, sheds_early, ..EdgePlan::new(name, NodeId(caller as u32), target, replicas, zones, routes) }
    }

    pub(super) fn routes(&mut self, edge: &str, callers: &[NodePlan], callees: &[NodePlan]) -> EdgeRoutes {
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
        for circle in circles(nodes, services, edges) {
            let names: Vec<&str> = circle.iter().chain(circle.first()).map(|service| services[*service].name.as_str()).collect();
            let path = format!("nodes.{}.does", quoted(names[0]));
            let sentence = format!("`{}` calls itself: {}; calls must not go round in a circle", names[0], names.join(" -> "));
            self.complaints.push(complaint(&path, sentence));
        }
    }
}

/// Services that call themselves, each in the order in which they call each other, for every group of them the shortest circle through its first.
fn circles(nodes: &[NodePlan], services: &[ServicePlan], edges: &[EdgePlan]) -> Vec<Vec<usize>> {
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
    let mut found: Vec<Vec<usize>> =
        tarjan_scc(&calls).into_iter().filter(is_circle).map(|group| shortest_circle(&calls, &group)).collect();
    found.sort_unstable();
    found
}

/// The way back to the first service of a group in which everybody can be reached from everybody, over as few others as can be.
fn shortest_circle(calls: &DiGraph<(), ()>, group: &[NodeIndex]) -> Vec<usize> {
    let first = group.iter().copied().min().unwrap_or_default();
    let mut ways = VecDeque::from([vec![first]]);
    let mut seen = vec![first];
    while let Some(way) = ways.pop_front() {
        let last = way[way.len() - 1];
        if calls.contains_edge(last, first) {
            return way.into_iter().map(NodeIndex::index).collect();
        }
        let mut next: Vec<NodeIndex> = calls.neighbors(last).filter(|callee| group.contains(callee) && !seen.contains(callee)).collect();
        next.sort_unstable();
        for callee in next {
            seen.push(callee);
            ways.push_back(way.iter().copied().chain([callee]).collect());
        }
    }
    // Within such a group there is a way from everybody to everybody.
    group.iter().copied().map(NodeIndex::index).collect()
}

/// Whom a call may go to: its nodes by its name.
pub(super) struct Callees {
    pub(super) by_name: BTreeMap<String, (Callee, NodeId, u32)>,
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
