//! Resilience4j from 1.0: a window of the last calls or seconds, judged after every result.
//!
//! Source: resilience4j/resilience4j master (2026-05), `CircuitBreakerStateMachine`, `CircuitBreakerMetrics`, `IntervalFunction`. Left
//! out: waits with random parts, the states that are set by hand, and transitions by the value of a result.

use super::last_results::{LastResults, Mark};
use super::last_seconds::{Seconds, Tally};
use super::refusals::{above_nothing, at_least_millis, at_least_one, percent, whole_millis};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The breaker of Resilience4j 1.x and 2.x, with the names and defaults of its configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resilience4j {
    /// The share of failures that opens it, above 0 %.
    pub failure_rate_threshold: Share,
    /// The share of slow calls that opens it, above 0 %.
    pub slow_call_rate_threshold: Share,
    /// A call that takes longer is slow.
    pub slow_call_duration_threshold: SimDuration,
    /// Whether the window holds the last calls or the last seconds.
    pub sliding_window_type: SlidingWindowType,
    /// How many calls or seconds the window holds, at least 1.
    pub sliding_window_size: u32,
    /// Below so many results in the window nothing is decided; at least 1, and at most a window of calls.
    pub minimum_number_of_calls: u32,
    /// How many calls pass while it is half-open, and how many results decide there; at least 1.
    pub permitted_number_of_calls_in_half_open_state: u32,
    /// How long it stays open the first time, in whole milliseconds, at least 1 ms.
    pub wait_duration_in_open_state: SimDuration,
    /// How long it stays half-open at most; below 1 ms for ever.
    pub max_wait_duration_in_half_open_state: SimDuration,
    /// What it becomes after that: `Open` or `Closed`.
    pub transition_to_state_after_wait_duration: State,
    /// Whether a timer makes it half-open; otherwise the first call after the wait does.
    pub automatic_transition_from_open_to_half_open_enabled: bool,
    /// Whether each opening without a close between lasts longer than the one before.
    pub enable_exponential_backoff: bool,
    /// By how much longer, at least 1.
    pub exponential_backoff_multiplier: f64,
    /// It is never open for longer than this; without limit unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponential_max_wait_duration_in_open_state: Option<SimDuration>,
    /// The failures that count as failures; all unless said. Others count as successes.
    pub record_exceptions: Vec<Failure>,
    /// The failures that say nothing; they give their permit back.
    pub ignore_exceptions: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

/// What a window holds, as the product writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlidingWindowType {
    /// The last calls.
    CountBased,
    /// The calls of the last seconds, the present one included.
    TimeBased,
}

