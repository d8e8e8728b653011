//! How long were how many members of a service or group up?
//!
//! Time is counted in whole nanoseconds from the warm-up to the horizon, whenever a member goes down or comes back. From
//! "exactly k of n were up for so long" follow the availability of one member, of all in series, of one of several in
//! parallel, and of any majority or quorum.

use super::Uptime;
use crate::ids::NodeId;
use crate::plan::{Plan, Role};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Counts the members that are up, for every service and the group.
#[derive(Clone, Debug)]
pub(super) struct UpMeter {
    fleets: Vec<Fleet>,
    /// The fleet of each node; none of a client population.
    fleet_of: Vec<Option<u32>>,
    from: SimTime,
    until: SimTime,
}

/// The members of one service or group.
#[derive(Clone, Debug)]
struct Fleet {
    name: String,
    members: u32,
    up: u32,
    since: SimTime,
    time: BTreeMap<u32, SimDuration>,
}

impl UpMeter {
    /// All members are up. Where nothing can go wrong nothing is counted.
    pub(super) fn new(plan: &Plan) -> Self {
        let (from, until) = (SimTime::ZERO + plan.clockwork.warm_up, SimTime::ZERO + plan.clockwork.horizon);
        let fleet = |(name, members): (String, u32)| Fleet { name, members, up: members, since: from, time: BTreeMap::new() };
        let fleets = if plan.faults.is_empty() && plan.services.iter().all(|service| !service.comes_and_goes) {
            Vec::new()
        } else {
            plan.fleets().into_iter().map(fleet).collect()
        };
        let group = plan.services.len() as u32;
        let fleet_of = plan.nodes.iter().map(|node| match node.role {
            Role::Clients(_) => None,
            Role::Replica(service) => Some(service),
            Role::Member(_) => Some(group),
        });
        Self { fleet_of: fleet_of.collect(), fleets, from, until }
    }

    /// A node goes down, or comes back.
    pub(super) fn changes(&mut self, node: NodeId, is_up: bool, now: SimTime) {
        let now = now.max(self.from).min(self.until);
        let Some(fleet) = self.fleet_of[node.index()].and_then(|fleet| self.fleets.get_mut(fleet as usize)) else { return };
        fleet.count_until(now);
        fleet.up = if is_up { fleet.up + 1 } else { fleet.up - 1 };
    }

    /// What was counted, for each fleet in its order, the fewest members first.
    pub(super) fn finish(mut self) -> Vec<Uptime> {
        let until = self.until;
        self.fleets.iter_mut().for_each(|fleet| fleet.count_until(until));
        let times = |fleet: Fleet| Uptime { of: fleet.name, members: fleet.members, exactly: fleet.time.into_iter().collect() };
        self.fleets.into_iter().map(times).collect()
    }
}

impl Fleet {
    fn count_until(&mut self, now: SimTime) {
        let length = now.saturating_since(self.since);
        if !length.is_zero() {
            *self.time.entry(self.up).or_default() += length;
        }
        self.since = now;
    }
}
