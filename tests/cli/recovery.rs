//! What is said about recovery where it was cut off, could not be seen, or was none.

use super::Place;

/// A service whose replicas all crash at the 60th second and are restarted twelve seconds later, and then a pause of so long.
fn crash_and_pause(lasts: &str) -> String {
    format!(
        r#"(schema: 1, name: "twice", horizon: "160s", warm_up: "20s",
    nodes: {{ "c": Clients(count: 100, arrivals: Poisson(rate: "100/s"), calls: "s"),
        "s": Service(replicas: 2, workers: 4, demand: Exponential(mean: "5ms"), restarts: (start_up: Constant("12s"))) }},
    stacks: {{ "c -> s": [Timeout("500ms")] }},
    faults: [Crash(node: "s", at: "60s", while_down: Refusal), Pause(node: "s", at: "76s", lasts: "{lasts}")],
    expect: [Recovery(p50: "30s")], sweep: (replications: 8))"#
    )
}

#[test]
fn a_pause_of_a_millisecond_makes_nobody_never_recover() {
    let place = Place::with(&[("harmless.ron", &crash_and_pause("1ms")), ("harmful.ron", &crash_and_pause("20s"))]);
    let said = place.run(&["compare", "harmless.ron", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("recovered in all 8 runs, each within 16 s") && !said.out.contains("never"), "{}", said.out);
    assert!(said.out.contains("1: 60 s, crash of s until it is restarted"), "{}", said.out);
    // With the second one service is down again before the first can be said to be over.
    let said = place.run(&["compare", "harmful.ron", "--quiet"]);
    assert_eq!(said.code, Some(3), "{}", said.out);
    assert!(said.out.contains("were cut off by the next episode after 4 s above the level") && !said.out.contains("never"), "{}", said.out);
    let run = place.run(&["run", "harmful.ron", "--seed", "1"]);
    assert!(run.out.contains("cut off by the next episode after 4 s above the level"), "{}", run.out);
}

#[test]
fn an_outage_that_no_window_could_show_is_not_unharmed() {
    let few = |rate: &str| {
        format!(
            r#"(schema: 1, name: "few", horizon: "3m", warm_up: "20s",
    nodes: {{ "c": Clients(count: 1, arrivals: Poisson(rate: "{rate}"), calls: "s"), "s": Service(workers: 1, demand: Constant("10ms")) }},
    stacks: {{ "c -> s": [Timeout("1s")] }},
    faults: [Crash(node: "s", at: "60s", lasts: "60s")],
    expect: [Recovery(p50: "5s"), Stuck(at_most: "0%"), Measure(of: "downtime", at_most: "1s"), Measure(of: "calls lost", at_most: 1)],
    sweep: (replications: 8))"#
        )
    };
    let place = Place::with(&[("few.ron", &few("6/m")), ("some.ron", &few("10/s"))]);
    let check = place.run(&["check", "few.ron"]);
    let told = format!("{}{}", check.out, check.err);
    assert!(
        told.contains("recovery cannot be judged: 0.5 calls come in a window of `hold`, 5s, on average")
            && told.contains("or write `hold:"),
        "{told}"
    );
    assert!(!place.run(&["check", "some.ron"]).out.contains("cannot be judged"));
    let said = place.run(&["compare", "few.ron", "--quiet"]);
    assert_eq!(said.code, Some(3), "{}", said.out);
    assert!(said.out.contains("recovery cannot be judged") && said.out.contains("0 passed, 0 failed, 4 undecided"), "{}", said.out);
    assert!(!said.out.contains("did not fall below"), "{}", said.out);
    let run = place.run(&["run", "few.ron", "--seed", "1"]);
    assert!(run.out.contains("undecided") && run.out.contains("too few calls") && !run.out.contains("unharmed"), "{}", run.out);
}

#[test]
fn what_passes_because_nothing_happened_is_undecided() {
    let text = |faults: &str, rest: &str| {
        format!(
            r#"(schema: 1, name: "idle", horizon: "60s", warm_up: "0s",
    nodes: {{ "c": Clients(count: 100, arrivals: Poisson(rate: "50/s"), calls: "s"), "s": Service(workers: 1, queue: Fifo(), demand: Exponential(mean: "10ms")) }},
    stacks: {{ "c -> s": [Timeout("2s")] }}, faults: [{faults}], {rest}
    expect: [Recovery(p50: "5s"), Stuck(at_most: "0%"), Measure(of: "downtime", at_most: "1s"), Measure(of: "calls lost", at_most: 1)],
    sweep: (replications: 8))"#
        )
    };
    let never = text(r#"Crash(node: "s", when: AvailabilityBelow(share: "1%"), at: "0s", lasts: "10s")"#, "");
    // More comes than can be done: the queue takes two seconds to fill, and nobody waits for longer.
    let by_itself = text(r#"Crash(node: "s", at: "2s", lasts: "1s")"#, "").replace("50/s", "150/s");
    let place = Place::with(&[("never.ron", &never), ("by-itself.ron", &by_itself)]);
    for (file, reason) in [("never.ron", "no fault struck"), ("by-itself.ron", "service goes down by itself: without the faults")] {
        let said = place.run(&["compare", file, "--quiet"]);
        assert_eq!(said.code, Some(3), "{file}\n{}", said.out);
        assert!(said.out.contains("0 passed, 0 failed, 4 undecided") && said.out.contains(reason), "{file}\n{}", said.out);
    }
    let said = place.run(&["compare", "never.ron"]);
    assert!(said.out.contains("which struck in no run") && !said.out.contains("instants differ"), "{}", said.out);
}
