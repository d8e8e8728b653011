//! What do services do for requests, with every callee and class looked up?

use super::classes::number_of;
use super::{Builder, Callees, quoted};
use crate::ids::EdgeId;
use crate::plan::{Callee, ClassPlan, EdgePlan, NodePlan, ServicePlan};
use crate::registry::{Complaint, complaint};
use crate::services::{Names, Program, Task, compile};
use std::collections::BTreeMap;

/// Finds what the program of one service names, and makes its edges in the order in which they are first named.
struct Finder<'b, 'a> {
    builder: &'b mut Builder<'a>,
    caller: &'b str,
    replicas: &'b [NodePlan],
    callees: &'b Callees,
    nodes: &'b [NodePlan],
    classes: &'b [ClassPlan],
    edges: &'b mut Vec<EdgePlan>,
    known: BTreeMap<String, EdgeId>,
    is_sound: bool,
}

impl Names for Finder<'_, '_> {
    fn edge(&mut self, callee: &str, path: &str) -> EdgeId {
        if let Some(&edge) = self.known.get(callee) {
            return edge;
        }
        let edge = self.builder.edge(self.caller, self.replicas, callee, path, self.callees, self.nodes);
        self.edges.push(edge);
        let edge = EdgeId(self.edges.len() as u32 - 1);
        self.known.insert(callee.to_owned(), edge);
        edge
    }

    fn participant(&mut self, callee: &str, path: &str) -> EdgeId {
        let is_known = self.known.contains_key(callee);
        let edge = self.edge(callee, path);
        // A name that is not known is complained of already.
        if !is_known && self.callees.by_name.contains_key(callee) && self.edges[edge.index()].callee == Callee::Group {
            let sentence = format!("`{callee}` is a group, and whether it has executed a step is not known; steps are calls of services");
            self.builder.complaints.push(complaint(path, sentence));
        }
        edge
    }

    fn class(&mut self, class: &str, path: &str) -> u8 {
        self.builder.class(class, path, self.classes)
    }

    fn written(&mut self, service: &str, path: &str) -> u32 {
        self.builder.written(service, path)
    }

    fn are_numbers_sound(&self) -> bool {
        self.is_sound
    }
}

impl Builder<'_> {
    /// The program of a service.
    pub(super) fn program(
        &mut self,
        (caller, tasks): (&str, &[Task]),
        replicas: &[NodePlan],
        (callees, nodes, classes): (&Callees, &[NodePlan], &[ClassPlan]),
        edges: &mut Vec<EdgePlan>,
    ) -> Program {
        let path = format!("nodes.{}.does", quoted(caller));
        let is_sound = self.complaints.is_empty();
        let known = BTreeMap::new();
        compile(tasks, &path, &mut Finder { builder: self, caller, replicas, callees, nodes, classes, edges, known, is_sound })
    }

    /// The demands of requests by their class, once everything else has been looked up.
    pub(super) fn demands_of_classes(&mut self, services: &mut [ServicePlan], classes: &[ClassPlan]) {
        let is_sound = self.complaints.is_empty();
        for (plan, (name, service)) in services.iter_mut().zip(&self.spec.services) {
            for (class, demand) in &service.demand_of {
                let path = format!("nodes.{}.demand_of.{}", quoted(name), quoted(class));
                let number = usize::from(self.class(class, &path, classes));
                plan.demand_of.resize(classes.len(), None);
                plan.demand_of[number] = is_sound.then(|| demand.compile());
            }
            plan.has_own_ways = !plan.demand_of.is_empty() || plan.cores.is_some() || plan.congestion.is_some();
        }
    }

    /// The number of a class that a service names.
    fn class(&mut self, class: &str, path: &str, classes: &[ClassPlan]) -> u8 {
        let number = number_of(classes, class);
        if number == 0 {
            let known = classes.iter().skip(1).map(|known| known.name.as_str());
            self.complaints.push(Complaint::unknown(path, "class of requests", class, known));
        }
        number
    }
}
