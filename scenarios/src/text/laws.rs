//! Which laws hold for every text, however broken?

use super::parse::parse;
use super::path::{Path, locate, path_at};
use super::tree::{Element, Shape};
use super::{Source, first_comment, patch};
use crate::problem::{Problem, Problems};
use proptest::prelude::*;
use std::collections::BTreeMap;

const STORM: &str = concat!(
    r##"// A database — with /* odd */ comments. 数据库
(
    schema: 1, name: r#"a "raw" name)"#, /* nested /* comment ] */ here */
    nodes: {
        "shop \"pers\" ü": Clients(count: 2_000, arrivals: Poisson(rate: "900/s")), // the load, }
        "checkout": Service(workers: 64, queue: Fifo ( limit : 500 ), does: [Call("payments"), ('x', -1.5e3, true)]),
    },
    faults: [SlowNode(label: "outage", at: "60s", lasts: "30s"), Crash(), Some(Nested(deep: [[[]]]))],
    empty: (), range: { "unit": (), "held": Held /* x */ }, marks: "##,
    "\u{200e}4\u{200f} // end\n",
    ")\n"
);

/// Returns every element of the tree, and checks on the way that each stands where it says.
fn all<'a>(source: &'a Source, element: Element<'a>, into: &mut Vec<Element<'a>>) {
    let span = element.span();
    assert_eq!(&source.text[span.start()..span.end()], element.text());
    assert_eq!(element.text().trim(), element.text());
    assert!(!element.text().starts_with('/') && !element.text().ends_with('/'), "{element:?}");
    assert!(span.start() <= element.head().start() && element.head().end() <= span.end());
    into.push(element);
    for child in element.children() {
        assert!(element.contains(child.span().start()) && child.span().end() <= span.end());
        all(source, child, into);
    }
}

fn elements(source: &Source) -> Vec<Element<'_>> {
    let mut list = Vec::new();
    if let Ok(root) = source.root() {
        all(source, root, &mut list);
    }
    list
}

/// Asks everything of a text that can be asked, and returns the first problem. Nothing may panic.
fn survey(text: &str) -> Option<Problem> {
    let source = Source::new("x", text);
    first_comment(text);
    let mut problems = Problems::new();
    for element in elements(&source) {
        problems.note(element.fields());
        problems.note(element.entries());
        problems.note(element.items());
        problems.note(parse::<u8>(element));
        problems.note(parse::<Vec<BTreeMap<String, Option<(u8, bool)>>>>(element));
        problems.note(parse::<Wide>(element));
    }
    let root = source.root().err();
    problems.extend(root.clone());
    for problem in problems.sorted() {
        let place = problem.place.expect("every problem of a text has a place");
        assert!(place.end() <= text.len() && text.is_char_boundary(place.start()) && text.is_char_boundary(place.end()), "{problem:?}");
    }
    problems.render(&source, true);
    path_at(&source, text.len() / 2);
    root
}

