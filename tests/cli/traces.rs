//! Traces in every form, the differences between runs, and why they are as they are.

use super::{Place, SMALL, keep};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Two services, a crash and a link that loses now and then: short enough for a picture.
pub(super) const CHAIN: &str = r#"// A service calls another one, which crashes.
(
    schema: 1, name: "chain", horizon: "3s",
    nodes: {
        "clients": Clients(count: 3, arrivals: Constant(rate: "5/s"), calls: "front", domain: "internet"),
        "front": Service(workers: 2, demand: Constant("5ms"), does: [Call("back")], domain: "zone"),
        "back": Service(replicas: 2, workers: 1, demand: Exponential(mean: "20ms"), domain: "zone"),
    },
    links: [Link(from: "internet", to: "zone", delay: Constant("10ms"), loss: "2%")],
    faults: [Crash(node: "back[0]", at: "1s", lasts: "500ms")],
    stacks: { "front -> back": [Retry(attempts: 3, backoff: Constant(delay: "20ms")), Timeout("100ms")], "clients -> front": [Timeout("1s")] },
)
"#;

fn chain() -> Place {
    Place::with(&[("chain.ron", CHAIN), ("small.ron", SMALL)])
}

fn traced(place: &Place, file: &str, more: &[&str]) -> String {
    let arguments: Vec<&str> = ["run", "chain.ron", "--quiet", "--trace", file].into_iter().chain(more.iter().copied()).collect();
    let said = place.run(&arguments);
    assert_eq!(said.code, Some(0), "{}", said.err);
    place.read(file)
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// Whether a value fits a schema: of JSON Schema, only what our schemas use.
fn misfit(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfit(value, root.pointer(name.trim_start_matches('#')).expect("the schema refers to what it defines"), root);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let misfits: Vec<_> = choices.iter().map(|choice| misfit(value, choice, root)).collect();
        let fitting = misfits.iter().filter(|misfit| misfit.is_none()).count();
        return (fitting != 1).then(|| format!("{value} fits {fitting} of the choices: {misfits:?}"));
    }
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some(other) => panic!("a type that this test does not know: {other}"),
        None => true,
    };
    let is_known =
        schema["enum"].as_array().is_none_or(|known| known.contains(value)) && (schema["const"].is_null() || schema["const"] == *value);
    let is_large = schema["minimum"].as_i64().is_none_or(|least| value.as_i64().is_none_or(|value| value >= least));
    let pattern = schema["pattern"].as_str();
    let is_hex = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let fits_pattern = pattern.is_none_or(|pattern| pattern == "^[0-9a-f]{16}$" && value.as_str().is_some_and(is_hex));
    if !(is_of_type && is_known && is_large && fits_pattern) {
        return Some(format!("{value} does not fit {schema}"));
    }
    if let Some(object) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten();
        if let Some(missing) = required.filter_map(Value::as_str).find(|name| !object.contains_key(*name)) {
            return Some(format!("{value} lacks {missing}"));
        }
        for (name, inner) in object {
            match schema["properties"].get(name) {
                Some(schema) => {
                    if let Some(misfit) = misfit(inner, schema, root) {
                        return Some(misfit);
                    }
                }
                None if schema["additionalProperties"] == false => return Some(format!("{name} is not foreseen in {value}")),
                None => {}
            }
        }
    }
    let items = value.as_array().into_iter().flatten();
    items.filter(|_| schema["items"].is_object()).find_map(|item| misfit(item, &schema["items"], root))
}

