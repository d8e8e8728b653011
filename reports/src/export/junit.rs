//! How do the verdicts look to a CI system that reads JUnit's XML?
//!
//! There is no standard but the files that Ant's task and Maven Surefire write, and everybody reads. One suite per cell, one case per clause
//! and arm; a comparison with earlier results is a suite of its own, with one case per measure and arm that differs. Times and dates are
//! left out, so that the same results are the same bytes. Runs that were not finished are errors, wherever they are.

use crate::against::{Against, Judged};
use crate::command;
use crate::html::escaped;
use crate::summary::cell_label;
use scenarios::expect::{Judgement, Verdict};
use scenarios::results::{Manifest, Results, RunOutcome};
use std::fmt::Write as _;

/// What an undecided clause counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undecided {
    /// A test that was skipped: CI stays green.
    #[default]
    Skipped,
    /// An error, which is neither a success nor a failure: CI turns red.
    Error,
}

/// One case of a suite.
struct Case {
    class: String,
    name: String,
    /// Element, message, and text inside.
    ending: Option<(&'static str, String, String)>,
    /// What was seen, where it passed.
    seen: String,
}

/// The whole file.
pub fn file(results: &Results, verdicts: &[Verdict], against: Option<&Against>, undecided: Undecided) -> String {
    let manifest = &results.manifest;
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    for cell in 0..manifest.cells.len() as u32 {
        let of_cell = verdicts.iter().filter(|verdict| verdict.cell == cell);
        let mut cases: Vec<Case> = of_cell.map(|verdict| of_verdict(manifest, verdict, undecided)).collect();
        cases.extend(unfinished(results, cell));
        suites.push((suite_name(manifest, cell), cases));
    }
    if let Some(against) = against {
        let differing = against.changes.iter().filter(|change| change.differs);
        suites.push((
            format!("{}: against earlier results", manifest.scenario),
            differing.map(|change| of_change(manifest, change)).collect(),
        ));
    }
    rendered(&manifest.scenario, &suites)
}

fn suite_name(manifest: &Manifest, cell: u32) -> String {
    let label = cell_label(manifest, cell);
    if label.is_empty() { manifest.scenario.clone() } else { format!("{}: {label}", manifest.scenario) }
}

fn class_name(manifest: &Manifest, arm: u32) -> String {
    format!("{}.{}", manifest.scenario, manifest.arms.get(arm as usize).map_or("", String::as_str))
}

fn of_verdict(manifest: &Manifest, verdict: &Verdict, undecided: Undecided) -> Case {
    let element = match (verdict.judgement, undecided) {
        (Judgement::Passed, _) => None,
        (Judgement::Failed, _) => Some("failure"),
        (Judgement::Undecided, Undecided::Skipped) => Some("skipped"),
        (Judgement::Undecided, Undecided::Error) => Some("error"),
    };
    let again = verdict.worst_seed.map(|seed| format!("worst run: {}", command::run(manifest, verdict.cell, verdict.arm, seed)));
    let message = format!("{}: {}", verdict.judgement.name(), verdict.evidence);
    Case {
        class: class_name(manifest, verdict.arm),
        name: verdict.clause.clone(),
        ending: element.map(|element| (element, message, again.unwrap_or_default())),
        seen: verdict.evidence.clone(),
    }
}

fn of_change(manifest: &Manifest, change: &crate::against::Change) -> Case {
    let seen = format!("{} then, {} now, difference {}", change.before, change.after, change.difference);
    let again = format!("worst run: {}", command::run(manifest, change.cell, change.arm, change.worst_seed));
    let label = cell_label(manifest, change.cell);
    let place = if label.is_empty() { String::new() } else { format!(" at {label}") };
    Case {
        class: class_name(manifest, change.arm),
        name: format!("{}{place} is no worse than before", change.measure),
        ending: (change.judged == Judged::Worse).then(|| ("failure", format!("worse: {seen}"), again)),
        seen,
    }
}

fn unfinished(results: &Results, cell: u32) -> impl Iterator<Item = Case> {
    let rows = results.runs.iter().filter(move |row| row.cell == cell);
    rows.filter_map(move |row| {
        let (what, message) = match &row.outcome {
            RunOutcome::Finished { .. } => return None,
            RunOutcome::Stalled(message) => ("was stopped", message),
            RunOutcome::Panicked(message) => ("panicked, which is a bug in Stormglass", message),
        };
        Some(Case {
            class: class_name(&results.manifest, row.arm),
            name: format!("the run of seed {} is finished", row.seed),
            ending: Some(("error", format!("it {what}: {message}"), command::run(&results.manifest, row.cell, row.arm, row.seed))),
            seen: String::new(),
        })
    })
}

/// How many cases there are, and how many of them end so.
fn counts(cases: &[Case]) -> String {
    let count = |wanted: &str| cases.iter().filter(|case| case.ending.as_ref().is_some_and(|ending| ending.0 == wanted)).count();
    let (failures, errors, skipped) = (count("failure"), count("error"), count("skipped"));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"", cases.len())
}

