//! What is a load balancer that is a machine of its own?
//!
//! A middlebox in front of a fleet. It is a service that passes every request on ([`Forward`](super::Task::Forward)) and does nothing else, with
//! the defaults of a proxy: nobody there holds a worker while the fleet answers, and what its caller has given up is given up behind it as well. How it
//! chooses, whom it leaves out and whether it tries again say the layers of its edge to the fleet. Each of its replicas knows what it has seen itself.

use super::admission::AnyAdmission;
use super::{
    Connections, Discovery, HealthEndpoint, LateWork, Placement, Queue, Restarts, Scaler, Serves, Service, Task, Threads, capacity,
};
use crate::registry::Complaint;
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// A middlebox that passes requests on to a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// The service (or broker, or group) that it passes requests on to.
    pub to: String,
    /// How many of it there are, 1 to 10,000; an attempt goes to one of them, drawn evenly, as by a name service. 1 unless said.
    #[serde(default = "one")]
    pub replicas: u32,
    /// How many requests one of them works on at the same time, 1 to 1,000,000 or without limit, which it is unless said. A request that waits for
    /// the fleet takes none.
    #[serde(default = "unlimited", deserialize_with = "capacity::read_workers", serialize_with = "capacity::write_workers")]
    pub workers: u32,
    /// Whether workers share the cores of their node; each works at full speed unless said.
    #[serde(default, skip_serializing_if = "Serves::is_usual")]
    pub serves: Serves,
    /// How long it works on a request before it passes it on; 100 us unless said.
    #[serde(default = "usual_demand")]
    pub demand: Distribution,
    /// How requests wait for a worker; first in, first out, without limit, unless said.
    #[serde(default)]
    pub queue: Queue,
    /// Who decides at its door whether a request is let in; whoever comes is unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admission: Vec<AnyAdmission>,
    /// How many connections each of them takes; any number unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// The domain of all its replicas, or a list of domains that they are placed in by turns.
    #[serde(default)]
    pub domain: Placement,
    /// What happens to requests whose caller has gone; they are given up unless said, at the fleet as well if its own `late_work` says so.
    #[serde(default = "cancel")]
    pub late_work: LateWork,
    /// What a full queue of it says about when to come again; nothing unless given. What the fleet says is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<SimDuration>,
    /// What it answers when it is asked whether it is well; for itself alone unless said.
    #[serde(default, skip_serializing_if = "HealthEndpoint::is_shallow")]
    pub health: HealthEndpoint,
    /// Who kills and restarts its replicas; nobody unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Box<Restarts>>,
    /// Who decides how many there are; they stay as many unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<Scaler>,
    /// How often its callers look which of its replicas are there, if they come and go; always unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
}

const fn one() -> u32 {
    1
}

const fn unlimited() -> u32 {
    capacity::UNLIMITED
}

fn usual_demand() -> Distribution {
    Distribution::Constant(SimDuration::from_micros(100))
}

const fn cancel() -> LateWork {
    LateWork::Cancel
}

impl LoadBalancer {
    /// One that passes requests on to this service; everything else as it is unless said.
    pub fn new(to: &str) -> Self {
        Self {
            to: to.to_owned(),
            replicas: 1,
            workers: capacity::UNLIMITED,
            serves: Serves::default(),
            demand: usual_demand(),
            queue: Queue::default(),
            admission: Vec::new(),
            connections: None,
            domain: Placement::default(),
            late_work: LateWork::Cancel,
            retry_after: None,
            health: HealthEndpoint::default(),
            restarts: None,
            scales: None,
            discovery: None,
        }
    }

    /// The service that it is.
    pub fn service(self) -> Service {
        Service {
            replicas: self.replicas,
            serves: self.serves,
            threads: Threads::Released,
            queue: self.queue,
            admission: self.admission,
            does: vec![Task::Forward(self.to)],
            domain: self.domain,
            late_work: self.late_work,
            connections: self.connections,
            retry_after: self.retry_after,
            health: self.health,
            restarts: self.restarts,
            scales: self.scales,
            discovery: self.discovery,
            ..Service::new(self.workers, self.demand)
        }
    }

    /// What load balancers of these names pass on is as large as what the fleets behind them are asked and answer.
    pub fn fit_sizes(services: &mut [(String, Service)], balancers: &[String]) {
        let behind = |name: &str| -> Option<&Service> {
            let of = |name: &str| services.iter().find(|(known, _)| known == name).map(|(_, service)| service);
            let mut service = of(name)?;
            // Bounded: as many of them may stand in a row as there are.
            for _ in balancers {
                match service.does.as_slice() {
                    [Task::Forward(to)] => service = of(to)?,
                    _ => break,
                }
            }
            Some(service)
        };
        let sizes = |name: &String| behind(name).map(|fleet| (fleet.request_size, fleet.reply_size));
        let found: Vec<_> = balancers.iter().filter_map(|name| Some((name, sizes(name)?))).collect();
        for (name, (request, reply)) in found {
            let own = services.iter_mut().filter(|(known, _)| known == name);
            own.for_each(|(_, service)| (service.request_size, service.reply_size) = (request, reply));
        }
    }

    /// A complaint about the service that it is, with the field that was written.
    pub fn as_written(name: &str, complaint: Complaint) -> Complaint {
        let path = format!("nodes.{}.does", crate::builder::quoted(name));
        match complaint.field.strip_prefix(&path) {
            Some("[0]" | "") => Complaint { field: format!("nodes.{}.to", crate::builder::quoted(name)), ..complaint },
            _ => complaint,
        }
    }
}
