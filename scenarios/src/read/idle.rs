//! What is written and does nothing? Layers, faults and clients that the rest of the system leaves without an effect.

use super::Reader;
use super::idle_layers::idle_layers;
use crate::problem::{Problem, Problems};
use crate::scenario::{ArmPlan, Cell};
use crate::text::overlay::{Overlay, overlay};
use crate::text::path::{Path, locate_in};
use crate::text::tree::Element;
use models::faults::{AnyFault, FlagRollout, Pick};
use models::plan::{Callee, EdgePlan, Plan, Role};
use models::services::{Condition, FlagId, Step, TaskPlan};
use models::strategies::Layer;
use models::workloads::ArrivalProcess;

impl<'a> Reader<'a> {
    /// Everything in a cell that does nothing.
    pub(super) fn warn_of_idle(&self, cell: &Cell, arms: &[(String, Option<Element<'a>>)], warnings: &mut Problems) {
        for (index, (field, sentence)) in idle_faults(&cell.arms) {
            warnings.push(Problem { place: self.in_fault(index, field), ..Problem::new(sentence) });
        }
        for ((_, written), arm) in arms.iter().zip(&cell.arms) {
            let pieces = overlay(self.root, *written, &[], &mut Problems::new());
            for edge in &arm.plan.edges {
                for (index, field, sentence) in idle_layers(&arm.plan, edge) {
                    let stack = value_of(&pieces, "stacks", &edge.name);
                    let layer = stack.and_then(|stack| stack.list().ok()?.get(index).copied());
                    let is_written = layer.and_then(|layer| inside(layer, field));
                    // A default is nobody's mistake.
                    if !field.is_empty() && is_written.is_none() {
                        continue;
                    }
                    warnings.push(Problem { place: is_written.or(layer).map(Element::head), ..Problem::new(sentence) });
                }
            }
            for (name, sentence) in uncalled(&cell.arms, arm) {
                let node = value_of(&pieces, "nodes", &name);
                warnings.push(Problem { place: node.map(Element::head), ..Problem::new(sentence) });
            }
            for (name, sentence) in unmeasured(&arm.plan) {
                let clients = value_of(&pieces, "nodes", &name);
                let arrivals = clients.and_then(|clients| inside(clients, "arrivals")).or(clients);
                warnings.push(Problem { place: arrivals.map(Element::head), ..Problem::new(sentence) });
            }
        }
    }
}

pub(super) fn value_of<'a>(pieces: &Overlay<'a>, section: &str, key: &str) -> Option<Element<'a>> {
    pieces.section(section).iter().find(|piece| piece.key.as_deref() == Some(key)).map(|piece| piece.value)
}

/// The part of an element at a path; the element itself for the empty one.
pub(super) fn inside<'a>(element: Element<'a>, path: &str) -> Option<Element<'a>> {
    if path.is_empty() { Some(element) } else { locate_in(element, &Path::parse(path).ok()?).ok() }
}

