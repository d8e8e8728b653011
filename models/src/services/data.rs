//! How do requests read and write what a service keeps?
//!
//! Nothing is kept of the data itself: an object is what a request is about, and a version of it is the instant of a commit. So much is
//! remembered as decides whether a read is stale and whether a write comes too late.

use super::partition::AnyPartition;
use crate::about::{About, Explained, parameter};
use crate::ids::{EdgeId, RouteId};
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Key, Seed};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// What a service keeps: which requests write it, how copies follow, and whether writes can come too late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which requests write; the others read.
    pub writes: Writes,
    /// Whether all replicas but the first follow it at a distance; all have the same at once unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
    /// Whether a write fails when another one of the same object was committed since; it does not unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimistic: Option<Optimistic>,
    /// The broker to which a message is sent that tells of a write when that is committed; nobody is told unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishes: Option<String>,
}

/// Which requests write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "writes")]
pub enum Writes {
    /// This share of the calls of clients, with whatever is called on their behalf and all retries.
    Share(Share),
    /// The calls of these classes.
    Classes(Vec<String>),
}

/// Primary and read replicas: the first replica (of each shard) takes all writes, and the others apply them in the order of commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// How long after its commit a write is applied at a follower, drawn for each; never before an earlier one.
    pub lag: Distribution,
    /// Who answers reads; followers unless said.
    #[serde(default)]
    pub reads: ReadsFrom,
    /// For how long after a write of its own the reads of a client go to the primary; they do not unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<SimDuration>,
    /// How many followers must have applied a write before it is answered; none unless said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waits_for: u32,
    /// Who takes the place of a primary that fails; nobody unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails_over: Option<FailOver>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A primary that does not run is replaced by the follower that is furthest ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailOver {
    /// After it has not run for so long without a break: until it is noticed, decided and known to everybody.
    pub after: SimDuration,
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadsFrom {
    /// The followers; the primary if there are none.
    #[default]
    Followers,
    /// Any replica.
    Any,
    /// The primary.
    Primary,
}

/// Optimistic concurrency control: a write is committed if its object has the version that the request has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Optimistic {
    /// When a request sees the version.
    pub reads: VersionRead,
}

/// When the version is read on which a write depends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionRead {
    /// When a worker begins with the request: a transaction of the service's own.
    #[default]
    AtStart,
    /// When the request arrives: its caller has read it just before, and it grows old in the queue.
    OnArrival,
}

impl Registered for Replication {
    const NAME: &'static str = "Replication";
    const SUMMARY: &'static str = "a primary takes all writes, and read replicas follow it at a distance";
}

impl Explained for Replication {
    const ABOUT: About = About {
        meaning: "Read replicas share the reads and outlive their primary, and lack what was written lately: a reader may miss what others have \
                  written, and even what it has written itself. With `fails_over` one of them takes the place of a primary that fails, and \
                  what it lacks is lost, whoever was told that it had been written; `waits_for` has a write answered only when so many \
                  followers have it, which holds its worker as long as the nearest of them takes, and for ever if too few can be reached.",
        formula: "A write that is committed at t is applied at a follower at max(t + lag, when the write before it is). While the follower or its \
                  primary is down or stands still, or the way between them is cut, nothing is applied; when it can go on, all it missed is, \
                  one lag later. A read is stale if a write of its object that was committed before its answer is not applied where it is \
                  answered. One draw of the lag per write and follower. A primary that has not run (is down, or stands still) for `after` without a \
                  break is replaced by the follower that runs and has applied most writes, the first of several; if none runs, by the \
                  first that does again. Callers know at once. Writes that it has not applied are gone everywhere; the old primary \
                  follows when it is back, and a write that ends at a replica which leads no more is refused.",
        parameters: &[
            parameter("lag", "distribution", "required", "how long after its commit a write is applied at a follower"),
            parameter("reads", "Followers, Any, Primary", "Followers", "who answers reads"),
            parameter("pins", "duration", "none", "for how long after a write of its own a client reads from the primary"),
            parameter(
                "waits_for",
                "number, at most all followers",
                "0",
                "how many followers must have applied a write before it is answered",
            ),
            parameter("fails_over", "(after: duration)", "none", "after how long without a primary a follower takes its place"),
        ],
        memory: "About 100 bytes per write that some follower lacks: of those of one client and object only the newest ones.",
        source: "Textbook (asynchronous primary-replica replication); D. Terry et al., \"Session Guarantees\", 1994, for reading one's own writes",
        example: "data: (writes: Share(\"10%\"), replication: (lag: Exponential(mean: \"100ms\")))",
    };
}

impl Registered for Optimistic {
    const NAME: &'static str = "Optimistic";
    const SUMMARY: &'static str = "a write fails with conflict if another one of the same object was committed since it looked";
}

