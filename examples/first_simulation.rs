//! How is Stormglass used as a library? A scenario as text, two arms on ten seeds each, and a comparison of the two.
//!
//! `cargo run --release --example first_simulation`

use stormglass::scenarios::results::Results;
use stormglass::scenarios::sweep::{SweepOptions, sweep};
use stormglass::scenarios::text::Source;
use stormglass::scenarios::{Extent, journal, read};

const TEXT: &str = r#"(
    schema: 1, name: "first-simulation", horizon: "60s", warm_up: "5s",
    nodes: {
        "shoppers": Clients(count: 50, arrivals: Poisson(rate: "150/s"), calls: "shop"),
        "shop": Service(workers: 2, queue: Fifo(limit: 200), demand: Exponential(mean: "10ms")),
    },
    faults: [Crash(node: "shop", at: "20s", lasts: "2s")],
    arms: {
        "give up":   (stacks: { "shoppers -> shop": [Timeout("500ms")] }),
        "try again": (stacks: { "shoppers -> shop": [Retry(attempts: 5, backoff: FullJitter(base: "200ms", cap: "5s")), Timeout("500ms")] }),
    },
    sweep: (replications: 10),
)"#;

/// Runs every arm on every seed, keeps nothing on the disk, and returns what was measured.
fn measured() -> Results {
    let scenario = read(Source::new("first.ron", TEXT), "first.ron", &[], Extent::Grid)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let options = SweepOptions { jobs: 2, go_on: &|| true, progress: &mut |_, _| {} };
    let known = journal::KnownRuns::default();
    sweep(&scenario, &known, &mut journal::Journal::nowhere(), options).expect("no file is written")
}

/// The share of all calls of an arm that succeeded, over its ten runs, and its attempts per call.
fn summary(results: &Results, arm: u32) -> (f64, f64) {
    let (mut calls, mut succeeded, mut attempts) = (0, 0, 0);
    for (_seed, run) in results.runs_of(0, arm) {
        calls += run.calls;
        succeeded += run.succeeded;
        attempts += run.edges[0].attempts;
    }
    (succeeded as f64 / calls as f64, attempts as f64 / calls as f64)
}

fn main() {
    let results = measured();
    for (arm, name) in (0..).zip(&results.manifest.arms) {
        let (availability, amplification) = summary(&results, arm);
        println!("{name:<10} availability {:6.2}%   {amplification:.3} attempts per call", availability * 100.0);
    }
    // The crash lasts two seconds. Those who give up are served again at once; those who try again keep the queue longer than
    // anybody waits, so that the shop works for nobody: a metastable failure.
    let (gives_up, tries_again) = (summary(&results, 0), summary(&results, 1));
    assert!(gives_up.0 > 0.9 && tries_again.0 < 0.5, "retries without a budget turn two seconds into the whole minute");
    assert!(results.runs_of(0, 1).filter(|(_seed, run)| run.stuck).count() >= 5, "and most of these runs are stuck at its end");
    assert_eq!(measured(), results, "the same seeds give the same runs");
}

#[test]
fn trying_again_keeps_the_shop_down() {
    main();
}
