//! Runs until they are precise enough, what a comparison would do, and what ought to be known before it is believed.

use super::{Place, SMALL, assert_same_files};

/// Two arms on a queue that is nearly full half of the time, so that runs differ.
const QUEUE: &str = r#"// How long does a queue make its callers wait?
(
    schema: 1, name: "queue", horizon: "40s", warm_up: "10s",
    nodes: {
        "clients": Clients(count: 10, arrivals: Poisson(rate: "60/s"), calls: "service"),
        "service": Service(workers: 1, demand: Exponential(mean: "10ms")),
    },
    arms: { "one": (), "two": (nodes: { "service": Service(workers: 2, demand: Exponential(mean: "20ms")) }) },
    sweep: (replications: 3),
)"#;

fn place() -> Place {
    Place::with(&[("queue.ron", QUEUE), ("small.ron", SMALL)])
}

#[test]
fn runs_until_they_are_precise_are_the_first_of_a_longer_sweep() {
    let place = place();
    let rounds = ["sweep", "queue.ron", "--out", "rounds", "--precision", "3%", "--of", "latency mean", "--at-most", "400"];
    let said = place.run(&rounds);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("Precision of latency mean") && said.out.contains("is as precise as it shall be"), "{}", said.out);
    let runs = place.read("rounds/runs.csv").lines().count() - 1;
    assert!(runs > 80 && runs < 800, "more than the first round, and less than all: {runs}");
    let each = (runs / 2).to_string();
    assert_eq!(place.run(&["sweep", "queue.ron", "--out", "plain", "--replications", &each, "--quiet"]).code, Some(0));
    let without_journal = |folder: &str| {
        let mut files = place.files(folder);
        // The rows come as they are made, round by round.
        files.remove("runs.journal").expect("runs are kept");
        files
    };
    assert_same_files(&without_journal("rounds"), &without_journal("plain"));
    // Again, everything is known: the same verdict, and nothing is made.
    let journal = place.read("rounds/runs.journal");
    let again = place.run(&rounds);
    assert_eq!((again.code, again.out), (Some(0), said.out));
    assert_eq!(place.read("rounds/runs.journal"), journal);
}

#[test]
fn what_is_not_precise_at_the_most_is_undecided() {
    let place = place();
    let said = place.run(&["compare", "queue.ron", "--precision", "1us", "--of", "latency p99", "--at-most", "50", "--quiet"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.out.contains("stopped at the most, 50 runs per arm: 2 of 2 arms"), "{}", said.out);
    let paired = place.run(&["compare", "queue.ron", "--precision", "90%", "--of", "latency mean", "--paired", "--at-most", "60"]);
    assert_eq!(paired.code, Some(0), "{}", paired.err);
    assert!(paired.out.contains("against \"one\" seed by seed"), "{}", paired.out);
}

#[test]
fn a_wrong_precision_is_explained() {
    let place = place();
    for (arguments, sentence) in [
        (&["--precision", "5%", "--of", "latency p98"][..], "nothing is measured as `latency p98`"),
        (&["--precision", "2ms"][..], "`2ms` is no precision of availability; write `5%`"),
        (&["--precision", "5%", "--at-most", "10"][..], "10 is not in 40.."),
        (&["--of", "availability"][..], "--precision"),
        (&["--precision", "5%", "--of", "recovery time"][..], "no run has a value of recovery time"),
    ] {
        let said = place.run(&[&["sweep", "queue.ron"], arguments].concat());
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.out);
        assert!(said.err.contains(sentence), "{}", said.err);
    }
}

