//! Who ranks where in each cell, how sure is that, and which runs went worst?

use super::escaped;
use super::figures::{Figures, Part};
use super::head::fates;
use super::tables::table;
use crate::summary::fates::{of_arms, ties};
use crate::summary::{self, Ranking};
use crate::table::Table;
use scenarios::results::Results;
use std::fmt::Write as _;

/// What is said of a cell whose ranking would make the page too heavy.
const NO_ROOM: &str = "<p>The ranking of this cell has no room here; <code>ranking.json</code> has it.</p>\n";

/// More rows of observations than this are in `ranking.json` alone.
const OBSERVED: usize = 150;

/// The rankings of the cells whose pictures are on the page, each with how sure it is.
pub fn open(results: &Results, figures: &Figures<'_>) -> String {
    let count = results.manifest.cells.len();
    let mut html = "<section>\n<h2 id=\"ranking\">Ranking</h2>\n".to_owned();
    let cells = figures.cells.clone();
    if cells.len() < count {
        let _ = writeln!(
            html,
            "<p>Of {count} cells this is the one in which the arms differ most. <a href=\"#cells\">All others</a> are below, and their pictures in <code>charts/</code>.</p>"
        );
    }
    for cell in cells {
        let ranking = Ranking::of(results, cell);
        html += &one(results, &ranking, true);
        let sure: String = ranking.evidence().iter().map(|sure| headed(sure, &results.manifest.arms)).collect();
        if !sure.is_empty() {
            let _ = writeln!(html, "<details><summary>How sure is that?</summary>\n{sure}</details>");
        }
    }
    html += &figures.draw(Part::Ranking);
    html + "</section>\n"
}

/// The rankings of all cells, folded away, as many as this many bytes have room for, and of the others where they are; nothing if all are open.
pub fn folded(results: &Results, figures: &Figures<'_>, room: usize) -> String {
    let count = results.manifest.cells.len() as u32;
    if figures.cells.len() as u32 == count {
        return String::new();
    }
    let mut html =
        "<section>\n<h2 id=\"cells\">Cell by cell</h2>\n<p>All measures, and how sure each of these rankings is, stand in <code>ranking.json</code>.</p>\n".to_owned();
    for cell in 0..count {
        let ranking = Ranking::of(results, cell);
        let links = figures.links_of(cell);
        let own = one(results, &ranking, false);
        // What the headings and links of the cells after it take as well, about.
        let left = (count - cell) as usize * (links.len() + 2 * ranking.heading().len() + 200);
        let own = if html.len() + own.len() + left <= room { own } else { NO_ROOM.to_owned() };
        let _ = writeln!(html, "<details class=\"cell\">\n<summary>{}</summary>\n{own}{links}</details>", escaped(&ranking.heading()));
    }
    html + "</section>\n"
}

/// What is open on the page, or folded away with many others: then it has no heading of its own, and no more than decides between arms.
fn one(results: &Results, ranking: &Ranking, is_open: bool) -> String {
    let manifest = &results.manifest;
    let mut html = String::new();
    if is_open && manifest.cells.len() > 1 {
        let _ = writeln!(html, "<h3>{}</h3>", escaped(&ranking.heading()));
    }
    if manifest.cells.len() > 1 {
        html += &fates(manifest, &of_arms(ranking));
    }
    for sentence in ties(ranking) {
        let _ = writeln!(html, "<p>{}</p>", escaped(&sentence));
    }
    let (deciding, all) = (ranking.deciding(), ranking.table());
    let _ = write!(html, "<p>{}.</p>\n{}", escaped(&deciding.title), table(&deciding, &manifest.arms));
    if is_open && all.columns.len() > deciding.columns.len() {
        let _ = writeln!(html, "<details><summary>All measures</summary>\n{}</details>", table(&all, &manifest.arms));
    }
    let claims = summary::consistency(results, ranking.cell).into_iter().chain(summary::properties(results, ranking.cell));
    let further = claims.chain(summary::episodes(results, ranking.cell)).chain(summary::stuck(results, ranking.cell));
    let further = further.chain(ranking.table_of_set_apart()).chain(summary::classes(results, ranking.cell));
    for further in further.chain(summary::observations(results, ranking.cell)) {
        html += &headed(&further, &manifest.arms);
    }
    if let Some(all) = summary::all_observations(results, ranking.cell).filter(|all| all.rows.len() <= OBSERVED) {
        let _ = writeln!(html, "<details><summary>Everything that was observed</summary>\n{}</details>", table(&all, &manifest.arms));
    }
    html
}

/// The worst runs of each arm in the open cells, with the commands that repeat them.
pub fn worst(results: &Results, figures: &Figures<'_>) -> String {
    let manifest = &results.manifest;
    let mut html = "<section>\n<h2 id=\"worst\">Worst runs</h2>\n".to_owned();
    for &cell in &figures.cells {
        let runs = summary::worst_runs(results, cell);
        let place =
            if manifest.cells.len() > 1 { format!("<h3>{}</h3>\n", escaped(&summary::cell_label(manifest, cell))) } else { String::new() };
        let _ = write!(html, "{place}{}", table(&runs, &manifest.arms));
    }
    html + "</section>\n"
}

/// A table below its title.
pub fn headed(what: &Table, arms: &[String]) -> String {
    format!("<h3>{}</h3>\n{}", escaped(&what.title), table(what, arms))
}
