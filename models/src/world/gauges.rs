//! What do the layers show at the end of a time bin?

use super::World;
use crate::ids::{EdgeId, NodeId};
use crate::protocols::Protocol;
use crate::strategies::{Luck, Scope};
use sim_core::time::SimTime;
use std::sync::Arc;

/// Of more scopes than this, which only a population of clients has, the first ones stand for all.
const MOST_SCOPES: usize = 1_000;

impl<P: Protocol> World<P> {
    /// Whether any layer shares anything that could be shown.
    pub(super) fn has_gauges(&self) -> bool {
        !self.plan.backlogs.is_empty() || self.plan.edges.iter().any(|edge| edge.scopes.iter().any(Option::is_some))
    }

    /// Asks every layer for what it shows at the end of a whole time bin. They are asked as copies: to look at a budget moves it on, and
    /// nothing may go differently because somebody looked.
    pub(super) fn show_gauges(&mut self, now: SimTime) {
        let plan = Arc::clone(&self.plan);
        let bin = (now.since_start() / plan.clockwork.bin) as usize - 1;
        self.show_brokers(now, bin);
        for (edge_index, edge) in plan.edges.iter().enumerate() {
            for (layer_index, layer) in edge.stack.iter().enumerate() {
                let Some(scope) = edge.scopes[layer_index] else { continue };
                let mut shown: Vec<(&'static str, f64, u32)> = Vec::new();
                for index in 0..self.shared[edge_index][layer_index].len().min(MOST_SCOPES) {
                    let Some(mut memory) = self.shared[edge_index][layer_index][index].clone() else { continue };
                    let process = match scope {
                        Scope::Process => index as u32,
                        Scope::Endpoint => (index / edge.replicas.len()) as u32,
                        Scope::Client | Scope::Edge => 0,
                    };
                    // Memories of clients have no replica, and a lever that some of them have pulled is not shown where all share one memory.
                    let puller = if scope == Scope::Client { index as u32 } else { process };
                    let now = self.local(NodeId(edge.caller.0 + process), now);
                    let luck = Luck { seed: &self.seed, key: edge.key.child(layer_index as u64).child(index as u64) };
                    let site = edge.site(now, luck, self.environment.lever(EdgeId(edge_index as u32), puller));
                    layer.gauges(&mut memory, &site, &mut |name, value| match shown.iter_mut().find(|(known, ..)| *known == name) {
                        Some((_, sum, scopes)) => (*sum, *scopes) = (*sum + value, *scopes + 1),
                        None => shown.push((name, value, 1)),
                    });
                }
                for (name, sum, scopes) in shown {
                    self.meter.gauges.show((edge_index as u32, layer_index as u32), name, bin, (sum, scopes));
                }
            }
        }
    }
}
