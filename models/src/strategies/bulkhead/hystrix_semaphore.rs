//! Semaphore isolation as in Hystrix: so many at once, the others are turned away.
//!
//! Source: Hystrix, `execution.isolation.semaphore.maxConcurrentRequests` (2023-05).

use super::{Bulkhead, Entry, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Scope, Ticket};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Lets `max_concurrent_requests` in at once; nobody waits. Remembers 8 bytes per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HystrixSemaphore {
    /// How many are let in at once, at least 1; 10 unless said.
    pub max_concurrent_requests: u32,
    /// By whom it is shared: each process its own, unless said.
    pub per: Scope,
}

impl Default for HystrixSemaphore {
    fn default() -> Self {
        Self { max_concurrent_requests: 10, per: process() }
    }
}

impl Registered for HystrixSemaphore {
    const NAME: &'static str = "HystrixSemaphore";
    const SUMMARY: &'static str = "lets so many calls in at once; nobody waits";
}

impl Explained for HystrixSemaphore {
    const ABOUT: About = About {
        meaning: "The simplest bulkhead: a count. What is beyond it fails at once.",
        formula: "Fewer than max_concurrent_requests let in: admitted, else turned away. No draws.",
        parameters: &[
            parameter("max_concurrent_requests", "number, at least 1", "10", "how many are let in at once"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "8 bytes per scope.",
        source: "Hystrix, HystrixCommandProperties.java (2023-05)",
        example: "Bulkhead(HystrixSemaphore(max_concurrent_requests: 10))",
    };
}

/// What it remembers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    inside: u32,
    taken: u32,
}

impl Bulkhead for HystrixSemaphore {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory::default()
    }

    fn enter(&self, memory: &mut Memory, _ticket: Ticket, _now: SimTime) -> Entry {
        if memory.inside >= self.max_concurrent_requests.saturating_sub(memory.taken) {
            return Entry::Rejected;
        }
        memory.inside += 1;
        Entry::Admitted
    }

    fn leave(&self, memory: &mut Memory, _now: SimTime) -> Option<Ticket> {
        memory.inside = memory.inside.saturating_sub(1);
        None
    }

    fn give_up(&self, _memory: &mut Memory, _ticket: Ticket) -> bool {
        false
    }

    fn take(&self, memory: &mut Memory, taken: u32, _now: SimTime) -> Vec<Ticket> {
        memory.taken = taken;
        Vec::new()
    }

    fn places(&self) -> u32 {
        self.max_concurrent_requests
    }

    fn occupied(&self, memory: &Memory) -> (u32, u32) {
        (memory.inside, 0)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        if self.max_concurrent_requests == 0 {
            return vec![complaint("max_concurrent_requests", "0 lets nobody in; write at least 1")];
        }
        Vec::new()
    }
}
