//! Do the messages tell a newcomer what to do?
//!
//! Mistakes of one kind share a test, over a scenario language in miniature; the snapshots are read as prose.

use super::parse::{parse, parse_as};
use super::{Element, Source};
use crate::problem::{Problem, Problems};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, de::DeserializeOwned};
use std::fmt;

/// A quantity with a unit, read as the units of the simulator are.
#[derive(Debug, PartialEq)]
struct Wait(u64);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Wait, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Wait;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a duration such as \"250ms\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Wait, E> {
                let number = text.strip_suffix("ms").and_then(|number| number.parse().ok());
                number.map(Wait).ok_or_else(|| E::custom(format!("`{text}` is no duration: a duration looks like \"250ms\"")))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct FullJitter {
    base: Wait,
    cap: Option<Wait>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Immediate {}

#[derive(Debug, Deserialize, PartialEq)]
enum Backoff {
    Immediate(Immediate),
    FullJitter(FullJitter),
    Constant(Wait),
}

#[derive(Debug, Deserialize, PartialEq)]
enum LateWork {
    Finish,
    Cancel,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Retry {
    attempts: u8,
    backoff: Backoff,
    late: Option<LateWork>,
    names: Option<Vec<String>>,
    share: Option<f64>,
    pair: Option<(u8, u8)>,
    fair: Option<bool>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Layer {
    Retry(Retry),
    Timeout(Wait),
}

fn parsed_or_not<T: DeserializeOwned>(problems: &mut Problems, result: Result<T, Problem>) {
    problems.note(result);
}

/// Reads `stacks` as a map of lists of layers and `limits` as a list of numbers, and renders all that is wrong.
fn report(text: &str) -> String {
    let source = Source::new("storm.ron", text);
    let mut problems = Problems::new();
    let fields = problems.note(source.root()).map(|root| root.fields_noting(&mut problems)).unwrap_or_default();
    for field in fields {
        match field.name {
            "stacks" => stacks(field.value, &mut problems),
            "backoff" => parsed_or_not(&mut problems, parse::<Backoff>(field.value)),
            other => {
                let problem = Problem::new(format!("unknown field `{other}`")).at(field.name_span);
                problems.push(problem.suggest(other, ["stacks", "backoff"]));
            }
        }
    }
    problems.render(&source, false)
}

fn stacks(value: Element<'_>, problems: &mut Problems) {
    for entry in value.entries_noting(problems) {
        for layer in problems.note(entry.value.list()).unwrap_or_default() {
            parsed_or_not(problems, parse_as::<Layer>(layer, "layer"));
        }
    }
}

#[test]
fn every_mistake_of_a_scenario_is_reported_at_once() {
    let page = report(
        r#"// Three mistakes in one file.
(
    stacks: {
        "checkout -> payments": [
            Rtry(attempts: 4),
            Retry(attempts: 4, backoff: FullJiter(base: "100ms")),
            Retry(attempts: 300, backoff: FullJitter(base: "soon")),
            Retry(atempts: 4, backoff: Immediate()),
            Timeout("250ms"),
        ],
        "shoppers -> checkout": [Timeout(250), Retry(backoff: Immediate()), Retry(attempts: 2, backoff: FullJitter())],
    },
    stakcs: {},
)
"#,
    );
    insta::assert_snapshot!(page);
}

#[test]
fn brackets_in_excess_and_missing_ones_are_explained() {
    let page = report(
        r#"(
    stacks: {
        "a": [Retry(attempts: 1, backoff: Immediate)],
        "b": [Retry(attempts: 1, backoff: Immediate(), late: Finish())],
        "c": [Retry(attempts: 1, backoff: Immediate(), late: "Finish")],
        "d": [Retry(4, Immediate())],
        "e": [Timeout("1ms", "2ms")],
        "f": [Timeout(after: "1ms")],
        "g": [Timeout],
        "h": [Retry(attempts: 1, backoff: FullJitter("100ms"))],
        "i": [Retry(attempts: 1, backoff: [])],
        "j": [Retry(attempts: 1, backoff: Immediate(fast: true))],
    },
    backoff: "FullJitter",
)"#,
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_value_of_the_wrong_kind_is_described_and_the_right_kind_is_shown() {
    let page = report(
        r#"(
    stacks: {
        "a": [Retry(attempts: "3", backoff: Immediate())],
        "b": [Retry(attempts: -1, backoff: Immediate())],
        "c": [Retry(attempts: 2.5, backoff: Immediate())],
        "d": [Retry(attempts: 2, backoff: Immediate(), names: "checkout")],
        "e": [Retry(attempts: 2, backoff: Immediate(), names: [checkout])],
        "f": [Retry(attempts: 2, backoff: Immediate(), share: "50%")],
        "g": [Retry(attempts: 2, backoff: Immediate(), pair: (1,))],
        "h": [Retry(attempts: 2, backoff: Immediate(), fair: yes)],
        "i": [Retry(attempts: 2, backoff: Constant(soon))],
        "j": [Retry(attempts: 2, backoff: Constant(12))],
        "k": Timeout("1ms"),
        "l": [Retry(attempts: 2, backoff: Immediate(), late: 7)],
        "m": [[1, 2]],
        n: [],
    },
    backoff: FullJitter(base: "1ms", cap: Some("9s")),
)"#,
    );
    insta::assert_snapshot!(page);
}

#[test]
fn what_is_written_twice_is_shown_with_both_places() {
    let page = report(
        r#"(
    stacks: {
        "a": [Retry(attempts: 1, backoff: Immediate(), attempts: 2)],
        "a": [],
    },
    backoff: FullJitter(
        base: "1ms",
        base: "2ms",
    ),
)"#,
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_text_that_is_no_ron_gives_one_problem() {
    let texts = [
        "(\n    stacks: {\n        \"a\": [Timeout(\"1ms\"),\n    },\n)",
        "(\n    horizon: 5m,\n)",
        "(\n    a: 1\n    b: 2\n)",
        "(stacks: {\"a\": \"b",
        "(stacks: {}",
        "hello world",
        "Deadline(\"2s\", propagate: true)",
    ];
    let page = texts.map(report).join("\n- - -\n\n");
    insta::assert_snapshot!(page);
}

#[test]
fn long_lines_wide_characters_tabs_and_control_characters_keep_the_mark_in_place() {
    let long =
        format!("(stacks: {{ \"a\": [{}Rtry(attempts: 4), {}] }})", "Timeout(\"1ms\"), ".repeat(20), "Timeout(\"1ms\"), ".repeat(20));
    let wide = "(\r\n\tstacks: { /* 注文 é */ \"注文 -> 決済\": [Rtry()] },\r\n)".to_owned();
    let control = "(stacks: { \"a\u{1b}[31m\": [Timeout(\"\u{1b}[31m\u{7}\")] })".to_owned();
    let page = [long, wide, control].map(|text| report(&text)).join("\n- - -\n\n");
    insta::assert_snapshot!(page);
}

#[test]
fn colour_is_added_when_asked_for_and_carries_nothing() {
    let source = Source::new("storm.ron", "(\n    stakcs: {},\n)");
    let mut problems = Problems::new();
    let fields = source.root().unwrap().fields().unwrap();
    problems.push(Problem::new("unknown field `stakcs`").at(fields[0].name_span).suggest("stakcs", ["stacks"]));
    let coloured = problems.render(&source, true);
    let plain = problems.render(&source, false);
    assert!(coloured.contains("\u{1b}[1;31merror:\u{1b}[0m"));
    let stripped: String =
        coloured.split('\u{1b}').enumerate().map(|(nth, part)| if nth == 0 { part } else { part.split_once('m').unwrap().1 }).collect();
    assert_eq!(stripped, plain);
}

#[test]
fn a_problem_without_a_place_names_the_path() {
    let source = Source::new("storm.ron", "(nodes: { \"shoppers\": (count: 1) })");
    let change = super::path::Path::parse("nodes..count").unwrap_err();
    let value = super::patch::replace(&source, &"nodes.shoppers.count".parse().unwrap(), "[1").unwrap_err();
    let unknown = super::patch::replace(&source, &"nodes.shopers.count".parse().unwrap(), "1").unwrap_err();
    let file = crate::problem::file::missing("stom.ron", ["storm"]);
    let pages = [change, value, unknown, file].map(|problem| Problems::from(problem).render(&source, false));
    let page = pages.join("\n- - -\n\n");
    insta::assert_snapshot!(page);
}

#[test]
fn a_large_file_full_of_mistakes_is_answered_shortly() {
    let entry = |n: usize| format!("        \"node-{n} -> node-{}\": [Rtry(attempts: 4), Timeout(\"{n}ms\")],\n", n + 1);
    let entries: String = (0..1_000).map(entry).collect();
    let page = report(&format!("(\n    stacks: {{\n{entries}    }},\n)"));
    assert_eq!(page.matches("error: unknown layer").count(), 100);
    assert!(page.ends_with("1000 problems in storm.ron (the first 100 are shown); nothing was run\n"));
}
