//! What does a service do with a request?

pub mod admission;
mod capacity;
pub mod connections;
pub mod data;
mod directory;
mod event_sourced;
mod flag;
mod health;
mod intake;
mod load_balancer;
pub mod partition;
mod program;
pub mod queues;
mod read_model;
mod restarts;
mod rollback;
mod saga;
mod scaling;
mod server;
mod sessions;
mod tally;
mod task;
pub mod told;

pub use admission::AnyAdmission;
pub use capacity::{Congestion, Linear, Serves, Sharing, UNLIMITED, Universal};
pub use connections::Connections;
pub use data::Data;
pub use directory::Directory;
pub use event_sourced::{EventSourced, LOG_EVENTS, LogPlan, Meanwhile, State};
pub use flag::{Flag, FlagId};
pub use health::{Deep, HealthEndpoint};
pub use intake::{Intake, IntakePlan};
pub use load_balancer::LoadBalancer;
pub use partition::AnyPartition;
pub use program::{Condition, FanPlan, Names, Program, Step, TaskPlan, calls, compile};
pub use queues::{Fifo, Queue, WhenFull};
pub use read_model::ReadModel;
pub use restarts::{CrashLoop, RestartBackoff, Restarts};
pub use rollback::Rollback;
pub use saga::{DurableLog, Resumes, SAGA_EVENTS, Saga, SagaLog, SagaPlan, SagaStep, StepPlan};
pub(crate) use scaling::LOOKS;
pub use scaling::{Autoscale, Present, Scaler, ScalerMemory, Seen, Target};
pub use server::{News, Server, Unheard};
pub use sessions::{Met, SessionPlace, Sessions, Sticky, Unknown};
pub use tally::{Level, Tally};
pub use task::{AfterOwnWrite, For, Maybe, Parallel, Rest, Task, Try, Wait, Worth};

use crate::brokers::Consume;
use crate::builder::quoted;
use crate::links::USUAL_SIZE;
use crate::names::NameList;
use crate::registry::{Complaint, complaint, within};
use crate::strategies::cache::IdempotencyKeys;
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Size;
use std::collections::BTreeMap;

