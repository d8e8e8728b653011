//! Is a comparison right as often as it says, and what is it worth that all arms meet the same seeds?
//!
//! The statistics are held against published arithmetic and synthetic experiments where they are defined (sim-core); here they meet
//! real runs.

use super::page::{Section, here};
use super::{measured, scenario};
use models::measure::{Recovery, RunMeasures};
use scenarios::run::run;
use scenarios::{Scenario, library};
use sim_core::simulation::TieBreak;
use sim_core::stats::paired::Paired;
use sim_core::stats::student;
use sim_core::stats::survival::{Observed, log_rank};
use sim_core::stats::wilcoxon;
use std::collections::BTreeMap;

/// Runs on each side of an experiment.
const SIDE: u64 = 20;

/// How many of so many experiments, each with an arm on n seeds against the same arm on the next n, find a difference.
fn alarms<T>(experiments: u64, runs: u64, one: impl Fn(u64) -> T, differ: impl Fn(&[T], &[T]) -> bool) -> (u64, u64) {
    let alarm = |experiment: u64| {
        let first = 2 * runs * experiment + 1;
        let side = |first: u64| (first..first + runs).map(&one).collect::<Vec<T>>();
        differ(&side(first), &side(first + runs))
    };
    ((0..experiments).filter(|experiment| alarm(*experiment)).count() as u64, experiments)
}

