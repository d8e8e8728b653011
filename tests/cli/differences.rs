//! Of a broken run and of one that is not: does `diff` name what broke it?
//!
//! Three classic mistakes, each beside its mended variant under one seed. What is printed is read as a newcomer reads it, and held
//! against the trace of the broken run, which knows nothing of the other.

use super::{Place, SMALL};
use serde_json::Value;

/// What `diff` says of two arms, which have to differ.
fn told(scenario: &str, seed: &str, arms: [&str; 2]) -> String {
    let said = Place::with(&[]).run(&["diff", scenario, "--seed", seed, "--arm", arms[0], "--arm", arms[1]]);
    assert_eq!(said.code, Some(4), "{}{}", said.out, said.err);
    said.out
}

/// The events of a run.
fn events(scenario: &str, seed: &str, arm: &str) -> Vec<Value> {
    let place = Place::with(&[]);
    let said = place.run(&["run", scenario, "--seed", seed, "--arm", arm, "--quiet", "--trace", "run.jsonl"]);
    assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
    place.read("run.jsonl").lines().skip(1).map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// What stands between two words of a line.
fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = line.split_once(before)?.1;
    Some(rest.split_once(after).map_or(rest, |(found, _)| found))
}

/// The instant of an event as a line tells it.
fn instant(event: &Value) -> String {
    let nanos = event["at"].as_u64().expect("an event has an instant");
    format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[test]
fn of_a_register_without_write_back_it_is_the_answer_of_a_replica_that_never_got_the_write() {
    let told = told("abd-write-back", "1", ["without", "with"]);
    let broken = told.split_once("A breaks Linearizable, and B does not: ").expect("it says what is broken").1;
    let reads: Vec<&str> = broken.split("\n  A: ").skip(1).filter(|part| part.contains(" reads key ")).collect();
    // What a read was told is of a version that one of its answers names: a number, and among those of one number the greater value.
    let version = |read: &&str| {
        let value = between(read, "is told ", "\n")?.to_owned();
        let number = between(read, "is version ", &format!(" ({value})"))?.rsplit(' ').next()?.parse::<i64>().ok()?;
        Some((number, value))
    };
    let versions: Vec<(i64, String)> = reads.iter().filter_map(version).collect();
    assert_eq!(versions.len(), reads.len(), "{told}");
    let second =
        (1..reads.len()).find(|&place| versions[place] < versions[place - 1]).unwrap_or_else(|| panic!("no read goes back: {told}"));
    let (newer, older) = (&versions[second - 1].1, &versions[second].1);
    // The answers to the second read have the older value; whoever gave them had not got the newer one by then.
    let of_older =
        |line: &&str| line.contains(" answers: ") && between(line, " answers: ", "   (").is_some_and(|says| says.contains(older.as_str()));
    let answers: Vec<&str> = reads[second].lines().filter(of_older).collect();
    assert!(!answers.is_empty(), "no answer has {older}: {told}");
    let trace = events("abd-write-back", "1", "without");
    let keeps_newer = |event: &&Value| {
        let says = event["says"].as_str().unwrap_or_default();
        event["kind"] == "start" && says.starts_with("keep ") && says.contains(&format!("({newer})"))
    };
    assert!(trace.iter().any(|event| keeps_newer(&event)), "somebody got {newer}");
    for answer in answers {
        let (at, rest) = answer.trim().split_once("  ").expect("an instant comes first");
        let replica = rest.split(' ').next().expect("and then a replica");
        let heard = trace.iter().position(|event| event["kind"] == "reply" && event["peer"] == replica && instant(event) == at);
        let cause = trace[heard.unwrap_or_else(|| panic!("the trace has no {answer}"))]["cause"].as_u64().expect("it has a cause") as usize;
        let got = trace[..cause].iter().filter(keeps_newer).find(|event| event["node"] == replica);
        assert!(got.is_none(), "{replica} had got {newer} when it answered: {told}");
    }
}

#[test]
fn of_a_lock_without_fencing_it_is_the_write_of_the_holder_that_went_on() {
    let told = told("lock-and-pause", "1", ["no check", "fencing"]);
    let broken = told.split_once("A breaks OneWriterAtATime, and B does not: ").expect("it says what is broken").1;
    let lines: Vec<&str> = broken.lines().collect();
    let place = |what: &str| lines.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("no `{what}` in {told}"));
    let (write, goes_on) = (place(" hears write "), place(" goes on"));
    let (resource, holder) = (between(lines[write], "s  ", " hears"), between(lines[write], " from ", ":"));
    let of_holder = between(lines[goes_on], "s  ", " goes on");
    assert!(write < goes_on && resource.is_some() && holder == of_holder, "the holder that went on wrote: {told}");
    assert!(lines[write].contains("made of version "), "what it wrote was made of an old version: {told}");
    assert!(place("the fault pause of domain one ends") > goes_on, "{told}");
}

