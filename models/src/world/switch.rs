//! What would another strategy have done from this very moment?
//!
//! Own definition. From now on new calls meet the stacks of another plan, with shared memory as it is at first use; calls under way finish under
//! the stack they began with, and with the memory that it had. So an edge whose stack changes has a *former* edge behind all others, of
//! the same callee and the same routes, which nothing but the calls under way belongs to. At the end of the run both are counted as one.

use super::World;
use crate::ids::EdgeId;
use crate::plan::{EdgePlan, Plan};
use crate::protocols::Protocol;
use std::sync::Arc;

impl Plan {
    /// Why a run of this plan cannot go on with the stacks of another one, if it cannot.
    pub fn why_no_switch(&self, other: &Self) -> Option<String> {
        let names = |plan: &Self| plan.edges.iter().map(|edge| edge.name.clone()).collect::<Vec<_>>();
        let nodes = |plan: &Self| plan.nodes.iter().map(|node| (node.name.clone(), node.role)).collect::<Vec<_>>();
        if nodes(self) != nodes(other) {
            return Some("the two arms have other nodes".to_owned());
        }
        if names(self) != names(other) {
            return Some("a layer of one of them calls somebody whom nobody calls in the other".to_owned());
        }
        if self.populations.iter().any(|population| population.counts_each) {
            return Some("a population counts what each of its clients gets".to_owned());
        }
        let asks = |plan: &Self| plan.edges.iter().flat_map(|edge| &edge.stack).any(|layer| layer.health().is_some());
        (asks(self) || asks(other)).then(|| "a layer asks replicas whether they are well, and that begins with the run".to_owned())
    }
}

/// Whether calls over one edge meet something else than over the other.
fn differs(edge: &EdgePlan, other: &EdgePlan) -> bool {
    edge.stack != other.stack || edge.homes != other.homes
}

impl<P: Protocol> World<P> {
    /// From now on new calls meet the stacks of this plan, which [`Plan::why_no_switch`] has nothing against. The faults of the run stay.
    pub fn switch(&mut self, other: &Plan) {
        let old = Arc::clone(&self.plan);
        let count = old.edges.len();
        let changed: Vec<bool> = old.edges.iter().zip(&other.edges).map(|(edge, other)| differs(edge, other)).collect();
        let former = |edge: &EdgePlan| {
            let homes = edge.homes.iter().map(|(home, layer)| (EdgeId(home.0 + count as u32), *layer)).collect();
            EdgePlan { homes, ..edge.clone() }
        };
        let edges = other.edges.iter().cloned().chain(old.edges.iter().map(former)).collect();
        self.plan = Arc::new(Plan { edges, faults: old.faults.clone(), storm: None, ..other.clone() });
        let fresh: Vec<_> = other.edges.iter().map(|edge| vec![Vec::new(); edge.stack.len()]).collect();
        let memories = std::mem::replace(&mut self.shared, fresh);
        for (index, memory) in memories.iter().enumerate().filter(|(index, _)| !changed[*index]) {
            self.shared[index].clone_from(memory);
        }
        self.shared.extend(memories);
        let under_way: Vec<u32> =
            self.calls.live_slots().filter(|(_, call)| changed[call.name.edge.index()]).map(|(slot, _)| slot).collect();
        for slot in under_way {
            let edge = &mut self.calls[slot].name.edge;
            *edge = EdgeId(edge.0 + count as u32);
        }
        self.meter.has_former_edges(count);
    }
}
