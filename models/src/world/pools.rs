//! What becomes of pools of connections when somebody else takes some, or gives them back?

use super::World;
use crate::environment::{ConnectionPool, Effect};
use crate::ids::NodeId;
use crate::plan::EdgePlan;
use crate::protocols::Protocol;
use crate::strategies::Scope;
use sim_core::time::SimTime;
use std::sync::Arc;

impl<P: Protocol> World<P> {
    /// Tells the pools that these effects concern how many of their connections somebody else holds now. Whose turn it is then hears of
    /// it as soon as the present event is dealt with.
    pub(super) fn pools_change(&mut self, effects: &[Effect], now: SimTime) {
        for effect in effects {
            if let Effect::Connections(pool, _) = effect {
                self.pool_changes(*pool, now);
            }
        }
    }

    fn pool_changes(&mut self, pool: ConnectionPool, now: SimTime) {
        let plan = Arc::clone(&self.plan);
        let (edge, layer) = (&plan.edges[pool.edge.index()], pool.layer as usize);
        let is_of_clients = (edge.caller.0 as usize) < plan.populations.len();
        let taken = self.environment.connections_taken(pool);
        for scope in 0..self.shared[pool.edge.index()][layer].len() {
            let now = self.local(owner(edge, layer, scope, is_of_clients), now);
            if let Some(memory) = &mut self.shared[pool.edge.index()][layer][scope] {
                let next = edge.stack[layer].take(memory, taken, now);
                next.into_iter().for_each(|ticket| self.notes.grant(ticket));
            }
        }
    }
}

/// Whose clock the memory of a scope goes by: that of its process, or of the first if it is shared by several.
fn owner(edge: &EdgePlan, layer: usize, scope: usize, is_of_clients: bool) -> NodeId {
    let process = match edge.scopes[layer] {
        // All clients of a population share a clock.
        Some(Scope::Client) if is_of_clients => 0,
        Some(Scope::Process | Scope::Client) => scope,
        Some(Scope::Endpoint) => scope / edge.replicas.len(),
        Some(Scope::Edge) | None => 0,
    };
    NodeId(edge.caller.0 + process as u32)
}
