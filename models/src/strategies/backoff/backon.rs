//! Backon: the three backoffs of the Rust crate `backon`, with their quirks.
//!
//! Source: Xuanwo/backon, `backon/src/backoff` (2025-07). Its factors and its jitter are computed in 32-bit floats.

use super::numbers::{complaints, exchanged_if, outside};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{NANOS_PER_SECOND, SimDuration};

/// Waits as the builders of the Rust crate `backon` do. Consumes one draw with jitter, none without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backon {
    /// How the waits grow.
    pub strategy: BackonStrategy,
    /// The first wait without jitter; the wait of `Constant`.
    pub min_delay: SimDuration,
    /// From where on the wait grows no more; `None` is no limit.
    pub max_delay: Option<SimDuration>,
    /// By how much an exponential wait grows from retry to retry.
    pub factor: f32,
    /// Whether a draw is added.
    pub jitter: bool,
    /// No retry is made that would let the sum of all waits exceed this; no limit unless said.
    pub total_delay: Option<SimDuration>,
}

/// How the waits of [`Backon`] grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackonStrategy {
    /// They do not.
    Constant,
    /// By `factor` from retry to retry.
    #[default]
    Exponential,
    /// Each is the sum of the two before.
    Fibonacci,
}

/// What is remembered of one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackonCall {
    current: SimDuration,
    previous: SimDuration,
    total: SimDuration,
}

impl Default for Backon {
    fn default() -> Self {
        Self {
            strategy: BackonStrategy::Exponential,
            min_delay: SimDuration::from_secs(1),
            max_delay: Some(SimDuration::from_secs(60)),
            factor: 2.0,
            jitter: false,
            total_delay: None,
        }
    }
}

impl Registered for Backon {
    const NAME: &'static str = "Backon";
    const SUMMARY: &'static str = "waits as the crate backon for Rust does: constant, exponential or Fibonacci, with jitter or without";
}

impl Explained for Backon {
    const ABOUT: About = About {
        meaning: "The backoffs of the crate backon (Rust). Its jitter is added after the limit, so an exponential wait can last twice max_delay, and its Fibonacci numbers only stop growing once they have passed max_delay. backon retries 3 times unless told otherwise: attempts: 4.",
        formula: "Constant: d = min_delay. Exponential: d(1) = min_delay, d(n + 1) = min(max_delay, d(n) * factor). \
                  Fibonacci: 1, 1, 2, 3, 5, ... times min_delay, growing while d(n) < max_delay, so that the last step may exceed it. \
                  With jitter U * d is added (Fibonacci: U * min_delay). Stops if the sum of all waits would exceed (>) total_delay. One draw with jitter, no draw without. 32-bit floats.",
        parameters: &[
            parameter("strategy", "Constant, Exponential, Fibonacci", "Exponential", "how the waits grow"),
            parameter("min_delay", "duration", "1s", "the first wait without jitter; the wait of `Constant`"),
            parameter(
                "max_delay",
                "duration, at least `min_delay`, or None",
                "60s",
                "from where on the wait grows no more; not for `Constant`",
            ),
            parameter("factor", "number, 1 to 1000000", "2", "by how much an exponential wait grows"),
            parameter("jitter", "true or false", "false", "whether a draw is added"),
            parameter("total_delay", "duration", "none", "no retry is made that would let the sum of all waits exceed this"),
        ],
        memory: "The last two waits and the sum of all: 24 bytes for each call.",
        source: "Xuanwo/backon, backon/src/backoff (2025-07).",
        example: "Retry(attempts: 4, backoff: Backon(strategy: Fibonacci, min_delay: \"100ms\", max_delay: \"2s\", jitter: true))",
    };
}

/// A length as seconds in 32 bits, whole seconds and the rest converted apart.
fn secs_f32(length: SimDuration) -> f32 {
    let nanos = length.as_nanos();
    (nanos / NANOS_PER_SECOND) as f32 + (nanos % NANOS_PER_SECOND) as f32 / NANOS_PER_SECOND as f32
}

/// A length times a number, through seconds in 32 bits.
fn times(length: SimDuration, factor: f32) -> SimDuration {
    SimDuration::from_secs_f64(f64::from(factor * secs_f32(length)))
}

/// A draw as a 32-bit float on `[0, 1)`.
fn unit_f32(draw: Draw) -> f32 {
    (draw.bits() >> 40) as f32 / (1_u32 << 24) as f32
}

impl Backon {
    /// The wait without jitter.
    fn next(&self, call: &mut BackonCall, retry: u32) -> SimDuration {
        let may_grow = self.max_delay.is_none_or(|max| call.current < max);
        call.current = match self.strategy {
            _ if retry == 1 => self.min_delay,
            BackonStrategy::Constant => self.min_delay,
            BackonStrategy::Exponential => {
                let next = if may_grow { times(call.current, self.factor) } else { call.current };
                self.max_delay.map_or(next, |max| next.min(max))
            }
            BackonStrategy::Fibonacci if may_grow => {
                let sum = call.current.saturating_add(call.previous);
                call.previous = call.current;
                sum
            }
            BackonStrategy::Fibonacci => call.current,
        };
        call.current
    }
}

impl Backoff for Backon {
    type Call = BackonCall;

    fn fresh(&self) -> BackonCall {
        BackonCall::default()
    }

    fn wait(&self, call: &mut BackonCall, asks: &Asks) -> Wait {
        let delay = self.next(call, asks.retry);
        let jittered = match self.strategy {
            _ if !self.jitter => delay,
            BackonStrategy::Fibonacci => delay.saturating_add(times(self.min_delay, unit_f32(asks.draw))),
            _ => delay.saturating_add(times(delay, unit_f32(asks.draw))),
        };
        call.total = call.total.saturating_add(jittered);
        if self.total_delay.is_some_and(|most| call.total > most) { Wait::Stop } else { Wait::For(jittered) }
    }

    fn check(&self) -> Vec<Complaint> {
        let limit = self.max_delay.filter(|_| self.strategy != BackonStrategy::Constant);
        complaints([exchanged_if("min_delay", self.min_delay, "max_delay", limit), outside("factor", f64::from(self.factor), 1.0, 1e6)])
    }
}
