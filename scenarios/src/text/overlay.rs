//! What does an arm change?
//!
//! An arm overlays whole entries by key: `(stacks: { "a -> b": [...] }, nodes: { "checkout": Service(...) })` puts its
//! entries in the place of the base's entries of the same key, and adds the others at the end. Nothing is merged inside
//! an entry, so that what an arm does can be read in one place. The keys of `stacks` are edges, and blanks around their arrow
//! do not matter: `"a->b"` is `"a -> b"`. `links` is a list: a link replaces the one with the same
//! `label:` field; a link without a label replaces nothing and is added.

use super::path::label;
use super::tree::{Element, each_once};
use crate::problem::{Problem, Problems, Span, one_of};

/// A section that an arm may overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its field in the scenario and in an arm.
    pub name: &'static str,
    /// Whether it is a list with labels; else it is a map.
    pub is_list: bool,
}

/// The sections that an arm may overlay.
pub const SECTIONS: [Section; 6] = [
    Section { name: "stacks", is_list: false },
    Section { name: "nodes", is_list: false },
    Section { name: "links", is_list: true },
    Section { name: "groups", is_list: false },
    Section { name: "clocks", is_list: false },
    Section { name: "alerts", is_list: false },
];

/// One entry of a section, as it is for one arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The key of the map, or the label; nothing for an item of a list without a label.
    pub key: Option<String>,
    /// Where the key stands; for an item of a list, its first word.
    pub key_span: Span,
    /// The value: from the arm if the arm has this key.
    pub value: Element<'a>,
    /// Whether the arm wrote it.
    pub is_from_arm: bool,
}

/// The sections of a scenario as they are for one arm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay<'a> {
    sections: Vec<(&'static str, Vec<Piece<'a>>)>,
}

impl<'a> Overlay<'a> {
    /// Returns the entries of a section in order: those of the base as written, then those that only the arm has.
    /// A section that is not one of [`SECTIONS`] is empty.
    pub fn section(&self, name: &str) -> &[Piece<'a>] {
        self.sections.iter().find(|(section, _)| *section == name).map_or(&[], |(_, pieces)| pieces)
    }
}

/// Returns the sections of the scenario `base` with those of `arm` laid over them, and notes what is wrong with either.
///
/// `also` names fields of an arm that are no overlay and that the caller reads itself. Without an arm, the sections of
/// the base are returned as they are.
pub fn overlay<'a>(base: Element<'a>, arm: Option<Element<'a>>, also: &[&str], problems: &mut Problems) -> Overlay<'a> {
    if let Some(arm) = arm {
        check_fields(arm, also, problems);
    }
    let sections = SECTIONS.iter().map(|section| {
        let mut pieces = read(base, *section, false, problems);
        let changes = arm.map(|arm| read(arm, *section, true, problems)).unwrap_or_default();
        for change in changes {
            match pieces.iter_mut().find(|piece| piece.key.is_some() && piece.key == change.key) {
                Some(piece) => *piece = change,
                None => pieces.push(change),
            }
        }
        (section.name, pieces)
    });
    Overlay { sections: sections.collect() }
}

fn check_fields(arm: Element<'_>, also: &[&str], problems: &mut Problems) {
    let fields = arm.fields_noting(problems);
    let known: Vec<&str> = SECTIONS.iter().map(|section| section.name).chain(also.iter().copied()).collect();
    for field in fields.iter().filter(|field| !known.contains(&field.name)) {
        let problem =
            Problem::new(format!("an arm cannot change `{}`", field.name)).at(field.name_span).expected(one_of(known.iter().copied()));
        // What is right elsewhere is no misspelling of what is right here.
        let is_known = crate::FIELDS.contains(&field.name);
        let problem = if is_known { problem } else { problem.suggest(field.name, known.iter().copied()) };
        let has_hint = problem.hint.is_some();
        problems.push(if has_hint {
            problem
        } else {
            problem.hint("faults, load and everything else are common to all arms, so that they can be compared")
        });
    }
}

