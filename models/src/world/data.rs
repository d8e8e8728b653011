//! Which requests write, which of them come too late, and which reads are stale?
//!
//! A write is committed when its request is answered with success, at the instant of the answer. Remembered is of each object when it was
//! committed last, as long as a request is under way that began earlier, and of each shard the writes that some follower lacks.

use super::World;
use super::replication::Streams;
use crate::attempt::Holds;
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::Plan;
use crate::protocols::Protocol;
use crate::services::data::{DataPlan, VersionRead};
use crate::strategies::root_of;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// What a run remembers of the data of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct DataState {
    /// Requests under way, by the slots of their attempts.
    under_way: BTreeMap<u32, Request>,
    /// When objects were committed last, as far as it matters to a request under way.
    committed: BTreeMap<u64, SimTime>,
    /// With so many entries it is looked through for those that matter to nobody.
    most_committed: usize,
    writers: Writers,
    pub(super) streams: Streams,
}

/// Clients that have written lately.
#[derive(Clone, Debug, Default)]
struct Writers {
    /// When each of them did so last, and the same in order of time.
    last: BTreeMap<Key, SimTime>,
    order: VecDeque<(SimTime, Key)>,
}

impl Writers {
    /// A client has written; those who have not for this long are forgotten.
    fn wrote(&mut self, client: Key, now: SimTime, kept: SimDuration) {
        while let Some((at, whose)) = self.order.front().copied().filter(|(at, _)| now.saturating_since(*at) > kept) {
            self.order.pop_front();
            if self.last.get(&whose) == Some(&at) {
                self.last.remove(&whose);
            }
        }
        self.last.insert(client, now);
        self.order.push_back((now, client));
    }
}

#[derive(Clone, Copy, Debug)]
struct Request {
    writes: bool,
    /// When it has seen the version of its object.
    since: SimTime,
}

impl DataState {
    /// Whether the request of an attempt under way is none that writes.
    pub(super) fn reads(&self, slot: u32) -> bool {
        self.under_way.get(&slot).is_none_or(|request| !request.writes)
    }

    /// An object was committed.
    fn commit(&mut self, object: u64, now: SimTime) {
        self.committed.insert(object, now);
        if self.committed.len() > self.most_committed {
            let oldest = self.under_way.values().filter(|request| request.writes).map(|request| request.since).min();
            self.committed.retain(|_, at| oldest.is_some_and(|oldest| *at > oldest));
            self.most_committed = 2 * self.committed.len() + 64;
        }
    }
}

/// What is remembered of every service at the begin of a run; nothing if none of them keeps anything.
pub(super) fn data_of(plan: &Plan) -> Vec<DataState> {
    if plan.services.iter().all(|service| service.data.is_none()) {
        return Vec::new();
    }
    let domain = |node: NodeId| plan.nodes[node.index()].domain;
    plan.services.iter().map(|service| DataState { streams: Streams::of(service, domain), ..DataState::default() }).collect()
}

impl<P: Protocol> World<P> {
    /// What may be observed of data is observed, if only as nothing.
    pub(super) fn mention_data(&mut self) {
        for service in &self.plan.services {
            if service.connections.is_some() {
                self.observations.count("connections refused", 0);
            }
            let Some(data) = &service.data else { continue };
            self.observations.count("writes committed", 0);
            if data.optimistic.is_some() {
                self.observations.count("writes that came too late", 0);
            }
            if data.replication.as_ref().is_some_and(|replication| replication.fails_over.is_some()) {
                ["fail-overs", "acknowledged writes lost", "writes refused by former primaries"]
                    .iter()
                    .for_each(|name| self.observations.count(name, 0));
                self.observations.total("time without a primary", SimDuration::ZERO);
            }
            if data.replication.is_some() {
                let of_reads = ["reads", "stale reads", "reads that missed a write of their own client"];
                of_reads.into_iter().for_each(|name| self.observations.count(name, 0));
            }
        }
    }

    fn data_plan(&self, service: u32) -> Option<&DataPlan> {
        self.plan.services[service as usize].data.as_ref()
    }

    /// Whether a call writes what the service keeps.
    pub(super) fn call_writes(&self, call: u32, data: &DataPlan) -> bool {
        let call = &self.calls[call];
        let root = root_of(call.object, (call.name.client, call.name.ordinal));
        data.writers.writes(root, call.class, &self.seed)
    }

    /// Whether the client of a request has written what a service keeps, so lately.
    pub(super) fn has_written(&self, slot: u32, (service, within): (u32, SimDuration), now: SimTime) -> bool {
        let client = self.tenant_of(self.attempts[slot].call);
        let last = self.data.get(service as usize).and_then(|data| data.writers.last.get(&client));
        last.is_some_and(|last| now.saturating_since(*last) <= within)
    }

    /// A request has arrived.
    pub(super) fn comes_to_data(&mut self, slot: u32, now: SimTime) {
        let attempt = &self.attempts[slot];
        let Some(data) = self.data_plan(attempt.service) else { return };
        let (writes, service) = (self.call_writes(attempt.call, data), attempt.service);
        self.data[service as usize].under_way.insert(slot, Request { writes, since: now });
        self.attempts[slot].holds.add(Holds::DATA);
    }

    /// A request that has waited goes to a worker.
    #[cold]
    pub(super) fn begins_on_data(&mut self, slot: u32, now: SimTime) {
        let service = self.attempts[slot].service;
        if self.data_plan(service).is_some_and(|data| data.optimistic == Some(VersionRead::AtStart))
            && let Some(request) = self.data[service as usize].under_way.get_mut(&slot)
        {
            request.since = now;
        }
    }

    /// A request is over: commits what it writes, unless somebody else did so since it looked.
    pub(super) fn leaves_data(&mut self, slot: u32, outcome: Option<Outcome>, ctx: &mut Ctx<'_, Self>) -> Option<Outcome> {
        let now = ctx.now();
        let attempt = &self.attempts[slot];
        let (service, object) = (attempt.service, self.calls[attempt.call].object);
        let client = self.tenant_of(attempt.call);
        let state = &mut self.data[service as usize];
        let Some(request) = state.under_way.remove(&slot) else { return outcome };
        if outcome != Some(Outcome::Success) {
            return outcome;
        }
        if !request.writes {
            self.reads(slot, (object, client), now);
            return outcome;
        }
        if !self.leads(slot) {
            self.observations.count("writes refused by former primaries", 1);
            return Some(Outcome::Failed(Failure::Refused));
        }
        let checks = self.data_plan(service).is_some_and(|data| data.optimistic.is_some());
        let state = &mut self.data[service as usize];
        if checks && state.committed.get(&object).is_some_and(|at| *at > request.since) {
            self.observations.count("writes that came too late", 1);
            return Some(Outcome::Failed(Failure::Conflict));
        }
        if checks {
            state.commit(object, now);
        }
        self.observations.count("writes committed", 1);
        let kept = self.data_plan(service).map_or(SimDuration::ZERO, |data| data.writers_for);
        if !kept.is_zero() {
            self.data[service as usize].writers.wrote(client, now, kept);
        }
        self.replicates(slot, (object, client), now);
        self.publishes(slot, (object, client), ctx);
        outcome
    }
}
