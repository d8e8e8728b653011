//! TemporalSdk: how the Go SDK of Temporal retries its own requests to the server.
//!
//! Source: temporalio/sdk-go, `internal/common/backoff/retrypolicy.go` and `internal/internal_retry.go` (2026-08).

use super::numbers::{complaints, exchanged, nanos, powered, shrinking, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, parameter};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `0.8 x` and a draw below `0.2 x`, where `x` is capped by what is left of the time. Consumes one draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TemporalSdk {
    /// The longest wait before the first retry, and the least that is still worth waiting for.
    pub initial_interval: SimDuration,
    /// By how much the wait grows from retry to retry.
    pub backoff_coefficient: f64,
    /// The wait never grows beyond this.
    pub maximum_interval: SimDuration,
    /// So long after the first attempt began there are no more retries.
    pub expiration_interval: SimDuration,
}

impl Default for TemporalSdk {
    fn default() -> Self {
        Self {
            initial_interval: SimDuration::from_millis(200),
            backoff_coefficient: 2.0,
            maximum_interval: SimDuration::from_secs(10),
            expiration_interval: SimDuration::from_secs(60),
        }
    }
}

impl Registered for TemporalSdk {
    const NAME: &'static str = "TemporalSdk";
    const SUMMARY: &'static str = "waits an exponential time less up to a fifth, for a minute (requests of Temporal's Go SDK)";
}

impl Explained for TemporalSdk {
    const ABOUT: About = About {
        meaning: "How Temporal's Go SDK retries its own requests to the server. Waits are cut to what is left of the time, and it gives up when less is left than the first wait. It does not count retries: write attempts: \"unlimited\" for what the product does.",
        formula: "x = min(initial_interval * backoff_coefficient^(n - 1), maximum_interval, expiration_interval - elapsed), elapsed since the first attempt began. Stops if elapsed > expiration_interval or x < initial_interval. \
                  wait = 0.8 * x + a whole number of nanoseconds uniform on [0, max(1, trunc(0.2 * x))). One draw.",
        parameters: &[
            parameter(
                "initial_interval",
                "duration, above zero",
                "200ms",
                "the longest wait before the first retry, and the least that is still waited for",
            ),
            parameter("backoff_coefficient", "number, 1 to 1000000", "2", "by how much the wait grows from retry to retry"),
            parameter("maximum_interval", "duration, at least `initial_interval`", "10s", "the wait never grows beyond this"),
            parameter(
                "expiration_interval",
                "duration, above zero",
                "60s",
                "so long after the first attempt began there are no more retries",
            ),
        ],
        memory: "Nothing.",
        source: "temporalio/sdk-go, internal/common/backoff/retrypolicy.go and internal/internal_retry.go (2026-08).",
        example: "Retry(attempts: \"unlimited\", backoff: TemporalSdk(expiration_interval: \"10s\"))",
    };
}

impl Backoff for TemporalSdk {
    type Call = ();

    fn fresh(&self) {}

    fn wait(&self, _call: &mut (), asks: &Asks) -> Wait {
        if asks.elapsed > self.expiration_interval {
            return Wait::Stop;
        }
        let left = (self.expiration_interval - asks.elapsed).min(self.maximum_interval);
        let x = powered(self.initial_interval, self.backoff_coefficient, asks.retry).min(left.as_nanos() as f64);
        if nanos(x) < self.initial_interval {
            return Wait::Stop;
        }
        let portion = ((0.2 * x) as u64).max(1);
        Wait::For(nanos(x * 0.8 + asks.draw.index(portion) as f64))
    }

    fn check(&self) -> Vec<Complaint> {
        let (field, initial) = ("initial_interval", self.initial_interval);
        complaints([
            zero(field, initial),
            shrinking("backoff_coefficient", self.backoff_coefficient),
            exchanged(field, initial, "maximum_interval", self.maximum_interval),
            exchanged(field, initial, "expiration_interval", self.expiration_interval),
        ])
    }
}