impl Explained for Optimistic {
    const ABOUT: About = About {
        meaning: "Nobody waits for anybody, and whoever comes second has worked in vain. Cheap where writers rarely meet; a hot object costs the more \
                  tries the more of them there are.",
        formula: "A request sees the version of its object when a worker begins with it, or when it arrives. When it is answered with success and \
                  another write of the object was committed later than it saw, it ends with `conflict` instead. Of x tries a second that \
                  take T each x / (1 + x T) are committed. No draws.",
        parameters: &[parameter("reads", "AtStart, OnArrival", "AtStart", "when a request sees the version")],
        memory: "About 40 bytes per request under way, and per object committed since the oldest of them began.",
        source: "H. Kung, J. Robinson, \"On Optimistic Methods for Concurrency Control\", 1981",
        example: "data: (writes: Share(\"100%\"), optimistic: (reads: AtStart))",
    };
}

impl Data {
    /// Everything wrong with the numbers as written; classes are looked up elsewhere.
    pub fn check(&self, replicas: u32, partition: Option<&AnyPartition>) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.replication.is_none() && self.optimistic.is_none() && self.publishes.is_none() {
            let sentence = "who writes is of no account yet; add `replication: (lag: ...)`, `optimistic: ()` or `publishes: \"a queue\"`, or \
                            leave `data` out";
            complaints.push(complaint("", sentence));
        }
        if let Some(replication) = &self.replication {
            complaints.extend(within("replication.lag", replication.lag.check()));
            match partition.map_or(Some(1), AnyPartition::parts) {
                None => {
                    complaints
                        .push(complaint("replication", "hands of `Shuffle` overlap, so that nobody is the primary of one; use ByKey"));
                }
                Some(parts) if replicas <= parts => {
                    let sentence = "nobody follows the primary; a service with replication needs two replicas, or two for each part";
                    complaints.push(complaint("replication", sentence));
                }
                Some(parts) if replication.waits_for >= replicas / parts => {
                    let sentence =
                        format!("a primary here has {} followers, and cannot wait for {}", replicas / parts - 1, replication.waits_for);
                    complaints.push(complaint("replication.waits_for", sentence));
                }
                Some(_) => {}
            }
            if replication.fails_over.is_some_and(|over| over.after.is_zero()) {
                let sentence = "nobody knows at once that a primary has failed; write a time such as \"10s\"";
                complaints.push(complaint("replication.fails_over.after", sentence));
            }
        }
        complaints
    }
}

/// Which requests write, with classes by number.
#[derive(Clone, Debug, PartialEq)]
pub enum WritersPlan {
    /// So many of the calls of clients.
    Share(Share),
    /// Those of these classes.
    Classes(Vec<u8>),
}

impl WritersPlan {
    /// Whether a request writes, by the name of the client's call that it is made for, and its class. The same at every service with
    /// the same share.
    pub fn writes(&self, root: Key, class: u8, seed: &Seed) -> bool {
        match self {
            Self::Share(share) => share.holds(seed.draws(Key::named("write").child(root.bits()), 0).choice()),
            Self::Classes(classes) => classes.contains(&class),
        }
    }
}

/// What a service keeps, with every name looked up.
#[derive(Clone, Debug)]
pub struct DataPlan {
    /// Which requests write.
    pub writers: WritersPlan,
    /// Whether a write can come too late, and when it has looked.
    pub optimistic: Option<VersionRead>,
    /// Who follows.
    pub replication: Option<ReplicationPlan>,
    /// Over which edge messages tell of writes, if they do; known once all edges are.
    pub publishes: Option<EdgeId>,
    /// For how long somebody wants to know that a client has written; no time if nobody does.
    pub writers_for: SimDuration,
}

impl DataPlan {
    /// Which share of the requests that come here write, if so many of each class come a second, from 0 to 1.
    pub fn written(&self, rates: &[f64]) -> f64 {
        let all: f64 = rates.iter().sum();
        match &self.writers {
            WritersPlan::Share(share) => share.as_f64(),
            WritersPlan::Classes(_) if all <= 0.0 => 0.0,
            WritersPlan::Classes(classes) => classes.iter().filter_map(|class| rates.get(usize::from(*class))).sum::<f64>() / all,
        }
    }
}

/// Primaries and followers, with every name looked up.
#[derive(Clone, Debug)]
pub struct ReplicationPlan {
    /// How long after its commit a write is applied at a follower.
    pub lag: Sampler,
    /// Who answers reads.
    pub reads: ReadsFrom,
    /// For how long a client that has written reads from the primary.
    pub pins: Option<SimDuration>,
    /// How many followers must have applied a write before it is answered.
    pub waits_for: u32,
    /// After how long without its primary a part gets another one.
    pub fails_over: Option<SimDuration>,
    /// How many primaries there are.
    pub shards: u32,
    /// Ways between replicas by the places of both, sorted.
    pub ways: Vec<((u32, u32), RouteId)>,
}

impl ReplicationPlan {
    /// The way of what is written between replicas in two places.
    pub fn way(&self, from: u32, to: u32) -> RouteId {
        let found = self.ways.binary_search_by_key(&(from, to), |way| way.0);
        self.ways[found.expect("a plan connects all replicas of a service that follow each other")].1
    }
}
