//! Resilience4j before 1.0: rings of results that say nothing until they are full.
//!
//! Source: resilience4j/resilience4j tag v0.17.0, `CircuitBreakerStateMachine`, `CircuitBreakerMetrics`, `RingBitSet`.

use super::last_results::{LastResults, Mark};
use super::refusals::{above_nothing, at_least_millis, at_least_one, percent, whole_millis};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The breaker of Resilience4j up to 0.17, with the names and defaults of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resilience4jRing {
    /// The share of failures that opens it, above 0 %.
    pub failure_rate_threshold: Share,
    /// How many results must be there while it is closed before they are judged; at least 1.
    pub ring_buffer_size_in_closed_state: u32,
    /// How many calls pass while it is half-open, and how many results decide there; at least 1.
    pub ring_buffer_size_in_half_open_state: u32,
    /// How long it stays open, in whole milliseconds, at least 1 ms.
    pub wait_duration_in_open_state: SimDuration,
    /// Whether a timer makes it half-open; otherwise the first call after the wait does.
    pub automatic_transition_from_open_to_half_open_enabled: bool,
    /// The failures that count as failures; all unless said. Others say nothing.
    pub record_exceptions: Vec<Failure>,
    /// The failures that say nothing; they give their slot back.
    pub ignore_exceptions: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for Resilience4jRing {
    fn default() -> Self {
        Self {
            failure_rate_threshold: Share::percent(50),
            ring_buffer_size_in_closed_state: 100,
            ring_buffer_size_in_half_open_state: 10,
            wait_duration_in_open_state: SimDuration::from_secs(60),
            automatic_transition_from_open_to_half_open_enabled: false,
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
    Closed(LastResults),
    Open { until: SimTime },
    HalfOpen { permits: u32, ring: LastResults },
}

impl Registered for Resilience4jRing {
    const NAME: &'static str = "Resilience4jRing";
    const SUMMARY: &'static str = "opens at a share of failures in a full ring of results (Resilience4j before 1.0)";
}

impl Explained for Resilience4jRing {
    const ABOUT: About = About {
        meaning: "The breaker of Resilience4j before 1.0, which many configurations still have in mind: it judges nothing before its ring \
                  is full, so that with a ring of 100 a service of few calls fails for minutes unseen.",
        formula: "A result goes into the ring of the present state. Only when the ring is full, in 32-bit floats: failures * 100 / size >= \
                  failure_rate_threshold opens it. Open: rejects until now > opened + wait (with the automatic transition until now >= \
                  opened + wait); results change nothing. Half-open: as many calls pass as its ring has slots, and no slot comes back but \
                  of ignored and given-up calls; late results fill the ring, too; when it is full: at the threshold it opens, else it \
                  closes with an empty ring. No slow calls. A permitted call that never ends can keep it half-open for ever. No draws.",
        parameters: &[
            parameter("failure_rate_threshold", "share above 0%", "50%", "the share of failures that opens it"),
            parameter("ring_buffer_size_in_closed_state", "number, at least 1", "100", "how many results are judged while closed"),
            parameter(
                "ring_buffer_size_in_half_open_state",
                "number, at least 1",
                "10",
                "how many calls pass, and are judged, while half-open",
            ),
            parameter("wait_duration_in_open_state", "duration, at least 1ms", "60s", "how long it stays open"),
            parameter(
                "automatic_transition_from_open_to_half_open_enabled",
                "true, false",
                "false",
                "whether a timer makes it half-open, not a call",
            ),
            parameter("record_exceptions", "list of failures", "all", "what counts as failure; other failures count as nothing"),
            parameter("ignore_exceptions", "list of failures", "none", "what counts as nothing"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "2 bytes per slot of the ring and 56 bytes; fresh when it closes.",
        source: "resilience4j v0.17.0, CircuitBreakerStateMachine.java, CircuitBreakerMetrics.java, RingBitSet.java",
        example: "Breaker(Resilience4jRing(ring_buffer_size_in_closed_state: 20))",
    };
}

impl Resilience4jRing {
    fn closed(&self) -> Phase {
        Phase::Closed(LastResults::of(self.ring_buffer_size_in_closed_state))
    }

    fn open(&self, now: SimTime) -> Phase {
        let wait = SimDuration::from_millis(1).saturating_mul(whole_millis(self.wait_duration_in_open_state));
        Phase::Open { until: now.saturating_add(wait) }
    }

    fn half_open(&self) -> Phase {
        let slots = self.ring_buffer_size_in_half_open_state;
        Phase::HalfOpen { permits: slots, ring: LastResults::of(slots) }
    }

    fn catch_up(&self, memory: &mut Memory, now: SimTime) {
        if let Phase::Open { until } = memory.0
            && self.automatic_transition_from_open_to_half_open_enabled
            && now >= until
        {
            memory.0 = self.half_open();
        }
    }

    /// Whether the ring reaches the threshold, once it is full.
    fn exceeds(&self, ring: &LastResults) -> Option<bool> {
        let rate = ring.failures as f32 * 100.0 / ring.len() as f32;
        ring.is_full().then(|| rate >= percent(self.failure_rate_threshold) as f32)
    }

    fn record(&self, memory: &mut Memory, is_failure: bool, now: SimTime) {
        let mark = Mark { is_failure, is_slow: false };
        match &mut memory.0 {
            Phase::Open { .. } => {}
            Phase::Closed(ring) => {
                ring.push(mark);
                if self.exceeds(ring) == Some(true) {
                    memory.0 = self.open(now);
                }
            }
            Phase::HalfOpen { ring, .. } => {
                ring.push(mark);
                match self.exceeds(ring) {
                    Some(true) => memory.0 = self.open(now),
                    Some(false) => memory.0 = self.closed(),
                    None => {}
                }
            }
        }
    }

    fn release(memory: &mut Memory) {
        if let Phase::HalfOpen { permits, .. } = &mut memory.0 {
            *permits = permits.saturating_add(1);
        }
    }
}

impl Breaker for Resilience4jRing {
    type Shared = Memory;

    fn fresh(&self, _now: SimTime) -> Memory {
        Memory(self.closed())
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        self.catch_up(memory, now);
        if matches!(memory.0, Phase::Open { until } if now > until) {
            memory.0 = self.half_open();
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
        match tried.verdict {
            Verdict::Ignored => Self::release(memory),
            verdict => self.record(memory, verdict == Verdict::Failure, now),
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
            Phase::Open { until } if now <= until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Success => Verdict::Success,
            Outcome::Failed(failure) if self.ignore_exceptions.contains(&failure) => Verdict::Ignored,
            Outcome::Failed(failure) if self.record_exceptions.is_empty() || self.record_exceptions.contains(&failure) => Verdict::Failure,
            Outcome::Failed(_) => Verdict::Ignored,
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        [
            above_nothing("failure_rate_threshold", self.failure_rate_threshold),
            at_least_one("ring_buffer_size_in_closed_state", self.ring_buffer_size_in_closed_state),
            at_least_one("ring_buffer_size_in_half_open_state", self.ring_buffer_size_in_half_open_state),
            at_least_millis("wait_duration_in_open_state", self.wait_duration_in_open_state, 1),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
