//! What does a service do with a request?

pub mod connections;
pub mod data;
mod event_sourced;
pub mod partition;
mod program;
mod saga;
mod server;
mod task;

pub use connections::Connections;
pub use data::Data;
pub use event_sourced::{EventSourced, LogPlan, Meanwhile, State};
pub use partition::AnyPartition;
pub use program::{Condition, FanPlan, Names, Program, Step, TaskPlan, calls, compile};
pub use saga::{DurableLog, Resumes, Saga, SagaLog, SagaPlan, SagaStep, StepPlan};
pub use server::{News, Server, Unheard};
pub use task::{For, Maybe, Parallel, Rest, Task, Try, Wait, Worth};

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
    /// The same for requests of some classes, by their names; those of all others have `demand`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub demand_of: BTreeMap<String, Distribution>,
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
    /// How many connections each replica takes; any number unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// What it keeps: who writes, who follows, and whether writes can come too late. Nothing is known of that unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Whether it counts the requests it executes, and those it executes again; it does not unless said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_executions: bool,
    /// Where its state is, if a restart has to rebuild it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// What a full queue says about when to come again (`Retry-After`); nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<SimDuration>,
    /// How large a request is, for links that have a bandwidth; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub request_size: Size,
    /// How large an answer is; 1 kB unless said.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub reply_size: Size,
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
    /// Whether it says which of its replicas a request may go to.
    pub fn has_parts(&self) -> bool {
        self.partition.is_some() || self.data.as_ref().is_some_and(|data| data.replication.is_some())
    }

    /// Whether its requests ask for more than a worker, or their ends are of interest.
    pub const fn asks_for_more(&self) -> bool {
        let holds = self.idempotency.is_some() || self.connections.is_some() || self.data.is_some();
        holds || self.counts_executions || self.state.is_some()
    }

    /// A service of one replica with so many workers and this demand; everything else as it is unless said.
    pub fn new(workers: u32, demand: Distribution) -> Self {
        Self {
            replicas: 1,
            partition: None,
            workers,
            threads: Threads::default(),
            queue: Queue::default(),
            demand,
            demand_of: BTreeMap::new(),
            does: Vec::new(),
            domain: Placement::default(),
            late_work: LateWork::default(),
            demand_of_retry: DemandOfRetry::default(),
            idempotency: None,
            connections: None,
            data: None,
            counts_executions: false,
            state: None,
            retry_after: None,
            request_size: USUAL_SIZE,
            reply_size: USUAL_SIZE,
        }
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
        complaints.extend(self.partition.iter().flat_map(|partition| within("partition", partition.check(self.replicas))));
        complaints.extend(within("demand", self.demand.check()));
        for (class, demand) in &self.demand_of {
            complaints.extend(demand.check().into_iter().map(|one| Complaint::from(one).inside(&format!("demand_of.{}", quoted(class)))));
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
