//! Everything that can be wrong with a command or a file: each message names place and remedy, nothing is half-written.

use super::{Place, SMALL, keep};

fn place() -> Place {
    Place::with(&[("small.ron", SMALL), ("a-file", "x"), ("a-folder/other.ron", "()")])
}

#[test]
fn a_file_that_is_no_scenario_is_explained() {
    let place = place();
    place.write("empty.ron", b"");
    place.write("comment.ron", b"// a comment, and nothing else\n");
    place.write("binary.ron", b"\x7fELF\x02\x01\xff\xfe\x00");
    place.write("words.ron", b"hello world\n");
    place.write("unclosed.ron", b"(\n    schema: 1,\n    nodes: {\n        \"a\": Clients(count: 1,\n}\n)\n");
    place.write("units.ron", b"(schema: 1, name: \"x\", horizon: 5m)");
    place.write("list.ron", b"[1, 2]");
    let files = [
        "missing.ron",
        "retry-stomr",
        "smal.ron",
        "a-folder",
        "empty.ron",
        "comment.ron",
        "binary.ron",
        "words.ron",
        "unclosed.ron",
        "units.ron",
        "list.ron",
    ];
    let commands: Vec<_> = files.iter().map(|file| ["check", *file]).collect();
    keep("files", &place.transcript(&commands.iter().map(<[_; 2]>::as_slice).collect::<Vec<_>>()));
}

/// Every line with a `<-` has a mistake.
const MANY_MISTAKES: &str = r#"(
    schema: 2,                                                        // <- unknown
    name: "",                                                         // <- empty
    horizon: "500y",                                                  // <- unknown unit
    warm_up: 10,                                                      // <- no unit
    tempo: "fast",                                                    // <- unknown field
    nodes: {
        "clients": Clients(count: 1000000000000, arrivals: Poisson(rate: 100), calls: "service"), // <- too large
        "phones": Clients(count: -1, arrivals: Poisson(rate: "1/s"), calls: "service"),           // <- negative
        "pads": Clients(count: 1, arrivals: Poison(rate: "1/s"), calls: "service"),               // <- unknown variant
        "tablets": Clients(count: 10, arrivals: Poisson(rate: "1/s"), calls: "srevice"),          // <- unknown node
        "service": Service(workers: 0, demand: Exponential(mean: "0s")),                          // <- twice
        "cache": Service(worker: 1, demand: Constant("1ms")),                                     // <- unknown field
        "row": Service(workers: 1, demand: Constant("1ms")),
    },
    groups: { "row": Row() },                                         // <- as a service
    links: [
        Link(from: "internet", to: "zone-a", delay: Constant("5ms"), loss: "120%"),               // <- too much
        Link(from: "a", to: "b", delay: Uniform(low: "5ms", high: "1ms")),                        // <- wrong way round
    ],
    faults: [
        Crsh(node: "service", at: "1s"),                              // <- unknown fault
        Crash(node: "servise", at: "30s", lasts: "0s"),               // <- lasts nothing
        SlowNode(node: "service", factor: 0.5, at: "8s"),             // <- not slower
    ],
    stacks: {
        "clients -> service": [Retry(attempts: 0, backoff: FullJitter(base: "1s", cap: "100ms"))],  // <- twice
        "clients->service": [Timeout("1s")],                          // <- written twice
        "tablets -> service": [Timeout(5)],                           // <- no unit
    },
    arms: { "a": (faults: []), "a": () },                             // <- twice
    expect: [Availability(), Recovery(p99: "20s", arms: ["b"]), Availabilty(at_least: "99%")],      // <- thrice
    sweep: (replications: 0, first: 3),                               // <- twice
)
"#;

#[test]
fn all_mistakes_of_a_file_are_found_at_once() {
    let place = Place::with(&[("many.ron", MANY_MISTAKES)]);
    keep("many_mistakes", &place.transcript(&[&["check", "many.ron"]]));
}

