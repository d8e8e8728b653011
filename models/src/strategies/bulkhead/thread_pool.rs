//! Thread pool bulkhead as in Resilience4j: threads, then a queue, then more threads.
//!
//! Source: Resilience4j, `FixedThreadPoolBulkhead` (2026-05), which is a `java.util.concurrent.ThreadPoolExecutor`.

use super::{Bulkhead, Entry, process};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Scope, Ticket};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Runs calls on `core_thread_pool_size` threads, queues up to `queue_capacity`, and only when the queue is full adds threads up to
/// `max_thread_pool_size`. Remembers 8 bytes per idle thread and per call in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadPool {
    /// How many threads there are before anything is queued, at least 1 (Resilience4j: processors less one).
    pub core_thread_pool_size: u32,
    /// How many threads there are at most (Resilience4j: processors).
    pub max_thread_pool_size: u32,
    /// How many calls are queued at most; 100 unless said.
    #[serde(default = "hundred")]
    pub queue_capacity: u32,
    /// After how long without work a thread beyond the core ends; 20 ms unless said.
    #[serde(default = "twenty_milliseconds")]
    pub keep_alive_duration: SimDuration,
    /// By whom it is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
    /// The name of the pool, if other edges of the same caller take from it as well; each edge its own, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

const fn hundred() -> u32 {
    100
}

const fn twenty_milliseconds() -> SimDuration {
    SimDuration::from_millis(20)
}

impl Registered for ThreadPool {
    const NAME: &'static str = "ThreadPool";
    const SUMMARY: &'static str = "runs calls on a few threads, queues some, and adds threads when the queue is full";
}

impl Explained for ThreadPool {
    const ABOUT: About = About {
        meaning: "Calls run on threads of their own, and wait in a queue for them. The pool grows beyond its core only when the queue is full, and the \
                  call that found it full runs at once, before those in the queue.",
        formula: "Threads < core: a new one runs it. Else an idle one. Else queued, if fewer than queue_capacity are. Else, threads < max: a new one. \
                  Else turned away. A call that ends hands its thread to the head of the queue; an idle thread beyond the core ends after \
                  keep_alive_duration. No draws.",
        parameters: &[
            parameter("core_thread_pool_size", "number, at least 1", "required", "threads before anything is queued"),
            parameter("max_thread_pool_size", "number, at most 100000", "required", "threads at most"),
            parameter("queue_capacity", "number, at most 1000000", "100", "calls that are queued at most"),
            parameter("keep_alive_duration", "duration", "20ms", "after how long without work a thread beyond the core ends"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
            parameter("pool", "name", "none", "edges of one caller whose bulkheads have this name share one"),
        ],
        memory: "Per scope, 8 bytes for each idle thread and each call in the queue.",
        source: "Resilience4j, FixedThreadPoolBulkhead.java, ThreadPoolBulkheadConfig.java (2026-05)",
        example: "Bulkhead(ThreadPool(core_thread_pool_size: 2, max_thread_pool_size: 4, queue_capacity: 3))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    running: u32,
    /// Threads that somebody else keeps busy.
    taken: u32,
    /// Since when each idle thread is idle; the longest first.
    idle: VecDeque<SimTime>,
    queue: VecDeque<Ticket>,
}

impl Memory {
    /// Threads that work for calls, or could.
    fn threads(&self) -> u32 {
        self.running + self.idle.len() as u32
    }
}

impl ThreadPool {
    /// Ends the threads whose time is up.
    fn settle(&self, memory: &mut Memory, now: SimTime) {
        while memory.threads() > self.core(memory)
            && memory.idle.front().is_some_and(|since| now.saturating_since(*since) >= self.keep_alive_duration)
        {
            memory.idle.pop_front();
        }
    }

    /// How many threads there are before anything is queued, beside those that somebody else keeps busy: a new thread counts those, too.
    const fn core(&self, memory: &Memory) -> u32 {
        self.core_thread_pool_size.saturating_sub(memory.taken)
    }

    /// How many threads there are at most, beside those that somebody else keeps busy.
    const fn most(&self, memory: &Memory) -> u32 {
        self.max_thread_pool_size.saturating_sub(memory.taken)
    }
}

impl Bulkhead for ThreadPool {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory { running: 0, taken: 0, idle: VecDeque::new(), queue: VecDeque::new() }
    }

    fn enter(&self, memory: &mut Memory, ticket: Ticket, now: SimTime) -> Entry {
        self.settle(memory, now);
        let is_full = memory.queue.len() >= self.queue_capacity as usize;
        if memory.threads() >= self.core(memory) && memory.idle.pop_front().is_none() {
            if !is_full {
                memory.queue.push_back(ticket);
                return Entry::Waiting(None);
            }
            if memory.threads() >= self.most(memory) {
                return Entry::Rejected;
            }
        }
        memory.running += 1;
        Entry::Admitted
    }

    fn leave(&self, memory: &mut Memory, now: SimTime) -> Option<Ticket> {
        if memory.threads() > self.most(memory) {
            memory.running = memory.running.saturating_sub(1);
            return None;
        }
        let next = memory.queue.pop_front();
        if next.is_none() {
            memory.running = memory.running.saturating_sub(1);
            memory.idle.push_back(now);
        }
        next
    }

    fn give_up(&self, memory: &mut Memory, ticket: Ticket) -> bool {
        let before = memory.queue.len();
        memory.queue.retain(|waiting| *waiting != ticket);
        memory.queue.len() < before
    }

    fn take(&self, memory: &mut Memory, taken: u32, now: SimTime) -> Vec<Ticket> {
        self.settle(memory, now);
        let (before, most) = (memory.taken, self.most(memory));
        memory.taken = taken;
        // What comes to be held goes to idle threads first, as any other work would.
        memory.idle.drain(..memory.idle.len().min(taken.saturating_sub(before) as usize));
        // Those that are free again work on what is queued, or are idle.
        let freed = self.most(memory).saturating_sub(most.max(memory.threads()));
        let next: Vec<Ticket> = memory.queue.drain(..memory.queue.len().min(freed as usize)).collect();
        memory.running += next.len() as u32;
        memory.idle.extend((next.len()..freed as usize).map(|_| now));
        next
    }

    fn places(&self) -> u32 {
        self.max_thread_pool_size
    }

    fn occupied(&self, memory: &Memory) -> (u32, u32) {
        (memory.running, memory.queue.len() as u32)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn pool(&self) -> Option<&str> {
        self.pool.as_deref()
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.core_thread_pool_size == 0 {
            complaints.push(complaint("core_thread_pool_size", "a pool has at least 1 thread"));
        }
        if !(self.core_thread_pool_size..=100_000).contains(&self.max_thread_pool_size) {
            let message = format!("it lies between core_thread_pool_size, {}, and 100000", self.core_thread_pool_size);
            complaints.push(complaint("max_thread_pool_size", format!("{message}, not at {}", self.max_thread_pool_size)));
        }
        if self.queue_capacity > 1_000_000 {
            complaints.push(complaint("queue_capacity", format!("a queue holds at most 1000000 calls, not {}", self.queue_capacity)));
        }
        complaints
    }
}
