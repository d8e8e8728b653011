//! AIMD: one more while it goes well, a tenth fewer when something is dropped.
//!
//! Source: Netflix concurrency-limits, `AIMDLimit` (2026-01), after D. Chiu and R. Jain, 1989.

use super::windowed::{WINDOW, Window, Windowed, check_window, counted};
use super::{ConcurrencyLimit, Sample, check_bounds, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Adds one when at least half of the limit is in use, and multiplies by `backoff_ratio` at a drop or a latency above `timeout`.
/// Remembers 48 bytes per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aimd {
    /// The first limit; 20 unless said.
    pub initial_limit: u32,
    /// The smallest limit; 20 unless said.
    pub min_limit: u32,
    /// The largest limit; 200 unless said.
    pub max_limit: u32,
    /// What is left of the limit after a drop, at least 0.5 and below 1; 0.9 unless said.
    pub backoff_ratio: f64,
    /// A longer latency counts as a drop; 5 s unless said.
    pub timeout: SimDuration,
    /// Gathers samples; each counts by itself unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Windowed>,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for Aimd {
    fn default() -> Self {
        let timeout = SimDuration::from_secs(5);
        Self { initial_limit: 20, min_limit: 20, max_limit: 200, backoff_ratio: 0.9, timeout, window: None, per: process() }
    }
}

impl Registered for Aimd {
    const NAME: &'static str = "Aimd";
    const SUMMARY: &'static str = "limits calls under way: one more while they succeed, a tenth fewer at a drop";
}

impl Explained for Aimd {
    const ABOUT: About = About {
        meaning: "Additive increase, multiplicative decrease, as in TCP: many callers of one callee converge to fair shares. Knows no latency but the \
                  timeout, so that it fills the callee's queue before it notices.",
        formula: "dropped or rtt > timeout: L = floor(backoff_ratio * L); else 2 * inflight >= L: L + 1; clamped to min_limit..max_limit. No draws.",
        parameters: &[
            parameter("initial_limit", "number", "20", "the first limit"),
            parameter("min_limit", "number, at least 1", "20", "the smallest limit"),
            parameter("max_limit", "number, at most 1000000", "200", "the largest limit"),
            parameter("backoff_ratio", "number, at least 0.5 and below 1", "0.9", "what is left after a drop"),
            parameter("timeout", "duration", "5s", "a longer latency counts as a drop"),
            WINDOW,
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "48 bytes per scope, for the whole run.",
        source: "Netflix concurrency-limits, AIMDLimit.java (2026-01)",
        example: "ConcurrencyLimit(Aimd(max_limit: 100))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    limit: u32,
    window: Window,
}

impl ConcurrencyLimit for Aimd {
    type Shared = Memory;

    fn fresh(&self, _luck: &Luck<'_>, _now: SimTime) -> Memory {
        Memory { limit: self.initial_limit, window: Window::default() }
    }

    fn limit(&self, memory: &mut Memory, _luck: &Luck<'_>, _now: SimTime) -> u32 {
        memory.limit
    }

    fn sample(&self, memory: &mut Memory, sample: &Sample, _luck: &Luck<'_>, _now: SimTime) {
        let Some(sample) = counted(self.window.as_ref(), &mut memory.window, sample) else { return };
        if sample.is_dropped || sample.rtt > self.timeout {
            memory.limit = (f64::from(memory.limit) * self.backoff_ratio) as u32;
        } else if u64::from(sample.inflight) * 2 >= u64::from(memory.limit) {
            memory.limit += 1;
        }
        memory.limit = memory.limit.min(self.max_limit).max(self.min_limit);
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints =
            check_bounds(("min_limit", self.min_limit), ("initial_limit", self.initial_limit), ("max_limit", self.max_limit));
        if !(0.5..1.0).contains(&self.backoff_ratio) {
            complaints.push(complaint("backoff_ratio", format!("a ratio lies between 0.5 and 1, not at {}", self.backoff_ratio)));
        }
        complaints.extend(check_window(self.window.as_ref()));
        complaints
    }
}
