//! What happens at the seams between layers? Each was wrong once.

use models::outcome::{Failure, Outcome};
use models::record::{CallName, Record};
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, read};
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::BTreeSet;

/// Runs a system of `shoppers` who all call once, `shop` and `spare`, and answers everything that was seen.
fn seen(count: u32, shop: &str, stacks: &str, faults: &str) -> Vec<(SimTime, Record)> {
    let text = format!(
        r#"(schema: 1, name: "x", horizon: "5s",
            nodes: {{
                "shoppers": Clients(count: {count}, arrivals: AllAtOnce(), calls: "shop", domain: "a"),
                "shop": Service({shop}, domain: "a"),
                "db": Service(workers: 10, demand: Constant("50ms"), domain: "a"),
                "spare": Service(workers: 10, demand: Constant("1s"), domain: "a"),
            }},
            links: [Link(from: "a", to: "a", delay: Constant("1ms"))],
            stacks: {{ {stacks} }}, faults: [{faults}])"#
    );
    let scenario = read(Source::new("x", text), "x", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let mut seen = Vec::new();
    let mut watch = |at: SimTime, record: &Record| seen.push((at, *record));
    run(&scenario.cells[0].arms[0], 1, TieBreak::ByRank, Some(&mut watch));
    seen
}

/// How the calls over the first edge ended, and when.
fn ends(seen: &[(SimTime, Record)]) -> Vec<(u64, Outcome)> {
    let end = |(at, record): &(SimTime, Record)| match record {
        Record::CallEnded(CallName { edge, .. }, outcome) if edge.index() == 0 => Some((at.since_start().as_nanos() / 1_000_000, *outcome)),
        _ => None,
    };
    seen.iter().filter_map(end).collect()
}

const FAST: &str = r#"workers: 10, demand: Constant("10ms")"#;

/// Lets one call through, and no other.
const ONE: &str = r#"RateLimiter(TokenBucket(rate: "1/h", burst: 1))"#;

#[test]
fn a_timeout_outside_of_a_fallback_holds_while_the_other_service_is_asked() {
    let stack = format!(r#""shoppers -> shop": [Timeout("100ms"), Fallback(to: Service("spare")), {ONE}]"#);
    let seen = seen(2, FAST, &stack, "");
    assert_eq!(ends(&seen), [(12, Outcome::Success), (100, Outcome::Failed(Failure::Timeout))]);
}

#[test]
fn a_fallback_outside_of_a_deadline_outlives_it() {
    let stack = r#""shoppers -> shop": [Timeout("2s"), Fallback(to: Service("spare")), Deadline("5ms")]"#;
    let seen = seen(1, FAST, stack, "");
    assert_eq!(ends(&seen), [(1_007, Outcome::Success)], "5 ms of deadline, and 1 s at the other service");
}

#[test]
fn a_fallback_that_asks_again_and_again_makes_calls_of_their_own() {
    let stack = format!(
        r#""shoppers -> shop": [Deadline("4s"), Retry(attempts: 3, backoff: Immediate()), Timeout("20ms"), Fallback(to: Service("spare")), {ONE}]"#
    );
    let seen = seen(2, FAST, &stack, "");
    let started = |(_, record): &(SimTime, Record)| if let Record::CallStarted(name) = record { Some(name.key) } else { None };
    let keys: Vec<_> = seen.iter().filter_map(started).collect();
    assert_eq!(keys.len(), 5, "two calls, and three elsewhere");
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(ends(&seen), [(12, Outcome::Success), (60, Outcome::Failed(Failure::Timeout))]);
}

#[test]
fn a_turn_that_comes_as_patience_ends_is_taken() {
    // The first copy is given up at the very instant at which the second, begun a nanosecond later, has waited long enough.
    let stack = r#""shoppers -> shop": [Hedge(Polly(max_hedged_attempts: 1, delay: "0ms")), Timeout("20ms"),
        Bulkhead(Semaphore(max_concurrent_calls: 1, max_wait_duration: "19.999999ms"))]"#;
    let slow = r#"workers: 10, demand: Constant("100ms")"#;
    let seen = seen(1, slow, stack, "");
    assert_eq!(ends(&seen), [(20, Outcome::Failed(Failure::Timeout))]);
    let sent = seen.iter().filter(|(_, record)| matches!(record, Record::Sent(..))).count();
    assert_eq!(sent, 2, "the second goes out, and is given up a nanosecond later");
}

#[test]
fn a_replica_that_crashes_comes_back_with_closed_breakers() {
    let stack = r#""shoppers -> shop": [Deadline("4s"), Retry(attempts: "unlimited", backoff: Constant(delay: "100ms")), Timeout("90ms")],
        "shop -> db": [Breaker(ConsecutiveFailures(failures: 1, open_for: "1h")), Timeout("80ms")]"#;
    let shop = r#"workers: 10, demand: Constant("1ms"), does: [Call("db")]"#;
    let pause = r#"Pause(node: "db", at: "1ns", lasts: "500ms")"#;
    let crash = r#"Crash(node: "shop", at: "600ms", lasts: "100ms")"#;
    let open = seen(1, shop, stack, pause);
    assert_eq!(ends(&open)[0].1, Outcome::Failed(Failure::Deadline), "the breaker stays open for an hour");
    let anew = seen(1, shop, stack, &format!("{pause}, {crash}"));
    assert_eq!(ends(&anew)[0].1, Outcome::Success);
}
