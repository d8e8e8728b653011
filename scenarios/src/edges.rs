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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::gather;
    use crate::journal::{Journal, KnownRuns, load_manifest, save_manifest};
    use crate::results::RunOutcome;
    use crate::sweep::{SweepOptions, manifest_of_arm, saved, sweep};
    use crate::text::Source;
    use crate::{Extent, read};

    /// The second arm calls a spare beside, the third another service instead.
    fn scenario() -> Scenario {
        let text = r#"(schema: 1, name: "x", horizon: "2s",
            nodes: {
                "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "shop"),
                "shop": Service(workers: 1, demand: Constant("10ms")), "spare": Service(workers: 1, demand: Constant("10ms")),
            },
            arms: {
                "shop": (),
                "spare": (stacks: { "clients -> shop": [Fallback(to: Service("spare")), RateLimiter(TokenBucket(rate: "1/s", burst: 1))] }),
                "other": (nodes: { "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "spare") },
                          stacks: { "clients -> spare": [RateLimiter(TokenBucket(rate: "100/s", burst: 5))] }),
            },
            expect: [Amplification(edge: "clients -> spare", at_most: 1.5, arms: ["spare", "other"])],
            sweep: (replications: 2))"#;
        read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
    }

    #[test]
    fn results_know_the_edges_of_all_arms_by_their_names() {
        let scenario = scenario();
        let folder = tempfile::tempdir().unwrap();
        let folder = camino::Utf8Path::from_path(folder.path()).unwrap();
        let mut journal = Journal::open(folder).unwrap();
        let options = SweepOptions { jobs: 1, go_on: &|| true, progress: &mut |_, _| {} };
        let made = sweep(&scenario, &KnownRuns::default(), &mut journal, options).unwrap();
        assert_eq!(made.manifest.edges, ["clients -> shop", "clients -> spare"]);
        for row in &made.runs {
            let RunOutcome::Finished { measures, .. } = &row.outcome else { panic!("every run ends") };
            let calls: Vec<bool> = measures.edges.iter().map(|edge| edge.calls > 0).collect();
            assert_eq!(calls, [[true, false], [true, true], [false, true]][row.arm as usize], "arm {}", row.arm);
        }
        let edges_shown = |arm: usize| made.series[arm].gauges.iter().map(|gauge| gauge.edge).collect::<Vec<_>>();
        assert!(edges_shown(1).iter().all(|edge| *edge == 0) && !edges_shown(1).is_empty());
        assert!(edges_shown(2).iter().all(|edge| *edge == 1) && !edges_shown(2).is_empty());
        // What is kept is kept as the runs know it, and put in its place again.
        save_manifest(folder, &saved(&scenario)).unwrap();
        let kept = load_manifest(folder).unwrap().expect("it was written");
        assert_eq!(gather(&kept, folder).unwrap().results, made);
        assert_eq!(manifest_of_arm(&scenario, 2).edges, ["clients -> spare"]);
    }

    #[test]
    fn nothing_is_kept_of_edges_that_are_the_same_in_all_arms() {
        let mut scenario = scenario();
        scenario.cells[0].arms.truncate(1);
        scenario.arms.truncate(1);
        assert_eq!(saved(&scenario).places_of_edges, Vec::<Vec<Vec<u32>>>::new());
    }
}