/// The faults that no arm notices, by their position: the field that is to blame, and why. Faults are common to all arms.
fn idle_faults(arms: &[ArmPlan]) -> Vec<(usize, (&'static str, String))> {
    let Some(first) = arms.first() else { return Vec::new() };
    let reason = |(index, planned): (usize, &models::faults::PlannedFault)| {
        let members = first.plan.faults.get(index)?.members.len();
        let reason = match planned.timing.pick {
            Some(Pick::Count(count)) if count as usize > members => {
                Some(("pick", format!("`pick: Count({count})` picks all: it may strike {members} and no more")))
            }
            _ => None,
        };
        reason.or_else(|| unnoticed(&planned.fault, arms)).map(|reason| (index, reason))
    };
    first.faults.iter().enumerate().filter_map(reason).collect()
}

/// Why no arm notices a fault, if none does.
fn unnoticed(fault: &AnyFault, arms: &[ArmPlan]) -> Option<(&'static str, String)> {
    let nobody_has = |edge: &str, is_meant: fn(&Layer) -> bool| {
        let has = |arm: &ArmPlan| arm.plan.edges.iter().any(|known| is_same(&known.name, edge) && known.stack.iter().any(is_meant));
        !arms.iter().any(has)
    };
    match fault {
        AnyFault::EmergencyLever(lever) if nobody_has(&lever.edge, |layer| matches!(layer, Layer::Breaker(_))) => {
            let sentence = format!("nothing happens: no arm has a `Breaker` on `{}` whose state could be forced", lever.edge);
            Some(("edge", sentence))
        }
        AnyFault::FlagRollout(rollout) if !arms.iter().any(|arm| asks(&arm.plan, rollout, fault)) => {
            let sentence = format!("nothing happens: nobody it strikes asks for the flag {:?} in any arm", rollout.flag);
            Some((if rollout.node.is_empty() { "domain" } else { "node" }, sentence))
        }
        AnyFault::ColdCache(cold) if nobody_has(&cold.edge, |layer| matches!(layer, Layer::Cache(_))) => {
            Some(("edge", format!("nothing happens: no arm has a `Cache` on `{}` that could lose anything", cold.edge)))
        }
        AnyFault::DiskSlow(_) | AnyFault::DiskStall(_) | AnyFault::DiskFull(_) if !arms.iter().any(|arm| writes(&arm.plan, fault)) => {
            let field = if names_a_domain(fault) { "domain" } else { "node" };
            Some((
                field,
                "nothing happens: nobody it strikes writes to a disk in any arm; a service does with `Write(...)` in `does`".to_owned(),
            ))
        }
        _ => None,
    }
}

/// Whether two texts name one edge, however many blanks are around the arrow.
fn is_same(edge: &str, other: &str) -> bool {
    let bare = |text: &str| text.split("->").map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    bare(edge) == bare(other)
}

fn names_a_domain(fault: &AnyFault) -> bool {
    match fault {
        AnyFault::DiskSlow(fault) => fault.node.is_empty(),
        AnyFault::DiskStall(fault) => fault.node.is_empty(),
        AnyFault::DiskFull(fault) => fault.node.is_empty(),
        _ => false,
    }
}

/// Whether anybody who gets a flag asks for it.
fn asks(plan: &Plan, rollout: &FlagRollout, fault: &AnyFault) -> bool {
    let Some(struck) = plan.faults.iter().find(|known| known.fault == *fault) else { return false };
    let flag = FlagId::named(&rollout.flag);
    let nodes = struck.members.iter().flat_map(|member| &member.effects).filter_map(models::environment::Effect::node);
    let asks = |step: &Step| matches!(&step.does, TaskPlan::If(Condition::Flag(of), _) if *of == flag);
    nodes.into_iter().any(|node| match plan.nodes[node.index()].role {
        Role::Replica(service) => plan.services[service as usize].program.iter().any(asks),
        Role::Member(_) | Role::Clients(_) => false,
    })
}

/// Whether anybody whom a fault of disks strikes writes to one.
fn writes(plan: &Plan, fault: &AnyFault) -> bool {
    let Some(struck) = plan.faults.iter().find(|known| known.fault == *fault) else { return false };
    let nodes = struck.members.iter().flat_map(|member| &member.effects).filter_map(models::environment::Effect::node);
    nodes.into_iter().any(|node| match plan.nodes[node.index()].role {
        Role::Replica(service) => plan.services[service as usize].program.iter().any(|step| matches!(step.does, TaskPlan::Write(_))),
        // Groups whose members write nothing are refused.
        Role::Member(_) | Role::Clients(_) => true,
    })
}

/// The services that nobody calls in any arm, and that fetch nothing, as seen from the first arm that has them.
fn uncalled(arms: &[ArmPlan], arm: &ArmPlan) -> Vec<(String, String)> {
    let has = |arm: &ArmPlan, name: &str| arm.plan.services.iter().any(|service| service.name == name);
    let is_called = |arm: &ArmPlan, name: &str| {
        let is_meant = |edge: &EdgePlan| matches!(edge.callee, Callee::Service(callee) if arm.plan.services[callee as usize].name == name);
        let fetches = arm.plan.consumers.iter().any(|consumer| arm.plan.services[consumer.service as usize].name == name);
        fetches || arm.plan.edges.iter().any(is_meant)
    };
    let is_idle = |name: &&String| {
        let is_first = arms.iter().find(|arm| has(arm, name)).is_some_and(|first| std::ptr::eq(first, arm));
        is_first && !arms.iter().any(|arm| is_called(arm, name))
    };
    let names = arm.plan.services.iter().map(|service| &service.name).filter(is_idle);
    names.map(|name| (name.clone(), format!("nobody calls `{name}` in any arm: a service does with `does: [Call(\"{name}\")]`"))).collect()
}

/// The populations all of whose calls begin before anything is measured.
fn unmeasured(plan: &Plan) -> Vec<(String, String)> {
    let warm_up = plan.clockwork.warm_up;
    let is_early = |population: &&models::plan::PopulationPlan| {
        matches!(population.arrivals, ArrivalProcess::Once) && !warm_up.is_zero() && population.starts_within <= warm_up
    };
    let say = |population: &models::plan::PopulationPlan| {
        let sentence = format!(
            "every call of `{}` begins within the warm-up ({warm_up}) and none is measured; leave `warm_up` out, or write a longer `starts_within`",
            population.name
        );
        (population.name.clone(), sentence)
    };
    plan.populations.iter().filter(is_early).map(say).collect()
}
