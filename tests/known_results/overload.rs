//! B. Beyer and others (ed.), "Site Reliability Engineering", 2016, chapters 21 ("Handling Overload") and 22 ("Addressing Cascading
//! Failures"): what retries in several tiers multiply to, what budgets make of it, and where client-side throttling settles.

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario};
use models::measure::RunMeasures;
use models::outcome::Failure;

const SEEDS: [u64; 3] = [1, 2, 3];

fn runs(text: &str) -> Vec<RunMeasures> {
    let scenario = scenario("overload.ron", text, &[]);
    SEEDS.into_iter().map(|seed| measured(&scenario, seed)).collect()
}

#[test]
fn four_attempts_in_each_of_three_tiers_are_sixty_four_at_the_bottom() {
    let mut page = Section::open(
        here!(),
        "B. Beyer and others (ed.), \"Site Reliability Engineering\", 2016, chapter 22: 4^3.",
        "seeds 1 to 3, about 500 calls each; exact in every run.",
    );
    let retry = "[Retry(attempts: 4, backoff: FullJitter(base: \"1ms\", cap: \"10ms\"))]";
    let text = format!(
        "(schema: 1, name: \"tiers\", horizon: \"100s\",
          nodes: {{
            \"users\": Clients(count: 10, arrivals: Poisson(rate: \"5/s\"), calls: \"front\"),
            \"front\": Service(workers: 1000, demand: Constant(\"1ms\"), does: [Call(\"middle\")]),
            \"middle\": Service(workers: 1000, demand: Constant(\"1ms\"), does: [Call(\"store\")]),
            \"store\": Service(workers: 1000, demand: Constant(\"1ms\")),
          }},
          faults: [Errors(node: \"store\", share: \"100%\", at: \"1ns\")],
          stacks: {{ \"users -> front\": {retry}, \"front -> middle\": {retry}, \"middle -> store\": {retry} }})"
    );
    for (seed, run) in SEEDS.into_iter().zip(runs(&text)) {
        assert!(run.calls > 400 && run.succeeded == 0 && run.unfinished == 0, "every call fails in the end");
        let mut tiers: Vec<u64> = run.edges.iter().map(|edge| edge.attempts / run.calls).collect();
        assert!(run.edges.iter().all(|edge| edge.attempts % run.calls == 0), "every call makes equally many attempts");
        tiers.sort_unstable();
        page.equals(&format!("seed {seed}, attempts per call of a user"), "attempts", format!("{tiers:?}"), "[4, 16, 64]".to_owned(), 1);
    }
}

#[test]
fn a_retry_ratio_of_a_tenth_turns_three_attempts_per_call_into_one_and_a_tenth() {
    let mut page = Section::open(
        here!(),
        "B. Beyer and others (ed.), \"Site Reliability Engineering\", 2016, chapter 21.",
        "seeds 1 to 3, about 100,000 calls after a warm-up of 100 s.",
    );
    let amplification = |budget: &str| {
        let text = format!(
            "(schema: 1, name: \"budgets\", horizon: \"300s\", warm_up: \"100s\",
              nodes: {{
                \"clients\": Clients(count: 10, arrivals: Poisson(rate: \"500/s\"), calls: \"server\"),
                \"server\": Service(workers: 1000, demand: Constant(\"1ms\")),
              }},
              faults: [Errors(node: \"server\", share: \"100%\", at: \"1ns\")],
              stacks: {{ \"clients -> server\": [Retry(attempts: 3, backoff: FullJitter(base: \"100ms\", cap: \"1s\"){budget})] }})"
        );
        Estimate::of(runs(&text).iter().map(|run| run.edges[0].attempts as f64 / run.edges[0].calls as f64))
    };
    page.near("without a budget", "attempts per call", amplification("").mean, 3.0, 1e-12, 3);
    for budget in [
        "TokenBucket(capacity: 10, deposit: \"10%\", per: Client)",
        "TokenBucket(capacity: 10, deposit: \"10%\", per: Process)",
        "Finagle(ttl: \"10s\", min_retries_per_sec: 0, percent_can_retry: 0.1, per: Client)",
        "Finagle(ttl: \"10s\", min_retries_per_sec: 0, percent_can_retry: 0.1, per: Process)",
    ] {
        page.agrees(budget, "attempts per call", amplification(&format!(", budget: {budget}")), about(1.1), 0.01);
    }
}

/// Calls per second that are sent and that are turned back at the client, when `rate` want to reach a backend that takes 200.
fn throttled(rate: u32, k: f64) -> (Estimate, Estimate, Estimate) {
    let text = format!(
        "(schema: 1, name: \"throttle\", horizon: \"600s\", warm_up: \"300s\",
          nodes: {{
            \"clients\": Clients(count: 50, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"backend\"),
            \"backend\": Service(workers: 1, queue: Fifo(limit: 20), demand: Constant(\"5ms\")),
          }},
          stacks: {{ \"clients -> backend\": [Throttle(Sre(k: {k:?}, window: \"2m\"))] }})"
    );
    let runs = runs(&text);
    let per_second = |of: &dyn Fn(&RunMeasures) -> u64| Estimate::of(runs.iter().map(|run| of(run) as f64 / 300.0));
    let limited = |run: &RunMeasures| run.failed[Failure::Limited.index()];
    (
        per_second(&|run| run.edges[0].attempts),
        per_second(&|run| run.succeeded),
        Estimate::of(runs.iter().map(|run| limited(run) as f64 / run.calls as f64)),
    )
}

#[test]
fn client_throttling_settles_where_k_times_as_much_is_sent_as_is_taken() {
    let mut page = Section::open(
        here!(),
        "B. Beyer and others (ed.), \"Site Reliability Engineering\", 2016, chapter 21: p = max(0, (requests - K accepts) / (requests + 1)), whose fixed point is sent = min(R, K A).",
        "seeds 1 to 3, 300 s after a warm-up of 300 s.",
    );
    // Of R wanted, min(R, K A) are sent when A are taken, and the rest is turned back: p = (R - K A) / (R + 1).
    for (rate, k, sent, turned_back) in [(600, 2.0, 400.0, 0.333), (600, 1.1, 220.0, 0.632), (2000, 2.0, 400.0, 0.7996)] {
        let (seen, accepted, p) = throttled(rate, k);
        page.agrees(&format!("R = {rate}, K = {k}: sent"), "1/s", seen, about(sent), 0.03);
        page.agrees(&format!("R = {rate}, K = {k}: accepted"), "1/s", accepted, about(200.0), 0.03);
        page.agrees(&format!("R = {rate}, K = {k}: turned back"), "share", p, about(turned_back), 0.03);
    }
    let (sent, accepted, _) = throttled(600, 2.0);
    let refused = Estimate { mean: sent.mean - accepted.mean, standard_error: sent.standard_error + accepted.standard_error, ..sent };
    page.agrees("R = 600, K = 2: refused by the backend", "1/s", refused, about(200.0), 0.03);
    let (sent, accepted, p) = throttled(300, 2.0);
    page.agrees("R = 300, K = 2: sent", "1/s", sent, about(300.0), 0.03);
    page.agrees("R = 300, K = 2: accepted", "1/s", accepted, about(200.0), 0.03);
    page.bound("R = 300, K = 2: turned back", "share", p.mean, 0.0..=0.001, 3);
}
