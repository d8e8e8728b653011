//! What is a queue between two services worth, by the closed forms?
//!
//! Availability in series is the product of the parts' availabilities, whoever is asked on the way; what only has to be stored is as
//! available as the broker. A queue whose consumers poll it over ways without delay is M/M/c (Erlang C), pollers being its servers. Own
//! definitions of the two systems; seeds and tolerances are said at each test.

use super::page::{Section, here};
use super::{Estimate, measured, observed, scenario};
use models::measure::Fold;

/// A shop that calls so many services in turn, or a topic to which they subscribe; all of them fail 2000 times in a run.
fn coupled(parts: u32, through_a_topic: bool, up: u32) -> String {
    let names: Vec<String> = (0..parts).map(|part| format!("\"part{part}\"")).collect();
    let services: Vec<String> = names.iter().map(|name| format!("{name}: Service(workers: 1000, demand: Constant(\"0s\"))")).collect();
    let calls: Vec<String> = names.iter().map(|name| format!("Call({name})")).collect();
    let (calls, topic) = if through_a_topic {
        ("Call(\"placed\")".to_owned(), format!(", \"placed\": Topic(store: Constant(\"0s\"), subscribers: [{}])", names.join(", ")))
    } else {
        (calls.join(", "), String::new())
    };
    let struck = if through_a_topic { format!("{}, \"placed\"", names.join(", ")) } else { names.join(", ") };
    format!(
        "(schema: 1, name: \"coupled\", horizon: \"2000s\", bin: \"10s\", hold: \"10s\",
          nodes: {{
            \"shoppers\": Clients(count: 10, arrivals: Poisson(rate: \"10/s\"), calls: \"shop\"),
            \"shop\": Service(workers: 1000, demand: Constant(\"0s\"), does: [{calls}]), {} {topic}
          }},
          stacks: {{ \"shoppers -> shop\": [Timeout(\"100ms\")] }},
          faults: [Crash(node: [{struck}], while_down: Refusal, renewal: (
            time_to_failure: Exponential(mean: \"{up}ms\"), time_to_repair: Exponential(mean: \"100ms\")))])",
        services.join(", ")
    )
}

/// The availability of a coupled system over 12 seeds, and how many of its messages went another way than to their completion.
fn availability(parts: u32, through_a_topic: bool, up: u32) -> (Estimate, i64) {
    let scenario = scenario("coupled.ron", &coupled(parts, through_a_topic, up), &[]);
    let mut missing = 0;
    let seen = Estimate::of((1..=12).map(|seed| {
        let run = measured(&scenario, seed);
        for part in (0..parts).filter(|_| through_a_topic) {
            let count = |what: &str| observed(&run, &format!("placed to part{part}: messages {what}"), Fold::Sum).unwrap_or(0);
            missing += count("stored") - count("completed");
        }
        run.succeeded as f64 / run.calls as f64
    }));
    (seen, missing)
}

#[test]
fn tight_coupling_is_as_available_as_the_product_of_its_parts_and_loose_coupling_as_the_broker_alone() {
    let mut page = Section::open(here!(), "product of availabilities.", "12, seeds 1 to 12, of about 20,000 calls.");
    for (parts, up) in [(1, 900), (3, 900), (6, 900), (3, 400)] {
        let one = f64::from(up) / f64::from(up + 100);
        let product = (0..parts).fold(1.0, |product, _| product * one);
        let (tight, _) = availability(parts, false, up);
        page.agrees(&format!("{parts} parts of {one}, called in turn"), "share of calls", tight, product, 0.003);
        let (loose, missing) = availability(parts, true, up);
        page.agrees(&format!("{parts} parts of {one}, told later"), "share of calls", loose, one, 0.003);
        // A topic tells every subscriber of everything, at last.
        page.equals(&format!("{parts} parts of {one}, messages stored and not completed"), "messages", missing, 0, 12);
        // What coupling costs is seen with an interval, not only by eye: the difference is many standard errors wide.
        let errors = (tight.standard_error * tight.standard_error + loose.standard_error * loose.standard_error).sqrt();
        assert!(parts == 1 || loose.mean - tight.mean > 8.0 * errors, "{} and {}", loose.mean, tight.mean);
    }
}

/// The mean time in an M/M/c queue, in seconds.
fn erlang_c(servers: u32, arrivals: f64, rate: f64) -> f64 {
    let load = arrivals / rate;
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..servers {
        sum += term;
        term *= load / f64::from(k + 1);
    }
    let waits = term / (1.0 - load / f64::from(servers));
    1.0 / rate + waits / (sum + waits) / (f64::from(servers) * rate - arrivals)
}

#[test]
fn a_polled_queue_takes_as_long_as_the_queue_of_as_many_servers_as_there_are_pollers() {
    let mut page = Section::open(here!(), "A. K. Erlang, 1917 (C formula), pollers being the servers.", "12, seeds 1 to 12, of 2000 s.");
    for (replicas, pollers, arrivals) in [(1, 1, 7), (1, 4, 32), (2, 1, 15)] {
        let text = format!(
            "(schema: 1, name: \"polled\", horizon: \"2000s\", drain: \"1h\",
              nodes: {{
                \"producers\": Clients(count: 10, arrivals: Poisson(rate: \"{arrivals}/s\"), calls: \"orders\"),
                \"orders\": Broker(store: Constant(\"0s\"), visibility: \"1h\"),
                \"worker\": Service(replicas: {replicas}, workers: 10, demand: Exponential(mean: \"100ms\"),
                                    consumes: [Consume(from: \"orders\", pollers: {pollers}, wait: \"20s\")]),
              }})"
        );
        let scenario = scenario("polled.ron", &text, &[]);
        let seen = Estimate::of((1..=12).map(|seed| {
            let run = measured(&scenario, seed);
            let of = |what: &str| observed(&run, &format!("orders: {what}"), Fold::Sum).unwrap_or(0) as f64;
            of("time to completion") / 1e9 / of("messages completed")
        }));
        let expected = erlang_c(replicas * pollers, f64::from(arrivals), 10.0);
        page.agrees(&format!("{replicas} x {pollers} pollers of 10/s at {arrivals}/s, time to completion"), "s", seen, expected, 0.02);
    }
}