/// A service: replicas with workers and a queue, work to be done per request, and calls to other services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// How many replicas there are, 1 to 10,000; an attempt goes to one of them, drawn evenly.
    #[serde(default = "one")]
    pub replicas: u32,
    /// Which of its replicas a request may go to, by what it is about or whose it is; any of them unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<AnyPartition>,
    /// How many requests one replica works on at the same time, 1 to 1,000,000 or [`UNLIMITED`].
    #[serde(deserialize_with = "capacity::read_workers", serialize_with = "capacity::write_workers")]
    pub workers: u32,
    /// Whether workers share the cores of their node; each works at full speed unless said.
    #[serde(default, skip_serializing_if = "Serves::is_usual")]
    pub serves: Serves,
    /// By how much each piece of work grows with what is in service when it begins; it does not unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion: Option<Congestion>,
    /// Whether a worker is held while it waits for a downstream call.
    #[serde(default)]
    pub threads: Threads,
    /// How requests wait for a worker.
    #[serde(default)]
    pub queue: Queue,
    /// Who decides at the door whether a request is let in, in this order; whoever comes is unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admission: Vec<AnyAdmission>,
    /// How long a worker is busy with a request, before anything in `does`.
    pub demand: Distribution,
    /// The same for requests of some classes, by their names; those of all others have `demand`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub demand_of: BTreeMap<String, Distribution>,
    /// What else is done for a request, in this order, after `demand` is spent.
    #[serde(default)]
    pub does: Vec<Task>,
    /// The brokers it fetches messages from, each of which is work as a request is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumes: Vec<Consume>,
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
    /// Whether it counts the requests it executes, and those it executes again; it does not unless said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_executions: bool,
    /// Where its state is, if a restart has to rebuild it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// How many connections each replica takes; any number unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// What it keeps: who writes, who follows, and whether writes can come too late. Nothing is known of that unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Of which service's writes messages tell it, so that it answers reads of the same; of none unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_model: Option<ReadModel>,
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
    /// A service of one replica with so many workers and this demand; everything else as it is unless said.
    pub fn new(workers: u32, demand: Distribution) -> Self {
        Self {
            replicas: 1,
            workers,
            serves: Serves::default(),
            congestion: None,
            threads: Threads::default(),
            queue: Queue::default(),
            demand,
            demand_of: BTreeMap::new(),
            does: Vec::new(),
            consumes: Vec::new(),
            domain: Placement::default(),
            partition: None,
            late_work: LateWork::default(),
            demand_of_retry: DemandOfRetry::default(),
            admission: Vec::new(),
            idempotency: None,
            counts_executions: false,
            state: None,
            connections: None,
            data: None,
            read_model: None,
            retry_after: None,
            health: HealthEndpoint::default(),
            restarts: None,
            scales: None,
            rolls_back: None,
            sessions: None,
            discovery: None,
            request_size: USUAL_SIZE,
            reply_size: USUAL_SIZE,
        }
    }

    /// Whether it says which of its replicas a request may go to.
    pub fn has_parts(&self) -> bool {
        self.partition.is_some() || self.data.as_ref().is_some_and(|data| data.replication.is_some())
    }

    /// How many replicas there are at most, and how many at the begin.
    pub fn sizes(&self) -> (u32, u32) {
        let Some(scales) = &self.scales else { return (self.replicas, self.replicas) };
        let (least, most) = (scales.loops().min, scales.loops().max);
        (most.max(1), self.replicas.max(least).min(most).max(1))
    }

    /// What is wrong with following the share of workers that are taken, where nothing limits them.
    fn check_target(&self, target: Target) -> Option<Complaint> {
        let is_share_of_workers = match target {
            Target::Occupancy(_) => true,
            Target::Utilisation(_) => self.serves == Serves::Alone,
            Target::Queue(_) => false,
        };
        let sentence = "no share of unlimited workers is ever taken; give the service a number of them, or let them share cores and follow \
                        their Utilisation";
        (is_share_of_workers && self.workers == UNLIMITED).then(|| complaint("scales.target", sentence))
    }

    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=10_000).contains(&self.replicas) {
            complaints.push(complaint("replicas", format!("a service has 1 to 10000 replicas, not {}", self.replicas)));
        }
        complaints.extend(capacity::check_workers(self.workers));
        complaints.extend(self.serves.check().map(|one| one.inside("serves")));
        complaints.extend(self.congestion.iter().flat_map(|congestion| within("congestion", congestion.check())));
        complaints.extend(self.partition.iter().flat_map(|partition| within("partition", partition.check(self.replicas))));
        for (index, consume) in self.consumes.iter().enumerate() {
            complaints.extend(within(&format!("consumes[{index}]"), consume.check()));
        }
        complaints.extend(within("demand", self.demand.check()));
        complaints.extend(within("queue", self.queue.check()));
        for (index, control) in self.admission.iter().enumerate() {
            complaints.extend(within(&format!("admission[{index}]"), control.check()));
        }
        if self.admission.iter().filter(|control| control.cut_is_kept_for().is_some()).count() > 1 {
            complaints.push(complaint("admission", "callers go by one cut; write `Dagor` once"));
        }
        for (class, demand) in &self.demand_of {
            complaints.extend(demand.check().into_iter().map(|one| Complaint::from(one).inside(&format!("demand_of.{}", quoted(class)))));
        }
        complaints.extend(within("health", self.health.check()));
        complaints.extend(self.restarts.iter().flat_map(|restarts| within("restarts", restarts.check())));
        if self.discovery.is_some_and(|discovery| discovery.refresh.is_zero()) {
            complaints.push(complaint("discovery.refresh", "callers that always look need no `discovery`; leave it out"));
        }
        complaints.extend(self.rolls_back.iter().flat_map(|rollback| within("rolls_back", rollback.check())));
        complaints.extend(self.scales.iter().flat_map(|scales| within("scales", scales.check())));
        complaints.extend(self.scales.as_ref().and_then(|scales| self.check_target(scales.loops().target)));
        if self.discovery.is_some() && self.restarts.is_none() && self.scales.is_none() {
            let sentence = "no replica of this service comes or goes, so that there is nothing to find out; write `restarts` or `scales`";
            complaints.push(complaint("discovery", sentence));
        }
        complaints.extend(within("domain", self.domain.check()));
        complaints.extend(self.connections.iter().flat_map(|limit| within("connections", limit.check())));
        complaints.extend(self.data.iter().flat_map(|data| within("data", data.check(self.replicas, self.partition.as_ref()))));
        complaints.extend(self.idempotency.iter().flat_map(|keys| within("idempotency", keys.check())));
        complaints.extend(Task::check_all(&self.does, "does"));
        complaints.extend(self.state.iter().flat_map(|state| within("state", state.check())));
        complaints
    }
}
