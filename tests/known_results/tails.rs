//! Tails of fan-outs, and what hedging makes of them: J. Dean, L. A. Barroso, "The Tail at Scale", CACM 2013; M. Brooker, "Tail Latency
//! Might Matter More Than You Think", 2021, whose bimodal distribution it is.
//!
//! The branches of a fan-out are independent calls here: so many consecutive ones of a population, to a service that is never busy,
//! and the fan-out takes as long as the slowest of them.

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario, watched};
use models::measure::RunMeasures;
use models::record::Record;
use sim_core::draw::Key;
use sim_core::stats::normal;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

const BIMODAL: &str = "Bimodal(share_slow: \"1%\", fast: Normal(mean: \"10ms\", sd: \"2ms\"), slow: Normal(mean: \"100ms\", sd: \"10ms\"))";

/// One run: its measures, and how long each call took, in milliseconds, in the order in which they were made.
struct Seen {
    measures: RunMeasures,
    took: Vec<f64>,
}

impl Seen {
    /// The longest of every so many calls.
    fn fan_outs(&self, branches: usize) -> impl Iterator<Item = f64> {
        self.took.chunks_exact(branches).map(|group| group.iter().copied().fold(0.0, f64::max))
    }

    fn mean_fan_out(&self, branches: usize) -> f64 {
        self.fan_outs(branches).sum::<f64>() / (self.took.len() / branches) as f64
    }

    /// The time within which this share of the calls is answered.
    fn quantile(mut all: Vec<f64>, share: f64) -> f64 {
        all.sort_by(f64::total_cmp);
        all[(share * all.len() as f64) as usize]
    }

    fn share(all: impl Iterator<Item = f64>, longer_than: f64) -> f64 {
        let (mut count, mut long) = (0.0, 0.0);
        all.for_each(|took| {
            count += 1.0;
            long += f64::from(u8::from(took > longer_than));
        });
        long / count
    }
}

/// A hundred thousand calls under each of so many seeds.
fn seen(demand: &str, stack: &str, seeds: u64) -> Vec<Seen> {
    let text = format!(
        "(schema: 1, name: \"tails\", horizon: \"100s\",
          nodes: {{
            \"callers\": Clients(count: 1, arrivals: Constant(rate: \"1000/s\"), calls: \"leaf\"),
            \"leaf\": Service(workers: 1000000, demand: {demand}),
          }},
          stacks: {{ \"callers -> leaf\": [{stack}] }})"
    );
    let scenario = scenario("tails.ron", &text, &[]);
    let one = |seed| {
        let (measures, records) = watched(&scenario, seed);
        let mut order = BTreeMap::<Key, (usize, SimTime)>::new();
        let mut took = Vec::new();
        for (at, record) in records {
            match record {
                Record::CallStarted(call) => {
                    order.insert(call.key, (took.len(), at));
                    took.push(0.0);
                }
                Record::CallEnded(call, _) => {
                    let (place, began) = order[&call.key];
                    took[place] = (at - began).as_secs_f64() * 1e3;
                }
                _ => {}
            }
        }
        Seen { measures, took }
    };
    (1..=seeds).map(one).collect()
}

fn over(runs: &[Seen], of: impl Fn(&Seen) -> f64) -> Estimate {
    Estimate::of(runs.iter().map(of))
}

fn extra_load(runs: &[Seen]) -> Estimate {
    over(runs, |run| run.measures.edges[0].attempts as f64 / run.measures.edges[0].calls as f64 - 1.0)
}

#[test]
fn of_fan_outs_to_a_hundred_two_thirds_meet_a_slow_server_although_a_hundredth_is_slow() {
    let mut page = Section::open(
        here!(),
        "J. Dean, L. A. Barroso, \"The Tail at Scale\", CACM 2013: 1 - (1 - p)^n.",
        "5 of 100,000 calls (8 for the rarer case), from seed 1; branches are so many consecutive calls.",
    );
    let runs = seen(BIMODAL, "", 5);
    page.agrees(
        "a hundred branches, 1 % slow: fan-outs that meet one",
        "share",
        over(&runs, |run| Seen::share(run.fan_outs(100), 50.0)),
        1.0 - libm::pow(0.99, 100.0),
        0.02,
    );
    let rare = "Bimodal(share_slow: \"0.01%\", fast: Constant(\"10ms\"), slow: Constant(\"1s\"))";
    page.agrees(
        "two thousand branches, 0.01 % slow: fan-outs that meet one",
        "share",
        over(&seen(rare, "", 8), |run| Seen::share(run.fan_outs(2000), 500.0)),
        1.0 - libm::pow(0.9999, 2000.0),
        0.02,
    );
}

#[test]
fn a_bimodal_tail_that_no_call_minds_is_the_rule_for_a_fan_out() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Tail Latency Might Matter More Than You Think\", 2021.",
        "5, seeds 1 to 5, of 100,000 calls; the branches of a fan-out are so many consecutive calls, it takes as long as the slowest.",
    );
    let runs = seen(BIMODAL, "", 5);
    page.agrees("mean of a call", "ms", over(&runs, |run| run.mean_fan_out(1)), about(10.93), 0.01);
    page.agrees("mean of ten branches", "ms", over(&runs, |run| run.mean_fan_out(10)), about(21.4), 0.02);
    page.agrees("mean of a hundred branches", "ms", over(&runs, |run| run.mean_fan_out(100)), about(70.7), 0.02);
    page.agrees("p99.9 of a call", "ms", over(&runs, |run| Seen::quantile(run.took.clone(), 0.999)), about(112.8), 0.01);
    page.agrees(
        "median of a hundred branches",
        "ms",
        over(&runs, |run| Seen::quantile(run.fan_outs(100).collect(), 0.5)),
        about(95.0),
        0.02,
    );
}

