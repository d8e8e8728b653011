//! Services that call services: fan-outs, fork and join, closed networks, and lines that lose messages.
//!
//! References are closed forms that are computed in the test; each says where it is from.

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario, ten_seeds};
use models::measure::RunMeasures;
use models::outcome::Outcome;
use models::record::Record;
use scenarios::run::run;
use sim_core::simulation::TieBreak;
use std::collections::BTreeMap;

const SHARE: f64 = 0.02;

fn runs(text: &str, row: usize) -> Vec<RunMeasures> {
    let scenario = scenario("network.ron", text, &[]);
    ten_seeds(row).map(|seed| measured(&scenario, seed)).collect()
}

fn over(runs: &[RunMeasures], of: impl Fn(&RunMeasures) -> f64) -> Estimate {
    Estimate::of(runs.iter().map(of))
}

fn stay(runs: &[RunMeasures]) -> Estimate {
    over(runs, |run| run.latency.mean.as_secs_f64())
}

/// The sum of 1 / k over some k.
fn harmonic(numbers: std::ops::RangeInclusive<u32>) -> f64 {
    numbers.map(|k| 1.0 / f64::from(k)).sum()
}

#[test]
fn a_fan_out_takes_as_long_as_the_order_statistic_it_waits_for() {
    let mut page = Section::open(
        here!(),
        "A. Renyi, 1953: the k-th of n exponential times has the mean 1 / n + ... + 1 / (n - k + 1), the last of all the harmonic number.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, 30,000 calls of a page.",
    );
    let rows = [(2, 2, "All"), (10, 10, "All"), (50, 50, "All"), (10, 1, "First"), (10, 5, "Quorum(5)"), (9, 8, "Quorum(8)")];
    for (row, (branches, awaited, wait)) in rows.into_iter().enumerate() {
        let text = format!(
            "(schema: 1, name: \"fan-out\", horizon: \"3000s\", drain: \"1h\",
              nodes: {{
                \"readers\": Clients(count: 1, arrivals: Poisson(rate: \"10/s\"), calls: \"page\"),
                \"page\": Service(workers: \"unlimited\", demand: Constant(\"0s\"), does: [Parallel(calls: \"leaf\", times: {branches}, wait: {wait})]),
                \"leaf\": Service(workers: \"unlimited\", demand: Exponential(mean: \"1s\")),
              }})"
        );
        let expected = harmonic(branches - awaited + 1..=branches);
        page.agrees(&format!("{wait} of {branches}: mean"), "s", stay(&runs(&text, row)), expected, SHARE);
    }
}

#[test]
fn two_branches_that_queue_are_joined_as_flatto_and_hahn_say() {
    let mut page = Section::open(
        here!(),
        "L. Flatto, S. Hahn, 1984: fork and join at two M/M/1 queues takes (12 - rho) / 8 as long as one of them. For more: R. Nelson, A. Tantawi, \"Approximate Analysis of \
         Fork/Join Synchronization in Parallel Queues\", 1988, an approximation good to 5 %, which is what is allowed.",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, about 60,000 calls after a warm-up of 1000 s.",
    );
    for (row, (branches, rate)) in [(2_u32, 0.5), (2, 0.8), (5, 0.6), (10, 0.7)].into_iter().enumerate() {
        let names: Vec<String> = (0..branches).map(|branch| format!("\"part{branch}\"")).collect();
        let parts: Vec<String> =
            names.iter().map(|name| format!("{name}: Service(workers: 1, demand: Exponential(mean: \"1s\"))")).collect();
        let text = format!(
            "(schema: 1, name: \"join\", horizon: \"{}s\", warm_up: \"1000s\", drain: \"1d\",
              nodes: {{
                \"readers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"page\"),
                \"page\": Service(workers: \"unlimited\", demand: Constant(\"0s\"), does: [Parallel(calls: [{}])]),
                {},
              }})",
            1_000 + (6e4 / rate) as u32,
            names.join(", "),
            parts.join(", ")
        );
        let two = (12.0 - rate) / 8.0 / (1.0 - rate);
        let ratio = harmonic(1..=branches) / 1.5;
        let expected = two * (ratio + 4.0 / 11.0 * (1.0 - ratio) * rate);
        let share = if branches == 2 { SHARE } else { 0.05 };
        page.agrees(
            &format!("{branches} queues at {rate}: mean of the join"),
            "s",
            stay(&runs(&text, row)),
            if branches == 2 { expected.into() } else { about(expected) },
            share,
        );
    }
}

