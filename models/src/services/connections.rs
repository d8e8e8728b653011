//! How many connections does a server take, and who holds them?
//!
//! A connection is opened for a request when its caller has none that is idle, and kept open afterwards: pools do not give back what
//! they have. So a limit is used up by whoever was busy last, not by whoever is busy now. A process that calls has one pool for each
//! replica; each client of a population has connections of its own.

use crate::about::{About, Explained, parameter};
use crate::ids::NodeId;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// How many connections each replica takes. A request that finds none left is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// How many there are at most, 1 to 1,000,000.
    pub most: u32,
    /// After how much time without a request a caller closes one, above 0; 10 min unless said.
    #[serde(default = "ten_minutes")]
    pub idle: SimDuration,
}

impl Registered for Connections {
    const NAME: &'static str = "Connections";
    const SUMMARY: &'static str = "how many connections each replica takes; a request that finds none left is refused";
}

impl Explained for Connections {
    const ABOUT: About = About {
        meaning: "A server takes so many connections, and pools keep what they have: those that are idle are as much in the way as those that are \
                  used. Many small callers use a limit up that a few large ones would not notice; a proxy in between shares few connections \
                  among all of them.",
        formula: "A request takes an idle connection of its caller's, the one used last, or opens one; if there are `most` already, and none has been \
                  idle for `idle`, it is refused. It has it until it is answered. A caller is a process, or one client of a population. What a \
                  caller that dies held idle is closed at once, the rest when their requests are over. No draws.",
        parameters: &[
            parameter("most", "number, 1 to 1000000", "required", "how many connections a replica takes"),
            parameter("idle", "duration", "10m", "after how much time without a request a caller closes one"),
        ],
        memory: "Per replica 64 bytes per caller with a connection and 8 per idle one, at most `most` of them.",
        source: "PostgreSQL documentation, `max_connections`; HikariCP, `idleTimeout` (default 10 min)",
        example: "connections: (most: 100, idle: \"1m\")",
    };
}

const fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}

impl Connections {
    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000_000).contains(&self.most) {
            complaints.push(complaint("most", format!("a replica takes 1 to 1000000 connections, not {}", self.most)));
        }
        if self.idle.is_zero() {
            complaints.push(complaint("idle", "a connection that is never idle cannot be used twice; write a time such as \"10m\""));
        }
        complaints
    }
}

/// Whose connection it is: a node that calls, and the client if it is a population.
pub type Holder = (NodeId, u32);

/// The connections of one replica.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    of: BTreeMap<Holder, Pool>,
    open: u32,
    /// Before this instant none can be closed for being idle; nothing is known of it if none was ever idle.
    next_close: Option<SimTime>,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    /// Those with a request.
    busy: u32,
    /// Of these, how many are closed as soon as their requests are over, because their caller is no more.
    closing: u32,
    /// Since when each of the others is idle; the one used last comes last, and is used next.
    idle: Vec<SimTime>,
}

impl Pools {
    /// A request comes: whether there is a connection for it.
    pub fn take(&mut self, limit: &Connections, holder: Holder, now: SimTime) -> bool {
        let closes = |since: SimTime| since.saturating_add(limit.idle);
        if let Some(pool) = self.of.get_mut(&holder)
            && pool.idle.last().is_some_and(|since| closes(*since) > now)
        {
            pool.idle.pop();
            pool.busy += 1;
            return true;
        }
        if self.open >= limit.most && self.next_close.is_some_and(|at| at <= now) {
            self.close_idle(closes, now);
        }
        if self.open >= limit.most {
            return false;
        }
        self.open += 1;
        self.of.entry(holder).or_default().busy += 1;
        true
    }

    /// A request is over: its connection is idle.
    pub fn give_back(&mut self, limit: &Connections, holder: Holder, now: SimTime) {
        let Some(pool) = self.of.get_mut(&holder) else { return };
        pool.busy -= 1;
        if pool.closing == 0 {
            self.next_close = self.next_close.or(Some(now.saturating_add(limit.idle)));
            return pool.idle.push(now);
        }
        pool.closing -= 1;
        self.open -= 1;
        if pool.busy == 0 && pool.idle.is_empty() {
            self.of.remove(&holder);
        }
    }

    /// A node that called is no more: what it held idle is closed, and the rest when it is not needed any more.
    pub fn holder_dies(&mut self, node: NodeId) {
        for pool in self.of.range_mut((node, 0)..=(node, u32::MAX)).map(|(_, pool)| pool) {
            self.open -= pool.idle.len() as u32;
            pool.idle.clear();
            pool.closing = pool.busy;
        }
        self.of.retain(|_, pool| pool.busy > 0 || !pool.idle.is_empty());
    }

    fn close_idle(&mut self, closes: impl Fn(SimTime) -> SimTime, now: SimTime) {
        self.next_close = None;
        for pool in self.of.values_mut() {
            let before = pool.idle.len();
            pool.idle.retain(|since| closes(*since) > now);
            self.open -= (before - pool.idle.len()) as u32;
            let next = pool.idle.first().map(|since| closes(*since));
            self.next_close = [self.next_close, next].into_iter().flatten().min();
        }
        self.of.retain(|_, pool| pool.busy > 0 || !pool.idle.is_empty());
    }

    /// How many are open.
    pub const fn open(&self) -> u32 {
        self.open
    }
}
