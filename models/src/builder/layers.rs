//! Which layers lie on which edge, and what is wrong with them there?

use super::{Builder, Callees, normalised, quoted};
use crate::ids::EdgeId;
use crate::plan::{Callee, EdgePlan, NodePlan, ServicePlan};
use crate::registry::{Complaint, complaint, within};
use crate::strategies::{Layer, Scope};
use std::collections::BTreeMap;

impl Builder<'_> {
    /// Edges to the services that layers call in the place of what is inside them.
    pub(super) fn add_edges_of_layers(
        &mut self,
        callees: &Callees,
        nodes: &[NodePlan],
        services: &[ServicePlan],
        edges: &mut Vec<EdgePlan>,
    ) {
        let spec = self.spec;
        for (edge, stack) in &spec.stacks {
            let Some((caller, _)) = normalised(edge).split_once(" -> ").map(|(caller, callee)| (caller.to_owned(), callee.to_owned()))
            else {
                continue;
            };
            for (index, other) in stack.iter().enumerate().filter_map(|(index, layer)| Some((index, layer.elsewhere()?))) {
                let name = format!("{caller} -> {other}");
                if edges.iter().any(|known| known.name == name) {
                    continue;
                }
                let callers =
                    match (spec.clients.iter().position(|(name, _)| *name == caller), services.iter().find(|one| one.name == caller)) {
                        (Some(population), _) => &nodes[population..=population],
                        (None, Some(service)) => &nodes[service.first.index()..][..service.replicas as usize],
                        (None, None) => continue,
                    };
                let path = format!("stacks.{}[{index}].to", quoted(edge));
                let edge = self.edge(&caller, callers, other, &path, callees, nodes);
                edges.push(edge);
            }
        }
    }

    /// Edges whose layers call elsewhere, and so come back to where they began.
    fn refuse_rounds(&mut self, edges: &[EdgePlan]) {
        for (index, edge) in edges.iter().enumerate() {
            for layer in (0..edge.stack.len()).filter(|&layer| leads_back(edges, edge.elsewhere[layer], EdgeId(index as u32))) {
                let path = format!("stacks.{}[{layer}].to", quoted(&edge.name));
                let sentence = "the other service is asked over this edge again, and would be asked without an end; name one that is not on the way here";
                self.complaints.push(complaint(&path, sentence));
            }
        }
    }

    /// What is wrong with the layers of an edge where they are.
    fn check_layers(&mut self, edge: &EdgePlan) {
        let path = format!("stacks.{}", quoted(&edge.name));
        let mut is_chosen = false;
        for (index, layer) in edge.stack.iter().enumerate() {
            let mut complaints = layer.check_on(edge.replicas.len() as u32);
            if edge.scopes[index] == Some(Scope::Endpoint) && !is_chosen {
                let sentence = "no layer outside of this one chooses a replica, so that there is no endpoint to have one each; put a `Balance` before it";
                complaints.push(complaint("per", sentence));
            }
            if let Layer::Retry(retry) = layer
                && retry.never_rests()
                && let Some(inner) = edge.stack[index + 1..].iter().find(|inner| inner.turns_back())
            {
                let sentence = format!(
                    "`{}` inside turns calls back at once, and to retry without a limit and without a wait would never let time pass; write a number of attempts, or a wait such as Constant(delay: \"10ms\")",
                    inner.name()
                );
                complaints.push(complaint("backoff", sentence));
            }
            if let Layer::Retry(retry) = layer
                && retry.never_rests()
                && edge.sheds_early
            {
                let sentence = "callers of this service turn calls back at once, and to retry without a limit and without a wait would never let time pass; write a number of attempts, or a wait such as Constant(delay: \"10ms\")";
                complaints.push(complaint("backoff", sentence));
            }
            if let Layer::Balance(balance) = layer {
                is_chosen = true;
                if balance.per == Scope::Endpoint {
                    complaints.push(complaint("per", "a balancer chooses among all endpoints; write `per: Process`"));
                }
                if let Callee::Own(_) = edge.callee {
                    complaints
                        .push(complaint("", "a message is worked on by the replica that has fetched it; there is nobody to choose from"));
                }
                if edge.callee == Callee::Group {
                    complaints
                        .push(complaint("", "a group decides by its protocol who answers; a balancer chooses among replicas of a service"));
                }
            }
            self.complaints.extend(within(&format!("{path}[{index}]"), complaints));
        }
    }

    /// Puts the stacks on their edges.
    pub(super) fn attach_stacks(&mut self, edges: &mut [EdgePlan]) {
        let positions: BTreeMap<String, usize> = edges.iter().enumerate().rev().map(|(index, edge)| (edge.name.clone(), index)).collect();
        for (name, stack) in &self.spec.stacks {
            match positions.get(&normalised(name)) {
                Some(&edge) => {
                    edges[edge].wrap_in(stack);
                    edges[edge].elsewhere = stack.iter().map(|layer| elsewhere(name, layer, &positions)).collect();
                    let plan = edges[edge].clone();
                    self.check_layers(&plan);
                }
                None => {
                    let known = edges.iter().map(|edge| edge.name.as_str());
                    self.complaints.push(Complaint::unknown(&format!("stacks.{}", quoted(name)), "edge", name, known));
                }
            }
        }
        self.share_pools(edges);
        self.refuse_rounds(edges);
    }

    /// Finds out where the memory of every layer is kept.
    fn share_pools(&mut self, edges: &mut [EdgePlan]) {
        let mut pools: BTreeMap<(u32, String), (EdgeId, u32)> = BTreeMap::new();
        for index in 0..edges.len() {
            let edge = EdgeId(index as u32);
            for layer in 0..edges[index].stack.len() {
                let mut home = (edge, layer as u32);
                if let Some(name) = edges[index].stack[layer].pool() {
                    home = *pools.entry((edges[index].caller.0, name.to_owned())).or_insert(home);
                    let wrong = check_pool(name, edges, home, (edge, layer as u32));
                    let path = format!("stacks.{}[{layer}]", quoted(&edges[index].name));
                    self.complaints.extend(within(&path, wrong.into_iter().collect()));
                }
                edges[index].homes.push(home);
            }
        }
    }
}

