//! What stands on the page, part by part?

use super::escaped;
use super::inline::inline;
use crate::charts::Picture;
use crate::command;
use crate::number;
use crate::summary::fates::{Fate, of_arms, ties};
use crate::summary::{self, Ranking, verdicts};
use crate::table::{Align, Cell, Table};
use scenarios::expect::Verdict;
use scenarios::results::{Manifest, Results};
use std::fmt::Write as _;

/// More cells than this are folded away.
const OPEN_CELLS: usize = 4;
/// With more cells than this, their pictures are not on the page; the files hold all.
const DRAWN_CELLS: usize = 4;
/// More pictures along an axis than this are not on the page, either.
const DRAWN_ALONG: usize = 12;
/// More fault windows than this are only counted.
const LISTED_FAULTS: usize = 12;
/// Rows of a picture's data that are shown on the page; the file holds all.
const DATA_ROWS: usize = 200;

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

/// What did not come as expected, and folded away all that is expected.
pub fn expectations(manifest: &Manifest, all: &[Verdict]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let open = verdicts::not_passed(manifest, all);
    let open = if open.rows.is_empty() { String::new() } else { format!("<h2>{}</h2>\n{}", escaped(&open.title), table(&open)) };
    let all = format!("<details><summary>All {} expectations</summary>\n{}</details>", all.len(), table(&verdicts::all(manifest, all)));
    format!("<section>\n{open}{all}\n</section>\n")
}

/// One sentence per arm.
pub fn fates(fates: &[Fate]) -> String {
    let item = |fate: &Fate| format!("<li><b>{}</b>: {}.</li>", escaped(&fate.arm), escaped(&fate.text));
    let items: Vec<String> = fates.iter().map(item).collect();
    format!("<ul class=\"fates\">\n{}\n</ul>\n", items.join("\n"))
}

/// What a reader ought to know before the numbers are believed.
pub fn doubts(doubts: &[String]) -> String {
    doubts.iter().map(|doubt| format!("<p class=\"doubt\"><b>Doubt</b>: {}.</p>\n", inline(doubt))).collect()
}

/// Description, load, faults, assumptions.
pub fn what_was_simulated(manifest: &Manifest) -> String {
    let mut html = "<section>\n<h2>What was simulated</h2>\n".to_owned();
    for paragraph in summary::question(manifest).1.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let _ = match paragraph.strip_prefix("    ") {
            Some(lines) => writeln!(html, "{}", indented(&lines.replace("\n    ", "\n"))),
            None => writeln!(html, "<p>{}</p>", inline(paragraph.trim())),
        };
    }
    let mut facts = vec![
        ("load", manifest.load.clone()),
        ("measured", format!("from {} to {}", number::length(manifest.warm_up), number::length(manifest.horizon))),
        (
            "arms",
            format!("{}; the first is the baseline", manifest.arms.iter().map(|arm| format!("\"{arm}\"")).collect::<Vec<_>>().join(", ")),
        ),
        (
            "runs",
            format!(
                "{} per arm{}, seeds {} to {}",
                manifest.replications,
                if manifest.cells.len() > 1 { " and cell" } else { "" },
                manifest.first_seed,
                command::last_seed(manifest)
            ),
        ),
    ];
    if !manifest.axes.is_empty() {
        facts.push(("varied", format!("{} ({} cells)", manifest.axes.join(", "), manifest.cells.len())));
    }
    let mut faults: Vec<_> = Vec::new();
    for fault in manifest.faults.iter().flatten() {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    if !manifest.has_same_faults() {
        facts.push(("faults", format!("differ from cell to cell; {} windows in all", faults.len())));
    }
    for fault in faults.iter().take(LISTED_FAULTS) {
        let begin = number::length(fault.begin.since_start());
        let when =
            fault.end.map_or_else(|| format!("from {begin} on"), |end| format!("from {begin} to {}", number::length(end.since_start())));
        facts.push(("fault", format!("{}, {when}", fault.label)));
    }
    for label in &manifest.random_faults {
        facts.push(("fault", format!("{label}, at times that differ from run to run")));
    }
    if manifest.instants_differ {
        facts.push(("instants differ", summary::INSTANTS_DIFFER.to_owned()));
    }
    html += "<dl class=\"facts\">\n";
    for (name, value) in &facts {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    }
    html += "</dl>\n";
    if let Some(sums) = summary::sums(manifest) {
        let _ = writeln!(html, "<h3>{}</h3>\n<div class=\"wide\">{}</div>", escaped(&sums.title), table(&sums));
    }
    if !manifest.assumptions.is_empty() {
        let _ = writeln!(html, "<h3>Assumptions that matter</h3>\n{}", table(&summary::assumptions(manifest)));
    }
    html += "</section>\n";
    html
}

