//! Who takes the place of a primary that fails, what is lost by that, and who waits until it cannot be?
//!
//! A primary that has not run for so long without a break is replaced by the follower that runs and has applied most. What that one lacks is
//! gone: every copy goes back to what it has, so that nobody follows another history. A write that waits for followers is committed, and
//! answered as soon as so many of them have applied it: whatever it is answered by then survives any of these. Nothing is decided
//! here by a vote, and nobody is cut off from who decides: two primaries at a time are a matter for groups.

use super::World;
use super::replication::{Follower, Stream};
use crate::attempt::Phase;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::measure::{Observations, Reaction};
use crate::outcome::{Failure, Outcome};
use crate::places::PROMOTED;
use crate::plan::ServicePlan;
use crate::protocols::Protocol;
use crate::services::data::ReplicationPlan;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// The slot of an event of a stream: its service, and below that which of its streams.
const SERVICE: u32 = 16;

/// What a stream remembers for the day its primary fails.
#[derive(Clone, Debug, Default)]
pub(super) struct Succession {
    /// Whether there is one.
    pub is_watched: bool,
    /// Since when its primary does not run.
    without: Option<SimTime>,
    /// All writes with smaller numbers are acknowledged, where writes wait for followers.
    acknowledged: u64,
    /// Writes that wait for followers, by their numbers, with the slots of their attempts.
    waiting: VecDeque<(u64, u32)>,
    /// When the stream is looked at next because of them. One look is enough however many wait: those that are looked for sooner look for the others.
    looks: Option<SimTime>,
    /// Those that waited at a primary that was replaced while it stood still.
    fenced: Vec<u32>,
}

impl Succession {
    pub fn of(plan: &ReplicationPlan) -> Self {
        Self { is_watched: plan.fails_over.is_some(), ..Self::default() }
    }
}

impl Stream {
    /// From which number on writes are applied by fewer than so many followers.
    fn applied_by(&self, followers: u32) -> u64 {
        let mut applied: Vec<u64> = self.followers.iter().map(|follower| follower.applied).collect();
        applied.sort_unstable_by(|a, b| b.cmp(a));
        applied.get(followers as usize - 1).copied().unwrap_or(0)
    }

    /// When a write will have been applied by so many followers, if nothing changes; never, if too few can go on.
    fn ready_at(&self, number: u64, followers: u32) -> SimTime {
        // Of writes that are not kept it is known when the next one that is will have been applied; behind the last, all have been.
        let place = self.log.partition_point(|write| write.number < number);
        let Some(ready) = self.log.get(place).map(|write| &write.ready) else { return SimTime::ZERO };
        let mut at: Vec<SimTime> = self.followers.iter().zip(ready).map(|(follower, ready)| follower.floor.max(*ready)).collect();
        at.sort_unstable();
        at.get(followers as usize - 1).copied().unwrap_or(SimTime::MAX)
    }

    /// How many writes are acknowledged: those before this number.
    fn acknowledged(&mut self, waits_for: u32) -> u64 {
        if waits_for == 0 {
            return self.writes;
        }
        self.succession.acknowledged = self.succession.acknowledged.max(self.applied_by(waits_for));
        self.succession.acknowledged
    }

    /// A follower becomes the primary: what it lacks is forgotten by all, and the old primary follows.
    fn promote(&mut self, heir: usize, plan: &ReplicationPlan, key: Key, domain: impl Fn(NodeId) -> u32) {
        let Follower { node, applied, .. } = self.followers[heir].clone();
        let old = std::mem::replace(&mut self.primary, node);
        self.log.retain(|write| write.number < applied);
        self.writes = applied;
        self.succession.acknowledged = self.succession.acknowledged.min(applied);
        let fresh = Follower { node: old, applied, floor: SimTime::MAX, key, ..self.followers[heir].clone() };
        self.followers[heir] = fresh;
        for follower in &mut self.followers {
            follower.way = plan.way(domain(node), domain(follower.node));
            follower.applied = follower.applied.min(applied);
            follower.last_ready = SimTime::ZERO;
            // It goes on as soon as the new primary and the way from it let it.
            follower.floor = SimTime::MAX;
        }
        let latest = self.log.iter().map(|write| &write.ready);
        for ready in latest {
            self.followers.iter_mut().zip(ready).for_each(|(follower, ready)| follower.last_ready = follower.last_ready.max(*ready));
        }
        self.succession.fenced.extend(self.succession.waiting.drain(..).map(|(_, slot)| slot));
        self.newest = self.log.iter().map(|write| (write.object, write.number)).collect();
        self.own = self.log.iter().map(|write| ((write.object, write.client), write.number)).collect();
    }
}

impl<P: Protocol> World<P> {
    /// Of the replicas of a part, the one that takes all writes.
    pub(super) fn primary_among(&self, service: u32, part: &[u32]) -> u32 {
        let first = self.plan.services[service as usize].first.0;
        let primaries = || self.data[service as usize].streams.of.iter().map(|stream| stream.primary.0 - first);
        primaries().find(|primary| part.contains(primary)).unwrap_or(part[0])
    }

