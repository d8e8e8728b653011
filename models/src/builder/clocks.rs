//! Which clock does every node have, and which way is it to its time server?

use super::{Builder, quoted};
use crate::clocks::Parts;
use crate::ids::RouteId;
use crate::plan::{ClockPlan, GroupPlan, NodePlan, Role, ServicePlan};
use crate::registry::{Complaint, complaint};
use crate::topology::{lies_in, shown};

impl Builder<'_> {
    /// The clock of every node: that of the most specific name, a replica before its service before the domain it stands in.
    pub(super) fn clocks(
        &mut self,
        nodes: &[NodePlan],
        domains: &[String],
        services: &[ServicePlan],
        group: Option<&GroupPlan>,
    ) -> Vec<ClockPlan> {
        let spec = self.spec;
        if spec.clocks.is_empty() {
            return Vec::new();
        }
        let owner = |node: &NodePlan| match node.role {
            Role::Clients(_) => node.name.clone(),
            Role::Replica(service) => services[service as usize].name.clone(),
            Role::Member(_) => group.map(|group| group.name.clone()).unwrap_or_default(),
        };
        let mut used = vec![false; spec.clocks.len()];
        let mut clocks = Vec::new();
        for node in nodes {
            let owner = owner(node);
            let domain = domains[node.domain as usize].as_str();
            let rank = |name: &str| match name.strip_prefix("domain:") {
                Some(outer) => lies_in(domain, outer).then(|| outer.split('/').count()),
                None if name == node.name => Some(usize::MAX),
                None => (name == owner).then_some(usize::MAX - 1),
            };
            let fitting = spec.clocks.iter().enumerate().filter_map(|(index, (name, _))| rank(name).map(|rank| (rank, index)));
            let fitting: Vec<_> = fitting.collect();
            fitting.iter().for_each(|&(_, index)| used[index] = true);
            let parts = fitting.iter().max_by_key(|(rank, _)| *rank).map(|&(_, index)| (index, spec.clocks[index].1.parts()));
            clocks.push(parts.unwrap_or_default());
        }
        self.refuse_unused_clocks(&used, domains, services, group);
        if clocks.iter().all(|(_, parts)| parts.is_perfect()) {
            return Vec::new();
        }
        let with_server = clocks.into_iter().zip(nodes);
        with_server.map(|((index, parts), node)| ClockPlan { server: self.time_server(index, &parts, node), parts }).collect()
    }

    fn refuse_unused_clocks(&mut self, used: &[bool], domains: &[String], services: &[ServicePlan], group: Option<&GroupPlan>) {
        let known: Vec<&str> = self.spec.clients.iter().map(|(name, _)| name.as_str()).collect();
        let known = known.into_iter().chain(services.iter().map(|service| service.name.as_str()));
        let known: Vec<String> = known.chain(group.map(|group| group.name.as_str())).map(str::to_owned).collect();
        for (_, (name, _)) in used.iter().zip(&self.spec.clocks).filter(|(used, _)| !**used) {
            let path = format!("clocks.{}", quoted(name));
            self.complaints.push(match name.strip_prefix("domain:") {
                Some(domain) => Complaint::unknown(&path, "domain", domain, domains.iter().map(String::as_str)),
                None => Complaint::unknown(&path, "node or group", name, known.iter().map(String::as_str)),
            });
        }
    }

    /// The ways between a node and the time server its clock asks.
    fn time_server(&mut self, index: usize, parts: &Parts, node: &NodePlan) -> Option<(RouteId, RouteId)> {
        let server = &parts.polling.as_ref()?.server;
        if !self.complaints.is_empty() {
            return None;
        }
        let here = self.domains[node.domain as usize].clone();
        let (there, back) = (self.topology.connect(&here, server), self.topology.connect(server, &here));
        if there.is_none() || back.is_none() {
            let (here, server) = (shown(&here), server.as_str());
            let (from, to) = if there.is_none() { (here, server) } else { (server, here) };
            let sentence = format!(
                "the clock of `{}` needs a way from {from:?} to {to:?}; add Link(from: {from:?}, to: {to:?}, delay: Constant(\"1ms\"))",
                node.name
            );
            self.complaints.push(complaint(&format!("clocks.{}", quoted(&self.spec.clocks[index].0)), sentence));
        }
        there.zip(back)
    }
}
