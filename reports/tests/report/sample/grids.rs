//! What could results over a grid look like, and what do names do that were written by somebody with much to say?

use super::{Arm, SIX, brownout, contention, rates};
use scenarios::map::{Map, MapEnd, MapLink, Station};
use scenarios::measure::{ClassMeasures, LatencySummary};
use scenarios::results::{CellSeries, FaultWindow, GaugeTotals, Results, RunOutcome, RunRow};
use scenarios::threshold::{Edge, Edges, Threshold};

/// Ten arms whose names are as long as those of real comparisons.
pub const TEN: &[Arm] = &[
    ("retries without any wait between them, as the client library ships", 0, 100, 390, 40),
    ("exponential backoff from 100 ms to 5 s, three retries", 6, 40, 300, 300),
    ("exponential backoff with full jitter, three retries", 4, 35, 330, 150),
    ("full jitter and a retry budget of ten percent per client process", 3, 0, 120, 420),
    ("full jitter and a circuit breaker that opens at half of 20 calls", 5, 2, 140, 380),
    ("full jitter, budget, breaker", 3, 0, 110, 430),
    ("hedged_requests_after_the_95th_percentile_with_cancellation_and_no_blank", 9, 10, 210, 240),
    ("adaptive concurrency limit (gradient) in front of every replica", 7, 0, 130, 350),
    ("load shedding by priority, with client-side throttling", 8, 0, 150, 300),
    ("nothing at all", 6, 0, 100, 300),
];

/// One fault, ten arms.
pub fn ten(runs: u64) -> Results {
    brownout(TEN, runs)
}

/// The brownout over two varied parameters: three rates, five numbers of workers, of one to four arms.
pub fn grid(arms: &[Arm], runs: u64) -> Results {
    let (speeds, workers) = (["100/s", "200/s", "300/s"], ["1", "2", "4", "8", "16"]);
    let mut all = brownout(&arms[..1], 0);
    all.manifest = brownout(arms, runs).manifest;
    (all.runs, all.series) = (Vec::new(), Vec::new());
    all.manifest.axes = vec!["nodes.shoppers.arrivals.rate".to_owned(), "nodes.payments.workers".to_owned()];
    for (x, speed) in speeds.iter().enumerate() {
        for (y, count) in workers.iter().enumerate() {
            let cell = all.manifest.cells.len() as u32 - u32::from(all.manifest.cells == [Vec::<String>::new()]);
            if cell == 0 {
                all.manifest.cells.clear();
                all.manifest.faults.truncate(1);
            } else {
                let first = all.manifest.faults[0].clone();
                all.manifest.faults.push(first);
            }
            all.manifest.cells.push(vec![(*speed).to_owned(), (*count).to_owned()]);
            // The more load and the fewer workers, the more runs are lost.
            let never = |arm: &Arm| (arm.2 + 20 * x as u64).saturating_sub(12 * y as u64);
            let here: Vec<Arm> = arms.iter().map(|arm| (arm.0, arm.1 + x as u64, never(arm), arm.3, arm.4)).collect();
            let mut one = brownout(&here, runs);
            one.runs.iter_mut().for_each(|row| row.cell = cell);
            one.series.iter_mut().for_each(|series| series.cell = cell);
            all.runs.append(&mut one.runs);
            all.series.append(&mut one.series);
        }
    }
    all
}

/// Edges that were looked for along a rate, in every cell of these results: the later the arm, the further it holds.
pub fn with_edges(mut results: Results) -> Results {
    let values: Vec<String> = (10..=100).map(|rate| format!("{rate}/s")).collect();
    let (cells, arms) = (results.manifest.cells.len() as u32, results.manifest.arms.len() as u32);
    let of_seed = |cell: u32, arm: u32, seed: u64| match (cell, arm) {
        (_, 3) => Edge::Beyond,
        (0, 2) if seed == 1 => Edge::Before,
        _ => Edge::At((15 + 10 * arm + 6 * cell + (seed * 7 % 5) as u32).min(89)),
    };
    let edges = |cell: u32, arm: u32| Edges {
        cell,
        arm,
        of_seeds: (1..=20).map(|seed| (seed, of_seed(cell, arm, seed))).collect(),
        checks: 4,
        contradictions: 0,
    };
    let all = (0..cells).flat_map(|cell| (0..arms).map(move |arm| (cell, arm)));
    let path = "nodes.callers.arrivals.rate".to_owned();
    let edges = all.map(|(cell, arm)| edges(cell, arm)).collect();
    results.thresholds = vec![Threshold { path, until: "stuck".to_owned(), values, edges }];
    results
}

/// Contention among many arms with long names.
pub fn crowd(runs: u64) -> Results {
    let mut results = contention(runs);
    results.manifest.arms = TEN[..3].iter().map(|arm| arm.0.to_owned()).collect();
    results
}

/// Rates along which arms with long names are lost, with many values.
pub fn along(runs: u64) -> Results {
    let mut results = rates(runs);
    results.manifest.arms = TEN[3..5].iter().map(|arm| arm.0.to_owned()).collect();
    results
}

/// Calls of three classes, some of them with much to say: the less critical, the fewer succeed and the longer they take.
pub fn with_classes(mut results: Results) -> Results {
    let names =
        ["critical", "interactive requests of people who look at a page and wait", "sheddable_prefetches_and_batches_nobody_waits_for"];
    for row in &mut results.runs {
        let RunOutcome::Finished { measures, .. } = &mut row.outcome else { continue };
        for (index, name) in (0..).zip(names) {
            let (calls, lost) = (measures.calls / 3, (measures.calls - measures.succeeded) * index / 3);
            let latency = LatencySummary { p50: measures.latency.p50.saturating_mul(index + 1), ..measures.latency.clone() };
            measures.classes.push(ClassMeasures { class: name.to_owned(), calls, succeeded: calls - lost.min(calls), latency });
        }
    }
    results
}

