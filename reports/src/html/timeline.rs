//! When do the planned faults of a cell begin and end, as a drawing?
//!
//! Bars only: the words stand beside them as text of the page, so that nothing is cut and everything can be read aloud.

use super::escaped;
use crate::number;
use crate::summary::faults;
use scenarios::results::Results;
use sim_core::time::SimDuration;

/// More kinds of faults than this are only counted.
const LISTED: usize = 14;
/// Width of the drawing in units of its own.
const WIDTH: f64 = 1000.0;

/// What is measured, and the windows of each fault below it.
pub fn timeline(results: &Results, cell: u32) -> String {
    let manifest = &results.manifest;
    let horizon = manifest.horizon.as_secs_f64();
    if horizon <= 0.0 {
        return String::new();
    }
    let measured = format!("measured from {} to {}", number::length(manifest.warm_up), number::length(manifest.horizon));
    let bar = |from: SimDuration, to: SimDuration, class: &str| rect(from.as_secs_f64() / horizon, to.as_secs_f64() / horizon, class);
    let mut rows = row(&measured, &bar(manifest.warm_up, manifest.horizon, "measured"));
    let kinds = faults::kinds(manifest, cell);
    for (told, windows) in kinds.iter().take(LISTED) {
        let bars: String = windows
            .iter()
            .map(|window| {
                let end = window.end.map_or(manifest.horizon, |end| end.since_start().min(manifest.horizon));
                bar(window.begin.since_start().min(manifest.horizon), end, "on")
            })
            .collect();
        rows += &row(&faults::sentence(told, windows), &bars);
    }
    if kinds.len() > LISTED {
        rows += &row(&format!("and {} more kinds of faults", kinds.len() - LISTED), "");
    }
    for label in &manifest.random_faults {
        rows += &row(&faults::random(results, label), "");
    }
    let ends = format!("<span>0 s</span><span>{}</span>", number::length(manifest.horizon));
    format!(
        "<ul class=\"timeline\">\n{rows}<li><span class=\"what\"></span><span class=\"ends\" aria-hidden=\"true\">{ends}</span></li>\n</ul>\n"
    )
}

fn row(words: &str, bars: &str) -> String {
    let words = escaped(words);
    format!(
        "<li><span class=\"what\">{words}</span><svg viewBox=\"0 0 {WIDTH} 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{bars}</svg></li>\n"
    )
}

fn rect(from: f64, to: f64, class: &str) -> String {
    // What lasts a moment is seen as well.
    let width = ((to - from) * WIDTH).max(3.0);
    format!("<rect class=\"{class}\" x=\"{:.1}\" y=\"2\" width=\"{width:.1}\" height=\"12\"/>", from * WIDTH)
}
