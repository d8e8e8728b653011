//! Temporal: the retry policy of activities, as the Temporal server keeps it.
//!
//! Source: Temporal documentation, "Retry Policy".

use super::numbers::{complaints, exchanged_if, grown, shrinking, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(maximum_interval, initial_interval * backoff_coefficient^(retry - 1))`. Consumes no draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Temporal {
    /// The wait before the first retry.
    pub initial_interval: SimDuration,
    /// By how much the wait grows from retry to retry.
    pub backoff_coefficient: f64,
    /// The wait never grows beyond this; a hundred times `initial_interval` unless said.
    pub maximum_interval: Option<SimDuration>,
}

impl Default for Temporal {
    fn default() -> Self {
        Self { initial_interval: SimDuration::from_secs(1), backoff_coefficient: 2.0, maximum_interval: None }
    }
}

impl Registered for Temporal {
    const NAME: &'static str = "Temporal";
    const SUMMARY: &'static str = "doubles the wait from 1 s up to 100 s, without jitter (a retry policy of the Temporal server)";
}

impl Explained for Temporal {
    const ABOUT: About = About {
        meaning: "The retry policy of activities, as the Temporal server keeps it. It retries without an end unless told otherwise: attempts: \"unlimited\"; maximumAttempts counts the first. Workflows have no retry policy by default.",
        formula: "wait(n) = min(maximum_interval, initial_interval * backoff_coefficient^(n - 1)) before retry n. No draw.",
        parameters: &[
            parameter("initial_interval", "duration, above zero", "1s", "the wait before the first retry"),
            parameter("backoff_coefficient", "number, 1 to 1000000", "2", "by how much the wait grows from retry to retry"),
            parameter(
                "maximum_interval",
                "duration, at least `initial_interval`",
                "100 * initial_interval",
                "the wait never grows beyond this",
            ),
        ],
        memory: "Nothing.",
        source: "Temporal documentation, Retry Policy.",
        example: "Retry(attempts: \"unlimited\", backoff: Temporal(initial_interval: \"100ms\"))",
    };
}

impl Backoff for Temporal {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        let most = self.maximum_interval.unwrap_or_else(|| self.initial_interval.saturating_mul(100));
        Wait::For(grown(self.initial_interval, self.backoff_coefficient, asks.retry, most))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("initial_interval", self.initial_interval),
            shrinking("backoff_coefficient", self.backoff_coefficient),
            exchanged_if("initial_interval", self.initial_interval, "maximum_interval", self.maximum_interval),
        ])
    }
}
