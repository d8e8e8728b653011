//! How do requests come to the workers of each service, where that is more than a plain queue?

use super::{Builder, quoted};
use crate::plan::{ClassPlan, ServicePlan};
use crate::registry::{Complaint, within};
use crate::services::{IntakePlan, Service};

impl Builder<'_> {
    /// Gives each service its intake, if it needs one.
    pub(super) fn add_intakes(&mut self, services: &mut [ServicePlan], classes: &[ClassPlan]) {
        let spec = self.spec;
        for ((name, service), plan) in spec.services.iter().zip(services) {
            let complaints = unknown_classes(service, classes);
            self.complaints.extend(within(&format!("nodes.{}", quoted(name)), complaints));
            plan.intake = IntakePlan::new(service, classes).map(Box::new);
        }
    }
}

/// Classes that a service names and no population has.
fn unknown_classes(service: &Service, classes: &[ClassPlan]) -> Vec<Complaint> {
    let known = || classes.iter().map(|class| class.name.as_str()).filter(|name| !name.is_empty());
    let named = service.queue.weights().keys().map(|name| ("queue.weights", name));
    let unknown = named.filter(|(_, name)| known().all(|class| class != name.as_str()));
    unknown.map(|(field, name)| Complaint::unknown(field, "class of requests", name, known())).collect()
}