#[test]
fn a_closed_network_follows_mean_value_analysis() {
    let mut page = Section::open(
        here!(),
        "M. Reiser, S. Lavenberg, 1980, exact for exponential demands: R_k(n) = D_k (1 + Q_k(n - 1)), X = n / (Z + sum R).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, 10,000 s after a warm-up of 1000 s.",
    );
    for (row, users) in [1_u32, 5, 20].into_iter().enumerate() {
        let (think, demands) = (1.0, [0.1, 0.15]);
        let (mut queues, mut throughput, mut inside) = ([0.0; 2], 0.0, 0.0);
        for n in 1..=users {
            let times = [0, 1].map(|station| demands[station] * (1.0 + queues[station]));
            inside = times[0] + times[1];
            throughput = f64::from(n) / (think + inside);
            queues = times.map(|time| throughput * time);
        }
        let text = format!(
            "(schema: 1, name: \"closed\", horizon: \"11000s\", warm_up: \"1000s\", drain: \"1h\",
              nodes: {{
                \"users\": Clients(count: {users}, arrivals: ClosedLoop(think: Exponential(mean: \"1s\")), calls: \"front\"),
                \"front\": Service(workers: 1, threads: Released, demand: Exponential(mean: \"100ms\"), does: [Call(\"back\")]),
                \"back\": Service(workers: 1, demand: Exponential(mean: \"150ms\")),
              }})"
        );
        let runs = runs(&text, row);
        page.agrees(&format!("{users} users, X"), "1/s", over(&runs, |run| run.succeeded as f64 / 10_000.0), throughput, SHARE);
        page.agrees(&format!("{users} users, R"), "s", stay(&runs), inside, SHARE);
    }
}

