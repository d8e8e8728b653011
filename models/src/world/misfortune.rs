//! What happens when a fault begins or ends?

use super::World;
use crate::environment::{Condition, Effect};
use crate::event::{Kind, WorldEvent};
use crate::faults::Timetable;
use crate::ids::{NodeId, StretchId};
use crate::plan::Role;
use crate::protocols::Protocol;
use crate::record::Record;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;

impl<P: Protocol> World<P> {
    /// Schedules the begin (even slots) and the end (odd slots) of every stretch that is known before time 0.
    pub(super) fn plan_faults(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.timetable = Timetable::draw(&self.plan.faults, &self.seed, self.plan.clockwork.horizon);
        self.schedule_stretches(0..self.timetable.stretches.len(), ctx);
    }

    fn schedule_stretches(&self, stretches: std::ops::Range<usize>, ctx: &mut Ctx<'_, Self>) {
        for index in stretches {
            let (stretch, slot) = (&self.timetable.stretches[index], 2 * index as u32);
            ctx.at(stretch.begin, WorldEvent::new(Kind::Fault, Key::default(), slot, slot));
            if let Some(end) = stretch.end {
                ctx.at(end, WorldEvent::new(Kind::Fault, Key::default(), slot + 1, slot + 1));
            }
        }
    }

    /// A stretch of a fault begins or ends: the ledger changes, and whatever follows from it.
    pub(super) fn fault_changes(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (id, begins) = (StretchId(slot / 2), slot.is_multiple_of(2));
        let stretch = &self.timetable.stretches[id.index()];
        let strike = &self.timetable.strikes[stretch.strike as usize];
        let mut touched: Vec<NodeId> = stretch.effects.iter().filter_map(Effect::node).collect();
        touched.sort_unstable();
        touched.dedup();
        let before: Vec<_> = touched.iter().map(|&node| self.environment.node(node).clone()).collect();
        if begins {
            self.environment.begin(id, &stretch.effects, &self.plan.topology);
        } else {
            self.environment.end(id, &stretch.effects, &self.plan.topology);
        }
        if begins && stretch.opens {
            ctx.record(&Record::FaultBegan(strike.fault, strike.member));
        } else if !begins && stretch.closes {
            ctx.record(&Record::FaultEnded(strike.fault, strike.member));
        }
        for (node, before) in touched.into_iter().zip(before) {
            self.condition_changes(node, &before, ctx);
        }
        self.routes_changed(ctx);
    }

    fn condition_changes(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let after = self.environment.node(node);
        let (clock, is_up) = (after.clock, after.up);
        match (before.up, is_up) {
            (true, false) => self.node_dies(node, ctx),
            (false, true) => self.node_returns(node, ctx),
            (true, true) if before.slowness != after.slowness => self.server_changes_speed(node, before.slowness, ctx),
            _ => {}
        }
        if before.clock != clock {
            self.change_clock(node, clock, ctx);
        }
    }

    fn node_dies(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        ctx.record(&Record::NodeDied(node));
        self.forget_exchange(node);
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
