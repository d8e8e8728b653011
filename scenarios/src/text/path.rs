//! Which element does a path such as `nodes.shoppers.arrivals.rate` name, and which path does a place have?
//!
//! Paths are what `--set`, `vary` and `Bisect` take, and what every problem prints beside its place, so one can be copied
//! into the other. The rules:
//!
//! - `section.key.field`: fields of structs and keys of maps, separated by dots.
//! - Names of variants are transparent: `arrivals.rate` finds the rate of `arrivals: Poisson(rate: "900/s")`, and brackets
//!   around one single thing are looked through: `Breaker(Resilience4j(threshold: "50%"))` has a `threshold`.
//! - Items of lists by index, `faults[0].at`, or by their `label:` field, `faults.outage.at` or `faults[outage].at`.
//! - A key with a dot, blank, bracket, quote or `=` in it stands in double quotes: `stacks."checkout -> payments"[0].attempts`.

mod lookup;

pub(super) use lookup::{Look, inside, look};
pub use lookup::{label, locate, locate_in};

use super::source::Source;
use super::tree::{Element, Shape};
use crate::problem::Problem;
use std::fmt;
use std::str::FromStr;

/// One step from an element to one inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A field, a key, or the label of an item.
    Name(String),
    /// The position of an item, from 0.
    Index(usize),
}

/// The way from the root of a scenario to one of its elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Path {
    steps: Vec<Step>,
}

impl From<Step> for Path {
    fn from(step: Step) -> Path {
        Path { steps: vec![step] }
    }
}

impl Path {
    /// Returns the path a reader has written.
    pub fn parse(text: &str) -> Result<Path, Problem> {
        match parse_steps(text)? {
            (path, "") => Ok(path),
            (path, rest) => Err(wrong(text, format!("`{rest}` does not continue the path `{path}`"))
                .hint("names with other characters stand in double quotes")),
        }
    }

    /// Returns the path and the value of `path=value`, as `--set` takes it.
    pub fn parse_change(text: &str) -> Result<(Path, String), Problem> {
        let (path, rest) = parse_steps(text)?;
        match rest.trim_start().strip_prefix('=') {
            Some(value) => Ok((path, value.trim().to_owned())),
            None => Err(wrong(text, format!("`{text}` has no value")).expected("`path=value`, for example `nodes.shoppers.count=500`")),
        }
    }

    /// Returns the steps from the root on.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the path that begins one step later: what is left to go inside the element of the first step.
    pub fn tail(&self) -> Path {
        Path { steps: self.steps.iter().skip(1).cloned().collect() }
    }

    /// Returns the path that goes by these names.
    pub fn of_names(names: &[&str]) -> Path {
        Path { steps: names.iter().map(|name| Step::Name((*name).to_owned())).collect() }
    }

    /// Returns the path with other steps in front of its own.
    #[must_use]
    pub fn below(&self, outer: &[Step]) -> Path {
        Path { steps: outer.iter().chain(&self.steps).cloned().collect() }
    }

    /// Returns the first steps, at most so many.
    #[must_use]
    pub fn up_to(&self, count: usize) -> Path {
        Path { steps: self.steps.iter().take(count).cloned().collect() }
    }

    pub(super) fn split_last(&self) -> Option<(Path, &Step)> {
        let (last, before) = self.steps.split_last()?;
        Some((Path { steps: before.to_vec() }, last))
    }

    fn with(&self, step: Step) -> Path {
        let mut steps = self.steps.clone();
        steps.push(step);
        Path { steps }
    }

    /// Returns the path in words: backticks around it, or "the scenario" for the empty one.
    fn spoken(&self) -> String {
        if self.steps.is_empty() { "the scenario".to_owned() } else { format!("`{self}`") }
    }
}

impl FromStr for Path {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Path, Problem> {
        Path::parse(text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Name(name) => {
                    let dot = if nth == 0 { "" } else { "." };
                    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
                    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
                    if is_plain { write!(formatter, "{dot}{name}")? } else { write!(formatter, "{dot}\"{escaped}\"")? }
                }
            }
        }
        Ok(())
    }
}