#[test]
fn of_counted_entries_of_earlier_terms_it_is_the_append_that_overwrites_the_committed_one() {
    let told = told("raft-figure-8", "1", ["counting", "own term"]);
    let broken = told.split_once("A breaks StateMachineSafety, and B does not: ").expect("it says what is broken").1;
    let entry = between(broken, " took entry ", " for committed").expect("it names the entry");
    let term = between(broken, "which is one of term ", ";").expect("it names its term");
    let committed = format!(
        "entry {entry} of term {}",
        between(broken, "committed before was one of term ", ".").expect("it names what was committed")
    );
    let overwrites = format!("entry {entry} of term {term},");
    let appends =
        |entry: &str| broken.lines().filter(|line| line.contains(" hears append_entries ") && line.contains(entry)).collect::<Vec<_>>();
    let (wrong, right) = (appends(&overwrites), appends(&committed));
    assert!(!wrong.is_empty() && !right.is_empty(), "{overwrites} or {committed} is not brought by anybody: {told}");
    // Somebody had the committed one before it was overwritten there.
    let node = |line: &&str| between(line, "s  ", " hears").map(str::to_owned);
    assert!(wrong.iter().any(|line| right.iter().any(|other| node(other) == node(line))), "nothing is overwritten: {told}");
}

#[test]
fn every_operation_that_shows_a_violation_is_told() {
    let why = Place::with(&[]).run(&["why", "abd-write-back", "violation", "--seed", "1"]).out;
    let shown = why.split_once("what was asked and answered").expect("it says what cannot be explained").1;
    let operations = shown.lines().skip(1).take_while(|line| !line.is_empty()).count();
    assert_eq!(operations, 5, "{why}");
    let told = told("abd-write-back", "1", ["without", "with"]);
    assert_eq!(told.lines().filter(|line| line.starts_with("  A: clients -> register #")).count(), operations, "{told}");
}

#[test]
fn the_same_calls_made_by_other_clients_are_another_run() {
    let place = Place::with(&[("small.ron", SMALL)]);
    let said = place.run(&["diff", "small.ron", "--seed", "1", "--arm", "none", "--with", "nodes.clients.count=20"]);
    assert_eq!(said.code, Some(4), "{}{}", said.out, said.err);
    let same = place.run(&["diff", "small.ron", "--seed", "1", "--arm", "none", "--with", "nodes.clients.count=10"]);
    assert!(same.code == Some(0) && same.out.contains("the same to the last event"), "{}{}", same.out, same.err);
}

/// Two holders of a lock, of which the first stands still with it.
const LENT_TWICE: &str = r#"(
    schema: 1, name: "lent-twice", horizon: "12s",
    nodes: { "app": Clients(count: 3, arrivals: ClosedLoop(think: Exponential(mean: "2s")), calls: "lock", domain: "room") },
    links: [Link(from: "room", to: "one", delay: Constant("1ms"))],
    groups: {
        "lock": DistributedLock(holders: 2, ttl: "5s", work: "500ms", prepares: "200ms", without: [Fencing, ExpiryCheck], domain: ["one"]),
    },
    properties: [OneWriterAtATime()],
    faults: [Pause(domain: "one", at: "2.5s", lasts: "6s")],
)"#;

#[test]
fn what_shows_a_violation_is_not_the_same_where_it_shows_none() {
    let place = Place::with(&[("x.ron", LENT_TWICE)]);
    let said = place.run(&["diff", "x.ron", "--seed", "1", "--with", "groups.lock.without=[ExpiryCheck]"]);
    let broken = said.out.split_once("A breaks OneWriterAtATime, and B does not: ").expect("it says what is broken").1;
    let shows = broken.lines().nth(1).expect("it tells what shows it");
    assert!(shows.contains("makes known: Writes member ") && !shows.ends_with("(in B, too)"), "{broken}");
    let against = broken.split_once("which is at odds with").expect("it tells what that is at odds with").1;
    let holder = broken.split_once(", which member ").and_then(|(_, rest)| rest.split(' ').next()).expect("it says who wrote that");
    let written: Vec<&str> = against.lines().skip(1).take(2).collect();
    assert!(written[0].ends_with(&format!("makes known: Writes member {holder}")), "{broken}");
    assert!(written[1].contains(" hears write "), "the write of the holder that went on: {broken}");
    assert!(against.contains("goes on") && against.contains("the fault pause of domain one begins"), "{broken}");
}
