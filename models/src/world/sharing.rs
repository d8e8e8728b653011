//! How far does work come at a node whose workers share its cores?
//!
//! Of N who work, each gets `min(1, cores / N)` of a core. All of them come equally far in any span of time, so it is enough to know how
//! far someone has come who has worked all along: the node's *virtual time* (as in A. Parekh and R. Gallager's generalised processor sharing,
//! 1993). Whoever begins will be done at a virtual time that never changes, whoever else comes or goes; only the instant at which that
//! is moves. So a node has one pending event, for the one who is done first, and coming and going cost the logarithm of N.
//!
//! Virtual time is counted in 2^-32 of a nanosecond of a core, in whole numbers, and begins anew when a node has been idle: nothing is
//! rounded but instants, up to the next nanosecond. A node that is slow makes work longer: a request that is slow among others that are
//! not needs more of the cores than they.

use super::World;
use super::jobs::RUN;
use crate::attempt::Phase;
use crate::environment::Slowness;
use crate::event::{Kind, WorldEvent};
use crate::ids::NodeId;
use crate::plan::{Plan, Role};
use crate::protocols::Protocol;
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};

/// A node whose workers share its cores.
#[derive(Clone, Debug)]
pub(super) struct SharedNode {
    cores: u32,
    key: Key,
    /// How far someone has come who has worked since the node was idle, as of `since`.
    reached: u128,
    since: SimTime,
    /// Who works, by the virtual time at which they are done.
    ends: BTreeSet<(u128, Key, u32)>,
    workers: BTreeMap<u32, Worker>,
    /// The instant of the earliest pending event that counts.
    armed: Option<SimTime>,
}

/// Someone who works: the slot of an attempt, or of a run of background work, marked as such.
#[derive(Clone, Debug)]
struct Worker {
    key: Key,
    began: u128,
    ends: u128,
}

/// A nanosecond of a core.
const NANOSECOND: u128 = 1 << 32;

impl SharedNode {
    /// The nodes of a plan whose workers share cores, by number; nothing if none do.
    pub(super) fn all(plan: &Plan) -> BTreeMap<u32, Self> {
        let cores = |role| if let Role::Replica(service) = role { plan.services[service as usize].cores } else { None };
        let nodes = (0..).zip(&plan.nodes).filter_map(|(node, of)| Some((node, cores(of.role)?, Key::named(&of.name))));
        nodes.map(|(node, cores, key)| (node, Self::new(cores, key))).collect()
    }

    fn new(cores: u32, key: Key) -> Self {
        let (ends, workers) = (BTreeSet::new(), BTreeMap::new());
        Self { cores, key, reached: 0, since: SimTime::ZERO, ends, workers, armed: None }
    }

    /// How many of those who work have how many cores.
    fn ratio(&self) -> (u128, u128) {
        let (workers, cores) = (self.workers.len() as u128, u128::from(self.cores));
        if workers <= cores { (1, 1) } else { (workers, cores) }
    }

    /// Time has passed until now.
    fn pass(&mut self, now: SimTime) {
        let (workers, cores) = self.ratio();
        let passed = u128::from(now.saturating_since(self.since).as_nanos()) * NANOSECOND;
        self.reached = if self.workers.is_empty() { 0 } else { self.reached + passed * cores / workers };
        self.since = now;
    }

    /// Someone begins who needs a core for so long, at least a nanosecond.
    fn join(&mut self, slot: u32, key: Key, needs: SimDuration, now: SimTime) {
        self.pass(now);
        let (began, needs) = (self.reached, u128::from(needs.as_nanos().max(1)) * NANOSECOND);
        self.ends.insert((began + needs, key, slot));
        self.workers.insert(slot, Worker { key, began, ends: began + needs });
    }

    /// How long someone still needs a core; nothing is said of who does not work.
    fn left(&mut self, slot: u32, now: SimTime) -> Option<SimDuration> {
        self.pass(now);
        let worker = self.workers.get(&slot)?;
        Some(nanoseconds(worker.ends.saturating_sub(self.reached).div_ceil(NANOSECOND)))
    }

