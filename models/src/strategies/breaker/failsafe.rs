//! Failsafe: so many failures of so many calls, or within a time.
//!
//! Source: failsafe-lib/failsafe core (2025-12), `CircuitBreakerBuilder`, `ClosedState`, `HalfOpenState`, `CountingCircuitStats`,
//! `TimedCircuitStats`. Left out: delays that are computed from a result.

use super::last_results::{LastResults, Mark};
use super::refusals::{at_least_millis, at_least_one, if_handled, millis_of, percent, whole_millis, whole_percent};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The circuit breaker of Failsafe 3, with the names and defaults of its builder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Failsafe {
    /// How many failures open it, at least 1.
    pub failure_threshold: u32,
    /// Among how many last calls; `failure_threshold` unless said. Not together with a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_thresholding_capacity: Option<u32>,
    /// Instead of a number, the share of failures that opens it, in whole percent; only within a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_rate_threshold: Option<Share>,
    /// Within the period, below so many calls it never opens; `failure_threshold` unless said, and needed with a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_execution_threshold: Option<u32>,
    /// How far back it looks, if not at a number of last calls; at least 10 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_thresholding_period: Option<SimDuration>,
    /// How many successes close it when it is half-open; the thresholds of failures decide unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_threshold: Option<u32>,
    /// Among how many calls; `success_threshold` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_thresholding_capacity: Option<u32>,
    /// How long it stays open.
    pub delay: SimDuration,
    /// The failures that count as failures; all unless said. Others count as successes.
    pub handle: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for Failsafe {
    fn default() -> Self {
        Self {
            failure_threshold: 1,
            failure_thresholding_capacity: None,
            failure_rate_threshold: None,
            failure_execution_threshold: None,
            failure_thresholding_period: None,
            success_threshold: None,
            success_thresholding_capacity: None,
            delay: SimDuration::from_secs(60),
            handle: Vec::new(),
            per: Scope::Process,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    phase: Phase,
    /// How many changes of state there were.
    generation: u64,
}

#[derive(Clone, Debug)]
enum Phase {
    Closed(Results),
    Open { until: SimTime },
    HalfOpen { permits: u32, results: LastResults },
}

#[derive(Clone, Debug)]
enum Results {
    Last(LastResults),
    Timed(Box<Timed>),
}

/// Results of a time, in ten slices on a clock of milliseconds, as the product keeps them.
#[derive(Clone, Debug)]
struct Timed {
    period: u64,
    slices: [Slice; SLICES],
    current: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// When it begins; none if it was never used.
    since: Option<u64>,
    successes: u32,
    failures: u32,
}

const SLICES: usize = 10;

impl Timed {
    fn new(period: SimDuration, now: SimTime) -> Self {
        let mut slices = [Slice::default(); SLICES];
        slices[0].since = Some(millis_of(now));
        Self { period: whole_millis(period), slices, current: 0 }
    }

    fn push(&mut self, is_failure: bool, now: SimTime) {
        self.move_on(millis_of(now));
        let slice = &mut self.slices[self.current];
        if is_failure { slice.failures += 1 } else { slice.successes += 1 }
    }

    fn move_on(&mut self, now: u64) {
        let length = self.period / SLICES as u64;
        let begun = self.slices[self.current].since.unwrap_or_default();
        let moves = now.saturating_sub(begun) / length;
        if moves > SLICES as u64 {
            // As the product has it: all slices are laid out from now on, so that the second one, when its turn comes, begins a
            // whole period later than it should and lasts eleven slices.
            for (index, slice) in self.slices.iter_mut().enumerate() {
                *slice = Slice { since: Some(now + index as u64 * length), successes: 0, failures: 0 };
            }
            self.current = 0;
            return;
        }
        for _ in 0..moves {
            let before = self.slices[self.current].since.unwrap_or_default();
            self.current = (self.current + 1) % SLICES;
            let slice = &mut self.slices[self.current];
            let since = slice.since.map_or(before + length, |since| since + self.period);
            *slice = Slice { since: Some(since), successes: 0, failures: 0 };
        }
    }
}

/// How many ended how.
#[derive(Clone, Copy, Debug)]
struct Tally {
    successes: u32,
    failures: u32,
}

impl Tally {
    const fn executions(self) -> u32 {
        self.successes + self.failures
    }

    /// A part of all, in percent, rounded to the nearest whole number.
    fn rate(self, part: u32) -> u32 {
        if self.executions() == 0 { 0 } else { (f64::from(part) / f64::from(self.executions()) * 100.0 + 0.5) as u32 }
    }
}

impl From<&LastResults> for Tally {
    fn from(results: &LastResults) -> Self {
        Self { successes: results.successes(), failures: results.failures }
    }
}

impl From<&Timed> for Tally {
    fn from(timed: &Timed) -> Self {
        let sum = |count: fn(&Slice) -> u32| timed.slices.iter().map(count).sum();
        Self { successes: sum(|slice| slice.successes), failures: sum(|slice| slice.failures) }
    }
}

impl Registered for Failsafe {
    const NAME: &'static str = "Failsafe";
    const SUMMARY: &'static str =
        "opens at so many failures of so many last calls, or at a number or share of them within a time (Failsafe 3)";
}

impl Explained for Failsafe {
    const ABOUT: About = About {
        meaning: "The breaker of Failsafe. As it comes, one failure opens it for a minute: write thresholds. They count failures among the \
                  last calls, or within a period their number or their share.",
        formula: "Closed, after every result: executions >= failure_execution_threshold (within a period) and failures >= \
                  failure_threshold, or with a rate round(failures / executions * 100) >= failure_rate_threshold, opens; a number of last \
                  calls need not be full. A period is ten slices on a clock of milliseconds; after a silence longer than the \
                  period the second slice lasts eleven. Open: rejects until now >= opened + delay. Half-open: so many calls at once pass as \
                  the capacity of successes, else the execution threshold, else the capacity of failures; a result that arrives, late ones too, \
                  counts, and then gives a permit back. With a success_threshold s of c: successes >= s closes, failures > c - s opens. Else with a \
                  rate r, from the execution threshold on: success rate > 100 - r closes, failure rate >= r opens. Else, with k of n: \
                  successes > n - k closes, failures >= k opens. Successes are tested first. No draws.",
        parameters: &[
            parameter("failure_threshold", "number, at least 1", "1", "how many failures open it"),
            parameter("failure_thresholding_capacity", "number", "failure_threshold", "among how many last calls"),
            parameter("failure_rate_threshold", "share in whole percent", "none", "the share of failures that opens it, within a period"),
            parameter("failure_execution_threshold", "number", "failure_threshold", "below so many calls within the period it never opens"),
            parameter("failure_thresholding_period", "duration, at least 10ms", "none", "how far back it looks, if not at last calls"),
            parameter("success_threshold", "number, at least 1", "none", "how many successes close it"),
            parameter("success_thresholding_capacity", "number", "success_threshold", "among how many calls"),
            parameter("delay", "duration", "60s", "how long it stays open"),
            parameter("handle", "list of failures", "all", "what counts as failure; other failures count as successes"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "2 bytes per call of the capacity, or ten slices of 24 bytes, and 64 bytes; fresh with every change of state.",
        source: "Failsafe 3.3 (2025-12), CircuitBreakerBuilder.java, HalfOpenState.java, CountingCircuitStats.java, TimedCircuitStats.java",
        example: "Breaker(Failsafe(failure_threshold: 3, failure_thresholding_capacity: 5, delay: \"10s\"))",
    };
}

impl Failsafe {
    fn closed(&self, now: SimTime) -> Phase {
        Phase::Closed(match self.failure_thresholding_period {
            Some(period) => Results::Timed(Box::new(Timed::new(period, now))),
            None => Results::Last(LastResults::of(self.capacity())),
        })
    }

    /// The capacity of failures. Within a period it is the threshold.
    fn capacity(&self) -> u32 {
        self.failure_thresholding_capacity.unwrap_or(self.failure_threshold)
    }

    /// The execution threshold; 0 without a period.
    fn executions(&self) -> u32 {
        let within = self.failure_execution_threshold.unwrap_or(self.failure_threshold);
        if self.failure_thresholding_period.is_some() { within } else { 0 }
    }

    fn half_open(&self) -> Phase {
        let of_successes = self.success_thresholding_capacity.or(self.success_threshold);
        let of_failures = if self.executions() > 0 { self.executions() } else { self.capacity() };
        let permits = of_successes.unwrap_or(of_failures);
        Phase::HalfOpen { permits, results: LastResults::of(permits) }
    }

    fn change(memory: &mut Memory, phase: Phase) {
        *memory = Memory { phase, generation: memory.generation + 1 };
    }

    fn opens(&self, tally: Tally) -> bool {
        tally.executions() >= self.executions()
            && match self.failure_rate_threshold {
                Some(rate) => f64::from(tally.rate(tally.failures)) >= percent(rate),
                None => tally.failures >= self.failure_threshold,
            }
    }

    /// What becomes of a half-open breaker with these results.
    fn decides(&self, tally: Tally) -> Option<State> {
        let (closes, opens) = match (self.success_threshold, self.failure_rate_threshold) {
            (Some(successes), _) => {
                let most = self.success_thresholding_capacity.unwrap_or(successes).saturating_sub(successes);
                (tally.successes >= successes, tally.failures > most)
            }
            (None, Some(rate)) => {
                let is_enough = tally.executions() >= self.executions();
                let (successes, failures) = (tally.rate(tally.successes), tally.rate(tally.failures));
                (is_enough && f64::from(successes) > 100.0 - percent(rate), is_enough && f64::from(failures) >= percent(rate))
            }
            (None, None) => {
                let most = self.capacity().saturating_sub(self.failure_threshold);
                (tally.successes > most, tally.failures >= self.failure_threshold)
            }
        };
        if closes { Some(State::Closed) } else { opens.then_some(State::Open) }
    }
}

impl Breaker for Failsafe {
    type Shared = Memory;

    fn fresh(&self, now: SimTime) -> Memory {
        Memory { phase: self.closed(now), generation: 0 }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        if matches!(memory.phase, Phase::Open { until } if now >= until) {
            Self::change(memory, self.half_open());
        }
        match &mut memory.phase {
            Phase::Open { .. } | Phase::HalfOpen { permits: 0, .. } => return Admission::Rejected,
            Phase::HalfOpen { permits, .. } => *permits -= 1,
            Phase::Closed(_) => {}
        }
        Admission::Admitted(memory.generation)
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        let is_failure = tried.verdict == Verdict::Failure;
        let mark = Mark { is_failure, is_slow: false };
        let becomes = match &mut memory.phase {
            Phase::Open { .. } => None,
            Phase::Closed(results) => {
                let tally = match results {
                    Results::Last(last) => {
                        last.push(mark);
                        Tally::from(&*last)
                    }
                    Results::Timed(timed) => {
                        timed.push(is_failure, now);
                        Tally::from(&**timed)
                    }
                };
                self.opens(tally).then_some(State::Open)
            }
            Phase::HalfOpen { permits, results } => {
                results.push(mark);
                *permits = permits.saturating_add(1);
                self.decides(Tally::from(&*results))
            }
        };
        match becomes {
            Some(State::Open) => Self::change(memory, Phase::Open { until: now.saturating_add(self.delay) }),
            Some(State::Closed) => Self::change(memory, self.closed(now)),
            Some(State::HalfOpen) | None => {}
        }
    }

    fn given_up(&self, memory: &mut Memory, stamp: Stamp, _luck: &Luck<'_>, _now: SimTime) {
        if stamp == memory.generation
            && let Phase::HalfOpen { permits, .. } = &mut memory.phase
        {
            *permits = permits.saturating_add(1);
        }
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        match memory.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { until } if now < until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        if_handled(outcome, &self.handle)
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let failures = self.failure_threshold;
        let mut complaints = Vec::new();
        complaints.extend(at_least_one("failure_threshold", failures));
        if let Some(capacity) = self.failure_thresholding_capacity {
            if capacity < failures {
                complaints
                    .push(complaint("failure_thresholding_capacity", format!("{failures} failures do not fit into {capacity} calls")));
            }
            if self.failure_thresholding_period.is_some() {
                complaints.push(complaint("failure_thresholding_capacity", "it looks at last calls or at a period, not at both"));
            }
        }
        if let Some(rate) = self.failure_rate_threshold {
            complaints.extend(whole_percent("failure_rate_threshold", rate));
            if self.failure_execution_threshold.is_none() {
                complaints.push(complaint("failure_execution_threshold", "a rate needs a number of calls from which it counts"));
            }
        }
        match self.failure_thresholding_period {
            Some(period) => complaints.extend(at_least_millis("failure_thresholding_period", period, 10)),
            None if self.failure_rate_threshold.is_some() || self.failure_execution_threshold.is_some() => {
                complaints.push(complaint("failure_thresholding_period", "a rate or an execution threshold needs a period"));
            }
            None => {}
        }
        if let Some(executions) = self.failure_execution_threshold {
            complaints.extend(at_least_one("failure_execution_threshold", executions));
            if self.failure_rate_threshold.is_none() && executions < failures {
                complaints.push(complaint("failure_execution_threshold", format!("{failures} failures need at least as many calls")));
            }
        }
        complaints.extend(self.success_threshold.and_then(|successes| at_least_one("success_threshold", successes)));
        match (self.success_threshold, self.success_thresholding_capacity) {
            (None, Some(_)) => complaints.push(complaint("success_thresholding_capacity", "it needs a success_threshold")),
            (Some(successes), Some(capacity)) if capacity < successes => {
                complaints
                    .push(complaint("success_thresholding_capacity", format!("{successes} successes do not fit into {capacity} calls")));
            }
            _ => {}
        }
        complaints
    }
}
