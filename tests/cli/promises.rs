//! Of an expectation that a run breaks: does `why` look where it was broken?
//!
//! In every run something harmless goes wrong at 5 s, and what breaks the promise comes long after that.

use super::Place;

/// One of three replicas is away for a moment, then two are, then one is slow.
fn shop(stack: &str, expect: &str) -> String {
    format!(
        r#"(
    schema: 1, name: "shop", horizon: "25s", drain: "5s",
    nodes: {{
        "clients": Clients(count: 5, arrivals: Constant(rate: "40/s"), calls: "shop"),
        "shop": Service(replicas: 3, workers: 2, demand: Constant("5ms")),
    }},
    faults: [
        Crash(node: "shop[0]", at: "5s", lasts: "500ms"),
        Crash(node: "shop[1]", at: "12s", lasts: "4s"),
        Crash(node: "shop[2]", at: "13s", lasts: "2s"),
        SlowNode(node: "shop[0]", factor: 15.0, at: "18s", lasts: "2s"),
    ],
    stacks: {{ "clients -> shop": [{stack}] }},
    expect: [{expect}],
)"#
    )
}

const TIMEOUT: &str = r#"Timeout("100ms")"#;

/// What `why` says of the promise that the run breaks.
fn told(stack: &str, expect: &str) -> String {
    let place = Place::with(&[("shop.ron", &shop(stack, expect))]);
    let said = place.run(&["why", "shop.ron", "violation"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    said.out
}

/// When the call began that is told of, in seconds.
fn begin(told: &str) -> f64 {
    let headline = told.lines().find(|line| line.starts_with("clients -> shop #")).unwrap_or_else(|| panic!("no call is told of: {told}"));
    let from = headline.split(", from ").nth(1).or_else(|| headline.split(" began at ").nth(1)).expect("it says when");
    from.split('s').next().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{headline}"))
}

#[test]
fn of_uptime_it_is_the_longest_time_with_too_few_and_the_first_call_that_failed_in_it() {
    let told = told(TIMEOUT, r#"Uptime(of: "shop", members: Majority, at_least: "100%")"#);
    let sentence = "fewer than 2 of 3 members of shop are up once from 13.000000000s to 15.000000000s: shop[1] is down since 12.000000000s, \
                    shop[2] is down since 13.000000000s; of the calls made meanwhile this one failed first";
    assert!(told.contains(sentence), "{told}");
    assert!((13.0..13.2).contains(&begin(&told)), "{told}");
}

#[test]
fn of_availability_it_is_the_worst_outage_and_the_call_that_failed_first_in_it() {
    let told = told(TIMEOUT, r#"Availability(at_least: "100%")"#);
    assert!(told.contains(" calls failed, in 3 outages; the worst, with ") && told.contains("this call failed first in it"), "{told}");
    assert!((12.0..12.2).contains(&begin(&told)), "{told}");
}

#[test]
fn of_latency_it_is_the_slowest_call_that_succeeded() {
    let told = told(TIMEOUT, r#"Measure(of: "latency max", over_runs: Every, at_most: "50ms")"#);
    assert!(told.contains("\nthe call that succeeded and took longest\n"), "{told}");
    assert!((18.0..20.1).contains(&begin(&told)), "{told}");
}

#[test]
fn of_attempts_it_is_the_call_with_most_of_them() {
    let stack = r#"Retry(attempts: 9, backoff: Constant(delay: "10ms")), Timeout("100ms")"#;
    let told = told(stack, r#"Measure(of: "attempts", over_runs: Every, at_most: 1000)"#);
    assert!(told.contains("the call for which most attempts were made") && told.contains("and 9 attempts, from 13."), "{told}");
}

#[test]
fn of_calls_without_an_end_it_is_the_oldest() {
    let told = told("", "");
    assert!(told.contains("the oldest of the ") && told.contains(" and has not ended "), "{told}");
    assert!((4.9..5.1).contains(&begin(&told)), "{told}");
}

#[test]
fn what_only_the_whole_run_shows_is_laid_at_the_door_of_no_call() {
    let told = told(TIMEOUT, r#"Measure(of: "wasted work", over_runs: Every, at_least: "50%")"#);
    assert!(told.contains("only the whole run shows it") && !told.contains("where its time went"), "{told}");
}

/// A commit whose coordinator dies while participants wait for its word.
fn books(expect: &str) -> Place {
    let text = format!(
        r#"(
    schema: 1, name: "books", horizon: "25s",
    nodes: {{ "app": Clients(count: 10, arrivals: Poisson(rate: "40/s"), calls: "db", domain: "room") }},
    groups: {{ "db": TwoPhaseCommit(participants: 2, domain: "room") }},
    links: [Link(from: "room", to: "room", delay: Constant("50ms"))],
    stacks: {{ "app -> db": [Timeout("2s")] }},
    faults: [Crash(node: "db[0]", at: "6s", lasts: "6s")],
    expect: [{expect}],
)"#
    );
    Place::with(&[("books.ron", &text)])
}

#[test]
fn of_a_length_it_is_what_had_happened_by_the_instant_at_which_it_was_too_long() {
    let place = books(r#"Observation(name: "time from vote to decision, most", at_most: "3s")"#);
    let said = place.run(&["why", "books.ron", "violation"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    // Who has voted just before the coordinator died has waited for three seconds then.
    assert!(said.out.contains("it breaks this from 8.9") && !said.out.contains("because"), "{}", said.out);
    assert!(said.out.contains("db[0] dies") && said.out.contains(" makes known: Prepares transaction "), "{}", said.out);
    let named = place.run(&["why", "books.ron", "time from vote to decision, most at most 3s"]);
    assert_eq!(named.out, said.out, "an expectation can be named in its own words");
}

#[test]
fn of_what_is_counted_up_it_is_the_event_with_which_it_came_to_be_too_much() {
    let place = books(r#"Observation(name: "votes for yes", at_most: 40)"#);
    let said = place.run(&["why", "books.ron", "violation"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let then = said.out.lines().find(|line| line.starts_with("  then ")).unwrap_or_else(|| panic!("{}", said.out));
    assert!(then.contains(" vote ") || then.contains("Prepares"), "{}", said.out);
    assert!(said.out.contains("because") && said.out.contains("can it be done?"), "{}", said.out);
}

#[test]
fn a_word_that_names_nothing_is_answered_with_what_there_is() {
    let place = Place::with(&[("shop.ron", &shop(TIMEOUT, r#"Availability(at_least: "100%")"#))]);
    for (scenario, word, answer) in [
        ("shop.ron", "slowst", "did you mean `slowest`?"),
        ("shop.ron", "ElectionSafety", "the scenario does not state the property ElectionSafety"),
        ("raft-storm", "StateMachineSaftey", "did you mean `StateMachineSafety`?"),
        ("raft-figure-8", "StableLeader", "this run is judged by `StateMachineSafety`"),
        ("shop.ron", "clients -> shop #77.7", "no call of this run is called"),
    ] {
        let said = place.run(&["why", scenario, word]);
        assert_eq!(said.code, Some(2), "{word}: {}{}", said.out, said.err);
        assert!(said.err.contains(answer), "{word}: {}", said.err);
    }
}

#[test]
fn a_long_wait_is_followed_back_to_what_began_it() {
    let said = Place::with(&[]).run(&["why", "commit-and-crash", "DecidesWithin", "--seed", "1"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let place = |word: &str| said.out.find(word).unwrap_or_else(|| panic!("no `{word}`: {}", said.out));
    // Forty times a participant asks, and before that it has voted, because it was asked, because somebody wanted the transaction.
    assert!(place("and the same 39 times before, from 30.") < place(" sends vote "), "{}", said.out);
    assert!(
        place(" sends vote ") < place(" hears prepare ") && place(" hears prepare ") < place(" makes the call app -> db #"),
        "{}",
        said.out
    );
}
