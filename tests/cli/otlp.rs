//! Do the spans fit the public definition of OTLP as JSON?
//!
//! The fields and their types are those of opentelemetry-proto 1 (`trace.proto`, `common.proto`, `resource.proto`) in the JSON encoding of the OTLP
//! specification: camel case, ids as hexadecimal digits, 64-bit integers as decimal text, enumerations as numbers. A field that is not in
//! the definition would be passed over by a receiver without a word, so none may be there.

use super::{Place, traces::CHAIN};
use serde_json::Value;

/// What a field may hold.
#[derive(Clone, Copy)]
enum Type {
    Text,
    /// So many hexadecimal digits, not all of them zero.
    Id(usize),
    /// A 64-bit integer.
    Long,
    /// A number of an enumeration, or a count: at most this.
    Small(u64),
    Boolean,
    Double,
    One(&'static [(&'static str, Type)]),
    Many(&'static [(&'static str, Type)]),
    /// Exactly one of these fields.
    Either(&'static [(&'static str, Type)]),
}

use Type::{Boolean, Double, Either, Id, Long, Many, One, Small, Text};

const ANY: Type = Either(&[("stringValue", Text), ("boolValue", Boolean), ("intValue", Long), ("doubleValue", Double)]);
const ATTRIBUTES: Type = Many(&[("key", Text), ("value", ANY)]);
const COUNT: Type = Small(u32::MAX as u64);

const SPAN: &[(&str, Type)] = &[
    ("traceId", Id(32)),
    ("spanId", Id(16)),
    ("traceState", Text),
    ("parentSpanId", Id(16)),
    ("flags", COUNT),
    ("name", Text),
    ("kind", Small(5)),
    ("startTimeUnixNano", Long),
    ("endTimeUnixNano", Long),
    ("attributes", ATTRIBUTES),
    ("droppedAttributesCount", COUNT),
    ("events", Many(&[("timeUnixNano", Long), ("name", Text), ("attributes", ATTRIBUTES), ("droppedAttributesCount", COUNT)])),
    ("droppedEventsCount", COUNT),
    ("links", Many(&[("traceId", Id(32)), ("spanId", Id(16)), ("traceState", Text), ("attributes", ATTRIBUTES)])),
    ("droppedLinksCount", COUNT),
    ("status", One(&[("message", Text), ("code", Small(2))])),
];

const SCOPE: Type = One(&[("name", Text), ("version", Text), ("attributes", ATTRIBUTES), ("droppedAttributesCount", COUNT)]);

const TRACES: Type = One(&[(
    "resourceSpans",
    Many(&[
        ("resource", One(&[("attributes", ATTRIBUTES), ("droppedAttributesCount", COUNT)])),
        ("scopeSpans", Many(&[("scope", SCOPE), ("spans", Many(SPAN)), ("schemaUrl", Text)])),
        ("schemaUrl", Text),
    ]),
)]);

/// What does not fit, with its path.
fn misfit(value: &Value, wanted: Type, path: &str) -> Option<String> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.bytes().any(|byte| byte != b'0');
    let fields = |object: &Value, fields: &[(&str, Type)], path: &str| {
        let Some(object) = object.as_object() else { return Some(format!("{path} is no object")) };
        object.iter().find_map(|(name, inner)| match fields.iter().find(|(known, _)| known == name) {
            Some((_, wanted)) => misfit(inner, *wanted, &format!("{path}.{name}")),
            None => Some(format!("{path} has no field {name}")),
        })
    };
    let fits = match wanted {
        Text => value.is_string(),
        Id(length) => value.as_str().is_some_and(|text| text.len() == length && is_hex(text)),
        Long => value.as_str().map_or(value.is_i64() || value.is_u64(), |text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()),
        Small(most) => value.as_u64().is_some_and(|number| number <= most),
        Boolean => value.is_boolean(),
        Double => value.is_number(),
        One(known) => return fields(value, known, path),
        Either(known) if value.as_object().is_some_and(|object| object.len() == 1) => return fields(value, known, path),
        Either(_) => false,
        Many(known) => {
            let Some(items) = value.as_array() else { return Some(format!("{path} is no list")) };
            return items.iter().enumerate().find_map(|(index, item)| fields(item, known, &format!("{path}[{index}]")));
        }
    };
    (!fits).then(|| format!("{path} is {value}"))
}

#[test]
fn every_field_of_a_file_of_spans_is_one_that_receivers_know() {
    for (scenario, text) in [("chain.ron", CHAIN), ("abd-write-back", ""), ("lock-and-pause", "")] {
        let place = Place::with(&[("chain.ron", text)]);
        let said = place.run(&["run", scenario, "--seed", "1", "--quiet", "--trace", "trace.otlp.json", "--only", "until=20s"]);
        assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
        let file: Value = serde_json::from_str(&place.read("trace.otlp.json")).expect("it is JSON");
        assert_eq!(misfit(&file, TRACES, "traces"), None, "{scenario}");
        let spans = file["resourceSpans"].as_array().expect("it has spans");
        assert!(spans.len() > 1, "{scenario}");
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let span = |field: &str| {
        let text = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{{{field}}}]}}]}}]}}"#);
        misfit(&serde_json::from_str(&text).expect("it is JSON"), TRACES, "traces")
    };
    assert_eq!(span(r#""name": "x", "kind": 3, "startTimeUnixNano": "17""#), None);
    for wrong in [
        r#""start_time_unix_nano": "17""#,
        r#""traceId": "00000000000000000000000000000000""#,
        r#""kind": "SPAN_KIND_CLIENT""#,
        r#""startTimeUnixNano": "soon""#,
        r#""attributes": [{"key": "a", "value": "b"}]"#,
        r#""attributes": [{"key": "a", "value": {"stringValue": "b", "intValue": "1"}}]"#,
        r#""status": {"code": 7}"#,
    ] {
        assert!(span(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn a_file_that_shows_nothing_is_not_left_without_a_word() {
    let place = Place::with(&[("chain.ron", CHAIN)]);
    for (file, only, reason) in [
        ("x.otlp.json", "kind=end", "of the begin was left out"),
        ("x.otlp.json", "from=100ms until=101ms", "none of the"),
        ("x.json", "kind=end", "let from= begin earlier"),
        ("x.svg", "kind=end", "or write .jsonl, which has every event"),
        ("x.mmd", "kind=deliver", "a message of which the sending was left out is left out, too"),
        ("x.jsonl", "kind=job", "leave a condition out"),
        ("x.txt", "kind=job", "none of the"),
    ] {
        let said = place.run(&["run", "chain.ron", "--quiet", "--trace", file, "--only", only]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let reason = reason.replace("of the begin", "of which the begin");
        assert!(
            said.err.contains(&format!("warning: {file} shows nothing: ")) && said.err.contains(&reason),
            "{file} {only}: {}",
            said.err
        );
        assert!(said.err.contains(&format!("--only '{only}'")), "{}", said.err);
    }
    for file in ["x.otlp.json", "x.json", "x.svg", "x.mmd", "x.jsonl", "x.txt"] {
        let said = place.run(&["run", "chain.ron", "--quiet", "--trace", file, "--only", "from=900ms until=1300ms"]);
        assert!(!said.err.contains("shows nothing"), "{file}: {}", said.err);
    }
}