/// Returns the path of the innermost element at a place of the text; empty if the text is no RON.
pub fn path_at(source: &Source, offset: usize) -> String {
    source.root().map(|root| path_below(root, offset).to_string()).unwrap_or_default()
}

/// Returns the path from `root` to the innermost element at a place of the file.
pub fn path_below(root: Element<'_>, offset: usize) -> Path {
    let mut way = Path::default();
    let mut here = root;
    while let Some((step, inner)) = step_towards(here, offset) {
        way.steps.extend(step);
        here = inner;
    }
    way
}

/// Returns the part of `element` at `offset`, and its step; a wrapper is no step.
fn step_towards(element: Element<'_>, offset: usize) -> Option<(Option<Step>, Element<'_>)> {
    let is_at = |span: crate::problem::Span| (span.start()..span.end()).contains(&offset);
    if let Some(one) = inside(element) {
        return one.contains(offset).then_some((None, one));
    }
    match element.shape() {
        Shape::Struct => {
            let field =
                element.fields_as_written().ok()?.into_iter().find(|field| is_at(field.name_span) || field.value.contains(offset))?;
            Some((Some(Step::Name(field.name.to_owned())), field.value))
        }
        Shape::Map => {
            let entry = element
                .entries_as_written()
                .ok()?
                .into_iter()
                .flatten()
                .find(|entry| is_at(entry.key_span) || entry.value.contains(offset))?;
            Some((Some(Step::Name(entry.key)), entry.value))
        }
        Shape::List | Shape::Tuple => {
            let (index, item) = element.items().ok()?.into_iter().enumerate().find(|(_, item)| item.contains(offset))?;
            Some((Some(Step::Index(index)), item))
        }
        _ => None,
    }
}

fn wrong(text: &str, message: String) -> Problem {
    Problem::new(message).path(text)
}

/// Reads as many steps as there are, and returns what follows them.
fn parse_steps(text: &str) -> Result<(Path, &str), Problem> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    loop {
        if let Some(inside) = rest.strip_prefix('[') {
            let (name, quoted, after) = parse_name(text, inside)?;
            rest = after.strip_prefix(']').ok_or_else(|| wrong(text, format!("`[{name}` has no `]`")))?;
            let index = if quoted { None } else { name.parse().ok() };
            steps.push(index.map_or(Step::Name(name), Step::Index));
        } else {
            let (name, _, after) = parse_name(text, rest)?;
            steps.push(Step::Name(name));
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.starts_with('[') => {}
            None => return Ok((Path { steps }, rest)),
        }
    }
}

