//! Who takes part in sagas?

use crate::ids::EdgeId;
use crate::plan::{Callee, EdgePlan, ServicePlan};

/// What participants of sagas execute is counted by saga and step.
pub(super) fn watch_participants(services: &mut [ServicePlan], edges: &[EdgePlan]) {
    let sagas = services.iter().flat_map(ServicePlan::sagas);
    let called: Vec<EdgeId> = sagas.flat_map(|saga| &saga.steps).flat_map(|step| [Some(step.call), step.undo]).flatten().collect();
    for edge in called {
        if let Callee::Service(service) = edges[edge.index()].callee {
            services[service as usize].is_watched = true;
        }
    }
}
