//! What happens when a fault begins or ends?

use super::World;
use crate::event::{Kind, WorldEvent};
use crate::ids::{FaultId, NodeId};
use crate::plan::Role;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;

impl<P: Protocol> World<P> {
    /// Schedules the begin (even slots) and the end (odd slots) of every planned fault.
    pub(super) fn plan_faults(&self, ctx: &mut Ctx<'_, Self>) {
        for (index, fault) in (0..).zip(&self.plan.faults) {
            ctx.at(fault.begin, WorldEvent::new(Kind::Fault, Key::default(), 2 * index, 2 * index));
            if let Some(end) = fault.end {
                ctx.at(end, WorldEvent::new(Kind::Fault, Key::default(), 2 * index + 1, 2 * index + 1));
            }
        }
    }

    /// A fault begins or ends: the ledger changes, and whatever follows from it.
    pub(super) fn fault_changes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let fault = FaultId(slot / 2);
        let before: Vec<_> = (0..self.plan.nodes.len() as u32).map(|node| self.environment.node(NodeId(node))).collect();
        if slot.is_multiple_of(2) {
            self.environment.begin(fault, &self.plan.faults[fault.index()].effects, &self.plan.topology);
            ctx.record(&Record::FaultBegan(fault));
        } else {
            self.environment.end(fault, &self.plan.topology);
            ctx.record(&Record::FaultEnded(fault));
        }
        for (node, before) in (0..).map(NodeId).zip(before) {
            let after = self.environment.node(node);
            match (before.up, after.up) {
                (true, false) => self.node_dies(node, ctx),
                (false, true) => self.node_returns(node, ctx),
                (true, true) if before.slowness != after.slowness => self.server_changes_speed(node, before.slowness, ctx),
                _ => {}
            }
        }
    }

    fn node_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        ctx.record(&Record::NodeDied(node));
        match self.plan.nodes[node.index()].role {
            Role::Replica(_) => self.server_dies(node, ctx),
            Role::Member(index) => self.member_dies(index, ctx.now()),
            Role::Clients(_) => unreachable!("faults of nodes strike servers"),
        }
    }

    fn node_returns(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        ctx.record(&Record::NodeReturned(node));
        if let Role::Member(index) = self.plan.nodes[node.index()].role {
            self.member_returns(index, ctx);
        }
    }
}
