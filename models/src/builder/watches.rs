//! Over which edges are the replicas of a service asked by whoever restarts them?

use super::Builder;
use crate::ids::{EdgeId, NodeId};
use crate::plan::{Callee, EdgePlan, NodePlan, ServicePlan, Zones};
use sim_core::draw::Key;

impl Builder<'_> {
    /// An edge for each service that is looked after: a replica is asked from its own machine. They come last, and no calls go over them.
    pub(super) fn add_watches(&mut self, nodes: &[NodePlan], services: &mut [ServicePlan], edges: &mut Vec<EdgePlan>) {
        for (index, service) in (0..).zip(services) {
            let Some((_, watch)) = &mut service.restarts else { continue };
            *watch = EdgeId(edges.len() as u32);
            let replicas = &nodes[service.first.index()..][..service.replicas as usize];
            let mut places: Vec<u32> = replicas.iter().map(|node| node.domain).collect();
            places.sort_unstable();
            places.dedup();
            let way = |place: u32| {
                let name = &self.domains[place as usize];
                let route = self.topology.connect(name, name)?;
                Some(((place, place), (route, route)))
            };
            let routes = places.into_iter().filter_map(way).collect();
            let names = replicas.iter().map(|node| Key::named(&node.name).bits()).collect();
            let (name, first) = (format!("orchestrator -> {}", service.name), NodeId(service.first.0));
            edges.push(EdgePlan::new(name, first, Callee::Service(index), names, Zones::default(), routes));
        }
    }
}
