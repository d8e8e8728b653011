//! How do results look to somebody who opens one file, without a network?
//!
//! The question and the verdict first, then what was simulated, then the evidence: how the arms fare along a varied axis, rankings, pictures,
//! worst runs, definitions. Everything
//! reads without JavaScript; one small script sorts tables. All text is escaped: a scenario may be called anything.

mod inline;
mod sections;
mod style;

use crate::charts::Picture;
use crate::summary::{self, fates};
use scenarios::expect;
use scenarios::results::Results;

/// The whole page. `pictures` are those of [`crate::charts::pictures`].
pub fn page(results: &Results, pictures: &[Picture]) -> String {
    let manifest = &results.manifest;
    let mut html = String::with_capacity(200_000);
    html += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    html += &format!("<title>{} – Stormglass report</title>\n", escaped(&manifest.scenario));
    html += &format!("<style>{}</style>\n</head>\n<body>\n<main>\n", style::CSS);
    let verdicts = expect::judge(results);
    html += &sections::verdict_line(&verdicts);
    html += &format!("<p class=\"kicker\">Stormglass report</p>\n<h1>{}</h1>\n", escaped(&manifest.scenario));
    html += &sections::question(manifest);
    html += &format!("<p class=\"verdict\">{}</p>\n", escaped(&fates::headline(results)));
    html += &sections::fates(&fates::over_cells(results));
    html += &sections::doubts(&summary::doubts(results));
    html += &sections::expectations(manifest, &verdicts);
    html += &sections::edges(results);
    html += &sections::what_was_simulated(manifest);
    html += &sections::across_cells(results, pictures);
    html += &sections::stress(results);
    html += &sections::cells(results, pictures);
    html += &sections::definitions();
    html += &sections::provenance(manifest);
    html += &format!("</main>\n<script>{}</script>\n</body>\n</html>\n", style::SCRIPT);
    html
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
