//! What could results over a grid look like, and what do names do that were written by somebody with much to say?

use super::{Arm, SIX, brownout, contention, rates};
use scenarios::results::Results;
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

/// Every result that pictures are laid out for.
pub fn all() -> Vec<(&'static str, Results)> {
    vec![
        ("ten", ten(40)),
        ("six", brownout(SIX, 40)),
        ("one arm", brownout(&TEN[..1], 20)),
        ("four", brownout(&TEN[..4], 20)),
        ("grid of ten", grid(TEN, 6)),
        ("grid of two", with_edges(grid(&TEN[..2], 8))),
        ("edges of ten", with_edges(ten(8))),
        ("edges along", with_edges(along(8))),
        ("crowd", crowd(10)),
        ("along", along(10)),
    ]
}
