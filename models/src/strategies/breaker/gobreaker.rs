//! sony/gobreaker v2: results belong to a generation, and every change begins a new one.
//!
//! Source: sony/gobreaker v2 (2026-02), `gobreaker.go`, `counter.go`.

use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The breaker of sony/gobreaker v2, with the names and defaults of its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gobreaker {
    /// How many calls pass in all while it is half-open, and how many successes close it; 0 is 1.
    pub max_requests: u32,
    /// How long its counts are kept while it is closed; 0 s for ever.
    pub interval: SimDuration,
    /// If above 0 s, counts roll on in buckets of this length instead of being cleared all at once.
    pub bucket_period: SimDuration,
    /// How long it stays open; 0 s is 60 s.
    pub timeout: SimDuration,
    /// When a failure opens it.
    pub ready_to_trip: ReadyToTrip,
    /// Failures that count as successes.
    pub is_successful: Vec<Failure>,
    /// Failures that count as nothing; their place while half-open is free again.
    pub is_excluded: Vec<Failure>,
    /// Whether a call given up by its caller (a cancelled context) counts as nothing, instead of as a failure.
    pub excludes_cancelled: bool,
    /// By whom it is shared.
    pub per: Scope,
}

/// The functions that are written as `ReadyToTrip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ReadyToTrip {
    /// More than so many failures in a row: the default, with 5.
    ConsecutiveFailures {
        /// One failure more opens.
        more_than: u32,
    },
    /// A share of failures among all calls that were begun: the example of its README.
    FailureRatio {
        /// At least so many calls must have been begun.
        requests: u32,
        /// Failures among them, of which those that are still on their way are none.
        ratio: Share,
    },
}

impl Default for Gobreaker {
    fn default() -> Self {
        Self {
            max_requests: 0,
            interval: SimDuration::ZERO,
            bucket_period: SimDuration::ZERO,
            timeout: SimDuration::ZERO,
            ready_to_trip: ReadyToTrip::ConsecutiveFailures { more_than: 5 },
            is_successful: Vec::new(),
            is_excluded: Vec::new(),
            excludes_cancelled: false,
            per: Scope::Process,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    state: State,
    generation: u32,
    since: SimTime,
    /// The state lasts until it is touched after this.
    expiry: Option<SimTime>,
    counts: Counts,
    buckets: Vec<Counts>,
    /// How many bucket periods have begun in this generation.
    age: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    requests: u32,
    successes: u32,
    failures: u32,
    exclusions: u32,
    successes_in_a_row: u32,
    failures_in_a_row: u32,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Success => {
                self.successes = self.successes.saturating_add(1);
                self.successes_in_a_row = self.successes_in_a_row.saturating_add(1);
                self.failures_in_a_row = 0;
            }
            Verdict::Failure => {
                self.failures = self.failures.saturating_add(1);
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.successes_in_a_row = 0;
            }
            Verdict::Ignored => self.exclusions = self.exclusions.saturating_add(1),
        }
    }
}

/// The most buckets of one breaker.
const MOST_BUCKETS: u64 = 10_000;
const USUAL_TIMEOUT: SimDuration = SimDuration::from_secs(60);

impl Registered for Gobreaker {
    const NAME: &'static str = "Gobreaker";
    const SUMMARY: &'static str =
        "opens after more than five failures in a row, and drops results of an older generation (sony/gobreaker v2)";
}

