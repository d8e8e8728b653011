//! How is a state rebuilt from its log, and when is a snapshot taken of it?
//!
//! Every request that a replica executes is an event in its log. When its life begins, it replays the events behind its last snapshot and takes
//! requests only then: until it is done, its condition is that of a node that drains, or all of whose workers are taken. It replays as fast
//! as it works, sharing its cores with whoever works there as well if it has some to share, and takes snapshots at the pace of its disk. A snapshot holds the events of the instant at which it was begun.

use super::World;
use super::sharing::REPLAY;
use crate::environment::{Condition, DiskLoss, Effect, NodeEffect, Slowness};
use crate::event::{Kind, WorldEvent};
use crate::faults::Happening;
use crate::ids::{NodeId, StretchId};
use crate::plan::{Plan, Role};
use crate::protocols::Protocol;
use crate::services::{LogPlan, Meanwhile};
use sim_core::draw::Key;
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};
use std::sync::Arc;

/// The log of one replica, and what is being done with it.
#[derive(Clone, Debug)]
pub(super) struct EventLog {
    key: Key,
    /// Events since the last snapshot.
    since: u64,
    /// Snapshots begun.
    snapshots: u32,
    work: Work,
    began: SimTime,
    ends: SimTime,
    left: SimDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Nothing,
    /// It replays so many events.
    Replay(u64),
    /// It takes a snapshot of what there was when it held so many events.
    Snapshot(u64),
}

/// Marks a node among the sagas in events.
pub(super) const LOG: u32 = 1 << 31;

/// The logs of all nodes; none if no service has any.
pub(super) fn logs_of(plan: &Plan) -> Vec<Option<EventLog>> {
    if plan.services.iter().all(|service| service.log.is_none()) {
        return Vec::new();
    }
    let log = |node: &crate::plan::NodePlan| match node.role {
        Role::Replica(service) => plan.services[service as usize].log.as_ref().map(|log| EventLog {
            key: Key::named(&node.name),
            since: log.events,
            snapshots: 0,
            work: Work::Nothing,
            began: SimTime::ZERO,
            ends: SimTime::MAX,
            left: SimDuration::ZERO,
        }),
        Role::Clients(_) | Role::Member(_) => None,
    };
    plan.nodes.iter().map(log).collect()
}

impl<P: Protocol> World<P> {
    fn log(&mut self, node: NodeId) -> Option<&mut EventLog> {
        self.logs.get_mut(node.index())?.as_mut()
    }

    fn log_plan(&self, node: NodeId) -> Arc<LogPlan> {
        self.service_at(node).log.clone().expect("a node with a log is a replica of a service that has one")
    }

    /// A replica has executed a request.
    pub(super) fn event_is_logged(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let plan = self.log_plan(node);
        let Some(log) = self.log(node) else { return };
        log.since += 1;
        if log.work == Work::Nothing && plan.snapshot_every.is_some_and(|every| log.since >= every) {
            self.snapshot_begins(node, &plan, ctx);
        }
    }

    fn snapshot_begins(&mut self, node: NodeId, plan: &LogPlan, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        log.work = Work::Snapshot(log.since);
        log.snapshots = log.snapshots.wrapping_add(1);
        let (key, number) = (log.key.child(SNAPSHOTS), log.snapshots);
        let Some(takes) = &plan.snapshot else { return self.snapshot_ends(node, ctx) };
        let takes = takes.sample(self.seed.draws(key, number).demand());
        self.servers[node.index()].busy.up(ctx.now());
        let pace = self.environment.node(node).pace_of_disk();
        self.log_proceeds(node, takes, pace, ctx);
    }

    fn snapshot_ends(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        let Work::Snapshot(events) = log.work else { return };
        log.since -= events;
        log.work = Work::Nothing;
        self.observations.count("snapshots taken", 1);
        self.tell_of_log(node, "SnapshotTaken", events, ctx);
    }

    fn tell_of_log(&mut self, node: NodeId, what: &'static str, events: u64, ctx: &mut Ctx<'_, Self>) {
        self.tells(node, what, i64::try_from(events).unwrap_or(i64::MAX), ctx);
        self.happens(Happening::Announced(what), ctx);
    }

    fn log_proceeds(&mut self, node: NodeId, left: SimDuration, pace: Option<Slowness>, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        log.left = left;
        log.ends = SimTime::MAX;
        let (key, is_replay) = (log.key, matches!(log.work, Work::Replay(_)));
        if let Some(slowness) = pace {
            // Replaying is work like any other, for which cores are shared; writing a snapshot is not.
            if is_replay && self.joins_share(node, (REPLAY, key), slowness.stretch(left), ctx) {
                return;
            }
            let Some(log) = self.log(node) else { return };
            log.ends = ctx.now().saturating_add(slowness.stretch(left).max(SimDuration::NANOSECOND));
            let (ends, key) = (log.ends, log.key);
            ctx.at(ends, WorldEvent::new(Kind::Log, key, 0, node.0 | LOG));
        }
    }

