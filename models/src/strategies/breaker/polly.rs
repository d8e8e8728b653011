//! Polly v8: ten windows of a sampling time, judged at failures.
//!
//! Source: App-vNext/Polly src/Polly.Core/CircuitBreaker (2026-08), `CircuitStateController`, `AdvancedCircuitBehavior`,
//! `RollingHealthMetrics`. Left out: isolation by hand.

use super::refusals::{if_handled, within_bounds};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::VecDeque;

/// The circuit breaker of Polly v8, with the names and defaults of its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polly {
    /// The share of failures that opens it, above 0 %.
    pub failure_ratio: Share,
    /// Below so many results in the sampling time it never opens; at least 2.
    pub minimum_throughput: u32,
    /// How far back it looks, 0.5 s to 24 h.
    pub sampling_duration: SimDuration,
    /// How long it stays open, 0.5 s to 24 h.
    pub break_duration: SimDuration,
    /// What a break duration generator gives after 0, 1, 2, ... probes without a close between, the last for all further ones;
    /// `break_duration` if empty.
    pub break_durations: Vec<SimDuration>,
    /// The failures that count as failures; all unless said. Others count as successes.
    pub should_handle: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for Polly {
    fn default() -> Self {
        Self {
            failure_ratio: Share::percent(10),
            minimum_throughput: 100,
            sampling_duration: SimDuration::from_secs(30),
            break_duration: SimDuration::from_secs(5),
            break_durations: Vec::new(),
            should_handle: Vec::new(),
            per: Scope::Process,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    phase: Phase,
    windows: VecDeque<Window>,
    /// Probes since it was closed.
    probes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: SimTime },
    HalfOpen,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: SimTime,
    successes: u32,
    failures: u32,
}

const WINDOWS: u64 = 10;
const LEAST: SimDuration = SimDuration::from_millis(500);
const MOST: SimDuration = SimDuration::from_secs(24 * 60 * 60);

impl Registered for Polly {
    const NAME: &'static str = "Polly";
    const SUMMARY: &'static str = "opens at a failure, at a share of failures among enough calls of a sampling time (Polly v8)";
}

impl Explained for Polly {
    const ABOUT: About = About {
        meaning: "The breaker of .NET services: it looks at the calls of the last half minute and opens when a failure makes their share too \
                  large. Its minimum throughput of 100 calls in 30 s means that a caller with little load never opens it.",
        formula: "A result counts in the newest of the windows; a window is begun by a result or a judgement that comes \
                  sampling_duration / 10 or more after the beginning of the newest, and dropped sampling_duration after its own. Closed, at a \
                  failure only: throughput >= minimum_throughput and failures / throughput >= failure_ratio opens. Open: rejects until \
                  now >= opened + break, then one call is the probe and all others are rejected until it ends. While half-open any \
                  outcome that arrives, late ones too, decides: a success closes and forgets all windows, a failure opens for another \
                  break. A call given up by its caller (OperationCanceledException) is no handled failure, so it is a success. A probe that \
                  never ends keeps it half-open for ever. No draws.",
        parameters: &[
            parameter("failure_ratio", "share above 0%", "10%", "the share of failures that opens it"),
            parameter("minimum_throughput", "number, at least 2", "100", "below so many results it never opens"),
            parameter("sampling_duration", "duration, 500ms to 24h", "30s", "how far back it looks"),
            parameter("break_duration", "duration, 500ms to 24h", "5s", "how long it stays open"),
            parameter(
                "break_durations",
                "list of durations",
                "break_duration",
                "how long after 0, 1, 2, ... failed probes; the last repeats",
            ),
            parameter("should_handle", "list of failures", "all", "what counts as failure; other failures count as successes"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "16 bytes per window, at most 10 of them, and 56 bytes; fresh when it closes.",
        source: "Polly 8 (2026-08), CircuitStateController.cs, AdvancedCircuitBehavior.cs, RollingHealthMetrics.cs",
        example: "Breaker(Polly(failure_ratio: \"10%\", minimum_throughput: 20))",
    };
}

impl Polly {
    /// The newest window, after old ones have been dropped.
    fn window<'a>(&self, windows: &'a mut VecDeque<Window>, now: SimTime) -> &'a mut Window {
        let length = self.sampling_duration / WINDOWS;
        if windows.back().is_none_or(|newest| now.saturating_since(newest.since) >= length) {
            windows.push_back(Window { since: now, successes: 0, failures: 0 });
        }
        while windows.front().is_some_and(|oldest| now.saturating_since(oldest.since) >= self.sampling_duration) {
            windows.pop_front();
        }
        windows.back_mut().expect("the newest window is younger than the sampling time")
    }

    fn should_break(&self, windows: &VecDeque<Window>) -> bool {
        let sum = |count: fn(&Window) -> u32| windows.iter().map(|window| u64::from(count(window))).sum::<u64>();
        let (failures, throughput) = (sum(|window| window.failures), sum(|window| window.failures + window.successes));
        throughput >= u64::from(self.minimum_throughput) && failures as f64 / throughput as f64 >= self.failure_ratio.as_f64()
    }

    fn open(&self, memory: &mut Memory, now: SimTime) {
        let nth = (memory.probes as usize).min(self.break_durations.len().saturating_sub(1));
        let lasts = self.break_durations.get(nth).copied().unwrap_or(self.break_duration);
        memory.phase = Phase::Open { until: now.saturating_add(lasts) };
    }

    fn record(&self, memory: &mut Memory, is_failure: bool, now: SimTime) {
        match (memory.phase, is_failure) {
            // What the product counts while open is wiped before it can matter.
            (Phase::Open { .. }, _) => {}
            (Phase::Closed, false) => self.window(&mut memory.windows, now).successes += 1,
            (Phase::Closed, true) => {
                self.window(&mut memory.windows, now).failures += 1;
                if self.should_break(&memory.windows) {
                    self.open(memory, now);
                }
            }
            (Phase::HalfOpen, false) => *memory = self.fresh(now),
            (Phase::HalfOpen, true) => self.open(memory, now),
        }
    }
}

impl Breaker for Polly {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory { phase: Phase::Closed, windows: VecDeque::new(), probes: 0 }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        match memory.phase {
            Phase::Closed => Admission::Admitted(0),
            Phase::Open { until } if now >= until => {
                memory.phase = Phase::HalfOpen;
                memory.probes = memory.probes.saturating_add(1);
                Admission::Admitted(0)
            }
            Phase::Open { .. } | Phase::HalfOpen => Admission::Rejected,
        }
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        self.record(memory, tried.verdict == Verdict::Failure, now);
    }

    fn given_up(&self, memory: &mut Memory, _stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        self.record(memory, false, now);
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        match memory.phase {
            Phase::Closed => State::Closed,
            Phase::Open { until } if now < until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        if_handled(outcome, &self.should_handle)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<Complaint> = [
            within_bounds("sampling_duration", self.sampling_duration, LEAST, MOST),
            within_bounds("break_duration", self.break_duration, LEAST, MOST),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.failure_ratio == Share::NONE {
            complaints.push(complaint("failure_ratio", "a ratio of 0% is reached by any failure; write one above 0%"));
        }
        if self.minimum_throughput < 2 {
            complaints.push(complaint("minimum_throughput", format!("it must be at least 2, not {}", self.minimum_throughput)));
        }
        complaints
    }
}