impl Default for Resilience4j {
    fn default() -> Self {
        Self {
            failure_rate_threshold: Share::percent(50),
            slow_call_rate_threshold: Share::ALL,
            slow_call_duration_threshold: SimDuration::from_secs(60),
            sliding_window_type: SlidingWindowType::CountBased,
            sliding_window_size: 100,
            minimum_number_of_calls: 100,
            permitted_number_of_calls_in_half_open_state: 10,
            wait_duration_in_open_state: SimDuration::from_secs(60),
            max_wait_duration_in_half_open_state: SimDuration::ZERO,
            transition_to_state_after_wait_duration: State::Open,
            automatic_transition_from_open_to_half_open_enabled: false,
            enable_exponential_backoff: false,
            exponential_backoff_multiplier: 1.5,
            exponential_max_wait_duration_in_open_state: None,
            record_exceptions: Vec::new(),
            ignore_exceptions: Vec::new(),
            per: Scope::Process,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory(Phase);

#[derive(Clone, Debug)]
enum Phase {
    Closed(Window),
    /// Open until then; the wait in milliseconds is what the next one grows from.
    Open {
        until: SimTime,
        wait: u64,
    },
    HalfOpen {
        since: SimTime,
        wait: u64,
        permits: u32,
        results: LastResults,
    },
}

#[derive(Clone, Debug)]
enum Window {
    Calls(LastResults),
    Seconds(Seconds),
}

impl Registered for Resilience4j {
    const NAME: &'static str = "Resilience4j";
    const SUMMARY: &'static str = "opens at a share of failures or slow calls among the last calls or seconds (Resilience4j 1.x and 2.x)";
}

impl Explained for Resilience4j {
    const ABOUT: About = About {
        meaning: "The breaker of Java services today: it watches the last calls, or the calls of the last seconds, and opens when too many \
                  of them failed or were slow. A few calls then find out whether the callee is well again. Write the numbers of your \
                  configuration; a slow callee is found only if the time that counts as slow lies below the timeout.",
        formula: "After every result: push it to the window of the present state; slow = took > slow_call_duration_threshold. Below \
                  minimum_number_of_calls results nothing follows. In 32-bit floats, failures * 100 / results >= \
                  failure_rate_threshold, or the same of slow calls: exceeded (a success can do it). Closed: exceeded opens. Open: rejects \
                  until now > opened + wait, or with the automatic transition until now >= opened + wait; results change nothing. \
                  Half-open: so many calls pass as are permitted, and no permit comes back but of ignored and given-up calls; the window \
                  holds the permitted number of results, the minimum is at most that; late results fill it, too; exceeded opens, not \
                  exceeded closes with an empty window. Half-open for max_wait_duration_in_half_open_state: opens (or closes, as \
                  configured). A window of seconds holds the present second and those before it, on the clock of the run. Waits are \
                  whole milliseconds; the n-th opening without a close between waits trunc(multiplier * the one before), at most its \
                  maximum. A permitted call that never ends can keep it half-open for ever, unless a longest time is set. No draws.",
        parameters: &[
            parameter("failure_rate_threshold", "share above 0%", "50%", "the share of failures that opens it"),
            parameter("slow_call_rate_threshold", "share above 0%", "100%", "the share of slow calls that opens it"),
            parameter("slow_call_duration_threshold", "duration", "60s", "a call that takes longer is slow"),
            parameter("sliding_window_type", "COUNT_BASED, TIME_BASED", "COUNT_BASED", "whether the window holds calls or seconds"),
            parameter("sliding_window_size", "number, at least 1", "100", "how many calls or seconds it holds"),
            parameter(
                "minimum_number_of_calls",
                "number, at least 1",
                "100",
                "below so many results nothing is decided; at most a window of calls",
            ),
            parameter("permitted_number_of_calls_in_half_open_state", "number, at least 1", "10", "how many calls pass while half-open"),
            parameter("wait_duration_in_open_state", "duration, at least 1ms", "60s", "how long it stays open the first time"),
            parameter("max_wait_duration_in_half_open_state", "duration", "0s: for ever", "how long it stays half-open at most"),
            parameter("transition_to_state_after_wait_duration", "Open, Closed", "Open", "what it becomes after that"),
            parameter(
                "automatic_transition_from_open_to_half_open_enabled",
                "true, false",
                "false",
                "whether a timer makes it half-open, not a call",
            ),
            parameter("enable_exponential_backoff", "true, false", "false", "whether openings in a row last longer and longer"),
            parameter("exponential_backoff_multiplier", "number, at least 1", "1.5", "by how much longer"),
            parameter("exponential_max_wait_duration_in_open_state", "duration", "no limit", "the longest time it is open"),
            parameter("record_exceptions", "list of failures", "all", "what counts as failure; other failures count as successes"),
            parameter("ignore_exceptions", "list of failures", "none", "what counts as nothing"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "2 bytes per call of the window, or 24 bytes per second of it in which a call ended, and 72 bytes; fresh when it closes.",
        source: "resilience4j 2.x (2026-05), CircuitBreakerStateMachine.java, CircuitBreakerMetrics.java, IntervalFunction.java",
        example: "Breaker(Resilience4j(failure_rate_threshold: \"50%\"))",
    };
}

impl Resilience4j {
    fn closed(&self) -> Phase {
        let size = self.sliding_window_size;
        Phase::Closed(match self.sliding_window_type {
            SlidingWindowType::CountBased => Window::Calls(LastResults::of(size)),
            SlidingWindowType::TimeBased => Window::Seconds(Seconds::of(size)),
        })
    }

    /// Open from `at` on, after openings that lasted as long as `before`, if there were any since it was closed.
    fn open(&self, at: SimTime, before: Option<u64>) -> Phase {
        let wait = before.map_or(whole_millis(self.wait_duration_in_open_state), |wait| self.grown(wait));
        Phase::Open { until: at.saturating_add(SimDuration::from_millis(1).saturating_mul(wait)), wait }
    }

    fn grown(&self, wait: u64) -> u64 {
        if !self.enable_exponential_backoff {
            return wait;
        }
        let longest = self.exponential_max_wait_duration_in_open_state.map_or(u64::MAX, whole_millis);
        ((wait as f64 * self.exponential_backoff_multiplier) as u64).min(longest)
    }

    fn half_open(&self, since: SimTime, wait: u64) -> Phase {
        let permits = self.permitted_number_of_calls_in_half_open_state;
        Phase::HalfOpen { since, wait, permits, results: LastResults::of(permits) }
    }

    /// Does what timers would have done until now, each at its instant.
    fn catch_up(&self, memory: &mut Memory, now: SimTime) {
        let longest = SimDuration::from_millis(1).saturating_mul(whole_millis(self.max_wait_duration_in_half_open_state));
        loop {
            match memory.0 {
                Phase::Open { until, wait } if self.automatic_transition_from_open_to_half_open_enabled && now >= until => {
                    // A wait that no longer grows repeats itself: whole rounds of nothing are skipped.
                    let round = longest.saturating_add(SimDuration::from_millis(1).saturating_mul(wait));
                    let repeats =
                        !longest.is_zero() && self.transition_to_state_after_wait_duration == State::Open && self.grown(wait) == wait;
                    let rounds = if repeats { now.saturating_since(until) / round } else { 0 };
                    memory.0 = self.half_open(until.saturating_add(round.saturating_mul(rounds)), wait);
                }
                Phase::HalfOpen { since, wait, .. } if !longest.is_zero() && now >= since.saturating_add(longest) => {
                    let at = since.saturating_add(longest);
                    memory.0 = match self.transition_to_state_after_wait_duration {
                        State::Closed => self.closed(),
                        State::Open | State::HalfOpen => self.open(at, Some(wait)),
                    };
                }
                _ => return,
            }
        }
    }

    /// Whether the thresholds are exceeded, once there are results enough to say.
    fn exceeds(&self, tally: Tally, most: u32) -> Option<bool> {
        if tally.calls == 0 || tally.calls < self.minimum_number_of_calls.min(most) {
            return None;
        }
        let reaches = |count: u32, threshold: Share| count as f32 * 100.0 / tally.calls as f32 >= percent(threshold) as f32;
        Some(reaches(tally.failures, self.failure_rate_threshold) || reaches(tally.slow, self.slow_call_rate_threshold))
    }

    fn record(&self, memory: &mut Memory, mark: Mark, now: SimTime) {
        match &mut memory.0 {
            Phase::Open { .. } => {}
            Phase::Closed(window) => {
                let exceeds = match window {
                    Window::Calls(results) => {
                        results.push(mark);
                        self.exceeds(Tally::from(&*results), self.sliding_window_size)
                    }
                    Window::Seconds(seconds) => {
                        seconds.push(mark, now);
                        self.exceeds(seconds.all, u32::MAX)
                    }
                };
                if exceeds == Some(true) {
                    memory.0 = self.open(now, None);
                }
            }
            Phase::HalfOpen { wait, results, .. } => {
                results.push(mark);
                match self.exceeds(Tally::from(&*results), self.permitted_number_of_calls_in_half_open_state) {
                    Some(true) => memory.0 = self.open(now, Some(*wait)),
                    Some(false) => memory.0 = self.closed(),
                    None => {}
                }
            }
        }
    }

    /// A permit comes back: to whatever half-open state there is, as the product does it.
    fn release(memory: &mut Memory) {
        if let Phase::HalfOpen { permits, .. } = &mut memory.0 {
            *permits = permits.saturating_add(1);
        }
    }
}

impl Breaker for Resilience4j {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory(self.closed())
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        self.catch_up(memory, now);
        if let Phase::Open { until, wait } = memory.0
            && now > until
        {
            memory.0 = self.half_open(now, wait);
        }
        match &mut memory.0 {
            Phase::Open { .. } | Phase::HalfOpen { permits: 0, .. } => return Admission::Rejected,
            Phase::HalfOpen { permits, .. } => *permits -= 1,
            Phase::Closed(_) => {}
        }
        Admission::Admitted(0)
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        self.catch_up(memory, now);
        let is_slow = tried.took > self.slow_call_duration_threshold;
        match tried.verdict {
            Verdict::Ignored => Self::release(memory),
            verdict => self.record(memory, Mark { is_failure: verdict == Verdict::Failure, is_slow }, now),
        }
    }

    fn given_up(&self, memory: &mut Memory, _stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        self.catch_up(memory, now);
        Self::release(memory);
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        self.catch_up(memory, now);
        match memory.0 {
            Phase::Closed(_) => State::Closed,
            Phase::Open { until, .. } if now <= until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Failed(failure) if self.ignore_exceptions.contains(&failure) => Verdict::Ignored,
            Outcome::Failed(failure) if self.record_exceptions.is_empty() || self.record_exceptions.contains(&failure) => Verdict::Failure,
            _ => Verdict::Success,
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<Complaint> = [
            above_nothing("failure_rate_threshold", self.failure_rate_threshold),
            above_nothing("slow_call_rate_threshold", self.slow_call_rate_threshold),
            at_least_one("sliding_window_size", self.sliding_window_size),
            at_least_one("minimum_number_of_calls", self.minimum_number_of_calls),
            at_least_one("permitted_number_of_calls_in_half_open_state", self.permitted_number_of_calls_in_half_open_state),
            at_least_millis("wait_duration_in_open_state", self.wait_duration_in_open_state, 1),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.slow_call_duration_threshold.is_zero() {
            complaints.push(complaint("slow_call_duration_threshold", "it must be at least 1ns"));
        }
        if self.transition_to_state_after_wait_duration == State::HalfOpen {
            complaints.push(complaint("transition_to_state_after_wait_duration", "it is Open or Closed"));
        }
        if !(1.0..=f64::MAX).contains(&self.exponential_backoff_multiplier) {
            complaints.push(complaint("exponential_backoff_multiplier", "it must be a number of at least 1"));
        }
        if let Some(longest) = self.exponential_max_wait_duration_in_open_state {
            complaints.extend(at_least_millis("exponential_max_wait_duration_in_open_state", longest, 1));
        }
        complaints
    }
}
