//! Whom do the steps of a saga call?

use super::{Builder, Callees};
use crate::ids::EdgeId;
use crate::plan::{Callee, EdgePlan, NodePlan, ServicePlan};
use crate::registry::complaint;
use crate::services::{Saga, StepPlan};
use std::collections::BTreeMap;

impl Builder<'_> {
    /// The steps of a saga over the edges of its coordinator, which are made where they are not known yet.
    pub(super) fn steps<'a>(
        &mut self,
        saga: &'a Saga,
        (caller, replicas, place): (&str, &[NodePlan], &str),
        (callees, nodes): (&Callees, &[NodePlan]),
        (known, edges): (&mut BTreeMap<&'a str, EdgeId>, &mut Vec<EdgePlan>),
    ) -> Vec<StepPlan> {
        let mut edge_to = |callee: &'a str, path: String| {
            *known.entry(callee).or_insert_with(|| {
                let edge = self.edge(caller, replicas, callee, &path, callees, nodes);
                // A name that is not known is complained of already.
                if callees.by_name.contains_key(callee) && edge.callee == Callee::Group {
                    let sentence =
                        format!("`{callee}` is a group, and whether it has executed a step is not known; steps are calls of services");
                    self.complaints.push(complaint(&path, sentence));
                }
                edges.push(edge);
                EdgeId(edges.len() as u32 - 1)
            })
        };
        let step = |(number, step): (usize, &'a crate::services::SagaStep)| StepPlan {
            call: edge_to(&step.call, format!("{place}.steps[{number}].call")),
            undo: step.undo.as_deref().map(|undo| edge_to(undo, format!("{place}.steps[{number}].undo"))),
        };
        saga.steps.iter().enumerate().map(step).collect()
    }
}

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
