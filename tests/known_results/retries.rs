//! M. Brooker, "Fixing retries with token buckets and circuit breakers", 2022, and "What is Backoff For?", 2022, with the simulator
//! behind both (`mbrooker/simulator_example`, `retry_sim`).
//!
//! A server fails every attempt with the same probability and is never busy. A hundred clients call it ten times a second for a
//! hundred seconds. The numbers of the token bucket and of the breaker are those of the published simulator; the others are exact.

use super::Estimate;
use super::page::{Section, about, here};
use models::measure::RunMeasures;
use models::outcome::Outcome;
use models::strategies::{End, ExternalLayer, Moment, Scope, Step, Vocabulary};
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read_with};
use sim_core::simulation::TieBreak;
use sim_core::time::SimDuration;
use std::sync::Arc;

/// The breaker of the published simulator: a client retries, up to three times, as long as not more than a tenth as many of its
/// attempts have failed as it has made calls, since it began. (No library does it so: it neither forgets nor lets a probe pass.)
#[derive(Debug)]
struct RetriesWhileFewFail;

impl ExternalLayer for RetriesWhileFewFail {
    fn scope(&self) -> Scope {
        Scope::Client
    }

    fn start(&self, _flight: &mut Vec<u64>, shared: &mut Vec<u64>, _moment: &mut Moment<'_>) -> Step {
        shared.resize(2, 0);
        shared[0] += 1;
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, end: End, moment: &mut Moment<'_>) -> Step {
        if end.outcome == Outcome::Success {
            return Step::End(end.outcome);
        }
        shared[1] += 1;
        flight.resize(1, 0);
        if 10 * shared[1] > shared[0] || flight[0] == 3 {
            return Step::End(end.outcome);
        }
        flight[0] += 1;
        Step::Wait(moment.now.saturating_add(SimDuration::NANOSECOND))
    }

    fn timer(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }
}

const SEEDS: [u64; 2] = [1, 2];

