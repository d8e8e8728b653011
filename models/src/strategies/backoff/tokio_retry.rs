//! TokioRetry: the strategies of the Rust crate `tokio-retry`, which raises its base to a power of milliseconds.
//!
//! Source: srijs/rust-tokio-retry, `src/strategy` (2021-03).

use super::numbers::{complaints, millis, nanos, or_endless, scaled_by_draw};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits as the strategies of `tokio-retry` do. Consumes one draw with jitter, none without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokioRetry {
    /// How the waits grow.
    #[serde(default)]
    pub strategy: TokioRetryStrategy,
    /// The number that `from_millis` takes: the first wait in milliseconds, and what is raised to powers.
    pub from_millis: u64,
    /// What each wait is multiplied with; 1 unless said.
    #[serde(default = "one")]
    pub factor: u64,
    /// No wait is longer than this; no limit unless said.
    #[serde(default)]
    pub max_delay: Option<SimDuration>,
    /// Whether each wait is drawn between zero and itself.
    #[serde(default)]
    pub jitter: bool,
}

/// How the waits of [`TokioRetry`] grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokioRetryStrategy {
    /// By powers of `from_millis`.
    #[default]
    Exponential,
    /// Each is the sum of the two before.
    Fibonacci,
    /// They do not.
    FixedInterval,
}

/// What is remembered of one call, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct TokioRetryCall {
    current: u64,
    next: u64,
}

fn one() -> u64 {
    1
}

impl Registered for TokioRetry {
    const NAME: &'static str = "TokioRetry";
    const SUMMARY: &'static str = "waits as the crate tokio-retry for Rust does: by powers of the base, Fibonacci or fixed";
}

impl Explained for TokioRetry {
    const ABOUT: About = About {
        meaning: "The strategies of the crate tokio-retry (Rust). Mind the exponential one: the base is raised to a power, so from_millis: 10 waits 10 ms, 100 ms, 1 s. For doubling waits write from_millis: 2 and a factor.",
        formula: "Exponential: factor * from_millis^n milliseconds before retry n. Fibonacci: factor * from_millis * (1, 1, 2, 3, 5, ...) milliseconds. FixedInterval: from_millis. \
                  At most max_delay; a wait that exceeds it (>) does not let the series go on. With jitter: uniform on [0, wait), one draw. Without: no draw.",
        parameters: &[
            parameter("strategy", "Exponential, Fibonacci, FixedInterval", "Exponential", "how the waits grow"),
            parameter(
                "from_millis",
                "whole number, above zero",
                "required",
                "the first wait in milliseconds, and what is raised to powers",
            ),
            parameter("factor", "whole number, above zero", "1", "what each wait is multiplied with; not for `FixedInterval`"),
            parameter("max_delay", "duration", "none", "no wait is longer than this; not for `FixedInterval`"),
            parameter("jitter", "true or false", "false", "whether each wait is drawn between zero and itself"),
        ],
        memory: "The next two numbers of the series: 16 bytes for each call.",
        source: "srijs/rust-tokio-retry, src/strategy (2021-03).",
        example: "Retry(attempts: 4, backoff: TokioRetry(from_millis: 2, factor: 50, max_delay: \"2s\", jitter: true))",
    };
}

impl TokioRetry {
    /// The wait without jitter.
    fn next(&self, call: &mut TokioRetryCall) -> SimDuration {
        if self.strategy == TokioRetryStrategy::FixedInterval {
            return millis(self.from_millis);
        }
        let (wait, most) = (millis(call.current.saturating_mul(self.factor)), or_endless(self.max_delay));
        if wait > most {
            return most;
        }
        *call = match self.strategy {
            TokioRetryStrategy::Fibonacci => TokioRetryCall { current: call.next, next: call.current.saturating_add(call.next) },
            _ => TokioRetryCall { current: call.current.saturating_mul(self.from_millis), next: 0 },
        };
        wait
    }
}

impl Backoff for TokioRetry {
    type Call = TokioRetryCall;

    fn fresh(&self) -> TokioRetryCall {
        TokioRetryCall { current: self.from_millis, next: self.from_millis }
    }

    fn wait(&self, call: &mut TokioRetryCall, asks: &Asks) -> Wait {
        let wait = self.next(call);
        Wait::For(if self.jitter { nanos(scaled_by_draw(wait.as_nanos() as f64, asks.draw)) } else { wait })
    }

    fn check(&self) -> Vec<Complaint> {
        let nothing = |field: &str, number: u64| {
            (number == 0).then(|| complaint(field, format!("a `{field}` of 0 never waits; write `Immediate()` if that is meant")))
        };
        complaints([nothing("from_millis", self.from_millis), nothing("factor", self.factor)])
    }
}