/// A type with many shapes, to provoke every kind of error.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
enum Wide {
    Clients { count: u32, arrivals: Option<Box<Wide>> },
    Poisson(Narrow),
    Service { workers: Option<i8>, queue: Option<Box<Wide>>, does: Vec<Wide> },
    Fifo(u8, String),
    Call(String),
    Held,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Narrow {
    rate: f32,
    more: Option<char>,
}

#[test]
fn raw_values_of_every_kind_are_found_in_their_place() {
    let source = Source::new("x", STORM);
    let list = elements(&source);
    let texts: Vec<&str> = list.iter().map(|element| element.text()).collect();
    for wanted in
        [r##"r#"a "raw" name)"#"##, r#""shop \"pers\" ü""#, "2_000", "Fifo ( limit : 500 )", "'x'", "-1.5e3", "[]", "()", "Held", "Crash()"]
    {
        assert!(texts.contains(&wanted), "{wanted} is not among {texts:?}");
    }
    assert!(texts.contains(&"4"), "marks of writing direction are blanks");
    assert!(survey(STORM).is_none());
    assert!(survey(&STORM.replace('\n', "\r\n")).is_none());
}

#[test]
fn names_bodies_and_shapes_are_told_apart() {
    let shape = |text: &str| {
        let source = Source::new("x", text);
        let root = source.root().unwrap();
        (root.variant_name().map(str::to_owned), root.shape())
    };
    let named = |name: &str, shape| (Some(name.to_owned()), shape);
    assert_eq!(shape("Held"), named("Held", Shape::Name));
    assert_eq!(shape("Held ( )"), named("Held", Shape::Struct));
    assert_eq!(shape("Retry /* ( */ (a: 1)"), named("Retry", Shape::Struct));
    assert_eq!(shape("Timeout(\"1s\")"), named("Timeout", Shape::Tuple));
    assert_eq!(shape("r#type(1,)"), named("type", Shape::Tuple));
    for (text, plain) in
        [("true", Shape::Plain), ("-inf", Shape::Plain), ("NaN", Shape::Plain), ("1_000", Shape::Plain), ("b'x'", Shape::Plain)]
    {
        assert_eq!(shape(text), (None, plain));
    }
    for (text, wanted) in [
        ("()", Shape::Struct),
        ("(a: 1)", Shape::Struct),
        ("(1, 2)", Shape::Tuple),
        ("{}", Shape::Map),
        ("[]", Shape::List),
        ("r\"x\"", Shape::Text),
    ] {
        assert_eq!(shape(text), (None, wanted));
    }
}

#[test]
fn columns_of_an_error_count_characters_behind_wide_ones_and_across_line_ends() {
    let text = "(a: [\"日本\", // ü\r\n  \"ö\", 7, \"x\"])";
    let source = Source::new("x", text);
    let list = source.root().unwrap().fields().unwrap()[0].value;
    let problem = parse::<Vec<String>>(list).unwrap_err();
    let place = problem.place.unwrap();
    assert_eq!(&text[place.start()..place.end()], "7");
    assert_eq!(source.line_and_column(place.start()), (2, 8));
}

#[test]
fn deep_nesting_is_a_problem_and_no_crash() {
    for (open, close) in [("[", "]"), ("(a: ", ")"), ("X(", ")"), ("{\"k\": ", "}"), ("Some(", ")"), ("/* ", "*/ "), ("(", ")")] {
        for depth in [1, 20, 42, 43, 63, 64, 127, 128, 2_000] {
            survey(&format!("{}1{}", open.repeat(depth), close.repeat(depth)));
            survey(&open.repeat(depth));
        }
    }
}

#[test]
fn every_truncated_file_is_a_problem() {
    let end = STORM.trim_end().len();
    for cut in (1..end).filter(|cut| STORM.is_char_boundary(*cut)) {
        assert!(survey(&STORM[..cut]).is_some(), "cut at {cut}");
    }
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0_u32..5_000).prop_map(|number| number.to_string()),
        "[a-z ü,)\\[]{0,6}".prop_map(|text| ron::to_string(&text).unwrap()),
        Just("Held".to_owned()),
        Just("true".to_owned()),
        Just("()".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let fields = prop::collection::btree_map("[a-z]{1,3}_", inner.clone(), 0..4);
        let fields = fields
            .prop_map(|fields| fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(" /* , */ , "));
        let entries = prop::collection::btree_map("[a-z .\"ü]{0,4}", inner.clone(), 0..4);
        let entries = entries.prop_map(|entries| {
            entries.into_iter().map(|(key, value)| format!("{}: {value},", ron::to_string(&key).unwrap())).collect::<String>()
        });
        prop_oneof![
            fields.clone().prop_map(|fields| format!("({fields})")),
            fields.prop_map(|fields| format!("Named(\n  {fields} // end )\n)")),
            entries.prop_map(|entries| format!("{{ {entries} }}")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            inner.prop_map(|inner| format!("Wrap({inner})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_put_at_the_path_of_a_place_is_found_there_and_nothing_else_moves(text in value(), new in value(), pick in any::<prop::sample::Index>()) {
        let source = Source::new("x", text);
        let list = elements(&source);
        let chosen = pick.get(&list);
        let path_text = path_at(&source, chosen.span().start());
        prop_assume!(!path_text.is_empty());
        let path: Path = path_text.parse().unwrap();
        let old = locate(&source, &path).unwrap();
        prop_assert!(old.contains(chosen.span().start()) || source.text[..old.span().start()].trim_end().ends_with(':'));
        let patched = Source::new("x", patch::replace(&source, &path, &new).unwrap());
        let before = &source.text[..old.span().start()];
        let after = &source.text[old.span().end()..];
        prop_assert!(patched.text.starts_with(before) && patched.text.ends_with(after));
        if patched.root().is_ok() {
            let found = locate(&patched, &path).unwrap();
            let inner = found.text();
            prop_assert!(inner.contains(new.trim()) || inner.contains("\"Held\""), "{inner} for {new}");
        }
    }

    #[test]
    fn a_new_field_is_found_where_it_was_put(text in value(), number in any::<u16>()) {
        let source = Source::new("x", format!("(outer: {text})"));
        let is_struct = source.root().unwrap().fields().unwrap()[0].value.shape() == Shape::Struct;
        let path: Path = "outer.fresh".parse().unwrap();
        match patch::replace(&source, &path, &number.to_string()) {
            Ok(patched) => {
                let patched = Source::new("x", patched);
                prop_assert_eq!(locate(&patched, &path).unwrap().text(), number.to_string());
            }
            Err(problem) => prop_assert!(!is_struct, "{:?}", problem),
        }
    }

    #[test]
    fn garbage_never_panics(text in any::<String>()) {
        survey(&text);
    }

    #[test]
    fn ron_like_garbage_never_panics(text in "[()\\[\\]{}:,\"'#!/*ra1. \\-\\\\\n\u{feff}ü]{0,40}") {
        survey(&text);
    }

    #[test]
    fn a_file_with_a_few_wrong_characters_never_panics(edits in prop::collection::vec((0..STORM.len(), "[()\\[\\]{}:,\"'#/*\\\\\u{0}é ]?"), 1..5)) {
        let mut text = STORM.to_owned();
        for (at, with) in edits {
            let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            text.replace_range(at..end, &with);
        }
        survey(&text);
    }

    #[test]
    fn bytes_of_any_kind_become_a_source_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(source) = Source::from_bytes("x", bytes) {
            survey(&source.text);
        }
    }

    #[test]
    fn a_path_is_read_back_as_it_is_printed(names in prop::collection::vec(".{1,8}", 1..4), index in any::<u16>()) {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))).collect();
        let path = Path::parse(&format!("{}[{index}]", quoted.join("."))).unwrap();
        prop_assert_eq!(Path::parse(&path.to_string()).unwrap(), path);
    }

    #[test]
    fn paths_from_garbage_never_panic(text in any::<String>()) {
        let source = Source::new("x", STORM);
        if let Ok((path, value)) = Path::parse_change(&text) {
            let _ = patch::replace(&source, &path, &value);
        }
    }
}

#[test]
fn a_comment_behind_a_bare_name_is_not_part_of_it() {
    for (text, name) in [("r//", "r"), ("Held // for ever", "Held"), ("Held /* x */", "Held"), ("true//", "true")] {
        let source = Source::new("x", text);
        assert_eq!(source.root().map(Element::text), Ok(name));
    }
}
