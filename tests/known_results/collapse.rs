//! Systems that stay down when what struck them is over.
//!
//! - M. Brooker's spike-triggered collapse (`mbrooker/simulator_example`, `simple_collapse_sim`): a server that gets slower the more requests it
//!   has, and clients that try three times.
//! - The metastable database of N. Bronson, A. Aghayev, A. Charapko and T. Zhu, "Metastable Failures in Distributed Systems", HotOS 2021,
//!   section 2.1: a network outage of ten seconds whose messages all arrive at its end, and one retry.
//!
//! Both are shipped (`spike-collapse`, `metastable-database`); here they are held against what was published.

use super::{Estimate, scenario};
use models::measure::Bin;
use models::record::Record;
use scenarios::Scenario;
use scenarios::run::{Run, run};
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

fn made(scenario: &Scenario, seed: u64) -> Run {
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None)
}

/// Something of the bins of some seconds of a run, per second.
fn per_second(run: &Run, seconds: std::ops::Range<usize>, of: impl Fn(&Bin) -> u64) -> f64 {
    let count = seconds.len() as f64;
    run.bins[seconds].iter().map(of).sum::<u64>() as f64 / count
}

/// Latency 1 s + 10 ms x C, C the requests at the server; 40/s, and 80/s for five seconds.
fn spike(stack: &str) -> Scenario {
    let text = format!(
        "(schema: 1, name: \"spike\", horizon: \"80s\", drain: \"0s\",
          nodes: {{
            \"clients\": Clients(count: 1, arrivals: Poisson(rate: \"40/s\"), calls: \"server\", domain: \"here\"),
            \"server\": Service(workers: \"unlimited\", congestion: Linear(adds: \"10ms\"), demand: Constant(\"1s\"), domain: \"there\"),
          }},
          links: [Link(from: \"here\", to: \"there\", delay: Exponential(mean: \"100ms\"))],
          faults: [LoadSpike(clients: \"clients\", factor: 2, at: \"20s\", lasts: \"5s\")],
          stacks: {{ \"clients -> server\": [{stack}] }})"
    );
    scenario("spike.ron", &text, &[])
}

/// Whether nobody was answered in time at the end of a run.
fn is_down(run: &Run) -> bool {
    per_second(run, 60..80, |bin| bin.completed) < 1.0
}

#[test]
fn three_attempts_without_jitter_keep_most_servers_down_after_a_spike_of_five_seconds() {
    let scenario = spike("Retry(attempts: 3, backoff: Immediate()), Timeout(\"3s\")");
    let runs: Vec<Run> = (1..=300).map(|seed| made(&scenario, seed)).collect();
    let (down, up): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| is_down(run));
    let share = down.len() as f64 / 300.0;
    println!("{} of 300 collapse (published: 303 of 400)", down.len());
    assert!((0.66..=0.81).contains(&share), "{share}");
    let mean = |runs: &[&Run], of: fn(&Bin) -> u64| Estimate::of(runs.iter().map(|run| per_second(run, 50..80, of)));
    assert!(down.iter().all(|run| per_second(run, 50..80, |bin| bin.completed) < 0.5), "nothing is answered in time any more");
    // 40 calls per second, 80 retries, and so 120 timeouts.
    let (tried, started) = (mean(&down, |bin| bin.attempts), mean(&down, |bin| bin.started));
    started.agrees_with("collapsed: calls per second", 40.0, 0.01);
    tried.agrees_with("collapsed: attempts per second", 120.0, 0.01);
    mean(&down, |bin| bin.attempts - bin.started).agrees_with("collapsed: retries per second", 80.0, 0.01);
    mean(&up, |bin| bin.completed).agrees_with("survivors: answers per second", 39.9, 0.02);
}

#[test]
fn jitter_as_long_as_the_spike_and_more_lets_every_server_survive_it() {
    let scenario = spike("Retry(attempts: 3, backoff: FullJitter(base: \"20s\", cap: \"40s\")), Timeout(\"3s\")");
    let runs: Vec<Run> = (1..=60).map(|seed| made(&scenario, seed)).collect();
    assert_eq!(runs.iter().filter(|run| is_down(run)).count(), 0);
    Estimate::of(runs.iter().map(|run| per_second(run, 50..80, |bin| bin.completed))).agrees_with("jitter: answers per second", 40.0, 0.02);
}

/// How many requests are at the server at an instant.
fn inside(scenario: &Scenario, seed: u64, instant: SimTime) -> u64 {
    let mut inside = 0_u64;
    let mut watch = |at: SimTime, record: &Record| match record {
        Record::Started(..) if at < instant => inside += 1,
        Record::Answered(..) if at < instant => inside -= 1,
        _ => {}
    };
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
    inside
}

#[test]
fn a_collapsed_server_fills_and_one_that_survives_holds_as_many_as_the_formula_says() {
    // Published: some 1860 at the end, and 67 where nothing has happened; C = rate / (1 - rate / 100) = 66.7 at 40/s.
    let retry = spike("Retry(attempts: 3, backoff: Immediate()), Timeout(\"3s\")");
    let fallen: Vec<u64> = (1..=20).filter(|&seed| is_down(&made(&retry, seed))).collect();
    let at = |second: u64| SimTime::from_nanos(second * 1_000_000_000);
    Estimate::of(fallen.iter().map(|&seed| inside(&retry, seed, at(80)) as f64)).agrees_with("collapsed: requests inside", 1860.0, 0.05);
    let before = (1..=60).map(|seed| inside(&retry, seed, at(20)) as f64);
    Estimate::of(before).agrees_with("before the spike: requests inside", 40.0 * 1.01 / 0.6, 0.02);
}

/// A database that does 300/s, a queue without a limit, an outage of 10 s whose messages arrive at its end, and one retry a second after
/// the first attempt.
fn database(rate: u32) -> Scenario {
    let text = format!(
        "(schema: 1, name: \"database\", horizon: \"210s\", warm_up: \"20s\", drain: \"0s\",
          nodes: {{
            \"app\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"database\", domain: \"here\"),
            \"database\": Service(workers: 1, demand: Exponential(mean: \"3333333ns\"), domain: \"there\"),
          }},
          links: [Link(from: \"here\", to: \"there\", delay: Constant(\"1ms\"))],
          faults: [Cut(from: \"here\", to: \"there\", holds: true, at: \"60s\", lasts: \"10s\")],
          stacks: {{ \"app -> database\": [Retry(attempts: 2, backoff: Immediate()), Timeout(\"1s\")] }})"
    );
    scenario("database.ron", &text, &[])
}

#[test]
fn a_database_below_half_its_capacity_comes_back_after_an_outage_and_one_above_stays_down() {
    for (rate, comes_back) in [(100, true), (120, true), (130, true), (145, false), (200, false), (280, false)] {
        let scenario = database(rate);
        for seed in 1..=4 {
            let run = made(&scenario, seed);
            let (before, goodput) = (per_second(&run, 20..60, |bin| bin.completed), per_second(&run, 200..210, |bin| bin.completed));
            let offered = per_second(&run, 200..210, |bin| bin.attempts);
            println!("{rate}/s, seed {seed}: goodput {before:.1} before, {goodput:.1} at the end, {offered:.1} offered");
            let rate = f64::from(rate);
            // Ten seconds of Poisson arrivals: four standard errors.
            let luck = 4.0 * (rate / 10.0).sqrt();
            assert!((before - rate).abs() < luck, "all is well before the outage");
            if comes_back {
                assert!((goodput - rate).abs() < luck && (offered - rate).abs() < luck);
            } else {
                assert!(goodput == 0.0 && (offered - 2.0 * rate).abs() < 2.0 * luck);
            }
        }
    }
}

#[test]
fn a_database_that_is_down_comes_back_when_the_load_sinks_below_what_retries_leave_it() {
    // 280/s keep 560/s going. At 130/s the retries make 260/s, and the queue shrinks, which takes long; without load it is gone at once.
    let text = |dip: &str| {
        format!(
            "(schema: 1, name: \"dip\", horizon: \"1000s\", warm_up: \"20s\", drain: \"0s\",
              nodes: {{
                \"app\": Clients(count: 1, arrivals: Poisson(rate: \"280/s\"), calls: \"database\", domain: \"here\"),
                \"database\": Service(workers: 1, demand: Exponential(mean: \"3333333ns\"), domain: \"there\"),
              }},
              links: [Link(from: \"here\", to: \"there\", delay: Constant(\"1ms\"))],
              faults: [
                Cut(from: \"here\", to: \"there\", holds: true, at: \"60s\", lasts: \"10s\"),
                LoadSpike(clients: \"app\", factor: {dip}),
              ],
              stacks: {{ \"app -> database\": [Retry(attempts: 2, backoff: Immediate()), Timeout(\"1s\")] }})"
        )
    };
    // The queue is 2800 + 260 x 30 = 10,600 long at 100 s.
    for (dip, comes_back) in [
        ("0.46, at: \"100s\", lasts: \"400s\"", true),
        ("0.75, at: \"100s\", lasts: \"400s\"", false),
        ("0, at: \"100s\", lasts: \"60s\"", true),
    ] {
        let run = made(&scenario("dip.ron", &text(dip), &[]), 1);
        let goodput = per_second(&run, 900..1000, |bin| bin.completed);
        println!("dip to {dip}: goodput {goodput:.1}");
        assert!(if comes_back { goodput > 270.0 } else { goodput < 1.0 }, "{dip}: {goodput}");
    }
}