fn read<'a>(outer: Element<'a>, section: Section, is_from_arm: bool, problems: &mut Problems) -> Vec<Piece<'a>> {
    let fields = outer.fields_noting(problems);
    let Some(field) = fields.into_iter().find(|field| field.name == section.name) else { return Vec::new() };
    if section.is_list {
        let items = problems.note(field.value.list()).unwrap_or_default();
        return labelled(items, is_from_arm, problems);
    }
    let entries = field.value.entries_noting(problems);
    let key = |key: String| if section.name == "stacks" { edge_name(&key) } else { key };
    let pieces =
        entries.into_iter().map(|entry| Piece { key: Some(key(entry.key)), key_span: entry.key_span, value: entry.value, is_from_arm });
    let name = |piece: &Piece<'_>| (format!("the edge `{}`", piece.key.as_deref().unwrap_or_default()), piece.key_span);
    each_once(pieces.collect(), name, problems)
}

/// Returns the name of an edge as it is spelt everywhere: `a -> b`.
fn edge_name(written: &str) -> String {
    match written.split_once("->") {
        Some((caller, callee)) => format!("{} -> {}", caller.trim(), callee.trim()),
        None => written.to_owned(),
    }
}

fn labelled<'a>(items: Vec<Element<'a>>, is_from_arm: bool, problems: &mut Problems) -> Vec<Piece<'a>> {
    let pieces = items.into_iter().map(|item| Piece { key: label(item), key_span: item.head(), value: item, is_from_arm });
    let (with_label, without): (Vec<_>, Vec<_>) = pieces.partition(|piece| piece.key.is_some());
    let name = |piece: &Piece<'_>| (format!("the label `{}`", piece.key.as_deref().unwrap_or_default()), piece.key_span);
    let mut kept = each_once(with_label, name, problems);
    kept.extend(without);
    kept.sort_by_key(|piece| piece.key_span);
    kept
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    fn overlaid(base: &str, arm: &str) -> (Vec<String>, Vec<String>) {
        let source = Source::new("x", format!("(base: {base}, arm: {arm})"));
        let fields = source.root().unwrap().fields().unwrap();
        let mut problems = Problems::new();
        let overlay = overlay(fields[0].value, Some(fields[1].value), &["own_faults"], &mut problems);
        let spell = |piece: &Piece| format!("{}={}", piece.key.as_deref().unwrap_or("-"), piece.value.text());
        let pieces = SECTIONS.iter().flat_map(|section| overlay.section(section.name).iter().map(spell)).collect();
        (pieces, problems.sorted().iter().map(|problem| problem.message.clone()).collect())
    }

    #[test]
    fn entries_of_the_arm_replace_those_of_the_same_key_in_place_and_new_ones_follow() {
        let (pieces, problems) = overlaid(
            r#"(nodes: { "a": A(), "b": B() }, stacks: { "a -> b": [X()] })"#,
            r#"(nodes: { "c": C(), "a": A(workers: 2) }, own_faults: [])"#,
        );
        assert_eq!(pieces, ["a -> b=[X()]", "a=A(workers: 2)", "b=B()", "c=C()"]);
        assert!(problems.is_empty());
    }

    #[test]
    fn links_are_replaced_by_label_and_otherwise_added() {
        let (pieces, problems) = overlaid(
            r#"(links: [Link(from: "a"), Link(label: "wan", from: "b")])"#,
            r#"(links: [Link(from: "c"), Link(label: "wan", from: "d")])"#,
        );
        assert_eq!(pieces, [r#"-=Link(from: "a")"#, r#"wan=Link(label: "wan", from: "d")"#, r#"-=Link(from: "c")"#]);
        assert!(problems.is_empty());
    }

    #[test]
    fn an_arm_changes_nothing_else_and_every_mistake_is_noted() {
        let (_, problems) = overlaid(
            r#"(nodes: { "a": A(), "a": B() }, links: [Link(label: "x"), Link(label: "x")])"#,
            r#"(faults: [], node: {}, stacks: [], groups: { "g": 1, "g": 2 })"#,
        );
        assert_eq!(
            problems,
            [
                "`a` is written twice",
                "the label `x` is written twice",
                "an arm cannot change `faults`",
                "an arm cannot change `node`",
                "a list does not fit here",
                "`g` is written twice"
            ]
        );
    }
}