/// Reads one name, with or without quotes, and returns it, whether it had quotes, and the rest.
fn parse_name<'t>(text: &str, rest: &'t str) -> Result<(String, bool, &'t str), Problem> {
    let Some(inside) = rest.strip_prefix('"') else {
        let end = rest.find(|c: char| c.is_whitespace() || ".[]=\"".contains(c)).unwrap_or(rest.len());
        if end == 0 {
            let message =
                if text.trim().is_empty() { "the path is empty".to_owned() } else { format!("a name is missing in the path `{text}`") };
            return Err(wrong(text, message).expected("names with dots between them, for example `nodes.shoppers.count`"));
        }
        return Ok((rest[..end].to_owned(), false, &rest[end..]));
    };
    let mut name = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((name, true, &inside[at + 1..])),
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => name.push(c),
        }
    }
    Err(wrong(text, format!("a double quote is missing in the path `{text}`"))
        .hint("in a shell, put single quotes around the whole: 'stacks.\"a -> b\"[0].attempts=3'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORM: &str = r#"(
        nodes: { "shoppers": Clients(count: 2000, arrivals: Poisson(rate: "900/s")), "checkout": Service(workers: 64) },
        stacks: { "shoppers -> checkout": [Retry(attempts: 4), Breaker(Resilience4j(threshold: "50%")), Timeout("1s")] },
        faults: [SlowNode(at: "60s"), Crash(label: "outage", at: "90s")],
    )"#;

    fn at(path: &str) -> Result<String, String> {
        let source = Source::new("storm.ron", STORM);
        let found = Path::parse(path).and_then(|path| locate(&source, &path)).map(|element| element.text().to_owned());
        found
            .map_err(|problem| [Some(problem.message), problem.expected, problem.hint].into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn a_path_goes_through_structs_maps_lists_labels_and_variants() {
        assert_eq!(at("nodes.shoppers.count").unwrap(), "2000");
        assert_eq!(at("nodes.shoppers.arrivals.rate").unwrap(), "\"900/s\"");
        assert_eq!(at(r#"stacks."shoppers -> checkout"[0].attempts"#).unwrap(), "4");
        assert_eq!(at(r#"stacks["shoppers -> checkout"][1].threshold"#).unwrap(), "\"50%\"");
        assert_eq!(at(r#"stacks."shoppers -> checkout"[2][0]"#).unwrap(), "\"1s\"");
        assert_eq!(at("faults.outage.at").unwrap(), "\"90s\"");
        assert_eq!(at("faults[outage].at").unwrap(), "\"90s\"");
    }

    #[test]
    fn an_unknown_part_is_named_together_with_what_is_there() {
        assert_eq!(
            at("node.shoppers").unwrap_err(),
            "the scenario has no `node`; one of `nodes`, `stacks`, `faults`; did you mean `nodes`?"
        );
        assert_eq!(at("nodes.shopers.count").unwrap_err(), "`nodes` has no `shopers`; `shoppers` or `checkout`; did you mean `shoppers`?");
        assert_eq!(at("nodes.shoppers.count.x").unwrap_err(), "`nodes.shoppers.count` is `2000`, so it has no `x`");
        assert_eq!(at("faults[2]").unwrap_err(), "`faults` has 2 items, so there is no `[2]`; the first item is `[0]`");
        assert_eq!(at("faults.outge").unwrap_err(), "no item of `faults` has the label `outge`; the label outage; did you mean `outage`?");
        assert_eq!(at("nodes[0]").unwrap_err(), "`nodes` is no list, so it has no `[0]`; shoppers or checkout");
    }

    #[test]
    fn a_path_that_cannot_be_read_says_what_is_missing() {
        assert_eq!(at("").unwrap_err(), "the path is empty; names with dots between them, for example `nodes.shoppers.count`");
        assert!(at("nodes..count").unwrap_err().starts_with("a name is missing in the path `nodes..count`"));
        assert!(at("nodes.").unwrap_err().starts_with("a name is missing"));
        assert!(at("faults[0").unwrap_err().starts_with("`[0` has no `]`"));
        assert!(at(r#"stacks."a -> b"#).unwrap_err().starts_with("a double quote is missing"));
        assert!(at("nodes.shoppers count").unwrap_err().starts_with("` count` does not continue the path `nodes.shoppers`"));
    }

    #[test]
    fn a_change_is_a_path_and_a_value_with_equals_signs_of_its_own() {
        let (path, value) = Path::parse_change(r#"stacks."a = b"[0].note = x=y "#).unwrap();
        assert_eq!(path.to_string(), r#"stacks."a = b"[0].note"#);
        assert_eq!(value, "x=y");
        assert!(Path::parse_change("nodes.count").unwrap_err().message.ends_with("has no value"));
    }

    #[test]
    fn the_path_of_a_place_leads_back_to_it() {
        let source = Source::new("storm.ron", STORM);
        for (needle, path) in [
            ("2000", "nodes.shoppers.count"),
            ("rate", "nodes.shoppers.arrivals.rate"),
            ("50%", r#"stacks."shoppers -> checkout"[1].threshold"#),
            ("1s", r#"stacks."shoppers -> checkout"[2]"#),
            ("SlowNode", "faults[0]"),
            ("faults", "faults"),
        ] {
            let offset = STORM.find(needle).unwrap();
            assert_eq!(path_at(&source, offset), path);
            assert!(locate(&source, &Path::parse(path).unwrap()).is_ok());
        }
    }
}
