//! Was it correct? What commands say of properties, and with which exit code.

use super::Place;

/// A register with these fields, of which reads at a third of the replicas are soon stale, and these properties.
fn register(fields: &str, properties: &str, more: &str) -> String {
    format!(
        r#"(schema: 1, name: "register", horizon: "3s",
            nodes: {{ "clients": Clients(count: 4, arrivals: ClosedLoop(think: Exponential(mean: "10ms")), calls: "store") }},
            groups: {{ "store": QuorumRegister({fields}) }},
            links: [Link(from: "default", to: "default", delay: Exponential(mean: "5ms"))],
            properties: [{properties}], {more} sweep: (replications: 8))"#
    )
}

const STALE: &str = "read_quorum: 1, write_quorum: 1, without: [WriteBack]";

#[test]
fn a_run_says_what_came_of_each_property_and_ends_with_the_worst() {
    let cases = [
        ("", "Linearizable(), Causal()", 0),
        (STALE, "Linearizable()", 1),
        ("", "Linearizable(), Reachable(event: \"KeepsHint\")", 3),
        (STALE, "Linearizable(), Reachable(event: \"KeepsHint\")", 1),
    ];
    for (fields, properties, code) in cases {
        let place = Place::with(&[("register.ron", &register(fields, properties, ""))]);
        let said = place.run(&["run", "register.ron"]);
        assert_eq!(said.code, Some(code), "{properties}\n{}{}", said.out, said.err);
        assert_eq!(place.run(&["replay", "register.ron", "--seed", "1", "--lines", "1", "--quiet"]).code, Some(code));
        assert_eq!(said.out.contains("Linearizable is violated: a read answered"), fields == STALE, "{}", said.out);
        // Who wrote and who read, in lines of their own.
        assert_eq!(said.out.lines().any(|line| line.contains(" writes ") && line.contains(" object 0")), fields == STALE, "{}", said.out);
    }
}

#[test]
fn a_comparison_counts_the_runs_in_which_a_property_is_violated() {
    let expected = r#"expect: [Violated(property: "Linearizable", at_least: "20%")],"#;
    for (fields, more, code) in [("", "", 0), (STALE, "", 1), (STALE, expected, 0)] {
        let place = Place::with(&[("register.ron", &register(fields, "Linearizable()", more))]);
        let said = place.run(&["compare", "register.ron", "--quiet", "--junit", "junit.xml", "--summary", "summary.md"]);
        assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
        let violated = if fields == STALE { "8" } else { "0" };
        let row = said.out.lines().find(|line| line.starts_with("Linearizable")).expect("there is a row");
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[..5], ["Linearizable", "as", "written", "8", violated], "{row}");
        let failures = place.read("junit.xml").matches("<failure").count();
        assert_eq!(failures, usize::from(code == 1), "one case for each property and arm");
        assert!(place.read("summary.md").contains("### Properties"));
    }
}

#[test]
fn a_property_with_numbers_in_its_name_may_be_called_by_its_first_word_alone() {
    let clause = |name: &str| format!(r#"expect: [Violated(property: "{name}", at_least: "20%")],"#);
    let one = "BoundedStaleness(versions: 1)";
    for (properties, name, code) in [
        (one, "BoundedStaleness", 0),
        (one, "BoundedStaleness 1 versions", 0),
        (one, "Bounded", 2),
        ("BoundedStaleness(versions: 1), BoundedStaleness(versions: 2)", "BoundedStaleness", 2),
    ] {
        let text = register("keys: 1, reads: \"50%\", read_quorum: 1, write_quorum: 1, without: [WriteBack]", properties, &clause(name));
        let place = Place::with(&[("register.ron", &text)]);
        let said = place.run(&["compare", "register.ron", "--quiet"]);
        assert_eq!(said.code, Some(code), "{name}: {}{}", said.out, said.err);
        if code == 2 {
            assert!(said.err.contains(&format!("the scenario states no property `{name}`")), "{}", said.err);
        }
    }
}

/// A store whose log never becomes a snapshot, under a steady load, with this for a group.
fn store(group: &str) -> String {
    format!(
        r#"(schema: 1, name: "store", horizon: "10s",
            nodes: {{ "clients": Clients(count: 4, arrivals: Poisson(rate: "100/s"), calls: "store") }},
            groups: {{ "store": {group} }},
            links: [Link(from: "default", to: "default", delay: Constant("1ms"))],
            stacks: {{ "clients -> store": [Timeout("1s")] }}, sweep: (replications: 8))"#
    )
}