/// A system of many parts with long names in long domains, some of them struck by several faults.
pub fn with_map(mut results: Results) -> Results {
    let names = [
        "shoppers",
        "front-page-of-the-shop-in-every-language",
        "checkout x 12",
        "payments",
        "recommendations-for-people-who-bought-nothing-yet[3]",
    ];
    let domains = ["", "europe/frankfurt/zone-a/rack-17", "internet", "europe", "america/oregon/zone-b/the-rack-beside-the-door"];
    let station = |number: usize| Station {
        label: format!("{}{}", names[number % 5], if number < 5 { String::new() } else { format!("-{number}") }),
        domain: domains[number / 2 % 5].to_owned(),
        is_population: number.is_multiple_of(5),
        is_broker: number % 5 == 3,
        members: Vec::new(),
    };
    let link = |number: usize| MapLink {
        from: MapEnd::Domain(domains[1].to_owned()),
        to: MapEnd::Stations(vec![number]),
        label: format!("{number}ms there, 2.5ms back, loss 0.5%, for Append, Vote only"),
        one_way: false,
    };
    let calls = (0..20).flat_map(|number| [(number, number + 4), (number, number + 5)]).filter(|(_, to)| *to < 20).collect();
    results.manifest.story.map = Map { stations: (0..20).map(station).collect(), links: (0..15).map(link).collect(), calls };
    for label in ["crash of payments", "cut internet <-> europe", "europe/frankfurt 3 times slower"] {
        let first = FaultWindow { label: label.to_owned(), ..results.manifest.faults[0][0].clone() };
        results.manifest.faults[0].extend([first.clone(), first]);
    }
    results
}

/// Layers that show something on every edge.
pub fn with_gauges(mut results: Results) -> Results {
    for series in &mut results.series {
        for (edge, name) in [(0, "breakers open"), (1, "retries left in the budget of the whole process, at most ten percent of its calls")]
        {
            let bins = (0..series.bins.len() as i64).map(|bin| ((bin % 40 + i64::from(series.arm)) * 1_000_000, 1)).collect();
            series.gauges.push(GaugeTotals { edge, layer: 1, name: name.to_owned(), bins });
        }
    }
    results
}

/// Contention among ten arms with long names, along these values of a path that counts nobody, and of a second one if there is any.
pub fn contention_along(axes: &[&str], cells: &[&[&str]], runs: u64) -> Results {
    let of_three = contention(runs);
    let mut all = Results::nothing_yet(of_three.manifest.clone());
    all.manifest.arms = TEN.iter().map(|arm| arm.0.to_owned()).collect();
    all.manifest.axes = axes.iter().map(|axis| (*axis).to_owned()).collect();
    all.manifest.cells = cells.iter().map(|values| values.iter().map(|value| (*value).to_owned()).collect()).collect();
    all.manifest.faults = vec![Vec::new(); cells.len()];
    for (cell, arm) in (0..cells.len() as u32).flat_map(|cell| (0..TEN.len() as u32).map(move |arm| (cell, arm))) {
        let is_from = |of: (u32, u32)| of == (cell % 5, arm % 3);
        let rows = of_three.runs.iter().filter(|row| is_from((row.cell, row.arm)));
        all.runs.extend(rows.map(|row| RunRow { cell, arm, ..row.clone() }));
        let series = of_three.series.iter().filter(|series| is_from((series.cell, series.arm)));
        all.series.extend(series.map(|series| CellSeries { cell, arm, ..series.clone() }));
    }
    all
}

/// Twenty-four arms: more than there are colours.
pub fn many(runs: u64) -> Results {
    let names: Vec<String> = (1..=24).map(|number| format!("budget of {number} percent, and what it saves")).collect();
    let arms: Vec<Arm> = (0..24).map(|index| ("", TEN[index % 10].1, TEN[index % 10].2, TEN[index % 10].3, TEN[index % 10].4)).collect();
    let mut results = brownout(&arms, runs);
    results.manifest.arms = names;
    results
}

/// What the plain samples lack: classes of calls, a system from above, layers, and contention along something that counts nobody.
pub fn further() -> [(&'static str, Results); 3] {
    let cells: [&[&str]; 4] = [&["5ms", "1s"], &["10ms", "1s"], &["5ms", "2s"], &["10ms", "2s"]];
    [
        ("parts", with_gauges(with_map(with_classes(brownout(&SIX[..2], 8))))),
        ("delays", contention_along(&["links[0].delay.mean"], &[&["5ms"], &["10ms"], &["20ms"]], 6)),
        ("delays-and-waits", contention_along(&["links[0].delay.mean", "stacks.\"writers -> row\"[1].retry.backoff.base"], &cells, 6)),
    ]
}

/// Every result that pictures are laid out for.
pub fn all() -> Vec<(&'static str, Results)> {
    let plain = [
        ("ten", ten(40)),
        ("six", brownout(SIX, 40)),
        ("one arm", brownout(&TEN[..1], 20)),
        ("four", brownout(&TEN[..4], 20)),
        ("grid of ten", grid(TEN, 6)),
        ("grid of two", with_edges(grid(&TEN[..2], 8))),
        ("edges of ten", with_edges(ten(8))),
        ("edges along", with_edges(along(8))),
        ("everything of ten", with_gauges(with_map(with_classes(ten(10))))),
        ("many", with_classes(many(8))),
        ("crowd", crowd(10)),
        ("along", along(10)),
    ];
    plain.into_iter().chain(further()).collect()
}
