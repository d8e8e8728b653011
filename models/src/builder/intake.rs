//! How do requests come to the workers of each service, where that is more than a plain queue?

use super::{Builder, quoted};
use crate::plan::{ClassPlan, ServicePlan};
use crate::registry::{Complaint, complaint, within};
use crate::services::{AnyAdmission, IntakePlan, Service};

impl Builder<'_> {
    /// Gives each service its intake, if it needs one.
    pub(super) fn add_intakes(&mut self, services: &mut [ServicePlan], classes: &[ClassPlan]) {
        let spec = self.spec;
        for ((name, service), plan) in spec.services.iter().zip(services) {
            let complaints = unknown_classes(service, classes).into_iter().chain(thresholds_out_of_order(service, classes)).collect();
            self.complaints.extend(within::<Complaint>(&format!("nodes.{}", quoted(name)), complaints));
            plan.intake = IntakePlan::new(service, classes).map(Box::new);
        }
    }
}

/// Classes that a service names and no population has.
fn unknown_classes(service: &Service, classes: &[ClassPlan]) -> Vec<Complaint> {
    let known = || classes.iter().map(|class| class.name.as_str()).filter(|name| !name.is_empty());
    let in_queue = service.queue.weights().keys().map(|name| ("queue.weights".to_owned(), name));
    let at_door = |(index, control): (usize, &'_ AnyAdmission)| {
        let classes = control.classes().into_iter();
        classes.map(move |(field, name)| (format!("admission[{index}].{field}"), name.clone())).collect::<Vec<_>>()
    };
    let named = in_queue.map(|(field, name)| (field, name.clone())).chain(service.admission.iter().enumerate().flat_map(at_door));
    let unknown = named.filter(|(_, name)| known().all(|class| class != name.as_str()));
    unknown.map(|(field, name)| Complaint::unknown(&field, "class of requests", &name, known())).collect()
}

/// Thresholds by which a more important class would be shed before a less important one.
fn thresholds_out_of_order(service: &Service, classes: &[ClassPlan]) -> Vec<Complaint> {
    let priority = |name: &str| classes.iter().find(|class| class.name == name).map(|class| class.priority);
    let mut complaints = Vec::new();
    for (index, control) in service.admission.iter().enumerate() {
        let AnyAdmission::Shedding(shedding) = control else { continue };
        let by_load: Vec<_> = shedding.utilisation.iter().map(|(class, share)| (class, share.parts())).collect();
        let by_wait: Vec<_> = shedding.queue_wait.iter().map(|(class, wait)| (class, wait.as_nanos())).collect();
        for (field, thresholds) in [("utilisation", by_load), ("queue_wait", by_wait)] {
            let pairs = thresholds.iter().flat_map(|one| thresholds.iter().map(move |other| (one, other)));
            let mut wrong = pairs.filter(|(one, other)| priority(one.0) < priority(other.0) && one.1 < other.1);
            if let Some((one, other)) = wrong.next() {
                let sentence =
                    format!("`{}` is more important than `{}`, and would be shed before it; give it a higher threshold", one.0, other.0);
                complaints.push(complaint(&format!("admission[{index}].{field}"), sentence));
            }
        }
    }
    complaints
}