fn rendered(name: &str, suites: &[(String, Vec<Case>)]) -> String {
    let sum = |wanted: &str| {
        let endings = suites.iter().flat_map(|(_, cases)| cases).filter_map(|case| case.ending.as_ref());
        endings.filter(|ending| ending.0 == wanted).count()
    };
    let tests: usize = suites.iter().map(|(_, cases)| cases.len()).sum();
    let (failures, errors) = (sum("failure"), sum("error"));
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(text, "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">", attribute(name));
    for (name, cases) in suites {
        let _ = writeln!(text, "  <testsuite name=\"{}\" {}>", attribute(name), counts(cases));
        cases.iter().for_each(|case| push(&mut text, case));
        text += "  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

fn push(text: &mut String, case: &Case) {
    let _ = write!(text, "    <testcase classname=\"{}\" name=\"{}\">", attribute(&case.class), attribute(&case.name));
    let _ = match &case.ending {
        Some((element @ "skipped", message, _)) => write!(text, "<{element} message=\"{}\"/>", attribute(message)),
        Some((element, message, inside)) => {
            let kind = if *element == "failure" { "expectation" } else { "undecided or unfinished" };
            write!(text, "<{element} type=\"{kind}\" message=\"{}\">{}</{element}>", attribute(message), element_text(inside))
        }
        None if case.seen.is_empty() => Ok(()),
        None => write!(text, "<system-out>{}</system-out>", element_text(&case.seen)),
    };
    *text += "</testcase>\n";
}

/// Text between tags: what XML does not allow at all is replaced.
fn element_text(text: &str) -> String {
    let allowed = |c: char| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    escaped(&text.chars().map(allowed).collect::<String>())
}

/// Text between quotes: a reader would make a blank of every line break and tab.
fn attribute(text: &str) -> String {
    element_text(text).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, ending: Option<(&'static str, &str)>) -> Case {
        Case {
            class: "storm.a \"b\" <c>".to_owned(),
            name: name.to_owned(),
            ending: ending.map(|(element, message)| (element, message.to_owned(), "stormglass run x --arm \"<&>\"".to_owned())),
            seen: "99 % & more".to_owned(),
        }
    }

    const HOSTILE: &str = "a \"quoted\" <tag> & 'more' ]]> \u{1}\u{fffe} line\nnext\ttab é 日本";

    #[test]
    fn whatever_is_in_it_a_reader_of_xml_reads_it_back() {
        let cases = vec![
            case(HOSTILE, None),
            case("x", Some(("failure", HOSTILE))),
            case("y", Some(("skipped", HOSTILE))),
            case("z", Some(("error", HOSTILE))),
        ];
        let text = rendered(HOSTILE, &[(HOSTILE.to_owned(), cases), ("empty".to_owned(), Vec::new())]);
        let read = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let root = read.root_element();
        let shown = HOSTILE.replace(['\u{1}', '\u{fffe}'], "\u{fffd}");
        assert_eq!((root.tag_name().name(), root.attribute("name")), ("testsuites", Some(shown.as_str())));
        assert_eq!((root.attribute("tests"), root.attribute("failures"), root.attribute("errors")), (Some("4"), Some("1"), Some("1")));
        let cases: Vec<_> = root.descendants().filter(|node| node.has_tag_name("testcase")).collect();
        assert_eq!(cases[0].attribute("name"), Some(shown.as_str()));
        assert_eq!(cases[0].first_element_child().and_then(|node| node.text()), Some("99 % & more"));
        for (case, element) in cases[1..].iter().zip(["failure", "skipped", "error"]) {
            let ending = case.first_element_child().expect("it did not pass");
            assert_eq!((ending.tag_name().name(), ending.attribute("message")), (element, Some(shown.as_str())));
        }
        assert_eq!(cases[1].first_element_child().and_then(|node| node.text()), Some("stormglass run x --arm \"<&>\""));
        let suites: Vec<_> = root.children().filter(|node| node.has_tag_name("testsuite")).collect();
        assert_eq!(
            (suites[0].attribute("tests"), suites[0].attribute("skipped"), suites[1].attribute("tests")),
            (Some("4"), Some("1"), Some("0"))
        );
    }
}