/// From which values on the system fails, if that was looked for.
pub fn edges(results: &Results) -> String {
    if results.thresholds.is_empty() {
        return String::new();
    }
    let said: String = summary::threshold_sentences(results).iter().map(|sentence| format!("<li>{}.</li>\n", escaped(sentence))).collect();
    let tables: String = summary::thresholds(results)
        .iter()
        .map(|edges| format!("<h3>{}</h3>\n<div class=\"wide\">{}</div>\n", escaped(&edges.title), table(edges)))
        .collect();
    format!("<section>\n<h2>Where it breaks</h2>\n<ul class=\"fates\">\n{said}</ul>\n{tables}</section>\n")
}

/// Whether the ranking holds under other assumptions, if that was asked.
pub fn stress(results: &Results) -> String {
    if results.stressed.is_empty() {
        return String::new();
    }
    let said: String = summary::stress_sentences(results).iter().map(|sentence| format!("<li>{}.</li>\n", escaped(sentence))).collect();
    let tables: String = summary::stress(results)
        .iter()
        .map(|one| format!("<h3>{}</h3>\n<div class=\"wide\">{}</div>\n", escaped(&one.title), table(one)))
        .collect();
    let commands: String = results
        .stressed
        .iter()
        .map(|one| format!("<li>{}: <code>{}</code></li>\n", escaped(&one.assumption), escaped(&command::compare(&one.results.manifest))))
        .collect();
    let again = format!("<details><summary>The commands</summary>\n<ul>\n{commands}</ul>\n</details>\n");
    format!("<section>\n<h2>Does the ranking hold?</h2>\n<ul class=\"fates\">\n{said}</ul>\n{tables}{again}</section>\n")
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

/// How the arms fare over all cells: pictures and tables along the varied axes.
pub fn across_cells(results: &Results, pictures: &[Picture]) -> String {
    let manifest = &results.manifest;
    if manifest.cells.len() < 2 {
        return String::new();
    }
    let mut html = format!("<section>\n<h2>Along {}</h2>\n", escaped(&manifest.axes.join(", ")));
    let along: Vec<&Picture> = pictures.iter().filter(|picture| picture.view.axis.is_some()).collect();
    let drawn = along.len().min(DRAWN_ALONG);
    html.extend(along[..drawn].iter().map(|picture| figure(picture)));
    html.extend(along[drawn..].iter().map(|picture| links(picture)));
    for question in summary::grid(results) {
        let _ = writeln!(html, "<h3>{}</h3>\n{}", escaped(&question.title), table(&question));
    }
    for moved in summary::sensitivity(results) {
        let _ = writeln!(html, "<h3>{}</h3>\n<div class=\"wide\">{}</div>", escaped(&moved.title), table(&moved));
    }
    html + "</section>\n"
}

/// Ranking, pictures and worst runs of each cell.
pub fn cells(results: &Results, pictures: &[Picture]) -> String {
    let count = results.manifest.cells.len();
    let mut html = if count > OPEN_CELLS { "<section>\n<h2>Cell by cell</h2>\n".to_owned() } else { String::new() };
    for cell in 0..count {
        let ranking = Ranking::of(results, cell as u32);
        let ranked = ranking.table();
        let heading = if ranking.label.is_empty() { &ranked.title } else { &ranking.heading() };
        let own = pictures.iter().filter(|picture| picture.view.cells == [cell as u32] && picture.view.axis.is_none());
        let own: String = own.map(if count > DRAWN_CELLS { links } else { figure }).collect();
        let told = if count > 1 { fates(&of_arms(&ranking)) } else { String::new() };
        let ties: String = ties(&ranking).iter().map(|sentence| format!("<p>{}</p>\n", escaped(sentence))).collect();
        let further = ranking.table_of_set_apart().into_iter().chain(summary::classes(results, cell as u32));
        let further = summary::stuck(results, cell as u32).into_iter().chain(further);
        let further = summary::properties(results, cell as u32).into_iter().chain(further);
        let further = further.chain(summary::observations(results, cell as u32));
        let further: String = further.map(|further| format!("<h3>{}</h3>\n{}", escaped(&further.title), table(&further))).collect();
        let sure: String = ranking
            .evidence()
            .iter()
            .map(|sure| format!("<h3>{}</h3>\n<div class=\"wide\">{}</div>\n", escaped(&sure.title), table(sure)))
            .collect();
        let sure = if sure.is_empty() { sure } else { format!("<details><summary>How sure is that?</summary>\n{sure}</details>\n") };
        let body = format!("{told}{ties}{}{further}{sure}{own}{}", table(&ranked), worst(&ranking, &results.manifest));
        let _ = if count > OPEN_CELLS {
            writeln!(html, "<details class=\"cell\">\n<summary>{}</summary>\n{body}</details>", escaped(heading))
        } else {
            writeln!(html, "<section>\n<h2>{}</h2>\n{body}</section>", escaped(heading))
        };
    }
    if count > OPEN_CELLS { html + "</section>\n" } else { html }
}

fn figure(picture: &Picture) -> String {
    let rows = picture.table.rows.len();
    let mut shown = picture.table.clone();
    shown.rows.truncate(DATA_ROWS);
    let cut = if rows > DATA_ROWS { format!(" The first {DATA_ROWS} of {rows} rows.") } else { String::new() };
    let stem = escaped(&picture.stem);
    format!(
        "<figure>\n<div class=\"wide\">{}</div><figcaption>{}. <details><summary>Data</summary><p><a href=\"charts/{stem}.csv\">charts/{stem}.csv</a>, \
         <a href=\"charts/{stem}.svg\">charts/{stem}.svg</a>.{cut}</p>\n{}</details></figcaption>\n</figure>\n",
        picture.svg,
        escaped(picture.summary),
        table(&shown)
    )
}

/// Where a picture is that would make the page too heavy.
fn links(picture: &Picture) -> String {
    let stem = escaped(&picture.stem);
    let files = ["svg", "csv"].map(|ending| format!("<a href=\"charts/{stem}.{ending}\">charts/{stem}.{ending}</a>"));
    format!("<p>{}: {}</p>\n", escaped(picture.summary), files.join(", "))
}

fn worst(ranking: &Ranking, manifest: &Manifest) -> String {
    let mut html = "<h3>Worst run of each arm</h3>\n<ul class=\"commands\">\n".to_owned();
    for (arm, command) in ranking.worst_commands(manifest) {
        let _ = writeln!(html, "<li>{}: <code>{}</code></li>", escaped(&arm), escaped(&command));
    }
    html += "</ul>\n";
    html
}

/// A table; numbers carry their raw value for the script that sorts.
fn table(table: &Table) -> String {
    let mut html = "<div class=\"wide\"><table>\n<thead><tr>".to_owned();
    let class = |align: Align| if align == Align::Right { " class=\"number\"" } else { "" };
    for column in &table.columns {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(column.align), escaped(&column.name));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        let cells = table.columns.iter().zip(row).map(|(column, cell)| cell_of(class(column.align), cell));
        let _ = writeln!(html, "<tr>{}</tr>", cells.collect::<String>());
    }
    html += "</tbody>\n</table></div>\n";
    html
}