#[test]
fn json_lines_fit_the_published_schema_and_causes_are_earlier_events() {
    let place = chain();
    let schema: Value = serde_json::from_str(&place.run(&["schema", "trace"]).out).expect("the schema is JSON");
    let lines = json_lines(&traced(&place, "all.jsonl", &[]));
    for line in &lines {
        assert_eq!(misfit(line, &schema, &schema), None);
    }
    let wrong = serde_json::json!({ "id": 1, "at": 5, "kind": "sent" });
    assert!(misfit(&wrong, &schema, &schema).is_some(), "the test can tell what does not fit");
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&first["trace"], &first["scenario"]), (&Value::from(1), &Value::from("chain")));
    assert_eq!(last["events"], Value::from(lines.len() as u64 - 2));
    let events = &lines[1..lines.len() - 1];
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["id"], Value::from(index as u64 + 1));
        assert!(event["cause"].as_u64().is_none_or(|cause| cause <= index as u64), "{event}");
    }
    let second = events.iter().filter(|event| event["node"] == "back[0]" && event["life"] == 2).count();
    assert!(second > 0, "the second life of a node that returns is told");
    let digest = last["digest"].as_str().expect("a trace ends with the digest").to_owned();
    let run = place.run(&["run", "chain.ron"]);
    assert!(run.out.contains(&format!("digest {digest}")), "tracing changes no digest: {}", run.out);
}

#[test]
fn a_trace_is_as_long_as_what_was_chosen_and_numbers_stay() {
    let place = chain();
    let whole = json_lines(&traced(&place, "all.jsonl", &[]));
    let number = |event: &Value| event["id"].as_u64();
    let chosen = |conditions: &str| json_lines(&traced(&place, "some.jsonl", &["--only", conditions]));
    let kinds = chosen("kind=fault,node-dies");
    assert_eq!(kinds.iter().filter_map(|event| event["kind"].as_str()).collect::<Vec<_>>(), ["fault-begins", "node-dies", "fault-ends"]);
    let at_back = chosen("node=back from=500ms until=1500ms");
    assert!(at_back.len() > 10);
    for event in at_back.iter().filter(|event| event["id"].is_u64()) {
        let at = event["at"].as_u64().expect("an event has an instant");
        assert!((500_000_000..=1_500_000_000).contains(&at));
        let is_there = [&event["node"], &event["peer"]].into_iter().any(|node| node.as_str().is_some_and(|node| node.starts_with("back[")));
        assert!(is_there || event["kind"].as_str().is_some_and(|kind| kind.starts_with("fault-")), "{event}");
        assert!(whole.iter().any(|other| number(other) == number(event) && other["cause"] == event["cause"]), "numbers and causes stay");
    }
    let name = whole[1]["call"]["name"].as_str().expect("the first event is a call");
    let calls = chosen(&format!("call=\"{name}\""));
    assert!(calls.len() > 4 && calls.iter().filter(|event| event["id"].is_u64()).all(|event| event["call"]["name"] == name));
    assert_eq!(calls[0]["only"], Value::from(format!("call=\"{name}\"")));
    let text = traced(&place, "some.txt", &["--only", "kind=node"]);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(traced(&place, "all.txt", &[]).lines().count() > 100);
}