/// Everything wrong with a layer that shares a pool with the one that comes first.
fn check_pool(name: &str, edges: &[EdgePlan], home: (EdgeId, u32), own: (EdgeId, u32)) -> Option<Complaint> {
    let layer = |(edge, layer): (EdgeId, u32)| &edges[edge.index()].stack[layer as usize];
    let path = |(edge, layer): (EdgeId, u32)| format!("stacks.{}[{layer}]", quoted(&edges[edge.index()].name));
    if layer(own).scope() == Some(Scope::Endpoint) {
        return Some(complaint("per", "a pool that edges share is not one for each endpoint of one of them; write `per: Process`"));
    }
    if home.0 == own.0 && home != own {
        let sentence = format!("the pool {name:?} is in this stack already, and a call would wait in it for itself; give it another name");
        return Some(complaint("pool", sentence));
    }
    (layer(own) != layer(home)).then(|| {
        let sentence =
            format!("the pool {name:?} is written with other numbers at {}; write the same, or give it another name", path(home));
        complaint("pool", sentence)
    })
}

/// The edge of a layer that calls another service, by the positions of edges.
fn elsewhere(edge: &str, layer: &Layer, positions: &BTreeMap<String, usize>) -> Option<EdgeId> {
    let edge = normalised(edge);
    let caller = edge.split_once(" -> ")?.0;
    positions.get(&format!("{caller} -> {}", layer.elsewhere()?)).map(|&position| EdgeId(position as u32))
}

/// Whether calls elsewhere, begun with this one, come to an edge.
fn leads_back(edges: &[EdgePlan], first: Option<EdgeId>, to: EdgeId) -> bool {
    let mut seen: Vec<EdgeId> = Vec::new();
    let mut next: Vec<EdgeId> = first.into_iter().collect();
    while let Some(edge) = next.pop() {
        if edge == to {
            return true;
        }
        if !seen.contains(&edge) {
            seen.push(edge);
            next.extend(edges[edge.index()].elsewhere.iter().flatten());
        }
    }
    false
}
