//! What do services keep, and which way do writes take to those who follow?

use super::{Builder, number_of, quoted};
use crate::plan::{ClassPlan, NodePlan, ServicePlan};
use crate::registry::{Complaint, complaint};
use crate::services::data::{Data, DataPlan, ReplicationPlan, WritersPlan, Writes};
use crate::services::{AnyPartition, Condition, Service, Step, Task, TaskPlan};
use sim_core::time::SimDuration;

impl Builder<'_> {
    /// Adds what is known of their data to services.
    pub(super) fn add_data(&mut self, classes: &[ClassPlan], nodes: &[NodePlan], services: &mut [ServicePlan]) {
        let spec = self.spec;
        for ((name, service), plan) in spec.services.iter().zip(services) {
            let Some(data) = &service.data else { continue };
            let writers = self.writers(name, data, classes);
            let replicas = &nodes[plan.first.index()..][..plan.replicas as usize];
            let replication = data.replication.as_ref().filter(|_| self.complaints.is_empty()).map(|replication| {
                let ways = self.routes(name, replicas, replicas);
                ReplicationPlan {
                    lag: replication.lag.compile(),
                    reads: replication.reads,
                    pins: replication.pins,
                    waits_for: replication.waits_for,
                    fails_over: replication.fails_over.map(|over| over.after),
                    shards: service.partition.as_ref().and_then(AnyPartition::parts).unwrap_or(1),
                    ways: ways.into_iter().map(|(ends, (there, _))| (ends, there)).collect(),
                }
            });
            let optimistic = data.optimistic.map(|optimistic| optimistic.reads);
            plan.data = Some(DataPlan { writers, optimistic, replication, publishes: None, writers_for: SimDuration::ZERO });
        }
    }

    /// The index of a service that says who writes.
    pub(super) fn written(&mut self, service: &str, path: &str) -> u32 {
        let Some(index) = self.spec.services.iter().position(|(known, _)| known == service) else {
            let known = self.spec.services.iter().map(|(known, _)| known.as_str());
            self.complaints.push(Complaint::unknown(path, "service", service, known));
            return 0;
        };
        if self.spec.services[index].1.data.is_none() {
            let sentence = format!("`{service}` does not say who writes; write `data: (writes: ...)` there");
            self.complaints.push(complaint(path, sentence));
        }
        index as u32
    }

    /// Services remember who has written as long as anybody asks for that.
    pub(super) fn remember_writers(services: &mut [ServicePlan]) {
        let asked = |step: &Step| match &step.does {
            TaskPlan::If(Condition::OwnWrite(written, within), _) => Some((*written as usize, *within)),
            _ => None,
        };
        let asked: Vec<(usize, SimDuration)> = services.iter().flat_map(|service| service.program.iter().filter_map(asked)).collect();
        for (written, within) in asked {
            if let Some(data) = &mut services[written].data {
                data.writers_for = data.writers_for.max(within);
            }
        }
    }

    /// Whether a callee says which of its replicas a request may go to, or knows what writes; of a middlebox, whether the fleet behind it knows that.
    pub(super) fn is_parted(&self, callee: &str) -> bool {
        let of = |name: &str| self.spec.services.iter().find(|(known, _)| known == name).map(|(_, service)| service);
        let mut service = of(callee);
        let has_parts = service.is_some_and(Service::has_parts);
        // Bounded: no more of them stand in a row than there are.
        for _ in &self.spec.services {
            match service.map(|service| service.does.as_slice()) {
                Some([Task::Forward(to)]) if service.is_some_and(|service| service.data.is_none()) => service = of(to),
                _ => break,
            }
        }
        has_parts || service.is_some_and(|service| service.data.is_some())
    }

    fn writers(&mut self, service: &str, data: &Data, classes: &[ClassPlan]) -> WritersPlan {
        let names = match &data.writes {
            Writes::Share(share) => return WritersPlan::Share(*share),
            Writes::Classes(names) => names,
        };
        let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).filter(|name| !name.is_empty()).collect();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str())) {
            let path = format!("nodes.{}.data.writes[{index}]", quoted(service));
            self.complaints.push(Complaint::unknown(&path, "class of requests", name, known.iter().copied()));
        }
        WritersPlan::Classes(names.iter().map(|name| number_of(classes, name)).collect())
    }
}
