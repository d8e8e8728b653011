//! When were fewer members of a service or group up than an expectation wants, and who was down?

use crate::live::{Until, start};
use crate::scenario::ArmPlan;
use models::ids::NodeId;
use models::plan::{Plan, Role};
use models::record::Record;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// A time in which too few are up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooFew {
    /// When it begins: not before the warm-up is over.
    pub from: SimTime,
    /// When it ends: not after the horizon.
    pub until: SimTime,
    /// Who is down when it begins, and since when.
    pub down: Vec<(String, SimTime)>,
}

impl TooFew {
    /// How long it lasts, in nanoseconds.
    pub fn length(&self) -> u64 {
        self.until.as_nanos() - self.from.as_nanos()
    }
}

/// The times of a run in which fewer than so many members of a service or group are up, in order.
pub(super) fn too_few(arm: &ArmPlan, seed: u64, of: &str, wanted: u32) -> Vec<TooFew> {
    let mut live = start(arm, seed, TieBreak::ByRank);
    let plan = arm.of_run(seed);
    let members: Vec<NodeId> =
        (0..).map(NodeId).zip(&plan.nodes).filter(|(_, node)| is_member(&plan, node.role, of)).map(|(id, _)| id).collect();
    let absent = members.iter().filter(|node| !live.view(**node).is_up).map(|node| (*node, SimTime::ZERO));
    let down: BTreeMap<NodeId, SimTime> = absent.collect();
    let clockwork = &plan.clockwork;
    let (from, until) = (SimTime::ZERO + clockwork.warm_up, SimTime::ZERO + clockwork.horizon);
    let mut watch = Watch { plan: &plan, members, wanted, down, window: (from, until), open: None, found: Vec::new() };
    watch.look(SimTime::ZERO);
    live.advance(Until::END, Some(&mut watch as &mut dyn Observer<Record>));
    watch.close(until);
    watch.found
}

fn is_member(plan: &Plan, role: Role, of: &str) -> bool {
    match role {
        Role::Clients(_) => false,
        Role::Replica(service) => plan.services[service as usize].name == of,
        Role::Member(_) => plan.group.as_ref().is_some_and(|group| group.name == of),
    }
}

struct Watch<'p> {
    plan: &'p Plan,
    members: Vec<NodeId>,
    wanted: u32,
    down: BTreeMap<NodeId, SimTime>,
    /// What is measured.
    window: (SimTime, SimTime),
    open: Option<TooFew>,
    found: Vec<TooFew>,
}

impl Watch<'_> {
    /// After somebody went down or came back.
    fn look(&mut self, at: SimTime) {
        let is_too_few = self.members.len() - self.down.len() < self.wanted as usize;
        if !is_too_few {
            return self.close(at);
        }
        // Who was down before anything is measured does not matter any more if others are then.
        if self.open.is_none() || at <= self.window.0 {
            let name = |node: &NodeId| self.plan.nodes[node.index()].name.clone();
            let down = self.down.iter().map(|(node, since)| (name(node), *since)).collect();
            self.open = Some(TooFew { from: at.max(self.window.0), until: at, down });
        }
    }

    fn close(&mut self, at: SimTime) {
        let closed = self.open.take().map(|open| TooFew { until: at.min(self.window.1), ..open });
        self.found.extend(closed.filter(|closed| closed.from < closed.until));
    }
}

impl Observer<Record> for Watch<'_> {
    fn record(&mut self, at: SimTime, record: &Record) {
        match record {
            Record::NodeDied(node) if self.members.contains(node) => drop(self.down.insert(*node, at)),
            Record::NodeReturned(node) if self.members.contains(node) => drop(self.down.remove(node)),
            _ => return,
        }
        self.look(at);
    }
}
