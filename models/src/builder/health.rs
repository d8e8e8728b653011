//! Whom does the health endpoint of a service ask?

use super::{Builder, Callees, quoted};
use crate::ids::EdgeId;
use crate::plan::{EdgePlan, NodePlan, ServicePlan};
use crate::registry::complaint;
use crate::services::{Deep, calls};

impl Builder<'_> {
    /// The edges over which a deep health check asks: those of the program to whom it names, or to all; and new ones to whom the program does
    /// not call.
    pub(super) fn health_of(
        &mut self,
        (name, replicas, deep): (&str, &[NodePlan], &Deep),
        (callees, nodes): (&Callees, &[NodePlan]),
        service: &mut ServicePlan,
        edges: &mut Vec<EdgePlan>,
    ) {
        let mut asked: Vec<EdgeId> = calls(&service.program).map(|(edge, _)| edge).collect();
        if !deep.calls.is_empty() {
            let own: Vec<EdgeId> = std::mem::take(&mut asked);
            for (position, callee) in deep.calls.iter().enumerate() {
                let wanted = format!("{name} -> {callee}");
                let known = own.iter().copied().find(|edge| edges[edge.index()].name == wanted);
                asked.push(known.unwrap_or_else(|| {
                    let path = format!("nodes.{}.health.calls[{position}]", quoted(name));
                    edges.push(self.edge(name, replicas, callee, &path, callees, nodes));
                    EdgeId(edges.len() as u32 - 1)
                }));
            }
        }
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            let path = format!("nodes.{}.health", quoted(name));
            let sentence = format!("`{name}` calls nobody, so that there is nobody to ask; write calls: [...], or leave `health` out");
            self.complaints.push(complaint(&path, sentence));
        }
        (service.checks, service.check_timeout) = (asked, deep.timeout);
    }
}
