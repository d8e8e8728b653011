//! Is what `why` says of a run true: which faults were on, what is out of the ordinary, which event shows it, and what led there?

use super::traces::CHAIN;
use super::{Place, Said};

/// Calls of which nothing is drawn, and a link that is slow for a moment.
const CONSTANT: &str = r#"(
    schema: 1, name: "constant", horizon: "5s",
    nodes: { "clients": Clients(count: 1, arrivals: ClosedLoop(think: Constant("50ms")), calls: "r") },
    groups: { "r": QuorumRegister(members: 3, reads: "0%") },
    links: [Link(from: "default", to: "default", delay: Constant("5ms"))],
    faults: [BadLink(from: "default", to: "default", delay: Constant("20ms"), at: "2s", lasts: "30ms")],
)"#;

/// Answers of a group are cut off until long after the run.
const CUT: &str = r#"(
    schema: 1, name: "cut", horizon: "2s", drain: "5s",
    nodes: { "clients": Clients(count: 1, arrivals: ClosedLoop(think: Constant("500ms")), calls: "db") },
    groups: { "db": PrimaryBackup(members: 3, keys: 1, reads: "0%") },
    links: [Link(from: "default", to: "default", delay: Constant("5ms"))],
    stacks: { "clients -> db": [Retry(attempts: 2, backoff: Constant(delay: "100ms")), Timeout("300ms")] },
    faults: [Cut(from: "db", to: "clients", one_way: true, at: "700ms", lasts: "10s")],
    properties: [Linearizable()],
)"#;

/// Participants vote without writing it down, under a storm that isolates them.
const COMMIT: &str = r#"(
    schema: 1, name: "commit", horizon: "20s", drain: "10s",
    nodes: { "clients": Clients(count: 3, arrivals: ClosedLoop(think: Exponential(mean: "100ms")), calls: "db") },
    groups: { "db": TwoPhaseCommit(decides_within: "2s", without: [LogsBeforeVoting]) },
    links: [Link(from: "default", to: "default", delay: Exponential(mean: "3ms"))],
    stacks: { "clients -> db": [Timeout("2s")] },
    storm: Storm(from: "1s", lasts: "15s", quiet: "3s", families: [
        Crash(node: "db", disk: UnsyncedLost), Pause(node: "db"), Isolation(node: "db", shape: One),
        Omission(node: "db", way: Send, share: "100%"),
        BadLink(from: "default", to: "default", delay: Exponential(mean: "50ms"), loss: "10%"),
    ], most: 10, shortest: "3ms", longest: "3s", max_down: 1),
    properties: [DecidesWithin()],
)"#;

/// A primary that acknowledges before anybody else knows.
const ASYNCHRONOUS: &str = r#"(
    schema: 1, name: "asynchronous", horizon: "20s", drain: "10s",
    nodes: { "clients": Clients(count: 5, arrivals: ClosedLoop(think: Exponential(mean: "50ms")), calls: "db") },
    groups: { "db": PrimaryBackup(members: 3, keys: 3, acknowledge: None) },
    links: [Link(from: "default", to: "default", delay: Exponential(mean: "3ms"))],
    stacks: { "clients -> db": [Timeout("1s")] },
    storm: Storm(from: "2s", lasts: "15s", quiet: "2s", families: [
        Crash(node: "db"), Crash(node: "db", pick: Primary), Pause(node: "db"), Isolation(node: "db", shape: One),
        BadLink(from: "default", to: "default", delay: Exponential(mean: "50ms"), loss: "10%"),
    ], most: 20, shortest: "3ms", longest: "3s", max_down: 1),
    properties: [KeepsAcknowledged()],
)"#;

