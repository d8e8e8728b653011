//! Results folders: the same on any number of threads, resumed, interrupted, drawn again, and repeated run by run.

use super::{Place, SMALL, assert_same_files};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

fn varied() -> String {
    SMALL.replace(
        "sweep: (replications: 3)",
        "sweep: (replications: 3, vary: { \"nodes.clients.arrivals.rate\": [\"40/s\", \"60/s\"], \"stacks.\\\"clients -> service\\\"[0].attempts\": [2, 3] })",
    )
}

/// Without a stack of its own in the scenario, both arms keep theirs.
fn place() -> Place {
    Place::with(&[("varied.ron", &varied())])
}

#[test]
fn a_results_folder_is_the_same_on_any_number_of_threads() {
    let place = place();
    for jobs in ["1", "2", "8"] {
        let said = place.run(&["sweep", "varied.ron", "--out", jobs, "--jobs", jobs, "--quiet"]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    }
    assert_same_files(&place.files("1"), &place.files("2"));
    assert_same_files(&place.files("1"), &place.files("8"));
    assert!(place.files("1").len() > 20);
}

#[test]
fn a_report_is_drawn_again_with_the_same_bytes() {
    let place = place();
    for arguments in [&["compare", "varied.ron"][..], &["compare", "varied.ron", "--set", "nodes.clients.arrivals.rate=70/s"]] {
        let said = place.run(&[arguments, &["--out", "r", "--quiet"]].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        let first = place.files("r");
        let again = place.run(&["report", "r"]);
        assert_eq!((again.code, again.err.as_str()), (Some(0), ""));
        assert_same_files(&place.files("r"), &first);
    }
}

#[test]
fn every_row_of_a_sweep_is_repeated_by_the_command_printed_for_it() {
    let place = place();
    assert_eq!(place.run(&["compare", "varied.ron", "--out", "r", "--quiet"]).code, Some(0));
    let rows = place.read("r/runs.csv");
    let mut lines = rows.lines();
    let columns: Vec<_> = lines
        .next()
        .expect("there are headings")
        .split(',')
        .map(|name| name.replace("\"\"", "\u{1}").replace('"', "").replace('\u{1}', "\""))
        .collect();
    let at = |name: &str| columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name} in {columns:?}"));
    let (arm, rate, attempts) = (at("arm"), at("nodes.clients.arrivals.rate"), at("stacks.\"clients -> service\"[0].attempts"));
    let (seed, digest) = (at("seed"), at("digest"));
    for row in lines {
        let cells: Vec<_> = row.split(',').collect();
        let rate = format!("nodes.clients.arrivals.rate={}", cells[rate]);
        let attempts = format!("stacks.\"clients -> service\"[0].attempts={}", cells[attempts]);
        let run = ["--arm", cells[arm], "--seed", cells[seed], "--set", &rate, "--set", &attempts];
        let said = place.run(&[&["run", "varied.ron", "--quiet"][..], &run].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.contains(&format!("digest {}", cells[digest])), "{row}\n{}", said.out);
        let replayed = place.run(&[&["replay", "varied.ron", "--digest", cells[digest], "--lines", "1"][..], &run].concat());
        assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    }
}

#[test]
fn the_command_behind_again_repeats_the_run() {
    let place = Place::with(&[("my storm.ron", &varied())]);
    let first = place.run(&["run", "my storm.ron", "--arm", "retry", "--set", "nodes.clients.count=7", "--seed", "9"]);
    let again = first.err.lines().find_map(|line| line.strip_prefix("again: stormglass ")).expect("a run says how to repeat it");
    let shell = format!("'{}' {again}", env!("CARGO_BIN_EXE_stormglass"));
    let second = Command::new("sh").args(["-c", &shell]).current_dir(place.path()).output().expect("the shell starts");
    assert_eq!(String::from_utf8_lossy(&second.stdout), first.out);
}

/// So many runs that the first is over long before the last: an interruption falls in between.
fn long() -> String {
    SMALL.replace("horizon: \"40s\"", "horizon: \"5m\"").replace("50/s", "200/s").replace("replications: 3", "replications: 80")
}

/// Starts a sweep and interrupts it as soon as it has kept some runs; answers its exit code.
fn interrupted(place: &Place, out: &str) -> Option<i32> {
    let mut child = place
        .command(&["sweep", "long.ron", "--out", out, "--jobs", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let journal = place.path().join(out).join("runs.journal");
    let kept = || std::fs::read(&journal).map_or(0, |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count());
    // A minute at most: a hundred times what it takes.
    for _ in 0..6000 {
        if kept() >= 3 || child.try_wait().expect("the program can be asked").is_some() {
            break;
        }
        pause();
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is a `kill` program");
    assert!(sent.success(), "the sweep was over before it could be interrupted");
    let output = child.wait_with_output().expect("the program ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("of 160 runs; the same command goes on from there"), "{said}");
    output.status.code()
}

/// A hundredth of a second of real time: this waits for another process, not for a simulation.
#[allow(clippy::disallowed_methods, reason = "another process is waited for, and it has no virtual time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn a_trace_that_is_stopped_leaves_nothing_behind_and_what_was_there_before() {
    let place = Place::with(&[("long.ron", &SMALL.replace(r#"horizon: "40s""#, r#"horizon: "90000s""#)), ("t.jsonl", "old")]);
    let names = || -> BTreeSet<String> {
        let entries = std::fs::read_dir(place.path()).expect("it is a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let before = names();
    for signal in ["-INT", "-TERM"] {
        let mut child = place
            .command(&["run", "long.ron", "--trace", "t.jsonl"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        for _ in 0..6000 {
            if names() != before || child.try_wait().expect("the program can be asked").is_some() {
                break;
            }
            pause();
        }
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("there is a `kill` program");
        assert!(sent.success(), "the run was over before it could be stopped");
        let output = child.wait_with_output().expect("the program ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
        assert!(said.contains("interrupted: what was being written is not there"), "{said}");
        assert_eq!((names(), place.read("t.jsonl").as_str()), (before.clone(), "old"));
    }
}

#[test]
fn an_interrupted_sweep_keeps_its_runs_and_goes_on_to_the_same_bytes() {
    let place = Place::with(&[("long.ron", &long())]);
    assert_eq!(interrupted(&place, "r"), Some(130));
    let kept = place.read("r/runs.journal").lines().count();
    assert!((3..160).contains(&kept), "{kept} runs");
    assert_eq!(place.read("r/runs.csv").lines().count(), kept + 1, "the report tells of what is there");
    let resumed = place.run(&["sweep", "long.ron", "--out", "r", "--resume", "--quiet"]);
    assert_eq!((resumed.code, resumed.err.as_str()), (Some(0), ""));
    let whole = place.run(&["sweep", "long.ron", "--out", "whole", "--quiet"]);
    assert_eq!(whole.code, Some(0));
    assert_same_files(&place.files("r"), &place.files("whole"));
}

#[test]
fn a_damaged_journal_costs_only_the_damaged_runs() {
    let place = Place::with(&[("small.ron", SMALL)]);
    assert_eq!(place.run(&["sweep", "small.ron", "--out", "r", "--quiet"]).code, Some(0));
    let whole = place.files("r");
    let mut journal = whole["runs.journal"].clone();
    journal.truncate(journal.len() - 100);
    place.write("r/runs.journal", &journal);
    let said = place.run(&["sweep", "small.ron", "--out", "r"]);
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("warning: 1 line of r/runs.journal cannot be believed; what they held is made again"), "{}", said.err);
    assert_same_files(&place.files("r"), &whole);
    place.write("r/runs.journal", b"\xff\x00 nonsense\n\n");
    assert_eq!(place.run(&["sweep", "small.ron", "--out", "r", "--quiet"]).code, Some(0));
    assert_same_files(&place.files("r"), &whole);
}

#[test]
fn a_replay_shows_a_moment_and_says_when_there_is_none() {
    let place = Place::with(&[("small.ron", SMALL)]);
    let shown = ["replay", "small.ron", "--seed", "3", "--arm", "retry"];
    let commands = [
        &["--at", "15s", "--lines", "12"][..],
        &["--at", "10m"],
        &["--from", "1ms", "--until", "2ms"],
        &["--digest", "0123456789abcdef", "--lines", "2"],
    ];
    let commands: Vec<Vec<&str>> = commands.iter().map(|more| [&shown[..], more].concat()).collect();
    super::keep("replay", &place.transcript(&commands.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    assert_eq!(place.run(&commands[3]).code, Some(4));
}

#[test]
fn a_check_prints_facts_and_warns_of_what_cannot_be_measured() {
    let early = SMALL.replace("at: \"15s\"", "at: \"5500ms\"");
    let place = Place::with(&[("early.ron", &early), ("varied.ron", &varied())]);
    let levelled = [
        "check",
        "varied.ron",
        "--set",
        "arms.none.stacks.\"clients -> service\"=[Timeout(\"1s\")]",
        "--set",
        "arms.retry.stacks.\"clients -> service\"=[Timeout(\"1s\")]",
        "--set",
        "sweep=()",
    ];
    super::keep("check", &place.transcript(&[&["check", "varied.ron"], &["check", "early.ron"], &levelled]));
    let said = place.run(&["run", "early.ron"]);
    assert!(said.err.contains("warning: recovery cannot be judged"), "{}", said.err);
}

#[test]
fn what_is_probably_not_meant_is_a_warning_with_its_place() {
    let odd = SMALL
        .replace("lasts: \"5s\"", "lasts: \"50s\"")
        .replace("cap: \"1s\")), Timeout(\"1s\")", "cap: \"1s\")), Deadline(\"800ms\"), Timeout(\"1s\")")
        .replace(
            "sweep: (replications: 3)",
            "expect: [Recovery(p50: \"20s\", p90: \"10s\")],\n    sweep: (replications: 3, vary: { \"nodes.clients.count\": [10, 20, 10], \"nodes.clients.arrivals.rate\": [\"1k/s\", \"1000/s\"] })",
        );
    let endless = SMALL.replace(", Timeout(\"1s\")", "");
    assert_ne!(endless, SMALL);
    let place = Place::with(&[("odd.ron", &odd), ("endless.ron", &endless)]);
    super::keep("warnings", &place.transcript(&[&["check", "odd.ron"], &["check", "endless.ron"]]));
    assert_eq!(place.run(&["run", "odd.ron", "--quiet"]).err, "");
}

#[test]
fn what_can_have_no_effect_where_it_stands_is_a_warning() {
    let layers = "Cache(lifetime: \"1s\"), Coalesce(), Throttle(AwsAdaptive()), Balance(policy: Random()), \
                  Retry(attempts: 3, backoff: FullJitter(base: \"100ms\", cap: \"1s\")), Balance(policy: RoundRobin()), Fallback(on: []), \
                  Breaker(Resilience4j(sliding_window_size: 10, minimum_number_of_calls: 20)), Timeout(\"1s\")";
    let stack = SMALL.replace("Retry(attempts: 3, backoff: FullJitter(base: \"100ms\", cap: \"1s\")), Timeout(\"1s\")", layers);
    // Each of these is a default, or has something to act upon in one of the arms.
    let sound = stack
        .replace("calls: \"service\"", "keys: (count: 10), calls: \"service\"")
        .replace("Throttle(AwsAdaptive()), Balance(policy: Random()), ", "")
        .replace("Fallback(on: []), ", "")
        .replace(", minimum_number_of_calls: 20", "")
        .replace("faults: [", "faults: [EmergencyLever(edge: \"clients->service\", breakers: Disabled, at: \"10s\", lasts: \"1s\"), ");
    let faults = SMALL.replace(
        "faults: [",
        "faults: [EmergencyLever(edge: \"clients -> service\", breakers: ForcedOpen, at: \"10s\", lasts: \"1s\"), \
         ColdCache(edge: \"clients -> service\", at: \"11s\"), DiskSlow(node: \"service\", factor: 2, at: \"12s\", lasts: \"1s\"), \
         Pause(node: \"service\", pick: Count(2), at: \"13s\", lasts: \"1s\"), ",
    );
    let once = SMALL.replace("Poisson(rate: \"50/s\")", "AllAtOnce()");
    let files = [("stack.ron", stack.as_str()), ("sound.ron", &sound), ("faults.ron", &faults), ("once.ron", &once)];
    let place = Place::with(&files);
    let commands = files.map(|(file, _)| ["check", file]);
    super::keep("idle", &place.transcript(&commands.iter().map(<[_; 2]>::as_slice).collect::<Vec<_>>()));
    assert!(!place.run(&["check", "sound.ron"]).out.contains("warning"), "nothing is wrong with that");
}

#[test]
fn what_was_changed_on_the_command_line_stands_above_what_came_of_it() {
    let place = Place::with(&[("small.ron", SMALL)]);
    let change = ["small.ron", "--set", "nodes.clients.count=7", "--quiet"];
    let first = "Changed with --set: nodes.clients.count = 7\n\n";
    for command in ["run", "compare", "sweep"] {
        let said = place.run(&[&[command][..], &change].concat());
        assert!(said.out.starts_with(first), "{command}: {}", said.out);
        assert!(!place.run(&[command, "small.ron", "--quiet", "--format", "csv"]).out.contains("--set"), "data holds no talk");
    }
    assert!(!place.run(&["report", "results/small"]).out.contains("Changed"), "the last comparison changed nothing");
}

#[test]
fn a_service_that_nobody_calls_and_a_pool_that_nobody_shares_are_warnings() {
    let text = r#"(
        schema: 1, name: "idle", horizon: "10s",
        nodes: {
            "shoppers": Clients(count: 10, arrivals: Poisson(rate: "5/s"), calls: "shop"),
            "shop": Service(workers: 4, demand: Constant("5ms"), does: [Call("db"), Call("orders")]),
            "db": Service(workers: 4, demand: Constant("5ms")),
            "orders": Broker(),
            "worker": Service(workers: 4, demand: Constant("5ms"), consumes: [Consume(from: "orders")]),
            "forgotten": Service(workers: 4, demand: Constant("5ms")),
        },
        stacks: { "shop -> db": [Bulkhead(Semaphore(max_concurrent_calls: 5, pool: "connections"))] },
    )"#;
    let shared =
        text.replace("stacks: {", "stacks: { \"shop -> orders\": [Bulkhead(Semaphore(max_concurrent_calls: 5, pool: \"connections\"))], ");
    let place = Place::with(&[("alone.ron", text), ("shared.ron", &shared)]);
    let said = place.run(&["check", "alone.ron"]);
    let said = format!("{}{}", said.out, said.err);
    assert!(said.contains("nobody calls `forgotten` in any arm") && said.contains("nobody shares the pool `connections`"), "{said}");
    assert!(!said.contains("`worker`") && !said.contains("nobody calls `db`"), "{said}");
    let said = place.run(&["check", "shared.ron"]);
    assert!(!format!("{}{}", said.out, said.err).contains("nobody shares"), "{}", said.err);
}

#[test]
fn layers_that_never_act_are_warnings_and_layers_that_may_are_none() {
    let stacks = [
        (r#"[Retry(attempts: 1, backoff: Immediate()), Timeout("100ms")]"#, "`attempts: 1` never tries again"),
        (
            r#"[Retry(attempts: 3, backoff: Immediate(), budget: TokenBucket(capacity: 1, deposit: "10%")), Timeout("100ms")]"#,
            "`capacity: 1` never allows a retry",
        ),
        (
            r#"[Timeout("100ms"), Retry(attempts: 4, backoff: Constant(delay: "10s"))]"#,
            "no retry is in time: the first waits 10s at least, and the `Timeout(\"100ms\")` around it",
        ),
        (r#"[Hedge(AfterDelay(delay: "5s")), Timeout("100ms")]"#, "`delay: \"5s\"` never passes: what is hedged is over after 100ms"),
        (r#"[Hedge(AfterDelay(delay: "150ms")), Retry(attempts: 2, backoff: Immediate()), Timeout("100ms")]"#, ""),
        (r#"[Timeout("100ms"), Retry(attempts: 4, backoff: FullJitter(base: "10s", cap: "20s"))]"#, ""),
    ];
    for (stack, sentence) in stacks {
        let text = SMALL.replace("arms: {", &format!("arms: {{ \"meant\": (stacks: {{ \"clients -> service\": {stack} }}), "));
        assert_ne!(text, SMALL);
        let said = Place::with(&[("idle.ron", text.as_str())]).run(&["check", "idle.ron"]);
        let said = format!("{}{}", said.out, said.err);
        assert_eq!(said.contains("warning"), !sentence.is_empty(), "{stack}: {said}");
        assert!(said.contains(sentence) && said.contains("arms.meant.stacks") != sentence.is_empty(), "{stack}: {said}");
    }
}

#[test]
fn who_waits_for_ever_for_what_the_way_loses_is_a_warning() {
    let text = |arrivals: &str, stack: &str| {
        format!(
            r#"(schema: 1, name: "lossy", horizon: "10s",
                nodes: {{ "c": Clients(count: 5, arrivals: {arrivals}, calls: "s", domain: "x"), "s": Service(workers: 4, demand: Constant("5ms"), does: [Call("d")], domain: "x"), "d": Service(workers: 4, demand: Constant("5ms"), domain: "y") }},
                links: [Link(from: "x", to: "y", delay: Constant("1ms"), loss: "0.2%")], stacks: {{ {stack} }})"#
        )
    };
    let open = r#"Poisson(rate: "5/s")"#;
    let checked = |text: &str| {
        let said = Place::with(&[("lossy.ron", text)]).run(&["check", "lossy.ron"]);
        format!("{}{}", said.out, said.err)
    };
    let said = checked(&text(open, r#""c -> s": [Timeout("1s")]"#));
    let sentence = "0.2% of the messages over `s -> d` are lost, and each of them keeps a request, and what it holds, waiting for ever";
    assert!(said.contains(sentence) && said.contains(r#"write one: stacks: { "s -> d": [Timeout("1s")] }"#), "{said}");
    for ended in [r#""s -> d": [Timeout("1s")]"#, r#""c -> s": [Deadline(after: "1s", propagate: true)]"#] {
        let said = checked(&text(open, ended));
        assert!(!said.contains("for ever"), "{ended}: {said}");
    }
    let closed = r#"ClosedLoop(think: Exponential(mean: "100ms"))"#;
    let far = text(closed, r#""s -> d": [Timeout("1s")]"#).replace(r#"calls: "s", domain: "x""#, r#"calls: "s", domain: "y""#);
    assert!(checked(&far).contains("over `c -> s` are lost, and each of them keeps a client waiting for ever"), "{}", checked(&far));
}
