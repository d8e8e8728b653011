//! Are the runs of a cell and arm found, and whose calls count?

use super::*;
use crate::text::Source;
use crate::{Extent, read, sweep};

#[test]
fn users_call_over_the_edges_whose_caller_nobody_calls_and_probes_are_no_users() {
    let text = r#"(schema: 1, name: "x", horizon: "2s", nodes: {
        "people": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "front"),
        "script": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "back"),
        "probe": Clients(count: 1, arrivals: Constant(rate: "1/s"), calls: "front", synthetic: true),
        "front": Service(workers: 1, demand: Constant("10ms"), does: [Call("back")]),
        "back": Service(workers: 1, demand: Constant("10ms")) })"#;
    let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound");
    let manifest = sweep::manifest(&scenario);
    let users: Vec<&str> = manifest.edges_of_users().map(|edge| manifest.edges[edge].as_str()).collect();
    assert_eq!(users, ["people -> front", "script -> back"]);
}

#[test]
fn the_runs_of_a_cell_and_arm_are_found_among_very_many_without_looking_at_all() {
    let text = r#"(schema: 1, name: "x", horizon: "2s", nodes: {
        "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) })"#;
    let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound");
    let (cells, arms, seeds) = (5_000, 4, 10);
    let mut results = Results {
        manifest: sweep::manifest(&scenario),
        runs: Vec::new(),
        series: Vec::new(),
        thresholds: Vec::new(),
        stressed: Vec::new(),
        stressed_of: None,
    };
    for (cell, arm) in (0..cells).flat_map(|cell| (0..arms).map(move |arm| (cell, arm))) {
        results.series.push(CellSeries { cell, arm, ..CellSeries::default() });
        let outcome = |seed| match seed {
            3 => RunOutcome::Panicked("time ran backwards".to_owned()),
            _ => RunOutcome::Finished { measures: RunMeasures::default(), digest: 0 },
        };
        results.runs.extend((0..seeds).map(|seed| RunRow { cell, arm, seed, outcome: outcome(seed) }));
    }
    // Looking at every row for each would be 4,000,000,000 looks: this test would not end.
    for (cell, arm) in (0..cells).flat_map(|cell| (0..arms).map(move |arm| (cell, arm))) {
        assert!(results.runs_of(cell, arm).map(|(seed, _)| seed).eq((0..seeds).filter(|seed| *seed != 3)));
        assert_eq!(results.series_of(cell, arm).map(|series| (series.cell, series.arm)), Some((cell, arm)));
    }
    assert_eq!((results.rows_of(cells, 0).len(), results.series_of(0, arms)), (0, None));
}