/// Replicas that carry what was prepared into no other view, and liars.
const LIARS: &str = r#"(
    schema: 1, name: "liars", horizon: "10s", drain: "10s",
    nodes: { "clients": Clients(count: 3, arrivals: ClosedLoop(think: Exponential(mean: "100ms")), calls: "db") },
    groups: { "db": Pbft(members: 4, faults: 1, keys: 2, without: [PreparedCertificates]) },
    links: [Link(from: "default", to: "default", delay: Exponential(mean: "3ms"))],
    stacks: { "clients -> db": [Timeout("2s")] },
    faults: [Byzantine(node: "db", f: 1, beyond: true, conduct: Equivocate("50%"), at: "1s", lasts: "6s", label: "liars")],
    storm: Storm(from: "2s", lasts: "6s", quiet: "2s", families: [
        Pause(node: "db"), BadLink(from: "default", to: "default", delay: Exponential(mean: "50ms"), loss: "10%"), Isolation(node: "db", shape: One),
    ], most: 8, shortest: "3ms", longest: "1s", max_down: 1),
    properties: [Agreement()],
)"#;

/// A counter whose members add up what they hear twice.
const TOO_MUCH: &str = r#"(
    schema: 1, name: "too-much", horizon: "2s",
    nodes: { "clients": Clients(count: 4, arrivals: ClosedLoop(think: Exponential(mean: "50ms")), calls: "c") },
    groups: { "c": GrowOnlyCounter(members: 5, every: "200ms", without: [GreaterEntry]) },
    links: [Link(from: "default", to: "default", delay: Exponential(mean: "3ms"))],
    properties: [NeverTooMuch()],
)"#;

/// A server that stands still, and clients who do not wait for one another.
const PAUSED: &str = r#"(
    schema: 1, name: "paused", horizon: "5s",
    nodes: {
        "clients": Clients(count: 1, arrivals: Constant(rate: "10/s"), calls: "front"),
        "front": Service(workers: 1, demand: Constant("10ms")),
    },
    links: [Link(from: "default", to: "default", delay: Constant("1ms"))],
    faults: [Pause(node: "front[0]", at: "1s", lasts: "2s")],
)"#;

fn why(text: &str, arguments: &[&str]) -> (Place, Said) {
    let place = Place::with(&[("x.ron", text)]);
    let said = place.run(&[&["why", "x.ron"], arguments].concat());
    assert!(matches!(said.code, Some(0 | 1)), "{}{}", said.out, said.err);
    (place, said)
}

/// The lines behind a heading, up to the next empty one.
fn behind<'t>(told: &'t str, heading: &str) -> Vec<&'t str> {
    let mut lines = told.lines().skip_while(|line| !line.starts_with(heading));
    assert!(lines.next().is_some(), "`{heading}` is missing: {told}");
    lines.take_while(|line| !line.is_empty()).collect()
}

/// The instant at the begin of a line that tells of an event, in nanoseconds.
fn instant(line: &str) -> u64 {
    let mut words = line.split_whitespace().map(|word| word.trim_end_matches(','));
    let word = words.find(|word| word.ends_with('s') && word.contains('.')).expect("it says when");
    word.trim_end_matches('s').replace('.', "").parse().expect("it is a number")
}

#[test]
fn faults_that_were_on_since_the_first_cause_that_is_told_are_named() {
    let place = Place::with(&[]);
    let said = place.run(&["why", "lock-and-pause", "violation"]);
    let faults = behind(&said.out, "faults that were on meanwhile, from 17.997804027s on");
    assert_eq!(faults, ["  pause of domain one at lock[1] from 20.000000000s to 28.000000000s"], "{}", said.out);
    let said = place.run(&["why", "commit-and-crash", "violation", "--seed", "2"]);
    assert!(said.out.contains("knew of no decision for 20.130690956s"), "{}", said.out);
    let faults = behind(&said.out, "faults that were on meanwhile, from 2");
    assert_eq!(faults, ["  crash of db[0] from 30.000000000s to 50.000000000s"], "{}", said.out);
    let chain = behind(&said.out, "at which event that showed");
    let repeated = chain.iter().position(|line| line.contains("and the same ")).expect("it asks again and again");
    assert!(chain[repeated].ends_with(" times before, from 30.440510935s on"), "as long as nobody answers: {}", said.out);
    assert!(chain[repeated + 1..].iter().any(|line| line.contains("app makes the call")), "it leads to what was asked: {}", said.out);
    assert!(chain.last().is_some_and(|line| line.contains(" causes before") || line.contains("makes the call")), "{}", said.out);
}