#[test]
fn spans_of_a_call_are_one_tree_with_its_retries_as_siblings() {
    let place = chain();
    let file: Value = serde_json::from_str(&traced(&place, "trace.otlp.json", &[])).expect("it is JSON");
    let mut spans: BTreeMap<String, (&Value, String)> = BTreeMap::new();
    let mut traces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in file["resourceSpans"].as_array().expect("TracesData has resourceSpans") {
        let attributes = resource["resource"]["attributes"].as_array().expect("a resource has attributes");
        let instance = attributes.iter().find(|attribute| attribute["key"] == "service.instance.id").expect("it says which");
        let instance = instance["value"]["stringValue"].as_str().expect("a name is text").to_owned();
        for scope in resource["scopeSpans"].as_array().expect("a resource has scopes") {
            for span in scope["spans"].as_array().expect("a scope has spans") {
                let id = |name: &str, length: usize| {
                    let text = span[name].as_str().unwrap_or_else(|| panic!("{span} lacks {name}"));
                    assert!(
                        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.bytes().any(|byte| byte != b'0')
                    );
                    text.to_owned()
                };
                let nanos = |name: &str| span[name].as_str().and_then(|text| text.parse::<u64>().ok()).expect("times are decimal text");
                assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"), "{span}");
                assert!((1..=3).contains(&span["kind"].as_u64().expect("a span has a kind")) && span["name"].is_string());
                assert!(matches!(span["status"]["code"].as_u64(), Some(1 | 2)), "{span}");
                let known =
                    ["traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "status"];
                assert!(span.as_object().expect("a span is an object").keys().all(|key| known.contains(&key.as_str())));
                traces.entry(id("traceId", 32)).or_default().insert(id("spanId", 16));
                assert!(spans.insert(id("spanId", 16), (span, instance.clone())).is_none(), "a span has an id of its own: {span}");
            }
        }
    }
    assert!(spans.len() > 60, "{}", spans.len());
    let mut siblings: BTreeMap<&str, usize> = BTreeMap::new();
    for (span, instance) in spans.values() {
        let Some(parent) = span["parentSpanId"].as_str() else { continue };
        let (around, _) = spans.get(parent).unwrap_or_else(|| panic!("{span} is inside of what is not there"));
        assert_eq!(around["traceId"], span["traceId"]);
        if span["name"].as_str().is_some_and(|name| name.starts_with("attempt ")) {
            *siblings.entry(parent).or_default() += 1;
            assert_eq!(around["name"].as_str().map(|name| name.split(" -> ").next() == instance.split('[').next()), Some(true));
        }
    }
    assert!(siblings.values().any(|count| *count > 1), "a retry is beside the first attempt");
    let of_one_call = traces.values().map(BTreeSet::len).max();
    assert!(of_one_call.is_some_and(|count| count >= 6), "a client's call and what is called for it are one trace: {of_one_call:?}");
}

#[test]
fn a_file_for_perfetto_has_pairs_of_events_and_arrows_with_two_ends() {
    let place = chain();
    let file: Value = serde_json::from_str(&traced(&place, "trace.json", &[])).expect("it is JSON");
    let events = file["traceEvents"].as_array().expect("it has events");
    let mut open: BTreeMap<(String, String), (f64, u64)> = BTreeMap::new();
    let mut arrows: BTreeMap<u64, Vec<(String, f64, u64)>> = BTreeMap::new();
    let mut slices: Vec<(u64, f64)> = Vec::new();
    let mut names = BTreeSet::new();
    for event in events {
        let (phase, process) = (event["ph"].as_str().expect("an event has a phase"), event["pid"].as_u64().expect("and a process"));
        let at = || event["ts"].as_f64().expect("and an instant");
        let id = || (event["cat"].to_string(), event["id"].to_string());
        match phase {
            "M" => drop(names.insert(event["args"]["name"].to_string())),
            "b" => assert!(open.insert(id(), (at(), process)).is_none(), "an id is open once: {event}"),
            "e" => {
                let (began, of) = open.remove(&id()).expect("what ends has begun");
                assert!(began <= at() && of == process, "{event}");
            }
            "X" => slices.push((process, at())),
            "s" | "f" => {
                arrows.entry(event["id"].as_u64().expect("an arrow has a number")).or_default().push((phase.to_owned(), at(), process));
            }
            "i" => {}
            other => panic!("an unknown phase: {other}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for name in ["\"faults\"", "\"clients\"", "\"back[1]\""] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(arrows.len() > 50);
    for ends in arrows.values() {
        let [(first, sent, from), (second, arrived, to)] = ends.as_slice() else { panic!("{ends:?}") };
        assert!(first == "s" && second == "f" && sent <= arrived, "{ends:?}");
        for (process, at) in [(from, sent), (to, arrived)] {
            assert!(
                slices.iter().any(|(of, begin)| of == process && begin.to_bits() == at.to_bits()),
                "an arrow begins and ends at a slice"
            );
        }
    }
    let fault = events.iter().find(|event| event["cat"] == "fault" && event["ph"] == "b").expect("the crash is told");
    assert_eq!(fault["ts"], Value::from(1_000_000));
}

#[test]
fn diagrams_show_what_was_chosen_and_refuse_what_nobody_could_read() {
    let place = chain();
    let mermaid = traced(&place, "trace.mmd", &["--only", "from=900ms until=1300ms"]);
    assert!(
        mermaid.starts_with("sequenceDiagram\n") && mermaid.contains("participant n0 as clients") && mermaid.contains("->>"),
        "{mermaid}"
    );
    assert!(mermaid.contains("crash of back[0] begins") && mermaid.contains("#35;"), "{mermaid}");
    let svg = traced(&place, "trace.svg", &["--only", "from=900ms until=1700ms"]);
    let document = roxmltree::Document::parse(&svg).expect("it is XML");
    let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
    for wanted in ["clients", "front[0]", "back[0]", "back[1]"] {
        assert!(texts.contains(&wanted), "{texts:?}");
    }
    assert!(texts.iter().any(|text| text.contains("back[0] is dead from 1.000000s to 1.500000s")), "{texts:?}");
    let said = place.run(&["run", "small.ron", "--quiet", "--trace", "small.svg"]);
    assert_eq!(said.code, Some(2));
    let said = place.run(&["run", "small.ron", "--quiet", "--trace", "small.mmd"]);
    assert!(said.code == Some(2) && said.err.contains("--only"), "{}", said.err);
}

#[test]
fn what_is_wrong_with_a_trace_is_said_with_a_remedy() {
    let place = chain();
    traced(&place, "all.jsonl", &[]);
    let text = place.read("all.jsonl");
    let half: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
    place.write("half.jsonl", half.as_bytes());
    place.write("other.jsonl", b"hello\n");
    traced(&place, "some.jsonl", &["--only", "kind=send"]);
    let commands: [&[&str]; 14] = [
        &["run", "chain.ron", "--trace", "x", "--only", "nod=back kind=sent from=2s until=1s"],
        &["run", "chain.ron", "--trace", "x", "--only", "node=bakc kind=sent"],
        &["run", "chain.ron", "--only", "node=back"],
        &["run", "chain.ron", "--trace", "x", "--trace-format", "gif"],
        &["diff", "chain.ron"],
        &["diff", "chain.ron", "--seed", "1", "--seed", "2", "--seed", "3"],
        &["diff", "half.jsonl", "all.jsonl"],
        &["diff", "other.jsonl", "all.jsonl"],
        &["diff", "missing.jsonl", "all.jsonl"],
        &["diff", "some.jsonl", "all.jsonl"],
        &["why", "chain.ron", "clients -> front #9999.9"],
        &["why", "chain.ron", "violation"],
        &["why", "all.jsonl", "violation"],
        &["why", "chain.ron", "slowest", "--draw", "x.gif"],
    ];
    for arguments in commands {
        assert_eq!(place.run(arguments).code, Some(2), "{arguments:?}");
    }
    keep("traces_wrong", &place.transcript(&commands));
}

#[test]
fn two_runs_part_at_their_first_difference_and_equal_ones_do_not() {
    let place = chain();
    let same = place.run(&["diff", "chain.ron", "chain.ron", "--seed", "3"]);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    traced(&place, "a.jsonl", &["--seed", "3"]);
    let same = place.run(&["diff", "a.jsonl", "chain.ron", "--seed", "3"]);
    assert_eq!(same.code, Some(0), "a trace and the run it is of are the same: {}{}", same.out, same.err);
    let commands: [&[&str]; 3] = [
        &["diff", "small.ron", "--arm", "none", "--arm", "retry"],
        &["diff", "chain.ron", "--with", "faults[0].at=1200ms"],
        &["diff", "a.jsonl", "chain.ron", "--seed", "4"],
    ];
    for arguments in commands {
        assert_eq!(place.run(arguments).code, Some(4), "{arguments:?}");
    }
    keep("diff", &place.transcript(&commands));
}

#[test]
fn why_a_call_was_slow_or_failed_is_told_from_its_causes() {
    let place = chain();
    let commands: [&[&str]; 4] = [
        &["why", "chain.ron", "slowest"],
        &["why", "chain.ron", "first-failure", "--seed", "2"],
        &["why", "small.ron", "first-failure", "--arm", "retry"],
        &["why", "small.ron", "retry-storm"],
    ];
    let said = place.run(commands[0]);
    assert!(said.code == Some(0) && said.out.contains("where its time went") && said.out.contains("because"), "{}{}", said.out, said.err);
    keep("why", &place.transcript(&commands));
    let said = place.run(&["why", "chain.ron", "slowest", "--draw", "why.svg"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    roxmltree::Document::parse(&place.read("why.svg")).expect("it is XML");
    assert_eq!(place.run(&["why", "chain.ron", "slowest", "--draw", "why.mmd"]).code, Some(0));
    assert!(place.read("why.mmd").starts_with("sequenceDiagram"));
}

#[test]
fn why_on_a_retry_storm_names_its_fault_and_the_amplification() {
    let place = Place::with(&[]);
    let said = place.run(&["why", "retry-storm", "retry-storm", "--arm", "immediate"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("a retry storm at clients -> service, set off by crash of service"), "{}", said.out);
    assert!(said.out.contains("it lasts to the end"), "{}", said.out);
    keep("why_storm", &place.transcript(&[&["why", "retry-storm", "retry-storm", "--arm", "immediate"]]));
    let calm = place.run(&["why", "retry-storm", "retry-storm", "--arm", "no retries"]);
    assert!(calm.out.starts_with("this run has no retry storm"), "{}", calm.out);
}

/// Whether a program is there; says so if it is not.
fn found(names: &[&'static str], what: &str) -> Option<&'static str> {
    let runs = |name: &&&str| std::process::Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = names.iter().find(runs).copied();
    if found.is_none() {
        eprintln!("skipped: none of {} is installed, so {what}", names.join(", "));
    }
    found
}

#[test]
fn the_trace_processor_of_perfetto_reads_what_is_written_for_it() {
    let Some(processor) = found(&["trace_processor_shell", "trace_processor"], "its own parser does not read the file") else { return };
    let place = chain();
    traced(&place, "trace.json", &[]);
    place.write("query.sql", b"select count(*) from slice;\nselect value from stats where name = 'json_parser_failure';");
    let run = std::process::Command::new(processor).args(["-q", "query.sql", "trace.json"]).current_dir(place.path()).output();
    let output = run.expect("it was there a moment ago");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let numbers: Vec<u64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert!(numbers.first().is_some_and(|slices| *slices > 100) && numbers.get(1).is_none_or(|failures| *failures == 0), "{text}");
}

#[test]
fn a_browser_opens_the_picture() {
    let Some(browser) = found(&["chromium", "chromium-browser", "google-chrome", "chrome"], "nobody opens the picture") else { return };
    let place = chain();
    traced(&place, "trace.svg", &["--only", "from=900ms until=1700ms"]);
    let file = format!("file://{}", place.path().join("trace.svg").display());
    let profile = format!("--user-data-dir={}", place.path().join("profile").display());
    let flags =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--proxy-server=127.0.0.1:9"];
    let run = std::process::Command::new(browser).args(flags).args([&profile, "--dump-dom", &file]).output();
    let dom = String::from_utf8_lossy(&run.expect("it was there a moment ago").stdout).into_owned();
    assert!(dom.contains("<svg") && dom.contains("back[0]") && !dom.contains("parsererror"), "{dom}");
}

#[test]
fn why_a_property_is_violated_is_told_from_the_operations_of_its_witness() {
    let place = Place::with(&[]);
    let said = place.run(&["why", "abd-write-back", "violation", "--seed", "3", "--draw", "why.svg"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.out.starts_with("Linearizable is violated at "), "{}", said.out);
    let operations = said.out.lines().filter(|line| line.contains("clients -> register #") && line.contains("; key ")).count();
    assert!(operations >= 2 && said.out.contains("because"), "{}", said.out);
    let picture = place.read("why.svg");
    roxmltree::Document::parse(&picture).expect("it is XML");
    assert!(picture.contains("register[0]") && picture.contains("clients"), "the members take part");
    assert_eq!(place.run(&["why", "abd-write-back", "Linearizable", "--seed", "3"]).out, said.out, "by its name it is the same");
    let said = place.run(&["why", "abd-write-back", "violation", "--seed", "3", "--arm", "with"]);
    assert!(said.code == Some(2) && said.err.contains("no property is violated"), "{}", said.err);
}
