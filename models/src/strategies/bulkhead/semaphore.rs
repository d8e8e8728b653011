//! Semaphore bulkhead as in Resilience4j: so many at once, the others wait for a while, in order.
//!
//! Source: Resilience4j, `SemaphoreBulkhead`, `BulkheadConfig` (2026-05): a fair `java.util.concurrent.Semaphore`.

use super::{Bulkhead, Entry, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Scope, Ticket};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Lets `max_concurrent_calls` in at once; others wait up to `max_wait_duration`, first come, first served. Remembers 16 bytes per call
/// that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Semaphore {
    /// How many are let in at once, at least 1; 25 unless said.
    pub max_concurrent_calls: u32,
    /// How long one waits to be let in; not at all unless said.
    pub max_wait_duration: SimDuration,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
    /// The name of the pool, if other edges of the same caller take from it as well; each edge its own, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

impl Default for Semaphore {
    fn default() -> Self {
        Self { max_concurrent_calls: 25, max_wait_duration: SimDuration::ZERO, per: process(), pool: None }
    }
}

impl Registered for Semaphore {
    const NAME: &'static str = "Semaphore";
    const SUMMARY: &'static str = "lets so many calls in at once; others wait for a while, in order, or are turned away";
}

impl Explained for Semaphore {
    const ABOUT: About = About {
        meaning: "A callee that hangs takes up so many of the caller's calls and no more; the rest fail at once, or after a short wait, and leave \
                  room for calls to others.",
        formula: "Fewer than max_concurrent_calls let in and nobody waiting: admitted. Else waits until now + max_wait_duration, first come, first \
                  served; with 0 turned away at once. A place that becomes free goes to who waits longest, at that instant. No draws.",
        parameters: &[
            parameter("max_concurrent_calls", "number, at least 1", "25", "how many are let in at once"),
            parameter("max_wait_duration", "duration", "0s", "how long one waits to be let in"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
            parameter("pool", "name", "none", "edges of one caller whose bulkheads have this name share one"),
        ],
        memory: "Per scope, 12 bytes, and 16 for each call that waits, as long as it does.",
        source: "Resilience4j, SemaphoreBulkhead.java, BulkheadConfig.java (2026-05)",
        example: "Bulkhead(Semaphore(max_concurrent_calls: 25))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    inside: u32,
    /// Places that somebody else holds.
    taken: u32,
    /// Who waits, and until when.
    waiting: VecDeque<(Ticket, SimTime)>,
}

impl Semaphore {
    /// How many may be let in at once, beside what somebody else holds.
    const fn left(&self, memory: &Memory) -> u32 {
        self.max_concurrent_calls.saturating_sub(memory.taken)
    }

    /// Lets in who waits longest, if there is a place.
    fn next(&self, memory: &mut Memory, now: SimTime) -> Option<Ticket> {
        if memory.inside >= self.left(memory) {
            return None;
        }
        // Who should have given up is not let in, even if nobody has said so yet.
        while let Some((ticket, until)) = memory.waiting.pop_front() {
            if until >= now {
                memory.inside += 1;
                return Some(ticket);
            }
        }
        None
    }
}

impl Bulkhead for Semaphore {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory { inside: 0, taken: 0, waiting: VecDeque::new() }
    }

    fn enter(&self, memory: &mut Memory, ticket: Ticket, now: SimTime) -> Entry {
        if memory.inside < self.left(memory) && memory.waiting.is_empty() {
            memory.inside += 1;
            return Entry::Admitted;
        }
        if self.max_wait_duration.is_zero() {
            return Entry::Rejected;
        }
        let until = now.saturating_add(self.max_wait_duration);
        memory.waiting.push_back((ticket, until));
        Entry::Waiting(Some(until))
    }

    fn leave(&self, memory: &mut Memory, now: SimTime) -> Option<Ticket> {
        memory.inside = memory.inside.saturating_sub(1);
        self.next(memory, now)
    }

    fn give_up(&self, memory: &mut Memory, ticket: Ticket) -> bool {
        let before = memory.waiting.len();
        memory.waiting.retain(|(waiting, _)| *waiting != ticket);
        memory.waiting.len() < before
    }

    fn take(&self, memory: &mut Memory, taken: u32, now: SimTime) -> Vec<Ticket> {
        memory.taken = taken;
        std::iter::from_fn(|| self.next(memory, now)).collect()
    }

    fn places(&self) -> u32 {
        self.max_concurrent_calls
    }

    fn occupied(&self, memory: &Memory) -> (u32, u32) {
        (memory.inside, memory.waiting.len() as u32)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn pool(&self) -> Option<&str> {
        self.pool.as_deref()
    }

    fn check(&self) -> Vec<Complaint> {
        if self.max_concurrent_calls == 0 {
            return vec![complaint("max_concurrent_calls", "0 lets nobody in; write at least 1")];
        }
        Vec::new()
    }
}