    /// The life of a replica begins: it rebuilds its state, if there is anything to be rebuilt. Whether there is.
    pub(super) fn state_is_rebuilt(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) -> bool {
        let Some(log) = self.log(node) else { return false };
        let events = log.since;
        if events == 0 {
            return false;
        }
        log.work = Work::Replay(events);
        log.began = ctx.now();
        let plan = self.log_plan(node);
        let effect = self.while_rebuilt(node, &plan);
        self.environment.begin(stretch_of(node), 0, &[effect], &Arc::clone(&self.plan).topology);
        self.observations.count("states rebuilt", 1);
        self.observations.count("events replayed", events);
        self.tell_of_log(node, "ReplayBegun", events, ctx);
        let pace = pace_of(self.environment.node(node));
        self.log_proceeds(node, plan.replay_of(events), pace, ctx);
        true
    }

    fn while_rebuilt(&self, node: NodeId, plan: &LogPlan) -> Effect {
        let effect = match plan.meanwhile {
            Meanwhile::Refuse => NodeEffect::Drains,
            Meanwhile::Queue => NodeEffect::WorkersLost(self.service_at(node).workers),
        };
        Effect::Node(node, effect)
    }

    /// A replay or a snapshot is done, unless its end has moved.
    pub(super) fn log_is_done(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        if log.ends != ctx.now() {
            return;
        }
        log.ends = SimTime::MAX;
        match log.work {
            Work::Nothing => {}
            Work::Snapshot(_) => {
                self.snapshot_ends(node, ctx);
                self.servers[node.index()].busy.down(ctx.now());
                self.fill_if_running(node, ctx);
            }
            Work::Replay(_) => self.replay_is_done(node, ctx),
        }
    }

    /// A state has been rebuilt.
    pub(super) fn replay_is_done(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(Work::Replay(events)) = self.log(node).map(|log| log.work) else { return };
        self.replay_is_over(node, ctx);
        self.tell_of_log(node, "ReplayDone", events, ctx);
        self.fill_if_running(node, ctx);
        self.sagas_go_on(node, ctx);
    }

    fn fill_if_running(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        if self.environment.node(node).is_running() {
            self.fill_workers(node, ctx);
        }
    }

    /// Requests are taken from now on, or the node has died.
    fn replay_is_over(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        log.work = Work::Nothing;
        let took = ctx.now() - log.began;
        self.observations.total("time spent rebuilding", took);
        self.observations.longest("time spent rebuilding", took);
        let effect = self.while_rebuilt(node, &self.log_plan(node));
        self.environment.end(stretch_of(node), &[effect], &Arc::clone(&self.plan).topology);
    }

    /// Whether the state of a node is being rebuilt.
    pub(super) fn is_rebuilding(&self, node: NodeId) -> bool {
        self.logs.get(node.index()).and_then(Option::as_ref).is_some_and(|log| matches!(log.work, Work::Replay(_)))
    }

    /// The life of a replica ends: its log stays, unless the disk has lost it.
    pub(super) fn log_stops(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(log) = self.log(node) else { return };
        log.ends = SimTime::MAX;
        match log.work {
            Work::Nothing => {}
            Work::Snapshot(_) => log.work = Work::Nothing,
            Work::Replay(_) => {
                self.leaves_share(node, REPLAY, ctx);
                self.replay_is_over(node, ctx);
            }
        }
    }

    /// A disk has lost everything.
    pub(super) fn log_changes(&mut self, node: NodeId, before: &Condition) {
        let after = self.environment.node(node);
        if after.up || after.disk_loss != DiskLoss::AllLost || before.disk_loss == DiskLoss::AllLost {
            return;
        }
        if let Some(log) = self.log(node) {
            let lost = std::mem::take(&mut log.since);
            self.observations.count("events lost", lost);
        }
    }

    /// The pace of a node or of its disk changed.
    pub(super) fn log_changes_pace(&mut self, node: NodeId, before: &Condition, ctx: &mut Ctx<'_, Self>) {
        let after = self.environment.node(node).clone();
        let now = ctx.now();
        let needs = self.left_of_share(node, REPLAY, now);
        let Some(log) = self.log(node) else { return };
        let (old, new) = match log.work {
            Work::Nothing => return,
            Work::Replay(_) => (pace_of(before), pace_of(&after)),
            Work::Snapshot(_) => (before.pace_of_disk(), after.pace_of_disk()),
        };
        if old != new {
            let left = old.map_or(log.left, |slowness| slowness.done_in(needs.unwrap_or(log.ends.saturating_since(now))));
            self.leaves_share(node, REPLAY, ctx);
            self.log_proceeds(node, left, new, ctx);
        }
    }
}

/// The draws of how long snapshots take.
const SNAPSHOTS: u64 = 1 << 42;

/// What is on at a node while its state is rebuilt; no run has so many stretches.
const fn stretch_of(node: NodeId) -> StretchId {
    StretchId(u32::MAX - node.0)
}

/// How slowly a node replays: not at all if `None`.
fn pace_of(condition: &Condition) -> Option<Slowness> {
    (!condition.paused).then_some(condition.slowness)
}