#[test]
fn a_dry_run_says_what_would_be_made_and_writes_nothing() {
    let place = place();
    let said = place.run(&["compare", "small.ron", "--out", "r", "--dry-run"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("6 = 1 x 2 x 3 seeds from 1") && said.out.contains("0 of 6 are in r"), "{}", said.out);
    assert!(said.err.contains("estimate: 6 runs take about"), "{}", said.err);
    assert!(!place.path().join("r").exists());
    assert_eq!(place.run(&["compare", "small.ron", "--out", "r", "--quiet"]).code, Some(0));
    let known = place.run(&["sweep", "small.ron", "--out", "r", "--dry-run", "--replications", "4"]);
    assert!(known.out.contains("6 of 8 are in r"), "{}", known.out);
    let rounds = place.run(&["sweep", "small.ron", "--out", "r", "--dry-run", "--precision", "5%", "--at-most", "100"]);
    assert!(rounds.out.contains("1 x 2 x 40 or 60 or 90 or 100 seeds from 1"), "{}", rounds.out);
}

#[test]
fn a_warm_up_or_a_horizon_that_is_too_short_is_said_by_every_command_and_in_the_report() {
    let place = place();
    // More comes than can be done, so that the queue grows for as long as anybody looks.
    let full = QUEUE.replace("60/s", "130/s").replace(r#"horizon: "40s", warm_up: "10s""#, r#"horizon: "90s""#);
    place.write("full.ron", full.as_bytes());
    let said = place.run(&["compare", "full.ron", "--out", "full", "--replications", "40"]);
    assert!(
        said.err.contains("warning: nothing settles before the horizon") || said.err.contains("warning: the warm-up (0 s)"),
        "{}",
        said.err
    );
    assert!(place.read("full/report.md").contains("**Doubt**: ") && place.read("full/report.html").contains("<b>Doubt</b>: "));
    let near = SMALL.replace(r#"horizon: "40s""#, r#"horizon: "28s""#);
    place.write("near.ron", near.as_bytes());
    for command in ["run", "compare", "sweep"] {
        let said = place.run(&[command, "near.ron"]);
        assert!(said.err.contains("warning: the horizon is too near"), "{command}: {}", said.err);
        assert!(!place.run(&[command, "small.ron"]).err.contains("warning"), "{command}");
    }
}

#[test]
fn arms_that_meet_different_loads_are_said_to_and_the_one_with_fewer_callers_is_not_best_for_that() {
    let place = place();
    let arms =
        r#"arms: { "usual": (), "fewer": (nodes: { "clients": Clients(count: 10, arrivals: Poisson(rate: "30/s"), calls: "service") }) }"#;
    let from = QUEUE.find("arms:").expect("it has arms");
    let until = QUEUE.find("    sweep:").expect("it has a sweep");
    // As many workers as are asked for: neither arm is any worse for its callers.
    let text = format!("{}{arms},\n{}", &QUEUE[..from], &QUEUE[until..]).replace("workers: 1", "workers: \"unlimited\"");
    place.write("loads.ron", text.as_bytes());
    let said = place.run(&["compare", "loads.ron", "--replications", "10"]);
    let sentence = "warning: arms do not meet the same load: a run has ";
    assert!(said.err.contains(sentence) && said.err.contains(" calls in \"fewer\", and "), "{}", said.err);
    assert!(!said.out.contains("Best is"), "{}", said.out);
    assert!(!place.run(&["compare", "queue.ron", "--replications", "10"]).err.contains("same load"));
}

/// The queue grows by three in a second, and when it is a second long everybody waits in vain: long before the fault.
const SLOWLY: &str = r#"(schema: 1, name: "slowly", horizon: "120s", warm_up: "5s",
    nodes: {
        "clients": Clients(count: 1, arrivals: Constant(rate: "103/s"), calls: "server"),
        "server": Service(workers: 1, queue: Fifo(limit: 500), demand: Constant("10ms")),
    },
    links: [Link(from: "default", to: "default", delay: Constant("1ms"))],
    faults: [Crash(node: "server", at: "100s", lasts: "1s")],
    arms: {
        "three servers": (nodes: { "server": Service(workers: 3, queue: Fifo(limit: 500), demand: Constant("10ms")) }, stacks: { "clients -> server": [Timeout("1s")] }),
        "one server": (stacks: { "clients -> server": [Retry(attempts: 3, backoff: Immediate()), Timeout("1s")] }),
    },
)"#;

#[test]
fn a_service_that_goes_down_without_a_fault_is_not_unharmed_by_one() {
    let place = Place::with(&[("slowly.ron", SLOWLY)]);
    let said = place.run(&["run", "slowly.ron", "--arm", "one server", "--seed", "3"]);
    assert!(said.err.contains("service goes down by itself, without a fault: in \"one server\" the"), "{}", said.err);
    assert!(said.out.contains("of calls succeed, so that service is down already"), "{}", said.out);
    let sound = place.run(&["run", "slowly.ron", "--arm", "three servers", "--seed", "3"]);
    assert!(!sound.err.contains("by itself") && !sound.out.contains("down already"), "{}{}", sound.out, sound.err);
}

#[test]
fn one_long_run_without_faults_says_how_sure_it_is() {
    let place = place();
    let long = place.run(&["run", "queue.ron", "--set", "horizon=200s", "--set", "nodes.clients.arrivals.rate=30/s"]);
    assert!(long.out.contains("How sure is this run? (16 batch means)") && long.out.contains("latency mean"), "{}", long.out);
    assert!(!place.run(&["run", "queue.ron"]).out.contains("How sure"), "1,800 calls are few");
    assert!(!place.run(&["run", "small.ron"]).out.contains("How sure"), "a fault strikes it");
}

#[test]
fn other_assumptions_are_asked_of_any_measure_and_the_report_has_what_the_terminal_says() {
    let place = place();
    let asked = ["compare", "queue.ron", "--replications", "10", "--stress", "--of", "latency p99", "--out", "s", "--quiet"];
    let said = place.run(&asked);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for part in [
        "By latency p99: first, alone or shared, as written and under",
        "Latency p99, median of the runs, under each assumption",
        "Rank by latency p99 under each assumption",
        "Regret: latency p99 behind the best arm",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert!(place.read("s/report.html").contains("Rank by latency p99 under each assumption"));
    // Drawn again, nothing is forgotten; asked otherwise, nothing of it is left.
    let first = place.files("s");
    assert_eq!(place.run(&["report", "s"]).code, Some(0));
    assert_same_files(&place.files("s"), &first);
    let plain = place.run(&[&asked[..5], &asked[7..]].concat());
    assert!(plain.out.contains("Regret: availability behind the best arm") && !plain.out.contains("latency p99 under"), "{}", plain.out);
    assert!(!place.read("s/report.html").contains("Rank by latency p99"));
    let nobody = place.run(&["compare", "queue.ron", "--of", "latency p99"]);
    assert_eq!(nobody.code, Some(2));
    assert!(nobody.err.contains("says of which measure --precision or --stress speaks"), "{}", nobody.err);
    let unknown = place.run(&["compare", "queue.ron", "--stress", "--of", "latency p98"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("nothing is measured as `latency p98`"), "{}", unknown.err);
}
