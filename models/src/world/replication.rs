//! How far behind its primary is a read replica, and what does a reader miss?
//!
//! A write reaches each follower a lag after its commit, and never before an earlier one. Nothing has to happen at that instant: it is known
//! when the write is committed, and looked at when somebody reads. What is standing still, or cut off from its primary, or has a
//! primary that stands still, applies nothing; when it can go on, it has all it missed after one more lag. Who waits for followers, and who
//! takes the place of a primary, is in `failover`.

use super::World;
use super::failover::Succession;
use crate::ids::{NodeId, RouteId};
use crate::measure::Observations;
use crate::plan::ServicePlan;
use crate::protocols::Protocol;
use crate::services::data::{ReadsFrom, ReplicationPlan};
use sim_core::draw::{Draw, Key};
use sim_core::simulation::Ctx;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// Primaries of a service and those who follow them, one stream for each shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    pub(super) of: Vec<Stream>,
    /// The write that was committed last, if writes wait for followers: its stream, and its number there.
    pub(super) answering: Option<(u32, u64)>,
    /// Until when clients that have written read from the primary, and the same in order of time.
    pinned: BTreeMap<Key, SimTime>,
    pins: VecDeque<(SimTime, Key)>,
}

/// The writes of a primary that some follower lacks.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Who takes the writes.
    pub(super) primary: NodeId,
    /// How many writes there were.
    pub(super) writes: u64,
    pub(super) log: VecDeque<Write>,
    /// The number of the newest of them for each object, and for each object and client.
    pub(super) newest: BTreeMap<u64, u64>,
    pub(super) own: BTreeMap<(u64, Key), u64>,
    pub(super) followers: Vec<Follower>,
    /// Who waits for followers, and since when there is no primary.
    pub(super) succession: Succession,
}

#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) number: u64,
    pub(super) object: u64,
    pub(super) client: Key,
    pub(super) committed: SimTime,
    /// When the first of this write and those was committed that came before it and are not kept any more.
    pub(super) since: SimTime,
    /// When each follower has it, if it stands in nobody's way.
    pub(super) ready: Vec<SimTime>,
}

#[derive(Clone, Debug)]
pub(super) struct Follower {
    pub(super) node: NodeId,
    pub(super) way: RouteId,
    pub(super) key: Key,
    /// It has all writes with smaller numbers.
    pub(super) applied: u64,
    /// When the last write of the log is ready.
    pub(super) last_ready: SimTime,
    /// It applies nothing before this instant; the end of time while it cannot.
    pub(super) floor: SimTime,
    /// How often it could go on after it could not.
    pub(super) returns: u64,
}

/// Behind which the draws of the lag of a write lie, by follower.
const LAG: u64 = 0x9_0000;

impl Streams {
    /// The streams of a service; none if nobody follows.
    pub fn of(service: &ServicePlan, domain: impl Fn(NodeId) -> u32) -> Self {
        let Some(plan) = service.data.as_ref().and_then(|data| data.replication.as_ref()) else { return Self::default() };
        let size = service.replicas / plan.shards;
        let node = |replica: u32| NodeId(service.first.0 + replica);
        let stream = |shard: u32| {
            let primary = node(shard * size);
            let follower = |replica: u32| Follower {
                node: node(replica),
                way: plan.way(domain(primary), domain(node(replica))),
                key: Key::named("return").child(service.key.bits()).child(u64::from(replica)),
                applied: 0,
                last_ready: SimTime::ZERO,
                floor: SimTime::ZERO,
                returns: 0,
            };
            let followers = (shard * size + 1..(shard + 1) * size).map(follower).collect();
            let (log, newest, own, succession) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new(), Succession::of(plan));
            Stream { primary, writes: 0, log, newest, own, followers, succession }
        };
        Self { of: (0..plan.shards).map(stream).collect(), ..Self::default() }
    }

    /// Whether a client has written so lately that it reads from the primary.
    pub fn is_pinned(&self, client: Key, now: SimTime) -> bool {
        self.pinned.get(&client).is_some_and(|until| now < *until)
    }

    fn pin(&mut self, client: Key, until: SimTime, now: SimTime) {
        while let Some((over, whose)) = self.pins.front().copied().filter(|(over, _)| *over <= now) {
            self.pins.pop_front();
            if self.pinned.get(&whose) == Some(&over) {
                self.pinned.remove(&whose);
            }
        }
        self.pinned.insert(client, until);
        self.pins.push_back((until, client));
    }

    /// Whether nobody follows anybody.
    pub const fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

