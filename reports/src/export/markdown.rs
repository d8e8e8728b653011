//! How does a report look as text that may be kept in git?
//!
//! The same verdicts as the page, without pictures: a changed line is a changed result.

use crate::command;
use crate::summary::{Ranking, fates};
use crate::table::{Align, Table};
use scenarios::results::Results;
use std::fmt::Write as _;

/// The table in Markdown, without its title.
pub fn table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(table.columns.iter().map(|column| escaped(&column.name)).collect());
    text += &line(table.columns.iter().map(|column| if column.align == Align::Left { "---" } else { "---:" }.to_owned()).collect());
    for row in table.shown() {
        text += &line(row.iter().map(|cell| escaped(cell)).collect());
    }
    text
}

/// The report as Markdown: headline, fates, rankings with the command of each worst run, assumptions.
pub fn report(results: &Results) -> String {
    let manifest = &results.manifest;
    let mut text = format!("# {}\n\n**{}**\n\n", escaped(&manifest.scenario), escaped(&fates::headline(results)));
    if !manifest.description.is_empty() {
        let _ = writeln!(text, "{}\n", escaped(&manifest.description));
    }
    for cell in 0..manifest.cells.len() as u32 {
        let ranking = Ranking::of(results, cell);
        if manifest.cells.len() > 1 {
            let _ = writeln!(text, "## {}\n", escaped(&crate::summary::cell_label(manifest, cell)));
        }
        for sentence in fates::sentences(&ranking) {
            let _ = writeln!(text, "- {}", escaped(&sentence));
        }
        let _ = writeln!(text, "\n{}", table(&ranking.table()));
        text += "Worst runs:\n\n";
        for (arm, command) in ranking.worst_commands(manifest) {
            let _ = writeln!(text, "- {}: {}", escaped(&arm), code(&command));
        }
        text.push('\n');
    }
    if !manifest.assumptions.is_empty() {
        text += "## Assumptions that matter\n\n";
        text += &table(&crate::summary::assumptions(manifest));
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "Stormglass {}, scenario {}, seeds {} to {}. Again: {}",
        escaped(&manifest.tool_version),
        manifest.scenario_hash,
        manifest.first_seed,
        command::last_seed(manifest),
        code(&command::compare(manifest))
    );
    text
}

/// Text as it is, in a fence of more backticks than it holds in a row.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (fence, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text in which Markdown and HTML see nothing to interpret.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}
