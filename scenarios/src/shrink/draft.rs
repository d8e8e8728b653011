//! What is a scenario while it is made smaller?
//!
//! One arm, taken apart: plain fields, maps of entries, lists of items, each as the text it was written as, and faults as values, because
//! those are changed most. The arm is part of the scenario itself, and so are the strikes of its storm.

use super::edits::left_out;
use crate::expect::Clause;
use crate::plan_text::fault;
use crate::problem::{Problem, Problems};
use crate::repro::Repro;
use crate::text::Source;
use crate::text::cut::{span_of_field, without};
use crate::text::overlay::{SECTIONS, overlay};
use crate::text::parse::{parse, parse_as};
use crate::text::path::{Path, locate_in};
use crate::text::tree::{Element, Shape};
use models::faults::PlannedFault;
use sim_core::time::SimDuration;
use std::fmt::Write as _;

/// A scenario in pieces, and a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The seed of the run that fails.
    pub seed: u64,
    /// Plain fields, by name.
    pub fields: Vec<(String, String)>,
    /// Sections of entries, by name: their keys and values. A list has entries without keys.
    pub sections: Vec<Section>,
    /// All faults.
    pub faults: Vec<PlannedFault>,
}

/// A section of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Whether it is a list: then keys are empty.
    pub is_list: bool,
    /// Its entries.
    pub entries: Vec<(String, String)>,
}

/// Lists that are no section of arms.
const LISTS: [&str; 2] = ["expect", "properties"];

/// What is not part of one arm's scenario: its faults are kept apart, and its sweep is over.
const LEFT_OUT: [&str; 4] = ["arms", "sweep", "faults", "storm"];

impl Draft {
    /// The scenario of a repro file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(repro: &Repro) -> Result<Self, Problem> {
        let mut draft = Self::of_arm(&repro.scenario, &repro.arm, repro.seed)?;
        draft.faults.extend(repro.drawn.iter().cloned());
        Ok(draft)
    }

    /// One arm of a scenario, without the storm.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_arm(text: &str, arm: &str, seed: u64) -> Result<Self, Problem> {
        let source = Source::new("scenario", text);
        let root = source.root()?;
        let changes = locate_in(root, &Path::of_names(&["arms", arm])).ok();
        let mut problems = Problems::new();
        let pieces = overlay(root, changes, &[], &mut problems);
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        let mut draft = Self { seed, fields: Vec::new(), sections: Vec::new(), faults: faults(root)? };
        for field in root.fields()? {
            let is_section = SECTIONS.iter().any(|section| section.name == field.name) || LISTS.contains(&field.name);
            if !is_section && !LEFT_OUT.contains(&field.name) {
                draft.fields.push((field.name.to_owned(), field.value.text().to_owned()));
            }
        }
        for section in SECTIONS {
            let entries = pieces.section(section.name).iter();
            let entries: Vec<_> = entries.map(|piece| (piece.key.clone().unwrap_or_default(), piece.value.text().to_owned())).collect();
            let entries = if section.is_list { entries.into_iter().map(|(_, text)| (String::new(), text)).collect() } else { entries };
            draft.sections.push(Section { name: section.name.to_owned(), is_list: section.is_list, entries });
        }
        for name in LISTS {
            let items = root.fields()?.into_iter().find(|field| field.name == name).map(|field| field.value.list()).transpose()?;
            let items = items.unwrap_or_default().into_iter().filter(|item| speaks_of(*item, name, arm));
            let entries = items.map(|item| Ok((String::new(), without_arms(item)?))).collect::<Result<_, Problem>>()?;
            draft.sections.push(Section { name: name.to_owned(), is_list: true, entries });
        }
        Ok(draft)
    }

    /// A plain field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
    }

    /// A length of time in a plain field.
    pub fn length(&self, name: &str) -> Option<SimDuration> {
        let text = self.field(name)?;
        parse(Source::new(name, text).root().ok()?).ok()
    }

    /// The same with another value of a plain field.
    #[must_use]
    pub fn with_field(&self, name: &str, value: String) -> Self {
        let mut other = self.clone();
        match other.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, text)) => *text = value,
            None => other.fields.push((name.to_owned(), value)),
        }
        other
    }

    /// The scenario as text, with these words as comments above it.
    pub fn text(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            let _ = writeln!(text, "{}", format!("// {line}").trim_end());
        }
        text += "(\n";
        for (name, value) in &self.fields {
            let _ = writeln!(text, "    {name}: {},", tidied(value));
        }
        for section in self.sections.iter().filter(|section| !section.entries.is_empty()) {
            section.write(&mut text);
        }
        if !self.faults.is_empty() {
            text += "    faults: [\n";
            for one in &self.faults {
                // Who reads it need not see what is usual; a trial need not be short.
                let _ = writeln!(text, "        {},", if comment.is_empty() { fault(one) } else { in_short(one) });
            }
            text += "    ],\n";
        }
        text + ")\n"
    }
}