#[test]
fn a_fault_that_cut_off_what_is_told_as_lost_is_named_first() {
    let (_, said) = why(COMMIT, &["violation", "--seed", "1"]);
    assert!(said.out.contains("is lost: cut"), "{}", said.out);
    let faults = behind(&said.out, "faults that were on meanwhile, from ");
    let cuts: Vec<bool> = faults.iter().map(|line| line.ends_with(": it cut off what is lost above")).collect();
    assert!(cuts.is_sorted_by_key(|cut| !cut), "what is proven comes first: {}", said.out);
    assert!(faults.iter().zip(&cuts).any(|(line, cut)| line.contains("isolated at db[0] from 10.335") && *cut), "{}", said.out);
    assert!(faults.iter().zip(&cuts).all(|(line, cut)| !(line.contains("bad link") && *cut)), "{}", said.out);
}

#[test]
fn what_is_the_same_for_every_call_is_no_bad_luck_and_what_a_fault_made_slow_is_marked() {
    let (_, said) = why(CONSTANT, &["slowest"]);
    let parts = behind(&said.out, "where its time went");
    assert!(parts[0].contains(" 63 %  requests") && parts[1].contains(" 37 %  in service"), "{}", said.out);
    let marked: Vec<&str> = said.out.lines().filter(|line| line.contains("longer than")).collect();
    let expected = "  request 25.0ms: longer than nearly all over clients -> r (median 5.00ms), while bad link default <-> default was on";
    assert_eq!(marked, [expected], "{}", said.out);
}

#[test]
fn the_event_that_shows_a_violation_is_the_one_by_which_it_was_seen() {
    let (_, said) = why(LIARS, &["violation", "--seed", "3"]);
    assert!(said.out.contains(" at place 96, "), "{}", said.out);
    let chain = behind(&said.out, "at which event that showed");
    assert!(chain[0].starts_with("  then ") && chain[0].ends_with(" 96"), "{}", said.out);
    assert!(chain[1].contains("hears commit"), "what was executed before is no cause: {}", said.out);
}

#[test]
fn sagas_that_end_at_one_instant_are_no_causes_of_each_other() {
    let said = Place::with(&[]).run(&["why", "saga-coordinator-dies", "violation", "--seed", "1"]);
    let saga = said.out.split_once(": saga ").and_then(|(_, rest)| rest.split(' ').next()).expect("it says which").to_owned();
    let chain = behind(&said.out, "at which event that showed");
    assert!(chain[0].contains("makes known: SagaLeftHalfway") && chain[0].ends_with(&format!(" {saga}")), "{}", said.out);
    assert_eq!(chain.iter().filter(|line| line.contains("SagaLeftHalfway")).count(), 1, "{}", said.out);
    assert!(chain.iter().any(|line| line.contains("orders[0] dies")), "it leads to the death of the coordinator: {}", said.out);
}

#[test]
fn a_picture_of_a_violation_has_the_ends_of_faults_and_the_fault_that_was_the_cause() {
    let (place, said) = why(ASYNCHRONOUS, &["violation", "--seed", "17", "--draw", "why.svg"]);
    let sentence = "member 0 leads now with ";
    assert!(said.out.contains(sentence) && said.out.contains(", which member ") && said.out.contains(" had acknowledged"), "{}", said.out);
    let cause = behind(&said.out, "at which event that showed").into_iter().last().expect("it has causes").to_owned();
    assert!(cause.contains("the fault storm 2: pause of db begins"), "{}", said.out);
    let picture = place.read("why.svg");
    let titles: Vec<&str> = picture.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next()).collect();
    let about = |what: &str| titles.iter().filter(|title| title.starts_with(what)).copied().collect::<Vec<_>>();
    assert_eq!(about("storm 2: pause of db at db[0]"), ["storm 2: pause of db at db[0] from 3.533000s to 6.081000s"], "{titles:?}");
    assert_eq!(about("db[0] is dead"), ["db[0] is dead from 2.239000s to 4.211000s"], "{titles:?}");
}

