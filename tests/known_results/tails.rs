//! Tails of fan-outs, and what hedging makes of them: J. Dean, L. A. Barroso, "The Tail at Scale", CACM 2013; M. Brooker, "Tail Latency
//! Might Matter More Than You Think", 2021, whose bimodal distribution it is.
//!
//! The branches of a fan-out are independent calls here: so many consecutive ones of a population, to a service that is never busy,
//! and the fan-out takes as long as the slowest of them.

use super::{Estimate, scenario, watched};
use models::measure::RunMeasures;
use models::record::Record;
use sim_core::draw::Key;
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
    let runs = seen(BIMODAL, "", 5);
    over(&runs, |run| Seen::share(run.fan_outs(100), 50.0)).agrees_with("a hundred branches, 1 % slow", 0.634, 0.02);
    let rare = "Bimodal(share_slow: \"0.01%\", fast: Constant(\"10ms\"), slow: Constant(\"1s\"))";
    over(&seen(rare, "", 8), |run| Seen::share(run.fan_outs(2000), 500.0)).agrees_with("two thousand branches, 0.01 % slow", 0.181, 0.02);
}

#[test]
fn a_bimodal_tail_that_no_call_minds_is_the_rule_for_a_fan_out() {
    let runs = seen(BIMODAL, "", 5);
    over(&runs, |run| run.mean_fan_out(1)).agrees_with("mean of a call", 10.93, 0.01);
    over(&runs, |run| run.mean_fan_out(10)).agrees_with("mean of ten branches", 21.4, 0.02);
    over(&runs, |run| run.mean_fan_out(100)).agrees_with("mean of a hundred branches", 70.7, 0.02);
    over(&runs, |run| Seen::quantile(run.took.clone(), 0.999)).agrees_with("p99.9 of a call", 112.8, 0.01);
    over(&runs, |run| Seen::quantile(run.fan_outs(100).collect(), 0.5)).agrees_with("median of a hundred branches", 95.0, 0.02);
}

#[test]
fn two_percent_more_requests_take_the_bimodal_tail_away() {
    let runs = seen(BIMODAL, "Hedge(AfterDelay(delay: \"14.652ms\"))", 5);
    extra_load(&runs).agrees_with("extra load", 0.0199, 0.02);
    over(&runs, |run| Seen::quantile(run.took.clone(), 0.999)).agrees_with("p99.9 of a call", 27.3, 0.01);
    over(&runs, |run| Seen::quantile(run.fan_outs(100).collect(), 0.5)).agrees_with("median of a hundred branches", 23.7, 0.01);
}

#[test]
fn hedging_at_the_p95_of_an_exponential_cuts_its_tail_for_a_twentieth_of_its_load() {
    // The second copy starts at ln 20; what is left of the first has no memory.
    for stack in ["Hedge(AfterDelay(delay: \"2995.732ms\"))", "Hedge(AfterPercentile(percentile: \"95%\", period: \"10s\"))"] {
        let runs = seen("Exponential(mean: \"1s\")", stack, 5);
        // The percentile has to be learnt first.
        let settled = |run: &Seen| run.took[run.took.len() / 4..].to_vec();
        over(&runs, |run| settled(run).iter().sum::<f64>() / settled(run).len() as f64).agrees_with(&format!("{stack}: mean"), 975.0, 0.01);
        over(&runs, |run| Seen::quantile(settled(run), 0.99)).agrees_with(&format!("{stack}: p99"), 3801.0, 0.02);
        over(&runs, |run| Seen::quantile(settled(run), 0.999)).agrees_with(&format!("{stack}: p99.9"), 4952.0, 0.02);
        if stack.contains("AfterDelay") {
            extra_load(&runs).agrees_with("extra load", 0.05, 0.02);
        }
    }
    let plain = seen("Exponential(mean: \"1s\")", "", 5);
    over(&plain, |run| Seen::quantile(run.took.clone(), 0.99)).agrees_with("p99 without hedging", 4605.0, 0.02);
    over(&plain, |run| Seen::quantile(run.took.clone(), 0.999)).agrees_with("p99.9 without hedging", 6908.0, 0.02);
}