impl Stream {
    /// A write is committed now.
    fn commit(&mut self, plan: &ReplicationPlan, (object, client): (u64, Key), luck: Draw, now: SimTime, seen: &mut Observations) {
        self.catch_up(now, seen);
        let mut ready = Vec::with_capacity(self.followers.len());
        for (index, follower) in (0..).zip(&mut self.followers) {
            let lag = plan.lag.sample(luck.further(LAG + index));
            follower.last_ready = follower.last_ready.max(now.saturating_add(lag));
            ready.push(follower.last_ready);
        }
        self.newest.insert(object, self.writes);
        self.own.insert((object, client), self.writes);
        self.log.push_back(Write { number: self.writes, object, client, committed: now, since: now, ready });
        self.writes += 1;
        if self.log.len() > 2 * self.own.len() + 64 {
            self.thin_out();
        }
    }

    /// Nobody asks for a write of which the same client has made a newer one, unless a follower is about to apply it.
    fn thin_out(&mut self) {
        let going_on = self.followers.iter().filter(|follower| follower.floor != SimTime::MAX);
        let furthest = going_on.map(|follower| follower.applied).max().filter(|_| self.succession.is_watched).unwrap_or(u64::MAX);
        let (own, mut since) = (&self.own, None);
        self.log.retain_mut(|write| {
            let begin = since.unwrap_or(write.since);
            if write.number >= furthest || own.get(&(write.object, write.client)) == Some(&write.number) {
                (write.since, since) = (begin, None);
                return true;
            }
            since = Some(begin);
            false
        });
    }

    /// The writes that a follower lacks, the oldest first.
    fn lacked_by(&self, follower: &Follower) -> impl Iterator<Item = &Write> {
        self.log.iter().skip(self.log.partition_point(|write| write.number < follower.applied))
    }

    /// Every follower applies what it has; what all of them have is forgotten.
    pub(super) fn catch_up(&mut self, now: SimTime, seen: &mut Observations) {
        for (index, follower) in self.followers.iter_mut().enumerate() {
            let from = self.log.partition_point(|write| write.number < follower.applied);
            for write in self.log.iter().skip(from).take_while(|write| write.ready[index] <= now && follower.floor <= now) {
                follower.applied = write.number + 1;
                seen.longest("replication lag", write.ready[index].max(follower.floor).saturating_since(write.committed));
            }
        }
        let everywhere = self.followers.iter().map(|follower| follower.applied).min().unwrap_or(self.writes);
        while let Some(write) = self.log.pop_front() {
            if write.number >= everywhere {
                self.log.push_front(write);
                break;
            }
            if self.newest.get(&write.object) == Some(&write.number) {
                self.newest.remove(&write.object);
            }
            if self.own.get(&(write.object, write.client)) == Some(&write.number) {
                self.own.remove(&(write.object, write.client));
            }
        }
    }
}

impl<P: Protocol> World<P> {
    /// Of the replicas of a part, those that a request may go to: the first one takes all writes.
    #[cold]
    pub(super) fn for_reading_or_writing(&self, slot: u32, service: u32, part: Vec<u32>) -> Vec<u32> {
        let Some(data) = &self.plan.services[service as usize].data else { return part };
        let Some(replication) = &data.replication else { return part };
        let primary = self.primary_among(service, &part);
        let is_pinned = || self.data[service as usize].streams.is_pinned(self.tenant_of(slot), self.calls[slot].started);
        let at_primary =
            replication.reads == ReadsFrom::Primary || self.call_writes(slot, data) || replication.pins.is_some() && is_pinned();
        match replication.reads {
            _ if at_primary || part.len() == 1 => vec![primary],
            ReadsFrom::Any | ReadsFrom::Primary => part,
            ReadsFrom::Followers => part.into_iter().filter(|replica| *replica != primary).collect(),
        }
    }