/// The mean of the longest of so many times of the bimodal distribution, in milliseconds: the integral of 1 - F(x)^n, by steps of 10 us.
fn expected_max(branches: u32) -> f64 {
    let below = |x: f64| 0.99 * normal::at_most((x - 10.0) / 2.0) + 0.01 * normal::at_most((x - 100.0) / 10.0);
    (0..20_000).map(|step| 0.01 * (1.0 - libm::pow(below(0.01 * (f64::from(step) + 0.5)), f64::from(branches)))).sum()
}

#[test]
fn a_page_that_calls_a_hundred_leaves_at_once_meets_the_same_tail() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Tail Latency Might Matter More Than You Think\", 2021, whose 10.93, 21.4 and 70.7 ms are means of a simulation; here by the integral of 1 - F(x)^n. \
         The fan-out is a task of a service.",
        "10, seeds 1 to 10, 2000 calls of a page.",
    );
    for branches in [1_u32, 10, 100] {
        let text = format!(
            "(schema: 1, name: \"page\", horizon: \"200s\",
              nodes: {{
                \"readers\": Clients(count: 1, arrivals: Constant(rate: \"10/s\"), calls: \"page\"),
                \"page\": Service(workers: \"unlimited\", demand: Constant(\"0s\"), does: [Parallel(calls: \"leaf\", times: {branches})]),
                \"leaf\": Service(workers: \"unlimited\", demand: {BIMODAL}),
              }})"
        );
        let scenario = scenario("page.ron", &text, &[]);
        let means = (1..=10).map(|seed| measured(&scenario, seed).latency.mean.as_secs_f64() * 1e3);
        page.agrees(&format!("{branches} leaves at once, mean of the page"), "ms", Estimate::of(means), expected_max(branches), 0.02);
    }
}

