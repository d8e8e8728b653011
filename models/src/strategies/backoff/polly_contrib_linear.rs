//! Linear backoff as `Polly.Contrib.WaitAndRetry` has it.
//!
//! Source: Polly-Contrib/Polly.Contrib.WaitAndRetry, `Backoff.Linear.cs` (2020-05).

use super::numbers::{complaints, millis_f64, outside, ticks_of_millis};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `initial_delay * (1 + factor * (retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollyContribLinear {
    /// The wait before the first retry.
    pub initial_delay: SimDuration,
    /// How many times `initial_delay` each wait is longer than the one before; 1 unless said.
    #[serde(default = "one")]
    pub factor: f64,
    /// Whether the first retry is made at once, before the series begins one step late.
    #[serde(default)]
    pub fast_first: bool,
}

fn one() -> f64 {
    1.0
}

impl Registered for PollyContribLinear {
    const NAME: &'static str = "PollyContribLinear";
    const SUMMARY: &'static str = "waits longer by a multiple of the first wait from retry to retry (Polly.Contrib)";
}

impl Explained for PollyContribLinear {
    const ABOUT: About = About {
        meaning: "The linear backoff of Polly.Contrib.WaitAndRetry (.NET). With fast_first the first retry is made at once, and the series begins with the second.",
        formula: "wait(n) = initial_delay * (1 + factor * (n - 1)) before retry n, by sums, cut off at ticks of 100 ns. With fast_first wait(1) = 0, and n counts from the second retry. No draw.",
        parameters: &[
            parameter("initial_delay", "duration", "required", "the wait before the first retry"),
            parameter("factor", "number, 0 to 1000000", "1", "how many times `initial_delay` each wait is longer than the one before"),
            parameter("fast_first", "true or false", "false", "whether the first retry is made at once"),
        ],
        memory: "The next wait: 8 bytes for each call.",
        source: "Polly-Contrib/Polly.Contrib.WaitAndRetry, Backoff.Linear.cs (2020-05).",
        example: "Retry(attempts: 4, backoff: PollyContribLinear(initial_delay: \"100ms\", factor: 0.5))",
    };
}

impl Backoff for PollyContribLinear {
    /// The next wait, in milliseconds.
    type Call = f64;

    fn fresh(&self) -> f64 {
        millis_f64(self.initial_delay)
    }

    fn wait(&self, next: &mut f64, asks: &Asks) -> Wait {
        if self.fast_first && asks.retry == 1 {
            return Wait::For(SimDuration::ZERO);
        }
        let wait = ticks_of_millis(*next);
        *next += self.factor * millis_f64(self.initial_delay);
        Wait::For(wait)
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([outside("factor", self.factor, 0.0, 1e6)])
    }
}
