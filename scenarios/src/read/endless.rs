//! Who waits for ever for an answer that never comes?

use super::Reader;
use super::idle::value_of;
use crate::problem::{Problem, Problems};
use crate::scenario::ArmPlan;
use crate::text::overlay::overlay;
use crate::text::tree::Element;
use models::faults::AnyFault;
use models::ids::EdgeId;
use models::plan::{Callee, EdgePlan, Plan, Role};
use models::services::{Step, TaskPlan};
use models::strategies::Layer;
use models::topology::Route;
use models::workloads::ArrivalProcess;
use sim_core::units::Share;

impl<'a> Reader<'a> {
    /// Calls over a way that loses messages, of which no layer has a time: each that is lost keeps a worker or a client for good.
    pub(super) fn warn_of_endless(&self, arm: &ArmPlan, written: Option<Element<'a>>, warnings: &mut Problems) {
        let plan = &arm.plan;
        let pieces = overlay(self.root, written, &[], &mut Problems::new());
        let edges = (0..).map(EdgeId).zip(&plan.edges);
        for (id, edge) in edges.filter(|(_, edge)| !is_told_a_deadline(plan) && !edge.stack.iter().any(has_time)) {
            let (Some(waits), Some(loss)) = (who_waits(plan, id, edge), worst_loss(plan, edge)) else { continue };
            let caller = edge.name.split(" -> ").next().unwrap_or_default();
            let place = value_of(&pieces, "stacks", &edge.name).or_else(|| value_of(&pieces, "nodes", caller));
            let sentence = format!(
                "{loss} of the messages over `{}` are lost, and each of them keeps {waits} waiting for ever: no layer of that edge has a time",
                edge.name
            );
            let problem = Problem { place: place.map(Element::head), ..Problem::new(sentence) };
            warnings.push(problem.hint(format!("write one: stacks: {{ {:?}: [Timeout(\"1s\")] }}", edge.name)));
        }
    }
}

/// Whether anybody tells those it calls by when it needs an answer: whoever is told has a time without a layer of its own.
pub(super) fn is_told_a_deadline(plan: &Plan) -> bool {
    let tells = |layer: &Layer| matches!(layer, Layer::Deadline(deadline) if deadline.propagate);
    plan.edges.iter().any(|edge| edge.stack.iter().any(tells))
}

/// Who can do nothing else while a call over this edge is under way; nobody where calls come from outside, one by one.
fn who_waits(plan: &Plan, id: EdgeId, edge: &EdgePlan) -> Option<&'static str> {
    if !matches!(edge.callee, Callee::Service(_)) {
        return None;
    }
    match plan.nodes[edge.caller.index()].role {
        Role::Replica(service) => {
            // What is sent is not waited for; of several at once not all need be.
            let waits = |step: &Step| matches!(step.does, TaskPlan::Call(called) | TaskPlan::Forward(called) if called == id);
            plan.services[service as usize].program.iter().any(waits).then_some("a request, and what it holds,")
        }
        Role::Clients(_) => {
            let population = plan.populations.iter().find(|population| population.edge == id)?;
            matches!(population.arrivals, ArrivalProcess::Closed { .. }).then_some("a client")
        }
        Role::Member(_) => None,
    }
}

/// The greatest share of messages that a way of an edge loses, there or back, without any fault; nothing if none does.
fn worst_loss(plan: &Plan, edge: &EdgePlan) -> Option<Share> {
    let ways = edge.routes.iter().flat_map(|(_, (there, back))| [*there, *back]);
    // Where nothing travels there is no way.
    let routes = ways.filter_map(|way| plan.topology.routes().get(way.index()));
    routes.map(Route::loss).max_by_key(|loss| loss.parts()).filter(|loss| *loss > Share::NONE)
}

/// Whether a layer ends a wait for an answer that does not come.
fn has_time(layer: &Layer) -> bool {
    match layer {
        Layer::Deadline(_) | Layer::Timeout(_) => true,
        Layer::EnvoyRetry(retry) => retry.per_try_timeout.is_some(),
        // What comes from outside may do anything.
        Layer::External(_) => true,
        _ => false,
    }
}

/// Whether answers, or all that would be answered, vanish in this fault without a word.
pub(super) fn swallows_answers(fault: &AnyFault) -> bool {
    use AnyFault::{BadLink, Crash, Cut, FlappingLink, Isolation, Omission, Partition, Swizzle};
    matches!(fault, Crash(_) | Cut(_) | FlappingLink(_) | Isolation(_) | Omission(_) | Partition(_) | Swizzle(_))
        || matches!(fault, BadLink(link) if link.loss > Share::NONE)
}

/// The first layer of a stack that acts on failures, if a lost answer never becomes one: nothing in the stack has a time.
pub(super) fn never_out_of_time(stack: &[Layer], fault: &str) -> Option<(usize, String)> {
    let acts = |layer: &Layer| {
        matches!(layer, Layer::Retry(_) | Layer::GrpcRetry(_) | Layer::EnvoyRetry(_) | Layer::AwsRetry(_) | Layer::Fallback(_))
    };
    let (index, layer) = (0..).zip(stack).find(|(_, layer)| acts(layer))?;
    let sentence = format!(
        "`{}` never hears of an answer that a `{fault}` swallows, and its call never ends: no layer of the stack has a time; write a `Timeout` inside of it",
        layer.name()
    );
    (!stack.iter().any(has_time)).then_some((index, sentence))
}
