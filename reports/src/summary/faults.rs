//! What goes wrong in a cell, and when, in words?

use crate::number;
use scenarios::results::{FaultWindow, Manifest, Results, RunRow};
use std::fmt::Write as _;

/// Windows of one kind that are named.
const NAMED: usize = 3;

/// The planned faults of one cell, each kind once with all its windows, in order of their first.
pub fn kinds(manifest: &Manifest, cell: u32) -> Vec<(String, Vec<&FaultWindow>)> {
    let mut kinds: Vec<(String, Vec<&FaultWindow>)> = Vec::new();
    for fault in manifest.faults_of(cell) {
        let told = fault.told();
        match kinds.iter_mut().find(|(known, _)| *known == told) {
            Some((_, windows)) => windows.push(fault),
            None => kinds.push((told, vec![fault])),
        }
    }
    kinds
}

/// What happens and when: `crash of server, from 20 s to 30 s`.
pub fn sentence(told: &str, windows: &[&FaultWindow]) -> String {
    let mut text = told.to_owned();
    for window in windows.iter().take(NAMED) {
        let begin = number::length(window.begin.since_start());
        let _ = match window.end {
            None => write!(text, ", from {begin} on"),
            Some(end) if end == window.begin => write!(text, ", at {begin}"),
            Some(end) => write!(text, ", from {begin} to {}", number::length(end.since_start())),
        };
    }
    if windows.len() > NAMED {
        let _ = write!(text, " and {} times more", windows.len() - NAMED);
    }
    text
}

/// The faults that come at random or on an event, without those that are known to have struck in no run.
pub fn struck(results: &Results) -> impl Iterator<Item = &str> {
    results.manifest.random_faults.iter().map(String::as_str).filter(|label| strikes(results, label) != Some(0))
}

/// In how many runs a fault struck that comes at random or on an event; `None` if that is not known.
fn strikes(results: &Results, label: &str) -> Option<usize> {
    let runs = || results.runs.iter().filter_map(RunRow::measures);
    // Results of an earlier version do not say what struck.
    let is_known = runs().next().is_some() && (runs().all(|run| run.episodes.is_empty()) || runs().any(|run| !run.struck.is_empty()));
    is_known.then(|| runs().filter(|run| run.struck.iter().any(|struck| struck == label)).count())
}

/// What goes wrong at times that differ from run to run, or might have and did not.
pub fn random(results: &Results, label: &str) -> String {
    match (strikes(results, label), results.runs.len()) {
        (Some(0), _) => format!("{label}, which struck in no run"),
        (Some(some), all) if some < all => format!("{label}, at times that differ from run to run, in {some} of {all} runs"),
        _ => format!("{label}, at times that differ from run to run"),
    }
}

/// Whether the arms of a seed met faults at instants of their own: what never struck differs in nothing.
pub fn instants_differ(results: &Results) -> bool {
    let mut runs = results.runs.iter().filter_map(RunRow::measures).peekable();
    results.manifest.instants_differ && (runs.peek().is_none() || runs.any(|run| !run.episodes.is_empty() || !run.struck.is_empty()))
}

/// What recovery is counted from in a cell, in words: a fault without an end has only its begin.
pub fn counted_from(results: &Results, cell: u32) -> &'static str {
    let arms = 0..results.manifest.arms.len() as u32;
    let episodes = || arms.clone().flat_map(|arm| results.runs_of(cell, arm)).flat_map(|(_, run)| &run.episodes);
    if episodes().all(|episode| !episode.endless) {
        "the end of the fault"
    } else if episodes().all(|episode| episode.endless && episode.end == episode.begin) {
        "the begin of the fault"
    } else {
        "the end of the fault, or the begin of one without an end"
    }
}
