//! Seeds searched for what breaks, written to files, and repeated from them: by others, and with what may have happened to the file.

use super::{Place, keep};

/// A storm that sometimes harms: every call is to succeed, and a crash at the wrong time breaks that.
pub(super) const STORMY: &str = r#"// A shop of three that a storm strikes: nobody shall notice.
(
    schema: 1, name: "stormy", horizon: "20s",
    nodes: {
        "clients": Clients(count: 5, arrivals: Poisson(rate: "5/s"), calls: "shop", domain: "internet"),
        "shop": Service(replicas: 3, workers: 1, demand: Exponential(mean: "10ms"), domain: "zone-a"),
    },
    links: [Link(from: "internet", to: "zone-a", delay: Exponential(mean: "5ms"))],
    storm: Storm(
        from: "5s", lasts: "10s", quiet: "1s", most: 3,
        families: [Crash(node: "shop"), SlowNode(node: "shop", factor: 3.0), Cut(from: "internet", to: "zone-a")],
    ),
    arms: {
        "one retry": (stacks: { "clients -> shop": [Retry(attempts: 2, backoff: Immediate()), Timeout("200ms")] }),
        "patient": (stacks: { "clients -> shop": [Deadline("19s"), Retry(attempts: 100, backoff: Constant(delay: "500ms")), Timeout("200ms")] }),
    },
    expect: [Availability(at_least: "100%")],
)
"#;

fn stormy() -> Place {
    Place::with(&[("stormy.ron", STORMY)])
}