    /// Someone works no longer. Answers for how long a core was theirs.
    fn leave(&mut self, slot: u32, now: SimTime) -> Option<SimDuration> {
        self.pass(now);
        let worker = self.workers.remove(&slot)?;
        self.ends.remove(&(worker.ends, worker.key, slot));
        Some(nanoseconds((self.reached.min(worker.ends) - worker.began) / NANOSECOND))
    }

    /// Someone who is done now.
    fn done(&self) -> Option<u32> {
        self.ends.first().filter(|(ends, ..)| *ends <= self.reached).map(|&(_, _, slot)| slot)
    }

    /// When the first of those who work is done, if nobody comes or goes before.
    fn next(&self) -> Option<SimTime> {
        let (ends, ..) = self.ends.first()?;
        let (workers, cores) = self.ratio();
        let wait = (ends.saturating_sub(self.reached) * workers).div_ceil(cores * NANOSECOND);
        Some(self.since.saturating_add(nanoseconds(wait.max(1))))
    }
}

fn nanoseconds(count: u128) -> SimDuration {
    SimDuration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Marks the event of a node whose workers share its cores among those of runs.
pub(super) const SHARE: u32 = 1 << 30;

/// Who replays the log of a node, among those who work there: there is one of them at most.
pub(super) const REPLAY: u32 = RUN | SHARE;

impl<P: Protocol> World<P> {
    /// A request begins or goes on with so much work where cores are shared, if that is not writing. Whether it does.
    pub(super) fn shares_cores(&self, slot: u32) -> bool {
        let attempt = &self.attempts[slot];
        !attempt.is_writing && self.plan.services[attempt.service as usize].cores.is_some()
    }

    /// A worker begins with work, at a node on which nothing is wrong.
    pub(super) fn begin_shared_work(&mut self, slot: u32, work: SimDuration, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        attempt.phase = Phase::Serving;
        attempt.is_writing = false;
        attempt.fails_to_write = false;
        self.share_cores(slot, work, Some(Slowness::NONE), ctx);
    }

    /// So much work of a request is left, and goes on at this pace from now on; not at all if there is none.
    #[cold]
    pub(super) fn share_cores(&mut self, slot: u32, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        let attempt = &mut self.attempts[slot];
        (attempt.work_began, attempt.work_ends, attempt.work_left) = (SimTime::MAX, SimTime::MAX, left);
        let (node, name) = (attempt.node, attempt.name);
        if let Some(slowness) = pace {
            let key = name.call.key.child(u64::from(name.number) << 32 | u64::from(name.copy));
            self.joins_share(node, (slot, key), slowness.stretch(left), ctx);
        }
    }

    /// Someone begins to need a core of a node for so long. Whether cores are shared there.
    pub(super) fn joins_share(&mut self, node: NodeId, (slot, key): (u32, Key), needs: SimDuration, ctx: &mut Ctx<'_, Self>) -> bool {
        let Some(share) = self.shares.get_mut(&node.0) else { return false };
        share.join(slot, key, needs, ctx.now());
        self.arm_share(node, ctx);
        true
    }

    /// How long someone still needs a core, if they share cores with others.
    pub(super) fn left_of_share(&mut self, node: NodeId, slot: u32, now: SimTime) -> Option<SimDuration> {
        self.shares.get_mut(&node.0)?.left(slot, now)
    }

    /// Someone needs no core any more, if they shared cores with others. Answers for how long a core was theirs.
    pub(super) fn leaves_share(&mut self, node: NodeId, slot: u32, ctx: &mut Ctx<'_, Self>) -> Option<SimDuration> {
        let worked = self.shares.get_mut(&node.0)?.leave(slot, ctx.now())?;
        self.arm_share(node, ctx);
        Some(worked)
    }

    /// How many cores of these nodes are at work, of nodes whose workers share them.
    pub(super) fn cores_at_work(&self, nodes: &[NodeId]) -> u64 {
        let of_node = |share: &SharedNode| u64::from(share.cores).min(share.workers.len() as u64);
        nodes.iter().filter_map(|node| self.shares.get(&node.0)).map(of_node).sum()
    }

    /// Makes sure that an event comes no later than the first one of a node is done.
    fn arm_share(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(share) = self.shares.get_mut(&node.0) else { return };
        let Some(next) = share.next() else { return };
        if share.armed.is_none_or(|armed| next < armed) {
            share.armed = Some(next);
            ctx.at(next, WorldEvent::new(Kind::WorkDone, share.key, 0, RUN | SHARE | node.0));
        }
    }

    /// An event of a node whose cores are shared: whoever is done goes on.
    pub(super) fn share_is_due(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let now = ctx.now();
        let Some(share) = self.shares.get_mut(&node.0).filter(|share| share.armed == Some(now)) else { return };
        share.armed = None;
        share.pass(now);
        // Bounded: whoever begins meanwhile needs a nanosecond at least.
        while let Some(slot) = self.shares.get(&node.0).and_then(SharedNode::done) {
            let worked = self.shares.get_mut(&node.0).and_then(|share| share.leave(slot, now)).unwrap_or_default();
            if slot == REPLAY {
                self.replay_is_done(node, ctx);
                continue;
            }
            self.meter.worked(worked);
            if slot & RUN != 0 {
                self.run_is_done(slot ^ RUN, ctx);
            } else {
                self.attempts[slot].worked += worked;
                self.go_on_from(slot, ctx);
            }
        }
        self.arm_share(node, ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn node(cores: u32) -> SharedNode {
        SharedNode::new(cores, Key::default())
    }

    fn begins(node: &mut SharedNode, slot: u32, needs: u64, now: u64) {
        node.join(slot, Key::default(), SimDuration::from_nanos(needs), at(now));
    }

    /// Lets everybody finish, and says who did when.
    fn finish(node: &mut SharedNode) -> Vec<(u32, u64)> {
        let mut all = Vec::new();
        while let Some(next) = node.next() {
            node.pass(next);
            while let Some(slot) = node.done() {
                node.leave(slot, next);
                all.push((slot, next.as_nanos()));
            }
        }
        all
    }

    #[test]
    fn two_share_a_core_as_long_as_both_are_there() {
        let mut one = node(1);
        begins(&mut one, 1, 1_000, 0);
        begins(&mut one, 2, 100, 400);
        // Both get half: the second needs 200 ns, in which the first gets 100 and has 500 left.
        assert_eq!(one.next(), Some(at(600)));
        assert_eq!(finish(&mut one), [(2, 600), (1, 1_100)]);
        let mut two = node(2);
        begins(&mut two, 1, 1_000, 0);
        begins(&mut two, 2, 100, 400);
        assert_eq!(finish(&mut two), [(2, 500), (1, 1_000)]);
    }

    #[test]
    fn whoever_leaves_gives_back_what_they_had_and_knows_what_was_theirs() {
        let mut node = node(1);
        begins(&mut node, 1, 1_000, 0);
        begins(&mut node, 2, 1_000, 0);
        assert_eq!(node.left(2, at(600)), Some(SimDuration::from_nanos(700)));
        assert_eq!(node.leave(2, at(600)), Some(SimDuration::from_nanos(300)));
        assert_eq!((node.leave(2, at(600)), node.left(2, at(600))), (None, None));
        assert_eq!(finish(&mut node), [(1, 1_300)]);
    }

    #[test]
    fn thirds_of_a_nanosecond_do_not_add_up_to_anything() {
        // Three share a core for a million spans of a nanosecond each, of which each gets a third.
        let mut node = node(1);
        (0..3).for_each(|slot| begins(&mut node, slot, 1_000_000_000, 0));
        (0..1_000_000).for_each(|now| node.pass(at(now)));
        let ends = finish(&mut node);
        assert!(ends.iter().all(|&(_, end)| (3_000_000_000..=3_000_000_001).contains(&end)), "{ends:?}");
    }
}