#[test]
fn a_run_that_comes_to_a_limit_stops_there_and_says_which_where_and_what_to_do() {
    let history = register("", "Linearizable(), Reachable(event: \"KeepsHint\")", "history_limit: 50,");
    for (text, what, field) in [
        (history.as_str(), "50 operations in the history", "`history_limit` allows; write a larger one, a shorter `horizon`"),
        (
            &store("Raft(snapshot_every: 0, log_limit: 100)"),
            "100 entries in a log of `store`",
            "`groups.store.log_limit` allows; write a larger one, a smaller `snapshot_every`",
        ),
        (&store("KeyValue(log_limit: 100)"), "100 entries in a log of `store`", "`groups.store.log_limit` allows"),
    ] {
        let place = Place::with(&[("limited.ron", text)]);
        let said = place.run(&["run", "limited.ron", "--verify"]);
        assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
        let row = said.out.lines().find(|line| line.starts_with("WithinLimits")).expect("there is a row");
        assert!(row.contains("unknown") && row.contains("the run was stopped at ") && row.contains(what) && row.contains(field), "{row}");
        for line in said.out.lines().filter(|line| line.starts_with("Linearizable") || line.starts_with("Reachable")) {
            assert!(line.contains("unknown") && line.contains(what), "nothing is said to hold, or not to be reached: {line}");
        }
        let said = place.run(&["compare", "limited.ron", "--quiet", "--junit", "junit.xml"]);
        assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
        assert!(said.out.contains("every run stays within its limits") && said.out.contains(what), "{}", said.out);
        assert!(place.read("junit.xml").contains("every run stays within its limits"));
        assert!(
            place
                .read(&format!("results/{}/report.html", if field.contains("history") { "register" } else { "store" }))
                .contains("WithinLimits")
        );
        let said = place.run(&["search", "limited.ron", "--seeds", "20", "--quiet"]);
        assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
        assert!(said.out.contains("a run stays within its limits") && said.out.contains(what), "{}", said.out);
    }
}

#[test]
fn what_was_violated_before_a_run_came_to_its_limit_is_violated() {
    let place =
        Place::with(&[("register.ron", &register(STALE, "Linearizable(), EventualConvergence(within: \"1s\")", "history_limit: 600,"))]);
    let said = place.run(&["run", "register.ron"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let row = |name: &str| said.out.lines().find(|line| line.starts_with(name)).expect("there is a row");
    assert!(row("Linearizable").contains("violated") && row("EventualConvergence").contains("unknown"), "{}", said.out);
    assert!(row("WithinLimits").contains("600 operations"), "{}", said.out);
    assert_eq!(place.run(&["search", "register.ron", "--seeds", "5", "--quiet"]).code, Some(1));
}

#[test]
fn limits_that_are_none_are_refused() {
    for text in [
        register("", "Linearizable()", "history_limit: 0,"),
        register("", "Linearizable()", "history_limit: 4000000000,"),
        store("Raft(log_limit: 0)"),
        store("KeyValue(log_limit: 21000000)"),
    ] {
        let said = Place::with(&[("limited.ron", &text)]).run(&["check", "limited.ron"]);
        assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
        assert!(said.err.contains("_limit"), "{}", said.err);
    }
}

#[test]
fn a_fault_at_a_member_that_a_group_does_not_have_is_told_whom_it_has() {
    let text = store("Raft()").replace("sweep:", "faults: [Crash(node: \"store[3]\", at: \"1s\")], sweep:");
    let said = Place::with(&[("beyond.ron", &text)]).run(&["check", "beyond.ron"]);
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    assert!(said.err.contains("`store` has nobody with the number 3: they are `store[0]` to `store[2]`"), "{}", said.err);
}
