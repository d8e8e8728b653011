//! How does gRPC decide whether to try again?
//!
//! Source: grpc/proposal A6; grpc-go `stream.go`, grpc-java `RetriableStream.java` (2026-08). Hedging is not here.

use super::Decision;
use crate::about::{About, Explained, parameter};
use crate::outcome::{Code, Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::budget::{Budget, Grpc};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// More attempts than this are cut to it.
const MOST_ATTEMPTS: u32 = 5;

/// A `retryPolicy` of a gRPC service config, with its `retryThrottling`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcRetry {
    /// How many attempts at most, the first included; at least 2, and more than 5 become 5.
    pub max_attempts: u32,
    /// The wait before the first retry, before it is jittered.
    pub initial_backoff: SimDuration,
    /// The longest wait, before it is jittered.
    pub max_backoff: SimDuration,
    /// By how much each wait is longer than the one before it, above 0.
    pub backoff_multiplier: f64,
    /// The statuses after which it tries again; at least one.
    pub retryable_status_codes: Vec<Code>,
    /// What limits the retries of all calls together; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_throttling: Option<Grpc>,
    /// Whose implementation.
    #[serde(default)]
    pub flavour: Flavour,
}

/// Whose implementation of gRPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flavour {
    /// grpc-go: an answer that says when to come back is heeded for listed statuses only.
    #[default]
    Go,
    /// grpc-java: such an answer is heeded whatever its status, and asks no throttle then.
    Java,
}

/// What it remembers of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcRetrying {
    /// How many attempts have ended that count.
    pub attempts: u32,
    /// How many retries were made since an answer last said when to come back.
    pub since_pushback: u32,
    /// Whether a server has refused an attempt before its application saw it.
    pub was_refused: bool,
}

/// How an attempt ended, as gRPC sees it.
#[derive(Clone, Copy, Debug)]
pub struct GrpcEnded {
    /// Its outcome.
    pub outcome: Outcome,
    /// What the answer said about coming back.
    pub pushback: Option<Hint>,
    /// How far it came.
    pub fate: Fate,
    /// Whether the beginning of an answer has been handed on, after which there is no way back.
    pub is_committed: bool,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// To the application, or nobody knows.
    #[default]
    Seen,
    /// To the server, which did not show it to its application.
    RefusedByServer,
    /// It never left the client.
    NeverSent,
}

impl Registered for GrpcRetry {
    const NAME: &'static str = "GrpcRetry";
    const SUMMARY: &'static str = "tries again as gRPC does: listed statuses, up to five attempts, throttling per server name";
}

impl Explained for GrpcRetry {
    const ABOUT: About = About {
        meaning: "The retry layer of gRPC with a retryPolicy and retryThrottling from a service config. A callee may say when to come back, or \
                  not to (pushback); an attempt that no application saw is made again without being counted.",
        formula: "In this order: committed: end. Never left the client: again at once. Refused by the server before the application saw it, \
                  the first time: again at once. Pushback \"never\": takes a token, end. Status not listed: end (Java: not if pushback says when). \
                  Takes a token; tokens <= max_tokens / 2: end. Attempts used up: end. Otherwise wait exactly the pushback, or min(initial_backoff \
                  * backoff_multiplier^k, max_backoff) * (0.8 + 0.4 * U), k = retries since the last pushback. The token is taken even when no \
                  attempt is left. A pushback on a status that is not listed asks no throttle in Java. One draw per wait that is no pushback.",
        parameters: &[
            parameter("max_attempts", "number, at least 2; more than 5 become 5", "required", "attempts, the first included"),
            parameter("initial_backoff", "duration above 0", "required", "the wait before the first retry, before jitter"),
            parameter("max_backoff", "duration above 0", "required", "the longest wait, before jitter"),
            parameter("backoff_multiplier", "number above 0", "required", "how much longer each wait is than the one before"),
            parameter("retryable_status_codes", "list of statuses, such as [UNAVAILABLE]", "required", "after which it tries again"),
            parameter("retry_throttling", "(max_tokens, token_ratio, per)", "none", "what limits the retries of all calls together"),
            parameter("flavour", "Go, Java", "Go", "whose implementation"),
        ],
        memory: "12 bytes per call, and 8 per scope with retry_throttling.",
        source: "grpc/proposal A6; grpc-go stream.go; grpc-java RetriableStream.java (2026-08)",
        example: "GrpcRetry(max_attempts: 4, initial_backoff: \"100ms\", max_backoff: \"1s\", backoff_multiplier: 2.0, \
                  retryable_status_codes: [UNAVAILABLE], retry_throttling: (max_tokens: 10, token_ratio: 0.1))",
    };
}

