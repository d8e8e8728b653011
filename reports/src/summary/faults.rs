//! What goes wrong in a cell, and when, in words?

use crate::number;
use scenarios::results::{FaultWindow, Manifest};
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

/// What goes wrong at times that differ from run to run.
pub fn random(label: &str) -> String {
    format!("{label}, at times that differ from run to run")
}