/// A repro file of the first failure, and its name.
fn repro(place: &Place) -> String {
    let said = place.run(&["search", "stormy.ron", "--failures", "1", "--quiet"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let again = said.out.lines().find_map(|line| line.trim().strip_prefix("again: stormglass replay ")).expect("it says how to repeat it");
    again.to_owned()
}

#[test]
fn a_search_tells_the_seed_first_and_writes_a_file_for_every_failure() {
    let place = stormy();
    let said = place.run(&["search", "stormy.ron", "--seeds", "1..300", "--failures", "5", "--jobs", "1"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.starts_with("seed="), "{}", said.out);
    assert!(said.err.contains("seeds in") && said.err.contains("a second"), "{}", said.err);
    assert!(said.err.contains("goes on from there"), "{}", said.err);
    let files = place.files("repros");
    assert_eq!(files.len(), 5, "{:?}", files.keys());
    for jobs in ["2", "7"] {
        let again = place.run(&["search", "stormy.ron", "--seeds", "1..300", "--failures", "5", "--jobs", jobs, "--out", jobs]);
        assert_eq!(again.out.replace(&format!("{jobs}/"), "repros/"), said.out);
        super::assert_same_files(&place.files(jobs), &files);
    }
    keep("search", &said.out);
}

#[test]
fn an_arm_that_bears_every_storm_is_searched_in_vain() {
    let place = stormy();
    let said = place.run(&["search", "stormy.ron", "--seeds", "200", "--arm", "patient", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.err.contains("no promise was broken"), "{}", said.err);
    assert!(!place.path().join("repros").exists());
}

#[test]
fn a_failure_is_repeated_from_its_file_alone_with_its_own_exit_code() {
    let place = stormy();
    let file = repro(&place);
    let text = place.read(&file);
    let other = Place::with(&[("sent.ron", &text)]);
    let said = other.run(&["replay", "sent.ron", "--lines", "3"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.err.contains("the same run to the last of its"), "{}", said.err);
    assert!(said.out.contains("availability at least 100%: broken Availability"), "{}", said.out);
    // It is the run that `run` makes of the seed, too.
    let seed = said.err.split(['=', ' ']).nth(1).expect("the seed comes first").to_owned();
    let digest = said.out.lines().find(|line| line.starts_with("digest ")).expect("a digest is printed").to_owned();
    let made = place.run(&["run", "stormy.ron", "--seed", &seed, "--quiet"]);
    assert!(made.out.contains(&digest), "{}\n{}", made.out, said.out);
}

#[test]
fn a_bred_failure_is_repeated_from_its_file() {
    let place = stormy();
    let said = place.run(&["search", "stormy.ron", "--seeds", "101..400", "--failures", "1000", "--quiet"]);
    let bred = said
        .out
        .lines()
        .skip_while(|line| !line.contains(" storm of seed "))
        .find_map(|line| line.trim().strip_prefix("again: stormglass replay "));
    let bred = bred.unwrap_or_else(|| panic!("half of two hundred seeds were bred: {}", said.out));
    let again = place.run(&["replay", bred, "--lines", "1"]);
    assert_eq!(again.code, Some(1), "{}{}", again.out, again.err);
    let own = place.run(&["search", "stormy.ron", "--seeds", "101..400", "--failures", "1000", "--quiet", "--own-storms"]);
    assert!(!own.out.contains(" storm of seed "), "{}", own.out);
}

#[test]
fn a_trace_is_printed_around_an_instant_an_event_or_what_fits() {
    let place = stormy();
    let file = repro(&place);
    let lines = |arguments: &[&str]| place.run(&[&["replay", &file, "--lines", "6"], arguments].concat());
    let fault = lines(&["--break", "kind=fault"]);
    assert!(fault.out.lines().nth(3).is_some_and(|line| line.contains("FAULT")), "half of six lines come before it: {}", fault.out);
    let node = lines(&["--break", "node=shop[1] kind=start"]);
    assert!(node.out.lines().take(4).any(|line| line.contains("start") && line.contains("shop[1]")), "{}", node.out);
    let event = lines(&["--event", "100"]);
    assert_eq!(event.out.lines().filter(|line| line.contains("clients -> shop")).count(), 6, "{}", event.out);
    let none = lines(&["--break", "text=nothing-of-this-kind"]);
    assert!(none.err.contains("no line fits: the last event was at"), "{}", none.err);
    let beyond = lines(&["--event", "99999999"]);
    assert!(beyond.err.contains("there is no event 99999999"), "{}", beyond.err);
    assert_eq!([fault.code, node.code, event.code, none.code, beyond.code], [Some(1); 5], "it is a failing run however it is looked at");
}

#[test]
fn a_file_that_is_not_what_it_was_is_refused_with_the_reason() {
    let place = stormy();
    let file = repro(&place);
    let text = place.read(&file);
    let seed = text.lines().find(|line| line.starts_with("    seed: ")).expect("it names its seed").to_owned();
    place.write("edited.ron", text.replace(&seed, "    seed: 4711,").as_bytes());
    place.write("cut.ron", &text.as_bytes()[..text.len() / 2]);
    place.write("damaged.ron", &[text.as_bytes(), &[0xff, 0xfe]].concat());
    place.write("form.ron", text.replace("repro: 1,", "repro: 2,").as_bytes());
    let behaviour = text.lines().find(|line| line.contains("behaviour: ")).expect("it names its version");
    place.write("older.ron", text.replace(behaviour, "    tool: \"0.0.1\", behaviour: 1, trace: 1,").as_bytes());
    let refused = [
        ("edited.ron", "is not repeated: its checksum is"),
        ("cut.ron", "the repro file is cut off"),
        ("damaged.ron", "is damaged: byte"),
        ("form.ron", "a repro file of form 2, and this version reads form 1"),
        ("older.ron", "is not repeated: its checksum is"),
    ];
    for (name, reason) in refused {
        let said = place.run(&["replay", name]);
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.out, said.err);
        assert!(said.err.contains(reason), "{name}: {}", said.err);
    }
    // Somebody who insists hears where the runs part: another seed at once, another version's run nowhere.
    let edited = place.run(&["replay", "edited.ron", "--as-far-as-possible"]);
    assert_eq!(edited.code, Some(4), "{}", edited.err);
    assert!(edited.err.contains("this is not the recorded run: the same up to event 0"), "{}", edited.err);
    let older = place.run(&["replay", "older.ron", "--as-far-as-possible", "--lines", "1"]);
    assert_eq!(older.code, Some(1), "{}", older.err);
    assert!(older.err.contains("behaviour version 1"), "{}", older.err);
}

#[test]
fn mistakes_with_search_and_replay_are_named() {
    let place = stormy();
    let file = repro(&place);
    let commands: [&[&str]; 9] = [
        &["search", "stormy.ron", "--seeds", "9..1"],
        &["search", "stormy.ron", "--seeds", "some"],
        &["search", "stormy.ron", "--arm", "one retri"],
        &["search", "stormy.ron", "--failures", "0"],
        &["search", "missing.ron"],
        &["replay", "stormy.ron"],
        &["replay", &file, "--seed", "3"],
        &["replay", &file, "--break", "db[1]"],
        &["replay", &file, "--event", "3", "--at", "3s"],
    ];
    keep("search_mistakes", &place.transcript(&commands));
}

#[test]
fn a_folder_that_cannot_be_written_ends_the_search_before_it_begins() {
    let place = stormy();
    place.write("repros", b"a file");
    let said = place.run(&["search", "stormy.ron", "--quiet"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "nothing is tried");
    assert!(said.err.contains("repros is a file, and repro files need a folder; choose another one with --out"), "{}", said.err);
}

#[test]
fn names_in_a_scenario_lead_no_file_out_of_its_folder() {
    let place = Place::with(&[("evil.ron", &STORMY.replace("\"stormy\"", "\"../../evil\"").replace("\"one retry\"", "\"/etc/../x\""))]);
    let said = place.run(&["search", "evil.ron", "--failures", "1", "--out", "deep/down", "--quiet"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let files = place.files(".");
    assert!(files.keys().all(|name| name == "evil.ron" || name.starts_with("deep/down/------evil.")), "{:?}", files.keys());
}

#[test]
fn a_file_of_an_earlier_search_is_never_written_over_by_that_of_another_run() {
    let place = stormy();
    let search = |change: &str| {
        let said = place.run(&["search", "stormy.ron", "--seeds", "1..1", "--quiet", "--set", change]);
        assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
        said.out
            .lines()
            .find_map(|line| line.trim().strip_prefix("again: stormglass replay "))
            .expect("it says how to repeat it")
            .to_owned()
    };
    let first = search("horizon=20s");
    let before = place.read(&first);
    let other = search("horizon=20001ms");
    assert_eq!((first.as_str(), other.as_str()), ("repros/stormy.one-retry.seed-1.ron", "repros/stormy.one-retry.seed-1.2.ron"));
    assert_eq!(place.read(&first), before);
    assert_eq!((search("horizon=20s"), search("horizon=20001ms")), (first, other), "the same run is the same file");
    assert_eq!(place.files("repros").len(), 2);
}

#[test]
fn a_search_for_which_there_was_no_time_says_nothing_of_the_scenario() {
    let place = stormy();
    for (budget, reason) in [("0s", "in no time no seed is tried"), ("-1s", "`-1s` is not a duration")] {
        let said = place.run(&["search", "stormy.ron", "--budget", budget]);
        assert!(said.code == Some(2) && said.err.contains(reason), "{budget}: {}", said.err);
    }
    let said = place.run(&["search", "stormy.ron", "--budget", "1ns", "--seeds", "5"]);
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    assert!(
        said.err.contains("the time is over (--budget): 0 of 5 seeds were tried, and `--seeds 1..5` goes on")
            && !said.err.contains("no promise was broken"),
        "{}",
        said.err
    );
    assert_eq!(place.run(&["search", "stormy.ron", "--budget", "1h", "--seeds", "1..1", "--quiet"]).code, Some(1));
}