#[test]
fn the_same_arm_on_other_seeds_is_found_to_differ_as_seldom_as_tests_say() {
    let mut page = Section::open(
        here!(),
        "definition of a test at 5 %.",
        "2000 experiments of 20 + 20 runs of a queue with 40 calls each, and 1000 of 40 + 40 runs of a server that stands still for a second: \
         seeds 1 to 80,000 each. Kinds differ in what may be off: the interval of a median is conservative, its ranks being whole numbers.",
    );
    let queue = scenario(
        "queue.ron",
        "(schema: 1, name: \"queue\", horizon: \"4s\",
          nodes: {
            \"users\": Clients(count: 1, arrivals: Poisson(rate: \"10/s\"), calls: \"shop\"),
            \"shop\": Service(workers: 1, demand: Exponential(mean: \"60ms\")),
          })",
        &[],
    );
    let latency = |seed| measured(&queue, seed).latency.mean.as_nanos();
    let differences =
        |one: &[u64], other: &[u64]| one.iter().zip(other).map(|(one, other)| i128::from(*one) - i128::from(*other)).collect::<Vec<i128>>();
    let all: Vec<u64> = (1..=2_000 * 2 * SIDE).map(latency).collect();
    let of = |seed: u64| all[seed as usize - 1];
    let signed_ranks = alarms(2_000, SIDE, of, |one, other| wilcoxon::two_sided(&differences(one, other)) < 0.05);
    page.share("mean latency, Wilcoxon's signed ranks: found to differ", signed_ranks, 0.04..=0.06, "5 %");
    let interval = alarms(2_000, SIDE, of, |one, other| Paired::of(differences(one, other)).is_some_and(|paired| paired.is_clear()));
    page.share("mean latency, interval of the median: without zero", interval, 0.03..=0.05, "4.1 %");

    let pause = scenario(
        "pause.ron",
        "(schema: 1, name: \"pause\", horizon: \"9s\", warm_up: \"1s\", bin: \"100ms\", hold: \"500ms\",
          nodes: {
            \"users\": Clients(count: 1, arrivals: Poisson(rate: \"40/s\"), calls: \"shop\"),
            \"shop\": Service(workers: 1, demand: Exponential(mean: \"18ms\")),
          },
          faults: [Pause(node: \"shop\", at: \"3s\", lasts: \"1s\")],
          stacks: { \"users -> shop\": [Timeout(\"250ms\")] })",
        &[],
    );
    // Its normal distribution is that of many runs.
    let waits = alarms(
        1_000,
        2 * SIDE,
        |seed| waited(&measured(&pause, seed)),
        |one, other| {
            let judged = |side: &[Option<Observed>]| side.iter().copied().flatten().collect::<Vec<Observed>>();
            log_rank(&judged(one), &judged(other)) < 0.05
        },
    );
    page.share("recovery time, log-rank: found to differ", waits, 0.04..=0.06, "5 %");
}

/// How long a run took to come back, or how long it was seen not to.
fn waited(run: &RunMeasures) -> Option<Observed> {
    match run.episodes.first()?.recovery {
        Recovery::Unharmed => Some(Observed { time: 0, censored: false }),
        Recovery::After(time) => Some(Observed { time: time.as_nanos(), censored: false }),
        Recovery::Censored(time) | Recovery::CutOff { after: time, .. } => Some(Observed { time: time.as_nanos(), censored: true }),
        _ => None,
    }
}

fn shipped(name: &str, changes: &[(String, String)]) -> Scenario {
    scenario(name, library::find(name).expect("the scenario is shipped").text, changes)
}

/// Half the widths of the 95 % interval of the mean difference of two arms: seed by seed, and if they had met different seeds.
fn half_widths(one: &[f64], other: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = one.iter().zip(other).map(|(one, other)| one - other).collect();
    let deviation = |values: &[f64]| student::mean(values).expect("there are runs").deviation;
    let (count, own, others) = (one.len() as f64, deviation(one), deviation(other));
    let paired = student::quantile(0.975, one.len() as u64 - 1) * deviation(&differences) / count.sqrt();
    let unpaired = student::quantile(0.975, 2 * one.len() as u64 - 2) * ((own * own + others * others) / count).sqrt();
    (paired, unpaired)
}

/// What each arm of a scenario had of something, seed by seed.
fn values(scenario: &Scenario, seeds: u64, of: impl Fn(&RunMeasures) -> Vec<f64>) -> BTreeMap<String, Vec<Vec<f64>>> {
    let arms = scenario.cells[0].arms.iter().zip(&scenario.arms);
    let runs = |arm| (1..=seeds).map(|seed| of(&run(arm, seed, TieBreak::ByRank, None).measures)).collect();
    arms.map(|(arm, name)| (name.clone(), runs(arm))).collect()
}

#[test]
fn common_seeds_make_intervals_shorter_where_arms_share_their_luck() {
    let mut page = Section::open(
        here!(),
        "B. Schmeiser and others: common random numbers shorten the interval of a difference as far as both arms answer alike to the same luck. \
         Factor: the width of the interval if both arms had met seeds of their own, over that seed by seed, at equal runs.",
        "30, seeds 1 to 30, of the shipped scenario `payment-brownout` (300 calls per second), each arm against `no retries`; 100, seeds 1 to 100, of `aws-jitter` \
         with 50 clients, each arm against `none`.",
    );
    let brownout = shipped("payment-brownout", &[]);
    let payments = |run: &RunMeasures| run.edges.iter().map(|edge| edge.attempts).max().unwrap_or(0) as f64;
    let all = values(&brownout, 30, |run| vec![run.succeeded as f64 / run.calls as f64, payments(run)]);
    let factor = |all: &BTreeMap<String, Vec<Vec<f64>>>, baseline: &str, arm: &str, measure: usize| {
        let of = |arm: &str| all[arm].iter().map(|values| values[measure]).collect::<Vec<f64>>();
        let (paired, unpaired) = half_widths(&of(arm), &of(baseline));
        unpaired / paired
    };
    // Both come back, later or sooner: this is the difference that a user would want to know to a hair.
    for (measure, name) in ["availability", "attempts at payments"].into_iter().enumerate() {
        let factor = factor(&all, "no retries", "jitter + budget", measure);
        page.bound(&format!("payment-brownout, jitter + budget, {name}"), "factor", factor, 1.5..=f64::INFINITY, 30);
    }
    for arm in ["full jitter, worker held", "eager retries"] {
        page.told(&format!("payment-brownout, {arm}, availability"), "factor", factor(&all, "no retries", arm, 0), 30);
    }
    let jitter = shipped("aws-jitter", &[("nodes.writers.count".to_owned(), "50".to_owned())]);
    let of = |run: &RunMeasures| vec![run.edges[0].attempts as f64, run.last_success.map_or(0.0, |at| at.as_secs_f64())];
    let all = values(&jitter, 100, of);
    for arm in ["exponential", "equal jitter", "full jitter", "decorrelated"] {
        for (measure, name) in ["calls", "time"].into_iter().enumerate() {
            page.told(&format!("aws-jitter, {arm}, {name}"), "factor", factor(&all, "none", arm, measure), 100);
        }
    }
}
