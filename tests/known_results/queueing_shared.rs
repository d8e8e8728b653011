//! Servers without a queue of their own: cores that all who are there share, and servers without a limit.
//!
//! Both have in common that the mean number inside depends on the distribution of the demand through its mean alone (insensitivity: S.
//! Muntz and F. Baskett's types 2 and 3, in Baskett, Chandy, Muntz, Palacios, "Open, Closed, and Mixed Networks of Queues with Different
//! Classes of Customers", 1975). Expected values are computed here. Ten runs, for row n of a table (from 0) under the seeds 100 n + 1 to
//! 100 n + 10; 2 % or four standard errors, unless a test says otherwise.

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario, ten_seeds};
use models::measure::RunMeasures;
use models::record::Record;
use scenarios::run::run;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

const SHARE: f64 = 0.02;

const SHAPES: [&str; 4] = [
    "Constant(\"1s\")",
    "Exponential(mean: \"1s\")",
    "Gamma(shape: 0.25, mean: \"1s\")",
    "Bimodal(share_slow: \"10%\", fast: Constant(\"500ms\"), slow: Exponential(mean: \"5500ms\"))",
];

/// What ten runs measured at a service that so many customers per second come to, about `calls` of them.
fn runs((calls, rate, row): (f64, f64, usize), service: &str) -> Vec<RunMeasures> {
    let horizon = 1_000 + (calls / rate) as u64;
    let text = format!(
        "(schema: 1, name: \"shared\", horizon: \"{horizon}s\", warm_up: \"1000s\", drain: \"30d\",
          nodes: {{
            \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"desk\"),
            \"desk\": Service({service}),
          }})"
    );
    let scenario = scenario("shared.ron", &text, &[]);
    ten_seeds(row).map(|seed| measured(&scenario, seed)).collect()
}

/// Mean time in the system.
fn stay(runs: &[RunMeasures]) -> Estimate {
    Estimate::of(runs.iter().map(|run| run.latency.mean.as_secs_f64()))
}

#[test]
fn a_shared_core_serves_all_shapes_of_demand_in_the_same_mean_time() {
    let mut page = Section::open(
        here!(),
        "F. Baskett, K. Chandy, R. Muntz, F. Palacios, \"Open, Closed, and Mixed Networks of Queues\", 1975: 1 / (1 - rho), insensitive.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of 40,000 to 100,000 calls after a warm-up of 1000 s.",
    );
    for (row, demand) in SHAPES.into_iter().enumerate() {
        for (index, rate) in [0.5, 0.8].into_iter().enumerate() {
            let service = format!("workers: \"unlimited\", serves: Sharing(cores: 1), demand: {demand}");
            let runs = runs((if rate > 0.7 { 1e5 } else { 4e4 }, rate, 2 * row + index), &service);
            page.agrees(&format!("M/G/1-PS at {rate}/s, {demand}, W"), "s", stay(&runs), 1.0 / (1.0 - rate), SHARE);
        }
    }
}

#[test]
fn on_a_shared_core_everybody_stays_in_proportion_to_what_they_need() {
    let mut page = Section::open(here!(), "L. Kleinrock, \"Time-shared systems\", 1967: x / (1 - rho).", "10, seeds 1 to 10, of 60,000 s.");
    // Who needs x stays x / (1 - rho) in the mean. Half of the customers need 200 ms, and half 1800 ms: rho = .7.
    let text = "(schema: 1, name: \"fair\", horizon: \"60000s\", drain: \"30d\",
          nodes: {
            \"short\": Clients(count: 1, arrivals: Poisson(rate: \"0.35/s\"), calls: \"desk\"),
            \"long\": Clients(count: 1, arrivals: Poisson(rate: \"0.35/s\"), classes: {\"long\": (weight: 1)}, calls: \"desk\"),
            \"desk\": Service(workers: \"unlimited\", serves: Sharing(cores: 1), demand: Constant(\"200ms\"), demand_of: {\"long\": Constant(\"1800ms\")}),
          })";
    let scenario = scenario("fair.ron", text, &[]);
    let stays: Vec<[f64; 2]> = ten_seeds(0).map(|seed| stays_by_population(&scenario, seed)).collect();
    for (population, (name, needs)) in [("short", 0.2), ("long", 1.8)].into_iter().enumerate() {
        let stay = Estimate::of(stays.iter().map(|stay| stay[population]));
        page.agrees(&format!("M/G/1-PS with two classes, W of the {name} ones"), "s", stay, needs / 0.3, SHARE);
    }
}

