//! Which crashes have no end of their own, and are over when whoever looks after the replicas has restarted them?

use models::environment::{Effect, NodeEffect};
use models::faults::{AnyFault, FaultPlan};
use models::ids::NodeId;
use models::plan::{Plan, Role};

/// The nodes that a crash stops, one list for each of its members; nothing for any other fault.
pub fn crashed(fault: &FaultPlan) -> Vec<Vec<NodeId>> {
    if !matches!(fault.fault, AnyFault::Crash(_)) {
        return Vec::new();
    }
    let stopped = |effect: &Effect| if let Effect::Node(node, NodeEffect::Down { .. }) = effect { Some(*node) } else { None };
    fault.members.iter().map(|member| member.effects.iter().filter_map(stopped).collect()).collect()
}

/// Whether an orchestrator hears of a crash at once and restarts all that it stops: their machines answer that nobody is there.
pub fn is_restarted(plan: &Plan, fault: &FaultPlan) -> bool {
    let refuses = |effect: &Effect| matches!(effect, Effect::Node(_, NodeEffect::Down { refuses: true, .. }));
    let is_looked_after = |node: &NodeId| match plan.nodes[node.index()].role {
        Role::Replica(service) => plan.services[service as usize].restarts.is_some(),
        Role::Clients(_) | Role::Member(_) => false,
    };
    let nodes = crashed(fault).concat();
    let all_refuse = fault.members.iter().all(|member| member.effects.iter().all(refuses));
    !nodes.is_empty() && all_refuse && nodes.iter().all(is_looked_after)
}
