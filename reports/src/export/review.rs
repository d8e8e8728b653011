//! What does a reviewer of a change want to know, in Markdown?
//!
//! Short: the verdict, what did not pass with the command that shows it, and what changed against earlier results. The whole report is
//! `report.md`. The same results are the same bytes.

use super::markdown::{escaped, table};
use crate::against::Against;
use crate::command;
use crate::summary::{self, fates, verdicts};
use scenarios::expect::{self, Places, Verdict, places};
use scenarios::numbers::Numbers;
use scenarios::results::Results;
use std::fmt::Write as _;

/// The whole text. `against` comes with the name of what it was compared with.
pub fn summary(results: &Results, against: Option<(&Against, &str)>) -> String {
    let manifest = &results.manifest;
    let judged = &expect::judge(results, Numbers::Read);
    let mut text = format!("## Stormglass: {}\n\n", escaped(&manifest.scenario));
    if let Some(line) = verdicts::line(judged) {
        let _ = writeln!(text, "**{line}**\n");
    }
    if let Some(sentence) = summary::changes(manifest) {
        let _ = writeln!(text, "{}\n", escaped(&sentence));
    }
    let _ = writeln!(text, "{}\n", escaped(&fates::headline(results)));
    for stated in (0..manifest.cells.len() as u32).filter_map(|cell| summary::properties(results, cell)) {
        let _ = writeln!(text, "### {}\n\n{}", stated.title, table(&stated));
    }
    let open = verdicts::not_passed(manifest, judged);
    if !open.rows.is_empty() {
        let _ = writeln!(text, "### {}\n\n{}", open.title, table(&open));
        let _ = writeln!(text, "{}\n", escaped(&where_written(judged, &places(&manifest.text), &manifest.source)));
    }
    if let Some((against, what)) = against {
        push_against(&mut text, results, against, what);
    }
    if !judged.is_empty() {
        let all = table(&verdicts::all(manifest, judged));
        let _ = writeln!(text, "<details><summary>Every expectation ({})</summary>\n\n{all}\n</details>\n", judged.len());
    }
    let _ = writeln!(text, "Again: `{}`", command::compare(manifest).replace('`', "'"));
    text
}

/// The lines of the clauses that did not pass.
fn where_written(judged: &[Verdict], places: &Places, source: &str) -> String {
    let open = judged.iter().filter(|verdict| verdict.judgement != expect::Judgement::Passed);
    let mut lines: Vec<usize> = open.filter_map(|verdict| places.clauses.get(verdict.index as usize)).map(|place| place.0).collect();
    lines.sort_unstable();
    lines.dedup();
    let lines: Vec<String> = lines.iter().map(|line| format!("{source}:{line}")).collect();
    format!("Written at {}.", lines.join(", "))
}

fn push_against(text: &mut String, results: &Results, against: &Against, what: &str) {
    let manifest = &results.manifest;
    let _ = writeln!(text, "### {}\n", escaped(&against.headline(what)));
    let beyond = against.beyond_noise(manifest);
    if !beyond.rows.is_empty() {
        let _ = writeln!(text, "{}", table(&beyond));
    }
    for note in &against.notes {
        let _ = writeln!(text, "- {}", escaped(note));
    }
    let all = against.all(manifest);
    if all.rows.len() > beyond.rows.len() {
        let _ = writeln!(text, "\n<details><summary>{} ({})</summary>\n\n{}\n</details>", all.title, all.rows.len(), table(&all));
    }
    text.push('\n');
}
