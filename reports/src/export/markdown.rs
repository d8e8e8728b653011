//! How does a report look as text that may be kept in git?
//!
//! The same verdicts as the page, without pictures: a changed line is a changed result.

use crate::command;
use crate::summary::{self, Ranking, fates, faults, stacks, verdicts};
use crate::table::{Align, Cell, Table};
use scenarios::expect;
use scenarios::numbers::Numbers;
use scenarios::results::Results;
use scenarios::story::Stack;
use std::fmt::Write as _;

/// More kinds of faults than this are on the page only.
const LISTED_FAULTS: usize = 20;

/// The table in Markdown, without its title, and what there is to know of it below.
pub fn table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(table.columns.iter().map(|column| escaped(&column.name)).collect());
    text += &line(table.columns.iter().map(|column| if column.align == Align::Left { "---" } else { "---:" }.to_owned()).collect());
    for row in &table.rows {
        text += &line(row.iter().map(shown).collect());
    }
    if let Some(note) = &table.note {
        let _ = writeln!(text, "\n{}", escaped(note));
    }
    text
}

fn shown(cell: &Cell) -> String {
    match cell {
        // A bar would end the cell even within code.
        Cell::Code(text) => code(&text.replace('|', "\\|")),
        _ => escaped(&cell.shown()),
    }
}

/// The report as Markdown: verdict on the expectations, the question, headline, fates, what did not pass, rankings with the command of each
/// worst run, assumptions.
pub fn report(results: &Results) -> String {
    let manifest = &results.manifest;
    let judged = expect::judge(results, Numbers::Read);
    let mut text = verdicts::line(&judged).map_or_else(String::new, |line| format!("**{line}**\n\n"));
    let _ = writeln!(text, "# {}\n", escaped(&manifest.scenario));
    let (question, rest) = summary::question(manifest);
    for paragraph in [question.to_owned(), summary::changes(manifest).unwrap_or_default()].iter().filter(|text| !text.trim().is_empty()) {
        let _ = writeln!(text, "{}\n", escaped(paragraph));
    }
    let _ = writeln!(text, "**{}**\n", escaped(&fates::headline(results)));
    push_fates(&mut text, &fates::over_cells(results));
    for doubt in summary::doubts(results) {
        let _ = writeln!(text, "**Doubt**: {}.\n", escaped(&doubt));
    }
    let open = verdicts::not_passed(manifest, &judged);
    if !open.rows.is_empty() {
        let _ = writeln!(text, "## {}\n\n{}", open.title, table(&open));
    }
    push_simulated(&mut text, results, rest);
    for edges in summary::thresholds(results) {
        let _ = writeln!(text, "## {}\n\n{}", escaped(&edges.title), table(&edges));
    }
    if !results.stressed.is_empty() {
        let _ = writeln!(text, "## Does the ranking hold?\n");
        for sentence in summary::stress_sentences(results) {
            let _ = writeln!(text, "- {}.", escaped(&sentence));
        }
        for one in summary::stress(results) {
            let _ = writeln!(text, "\n### {}\n\n{}", escaped(&one.title), table(&one));
        }
    }
    push_grid(&mut text, results);
    for cell in 0..manifest.cells.len() as u32 {
        push_cell(&mut text, results, &Ranking::of(results, cell), cell);
    }
    if let Some(sums) = summary::sums(manifest) {
        let _ = writeln!(text, "## {}\n\n{}", escaped(&sums.title), table(&sums));
    }
    if !manifest.assumptions.is_empty() {
        let _ = writeln!(text, "## Assumptions that matter\n\n{}", table(&summary::assumptions(manifest)));
    }
    let _ = writeln!(
        text,
        "Stormglass {}, scenario {}, digest of all runs {:016x}, seeds {} to {}. Again: {}",
        escaped(&manifest.tool_version),
        manifest.scenario_hash,
        results.digest(),
        manifest.first_seed,
        command::last_seed(manifest),
        code(&command::compare(manifest))
    );
    text
}