fn against(stack: &str, share_of_failures: f64, arrivals: &str, seconds: u32) -> Scenario {
    let share = 100.0 * share_of_failures;
    let text = format!(
        "(schema: 1, name: \"retries\", horizon: \"{seconds}s\",
          nodes: {{
            \"clients\": Clients(count: 100, arrivals: {arrivals}, calls: \"server\", domain: \"here\"),
            \"server\": Service(workers: 1000000, demand: Constant(\"1ns\"), domain: \"there\"),
          }},
          links: [Link(from: \"here\", to: \"there\", delay: Exponential(mean: \"10ms\"))],
          faults: [Errors(node: \"server\", share: \"{share:.3}%\", at: \"1ns\")],
          stacks: {{ \"clients -> server\": [{stack}] }},
        )"
    );
    let vocabulary = Vocabulary::default().layer("RetriesWhileFewFail", |_| Ok(Arc::new(RetriesWhileFewFail)));
    read_with(Source::new("retries.ron", text.as_str()), "retries.ron", &[], Extent::AsWritten, &vocabulary)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

fn measured(scenario: &Scenario) -> Vec<RunMeasures> {
    SEEDS.into_iter().map(|seed| run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures).collect()
}

fn success(runs: &[RunMeasures]) -> Estimate {
    Estimate::of(runs.iter().map(|run| run.succeeded as f64 / run.calls as f64))
}

fn load(runs: &[RunMeasures]) -> Estimate {
    Estimate::of(runs.iter().map(|run| run.edges[0].attempts as f64 / run.edges[0].calls as f64))
}

const OPEN: &str = "Poisson(rate_per_client: \"10/s\")";
const NONE: &str = "";
const THREE: &str = "Retry(attempts: 4, backoff: Immediate())";
const ADAPTIVE: &str =
    "Retry(attempts: \"unlimited\", backoff: Immediate(), budget: TokenBucket(capacity: 5, deposit: \"10%\", per: Client))";
const BREAKER: &str = "External(name: \"RetriesWhileFewFail\")";

/// The share of calls that succeed, and attempts per call.
type Fate = (f64, f64);

/// The probability of failure, then what becomes of calls with the token bucket and with the breaker, as published.
const PUBLISHED: [(f64, Fate, Fate); 7] = [
    (0.01, (1.0, 1.010), (0.9999, 1.010)),
    (0.1, (0.985, 1.094), (0.930, 1.034)),
    (0.2, (0.884, 1.1035), (0.803, 1.0004)),
    (0.3, (0.771, 1.104), (0.698, 1.0)),
    (0.5, (0.553, 1.104), (0.5, 1.0)),
    (0.75, (0.277, 1.104), (0.25, 1.0)),
    (0.9, (0.111, 1.104), (0.1, 1.0)),
];

#[test]
fn four_strategies_succeed_as_often_and_load_the_server_as_much_as_published_at_every_rate_of_failures() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Fixing retries with token buckets and circuit breakers\", 2022, with `mbrooker/simulator_example`, `retry_sim`. `none` and `three` are exact, `adaptive` and `breaker` are numbers of the published simulator.",
        "seeds 1 and 2, about 100,000 calls of 100 clients each. The breaker is a layer written against the public interface, because no library does it so.",
    );
    for (f, adaptive, breaker) in PUBLISHED {
        let tries = (1.0 - f * f * f * f, 1.0 + f + f * f + f * f * f);
        let mut seen = Vec::new();
        // Of what was simulated elsewhere nobody knows the spread.
        let known = |name: &str, value: f64| if matches!(name, "none" | "three") { value.into() } else { about(value) };
        for (name, stack, (right, load_of_it)) in
            [("none", NONE, (1.0 - f, 1.0)), ("three", THREE, tries), ("adaptive", ADAPTIVE, adaptive), ("breaker", BREAKER, breaker)]
        {
            let runs = measured(&against(stack, f, OPEN, 100));
            assert!(runs.iter().all(|run| run.unfinished == 0), "everybody hears how it ended");
            let (succeeded, loaded) = (success(&runs), load(&runs));
            page.agrees(&format!("{name}, f = {f}, success"), "share", succeeded, known(name, right), 0.01);
            page.agrees(&format!("{name}, f = {f}, load"), "attempts per call", loaded, known(name, load_of_it), 0.01);
            seen.push((succeeded.mean, loaded.mean));
        }
        let [none, three, adaptive, breaker] = seen[..] else { unreachable!("there are four strategies") };
        assert!(three.0 >= adaptive.0 && adaptive.0 >= none.0, "f = {f}: retries help: {seen:?}");
        if f >= 0.1 {
            // Above the rate at which it trips the breaker is as if there were no retries.
            page.falls(
                &format!("f = {f}, load"),
                "attempts per call",
                &[("three", three.1), ("adaptive", adaptive.1), ("breaker", breaker.1)],
                2,
            );
            assert!(breaker.1 >= none.1, "f = {f}: {seen:?}");
            page.falls(&format!("f = {f}, success"), "share", &[("three", three.0), ("adaptive", adaptive.0), ("breaker", breaker.0)], 2);
        }
    }
}

#[test]
fn a_bucket_of_a_tenth_retries_a_tenth_of_the_calls_and_its_stock_whatever_the_number_of_clients() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Fixing retries with token buckets and circuit breakers\", 2022, with `mbrooker/simulator_example`, `retry_sim`; fluid limit and initial stock.",
        "seeds 1 and 2, about 100,000 calls of 100 clients each.",
    );
    // 1000 calls a client pay for 100 retries, and 4 of the 5 tokens at the start can be spent.
    for f in [0.5, 0.75, 0.9] {
        let runs = measured(&against(ADAPTIVE, f, OPEN, 100));
        page.agrees(&format!("f = {f}, load"), "attempts per call", load(&runs), about(1.104), 0.001);
    }
}

const BACKOFF: &str = "Retry(attempts: 4, backoff: Exponential(base: \"100ms\", cap: \"1h\"))";
const SERIAL: &str = "ClosedLoop(think: Exponential(mean: \"100ms\"))";

#[test]
fn backoff_does_not_lighten_the_load_of_open_clients() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"What is Backoff For?\", 2022, with `mbrooker/simulator_example`, `retry_sim`; geometric series.",
        "seeds 1 and 2, about 100,000 calls of 100 clients each.",
    );
    for f in [0.5, 0.75] {
        let [with, without] = [BACKOFF, THREE].map(|stack| measured(&against(stack, f, OPEN, 100)));
        let calls = |runs: &[RunMeasures]| runs.iter().map(|run| run.calls).sum::<u64>();
        page.equals(&format!("first tries with backoff, as many as without, f = {f}"), "calls", calls(&with), calls(&without), 2);
        page.agrees(&format!("attempts per call, f = {f}"), "attempts per call", load(&with), 1.0 + f + f * f + f * f * f, 0.01);
        page.agrees(&format!("attempts per call without backoff, f = {f}"), "attempts per call", load(&without), load(&with), 0.01);
    }
}

#[test]
fn backoff_lightens_the_load_of_serial_clients_the_more_the_more_often_they_fail() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"What is Backoff For?\", 2022, with `mbrooker/simulator_example`, `retry_sim`; the order is published, the values are those of a renewal cycle of thinking, trying and waiting.",
        "seeds 1 and 2, 100 serial clients for 100 s.",
    );
    // A client thinks 0.1 s, and its attempts take 20 ms each; the n-th retry waits 0.1, 0.2 and 0.4 s.
    let first_tries = |stack, f| Estimate::of(measured(&against(stack, f, SERIAL, 100)).iter().map(|run| run.calls as f64));
    let mut orders = Vec::new();
    for f in [0.001, 0.5, 0.75] {
        let tries = 1.0 + f + f * f + f * f * f;
        let [waits, thinks] = [0.1 * f + 0.2 * f * f + 0.4 * f * f * f, 0.1];
        let with = first_tries(BACKOFF, f);
        page.agrees(&format!("first tries, f = {f}"), "calls", with, about(100.0 * 100.0 / (thinks + 0.02 * tries + waits)), 0.01);
        page.agrees(
            &format!("first tries without backoff, f = {f}"),
            "calls",
            first_tries(THREE, f),
            about(100.0 * 100.0 / (thinks + 0.02 * tries)),
            0.01,
        );
        orders.push((format!("f = {f}"), with.mean));
    }
    let orders: Vec<(&str, f64)> = orders.iter().map(|(name, tries)| (name.as_str(), *tries)).collect();
    page.falls("first tries of serial clients with backoff", "calls", &orders, 2);
    assert!(orders.windows(2).all(|pair| pair[1].1 < 0.75 * pair[0].1), "{orders:?}");
}