#[test]
fn a_network_with_a_fork_in_the_way_is_a_sum_of_independent_queues() {
    let mut page = Section::open(
        here!(),
        "J. Jackson, \"Networks of Waiting Lines\", 1957: each station is M/M/1 at the rate at which it is visited.",
        "10, seeds 1 to 10, about 60,000 calls after a warm-up of 1000 s.",
    );
    let text = "(schema: 1, name: \"fork\", horizon: \"61000s\", warm_up: \"1000s\", drain: \"1d\",
          nodes: {
            \"readers\": Clients(count: 1, arrivals: Poisson(rate: \"1/s\"), calls: \"front\"),
            \"front\": Service(workers: 1, threads: Released, demand: Exponential(mean: \"600ms\"),
                               does: [Maybe(share: \"30%\", does: [Call(\"slow\")], otherwise: [Call(\"fast\")])]),
            \"slow\": Service(workers: 1, demand: Exponential(mean: \"2s\")),
            \"fast\": Service(workers: 1, demand: Exponential(mean: \"1s\")),
          })";
    let expected = 1.0 / (1.0 / 0.6 - 1.0) + 0.3 / (0.5 - 0.3) + 0.7 / (1.0 - 0.7);
    page.agrees("front, then slow (30 %) or fast, W", "s", stay(&runs(text, 0)), expected, SHARE);
}

#[test]
fn a_line_that_loses_messages_costs_a_timeout_for_each() {
    let mut page = Section::open(
        here!(),
        "geometric distribution: both ways are survived with the chance (1 - p)^2 = 1 - q; latency is a round trip and q / (1 - q) timeouts in the mean, attempts are 1 / (1 - q).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, 100,000 calls.",
    );
    for (row, percent) in [1.0, 10.0, 40.0].into_iter().enumerate() {
        let text = format!(
            "(schema: 1, name: \"lossy\", horizon: \"1000s\", drain: \"1h\",
              nodes: {{
                \"clients\": Clients(count: 1, arrivals: Poisson(rate: \"100/s\"), calls: \"server\", domain: \"here\"),
                \"server\": Service(workers: \"unlimited\", demand: Constant(\"1ns\"), domain: \"there\"),
              }},
              links: [Link(from: \"here\", to: \"there\", delay: Constant(\"10ms\"), loss: \"{percent}%\")],
              stacks: {{ \"clients -> server\": [Retry(attempts: \"unlimited\", backoff: Immediate()), Timeout(\"100ms\")] }})"
        );
        let kept = (1.0 - percent / 100.0) * (1.0 - percent / 100.0);
        let runs = runs(&text, row);
        page.agrees(&format!("{percent} % each way: mean latency"), "s", stay(&runs), 0.02 + 0.1 * (1.0 - kept) / kept, SHARE);
        let attempts = |run: &RunMeasures| run.edges[0].attempts as f64 / run.edges[0].calls as f64;
        page.agrees(&format!("{percent} % each way: attempts"), "attempts per call", over(&runs, attempts), 1.0 / kept, SHARE);
    }
}

#[test]
fn bursts_of_losses_are_as_long_and_as_frequent_as_the_chain_of_gilbert_and_elliott() {
    let mut page = Section::open(
        here!(),
        "E. Gilbert, 1960; E. Elliott, 1963: a burst of mean length b goes on with the chance 1 - 1 / b from one message to the next; after a message that arrived a burst begins \
         with the chance p / (b (1 - p)).",
        "10, seeds 100 n + 1 to 100 n + 10 for the n-th system of the table from n = 0, 100,000 messages that cannot overtake each other.",
    );
    for (row, (percent, burst)) in [(2.0, 20.0), (10.0, 5.0), (30.0, 2.0)].into_iter().enumerate() {
        let text = format!(
            "(schema: 1, name: \"bursts\", horizon: \"100s\",
              nodes: {{
                \"clients\": Clients(count: 1, arrivals: Constant(rate: \"1000/s\"), calls: \"server\", domain: \"here\"),
                \"server\": Service(workers: \"unlimited\", demand: Constant(\"1ns\"), domain: \"there\"),
              }},
              links: [
                Link(from: \"here\", to: \"there\", delay: Constant(\"1ms\"), loss: \"{percent}%\", burst: {burst:?}, one_way: true),
                Link(from: \"there\", to: \"here\", delay: Constant(\"1ms\"), one_way: true),
              ],
              stacks: {{ \"clients -> server\": [Timeout(\"10ms\")] }})"
        );
        let scenario = scenario("bursts.ron", &text, &[]);
        let fates: Vec<Vec<bool>> = ten_seeds(row).map(|seed| lost_in_order(&scenario, seed)).collect();
        let after = |was: bool| {
            let share = |fates: &Vec<bool>| {
                let pairs = fates.windows(2).filter(|pair| pair[0] == was);
                let (all, lost) = pairs.fold((0.0, 0.0), |(all, lost), pair| (all + 1.0, lost + f64::from(u8::from(pair[1]))));
                lost / all
            };
            Estimate::of(fates.iter().map(share))
        };
        let name = format!("{percent} % in bursts of {burst}");
        let lost = |fates: &Vec<bool>| fates.iter().filter(|lost| **lost).count() as f64 / fates.len() as f64;
        page.agrees(&format!("{name}: lost"), "share", Estimate::of(fates.iter().map(lost)), percent / 100.0, SHARE);
        page.agrees(&format!("{name}: lost after one that was"), "share", after(true), 1.0 - 1.0 / burst, SHARE);
        let begins = percent / 100.0 / (burst * (1.0 - percent / 100.0));
        page.agrees(&format!("{name}: lost after one that was not"), "share", after(false), begins, SHARE);
    }
}

/// Which calls failed, in the order in which they were made.
fn lost_in_order(scenario: &scenarios::Scenario, seed: u64) -> Vec<bool> {
    let (mut order, mut fates) = (BTreeMap::new(), Vec::new());
    let mut watch = |_, record: &Record| match record {
        Record::CallStarted(name) => {
            order.insert(name.key, fates.len());
            fates.push(false);
        }
        Record::CallEnded(name, outcome) => fates[order[&name.key]] = *outcome != Outcome::Success,
        _ => {}
    };
    run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, Some(&mut watch));
    fates
}
