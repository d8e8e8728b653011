//! How do results look to somebody who opens one file, without a network?
//!
//! The verdict and the question first, then what was simulated, then the evidence: ranking, pictures over time, recovery, latency, the grid,
//! what strategies did meanwhile, worst runs, definitions. Everything reads without JavaScript; one small script sorts tables, hides arms
//! and switches between light and dark. All text is escaped: a scenario may be called anything. A policy in the head forbids the page to
//! load anything from anywhere.

mod closing;
#[cfg(feature = "explore")]
pub mod explore;
mod figures;
mod grid;
mod head;
mod inline;
mod palette;
mod rankings;
mod simulated;
mod style;
mod tables;
mod timeline;

use crate::charts::Picture;
use crate::summary::{self, fates};
use figures::{Figures, Part};
use scenarios::expect;
use scenarios::numbers::Numbers;
use scenarios::results::Results;

/// What the page may load: nothing but what stands in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:";

/// The whole page. `pictures` are those of [`crate::charts::pictures`].
pub fn page(results: &Results, pictures: &[Picture]) -> String {
    let manifest = &results.manifest;
    let mut figures = Figures::of(results, pictures);
    let verdicts = expect::judge(results, Numbers::Read);
    let mut html = opening(&format!("{} – Stormglass report", manifest.scenario), &style::css());
    html += "<body>\n<main>\n";
    html += &head::verdict_line(&verdicts);
    html += &format!("<p class=\"kicker\">Stormglass report</p>\n<h1>{}</h1>\n", escaped(&manifest.scenario));
    html += &head::question(manifest);
    html += &format!("<p class=\"verdict\">{}</p>\n", escaped(&fates::headline(results)));
    html += &head::fates(manifest, &fates::over_cells(results));
    html += &head::doubts(&summary::doubts(results));
    let not_passed = head::not_passed(manifest, &verdicts);
    let expectations = head::expectations(manifest, &verdicts);
    // Once without a picture: what words take is known when they are written. Rankings of single cells come after the pictures that are needed.
    let words: usize = body(results, &figures, [String::new(), expectations.clone()]).iter().map(|(_, _, part)| part.len()).sum();
    let words = words + html.len() + style::SCRIPT.len() + not_passed.len();
    let cells = rankings::folded(results, &figures, figures::PAGE.saturating_sub(words + figures.needed()));
    figures.make_way(words + cells.len());
    let body = body(results, &figures, [cells, expectations]);
    let parts: Vec<(&str, &str)> = body.iter().filter(|(_, _, html)| !html.is_empty()).map(|(id, title, _)| (*id, *title)).collect();
    html += &head::contents(&parts, cfg!(feature = "explore"));
    html += &head::controls(manifest);
    html += &not_passed;
    html.extend(body.into_iter().map(|(_, _, part)| part));
    html += &format!("</main>\n<script>{}</script>\n</body>\n</html>\n", style::SCRIPT);
    html
}

/// The parts in their order: where links lead, what they are called in the contents, and what stands there.
fn body(results: &Results, figures: &Figures<'_>, [cells, expectations]: [String; 2]) -> Vec<(&'static str, &'static str, String)> {
    let simulated = simulated::simulated(results, figures);
    let mut body = vec![("simulated", "What was simulated", simulated), ("edges", "Where it breaks", grid::edges(results, figures))];
    body.push(("ranking", "Ranking", rankings::open(results, figures)));
    for (part, id, title) in [
        (Part::OverTime, "over-time", "Over time"),
        (Part::Recovery, "recovery", "Recovery"),
        (Part::Latency, "latency", "Latency of successes and failures"),
    ] {
        body.push((id, title, pictured(figures, part, id, title)));
    }
    body.push(("grid", "Along the grid", grid::along(results, figures)));
    for (part, id, title) in
        [(Part::Strategies, "strategies", "What each strategy was doing"), (Part::Further, "further", "Further pictures")]
    {
        body.push((id, title, pictured(figures, part, id, title)));
    }
    body.push(("worst", "Worst runs", rankings::worst(results, figures)));
    body.push(("stress", "Does the ranking hold?", grid::stress(results)));
    body.push(("cells", "Cell by cell", cells));
    body.push(("expectations", "Every expectation", expectations));
    body.push(("definitions", "Definitions", closing::definitions()));
    body.push(("provenance", "Versions and commands", closing::provenance(results)));
    body
}

/// A part that consists of pictures; nothing without any.
fn pictured(figures: &Figures<'_>, part: Part, id: &str, title: &str) -> String {
    if !figures.has(part) {
        return String::new();
    }
    format!("<section>\n<h2 id=\"{id}\">{title}</h2>\n{}</section>\n", figures.draw(part))
}

/// Everything up to the end of the head.
fn opening(title: &str, css: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n<title>{}</title>\n<style>{css}</style>\n</head>\n",
        escaped(title)
    )
}

/// Text in which HTML and XML see nothing to interpret.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in XML at all.
            c if c.is_control() && !c.is_whitespace() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