    /// Whether the replica at which an attempt is takes writes.
    pub(super) fn leads(&self, slot: u32) -> bool {
        let attempt = &self.attempts[slot];
        let streams = &self.data[attempt.service as usize].streams;
        streams.is_empty() || streams.of.iter().any(|stream| stream.primary == attempt.node)
    }

    /// All is done for a request: whether it waits, with its worker, for followers to have what it has written. What it writes is committed then.
    #[cold]
    pub(super) fn waits_for_followers(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) -> bool {
        let service = self.attempts[slot].service as usize;
        if self.replication_of(service).is_none_or(|plan| plan.waits_for == 0) || self.data[service].reads(slot) {
            return false;
        }
        let streams = &mut self.data[service].streams;
        streams.answering = None;
        // The books are those of an answer, which this is not yet.
        *self.servers[self.attempts[slot].node.index()].tally.of(Outcome::Success) += 1;
        let told = self.outcome_told(slot, Outcome::Success, ctx);
        *self.servers[self.attempts[slot].node.index()].tally.of(told) -= 1;
        let committed = self.data[service].streams.answering.take().filter(|_| told == Outcome::Success);
        self.attempts[slot].phase = Phase::Parked;
        self.attempts[slot].references += 1;
        let Some((shard, number)) = committed else {
            self.answers_at_last(slot, told, ctx);
            return true;
        };
        self.data[service].streams.of[shard as usize].succession.waiting.push_back((number, slot));
        self.stream_wakes(service, shard as usize, ctx);
        true
    }

    /// Makes sure that a stream is looked at when the first write that waits can be answered.
    fn stream_wakes(&mut self, service: usize, shard: usize, ctx: &mut Ctx<'_, Self>) {
        let Some(waits_for) = self.replication_of(service).map(|plan| plan.waits_for) else { return };
        let stream = &mut self.data[service].streams.of[shard];
        let Some((number, _)) = stream.succession.waiting.front() else { return };
        let at = stream.ready_at(*number, waits_for);
        if at == SimTime::MAX {
            return;
        }
        let at = at.max(ctx.now().saturating_add(SimDuration::NANOSECOND));
        if stream.succession.looks.is_none_or(|looks| at < looks) {
            stream.succession.looks = Some(at);
            self.look_at_stream(service, shard, at, ctx);
        }
    }

    fn look_at_stream(&self, service: usize, shard: usize, at: SimTime, ctx: &mut Ctx<'_, Self>) {
        let key = self.plan.services[service].key.child(shard as u64);
        ctx.at(at, WorldEvent::new(Kind::Replication, key, 0, (service as u32) << SERVICE | shard as u32));
    }

    fn replication_of(&self, service: usize) -> Option<&ReplicationPlan> {
        self.plan.services[service].data.as_ref().and_then(|data| data.replication.as_ref())
    }

    /// A stream is looked at: writes that were waited for may be answered, or its primary may have been gone for long enough.
    pub(super) fn stream_looks(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        let (service, shard) = ((slot >> SERVICE) as usize, (slot & ((1 << SERVICE) - 1)) as usize);
        let stream = &mut self.data[service].streams.of[shard];
        stream.succession.looks = stream.succession.looks.filter(|looks| *looks > ctx.now());
        stream.catch_up(ctx.now(), &mut self.observations);
        self.answers_what_is_applied(service, shard, ctx);
        self.takes_over(service, shard, ctx);
    }

    fn answers_what_is_applied(&mut self, service: usize, shard: usize, ctx: &mut Ctx<'_, Self>) {
        let Some(waits_for) = self.replication_of(service).map(|plan| plan.waits_for).filter(|waits_for| *waits_for > 0) else { return };
        if !self.environment.node(self.data[service].streams.of[shard].primary).is_running() {
            return;
        }
        loop {
            let stream = &mut self.data[service].streams.of[shard];
            let limit = stream.acknowledged(waits_for);
            let Some((_, slot)) = stream.succession.waiting.front().copied().filter(|(number, _)| *number < limit) else { break };
            stream.succession.waiting.pop_front();
            self.answers_at_last(slot, Outcome::Success, ctx);
        }
        self.stream_wakes(service, shard, ctx);
    }

    /// A write that has waited is answered, unless it ended with its process.
    fn answers_at_last(&mut self, slot: u32, outcome: Outcome, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.references -= 1;
        if attempt.phase != Phase::Parked {
            return self.forget_attempt(slot);
        }
        self.free_worker(slot, ctx);
        self.answer(slot, outcome, ctx);
    }

    /// Nobody wants the answer to a write that waits for followers: it is committed, and given up.
    pub(super) fn waits_no_longer(&mut self, slot: u32, ctx: &mut Ctx<'_, Self>) {
        for stream in &mut self.data[self.attempts[slot].service as usize].streams.of {
            stream.succession.waiting.retain(|(_, waits)| *waits != slot);
            stream.succession.fenced.retain(|waits| *waits != slot);
        }
        self.attempts[slot].references -= 1;
        self.free_worker(slot, ctx);
        self.discard(slot, ctx);
    }

