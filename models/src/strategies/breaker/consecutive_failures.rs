//! Consecutive failures: the plain breaker of textbooks.
//!
//! Source: M. Nygard, "Release It!", 2007, chapter 5: open after so many failures in a row, after a while let one call through,
//! and believe it.

use super::{Admission, Breaker, Stamp, State, Tried, Verdict, unless_ignored};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Opens at the `failures`-th failure in a row; `open_for` later (and not earlier) one call is let through as a probe: its success
/// closes the breaker, its failure opens it anew. Results of calls admitted before it opened are dropped while it is not closed.
/// Remembers 32 bytes per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsecutiveFailures {
    /// How many failures in a row open it, at least 1.
    pub failures: u32,
    /// How long it stays open before a probe may pass.
    pub open_for: SimDuration,
    /// Failures that say nothing about the callee; none unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Failure>,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn process() -> Scope {
    Scope::Process
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    in_a_row: u32,
    opened: Option<SimTime>,
    /// The generation: results of another one are dropped.
    generation: u64,
    is_probing: bool,
}

impl Registered for ConsecutiveFailures {
    const NAME: &'static str = "ConsecutiveFailures";
    const SUMMARY: &'static str = "opens after so many failures in a row, and lets one probe through after a while";
}

impl Explained for ConsecutiveFailures {
    const ABOUT: About = About {
        meaning: "The plain circuit breaker of textbooks: a callee that fails so many times in a row is left alone for a while, then \
                  tried with one call.",
        formula: "Closed: a success sets the count to 0, a failure adds 1; at count >= failures it opens. Open: rejects while now < \
                  opened + open_for; then one call passes as a probe and all others are rejected until it ends: success closes, failure \
                  opens anew. A result of a call admitted before the last change of state is dropped. No draws.",
        parameters: &[
            parameter("failures", "number, at least 1", "required", "how many failures in a row open it"),
            parameter("open_for", "duration", "required", "how long it stays open before a probe may pass"),
            parameter("ignore", "list of failures", "none", "failures that say nothing about the callee"),
            parameter("per", "Client, Process, Edge", "Process", "by whom it is shared"),
        ],
        memory: "32 bytes per scope, for the whole run.",
        source: "M. Nygard, \"Release It!\", 2007, chapter 5",
        example: "Breaker(ConsecutiveFailures(failures: 5, open_for: \"10s\"))",
    };
}

impl Breaker for ConsecutiveFailures {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory { in_a_row: 0, opened: None, generation: 0, is_probing: false }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        match self.state(memory, now) {
            State::Open => return Admission::Rejected,
            State::HalfOpen if memory.is_probing => return Admission::Rejected,
            State::HalfOpen => {
                memory.is_probing = true;
                memory.generation += 1;
            }
            State::Closed => {}
        }
        Admission::Admitted(memory.generation)
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        if tried.stamp != memory.generation {
            return;
        }
        match tried.verdict {
            Verdict::Ignored => memory.is_probing = false,
            Verdict::Success => {
                *memory =
                    Memory { in_a_row: 0, opened: None, generation: memory.generation + u64::from(memory.is_probing), is_probing: false };
            }
            Verdict::Failure => {
                memory.in_a_row = memory.in_a_row.saturating_add(1);
                if memory.is_probing || memory.in_a_row >= self.failures {
                    *memory = Memory { in_a_row: 0, opened: Some(now), generation: memory.generation + 1, is_probing: false };
                }
            }
        }
    }

    fn given_up(&self, memory: &mut Memory, stamp: Stamp, _luck: &Luck<'_>, _now: SimTime) {
        if stamp == memory.generation {
            memory.is_probing = false;
        }
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        match memory.opened {
            None => State::Closed,
            Some(opened) if now < opened.saturating_add(self.open_for) => State::Open,
            Some(_) => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        unless_ignored(outcome, &self.ignore)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.failures == 0 {
            complaints.push(complaint("failures", "0 failures would open the breaker before anything is tried; write at least 1"));
        }
        if self.open_for.is_zero() {
            complaints.push(complaint("open_for", "a breaker that opens for no time breaks nothing; write a time such as \"10s\""));
        }
        complaints
    }
}
