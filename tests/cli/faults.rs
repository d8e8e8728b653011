//! What a user is told about faults: explained by name, drawn by a storm, and written wrongly.

use super::{Place, keep};

#[test]
fn a_fault_is_explained_by_its_name_and_other_names_with_their_kind() {
    let place = Place::with(&[]);
    keep(
        "explain",
        &place.transcript(&[
            &["explain", "Crash"],
            &["explain", "slownode"],
            &["explain", "FullJitter"],
            &["explain", "Resilience4j"],
            &["explain", "Deadline"],
            &["explain", "Balance"],
            &["list", "limiters"],
            &["explain", "Crsh"],
        ]),
    );
}

#[test]
fn the_faults_of_a_run_are_printed_as_they_can_be_written() {
    let place = Place::with(&[]);
    keep("plan", &place.transcript(&[&["plan", "any-storm", "--seed", "7"], &["plan", "slow-node"]]));
}

/// Every line with a `<-` has a mistake.
const MISTAKES: &str = r#"(
    schema: 1, name: "wrong", horizon: "60s",
    nodes: {
        "clients": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop", domain: "internet"),
        "shop": Service(replicas: 2, workers: 1, demand: Constant("1ms"), domain: "zone-a"),
    },
    links: [Link(from: "internet", to: "zone-a", delay: Constant("1ms"))],
    faults: [
        Crash(node: "shop", at: "2m", lasts: "1s"),                                               // <- after the end
        Crash(at: "1s", lasts: "1s"),                                                             // <- at nothing
        Crash(node: [], at: "1s", lasts: "1s"),                                                   // <- at nothing
        Crash(node: "shop[2]", at: "1s", lasts: "1s"),                                            // <- no such replica
        Crash(node: "shop", lasts: "1s"),                                                         // <- when?
        Crash(node: "shop", at: "1s", every: "5s", lasts: "9s"),                                  // <- before its end
        Crash(node: "shop", at: "1s", every: "5s"),                                               // <- never ends
        Crash(node: "shop", at: "1s", lasts: "1s", times: 3),                                     // <- after what?
        Crash(node: "shop", at: "1s", lasts: "1s", only: "shop[9]"),                              // <- no such member
        Crash(node: "shop", renewal: (time_to_failure: Exponential(mean: "1us"), time_to_repair: Constant("1us"))), // <- too often
        Crash(node: "shop", renewal: (time_to_failure: Exponential(mean: "0s"), time_to_repair: Constant("1s"), crews: 0)), // <- twice
        Crash(node: "shop", when: GoodputBelow(rate: "10/s"), renewal: (time_to_failure: Constant("9s"), time_to_repair: Constant("1s"))), // <- both
        Crash(node: "shop", when: GoodputBelow(rate: "10/s"), every: "5s", lasts: "1s"),          // <- both
        Crash(node: "shop", when: GoodputBelow(rate: "0/s")),                                     // <- never below
        Crash(node: "shop", when: FaultEnds(label: "frist"), lasts: "1s"),                        // <- no such fault
        Crash(node: "shop", when: Announced(event: "LeaderElected"), lasts: "1s"),                // <- nobody says that
        Crash(node: "shop", at: "1s", after: "1s"),                                               // <- after what?
        Crash(node: "shop", at: "1s", lasts: "1s", pick: Count(0), label: "first"),               // <- nobody
        Cut(from: "internet", to: "internet", at: "1s"),                                          // <- with itself
        SlowNode(node: "shop", factor: 2.0, at: "1s", duration: "1s"),                            // <- unknown field
    ],
    storm: Storm(
        from: "10s", lasts: "30s", quiet: "30s",                                                  // <- too long, and not quiet
        families: [Crash(node: "shp"), SlowNode(node: "shop", factor: 0.5),                       // <- unknown, not slower
            Crash(node: "shop", at: "1s", pick: One),                                             // <- when? The storm says that
            Crash(node: "shop", pick: Leader)],                                                   // <- leads nobody
        most: 0, shortest: "20s", longest: "10s", max_down: 0, keep_majority: true,               // <- nothing of all this
    ),
    expect: [
        Uptime(of: "shpo", members: Majority, at_least: "99%"),                                   // <- unknown
        Uptime(of: "shop", members: Count(3), at_least: "99%"),                                   // <- there are two
        Uptime(of: "shop", members: All),                                                         // <- nothing is expected
    ],
)
"#;

#[test]
fn everything_that_is_wrong_with_faults_is_said_at_once_with_its_place() {
    let place = Place::with(&[("wrong.ron", MISTAKES)]);
    // What cannot be read at all, what is wrong in itself, and what names nothing come one after another.
    let without = |words: &[&str]| -> String {
        MISTAKES.lines().filter(|line| !words.iter().any(|word| line.contains(word))).map(|line| format!("{line}\n")).collect()
    };
    place.write(
        "names.ron",
        without(&[
            "duration",
            "<- when?",
            "<- before",
            "<- never",
            "<- after what",
            "<- twice",
            "<- both",
            "<- nobody\n",
            "Count(0)",
            "<- with itself",
            "<- at nothing",
            "most: 0",
            "quiet: \"30s\"",
        ])
        .replace("factor: 0.5", "factor: 2.0")
        .replace("storm: Storm(", "storm: Storm(from: \"10s\", lasts: \"30s\", quiet: \"0s\",")
        .as_bytes(),
    );
    place.write(
        "often.ron",
        without(&[
            "<- u",
            "<- w",
            "<- b",
            "<- never",
            "<- after",
            "<- twice",
            "<- no",
            "<- at",
            "<- leads",
            "storm",
            "from: \"10s\"",
            "families",
            "most: 0",
            "    ),",
            "Uptime",
        ])
        .as_bytes(),
    );
    place.write("uptime.ron", without(&["Crash(", "Cut(", "SlowNode(", "storm", "from: \"10s\"", "most: 0", "    ),"]).as_bytes());
    let files = ["wrong.ron", "names.ron", "often.ron", "uptime.ron"];
    keep("wrong_faults", &place.transcript(&files.each_ref().map(|file| ["check", *file]).each_ref().map(<[_; 2]>::as_slice)));
}
