//! Grpc: the retry policy of a gRPC service config, with pushback of the server.
//!
//! Sources: grpc/proposal A6 (2026-06, and before 2024-08); grpc/grpc-go, `stream.go`; grpc/grpc-java, `RetriableStream.java` (2026-08).

use super::numbers::{complaints, millis, nanos, powered, whole_millis, zero};
use super::{About, Asks, Backoff, Complaint, Explained, Registered, Wait, complaint, parameter};
use crate::outcome::Hint;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Waits `min(initial_backoff * backoff_multiplier^k, max_backoff) * (0.8 + 0.4 U)`. Consumes one draw; a pushback none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// The centre of the first wait.
    pub initial_backoff: SimDuration,
    /// The centre never grows beyond this.
    pub max_backoff: SimDuration,
    /// By how much the centre grows from retry to retry.
    pub backoff_multiplier: f64,
    /// Whose reading of the proposal.
    #[serde(default)]
    pub flavour: GrpcFlavour,
}

/// Whose reading of gRPC's proposal A6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrpcFlavour {
    /// The proposal as it stands: a fifth more or less.
    #[default]
    A6Current,
    /// grpc-go, whose waits are those of the proposal.
    Go,
    /// grpc-java, which does not hold the first interval against the maximum.
    Java,
    /// The proposal until August 2024: anywhere below the interval.
    A6Before2024,
}

/// What is remembered of one call.
#[derive(Clone, Copy, Debug)]
pub struct GrpcCall {
    retries_since_pushback: u32,
    /// Of grpc-java, which multiplies from wait to wait.
    interval: SimDuration,
}

impl Registered for Grpc {
    const NAME: &'static str = "Grpc";
    const SUMMARY: &'static str = "waits an exponential time, give or take a fifth, and obeys pushback (a gRPC service config)";
}

impl Explained for Grpc {
    const ABOUT: About = About {
        meaning: "The waits of a retryPolicy in a gRPC service config. A server can push back: what it asks for is waited exactly, and the series begins anew; a server that says never is not asked again. maxAttempts is attempts here; gRPC takes values above 5 for 5.",
        formula: "interval = min(initial_backoff * backoff_multiplier^k, max_backoff), k = retries since the last pushback, 0 at first; wait = interval * (0.8 + 0.4 * U). One draw. \
                  Java: the first interval is initial_backoff even above max_backoff. A6Before2024: wait = uniform on [0, interval), one draw. Pushback of t whole milliseconds: wait = t, k = 0, no draw; never: stops.",
        parameters: &[
            parameter("initial_backoff", "duration, above zero", "required", "the centre of the first wait"),
            parameter("max_backoff", "duration, above zero", "required", "the centre never grows beyond this"),
            parameter("backoff_multiplier", "number, above 0, to 1000000", "required", "by how much the centre grows from retry to retry"),
            parameter("flavour", "A6Current, Go, Java, A6Before2024", "A6Current", "whose reading of the proposal"),
        ],
        memory: "Retries since the last pushback, and the next interval: 16 bytes for each call.",
        source: "grpc/proposal A6 (2026-06); grpc/grpc-go, stream.go; grpc/grpc-java, RetriableStream.java (2026-08).",
        example: "Retry(attempts: 4, backoff: Grpc(initial_backoff: \"100ms\", max_backoff: \"1s\", backoff_multiplier: 2))",
    };
}

impl Grpc {
    /// The interval before jitter, in nanoseconds.
    fn interval(&self, call: &mut GrpcCall) -> f64 {
        let most = self.max_backoff.as_nanos() as f64;
        if self.flavour != GrpcFlavour::Java {
            return powered(self.initial_backoff, self.backoff_multiplier, call.retries_since_pushback + 1).min(most);
        }
        let interval = call.interval.as_nanos() as f64;
        call.interval = nanos((interval * self.backoff_multiplier).min(most));
        interval
    }
}

impl Backoff for Grpc {
    type Call = GrpcCall;

    fn fresh(&self) -> GrpcCall {
        GrpcCall { retries_since_pushback: 0, interval: self.initial_backoff }
    }

    fn wait(&self, call: &mut GrpcCall, asks: &Asks) -> Wait {
        match asks.hint {
            Some(Hint::Never) => return Wait::Stop,
            Some(Hint::After(length)) => {
                *call = self.fresh();
                return Wait::For(millis(whole_millis(length)));
            }
            None => {}
        }
        let interval = self.interval(call);
        call.retries_since_pushback = call.retries_since_pushback.saturating_add(1);
        let factor = match self.flavour {
            GrpcFlavour::A6Before2024 => asks.draw.unit(),
            _ => 0.8 + 0.4 * asks.draw.unit(),
        };
        Wait::For(nanos(interval * factor))
    }

    fn check(&self) -> Vec<Complaint> {
        complaints([
            zero("initial_backoff", self.initial_backoff),
            zero("max_backoff", self.max_backoff),
            (!(self.backoff_multiplier > 0.0 && self.backoff_multiplier <= 1e6)).then(|| {
                let text = format!("`backoff_multiplier` lies above 0 and up to 1000000, not at {}", self.backoff_multiplier);
                complaint("backoff_multiplier", text)
            }),
        ])
    }
}
