//! StepFunctions: a retrier of AWS Step Functions.
//!
//! Source: AWS Step Functions Developer Guide, error handling; AWS CDK, `RetryProps` and `JitterType`.

use super::numbers::{complaints, grown, or_endless, shrinking};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::{NANOS_PER_SECOND, SimDuration};

/// Waits `min(max_delay, interval * backoff_rate^(retry - 1))`, or a draw below it. Consumes one draw with jitter, none without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepFunctions {
    /// `IntervalSeconds`: the wait before the first retry.
    pub interval: SimDuration,
    /// By how much it grows from retry to retry.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`: the wait never grows beyond this; no limit unless said.
    pub max_delay: Option<SimDuration>,
    /// Whether the wait is drawn.
    pub jitter_strategy: JitterStrategy,
}

/// Whether a wait of [`StepFunctions`] is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JitterStrategy {
    /// It is not.
    #[default]
    None,
    /// Anywhere below the wait.
    Full,
}

impl Default for StepFunctions {
    fn default() -> Self {
        Self { interval: SimDuration::from_secs(1), backoff_rate: 2.0, max_delay: None, jitter_strategy: JitterStrategy::None }
    }
}

impl Registered for StepFunctions {
    const NAME: &'static str = "StepFunctions";
    const SUMMARY: &'static str =
        "doubles the wait from 1 s without a limit, with full jitter if told to (a retrier of AWS Step Functions)";
}

impl Explained for StepFunctions {
    const ABOUT: About = About {
        meaning: "A retrier of AWS Step Functions. It retries 3 times unless told otherwise: attempts: 4; MaxAttempts 0 is attempts: 1.",
        formula: "v(n) = min(max_delay, interval * backoff_rate^(n - 1)) before retry n. jitter_strategy None: wait = v, no draw. Full: wait = uniform on [0, v), one draw.",
        parameters: &[
            parameter("interval", "duration, whole seconds, above zero", "1s", "the wait before the first retry (IntervalSeconds)"),
            parameter("backoff_rate", "number, 1 to 1000000", "2", "by how much it grows from retry to retry"),
            parameter("max_delay", "duration, whole seconds, above zero", "none", "the wait never grows beyond this (MaxDelaySeconds)"),
            parameter("jitter_strategy", "None, Full", "None", "whether the wait is drawn"),
        ],
        memory: "Nothing.",
        source: "AWS Step Functions Developer Guide; AWS CDK, RetryProps and JitterType.",
        example: "Retry(attempts: 4, backoff: StepFunctions(interval: \"3s\", backoff_rate: 1.5, max_delay: \"8s\", jitter_strategy: Full))",
    };
}

impl Backoff for StepFunctions {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let wait = grown(self.interval, self.backoff_rate, asks.retry, or_endless(self.max_delay));
        Wait::For(match self.jitter_strategy {
            JitterStrategy::None => wait,
            JitterStrategy::Full => asks.draw.below(wait),
        })
    }

    fn check(&self) -> Vec<Complaint> {
        let no_second = |field: &str, length: SimDuration| {
            let is_wrong = length.is_zero() || !length.as_nanos().is_multiple_of(NANOS_PER_SECOND);
            is_wrong.then(|| complaint(field, format!("Step Functions counts whole seconds above zero, not {length}")))
        };
        complaints([
            no_second("interval", self.interval),
            shrinking("backoff_rate", self.backoff_rate),
            self.max_delay.and_then(|max| no_second("max_delay", max)),
        ])
    }
}