fn cell_of(class: &str, cell: &Cell) -> String {
    let value = cell.value().map_or_else(String::new, |value| format!(" data-value=\"{value}\""));
    let shown = escaped(&cell.shown());
    match cell {
        Cell::Code(_) => format!("<td{class}><code>{shown}</code></td>"),
        Cell::Noted(_, note) => format!("<td{class}{value}><abbr title=\"{}\">{shown}</abbr></td>", escaped(note)),
        _ => format!("<td{class}{value}>{shown}</td>"),
    }
}

/// What the words of the page mean.
pub fn definitions() -> String {
    const WORDS: &[(&str, &str)] = &[
        ("availability", "successful calls / calls started after the warm-up and before the horizon; unfinished calls did not succeed"),
        ("degraded", "the share of the successful calls that ended with a makeshift or an old answer, or rest on one"),
        ("wrong", "the share of the successful calls whose answer was altered on the way or a lie, or that rest on such an answer"),
        (
            "rank",
            "arms share a rank if no measure that ranks them differs, seed by seed, by more than luck would in one case in twenty (two-sided sign test over the seeds that differ; at least six are needed)",
        ),
        ("best in a cell", "of the first rank there; where no difference between the arms is shown, none is best"),
        (
            "against the baseline",
            "median over the seeds of the difference of availability, in percentage points, same seed in both arms; with a 95 % interval by order statistics, which assumes no distribution and needs six seeds",
        ),
        ("better in", "seeds in which the arm's availability was higher than the baseline's, of all seeds compared"),
        (
            "recovery",
            "from the end of the last fault of an episode until service is back at its level for good; of a run with several episodes, the slowest; it runs to the end of the last rolling window (hold) below the level, so that service that is back at once reads up to hold",
        ),
        (
            "not recovered",
            "still below the level when the horizon or the next episode came, or stuck; such a run counts as longer than any limit and is shown as \u{201c}>\u{201d}, never averaged; point at the number for the 95 % interval of the share (Agresti and Coull)",
        ),
        ("stuck", "not recovered though no fault is active and first tries are offered at the rate they had before (metastable)"),
        ("recovery p50, p99", "Kaplan-Meier quantiles over the runs"),
        (
            "attempts per call",
            "attempts put on the wire per call, on the edge that is named, where calls are tried most often; the CSV has every edge; end to end: attempts on the edge that carries most of them, or on all edges of clients if these together carry more, per call of a client",
        ),
        ("edge", "a caller and its callee"),
        ("latency", "of successful calls, from the intended start; the median over the runs of each run's mean or quantile"),
        ("quantile", "nearest rank: the smallest observed value that at least that share of the sample does not exceed"),
        ("worst seed", "not recovered before recovered, then slowest, then lowest availability, then most attempts"),
    ];
    let mut html = "<section>\n<h2>Definitions</h2>\n<dl>\n".to_owned();
    for (word, meaning) in WORDS {
        let _ = writeln!(html, "<dt>{}</dt><dd>{}.</dd>", escaped(word), escaped(meaning));
    }
    html += "</dl>\n</section>\n";
    html
}

/// Where all this came from, and how to get it again.
pub fn provenance(manifest: &Manifest) -> String {
    format!(
        "<footer>\n<p>Again: <code>{}</code></p>\n<p>Stormglass {}, scenario hash <code>{}</code>.</p>\n<details><summary>The scenario</summary>\n<pre>{}</pre>\n</details>\n</footer>\n",
        escaped(&command::compare(manifest)),
        escaped(&manifest.tool_version),
        escaped(&manifest.scenario_hash),
        escaped(&manifest.text)
    )
}
