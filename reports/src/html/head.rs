//! What stands first: the verdict, the question, and what became of the arms?

use super::escaped;
use super::inline::inline;
use super::tables::{mark, table};
use crate::summary::fates::Fate;
use crate::summary::{self, verdicts};
use crate::table::Table;
use crate::theme::ARM_COLOURS;
use scenarios::expect::Verdict;
use scenarios::results::Manifest;

/// More verdicts than this are in the files only.
const LISTED: usize = 120;
/// Of those that did not pass, more than this are folded away.
const OPEN: usize = 12;

/// How many expectations passed; nothing if there are none.
pub fn verdict_line(all: &[Verdict]) -> String {
    let (Some(line), Some(worst)) = (verdicts::line(all), verdicts::worst(all)) else {
        return String::new();
    };
    format!("<p class=\"expectations {}\">{}</p>\n", worst.name(), escaped(&line))
}

/// What the report answers, and what the command line changed in the scenario.
pub fn question(manifest: &Manifest) -> String {
    let (question, _) = summary::question(manifest);
    let asked = if question.trim().is_empty() { String::new() } else { format!("<p class=\"question\">{}</p>\n", inline(question.trim())) };
    let changed = summary::changes(manifest).map(|sentence| format!("<p class=\"changed\">{}</p>\n", escaped(&sentence)));
    asked + &changed.unwrap_or_default()
}

/// One sentence per arm.
pub fn fates(manifest: &Manifest, fates: &[Fate]) -> String {
    let item = |fate: &Fate| format!("<li{}><b>{}</b>: {}.</li>", mark(&manifest.arms, &fate.arm), escaped(&fate.arm), escaped(&fate.text));
    let items: Vec<String> = fates.iter().map(item).collect();
    format!("<ul class=\"fates\">\n{}\n</ul>\n", items.join("\n"))
}

/// What a reader ought to know before the numbers are believed.
pub fn doubts(doubts: &[String]) -> String {
    doubts.iter().map(|doubt| format!("<p class=\"doubt\"><b>Doubt</b>: {}.</p>\n", inline(doubt))).collect()
}

/// What did not come as expected; the first of it open.
pub fn not_passed(manifest: &Manifest, all: &[Verdict]) -> String {
    let arms = &manifest.arms;
    let mut open = verdicts::not_passed(manifest, all);
    let more = open.rows.len().saturating_sub(LISTED);
    open.rows.truncate(LISTED);
    if open.rows.is_empty() {
        return String::new();
    }
    let more = if more > 0 { format!("<p>And {more} more, which <code>results.json</code> has.</p>\n") } else { String::new() };
    let folded = Table { rows: open.rows.split_off(open.rows.len().min(OPEN)), ..open.clone() };
    let folded = match folded.rows.len() {
        0 => String::new(),
        rows => format!("<details><summary>And {rows} more</summary>\n{}{more}</details>\n", table(&folded, arms)),
    };
    let title = escaped(&open.title);
    format!("<section>\n<h2 id=\"not-as-expected\">{title}</h2>\n{}{folded}</section>\n", table(&open, arms))
}

/// Everything that is expected, folded away; nothing if nothing is.
pub fn expectations(manifest: &Manifest, all: &[Verdict]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let listed = &all[..all.len().min(LISTED)];
    let every = table(&verdicts::all(manifest, listed), &manifest.arms);
    let cut = if all.len() > LISTED { format!("<p>The first {LISTED}; <code>results.json</code> has all.</p>\n") } else { String::new() };
    let summary = if all.len() == 1 { "The only one".to_owned() } else { format!("All {}", all.len()) };
    let folded = format!("<details><summary>{summary}</summary>\n{cut}{every}</details>\n");
    format!("<section>\n<h2 id=\"expectations\">Every expectation</h2>\n{folded}</section>\n")
}

/// Where what is on the page; parts without words are left out.
pub fn contents(parts: &[(&str, &str)], has_explore: bool) -> String {
    let items: String = parts.iter().map(|(id, title)| format!("<li><a href=\"#{id}\">{}</a></li>", escaped(title))).collect();
    let explore = if has_explore {
        "<p class=\"explore\"><a href=\"explore.html\">explore.html</a>: the same pictures to zoom, hover and choose cells in.</p>\n"
    } else {
        ""
    };
    format!("<nav class=\"contents\" aria-label=\"Contents\"><ul>{items}</ul></nav>\n{explore}")
}

/// What the script of the page offers; hidden without it.
pub fn controls(manifest: &Manifest) -> String {
    let colour = |arm: usize| arm % ARM_COLOURS;
    let item = |(arm, name): (usize, &String)| {
        let colour = colour(arm);
        format!(
            "<label title=\"{0}\"><input type=\"checkbox\" checked data-arm=\"{arm}\" data-colour=\"{colour}\"><span class=\"sample\" style=\"background: var(--a{colour})\"></span>{0}</label>\n",
            escaped(name)
        )
    };
    let boxes: String = manifest.arms.iter().enumerate().map(item).collect();
    let arms = if manifest.arms.len() > 1 {
        format!("<fieldset><legend>Arms shown</legend>\n{boxes}</fieldset>\n<button type=\"button\" id=\"all-arms\">All arms</button>\n")
    } else {
        String::new()
    };
    format!("<div class=\"controls\" id=\"controls\" hidden>\n{arms}<button type=\"button\" id=\"theme\">Dark page</button>\n</div>\n")
}
