//! What does a service do with a request?

mod directory;
mod health;
mod restarts;
mod rollback;
mod scaling;
mod server;
mod sessions;

pub use directory::Directory;
pub use health::{Deep, HealthEndpoint};
pub use restarts::{CrashLoop, RestartBackoff, Restarts};
pub use rollback::Rollback;
pub(crate) use scaling::LOOKS;
pub use scaling::{Autoscale, Present, Scaler, ScalerMemory, Seen, Target};
pub use server::{News, Server, Unheard};
pub use sessions::{Met, SessionPlace, Sessions, Sticky, Unknown};

use crate::links::USUAL_SIZE;
use crate::names::NameList;
use crate::registry::{Complaint, complaint, within};
use crate::strategies::cache::IdempotencyKeys;
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Size;

/// A service: replicas with workers and a queue, work to be done per request, and calls to other services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// How many replicas there are, 1 to 10,000; an attempt goes to one of them, drawn evenly.
    #[serde(default = "one")]
    pub replicas: u32,
    /// How many requests one replica works on at the same time, 1 to 1,000,000.
    pub workers: u32,
    /// Whether a worker is held while it waits for a downstream call.
    #[serde(default)]
    pub threads: Threads,
    /// Where requests wait for a worker.
    #[serde(default)]
    pub queue: Queue,
    /// How long a worker is busy with a request, before anything in `does`.
    pub demand: Distribution,
    /// What else is done for a request, in this order, after `demand` is spent.
    #[serde(default)]
    pub does: Vec<Task>,
    /// The failure domain of all replicas, or a list of domains that replicas are placed in by turns.
    #[serde(default)]
    pub domain: Placement,
    /// What happens to work whose caller has gone.
    #[serde(default)]
    pub late_work: LateWork,
    /// Whether a retry asks for the same work as the first attempt.
    #[serde(default)]
    pub demand_of_retry: DemandOfRetry,
    /// Whether it executes a request at most once however often it is sent, and replays the result; it does not unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<IdempotencyKeys>,
    /// What a full queue says about when to come again (`Retry-After`); nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<SimDuration>,
    /// What it answers when it is asked whether it is well; for itself alone unless said.
    #[serde(default, skip_serializing_if = "HealthEndpoint::is_shallow")]
    pub health: HealthEndpoint,
    /// Who kills and restarts its replicas; nobody unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Box<Restarts>>,
    /// Who decides how many replicas there are, from `replicas` at the begin on; they stay as many unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<Scaler>,
    /// What takes bad deploys back before they end by themselves; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<Rollback>,
    /// Where the sessions of its clients live; it has none unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionPlace>,
    /// How often callers look who is there, if replicas come and go; always unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// How large a request is, for links that have a bandwidth; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub request_size: Size,
    /// How large an answer is; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub reply_size: Size,
}

/// How callers find the replicas of a service that come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    /// The time between two looks of a caller at the list of replicas, above 0: the lifetime of an entry in a name service.
    pub refresh: SimDuration,
}

fn one() -> u32 {
    1
}

pub(crate) const fn usual_size() -> Size {
    USUAL_SIZE
}

pub(crate) fn is_usual_size(size: &Size) -> bool {
    *size == USUAL_SIZE
}

/// What a worker does while it waits for a downstream call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threads {
    /// It is held from the start of the request to its reply.
    #[default]
    Held,
    /// It is free while a downstream call is under way (asynchronous code).
    Released,
}

/// Where requests wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Queue {
    /// First in, first out.
    Fifo(Fifo),
}

/// First in, first out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fifo {
    /// How many requests wait at most, at each replica; a further one is refused at once. Without a limit unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl Default for Queue {
    fn default() -> Self {
        Self::Fifo(Fifo::default())
    }
}

/// Something done for a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// A call to another service; if it fails, the request fails.
    Call(String),
    /// Further work of a worker.
    Work(Distribution),
    /// Writing to the disk of the node, for which the worker waits; if the disk is full, the request fails.
    Write(Distribution),
}