/// What the scenario says of itself, and load, parts and faults in words.
fn push_simulated(text: &mut String, results: &Results, rest: &str) {
    let manifest = &results.manifest;
    let story = &manifest.story;
    let load = summary::load_heading(manifest);
    let mut lists: Vec<(&str, Vec<String>)> = vec![(&load, story.load.clone())];
    lists.push(("Varied", summary::varied(manifest).into_iter().map(|(axis, values)| format!("{axis}: {values}")).collect()));
    lists.push((
        "Parts",
        story.parts.iter().map(|part| format!("{}: {}", part.name, stacks::part(part, &str::to_owned, &str::to_owned))).collect(),
    ));
    let stack = |stack: &Stack| format!("{}: {}", stack.edge, stacks::sentence(stack, &str::to_owned, &str::to_owned));
    lists.push((stacks::heading(manifest), story.stacks.iter().map(stack).collect()));
    let planned = faults::kinds(manifest, 0).into_iter().map(|(told, windows)| faults::sentence(&told, &windows));
    let mut misfortunes: Vec<String> = planned.take(LISTED_FAULTS).collect();
    misfortunes.extend(manifest.random_faults.iter().map(|label| faults::random(results, label)));
    lists.push((if manifest.has_same_faults() { "Faults" } else { "Faults of the first cell" }, misfortunes));
    lists.retain(|(_, items)| !items.is_empty());
    if rest.is_empty() && lists.is_empty() {
        return;
    }
    let _ = writeln!(text, "## What was simulated\n");
    for paragraph in rest.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        // An indented block is preformatted in Markdown as it stands: nothing in it is escaped.
        let shown = if paragraph.starts_with("    ") { paragraph.to_owned() } else { escaped(paragraph) };
        let _ = writeln!(text, "{shown}\n");
    }
    for (title, items) in lists {
        let _ = writeln!(text, "{}:\n", escaped(title));
        for item in items {
            let _ = writeln!(text, "- {}.", escaped(&item));
        }
        text.push('\n');
    }
}

fn push_fates(text: &mut String, fates: &[fates::Fate]) {
    for fate in fates {
        let _ = writeln!(text, "- **{}**: {}.", escaped(&fate.arm), escaped(&fate.text));
    }
    text.push('\n');
}

/// The tables over all cells, if there are several.
fn push_grid(text: &mut String, results: &Results) {
    if results.manifest.cells.len() > 1 {
        let _ = writeln!(text, "## Along {}\n", escaped(&results.manifest.axes.join(", ")));
        for question in summary::grid(results) {
            let _ = writeln!(text, "### {}\n\n{}", escaped(&question.title), table(&question));
        }
        for moved in summary::sensitivity(results) {
            let _ = writeln!(text, "### {}\n\n{}", escaped(&moved.title), table(&moved));
        }
    }
}

fn push_cell(text: &mut String, results: &Results, ranking: &Ranking, cell: u32) {
    let manifest = &results.manifest;
    let several = manifest.cells.len() > 1;
    let ranked = ranking.table();
    let heading = if several { &ranking.heading() } else { &ranked.title };
    let _ = writeln!(text, "## {}\n", escaped(heading));
    if several {
        push_fates(text, &fates::of_arms(ranking));
    }
    for sentence in fates::ties(ranking) {
        let _ = writeln!(text, "{}\n", escaped(&sentence));
    }
    let _ = writeln!(text, "{}", table(&ranked));
    let claims = summary::consistency(results, cell).into_iter().chain(summary::properties(results, cell));
    let further = claims.chain(summary::episodes(results, cell)).chain(summary::stuck(results, cell)).chain(ranking.table_of_set_apart());
    for further in further.chain(summary::classes(results, cell)).chain(summary::observations(results, cell)) {
        let _ = writeln!(text, "{}\n\n{}", escaped(&further.title), table(&further));
    }
    for evidence in ranking.evidence() {
        let _ = writeln!(text, "{}\n\n{}", escaped(&evidence.title), table(&evidence));
    }
    *text += "Worst runs:\n\n";
    for (arm, command) in ranking.worst_commands(manifest) {
        let _ = writeln!(text, "- {}: {}", escaped(&arm), code(&command));
    }
    text.push('\n');
}

/// Text as it is, in a fence of more backticks than it holds in a row.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (fence, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text in which Markdown and HTML see nothing to interpret, and a reader of the plain text as little as can be that was not meant.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let next = rest.clone().next();
        match character {
            '\n' | '\r' => out.push(' '),
            // Before anything else than these neither opens a tag nor an entity.
            '<' if !next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next)) => out.push('<'),
            '&' if !next.is_some_and(|next| next.is_ascii_alphabetic() || next == '#') => out.push('&'),
            '<' | '&' | '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}