    /// A write was committed: its followers will have it.
    pub(super) fn replicates(&mut self, slot: u32, (object, client): (u64, Key), now: SimTime) {
        let attempt = &self.attempts[slot];
        let (service, node, luck) = (attempt.service as usize, attempt.node, attempt.draws.choice());
        let plan = &self.plan.services[service];
        let Some(replication) = plan.data.as_ref().and_then(|data| data.replication.as_ref()) else { return };
        let streams = &mut self.data[service].streams;
        let shard = (node.0 - plan.first.0) / (plan.replicas / replication.shards);
        streams.of[shard as usize].commit(replication, (object, client), luck, now, &mut self.observations);
        streams.answering = (replication.waits_for > 0).then(|| (shard, streams.of[shard as usize].writes - 1));
        if let Some(length) = replication.pins {
            streams.pin(client, now.saturating_add(length), now);
        }
    }

    /// Somebody reads an object: counts whether the replica has its newest version, and what the reader has written of it.
    pub(super) fn reads(&mut self, slot: u32, (object, client): (u64, Key), now: SimTime) {
        let (service, node) = (self.attempts[slot].service as usize, self.attempts[slot].node);
        let plan = &self.plan.services[service];
        let Some(replication) = plan.data.as_ref().and_then(|data| data.replication.as_ref()) else { return };
        self.observations.count("reads", 1);
        let shard = (node.0 - plan.first.0) / (plan.replicas / replication.shards);
        let stream = &mut self.data[service].streams.of[shard as usize];
        stream.catch_up(now, &mut self.observations);
        let Some(follower) = stream.followers.iter().find(|follower| follower.node == node) else { return };
        let lacks = |number: Option<&u64>| number.is_some_and(|number| *number >= follower.applied);
        if lacks(stream.newest.get(&object)) {
            self.observations.count("stale reads", 1);
        }
        // A client can expect to see what was committed when it began to ask, and not what it has only asked for.
        let asked = self.calls[self.attempts[slot].call].started;
        let is_missed = |write: &Write| (write.object, write.client) == (object, client) && write.committed <= asked;
        if lacks(stream.own.get(&(object, client))) && stream.lacked_by(follower).any(is_missed) {
            self.observations.count("reads that missed a write of their own client", 1);
        }
    }

    /// Nodes or ways are not as they were: some followers can go on, or cannot any more.
    #[cold]
    pub(super) fn followers_change(&mut self, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let environment = &self.environment;
        for (plan, data) in self.plan.services.iter().zip(&mut self.data) {
            let Some(replication) = plan.data.as_ref().and_then(|data| data.replication.as_ref()) else { continue };
            for stream in &mut data.streams.of {
                stream.catch_up(now, &mut self.observations);
                let primary = stream.primary;
                for follower in &mut stream.followers {
                    let runs = [primary, follower.node].iter().all(|node| environment.node(*node).is_running());
                    let goes_on = runs && environment.blocking(follower.way).is_none();
                    if !goes_on {
                        follower.floor = SimTime::MAX;
                    } else if follower.floor == SimTime::MAX {
                        follower.returns += 1;
                        let draws = self.seed.draws(follower.key.child(follower.returns), 0);
                        follower.floor = now.saturating_add(replication.lag.sample(draws.choice()));
                    }
                }
            }
        }
        self.successions_change(ctx);
    }

    /// Whether any service has followers.
    pub(super) fn has_followers(&self) -> bool {
        self.data.iter().any(|data| !data.streams.is_empty())
    }
}