impl GrpcRetry {
    /// What comes after an attempt. `tokens` is the memory of `retry_throttling`; `wait` gives the wait after so many retries since the
    /// last pushback.
    pub fn decide(
        &self,
        call: &mut GrpcRetrying,
        tokens: Option<&mut u64>,
        ended: &GrpcEnded,
        wait: impl FnOnce(u32) -> SimDuration,
    ) -> Decision {
        let mut throttle = self.retry_throttling.as_ref().zip(tokens);
        let Outcome::Failed(failure) = ended.outcome else {
            if let Some((throttling, tokens)) = &mut throttle {
                throttling.succeed(tokens);
            }
            return Decision::End;
        };
        if ended.is_committed {
            return Decision::End;
        }
        match ended.fate {
            Fate::NeverSent => return Decision::RetryAtOnce,
            Fate::RefusedByServer if !call.was_refused => {
                call.was_refused = true;
                return Decision::RetryAtOnce;
            }
            Fate::RefusedByServer | Fate::Seen => {}
        }
        call.attempts = call.attempts.saturating_add(1);
        let mut fail = || throttle.as_mut().is_none_or(|(throttling, tokens)| throttling.fail(tokens));
        let is_listed = self.retryable_status_codes.contains(&failure.code());
        let is_above_half = match (ended.pushback, self.flavour) {
            (Some(Hint::Never), _) => {
                fail();
                return Decision::End;
            }
            _ if is_listed => fail(),
            (Some(Hint::After(_)), Flavour::Java) => true,
            _ => return Decision::End,
        };
        if !is_above_half || call.attempts >= self.attempts() {
            return Decision::End;
        }
        if let Some(Hint::After(after)) = ended.pushback {
            call.since_pushback = 0;
            return Decision::Retry { after };
        }
        let retries = call.since_pushback;
        call.since_pushback = retries.saturating_add(1);
        Decision::Retry { after: wait(retries) }
    }

    /// How many attempts there are at most.
    pub fn attempts(&self) -> u32 {
        self.max_attempts.min(MOST_ATTEMPTS)
    }

    /// What gRPC refuses.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.max_attempts < 2 {
            complaints.push(complaint(
                "max_attempts",
                format!("gRPC refuses {} attempts; without retries leave the layer out", self.max_attempts),
            ));
        }
        for (field, length) in [("initial_backoff", self.initial_backoff), ("max_backoff", self.max_backoff)] {
            if length.is_zero() {
                complaints.push(complaint(field, "gRPC refuses a wait of zero; write a time such as \"100ms\""));
            }
        }
        if !self.backoff_multiplier.is_finite() || self.backoff_multiplier <= 0.0 {
            complaints.push(complaint("backoff_multiplier", format!("gRPC takes a multiplier above 0, not {}", self.backoff_multiplier)));
        }
        if self.retryable_status_codes.is_empty() {
            complaints.push(complaint("retryable_status_codes", "gRPC refuses an empty list; write one such as [UNAVAILABLE]"));
        }
        complaints.extend(self.retry_throttling.iter().flat_map(|throttling| within("retry_throttling", throttling.check())));
        complaints
    }
}