#[test]
fn an_attempt_of_which_nothing_more_is_told_is_over_with_its_call_and_a_fault_may_outlast_the_run() {
    let (_, said) = why(CUT, &["first-failure"]);
    let faults = behind(&said.out, "faults that were on meanwhile");
    assert_eq!(faults, ["  cut db -> clients from 0.700000000s on, and is on when the run ends"], "{}", said.out);
    let attempts: Vec<&str> = said.out.lines().filter(|line| line.starts_with("attempt ")).collect();
    assert_eq!(attempts.len(), 2, "{}", said.out);
    assert!(attempts[0].contains("nothing 395ms, lost at"), "until the next one is sent: {}", said.out);
    assert!(attempts[1].contains("nothing 295ms, lost at"), "until the call is over: {}", said.out);
    let parts = behind(&said.out, "where its time went");
    assert!(parts[0].contains("690ms") && parts[0].contains("answers that never came"), "{}", said.out);
}

#[test]
fn of_a_sum_that_is_too_great_it_is_told_what_was_heard_since_the_last_right_one() {
    let (_, said) = why(TOO_MUCH, &["NeverTooMuch", "--seed", "2"]);
    let shows = behind(&said.out, "at which event that showed")[0];
    let node = shows.split_once("s  ").and_then(|(_, rest)| rest.split(' ').next()).expect("it says who");
    let heading = format!("what {node} had heard since it made known Reads ");
    let heard = behind(&said.out, &heading);
    let since = said.out.lines().find(|line| line.starts_with(&heading)).map(instant).expect("it says since when");
    assert!(!heard.is_empty(), "{}", said.out);
    for line in heard {
        assert!(line.contains(&format!("{node} hears entries ")), "{}", said.out);
        assert!((since..=instant(shows)).contains(&instant(line)), "{}", said.out);
    }
}

