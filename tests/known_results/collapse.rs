//! Systems that stay down when what struck them is over.
//!
//! - M. Brooker's spike-triggered collapse (`mbrooker/simulator_example`, `simple_collapse_sim`): a server that gets slower the more requests it
//!   has, and clients that try three times.
//! - The metastable database of N. Bronson, A. Aghayev, A. Charapko and T. Zhu, "Metastable Failures in Distributed Systems", HotOS 2021,
//!   section 2.1: a network outage of ten seconds whose messages all arrive at its end, and one retry.
//!
//! Both are shipped (`spike-collapse`, `metastable-database`); here they are held against what was published.

use super::page::{Section, about, here};
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
    let mut page = Section::open(
        here!(),
        "M. Brooker, `mbrooker/simulator_example`, `simple_collapse_sim`: 303 of 400 runs of it collapse.",
        "seeds 1 to 300; rates are those of 50 s to 80 s.",
    );
    let scenario = spike("Retry(attempts: 3, backoff: Immediate()), Timeout(\"3s\")");
    let runs: Vec<Run> = (1..=300).map(|seed| made(&scenario, seed)).collect();
    let (down, up): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| is_down(run));
    page.share("runs that collapse", (down.len() as u64, 300), 0.66..=0.81, "75.75 % of 400");
    let mean = |runs: &[&Run], of: fn(&Bin) -> u64| Estimate::of(runs.iter().map(|run| per_second(run, 50..80, of)));
    let most = down.iter().map(|run| per_second(run, 50..80, |bin| bin.completed)).fold(0.0, f64::max);
    page.bound("collapsed: answers in time per second, most", "1/s", most, 0.0..=0.005, down.len() as u64);
    // 40 calls per second, 80 retries, and so 120 timeouts.
    let (tried, started) = (mean(&down, |bin| bin.attempts), mean(&down, |bin| bin.started));
    page.agrees("collapsed: calls per second", "1/s", started, about(40.0), 0.01);
    page.agrees("collapsed: attempts per second", "1/s", tried, about(120.0), 0.01);
    // An attempt is counted as timed out 3 s after it was made, so that the seconds before 80 s are not whole; the rate is steady by then.
    page.agrees(
        "collapsed: attempts per retry, as 3 : 2",
        "1",
        Estimate::of(down.iter().map(|run| {
            let of = |of: fn(&Bin) -> u64| per_second(run, 50..80, of);
            of(|bin| bin.attempts) / of(|bin| bin.attempts - bin.started)
        })),
        about(1.5),
        0.01,
    );
    page.agrees("collapsed: retries per second", "1/s", mean(&down, |bin| bin.attempts - bin.started), about(80.0), 0.01);
    page.agrees("survivors: answers per second", "1/s", mean(&up, |bin| bin.completed), about(39.9), 0.02);
}

#[test]
fn jitter_as_long_as_the_spike_and_more_lets_every_server_survive_it() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, `mbrooker/simulator_example`, `simple_collapse_sim`: 303 of 400 runs of it collapse, and none of 40 with jitter.",
        "seeds 1 to 60.",
    );
    let scenario = spike("Retry(attempts: 3, backoff: FullJitter(base: \"20s\", cap: \"40s\")), Timeout(\"3s\")");
    let runs: Vec<Run> = (1..=60).map(|seed| made(&scenario, seed)).collect();
    page.equals("runs that collapse", "runs", runs.iter().filter(|run| is_down(run)).count(), 0, 60);
    page.agrees(
        "jitter: answers per second",
        "1/s",
        Estimate::of(runs.iter().map(|run| per_second(run, 50..80, |bin| bin.completed))),
        about(40.0),
        0.02,
    );
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
    let mut page = Section::open(
        here!(),
        "M. Brooker, `mbrooker/simulator_example`, `simple_collapse_sim`: 303 of 400 runs of it collapse; C = rate (1 + C / 100), with one for the request that comes.",
        "seeds 1 to 20, those that collapse; seeds 1 to 60.",
    );
    // Published: some 1860 at the end, and 67 where nothing has happened; C = rate / (1 - rate / 100) = 66.7 at 40/s.
    let retry = spike("Retry(attempts: 3, backoff: Immediate()), Timeout(\"3s\")");
    let fallen: Vec<u64> = (1..=20).filter(|&seed| is_down(&made(&retry, seed))).collect();
    let at = |second: u64| SimTime::from_nanos(second * 1_000_000_000);
    page.agrees(
        "collapsed: requests inside",
        "requests",
        Estimate::of(fallen.iter().map(|&seed| inside(&retry, seed, at(80)) as f64)),
        about(1860.0),
        0.05,
    );
    let before = (1..=60).map(|seed| inside(&retry, seed, at(20)) as f64);
    page.agrees("before the spike: requests inside", "requests", Estimate::of(before), about(40.0 * 1.01 / 0.6), 0.02);
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
    let mut page = Section::open(
        here!(),
        "N. Bronson, A. Aghayev, A. Charapko, T. Zhu, \"Metastable Failures in Distributed Systems\", HotOS 2021, section 2.1.",
        "seeds 1 to 4 for each load; rates over 200 s to 210 s, 130 s after the outage.",
    );
    for (rate, comes_back) in [(100, true), (120, true), (130, true), (145, false), (200, false), (280, false)] {
        let scenario = database(rate);
        let mut ends = Vec::new();
        for seed in 1..=4 {
            let run = made(&scenario, seed);
            let (before, goodput) = (per_second(&run, 20..60, |bin| bin.completed), per_second(&run, 200..210, |bin| bin.completed));
            let offered = per_second(&run, 200..210, |bin| bin.attempts);
            ends.push((goodput, offered));
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
        let (wanted, tried) = if comes_back { (f64::from(rate), f64::from(rate)) } else { (0.0, 2.0 * f64::from(rate)) };
        let ends_of = |of: fn(&(f64, f64)) -> f64| Estimate::of(ends.iter().map(of));
        let what = if comes_back { "comes back" } else { "stays down" };
        if comes_back {
            page.agrees(&format!("{rate}/s {what}: goodput"), "1/s", ends_of(|end| end.0), wanted, 0.05);
        } else {
            page.equals(
                &format!("{rate}/s {what}: goodput of each run"),
                "1/s",
                ends.iter().map(|end| end.0).fold(0.0, f64::max),
                wanted,
                4,
            );
        }
        page.agrees(&format!("{rate}/s {what}: attempts offered"), "1/s", ends_of(|end| end.1), tried, 0.05);
    }
}

#[test]
fn a_database_that_is_down_comes_back_when_the_load_sinks_below_what_retries_leave_it() {
    let mut page = Section::open(
        here!(),
        "N. Bronson, A. Aghayev, A. Charapko, T. Zhu, \"Metastable Failures in Distributed Systems\", HotOS 2021, section 2.1.",
        "seed 1; the rate from 900 s to 1000 s.",
    );
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
        let bounds = if comes_back { 270.0..=290.0 } else { 0.0..=1.0 };
        page.bound(&format!("280/s times {}: goodput afterwards", dip.replace('"', "")), "1/s", goodput, bounds, 1);
    }
}