impl Explained for Gobreaker {
    const ABOUT: About = About {
        meaning: "The breaker of many Go services: a handful of failures in a row open it for a minute. It is strict about time: a result \
                  that belongs to an earlier state is dropped.",
        formula: "Every change of state begins a generation with empty counts; a result of another generation is dropped. Closed: a failure \
                  opens it if ready_to_trip says so (failures in a row > 5). With an interval, the first touch later than interval \
                  after the last clearing begins a generation; with a bucket_period, counts roll on in ceil(interval / bucket_period) \
                  buckets instead, a result counts in the bucket of its admission, and one older than all buckets counts no more. \
                  Open: rejects until now > opened + timeout. Half-open: max_requests calls pass in all, excluded ones not counted; so many successes \
                  in a row close, any failure opens. A call given up by its caller is a failure, unless it is excluded. A call that never \
                  ends can keep it half-open for ever. No draws.",
        parameters: &[
            parameter("max_requests", "number", "0, which is 1", "how many calls pass in all while half-open"),
            parameter("interval", "duration", "0s: for ever", "how long counts are kept while closed"),
            parameter("bucket_period", "duration, 0s or at least 1ms", "0s: no buckets", "the length of a bucket of rolling counts"),
            parameter("timeout", "duration", "0s, which is 60s", "how long it stays open"),
            parameter(
                "ready_to_trip",
                "ConsecutiveFailures(more_than: 5), FailureRatio(requests: 3, ratio: \"60%\")",
                "ConsecutiveFailures(more_than: 5)",
                "when a failure opens it",
            ),
            parameter("is_successful", "list of failures", "none", "failures that count as successes"),
            parameter("is_excluded", "list of failures", "none", "failures that count as nothing"),
            parameter("excludes_cancelled", "true, false", "false", "whether calls given up by their caller count as nothing"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "24 bytes per bucket (one without a bucket period) and 88 bytes; fresh with every generation.",
        source: "sony/gobreaker v2 (2026-02), v2/gobreaker.go, v2/counter.go",
        example: "Breaker(Gobreaker(interval: \"30s\", timeout: \"10s\"))",
    };
}

impl Gobreaker {
    fn buckets(&self) -> u64 {
        if self.interval.is_zero() || self.bucket_period.is_zero() {
            return 1;
        }
        self.interval.as_nanos().div_ceil(self.bucket_period.as_nanos())
    }

    fn begin(&self, memory: &mut Memory, state: State, now: SimTime) {
        let lasts = match state {
            State::Closed if self.interval.is_zero() || memory.buckets.len() > 1 => None,
            State::Closed => Some(self.interval),
            State::Open => Some(if self.timeout.is_zero() { USUAL_TIMEOUT } else { self.timeout }),
            State::HalfOpen => None,
        };
        memory.state = state;
        memory.generation += 1;
        memory.since = now;
        memory.expiry = lasts.map(|lasts| now.saturating_add(lasts));
        memory.age = 0;
        memory.counts = Counts::default();
        memory.buckets.fill(Counts::default());
    }

    /// What the product does first at every call and result.
    fn catch_up(&self, memory: &mut Memory, now: SimTime) {
        let is_over = memory.expiry.is_some_and(|expiry| now > expiry);
        match memory.state {
            State::Closed if is_over => self.begin(memory, State::Closed, now),
            State::Closed if memory.buckets.len() > 1 => {
                let age = u32::try_from(now.saturating_since(memory.since) / self.bucket_period).unwrap_or(u32::MAX);
                grow(memory, age);
            }
            State::Open if is_over => self.begin(memory, State::HalfOpen, now),
            State::Closed | State::Open | State::HalfOpen => {}
        }
    }

    fn is_ready_to_trip(&self, counts: &Counts) -> bool {
        match self.ready_to_trip {
            ReadyToTrip::ConsecutiveFailures { more_than } => counts.failures_in_a_row > more_than,
            ReadyToTrip::FailureRatio { requests, ratio } => {
                counts.requests >= requests && f64::from(counts.failures) / f64::from(counts.requests.max(1)) >= ratio.as_f64()
            }
        }
    }

    fn end(&self, memory: &mut Memory, stamp: Stamp, verdict: Verdict, now: SimTime) {
        self.catch_up(memory, now);
        let (generation, age) = ((stamp >> 32) as u32, stamp as u32);
        if generation != memory.generation {
            return;
        }
        if memory.state == State::HalfOpen && verdict == Verdict::Failure {
            return self.begin(memory, State::Open, now);
        }
        let buckets = memory.buckets.len() as u32;
        if age <= memory.age && memory.age - age < buckets {
            memory.counts.add(verdict);
            memory.buckets[(age % buckets) as usize].add(verdict);
        }
        match (memory.state, verdict) {
            (State::HalfOpen, Verdict::Success) if memory.counts.successes_in_a_row >= self.max_requests.max(1) => {
                self.begin(memory, State::Closed, now);
            }
            (State::Closed, Verdict::Failure) if self.is_ready_to_trip(&memory.counts) => self.begin(memory, State::Open, now),
            _ => {}
        }
    }
}

/// Rolls the buckets on until the generation is so many periods old.
fn grow(memory: &mut Memory, age: u32) {
    let buckets = memory.buckets.len() as u32;
    if age.saturating_sub(memory.age) >= buckets {
        memory.counts = Counts::default();
        memory.buckets.fill(Counts::default());
        memory.age = age;
    }
    while memory.age < age {
        memory.age += 1;
        let oldest = (memory.age % buckets) as usize;
        let leaves = std::mem::take(&mut memory.buckets[oldest]);
        // A row that reaches back into the bucket that leaves is as long as all that came since, and loses that part of it.
        let since = |count: fn(&Counts) -> u32| memory.buckets.iter().map(count).sum::<u32>();
        let counts = &mut memory.counts;
        if counts.successes_in_a_row == leaves.successes_in_a_row + since(|bucket| bucket.successes) {
            counts.successes_in_a_row -= leaves.successes_in_a_row;
        }
        if counts.failures_in_a_row == leaves.failures_in_a_row + since(|bucket| bucket.failures) {
            counts.failures_in_a_row -= leaves.failures_in_a_row;
        }
        counts.requests = counts.requests.saturating_sub(leaves.requests);
        counts.successes = counts.successes.saturating_sub(leaves.successes);
        counts.failures = counts.failures.saturating_sub(leaves.failures);
        counts.exclusions = counts.exclusions.saturating_sub(leaves.exclusions);
    }
}

impl Breaker for Gobreaker {
    type Shared = Memory;

    fn fresh(&self, now: SimTime) -> Memory {
        let buckets = vec![Counts::default(); self.buckets().clamp(1, MOST_BUCKETS) as usize];
        let mut memory =
            Memory { state: State::Closed, generation: 0, since: now, expiry: None, counts: Counts::default(), buckets, age: 0 };
        self.begin(&mut memory, State::Closed, now);
        memory
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        self.catch_up(memory, now);
        let is_full = || memory.counts.requests - memory.counts.exclusions.min(memory.counts.requests) >= self.max_requests.max(1);
        if memory.state == State::Open || memory.state == State::HalfOpen && is_full() {
            return Admission::Rejected;
        }
        memory.counts.requests = memory.counts.requests.saturating_add(1);
        let buckets = memory.buckets.len() as u32;
        memory.buckets[(memory.age % buckets) as usize].requests += 1;
        Admission::Admitted(u64::from(memory.generation) << 32 | u64::from(memory.age))
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, _luck: &Luck<'_>, now: SimTime) {
        self.end(memory, tried.stamp, tried.verdict, now);
    }

    fn given_up(&self, memory: &mut Memory, stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        self.end(memory, stamp, if self.excludes_cancelled { Verdict::Ignored } else { Verdict::Failure }, now);
    }

    /// Unlike the product's own `State()`, it begins no generation: who only looks must change nothing.
    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        match memory.state {
            State::Open if memory.expiry.is_some_and(|expiry| now > expiry) => State::HalfOpen,
            state => state,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Success => Verdict::Success,
            Outcome::Failed(failure) if self.is_excluded.contains(&failure) => Verdict::Ignored,
            Outcome::Failed(failure) if self.is_successful.contains(&failure) => Verdict::Success,
            Outcome::Failed(_) => Verdict::Failure,
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let period = self.bucket_period;
        if !period.is_zero() && self.interval.is_zero() {
            complaints.push(complaint("bucket_period", "buckets need an interval that they divide; write interval, too"));
        }
        if !period.is_zero() && period < SimDuration::from_millis(1) {
            complaints.push(complaint("bucket_period", format!("it is 0s or at least 1ms, not {period}")));
        } else if self.buckets() > MOST_BUCKETS {
            complaints.push(complaint(
                "bucket_period",
                format!("an interval of {} has {} of them, above {MOST_BUCKETS}", self.interval, self.buckets()),
            ));
        }
        if let ReadyToTrip::FailureRatio { ratio, .. } = self.ready_to_trip
            && ratio == Share::NONE
        {
            complaints.push(complaint("ready_to_trip.ratio", "a ratio of 0% is reached by any failure; write one above 0%"));
        }
        complaints
    }
}
