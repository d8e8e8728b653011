//! Which edges do the systems of a scenario have, and which of them are those of one system?
//!
//! Arms may have edges that others lack: a fallback calls a service that nobody else does, a population calls somebody else. A run
//! knows its edges by their place in its own system, results know them by their place among all.

use crate::run::Run;
use crate::scenario::Scenario;
use models::measure::EdgeMeasures;
use models::plan::Plan;
use std::collections::BTreeMap;

/// The edges of all systems: those of the first one in its order, then what each further one adds, in its own.
pub(crate) fn names<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Vec<String> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for edge in plans.into_iter().flat_map(Plan::edges_of_calls) {
        let next = known.len();
        known.entry(edge.name.as_str()).or_insert(next);
    }
    let mut names = vec![String::new(); known.len()];
    known.into_iter().for_each(|(name, place)| name.clone_into(&mut names[place]));
    names
}

/// By cell and arm, for each edge of that system its place among all; nothing if each system has the same edges in the same order.
pub(crate) fn places(scenario: &Scenario, names: &[String]) -> Vec<Vec<Vec<u32>>> {
    let numbers: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let of = |plan: &Plan| plan.edges_of_calls().iter().map(|edge| numbers[edge.name.as_str()]).collect::<Vec<u32>>();
    let all: Vec<Vec<_>> = scenario.cells.iter().map(|cell| cell.arms.iter().map(|arm| of(&arm.plan)).collect()).collect();
    let is_plain = |places: &Vec<u32>| places.len() == names.len() && (0..).zip(places).all(|(own, place)| own == *place);
    if all.iter().flatten().all(is_plain) { Vec::new() } else { all }
}

/// Puts what a run measured at its edges where results look for it, among so many; where it has no such edge, no call is made.
pub(crate) fn put(run: &mut Run, places: &[u32], count: usize) {
    let mut edges = vec![EdgeMeasures::default(); count];
    for (edge, place) in run.measures.edges.drain(..).zip(places) {
        edges[*place as usize] = edge;
    }
    run.measures.edges = edges;
    for gauge in &mut run.gauges {
        gauge.edge = places.get(gauge.edge as usize).copied().unwrap_or(gauge.edge);
    }
}
