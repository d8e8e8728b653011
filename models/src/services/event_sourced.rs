//! Where is the state of a service, and what does a restart cost?
//!
//! Own definition, after Fowler, "Event Sourcing" (2005): every request that was executed is an event in a log, the state is what
//! comes of all events, and a snapshot of it saves a restart those before it. The log is kept at each replica; its writes take no
//! time of their own (write them as `Write` in `does`).

use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// What replicas whose state is rebuilt announce.
pub const LOG_EVENTS: [&str; 3] = ["ReplayBegun", "ReplayDone", "SnapshotTaken"];

/// Where the state of a service is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "kind of state")]
pub enum State {
    /// It is rebuilt from a log of what was executed.
    EventSourced(EventSourced),
}

/// A state that a restart rebuilds from a log, before which the replica takes no requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSourced {
    /// How many events a replica replays per second, at full speed.
    pub replay: Rate,
    /// After how many events a snapshot is taken, 1 to 1,000,000,000; none is unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_every: Option<u64>,
    /// How long a snapshot takes, during which it holds a worker; no time unless said. One that a crash interrupts is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Distribution>,
    /// How many events the log of each replica holds at the start, behind the last snapshot; none unless said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub events: u64,
    /// What becomes of requests that come while the state is being rebuilt.
    #[serde(default)]
    pub meanwhile: Meanwhile,
}

/// What becomes of requests that come while the state of a replica is being rebuilt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meanwhile {
    /// They are refused: nobody listens yet.
    #[default]
    Refuse,
    /// They wait in the queue, within its limit.
    Queue,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl State {
    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let Self::EventSourced(log) = self;
        let mut complaints = Vec::new();
        if log.replay == Rate::ZERO {
            complaints.push(complaint("replay", "a replay that never gets on never ends; write a rate such as \"2000/s\""));
        }
        if log.snapshot_every.is_some_and(|every| !(1..=1_000_000_000).contains(&every)) {
            complaints.push(complaint("snapshot_every", "a snapshot is taken after 1 to 1000000000 events"));
        }
        if log.snapshot.is_some() && log.snapshot_every.is_none() {
            complaints.push(complaint("snapshot", "no snapshot is taken; write `snapshot_every`, or leave out how long one takes"));
        }
        if log.events > 1_000_000_000_000 {
            complaints.push(complaint("events", "a log begins with at most 1000000000000 events"));
        }
        complaints.extend(log.snapshot.iter().flat_map(|snapshot| within("snapshot", snapshot.check())));
        complaints
    }

    /// As a run needs it.
    pub fn plan(&self) -> LogPlan {
        let Self::EventSourced(log) = self;
        LogPlan {
            replay: log.replay,
            snapshot_every: log.snapshot_every,
            snapshot: log.snapshot.as_ref().map(Distribution::compile),
            events: log.events,
            meanwhile: log.meanwhile,
        }
    }
}

/// A log from which a state is rebuilt.
#[derive(Clone, Debug)]
pub struct LogPlan {
    /// How fast events are replayed.
    pub replay: Rate,
    /// After how many events a snapshot is taken.
    pub snapshot_every: Option<u64>,
    /// How long that takes.
    pub snapshot: Option<Sampler>,
    /// How many events there are at the start.
    pub events: u64,
    /// See [`Meanwhile`].
    pub meanwhile: Meanwhile,
}

impl LogPlan {
    /// How long it takes to replay so many events at full speed.
    pub fn replay_of(&self, events: u64) -> SimDuration {
        self.replay.time_for(u128::from(events) * Rate::PARTS)
    }
}
