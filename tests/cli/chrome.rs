//! Does a file of Chrome trace events keep the rules of its format?
//!
//! The rules are those of the "Trace Event Format" document (D. Sinclair, N. Duca, Google): what each phase needs, that asynchronous events of one
//! category and id are pairs of one process, that arrows begin and end inside of slices, that processes and threads are named, and that times are
//! microseconds, here with at most three digits behind the point. Perfetto's own parser is asked where it is installed (`traces.rs`).

use super::Place;
use super::traces::CHAIN;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who a slice belongs to: process and thread.
type Lane = (u64, u64);

/// What is wrong with a file, each in a sentence.
fn complaints(file: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if !matches!(file["displayTimeUnit"].as_str(), Some("ms" | "ns")) {
        wrong.push(format!("displayTimeUnit is {}", file["displayTimeUnit"]));
    }
    let events = file["traceEvents"].as_array().map_or(&[][..], Vec::as_slice);
    let (mut slices, mut arrows) = (BTreeMap::<Lane, Vec<(f64, f64)>>::new(), BTreeMap::<String, Vec<&Value>>::new());
    let mut open: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    let (mut named, mut used) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        wrong.extend(misshapen(event).map(|what| format!("{what}: {event}")));
        let lane = (number(event, "pid") as u64, number(event, "tid") as u64);
        let id = || (event["cat"].to_string(), event["id"].to_string());
        match event["ph"].as_str().unwrap_or_default() {
            "M" => drop(named.insert((lane.0, if event["name"] == "process_name" { None } else { Some(lane.1) }))),
            "b" => open.entry(id()).or_default().push(event),
            "e" => match open.entry(id()).or_default().pop() {
                Some(begin) if begin["pid"] == event["pid"] && number(begin, "ts") <= number(event, "ts") => {}
                other => wrong.push(format!("what ends did not begin before, and there: {event} {other:?}")),
            },
            "X" => slices.entry(lane).or_default().push((number(event, "ts"), number(event, "ts") + number(event, "dur"))),
            "s" | "f" => arrows.entry(format!("{} {}", event["cat"], event["id"])).or_default().push(event),
            _ => {}
        }
        used.insert((lane.0, None));
        used.extend(matches!(event["ph"].as_str(), Some("X" | "i")).then_some((lane.0, Some(lane.1))));
    }
    wrong.extend(open.values().flatten().map(|event| format!("it never ends: {event}")));
    wrong.extend(used.difference(&named).map(|(pid, tid)| format!("process {pid}, thread {tid:?} has no name")));
    for ends in arrows.values() {
        let phases: Vec<&str> = ends.iter().filter_map(|event| event["ph"].as_str()).collect();
        if phases != ["s", "f"] || ends[0]["name"] != ends[1]["name"] || number(ends[0], "ts") > number(ends[1], "ts") {
            wrong.push(format!("an arrow has a begin and then an end: {ends:?}"));
        }
        for end in ends {
            let lane = (number(end, "pid") as u64, number(end, "tid") as u64);
            let holds = |(from, until): &(f64, f64)| (*from..=*until).contains(&number(end, "ts"));
            if !slices.get(&lane).is_some_and(|slices| slices.iter().any(holds)) {
                wrong.push(format!("an arrow ends in no slice: {end}"));
            }
        }
    }
    wrong
}

fn number(event: &Value, field: &str) -> f64 {
    event[field].as_f64().unwrap_or(f64::NAN)
}

/// What an event lacks, or has too much of.
fn misshapen(event: &Value) -> Option<String> {
    let phase = event["ph"].as_str()?;
    let needed: &[&str] = match phase {
        "M" => &["name", "ph", "pid", "tid", "args"],
        "b" | "e" => &["name", "ph", "pid", "tid", "ts", "cat", "id"],
        "X" => &["name", "ph", "pid", "tid", "ts", "dur"],
        "s" => &["name", "ph", "pid", "tid", "ts", "cat", "id"],
        "f" => &["name", "ph", "pid", "tid", "ts", "cat", "id", "bp"],
        "i" => &["name", "ph", "pid", "tid", "ts", "s"],
        "C" => &["name", "ph", "pid", "ts", "args"],
        other => return Some(format!("`{other}` is a phase that nobody needs here")),
    };
    let optional = ["args", "cat", "cname"];
    let fields = event.as_object()?;
    if let Some(missing) = needed.iter().find(|field| !fields.contains_key(**field)) {
        return Some(format!("it lacks {missing}"));
    }
    if let Some(odd) = fields.keys().find(|field| !needed.contains(&field.as_str()) && !optional.contains(&field.as_str())) {
        return Some(format!("`{odd}` means nothing in it"));
    }
    let is_number = |field: &&str| !needed.contains(field) || event[*field].as_u64().is_some();
    if let Some(text) = ["pid", "tid"].iter().find(|field| !is_number(field)) {
        return Some(format!("{text} is no number"));
    }
    let is_time = |field: &str| {
        // Nanoseconds, which are thousandths.
        let nanos = number(event, field) * 1000.0;
        !needed.contains(&field) || nanos >= 0.0 && (nanos - nanos.round()).abs() < 1e-3
    };
    let odd = ["ts", "dur"].into_iter().find(|field| !is_time(field));
    odd.map(|field| format!("{field} is no time")).or_else(|| {
        let is_named = event["name"].as_str().is_some_and(|name| !name.is_empty());
        let is_scope = phase != "i" || matches!(event["s"].as_str(), Some("g" | "p" | "t"));
        let is_bound = phase != "f" || event["bp"] == "e";
        (!(is_named && is_scope && is_bound)).then(|| "it has no name, or no scope, or binds to the next slice".to_owned())
    })
}

fn written(arguments: &[&str]) -> Value {
    let place = Place::with(&[("chain.ron", CHAIN)]);
    let said = place.run(&[arguments, &["--quiet", "--trace", "trace.json"]].concat());
    assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
    serde_json::from_str(&place.read("trace.json")).expect("it is JSON")
}

#[test]
fn every_event_keeps_the_rules_of_its_phase() {
    let services = written(&["run", "chain.ron"]);
    let group = written(&["run", "raft-leader-crash", "--only", "from=58s until=62s"]);
    let commits = written(&["run", "commit-and-crash", "--only", "from=29s until=31s"]);
    for file in [&services, &group, &commits] {
        assert_eq!(complaints(file), Vec::<String>::new());
    }
    assert!(services["traceEvents"].as_array().is_some_and(|events| events.len() > 100));
}

#[test]
fn a_file_that_breaks_a_rule_is_found() {
    let services = written(&["run", "chain.ron"]);
    let spoilt = |phase: &str, field: &str, value: Value| {
        let mut file = services.clone();
        let events = file["traceEvents"].as_array_mut().expect("it has events");
        let event = events.iter_mut().find(|event| event["ph"] == phase).expect("there is such an event");
        event[field] = value;
        complaints(&file)
    };
    for (phase, field, value) in [
        ("b", "id", Value::from("nobody")),
        ("e", "pid", Value::from(99)),
        ("e", "ts", Value::from(-1.0)),
        ("s", "ts", Value::from(0.5)),
        ("f", "bp", Value::from("x")),
        ("X", "dur", Value::from("long")),
        ("X", "tid", Value::from(77)),
        ("X", "ts", Value::from(0.000_5)),
    ] {
        let found = spoilt(phase, field, value.clone());
        assert!(!found.is_empty(), "{phase}.{field} = {value} is not found");
    }
}
