//! Can a run be continued twice? One run up to a moment, and two futures from there.
//!
//! A simulation is a value: `clone` copies the whole system in mid-flight, with every message under way. One copy looks
//! ahead, to see how bad it will get, while the other stands still; both end as the run that was never forked. Random
//! numbers belong to names and not to a position in a sequence, so whatever one copy goes through changes no draw of the
//! other.
//!
//! `cargo run --release --example fork_the_future`

use std::sync::Arc;
use stormglass::models::protocols::Nobody;
use stormglass::models::world::World;
use stormglass::scenarios::text::Source;
use stormglass::scenarios::{Extent, read};
use stormglass::sim_core::draw::Seed;
use stormglass::sim_core::simulation::{Simulation, TieBreak};
use stormglass::sim_core::time::{SimDuration, SimTime};

const TEXT: &str = r#"(
    schema: 1, name: "fork", horizon: "60s", warm_up: "5s",
    nodes: {
        "shoppers": Clients(count: 50, arrivals: Poisson(rate: "150/s"), calls: "shop"),
        "shop": Service(workers: 2, demand: Exponential(mean: "10ms")),
    },
    stacks: { "shoppers -> shop": [Retry(attempts: 3, backoff: FullJitter(base: "100ms", cap: "2s")), Timeout("300ms")] },
    faults: [Crash(node: "shop", at: "30s", lasts: "5s")],
)"#;

const EVENTS: u64 = 10_000_000;

/// The run of a seed, not yet begun.
fn start(seed: u64) -> Simulation<World<Nobody>> {
    let scenario = read(Source::new("fork.ron", TEXT), "fork.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let plan = &scenario.cells[0].arms[0].plan;
    World::start(Arc::clone(plan), Nobody, Seed::new(seed), TieBreak::ByRank)
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn main() {
    let mut straight = start(7);
    straight.run_until(at(60), EVENTS, None);

    // One second into the crash everything is copied: calls that wait, timers, the dead service.
    let mut original = start(7);
    original.run_until(at(31), EVENTS, None);
    let mut copy = original.clone();
    println!("at 31 s both futures have {} calls under way and the digest {}", copy.model().open_calls(), copy.digest());

    // The copy sees its future first; the original is not disturbed by that.
    let mut peak = 0;
    for second in 32..=60 {
        copy.run_until(at(second), EVENTS, None);
        peak = peak.max(copy.model().open_calls());
    }
    println!("the copy had {peak} calls under way at its worst");
    assert!(original.now() <= at(31), "the original still stands at the moment of the fork");
    assert_ne!(original.digest(), copy.digest(), "the copy has gone on");

    original.run_until(at(60), EVENTS, None);
    assert_eq!(original.digest(), straight.digest(), "a fork changes nothing for the original");
    assert_eq!(copy.digest(), straight.digest(), "and a copy without a change has the same future, to the last event");

    // The same past with another future: every draw not yet made comes from a seed of its own.
    let mut otherwise = start(7);
    otherwise.run_until(at(31), EVENTS, None);
    let before = otherwise.digest();
    otherwise.intervene(|world, _| world.reseed(Seed::new(99)));
    assert_eq!(otherwise.digest(), before, "the past is what it was");
    otherwise.run_until(at(60), EVENTS, None);
    assert_ne!(otherwise.digest(), straight.digest(), "and the future is another");

    let mut again = start(7);
    again.run_until(at(31), EVENTS, None);
    again.intervene(|world, _| world.reseed(Seed::new(99)));
    again.run_until(at(60), EVENTS, None);
    assert_eq!(again.digest(), otherwise.digest(), "which can be repeated, too");
    println!("forked and straight runs end with the digest {}, the other future with {}", straight.digest(), otherwise.digest());
}

#[test]
fn a_fork_has_the_future_of_its_original() {
    main();
}