#[test]
fn what_had_begun_before_a_part_of_a_trace_is_on_in_it() {
    let place = Place::with(&[("chain.ron", CHAIN)]);
    let traced = |file: &str, only: &str| {
        let said = place.run(&["run", "chain.ron", "--quiet", "--trace", file, "--only", only]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        place.read(file)
    };
    let (inside, after) = ("from=1100ms until=1400ms", "from=1600ms until=1900ms");
    let svg = traced("x.svg", inside);
    assert!(svg.contains("<title>crash of back[0] from 1.000000s on, and not over yet at 1."), "{svg}");
    assert!(svg.contains("<title>back[0] is dead from 1.000000s on"), "{svg}");
    let otlp = traced("x.otlp.json", inside);
    let begins = "\"startTimeUnixNano\":\"1000000000\"";
    assert!(otlp.contains("\"name\":\"crash of back[0]\"") && otlp.contains("\"name\":\"down\"") && otlp.contains(begins), "{otlp}");
    assert!(!otlp.contains("\"name\":\"life 1\""), "a life that was over before is not told: {otlp}");
    let chrome = traced("x.json", inside);
    assert!(chrome.contains("\"name\":\"crash of back[0]\"") && chrome.contains("\"ts\":1000000"), "{chrome}");
    let mermaid = traced("x.mmd", inside);
    assert!(mermaid.contains("crash of back[0] is on since 1.000000s") && mermaid.contains("is dead since 1.000000s"), "{mermaid}");
    for file in ["x.svg", "x.otlp.json", "x.json", "x.mmd"] {
        let told = traced(file, after);
        assert!(!told.contains("crash of") && !told.contains("is dead"), "what is over is not on: {told}");
        let told = traced(file, &format!("{inside} kind=send,deliver,start,answer,call"));
        assert!(!told.contains("crash of"), "who wants no faults gets none: {told}");
    }
    let lines = traced("x.jsonl", inside);
    assert!(!lines.contains("fault-begins"), "lines are the events that were chosen: {lines}");
}

#[test]
fn what_a_server_calls_is_explained_by_its_name_and_by_its_key_of_the_run_and_of_its_trace() {
    let place = Place::with(&[("chain.ron", CHAIN)]);
    assert_eq!(place.run(&["run", "chain.ron", "--quiet", "--trace", "t.jsonl"]).code, Some(0));
    let trace = place.read("t.jsonl");
    let calls = trace.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    // A call inside another one.
    let inner = calls.map(|event| event["call"].clone()).find(|call| call["within"].is_array() || call["within"].is_object());
    let inner = inner.expect("somebody calls on behalf of a client");
    let [name, key] = ["name", "key"].map(|field| inner[field].as_str().expect("it is text").to_owned());
    for source in ["chain.ron", "t.jsonl"] {
        for called in [&name, &key] {
            let said = place.run(&["why", source, called]);
            assert!(said.code == Some(0) && said.out.starts_with(&name), "{source} {called}: {}{}", said.out, said.err);
        }
    }
}

#[test]
fn time_in_which_a_request_lay_unheard_is_not_on_the_wire_and_the_pause_is_its_cause() {
    let (_, said) = why(PAUSED, &["slowest"]);
    let parts = behind(&said.out, "where its time went");
    assert!(parts[0].ends_with("at nodes that stood still"), "{}", said.out);
    assert!(parts.iter().any(|line| line.contains(" 1.00ms ") && line.ends_with("requests on the wire")), "{}", said.out);
    assert!(said.out.contains("while pause of front[0] was on"), "{}", said.out);
    let unheard = behind(&said.out, "what lay unheard, and why");
    for (line, what) in unheard.iter().zip(["lies unheard at front[0]", "front[0] stands still", "the fault pause of front[0] begins"]) {
        assert!(line.contains(what), "{}", said.out);
    }
}

#[test]
fn of_a_write_over_another_it_is_told_who_made_that_and_that_its_maker_had_stood_still() {
    let place = Place::with(&[]);
    let said = place.run(&["why", "lock-and-pause", "violation", "--arm", "no check", "--seed", "2", "--draw", "why.svg"]);
    let (holder, rest) =
        said.out.split_once(", which member ").and_then(|(_, rest)| rest.split_once(" wrote with token ")).expect("it says who");
    let at = rest.lines().next().and_then(|line| line.split_once(" at ")).expect("it says when").1.trim_end_matches('s');
    let against = behind(&said.out, "what that is at odds with");
    assert!(against[0].contains(at) && against[0].ends_with(&format!("makes known: Writes member {holder}")), "{}", said.out);
    let still = behind(&said.out, "what nodes had done last before they stood still");
    assert!(still.iter().any(|line| line.contains(" hears grant ")), "the lease under which it wrote: {}", said.out);
    let fault = said.out.lines().find(|line| line.contains("the fault pause of domain one begins")).expect("the pause is a cause");
    let picture = place.read("why.svg");
    assert!(picture.contains("pause of domain one at lock["), "{fault}");
    assert_eq!(picture.matches("l7 7l-7 7l-7 -7Z\" fill=\"#d55e00\"").count(), 1, "the write that shows it stands out");
}

#[test]
fn a_picture_has_every_message_that_the_text_tells() {
    let place = Place::with(&[]);
    let said = place.run(&["why", "raft-figure-8", "StateMachineSafety", "--arm", "counting", "--draw", "why.svg"]);
    let picture = place.read("why.svg");
    let titles: Vec<&str> = picture.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next()).collect();
    let told = said.out.lines().filter(|line| line.contains(" hears "));
    let mut count = 0;
    for line in told {
        let (at, message) =
            (instant(line), line.split_once(" hears ").expect("it does").1.split(" from ").next().expect("a message has a name"));
        let end = format!(" to {}.{:06}s", at / 1_000_000_000, at / 1_000 % 1_000_000);
        assert!(titles.iter().any(|title| title.contains(message) && title.contains(&end)), "{line} is missing: {titles:?}");
        count += 1;
    }
    assert!(count > 2, "{}", said.out);
    assert!(!titles.iter().any(|title| title.contains("clients")), "no call is told of: {titles:?}");
}
