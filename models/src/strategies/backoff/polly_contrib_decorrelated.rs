//! Decorrelated jitter as `Polly.Contrib.WaitAndRetry` has it: three times the wait before is capped before the draw, not after.
//!
//! Source: Polly-Contrib/Polly.Contrib.WaitAndRetry, `Backoff.AwsDecorrelatedJitter.cs` (2020-05).

use super::numbers::{complaints, exchanged, millis_f64, ticks_of_millis};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Draws uniformly from `[min_delay, min(max_delay, 3 * previous))`. Consumes one draw; the first retry of `fast_first` none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollyContribDecorrelated {
    /// The shortest wait.
    pub min_delay: SimDuration,
    /// The longest wait, exclusive.
    pub max_delay: SimDuration,
    /// Whether the first retry is made at once.
    #[serde(default)]
    pub fast_first: bool,
}

impl Registered for PollyContribDecorrelated {
    const NAME: &'static str = "PollyContribDecorrelated";
    const SUMMARY: &'static str = "waits between the least and three times the wait before, capped before the draw (Polly.Contrib)";
}

impl Explained for PollyContribDecorrelated {
    const ABOUT: About = About {
        meaning: "Decorrelated jitter as Polly.Contrib.WaitAndRetry (.NET) has it. The ceiling of the draw is capped, not the draw: waits do not pile up on the cap as with Decorrelated.",
        formula: "wait = uniform on [min_delay, min(max_delay, 3 * previous wait)), cut off at ticks of 100 ns; before the first retry the previous wait counts as min_delay. One draw; the first retry of fast_first waits 0 and makes none.",
        parameters: &[
            parameter("min_delay", "duration", "required", "the shortest wait"),
            parameter("max_delay", "duration, at least `min_delay`", "required", "the longest wait, exclusive"),
            parameter("fast_first", "true or false", "false", "whether the first retry is made at once"),
        ],
        memory: "The wait before: 8 bytes for each call.",
        source: "Polly-Contrib/Polly.Contrib.WaitAndRetry, Backoff.AwsDecorrelatedJitter.cs (2020-05).",
        example: "Retry(attempts: 4, backoff: PollyContribDecorrelated(min_delay: \"100ms\", max_delay: \"2s\"))",
    };
}

impl Backoff for PollyContribDecorrelated {
    /// The wait before, in milliseconds.
    type Call = f64;

    fn fresh(&self) -> f64 {
        millis_f64(self.min_delay)
    }

    fn wait(&self, previous: &mut f64, asks: &Asks) -> Wait {
        if self.fast_first && asks.retry == 1 {
            return Wait::For(SimDuration::ZERO);
        }
        let least = millis_f64(self.min_delay);
        let ceiling = (*previous * 3.0).min(millis_f64(self.max_delay));
        *previous = (ceiling - least) * asks.draw.unit() + least;
        Wait::For(ticks_of_millis(*previous))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([exchanged("min_delay", self.min_delay, "max_delay", self.max_delay)])
    }
}