    /// Writes that waited at a primary that was replaced meanwhile are refused as soon as that goes on.
    fn refuses_what_is_fenced(&mut self, service: usize, shard: usize, ctx: &mut Ctx<'_, Self>) {
        let succession = &mut self.data[service].streams.of[shard].succession;
        if succession.fenced.is_empty() {
            return;
        }
        let (attempts, environment) = (&self.attempts, &self.environment);
        let stands_still = |slot: u32| {
            let condition = environment.node(attempts[slot].node);
            condition.up && condition.paused
        };
        let over: Vec<u32> = succession.fenced.extract_if(.., |slot| !stands_still(*slot)).collect();
        over.into_iter().for_each(|slot| self.answers_at_last(slot, Outcome::Failed(Failure::Refused), ctx));
    }

    /// Nodes or ways are not as they were: primaries are missed, or are back, and what waited is looked at again.
    pub(super) fn successions_change(&mut self, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        for service in 0..self.data.len() {
            let Some((waits_for, after)) = self.replication_of(service).map(|plan| (plan.waits_for, plan.fails_over)) else { continue };
            for shard in 0..self.data[service].streams.of.len() {
                let stream = &mut self.data[service].streams.of[shard];
                let condition = self.environment.node(stream.primary);
                let (is_up, runs) = (condition.up, condition.is_running());
                // What waited at a process that is no more is forgotten: its attempts have ended with it.
                let orphans = if is_up { VecDeque::new() } else { std::mem::take(&mut stream.succession.waiting) };
                for (_, slot) in orphans {
                    self.attempts[slot].references -= 1;
                    self.forget_attempt(slot);
                }
                let succession = &mut self.data[service].streams.of[shard].succession;
                match (succession.without, after) {
                    (Some(since), Some(_)) if runs => {
                        succession.without = None;
                        count_time_without(&mut self.observations, since, now);
                    }
                    (None, Some(after)) if !runs => {
                        succession.without = Some(now);
                        self.look_at_stream(service, shard, now.saturating_add(after.max(SimDuration::NANOSECOND)), ctx);
                    }
                    _ => {}
                }
                self.refuses_what_is_fenced(service, shard, ctx);
                if waits_for > 0 && runs {
                    self.stream_wakes(service, shard, ctx);
                }
                self.takes_over(service, shard, ctx);
            }
        }
    }

    /// If a stream has been without its primary for long enough and a follower runs, that becomes the primary.
    fn takes_over(&mut self, service: usize, shard: usize, ctx: &mut Ctx<'_, Self>) {
        let (plan, now) = (std::sync::Arc::clone(&self.plan), ctx.now());
        let Some(replication) = plan.services[service].data.as_ref().and_then(|data| data.replication.as_ref()) else { return };
        let stream = &mut self.data[service].streams.of[shard];
        let (Some(since), Some(after)) = (stream.succession.without, replication.fails_over) else { return };
        if now.saturating_since(since) < after {
            return;
        }
        stream.catch_up(now, &mut self.observations);
        let running = stream.followers.iter().enumerate().filter(|(_, follower)| self.environment.node(follower.node).is_running());
        // Of several that are equally far ahead, the first.
        let Some((heir, _)) = running.max_by_key(|(place, follower)| (follower.applied, std::cmp::Reverse(*place))) else { return };
        let (applied, acknowledged) = (stream.followers[heir].applied, stream.acknowledged(replication.waits_for));
        let lost = acknowledged.saturating_sub(applied);
        let oldest = stream.log.iter().find(|write| write.number >= applied).map(|write| write.since).filter(|_| lost > 0);
        let node = stream.followers[heir].node;
        let domain = |node: NodeId| plan.nodes[node.index()].domain;
        let key = follower_key(&plan.services[service], stream.primary);
        stream.promote(heir, replication, key, domain);
        stream.succession.without = None;
        let seen = &mut self.observations;
        seen.count("fail-overs", 1);
        seen.count("acknowledged writes lost", lost);
        if let Some(oldest) = oldest {
            seen.longest("age of an acknowledged write lost", now.saturating_since(oldest));
        }
        count_time_without(seen, since, now);
        self.tells(node, PROMOTED, i64::try_from(lost).unwrap_or(i64::MAX), ctx);
        self.meter.reactions.reacts(Reaction::FollowerPromoted, now);
        self.happens(crate::faults::Happening::Announced(PROMOTED), ctx);
        self.followers_change(ctx);
    }

    /// At the end of a run: primaries that are missed have been missed until now.
    pub(super) fn count_missing_primaries(&mut self, now: SimTime) {
        let since: Vec<SimTime> =
            self.data.iter().flat_map(|data| &data.streams.of).filter_map(|stream| stream.succession.without).collect();
        since.into_iter().for_each(|since| count_time_without(&mut self.observations, since, now));
    }
}

fn count_time_without(seen: &mut Observations, since: SimTime, now: SimTime) {
    seen.total("time without a primary", now.saturating_since(since));
    seen.longest("time without a primary", now.saturating_since(since));
}

/// The key of the lags that a replica has when it can go on.
fn follower_key(service: &ServicePlan, node: NodeId) -> Key {
    Key::named("return").child(service.key.bits()).child(u64::from(node.0 - service.first.0))
}