#[test]
fn names_that_lead_nowhere_are_found_at_once() {
    let text = SMALL
        .replace(r#"calls: "service""#, r#"calls: "servce""#)
        .replace(
            r#"Crash(node: "service", at: "15s", lasts: "5s")"#,
            r#"Crash(node: "clients", at: "50s"), Cut(from: "internet", to: "zone-b", at: "1s")"#,
        )
        .replace(r#""retry": (stacks: { "clients -> service""#, r#""retry": (stacks: { "client -> service""#);
    let two = SMALL.replace("links: [", "groups: { \"a\": Row(domain: \"zone-a\"), \"b\": Row(domain: \"zone-a\") },\n    links: [");
    let alone = SMALL.replace(r#"links: [Link(from: "internet", to: "zone-a", delay: Constant("5ms"))],"#, "");
    let circle = SMALL.replace(r#"demand: Exponential(mean: "10ms")"#, r#"demand: Exponential(mean: "10ms"), does: [Call("service")]"#);
    let place = Place::with(&[("names.ron", &text), ("two-groups.ron", &two), ("no-link.ron", &alone), ("circle.ron", &circle)]);
    keep(
        "names",
        &place.transcript(&[&["check", "names.ron"], &["check", "two-groups.ron"], &["check", "no-link.ron"], &["check", "circle.ron"]]),
    );
}

#[test]
fn an_element_that_cannot_be_read_is_still_known_by_its_name() {
    let unread = SMALL
        .replace("workers: 4", "wrokers: 4")
        .replace("calls: \"service\"", "calls: \"srevice\"")
        .replace("Crash(node: \"service\"", "Crash(node: \"servcie\"");
    let replica = SMALL.replace("workers: 4", "wrokers: 4").replace("Crash(node: \"service\"", "Crash(node: \"service[0]\"");
    let place = Place::with(&[("unread.ron", &unread), ("replica.ron", &replica)]);
    keep("unread", &place.transcript(&[&["check", "unread.ron"], &["check", "replica.ron"]]));
}

#[test]
fn what_is_wrong_inside_an_arm_has_the_path_of_that_arm() {
    let text = SMALL.replace("attempts: 3", "attempts: 0").replace(
        "\"none\": (",
        "\"other\": (nodes: { \"service\": Service(workers: 0, demand: Constant(\"1ms\")) }, links: [Link(from: \"b\", to: \"b\", delay: Uniform(low: \"2s\", high: \"1s\"))]), \"none\": (",
    );
    let place = Place::with(&[("arms.ron", &text)]);
    keep("arms", &place.transcript(&[&["check", "arms.ron"]]));
    let fixed = ["--set", "arms.retry.stacks.\"clients -> service\"[0].attempts=2"];
    let said = place.run(&[&["check", "arms.ron"][..], &fixed].concat());
    assert!(!said.err.contains("arms.retry"), "the path of the message is one for --set: {}", said.err);
}

#[test]
fn expectations_that_contradict_each_other_are_refused() {
    let expect = |clauses: &str| SMALL.replace("sweep:", &format!("expect: [{clauses}],\n    sweep:"));
    let place = Place::with(&[
        ("one.ron", &expect("Availability(at_least: \"99%\", at_most: \"1%\"), Amplification(at_least: 3, at_most: 1.5)")),
        ("two.ron", &expect("Stuck(at_most: \"5%\", arms: [\"none\"]), Stuck(at_least: \"10%\")")),
        ("apart.ron", &expect("Stuck(at_most: \"5%\", arms: [\"none\"]), Stuck(at_least: \"10%\", arms: [\"retry\"])")),
    ]);
    keep("contradictions", &place.transcript(&[&["check", "one.ron"], &["check", "two.ron"], &["check", "apart.ron"]]));
}

#[test]
fn ends_roles_and_expectations_that_mean_nothing_are_explained_with_what_there_is() {
    let faults = SMALL.replace(
        "Crash(node: \"service\"",
        "Cut(from: \"service[7]\", to: \"nowhere\", at: \"1s\"), Cut(from: \"clients\", to: \"service\", how: Reset, holds: true, at: \"1s\"), \
         BadLink(from: \"clients\", to: \"service[0]\", loss: \"1%\", kinds: \"repyl\", at: \"1s\"), \
         Pause(node: \"service\", pick: Primary, at: \"1s\"), Crash(node: \"service\"",
    );
    let expect = |clauses: &str| SMALL.replace("sweep:", &format!("expect: [{clauses}],\n    sweep:"));
    let clauses = "Amplification(edge: \"clients -> servcie\", at_most: 1.5), Latency(), Observation(name: \"x\", at_least: 2, at_most: \"1s\"), \
                   WrongAnswers(at_most: \"0%\", outside_faults: true), Observation(name: \"x\", at_most: -1)";
    let place = Place::with(&[("faults.ron", &faults), ("expect.ron", &expect(clauses))]);
    keep("ends-and-expectations", &place.transcript(&[&["check", "faults.ron"], &["check", "expect.ron"]]));
}

#[test]
fn brackets_with_and_without_names_are_explained_with_the_names() {
    let change = |value: &str| format!("stacks.\"clients -> service\"[0]={value}");
    let values = [
        "Retry(3)",
        "Retry(attempts: 3, backoff: Constant(\"10ms\"))",
        "Retry(attempts: 3, backoff: Immediate(1))",
        "Retry(attempts: 3, backoff: Immediate)",
        "Timeout(after: 1)",
        "\"Timeout\"",
        "Timout(\"1s\")",
    ];
    let changes = values.map(change);
    let place = place();
    let commands: Vec<_> = changes.iter().map(|change| ["run", "small.ron", "--set", change.as_str()]).collect();
    keep("brackets", &place.transcript(&commands.iter().map(<[_; 4]>::as_slice).collect::<Vec<_>>()));
}

#[test]
fn a_layer_without_its_strategy_is_told_which_there_are() {
    let layers = [
        "Timeout()",
        "Deadline()",
        "Breaker()",
        "Bulkhead()",
        "Hedge()",
        "Hedge(delay: \"50ms\")",
        "Hedge(speed: 3)",
        "RateLimiter(rate: \"5/s\")",
        "Throttle()",
        "Fallback(to: Servce(\"spare\"))",
    ];
    let changes = layers.map(|layer| format!("stacks.\"clients -> service\"[0]={layer}"));
    let place = place();
    let commands: Vec<_> = changes.iter().map(|change| ["run", "small.ron", "--set", change.as_str()]).collect();
    keep("bare_layers", &place.transcript(&commands.iter().map(<[_; 4]>::as_slice).collect::<Vec<_>>()));
}

#[test]
fn words_of_faults_and_members_of_groups_are_explained_once() {
    let text = |faults: &str, rest: &str| {
        format!(
            r#"(
    schema: 1, name: "words", horizon: "1m",
    nodes: {{ "clients": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "l") }},
    groups: {{ "l": Lease(holders: 2, length: "{rest}") }},
    clocks: {{ "l[1]": Drift(rate: "5ppm") }},
    faults: [{faults}],
)
"#
        )
    };
    let words = [
        "EmergencyLever(edge: \"clients -> l\", breakers: ForceOpen, at: \"5s\")",
        "Crash(node: \"l[2]\", while_down: Mute, at: \"1s\")",
        "Omission(node: \"l\", way: Sned, at: \"1s\")",
        "PeriodicJob(node: \"l\", work: Constant(\"0s\"), rest: Constant(\"0s\"), at: \"1s\")",
    ];
    let place =
        Place::with(&[("words.ron", &text(&words.join(", "), "1s")), ("members.ron", &text("Crash(node: \"l[2]\", at: \"1s\")", "0s"))]);
    keep("words", &place.transcript(&[&["check", "words.ron"], &["check", "members.ron"]]));
}

#[test]
fn a_run_whose_time_does_not_pass_is_stopped_with_a_sentence() {
    let spins = SMALL.replace("Crash(node: \"service\",", "Crash(node: \"service\", while_down: Refusal,").replace(
        "from: \"internet\", to: \"zone-a\", delay: Constant(\"5ms\")",
        "from: \"internet\", to: \"zone-a\", delay: Constant(\"1ns\")",
    );
    let spins =
        spins.replace("attempts: 3, backoff: FullJitter(base: \"100ms\", cap: \"1s\")", "attempts: \"unlimited\", backoff: Immediate()");
    let place = Place::with(&[("spins.ron", &spins)]);
    let said = place.run(&["run", "spins.ron", "--arm", "retry"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("the run was stopped: time all but stands still at 15."), "{}", said.err);
    let said = place.run(&["compare", "spins.ron", "--replications", "1"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("was stopped: time all but stands still"), "{}", said.err);
    assert!(place.read("results/small/runs.csv").contains(",\"stalled: time all but"), "it is a row of its own");
}

#[test]
fn absurd_numbers_are_refused_before_anything_runs() {
    let place = place();
    let commands: &[&[&str]] = &[
        &["run", "small.ron", "--set", "horizon=30000d"],
        &["run", "small.ron", "--set", "horizon=100d"],
        &["run", "small.ron", "--set", "warm_up=1h"],
        &["run", "small.ron", "--set", "bin=10s"],
        &["run", "small.ron", "--set", "bin=1us"],
        &["run", "small.ron", "--set", "nodes.clients.count=0"],
        &["run", "small.ron", "--set", "nodes.clients.count=99999999999999999999"],
        &["run", "small.ron", "--set", "nodes.clients.arrivals.rate=1000M/s"],
        &["run", "small.ron", "--set", "faults[0].at=0s"],
        &["run", "small.ron", "--set", "faults[0].at=41s"],
        &["compare", "small.ron", "--replications", "0"],
        &["compare", "small.ron", "--replications", "4000000000"],
        &["compare", "small.ron", "--replications", "1000000", "--set", "bin=10ms"],
        &["compare", "small.ron", "--seed", "18446744073709551615"],
        &["compare", "small.ron", "--jobs", "0"],
    ];
    keep("numbers", &place.transcript(commands));
    assert!(!place.path().join("results").exists(), "nothing was run, so nothing was written");
}

#[test]
fn a_grid_is_checked_before_it_is_run() {
    let vary = |vary: &str| SMALL.replace("sweep: (replications: 3)", &format!("sweep: (replications: 3, vary: {{ {vary} }})"));
    let numbers = (0..1000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let huge = ["count", "domain", "calls"].map(|field| format!("\"nodes.clients.{field}\": [{numbers}]")).join(", ");
    let place = Place::with(&[
        ("huge.ron", &vary(&huge)),
        ("path.ron", &vary("\"nodes.clients.cuont\": [1, 2], \"horizon\": [\"1m\", \"2m\"]")),
        (
            "value.ron",
            &vary("\"nodes.clients.count\": [1, 0, \"many\"], \"faults[0].lasts\": [\"1s\", \"2\"], \"nodes.service.workers\": []"),
        ),
        ("key.ron", &vary("nodes.clients.count: [1]")),
    ]);
    keep("grids", &place.transcript(&[&["check", "huge.ron"], &["check", "path.ron"], &["check", "value.ron"], &["check", "key.ron"]]));
}

#[test]
fn a_wrong_command_line_is_explained() {
    let place = place();
    let commands: &[&[&str]] = &[
        &["run", "small.ron", "--set", "nodes.clints.count=5"],
        &["run", "small.ron", "--set", "nodes.clients.count"],
        &["run", "small.ron", "--set", "=5"],
        &["run", "small.ron", "--set", "nodes.clients.count=lots", "--set", "horizon=5", "--set", "nodes.clients.size=1"],
        &["run", "small.ron", "--set", "stacks.\"clients -> service\"[0].atempts=3"],
        &["run", "small.ron", "--set", "stacks.\"clients -> service\"[5].attempts=3"],
        &["run", "small.ron", "--arm", "rety"],
        &["run", "small.ron", "--seed", "abc"],
        &["run", "small.ron", "--seed", "-1"],
        &["run", "small.ron", "--trace", "a-folder"],
        &["run", "small.ron", "--trace", "nowhere/trace.txt"],
        &["replay", "small.ron", "--seed", "1", "--at", "30"],
        &["replay", "small.ron", "--seed", "1", "--from", "30s", "--until", "20s"],
        &["replay", "small.ron", "--seed", "1", "--digest", "zz"],
        &["replay", "small.ron", "--seed", "1", "--digest", "+123456789abcdef"],
        &["replay", "small.ron", "--seed", "1", "--lines", "0"],
        &["run"],
        &["list", "scenario"],
        &["comapre", "small.ron"],
        &["new", "small.ron"],
    ];
    keep("commands", &place.transcript(commands));
}

#[test]
fn a_folder_that_cannot_take_results_is_refused_before_anything_runs() {
    let place = place();
    let before = place.run(&["compare", "small.ron", "--out", "mine", "--quiet", "--replications", "1"]);
    assert_eq!(before.code, Some(0), "{}", before.err);
    place.write("other.ron", SMALL.replace("\"small\"", "\"other\"").as_bytes());
    let damaged = "{ \"tool_version\": \"0.1.0\", \"scenario\": \"sma";
    place.write("damaged/manifest.json", damaged.as_bytes());
    place.write("older/manifest.json", b"{ \"tool_version\": \"0.0.1\" }");
    place.write("binary/manifest.json", b"\xff\xfe\x00");
    place.write("torn/manifest.json", place.read("mine/manifest.json").as_bytes());
    let commands: &[&[&str]] = &[
        &["compare", "small.ron", "--out", "a-file"],
        &["compare", "small.ron", "--out", "a-file/below"],
        &["compare", "other.ron", "--out", "mine"],
        &["compare", "small.ron", "--out", "damaged"],
        &["compare", "small.ron", "--out", "older"],
        &["compare", "small.ron", "--out", "binary"],
        &["sweep", "small.ron", "--out", "fresh", "--resume"],
        &["sweep", "small.ron", "--out", "mine", "--resume", "--fresh"],
        &["report", "damaged"],
        &["report", "nowhere"],
        &["report", "a-file"],
        &["report", "a-folder"],
        &["report", "torn"],
    ];
    keep("folders", &place.transcript(commands));
    assert!(!place.path().join("fresh").exists(), "nothing was begun, so nothing was made");
    assert_eq!(place.read("damaged/manifest.json"), damaged, "what is not ours is left alone");
}