/// Mean time in the system of the calls of two populations, in seconds.
fn stays_by_population(scenario: &scenarios::Scenario, seed: u64) -> [f64; 2] {
    let (mut inside, mut sums) = (BTreeMap::new(), [(0_u64, 0_u128); 2]);
    let mut watch = |at: SimTime, record: &Record| match record {
        Record::CallStarted(name) => drop(inside.insert(name.key, at)),
        Record::CallEnded(name, _) => {
            let sum = &mut sums[name.edge.index()];
            let began = inside.remove(&name.key).expect("it began");
            *sum = (sum.0 + 1, sum.1 + u128::from((at - began).as_nanos()));
        }
        _ => {}
    };
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
    sums.map(|(count, nanos)| nanos as f64 / 1e9 / count as f64)
}

#[test]
fn several_shared_cores_are_a_birth_death_chain_if_demand_is_exponential() {
    let mut page = Section::open(
        here!(),
        "as many are inside as at an M/M/c queue.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of 40,000 to 100,000 calls after a warm-up of 1000 s.",
    );
    // With at most one core for each, as many are served as at an M/M/c queue, in whatever order: so as many are inside.
    for (row, (cores, load)) in [(2_u32, 1.6), (4, 2.8)].into_iter().enumerate() {
        let service = format!("workers: \"unlimited\", serves: Sharing(cores: {cores}), demand: Exponential(mean: \"1s\")");
        let runs = runs((6e4, load, row), &service);
        let lost = (1..=cores).fold(1.0, |lost, server| load * lost / (f64::from(server) + load * lost));
        let waited = lost / (1.0 - load / f64::from(cores) * (1.0 - lost));
        page.agrees(
            &format!("M/M/{cores} at {load}/s with shared cores, W"),
            "s",
            stay(&runs),
            1.0 + waited / (f64::from(cores) - load),
            SHARE,
        );
    }
}

#[test]
fn a_limit_on_those_who_share_makes_the_others_wait_or_turns_them_away() {
    let mut page = Section::open(here!(), "M/M/1/K.", "10, seeds 1 to 10, of about 60,000 calls.");
    // Exponential demand: K share a core at most, and nobody waits: M/M/1/K, whose stay is known.
    let (rate, room) = (0.8_f64, 5_u32);
    let service = format!("workers: {room}, queue: Fifo(limit: 0), serves: Sharing(cores: 1), demand: Exponential(mean: \"1s\")");
    let runs = runs((6e4, rate, 0), &service);
    let weights: Vec<f64> = (0..=room).map(|inside| libm::pow(rate, f64::from(inside))).collect();
    let sum: f64 = weights.iter().sum();
    let blocked = weights[room as usize] / sum;
    let inside: f64 = weights.iter().enumerate().map(|(count, weight)| count as f64 * weight / sum).sum();
    let refused = models::outcome::Failure::Overload.index();
    page.agrees(
        "M/M/1/5-PS, refused",
        "share",
        Estimate::of(runs.iter().map(|run| run.failed[refused] as f64 / run.calls as f64)),
        blocked,
        SHARE,
    );
    page.agrees("M/M/1/5-PS, W", "s", stay(&runs), inside / (rate * (1.0 - blocked)), SHARE);
}

#[test]
fn a_server_without_a_limit_keeps_everybody_for_their_demand_and_no_longer() {
    let mut page = Section::open(
        here!(),
        "F. Baskett, K. Chandy, R. Muntz, F. Palacios, \"Open, Closed, and Mixed Networks of Queues\", 1975: M/G/infinity.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of 40,000 to 100,000 calls after a warm-up of 1000 s.",
    );
    // M/G/inf: nobody waits, and the number inside is Poisson with the load as its mean: it varies as much.
    for (row, demand) in SHAPES.into_iter().enumerate() {
        let runs = runs((4e4, 25.0, row), &format!("workers: \"unlimited\", demand: {demand}"));
        page.agrees(&format!("M/G/inf, {demand}, W"), "s", stay(&runs), 1.0, SHARE);
    }
}

#[test]
fn linear_congestion_has_the_fixed_point_that_its_steepness_allows() {
    let mut page = Section::open(
        here!(),
        "C = rate (1 + C / 100), with one for the request that comes.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, of 40,000 to 100,000 calls after a warm-up of 1000 s.",
    );
    // Service takes 1 s + 10 ms x C, C the number inside: C = rate x (1 + C / 100), so that 66.7 are inside at 40/s (25 at 20/s).
    for (row, (rate, inside)) in [(20.0, 25.0), (40.0, 66.667)].into_iter().enumerate() {
        let runs = runs((6e4, rate, row), "workers: \"unlimited\", congestion: Linear(adds: \"10ms\"), demand: Constant(\"1s\")");
        // Who comes finds what is inside, and counts: the stay is 1.01 s + 10 ms x C, and rate x stay is C again.
        let expected = 1.01 / (1.0 - rate * 0.01);
        assert!((rate * expected / inside - 1.0).abs() < 0.011);
        page.agrees(&format!("linear congestion at {rate}/s, W"), "s", stay(&runs), about(expected), SHARE);
    }
}
