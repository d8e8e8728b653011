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
        assert_eq!(said.out.lines().any(|line| line.contains(" writes v") && line.contains(" object 0")), fields == STALE, "{}", said.out);
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
