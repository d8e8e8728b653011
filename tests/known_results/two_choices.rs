//! The power of two choices: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001 (the supermarket model);
//! M. Brooker, "Two Random Choices", 2012 and 2018 (balls in bins, and what old numbers do).

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario, watched};
use models::record::Record;
use scenarios::Scenario;
use std::collections::BTreeMap;

/// Replicas that need a second per request, in the mean, with one balancer before them that counts.
fn supermarket(replicas: u32, load: f64, policy: &str, (warm_up, horizon): (u32, u32)) -> Scenario {
    let rate = load * f64::from(replicas);
    let text = format!(
        "(schema: 1, name: \"supermarket\", horizon: \"{horizon}s\", warm_up: \"{warm_up}s\", drain: \"30d\",
          nodes: {{
            \"customers\": Clients(count: 1, arrivals: Poisson(rate: \"{rate:.1}/s\"), calls: \"counters\"),
            \"counters\": Service(replicas: {replicas}, workers: 1, demand: Exponential(mean: \"1s\")),
          }},
          stacks: {{ \"customers -> counters\": [Balance(policy: {policy})] }})"
    );
    scenario("supermarket.ron", &text, &[])
}

fn stay(scenario: &Scenario, seeds: std::ops::RangeInclusive<u64>) -> Estimate {
    Estimate::of(seeds.map(|seed| measured(scenario, seed).latency.mean.as_secs_f64()))
}

#[test]
fn the_mean_stay_with_one_two_and_three_choices_among_a_hundred_counters_is_that_of_the_supermarket_model() {
    let mut page = Section::open(
        here!(),
        "M. Mitzenmacher, \"The Power of Two Choices in Randomized Load Balancing\", 2001: sum of load^((d^i - d) / (d - 1)) for infinitely many; 2.636 and 2.090 were simulated elsewhere with a hundred.",
        "4, seeds 1 to 4, of 1000 s after a warm-up of 500 s.",
    );
    // With infinitely many counters the sum of load^((d^i - d) / (d - 1)). The two last ones were simulated with a hundred counters.
    for (load, policy, expected) in [
        (0.5, "Random()", 2.0),
        (0.5, "PowerOfTwoChoices()", 1.2657),
        (0.5, "LeastRequest(choice_count: 3)", 1.1252),
        (0.9, "Random()", 10.0),
        (0.9, "LeastRequest(choice_count: 2)", 2.636),
        (0.9, "PowerOfTwoChoices()", 2.636),
        (0.9, "LeastRequest(choice_count: 3)", 2.090),
    ] {
        let counters = supermarket(100, load, policy, (500, 1500));
        page.agrees(
            &format!("load {load}, {policy}, stay"),
            "s",
            stay(&counters, 1..=4),
            if policy == "Random()" { expected.into() } else { about(expected) },
            0.02,
        );
    }
}

#[test]
fn among_a_thousand_counters_the_stay_is_nearly_that_of_infinitely_many() {
    let mut page = Section::open(
        here!(),
        "M. Mitzenmacher, \"The Power of Two Choices in Randomized Load Balancing\", 2001: sum of load^((d^i - d) / (d - 1)), computed in the test.",
        "2, seeds 1 and 2, of 100 s after a warm-up of 50 s, about 90,000 calls.",
    );
    for (load, choices) in [(0.7, 2_u32), (0.9, 2), (0.9, 3), (0.9, 4)] {
        let mut exponent = 0.0;
        let mut expected = 0.0;
        // (d^i - d) / (d - 1) is 0, d, d + d^2 and so on.
        for step in 1..40 {
            expected += libm::pow(load, exponent);
            exponent += libm::pow(f64::from(choices), f64::from(step));
        }
        let counters = supermarket(1000, load, &format!("LeastRequest(choice_count: {choices})"), (50, 150));
        page.agrees(&format!("load {load}, {choices} choices, stay"), "s", stay(&counters, 1..=2), about(expected), 0.02);
    }
}

#[test]
fn two_choices_keep_the_stay_short_even_at_ninety_nine_percent() {
    let mut page = Section::open(
        here!(),
        "M. Mitzenmacher, \"The Power of Two Choices in Randomized Load Balancing\", 2001; 5.85 was simulated elsewhere with a hundred counters.",
        "4, seeds 11 to 14, of 4000 s after a warm-up of 2000 s.",
    );
    // One choice: 100. Two choices among a hundred counters, simulated elsewhere: 5.85.
    let counters = supermarket(100, 0.99, "PowerOfTwoChoices()", (2000, 6000));
    page.agrees("load 0.99, two choices, stay", "s", stay(&counters, 11..=14), about(5.85), 0.03);
}

/// How many balls the fullest bin gets.
fn fullest(balls: u32, policy: &str) -> Estimate {
    let text = format!(
        "(schema: 1, name: \"balls\", horizon: \"1s\",
          nodes: {{
            \"balls\": Clients(count: {balls}, arrivals: AllAtOnce(), calls: \"bins\"),
            \"bins\": Service(replicas: 100, workers: 1000000, demand: Constant(\"10s\")),
          }},
          stacks: {{ \"balls -> bins\": [Balance(policy: {policy})] }})"
    );
    let scenario = scenario("balls.ron", &text, &[]);
    let one = |seed| {
        let mut bins = BTreeMap::<_, u32>::new();
        for (_, record) in watched(&scenario, seed).1 {
            if let Record::Sent(_, bin) = record {
                *bins.entry(bin.0).or_default() += 1;
            }
        }
        assert_eq!(bins.values().sum::<u32>(), balls, "every ball lies in a bin");
        f64::from(*bins.values().max().expect("there are balls"))
    };
    Estimate::of((1..=1600).map(one))
}

#[test]
fn the_fullest_of_a_hundred_bins_gets_fewer_balls_if_each_chooses_the_emptier_of_two() {
    let mut page =
        Section::open(here!(), "M. Brooker, \"Two Random Choices\", 2018; values simulated elsewhere.", "1600, seeds 1 to 1600.");
    for (balls, policy, expected) in [
        (100, "Random()", 4.247),
        (100, "LeastRequest(choice_count: 2)", 2.571),
        (100, "PowerOfTwoChoices()", 2.571),
        (1000, "Random()", 18.71),
        (1000, "LeastRequest(choice_count: 2)", 11.93),
        (1000, "PowerOfTwoChoices()", 11.93),
    ] {
        page.agrees(&format!("{balls} balls, {policy}: the fullest bin"), "balls", fullest(balls, policy), about(expected), 0.01);
    }
}

#[test]
fn the_best_of_all_is_best_while_the_numbers_are_fresh_and_the_worst_soon_after() {
    let mut page = Section::open(
        here!(),
        "M. Brooker, \"The Power of Two Random Choices\", 2012: the order.",
        "3, seeds 1 to 3, of 4000 s after a warm-up of 500 s; ten counters at 90 % load.",
    );
    let policies = |stale: &str| {
        [format!("LeastRequest(selection_method: FullScan{stale})"), format!("LeastRequest(choice_count: 2{stale})"), "Random()".to_owned()]
    };
    let [best, two, random] = policies("").map(|policy| stay(&supermarket(10, 0.9, &policy, (500, 4500)), 1..=3).mean);
    page.falls("fresh numbers, stay", "s", &[("random", random), ("best of two", two), ("best of all", best)], 3);
    // A second is the mean time of service, and nine calls arrive in it.
    let old = policies(", stale: \"2s\"");
    let [best, two, random] = old.map(|policy| stay(&supermarket(10, 0.9, &policy, (500, 4500)), 1..=3).mean);
    page.falls("numbers up to 2 s old, stay", "s", &[("random", random), ("best of all", best), ("best of two", two)], 3);
    for seconds in [5, 10] {
        let old = policies(&format!(", stale: \"{seconds}s\""));
        let [best, two, random] = old.map(|policy| stay(&supermarket(10, 0.9, &policy, (500, 4500)), 1..=3).mean);
        page.falls(
            &format!("numbers up to {seconds} s old, stay"),
            "s",
            &[("best of all", best), ("random", random), ("best of two", two)],
            3,
        );
    }
}
