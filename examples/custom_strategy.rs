//! How does a strategy of one's own get into a scenario? Through public API alone, in one file.
//! `cargo run --release --example custom_strategy`

use std::sync::Arc;
use stormglass::models::registry::complaint;
use stormglass::models::strategies::backoff::{Asks, Wait};
use stormglass::models::strategies::{ExternalBackoff, Vocabulary};
use stormglass::scenarios::results::Results;
use stormglass::scenarios::sweep::{SweepOptions, sweep};
use stormglass::scenarios::text::Source;
use stormglass::scenarios::{Extent, journal, read_with};
use stormglass::sim_core::time::SimDuration;

/// Waits the step times the number of the retry squared, and anywhere up to one step longer.
#[derive(Debug)]
struct Quadratic(SimDuration);

impl ExternalBackoff for Quadratic {
    fn wait(&self, _memory: &mut [u64; 2], asks: &Asks) -> Wait {
        let retry = u64::from(asks.retry);
        Wait::For(self.0.saturating_mul(retry * retry).saturating_add(asks.draw.below(self.0)))
    }
}

const TEXT: &str = r#"(
    schema: 1, name: "custom-strategy", horizon: "60s", warm_up: "5s",
    nodes: {
        "shoppers": Clients(count: 50, arrivals: Poisson(rate: "100/s"), calls: "shop"),
        "shop": Service(workers: 2, queue: Fifo(limit: 20), demand: Exponential(mean: "10ms")),
    },
    faults: [Crash(node: "shop", while_down: Refusal, at: "20s", lasts: "2s")], sweep: (replications: 10),
    stacks: { "shoppers -> shop": [Retry(attempts: 6, backoff: External(name: "Quadratic", with: {"step": "40ms"})), Timeout("500ms")] },
)"#;

fn measured() -> Results {
    let vocabulary = Vocabulary::default().backoff("Quadratic", |words| {
        let step = words.get("step").ok_or_else(|| vec![complaint("step", "is missing: a duration such as \"40ms\"")])?;
        let step = step.parse().map_err(|error| vec![complaint("step", format!("{error}"))])?;
        Ok(Arc::new(Quadratic(step)))
    });
    let scenario = read_with(Source::new("custom.ron", TEXT), "custom.ron", &[], Extent::Grid, &vocabulary)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let options = SweepOptions { jobs: 2, go_on: &|| true, progress: &mut |_, _| {} };
    sweep(&scenario, &journal::KnownRuns::default(), &mut journal::Journal::nowhere(), options).expect("no file is written")
}

fn main() {
    let results = measured();
    let (calls, ok) = results.runs_of(0, 0).fold((0, 0), |sum, (_, run)| (sum.0 + run.calls, sum.1 + run.succeeded));
    println!("availability with quadratic waits: {:.3} %", 100.0 * ok as f64 / calls as f64);
    // Six attempts wait 40 (1 + 4 + 9 + 16 + 25) = 2.2 s at least, which bridges the crash of 2 s (3.6 % of the time measured).
    assert!(ok * 1000 > calls * 990, "{ok} of {calls}");
    assert_eq!(measured(), results, "the same seeds give the same runs");
}

#[test]
fn quadratic_waits_bridge_the_crash() {
    main();
}
