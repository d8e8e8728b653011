//! What is known of a run when its properties are judged?

use super::{Books, Exceeded};
use crate::history::History;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// What is known of a run when it is over.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What clients asked, and what they were told; empty unless some property needs it.
    pub history: &'a History,
    /// What services have executed, of those that are watched.
    pub books: &'a Books,
    /// What was announced, of what some property waits for.
    pub heard: &'a BTreeMap<String, Heard>,
    /// When the last fault ended: the end of time if one never does, the start if there was none.
    pub faults_end: SimTime,
    /// When no more calls are started.
    pub horizon: SimTime,
    /// When the run was over.
    pub ended: SimTime,
    /// The limit that it has come to, if it was stopped because of one: then it was to go on.
    pub exceeded: Option<&'a Exceeded>,
}

/// When something was announced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// When, in order; at most [`MOST_REMEMBERED`] times.
    pub times: Vec<SimTime>,
    /// How often more than are remembered.
    pub more: u64,
    /// The number of the first of them among all announcements of the run, from 1; 0 if there is none.
    pub first: u64,
}

/// So many announcements of one name are remembered one by one: 800 kB.
pub const MOST_REMEMBERED: usize = 100_000;

impl Heard {
    /// It is announced now, as the announcement with this number.
    pub(crate) fn hear(&mut self, now: SimTime, number: u64) {
        if self.times.is_empty() {
            self.first = number;
        }
        if self.times.len() < MOST_REMEMBERED { self.times.push(now) } else { self.more += 1 }
    }

    /// How often it was announced.
    pub const fn count(&self) -> u64 {
        self.times.len() as u64 + self.more
    }
}

impl Evidence<'_> {
    /// The announcement of this name, if it was made: when first, and what is remembered.
    pub fn heard(&self, event: &str) -> Option<(SimTime, &Heard)> {
        let heard = self.heard.get(event)?;
        heard.times.first().map(|first| (*first, heard))
    }
}