#[test]
fn hedged_requests_cut_the_tail_of_a_fan_out_by_far_more_than_they_cost() {
    let mut page = Section::open(
        here!(),
        "J. Dean, L. A. Barroso, \"The Tail at Scale\", CACM 2013: p99.9 of reading a thousand keys from 100 servers fell from 1800 ms to 74 ms with 2 % more requests. \
         The distribution is not published, so the bounds are those of the claim: a tenth, for 5 % at most.",
        "5, seeds 1 to 5, of 100,000 calls, one in a thousand of which is slow; branches are so many consecutive calls.",
    );
    let demand = "Bimodal(share_slow: \"0.1%\", fast: Exponential(mean: \"2ms\"), slow: Constant(\"1800ms\"))";
    let p99 = |runs: &[Seen]| over(runs, |run| Seen::quantile(run.fan_outs(100).collect(), 0.99)).mean;
    let (plain, hedged) = (seen(demand, "", 5), seen(demand, "Hedge(AfterDelay(delay: \"10ms\"))", 5));
    page.bound("p99 of 100 branches, hedged over plain", "1", p99(&hedged) / p99(&plain), 0.0..=0.1, 5);
    page.bound("extra load", "1", extra_load(&hedged).mean, 0.0..=0.05, 5);
}

#[test]
fn two_percent_more_requests_take_the_bimodal_tail_away() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"Tail Latency Might Matter More Than You Think\", 2021; hedged by the closed form of the mixture.",
        "5, seeds 1 to 5, of 100,000 calls; the branches of a fan-out are so many consecutive calls, it takes as long as the slowest.",
    );
    let runs = seen(BIMODAL, "Hedge(AfterDelay(delay: \"14.652ms\"))", 5);
    page.agrees("extra load", "attempts per call - 1", extra_load(&runs), about(0.0199), 0.02);
    page.agrees("p99.9 of a call", "ms", over(&runs, |run| Seen::quantile(run.took.clone(), 0.999)), about(27.3), 0.01);
    page.agrees(
        "median of a hundred branches",
        "ms",
        over(&runs, |run| Seen::quantile(run.fan_outs(100).collect(), 0.5)),
        about(23.7),
        0.01,
    );
}

#[test]
fn hedging_at_the_p95_of_an_exponential_cuts_its_tail_for_a_twentieth_of_its_load() {
    let mut page = Section::open(
        here!(),
        "what is left of an exponential time has no memory: after ln 20 the rate doubles.",
        "5, seeds 1 to 5, of 100,000 calls, of which the first quarter is for learning the percentile.",
    );
    // The second copy starts at ln 20; what is left of the first has no memory.
    for stack in ["Hedge(AfterDelay(delay: \"2995.732ms\"))", "Hedge(AfterPercentile(percentile: \"95%\", period: \"10s\"))"] {
        let runs = seen("Exponential(mean: \"1s\")", stack, 5);
        // The percentile has to be learnt first.
        let settled = |run: &Seen| run.took[run.took.len() / 4..].to_vec();
        page.agrees(
            &format!("{stack}: mean"),
            "ms",
            over(&runs, |run| settled(run).iter().sum::<f64>() / settled(run).len() as f64),
            975.0,
            0.01,
        );
        page.agrees(&format!("{stack}: p99"), "ms", over(&runs, |run| Seen::quantile(settled(run), 0.99)), 3801.0, 0.02);
        page.agrees(&format!("{stack}: p99.9"), "ms", over(&runs, |run| Seen::quantile(settled(run), 0.999)), 4952.0, 0.02);
        if stack.contains("AfterDelay") {
            page.agrees("extra load", "attempts per call - 1", extra_load(&runs), 0.05, 0.02);
        }
    }
    let plain = seen("Exponential(mean: \"1s\")", "", 5);
    page.agrees("p99 without hedging", "ms", over(&plain, |run| Seen::quantile(run.took.clone(), 0.99)), 4605.0, 0.02);
    page.agrees("p99.9 without hedging", "ms", over(&plain, |run| Seen::quantile(run.took.clone(), 0.999)), 6908.0, 0.02);
}
