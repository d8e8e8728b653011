//! What a newcomer reads first.

use super::{Place, keep};

#[test]
fn help_says_what_there_is_and_shows_examples() {
    let place = Place::with(&[]);
    keep("help", &place.transcript(&[&["--help"]]));
    let commands = [
        "run", "compare", "sweep", "search", "replay", "shrink", "diff", "why", "report", "plan", "check", "export", "list", "explain",
        "schema", "new",
    ];
    let pages: Vec<_> = commands.iter().map(|command| [*command, "--help"]).collect();
    keep("help_of_commands", &place.transcript(&pages.iter().map(<[_; 2]>::as_slice).collect::<Vec<_>>()));
}

#[test]
fn everything_that_a_scenario_can_name_is_listed() {
    let place = Place::with(&[]);
    let kinds = ["layers", "backoffs", "budgets", "faults", "arrivals", "distributions", "protocols", "expectations", "charts"];
    for kind in kinds {
        let said = place.run(&["list", kind]);
        assert_eq!(said.code, Some(0));
        assert!(said.out.lines().count() > 3, "{}", said.out);
    }
    let scenarios = place.run(&["list", "scenarios", "--format", "csv"]).out;
    for line in scenarios.lines().skip(1) {
        assert!(line.ends_with(['.', '?', '"', '!']), "a summary is a whole sentence: {line}");
        assert!(!line.ends_with("(M."), "an initial ends no sentence: {line}");
    }
}

#[test]
fn a_new_scenario_is_sound_and_is_never_written_over() {
    let place = Place::with(&[]);
    let said = place.run(&["new", "first"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "first.ron is written; `stormglass compare first.ron` runs it\n"));
    let text = place.read("first.ron");
    assert_eq!(place.run(&["new", "first.ron"]).code, Some(2));
    assert_eq!(place.read("first.ron"), text);
    let checked = place.run(&["check", "first.ron"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(checked.out.starts_with("first: nothing is wrong"), "{}", checked.out);
}

#[test]
fn a_topology_is_drawn_for_graphviz_and_mermaid() {
    let scenario = r#"(
    schema: 1, name: "map", horizon: "10s",
    nodes: {
        "shoppers": Clients(count: 10, arrivals: Poisson(rate: "10/s"), calls: "shop", domain: "internet"),
        "shop": Service(replicas: 4, workers: 1, demand: Constant("1ms"), does: [Call("stock")], domain: ["eu/a", "eu/b"]),
        "stock": Service(workers: 1, demand: Constant("1ms"), domain: "us"),
    },
    links: [
        Link(from: "internet", to: "eu", delay: LogNormal(median: "20ms", p99: "80ms"), loss: "0.01%"),
        Link(from: "eu", to: "us", delay: Constant("40ms"), bandwidth: "10Mbit/s", queue: "64kB", back: (delay: Constant("50ms"))),
        Link(from: "shop[1]", to: "us", delay: Constant("1ms"), one_way: true),
        Link(from: "eu", to: "us", kinds: ["reply"], delay: Constant("2ms"), corrupt: "1%"),
    ],
)"#;
    let place = Place::with(&[("map.ron", scenario)]);
    keep("maps", &place.transcript(&[&["export", "dot", "map.ron"], &["export", "mermaid", "map.ron"], &["export", "dot", "zone-cut"]]));
}

#[test]
fn a_drawing_shows_what_any_arm_has_or_one_of_them() {
    let arms = super::SMALL.replace(
        "\"none\": (stacks: { \"clients -> service\": [Timeout(\"1s\")] })",
        "\"none\": (nodes: { \"service\": Service(replicas: 2, workers: 4, demand: Constant(\"1ms\"), domain: \"zone-a\") }), \
         \"spare\": (nodes: { \"spare\": Service(workers: 1, demand: Constant(\"1ms\"), domain: \"zone-a\") }, \
         stacks: { \"clients -> service\": [Fallback(to: Service(\"spare\"))] })",
    );
    let place = Place::with(&[("arms.ron", &arms)]);
    let all = place.run(&["export", "mermaid", "arms.ron"]).out;
    let drawn = |text: &str, what: &str| text.matches(what).count();
    assert_eq!(
        (drawn(&all, "\"service x 2\""), drawn(&all, "\"service\""), drawn(&all, "\"spare\""), drawn(&all, "-.->")),
        (1, 0, 1, 2),
        "{all}"
    );
    let one = place.run(&["export", "mermaid", "arms.ron", "--arm", "retry"]).out;
    assert_eq!((drawn(&one, "\"service\""), drawn(&one, "spare"), drawn(&one, "-.->")), (1, 0, 1), "{one}");
}

#[test]
fn everybody_who_cannot_reach_a_service_is_named() {
    let scenario = r#"(
    schema: 1, name: "islands", horizon: "10s",
    nodes: {
        "shoppers": Clients(count: 10, arrivals: Poisson(rate: "10/s"), calls: "shop", domain: "internet"),
        "shop": Service(replicas: 9, workers: 1, demand: Constant("1ms"), does: [Call("stock")], domain: ["a", "b", "c"]),
        "stock": Service(replicas: 2, workers: 1, demand: Constant("1ms"), domain: ["a", "d"]),
    },
    links: [
        Link(from: "internet", to: "a", delay: Constant("1ms")),
        Link(from: "internet", to: "b", delay: Constant("1ms"), one_way: true),
    ],
)"#;
    let place = Place::with(&[("islands.ron", scenario)]);
    let said = place.run(&["check", "islands.ron"]);
    assert_eq!(said.code, Some(2));
    keep("islands", &place.transcript(&[&["check", "islands.ron"]]));
}
