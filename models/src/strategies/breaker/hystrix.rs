//! Hystrix: the health of completed slices is published twice a second, and only then may the circuit open.
//!
//! Source: Netflix/Hystrix hystrix-core (2023-05), `HystrixCircuitBreaker`, `HealthCountsStream`, `AbstractCommand`. The timeout, the
//! semaphore and the thread pool of a command are layers of their own.

use super::refusals::{at_least_millis, millis_of, whole_millis, whole_percent};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict, unless_ignored};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;
use std::collections::VecDeque;

/// The circuit breaker of a Hystrix command, with the names of its properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hystrix {
    /// Below so many calls in the rolling window it never opens.
    pub request_volume_threshold: u32,
    /// The share of errors that opens it: a whole number of percent, 1 to 100.
    pub error_threshold_percentage: Share,
    /// How long it stays open before a probe may pass, in whole milliseconds.
    pub sleep_window: SimDuration,
    /// How far back the health looks: a whole number of slices.
    pub rolling_window: SimDuration,
    /// How long a slice is, and how often the health is published.
    pub health_snapshot_interval: SimDuration,
    /// The failures that are not the callee's (`HystrixBadRequestException`): not counted, though a probe that ends so opens it anew.
    pub bad_requests: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for Hystrix {
    fn default() -> Self {
        Self {
            request_volume_threshold: 20,
            error_threshold_percentage: Share::percent(50),
            sleep_window: SimDuration::from_secs(5),
            rolling_window: SimDuration::from_secs(10),
            health_snapshot_interval: SimDuration::from_millis(500),
            bad_requests: Vec::new(),
            per: Scope::Process,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    phase: Phase,
    /// Completed slices of the window, the oldest first.
    slices: VecDeque<Slice>,
    live: Slice,
    next_tick: SimTime,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    calls: u32,
    errors: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    /// Open since the clock showed so many milliseconds.
    Open {
        at_millis: u64,
    },
    HalfOpen,
}

impl Registered for Hystrix {
    const NAME: &'static str = "Hystrix";
    const SUMMARY: &'static str = "opens twice a second at most, at a share of errors among enough calls of the last ten seconds (Hystrix)";
}

impl Explained for Hystrix {
    const ABOUT: About = About {
        meaning: "The breaker that made breakers known. It looks at the calls of the last ten seconds, but only at completed half-seconds, so \
                  that up to a second of failures passes before it opens. One probe decides whether it closes.",
        formula: "Successes and failures count in the live slice of health_snapshot_interval; at the end of each slice the last \
                  rolling_window / health_snapshot_interval completed ones are summed. Closed, calls >= request_volume_threshold and \
                  trunc(errors / calls * 100), divided first, in 64-bit floats, >= error_threshold_percentage: opens as of that tick. \
                  Ticks count from the first use, and anew from each close. A result at the instant of a tick belongs to the next \
                  slice. Open: rejects until now > opened + sleep_window on a clock of whole milliseconds, then one caller is the probe \
                  and all others are rejected. While it probes any success, late ones too, closes it and wipes all slices; any failure, \
                  bad request or given-up call opens it anew, as of now. No draws.",
        parameters: &[
            parameter("request_volume_threshold", "number", "20", "below so many calls in the window it never opens"),
            parameter("error_threshold_percentage", "share in whole percent, 1% to 100%", "50%", "the share of errors that opens it"),
            parameter("sleep_window", "duration", "5s", "how long it stays open before a probe may pass"),
            parameter("rolling_window", "duration, a multiple of the interval", "10s", "how far back the health looks"),
            parameter("health_snapshot_interval", "duration, at least 1ms", "500ms", "how long a slice is, and how often it is judged"),
            parameter("bad_requests", "list of failures", "none", "failures that are not counted"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared: a command key is one per process"),
        ],
        memory: "8 bytes per slice of the window (20 of them) and 64 bytes; wiped when it closes.",
        source: "Hystrix 1.5.18 (2023-05), HystrixCircuitBreaker.java, HealthCountsStream.java, AbstractCommand.java",
        example: "Breaker(Hystrix(request_volume_threshold: 20, sleep_window: \"5s\"))",
    };
}

impl Hystrix {
    fn slices(&self) -> usize {
        (self.rolling_window / self.health_snapshot_interval) as usize
    }

    /// Makes the ticks that are due, each at its instant.
    fn catch_up(&self, memory: &mut Memory, now: SimTime) {
        if now < memory.next_tick {
            return;
        }
        let due = (now - memory.next_tick) / self.health_snapshot_interval + 1;
        // When a whole window has passed without a touch, all slices are empty and no further tick can change anything.
        let telling = due.min(self.slices() as u64 + 1);
        for _ in 0..telling {
            self.tick(memory);
        }
        memory.next_tick = memory.next_tick.saturating_add(self.health_snapshot_interval.saturating_mul(due - telling));
    }

    fn tick(&self, memory: &mut Memory) {
        if memory.slices.len() == self.slices() {
            memory.slices.pop_front();
        }
        memory.slices.push_back(std::mem::take(&mut memory.live));
        let (calls, errors) = memory
            .slices
            .iter()
            .fold((0_u64, 0_u64), |(calls, errors), slice| (calls + u64::from(slice.calls), errors + u64::from(slice.errors)));
        let percent = if calls == 0 { 0 } else { (errors as f64 / calls as f64 * 100.0) as u64 };
        let threshold = self.error_threshold_percentage.parts() / Share::percent(1).parts();
        if memory.phase == Phase::Closed && calls >= u64::from(self.request_volume_threshold) && percent >= threshold {
            memory.phase = Phase::Open { at_millis: millis_of(memory.next_tick) };
        }
        memory.next_tick = memory.next_tick.saturating_add(self.health_snapshot_interval);
    }

    fn may_probe(&self, at_millis: u64, now: SimTime) -> bool {
        millis_of(now) > at_millis.saturating_add(whole_millis(self.sleep_window))
    }

    /// Something other than a success: only a circuit that probes cares.
    fn mark_no_success(memory: &mut Memory, now: SimTime) {
        if memory.phase == Phase::HalfOpen {
            memory.phase = Phase::Open { at_millis: millis_of(now) };
        }
    }
}

impl Breaker for Hystrix {
    type Shared = Memory;

    fn fresh(&self, now: SimTime) -> Memory {
        let next_tick = now.saturating_add(self.health_snapshot_interval);
        Memory { phase: Phase::Closed, slices: VecDeque::new(), live: Slice::default(), next_tick }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        self.catch_up(memory, now);
        match memory.phase {
            Phase::Closed => Admission::Admitted(0),
            Phase::Open { at_millis } if self.may_probe(at_millis, now) => {
                memory.phase = Phase::HalfOpen;
                Admission::Admitted(0)
            }
            Phase::Open { .. } | Phase::HalfOpen => Admission::Rejected,
        }
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        self.catch_up(memory, now);
        if tried.verdict == Verdict::Success && memory.phase == Phase::HalfOpen {
            *memory = self.fresh(now);
            return;
        }
        if tried.verdict != Verdict::Ignored {
            memory.live.calls = memory.live.calls.saturating_add(1);
            memory.live.errors = memory.live.errors.saturating_add(u32::from(tried.verdict == Verdict::Failure));
        }
        if tried.verdict != Verdict::Success {
            Self::mark_no_success(memory, now);
        }
    }

    fn given_up(&self, memory: &mut Memory, _stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        self.catch_up(memory, now);
        Self::mark_no_success(memory, now);
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        self.catch_up(memory, now);
        match memory.phase {
            Phase::Closed => State::Closed,
            Phase::Open { at_millis } if !self.may_probe(at_millis, now) => State::Open,
            Phase::Open { .. } | Phase::HalfOpen => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        unless_ignored(outcome, &self.bad_requests)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<Complaint> = [
            whole_percent("error_threshold_percentage", self.error_threshold_percentage),
            at_least_millis("health_snapshot_interval", self.health_snapshot_interval, 1),
        ]
        .into_iter()
        .flatten()
        .collect();
        let interval = self.health_snapshot_interval;
        if !interval.is_zero() && (self.rolling_window < interval || !(self.rolling_window % interval).is_zero()) {
            complaints
                .push(complaint("rolling_window", format!("it is made of whole slices of {interval}; {} is not", self.rolling_window)));
        }
        complaints
    }
}
