//! What was simulated: who stands where and calls whom, which load comes, what goes wrong when, what is compared, and what is assumed?

use super::escaped;
use super::figures::{Figures, Part};
use super::inline::inline;
use super::tables::{mark, table};
use super::timeline;
use crate::command;
use crate::number;
use crate::summary;
use scenarios::results::{Manifest, Results};
use scenarios::story::Stack;
use std::fmt::Write as _;

/// More parts of a system than this are folded away.
const OPEN_PARTS: usize = 12;

/// The whole section.
pub fn simulated(results: &Results, figures: &Figures<'_>) -> String {
    let manifest = &results.manifest;
    let mut html = "<section>\n<h2 id=\"simulated\">What was simulated</h2>\n".to_owned();
    for paragraph in summary::question(manifest).1.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let _ = match paragraph.strip_prefix("    ") {
            Some(lines) => writeln!(html, "{}", indented(&lines.replace("\n    ", "\n"))),
            None => writeln!(html, "<p>{}</p>", inline(paragraph.trim())),
        };
    }
    html += &figures.draw(Part::Topology);
    html += &load(manifest);
    html += &parts(manifest);
    html += &stacks(manifest);
    html += &misfortunes(results, &figures.cells);
    html += &compared(manifest);
    if let Some(sums) = summary::sums(manifest) {
        let _ = writeln!(html, "<h3>{}</h3>\n{}", escaped(&sums.title), table(&sums, &manifest.arms));
    }
    if !manifest.assumptions.is_empty() {
        let _ = writeln!(
            html,
            "<h3 id=\"assumptions\">Assumptions that matter</h3>\n{}",
            table(&summary::assumptions(manifest), &manifest.arms)
        );
    }
    html += "</section>\n";
    html
}

fn load(manifest: &Manifest) -> String {
    let told = &manifest.story.load;
    let head = escaped(&summary::load_heading(manifest));
    if told.is_empty() {
        return format!("<h3>{head}</h3>\n<p>{}</p>\n", escaped(&manifest.load));
    }
    let items: String = told.iter().map(|sentence| format!("<li>{}.</li>\n", escaped(sentence))).collect();
    format!("<h3>{head}</h3>\n<ul>\n{items}</ul>\n{}", varied(manifest))
}

/// What is varied, and to which values.
fn varied(manifest: &Manifest) -> String {
    let of = |(axis, values): (String, String)| format!("<li><code>{}</code>: {}</li>\n", escaped(&axis), escaped(&values));
    let items: String = summary::varied(manifest).into_iter().map(of).collect();
    if items.is_empty() { String::new() } else { format!("<p>Varied, in {} cells:</p>\n<ul>\n{items}</ul>\n", manifest.cells.len()) }
}

fn parts(manifest: &Manifest) -> String {
    let parts = &manifest.story.parts;
    if parts.is_empty() {
        return String::new();
    }
    let code = |setting: &str| format!("<code>{}</code>", escaped(setting));
    let words = |part| summary::stacks::part(part, &code, &escaped);
    let rows: String = parts.iter().map(|part| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(&part.name), words(part))).collect();
    let list = format!("<dl class=\"told\">\n{rows}</dl>\n");
    let list =
        if parts.len() > OPEN_PARTS { format!("<details><summary>{} parts</summary>\n{list}</details>\n", parts.len()) } else { list };
    format!("<h3>Parts</h3>\n{list}")
}

/// What stands between callers and callees whatever the arm.
fn stacks(manifest: &Manifest) -> String {
    let told = &manifest.story.stacks;
    if told.is_empty() {
        return String::new();
    }
    let code = |layer: &str| format!("<code>{}</code>", escaped(layer));
    let row = |stack: &Stack| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(&stack.edge), summary::stacks::sentence(stack, &code, &escaped));
    let rows: String = told.iter().map(row).collect();
    format!("<h3>{}</h3>\n<dl class=\"told\">\n{rows}</dl>\n", summary::stacks::heading(manifest))
}

fn misfortunes(results: &Results, cells: &[u32]) -> String {
    let manifest = &results.manifest;
    let has_any = manifest.faults.iter().any(|faults| !faults.is_empty()) || !manifest.random_faults.is_empty();
    if !has_any {
        let (from, to) = (number::length(manifest.warm_up), number::length(manifest.horizon));
        return format!("<h3>Faults</h3>\n<p>None. Measured from {from} to {to}.</p>\n");
    }
    let mut html = "<h3>Faults over time</h3>\n".to_owned();
    if manifest.has_same_faults() {
        html += &timeline::timeline(results, cells.first().copied().unwrap_or(0));
    } else {
        html += "<p>They differ from cell to cell.</p>\n";
        for &cell in cells {
            let label = escaped(&summary::cell_label(manifest, cell));
            let _ = write!(html, "<p>{label}:</p>\n{}", timeline::timeline(results, cell));
        }
    }
    if summary::faults::instants_differ(results) {
        let _ = writeln!(html, "<p>Instants differ: {}.</p>", escaped(summary::INSTANTS_DIFFER));
    }
    html
}

/// Which arms there are and what each changes, which runs were made, and what is varied.
fn compared(manifest: &Manifest) -> String {
    let arms = &manifest.arms;
    let change = |arm: usize| match manifest.story.arms.get(arm).map(String::as_str) {
        None => String::new(),
        Some("") => "as the scenario is".to_owned(),
        Some(written) => format!("<pre>{}</pre>", escaped(written)),
    };
    let row = |(index, name): (usize, &String)| {
        let mark = mark(arms, name);
        let first = if index == 0 { " (the baseline)" } else { "" };
        format!("<dt{mark}>{}{first}</dt><dd{mark}>{}</dd>\n", escaped(name), change(index))
    };
    let rows: String = arms.iter().enumerate().map(row).collect();
    let per = if manifest.cells.len() > 1 { "arm and cell" } else { "arm" };
    let seeds = match manifest.replications {
        0 | 1 => format!("seed {}", manifest.first_seed),
        _ => format!("seeds {} to {}", manifest.first_seed, command::last_seed(manifest)),
    };
    let mut html = format!(
        "<h3>Compared</h3>\n<p>{} per {per}, {seeds}, the same for every arm.</p>\n",
        number::counted(&manifest.replications.to_string(), "run"),
    );
    let _ = writeln!(html, "<details><summary>What each arm changes</summary>\n<dl class=\"told\">\n{rows}</dl>\n</details>");
    html
}

/// What a comment has indented. Names with what is said of each, on lines of its own, are a list; anything else is a table or a formula, and stays as it
/// was written.
fn indented(block: &str) -> String {
    let mut told: Vec<(&str, String)> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        match (line.starts_with(' '), line.split_once("  ")) {
            (true, _) if !told.is_empty() => {
                goes_on = true;
                let (_, text) = told.last_mut().expect("it was looked at");
                *text = format!("{text} {}", line.trim());
            }
            (false, Some((name, text))) => told.push((name.trim(), text.trim().to_owned())),
            _ => return format!("<pre>{}</pre>", escaped(block)),
        }
    }
    if !goes_on {
        return format!("<pre>{}</pre>", escaped(block));
    }
    let rows: String = told.iter().map(|(name, text)| format!("<dt>{}</dt><dd>{}</dd>\n", inline(name), inline(text))).collect();
    format!("<dl class=\"told\">\n{rows}</dl>")
}
