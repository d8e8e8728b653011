//! The rate limiter of the AWS SDKs' adaptive mode: a cubic curve back to the rate at which it was throttled.
//!
//! Source: boto/botocore `retries/adaptive.py`, `retries/throttling.py`, `retries/bucket.py` (2026-08).

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Hint, Outcome};
use crate::registry::Registered;
use crate::strategies::{Gate, Pass, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::maths::cbrt;
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};

/// How steep the curve is.
const SCALE: f64 = 0.4;
/// What is left of the rate after a throttled answer.
const BETA: f64 = 0.7;
/// How much a new bucket counts in the measured rate.
const SMOOTHING: f64 = 0.8;
/// The least rate at which tokens come.
const MIN_FILL: f64 = 0.5;
/// The least that the bucket holds.
const MIN_CAPACITY: f64 = 1.0;
/// Half a second.
const HALF: u64 = NANOS_PER_SECOND / 2;

/// Sends freely until an answer is throttled; from then on sends at a rate that follows what comes back. Remembers 88 bytes per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsAdaptive {
    /// By whom it is shared: one client object, of which a process has one, unless said.
    pub per: Scope,
}

/// The measured rate of answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocked {
    bucket: u64,
    count: u64,
    /// Answers a second, smoothed.
    pub rate: f64,
}

/// What it remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cubic {
    w_max: f64,
    /// How many seconds after the throttled answer the curve is back at the rate.
    pub k: f64,
    throttled_at: SimTime,
    /// Whether sends have to wait for tokens.
    pub is_enabled: bool,
    clocked: Clocked,
    /// Tokens that come in a second.
    pub fill: f64,
    capacity: f64,
    /// Below zero when sends wait for tokens to come.
    pub tokens: f64,
    filled_at: SimTime,
}

impl Default for AwsAdaptive {
    fn default() -> Self {
        Self { per: Scope::Process }
    }
}

impl Registered for AwsAdaptive {
    const NAME: &'static str = "AwsAdaptive";
    const SUMMARY: &'static str = "the limiter of AWS SDKs in adaptive mode: after a throttled answer sends wait, on a cubic way back up";
}

impl Explained for AwsAdaptive {
    const ABOUT: About = About {
        meaning: "The client-side limiter of the AWS SDKs' adaptive mode. It does nothing until the service throttles; then sends wait for \
                  tokens, at first at 70 % of the measured rate, and on a cubic curve back to that rate and beyond. Every attempt takes \
                  a token, so it stands inside the retry. One resource that throttles slows all calls that share the limiter.",
        formula: "Each answer: the measured rate m counts answers in half seconds of the clock; the one that opens a new half second counts in \
                  the old one, then m = 0.8 * count / length + 0.2 * m. Throttled: w = m the first time, later min(m, fill); w_max = w, k = \
                  cbrt(w_max * 0.3 / 0.4), rate = 0.7 * w, enabled for good. Otherwise rate = 0.4 * (seconds since throttled - k)^3 + w_max. \
                  Then, tokens having come at the old rate, fill = max(0.5, min(rate, 2 * m)) and capacity = max(1, min(rate, 2 * m)). Each \
                  send, once enabled: takes 1 token, and waits (missing tokens) / fill for it. Starts empty with fill and capacity 1. \
                  No draws.",
        parameters: &[parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared")],
        memory: "88 bytes per scope, for the whole run.",
        source: "boto/botocore retries/adaptive.py, throttling.py, bucket.py (2026-08); sends that wait keep the wait they were given, where \
                 botocore asks anew",
        example: "Throttle(AwsAdaptive(per: Process))",
    };
}

impl Clocked {
    /// The clock of a limiter made now.
    pub const fn new(now: SimTime) -> Self {
        Self { bucket: now.as_nanos() / NANOS_PER_SECOND * 2, count: 0, rate: 0.0 }
    }

    /// An answer came. Answers the measured rate.
    pub fn record(&mut self, now: SimTime) -> f64 {
        self.count += 1;
        let bucket = now.as_nanos() / HALF;
        if bucket > self.bucket {
            let seconds = (bucket - self.bucket) as f64 / 2.0;
            self.rate = self.count as f64 / seconds * SMOOTHING + self.rate * (1.0 - SMOOTHING);
            (self.count, self.bucket) = (0, bucket);
        }
        self.rate
    }
}

impl Cubic {
    /// Follows an answer. Answers the rate that the curve gives.
    pub fn throttle(&mut self, rate: f64, now: SimTime) -> f64 {
        self.w_max = rate;
        self.k = cbrt(rate * (1.0 - BETA) / SCALE);
        self.throttled_at = now;
        rate * BETA
    }

    /// The rate that the curve gives now.
    pub fn curve(&self, now: SimTime) -> f64 {
        let after_k = now.saturating_since(self.throttled_at).as_secs_f64() - self.k;
        SCALE * (after_k * after_k * after_k) + self.w_max
    }

    fn refill(&mut self, now: SimTime) {
        let gained = self.fill * now.saturating_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.filled_at = now;
    }

    fn set_rate(&mut self, rate: f64, now: SimTime) {
        self.refill(now);
        self.fill = rate.max(MIN_FILL);
        self.capacity = rate.max(MIN_CAPACITY);
        self.tokens = self.tokens.min(self.capacity);
    }
}

impl Gate for AwsAdaptive {
    type Shared = Cubic;

    fn fresh(&self, now: SimTime) -> Cubic {
        Cubic {
            w_max: 0.0,
            k: 0.0,
            throttled_at: now,
            is_enabled: false,
            clocked: Clocked::new(now),
            fill: 1.0,
            capacity: MIN_CAPACITY,
            tokens: 0.0,
            filled_at: now,
        }
    }

    fn ask(&self, cubic: &mut Cubic, _draw: Draw, now: SimTime) -> Pass {
        if !cubic.is_enabled {
            return Pass::Now;
        }
        cubic.refill(now);
        cubic.tokens -= 1.0;
        if cubic.tokens >= 0.0 { Pass::Now } else { Pass::After(SimDuration::from_secs_f64(-cubic.tokens / cubic.fill)) }
    }

    fn ended(&self, cubic: &mut Cubic, _since: SimTime, outcome: Option<Outcome>, _hint: Option<Hint>, now: SimTime) {
        let Some(outcome) = outcome else { return };
        let measured = cubic.clocked.record(now);
        let rate = if outcome == Outcome::Failed(Failure::Throttled) {
            let from = if cubic.is_enabled { measured.min(cubic.fill) } else { measured };
            cubic.is_enabled = true;
            cubic.throttle(from, now)
        } else {
            cubic.curve(now)
        };
        cubic.set_rate(rate.min(2.0 * measured), now);
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn gauge(&self, cubic: &mut Cubic, _now: SimTime) -> (&'static str, f64) {
        ("tokens per second", cubic.fill)
    }
}