/// What happens to work whose caller has gone (timed out, or gave up). The word travels as long as the request did, and is lost
/// as any message may be; a caller whose machine is gone (a silent crash) sends none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateWork {
    /// It is finished for nobody.
    #[default]
    Finish,
    /// It is given up, queued or begun, and what it called downstream with it.
    Cancel,
    /// It is given up if it still waits in the queue when its turn comes; once begun it is finished.
    SkipQueued,
}

/// Whether a retry asks for the same work as the first attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DemandOfRetry {
    /// A retry draws its own demand.
    #[default]
    Fresh,
    /// A retry has the demand of the first attempt.
    Same,
}

/// Where replicas stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NameList", into = "NameList")]
pub struct Placement(pub Vec<String>);

impl Default for Placement {
    fn default() -> Self {
        Self(vec!["default".to_owned()])
    }
}

impl Placement {
    /// The domain of replica number `index`.
    pub fn of(&self, index: u32) -> &str {
        &self.0[index as usize % self.0.len()]
    }

    /// Everything wrong with it.
    pub fn check(&self) -> Vec<Complaint> {
        if self.0.is_empty() {
            return vec![complaint("", "a list of domains needs at least one")];
        }
        let bad = self.0.iter().find(|name| name.is_empty() || name.split('/').any(str::is_empty));
        bad.map(|name| complaint("", format!("{name:?} is no domain; write a name such as \"zone-a\" or \"eu/a/rack1\"")))
            .into_iter()
            .collect()
    }
}

impl From<NameList> for Placement {
    fn from(text: NameList) -> Self {
        Self(text.0)
    }
}

impl From<Placement> for NameList {
    fn from(placement: Placement) -> Self {
        Self(placement.0)
    }
}

impl Service {
    /// How many replicas there are at most, and how many at the begin.
    pub fn sizes(&self) -> (u32, u32) {
        let Some(scales) = &self.scales else { return (self.replicas, self.replicas) };
        let (least, most) = (scales.loops().min, scales.loops().max);
        (most.max(1), self.replicas.max(least).min(most).max(1))
    }

    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=10_000).contains(&self.replicas) {
            complaints.push(complaint("replicas", format!("a service has 1 to 10000 replicas, not {}", self.replicas)));
        }
        if !(1..=1_000_000).contains(&self.workers) {
            complaints.push(complaint("workers", format!("a replica has 1 to 1000000 workers, not {}", self.workers)));
        }
        if self.does.len() > 100 {
            complaints.push(complaint("does", "a service does at most 100 things for a request"));
        }
        complaints.extend(within("demand", self.demand.check()));
        complaints.extend(within("domain", self.domain.check()));
        complaints.extend(within("health", self.health.check()));
        complaints.extend(self.restarts.iter().flat_map(|restarts| within("restarts", restarts.check())));
        if self.discovery.is_some_and(|discovery| discovery.refresh.is_zero()) {
            complaints.push(complaint("discovery.refresh", "callers that always look need no `discovery`; leave it out"));
        }
        complaints.extend(self.rolls_back.iter().flat_map(|rollback| within("rolls_back", rollback.check())));
        complaints.extend(self.scales.iter().flat_map(|scales| within("scales", scales.check())));
        if self.discovery.is_some() && self.restarts.is_none() && self.scales.is_none() {
            let sentence = "no replica of this service comes or goes, so that there is nothing to find out; write `restarts` or `scales`";
            complaints.push(complaint("discovery", sentence));
        }
        complaints.extend(self.idempotency.iter().flat_map(|keys| within("idempotency", keys.check())));
        for (index, task) in self.does.iter().enumerate() {
            if let Task::Work(work) | Task::Write(work) = task {
                complaints.extend(within(&format!("does[{index}]"), work.check()));
            }
        }
        complaints
    }
}
