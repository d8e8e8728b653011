//! How do the arms fare over all cells, from where on does the system fail, and does the ranking hold under other assumptions?

use super::escaped;
use super::figures::{Figures, Part};
use super::rankings::headed;
use crate::command;
use crate::summary;
use scenarios::results::Results;

/// From which values on the system fails, if that was looked for; with the pictures of it where there is no grid that they would stand with.
pub fn edges(results: &Results, figures: &Figures<'_>) -> String {
    if results.thresholds.is_empty() {
        return String::new();
    }
    let said: String = summary::threshold_sentences(results).iter().map(|sentence| format!("<li>{}.</li>\n", escaped(sentence))).collect();
    let pictures = if results.manifest.cells.len() < 2 { figures.draw(Part::Grid) } else { String::new() };
    let tables: String = summary::thresholds(results).iter().map(|edges| headed(edges, &results.manifest.arms)).collect();
    format!("<section>\n<h2 id=\"edges\">Where it breaks</h2>\n<ul class=\"fates\">\n{said}</ul>\n{pictures}{tables}</section>\n")
}

/// Pictures and tables along the varied axes, if there are several cells.
pub fn along(results: &Results, figures: &Figures<'_>) -> String {
    let manifest = &results.manifest;
    if manifest.cells.len() < 2 {
        return String::new();
    }
    let tables = summary::grid(results).into_iter().chain(summary::sensitivity(results));
    let tables: String = tables.map(|question| headed(&question, &manifest.arms)).collect();
    format!(
        "<section>\n<h2 id=\"grid\">Along {}</h2>\n{}{tables}</section>\n",
        escaped(&manifest.axes.join(", ")),
        figures.draw(Part::Grid)
    )
}

/// Whether the ranking holds under other assumptions, if that was asked.
pub fn stress(results: &Results) -> String {
    if results.stressed.is_empty() {
        return String::new();
    }
    let said: String = summary::stress_sentences(results).iter().map(|sentence| format!("<li>{}.</li>\n", escaped(sentence))).collect();
    let tables: String = summary::stress(results).iter().map(|one| headed(one, &results.manifest.arms)).collect();
    let commands: String = results
        .stressed
        .iter()
        .map(|one| format!("<li>{}: <code>{}</code></li>\n", escaped(&one.assumption), escaped(&command::compare(&one.results.manifest))))
        .collect();
    let again = format!("<details><summary>The commands</summary>\n<ul class=\"commands\">\n{commands}</ul>\n</details>\n");
    format!("<section>\n<h2 id=\"stress\">Does the ranking hold?</h2>\n<ul class=\"fates\">\n{said}</ul>\n{tables}{again}</section>\n")
}