impl Section {
    fn write(&self, text: &mut String) {
        let (open, close) = if self.is_list { ('[', ']') } else { ('{', '}') };
        let _ = writeln!(text, "    {}: {open}", self.name);
        for (key, value) in &self.entries {
            let key =
                if self.is_list { String::new() } else { format!("{}: ", ron::to_string(key).expect("a text can be written as RON")) };
            let _ = writeln!(text, "        {key}{},", tidied(value));
        }
        let _ = writeln!(text, "    {close},");
    }
}

/// A value without the traces of what was cut out of it: a blank behind a bracket that opens, a comma before one that closes.
fn tidied(value: &str) -> String {
    let mut tidy = String::with_capacity(value.len());
    // What has comments or lines of its own keeps them as they are.
    if value.contains('\n') || value.contains("//") || value.contains("/*") || value.contains('#') {
        return value.to_owned();
    }
    let (mut is_text, mut is_escaped) = (false, false);
    for c in value.chars() {
        if is_text {
            (is_text, is_escaped) = (c != '"' || is_escaped, c == '\\' && !is_escaped);
        } else if c == '"' {
            is_text = true;
        } else if c == ' ' && tidy.ends_with(['(', '[', '{']) {
            continue;
        } else if matches!(c, ')' | ']' | '}') {
            tidy.truncate(tidy.trim_end_matches([' ', ',']).len());
        }
        tidy.push(c);
    }
    tidy
}

/// A fault without the fields that say what is usual.
fn in_short(one: &PlannedFault) -> String {
    let mut text = fault(one);
    let means = |text: &str| Source::new("fault", text).root().ok().and_then(|root| parse_as::<PlannedFault>(root, "fault").ok());
    while let Some((shorter, _)) = left_out(&text).into_iter().find(|(shorter, _)| means(shorter).as_ref() == Some(one)) {
        text = shorter;
    }
    text
}

fn faults(root: Element<'_>) -> Result<Vec<PlannedFault>, Problem> {
    let field = root.fields()?.into_iter().find(|field| field.name == "faults");
    let items = field.map(|field| field.value.list()).transpose()?.unwrap_or_default();
    items.into_iter().map(|item| parse_as(item, "fault")).collect()
}

/// Whether an item says something of this arm that one run can decide.
fn speaks_of(item: Element<'_>, list: &str, arm: &str) -> bool {
    list != "expect" || parse_as::<Clause>(item, "expectation").is_ok_and(|clause| clause.speaks_of(arm) && clause.is_broken_by_one_run())
}

/// An expectation without the arms it speaks of: there is only one left.
fn without_arms(item: Element<'_>) -> Result<String, Problem> {
    if item.shape() != Shape::Struct {
        return Ok(item.text().to_owned());
    }
    let arms = item.fields()?.into_iter().find(|field| field.name == "arms");
    Ok(arms.map_or_else(|| item.text().to_owned(), |field| without(item, span_of_field(field.name_span, field.value))))
}

#[cfg(test)]
mod tests {
    use super::tidied;

    #[test]
    fn what_was_cut_leaves_no_traces_and_texts_stay_as_they_are() {
        assert_eq!(tidied(r#"Clients(count: 1, calls: "db",)"#), r#"Clients(count: 1, calls: "db")"#);
        assert_eq!(tidied(r#"Raft( without: [ "a, ]",], of: {  })"#), r#"Raft(without: ["a, ]"], of: {})"#);
        assert_eq!(tidied(r#"["a \" ( ,)",]"#), r#"["a \" ( ,)"]"#);
        assert_eq!(tidied("Raft( // a comment ,)\n)"), "Raft( // a comment ,)\n)");
    }
}
