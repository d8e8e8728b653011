//! gRPC's `retryThrottling`: failures take tokens, successes give a little back, and below half nobody retries.
//!
//! Source: grpc/proposal A6; grpc-go `clientconn.go`, `stream.go`; grpc-java `RetriableStream.java` (2026-08).

use super::{Budget, Ended, Paid};
use crate::about::{About, Explained, parameter};
use crate::outcome::Hint;
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// One token.
const TOKEN: u64 = 1_000;

/// Tokens that failures take and successes give back; retries pass while more than half of them are there. Remembers 8 bytes per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// How many tokens there are at first and at most, 1 to 1000.
    pub max_tokens: u32,
    /// The part of a token that a success gives back, above 0; three decimals count.
    pub token_ratio: f64,
    /// By whom it is shared: one channel, which is one server name in one process, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

const fn process() -> Scope {
    Scope::Process
}

impl Registered for Grpc {
    const NAME: &'static str = "Grpc";
    const SUMMARY: &'static str = "gRPC's retry throttling: failures take tokens, and at half of them or below nobody retries";
}

impl Explained for Grpc {
    const ABOUT: About = About {
        meaning: "gRPC's retryThrottling: every failure that would be retried takes a token from the server's count, every success gives a \
                  little back. While half of the tokens or fewer are left, no call retries, so that in an outage first attempts are all \
                  that is left.",
        formula: "Tokens start at max_tokens, in thousandths. Each failure of a kind that is retried, and each answer that says not to retry, \
                  takes 1, not below 0; each success adds token_ratio (cut after three decimals), not above max_tokens; other failures \
                  change nothing. A retry is allowed if the tokens after the decrement > max_tokens / 2. The token is taken whether or \
                  not an attempt is left. No draws.",
        parameters: &[
            parameter("max_tokens", "number, 1 to 1000", "required", "tokens at first and at most"),
            parameter("token_ratio", "number, 0.001 to 1000", "required", "the part of a token that a success gives back"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "8 bytes per scope, for the whole run.",
        source: "grpc/proposal A6; grpc-go clientconn.go, stream.go; grpc-java RetriableStream.java (2026-08)",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: Grpc(max_tokens: 10, token_ratio: 0.1, per: Process))",
    };
}

impl Grpc {
    fn full(&self) -> u64 {
        u64::from(self.max_tokens) * TOKEN
    }

    /// Thousandths of a token that a success gives back. A millionth is kept while rounding, so that 0.007 is seven of them.
    fn refund(&self) -> u64 {
        (self.token_ratio * 1_000_000.0).round() as u64 / 1_000
    }

    /// A failure that counts takes a token. Whether a retry is allowed after it.
    pub fn fail(&self, tokens: &mut u64) -> bool {
        *tokens = tokens.saturating_sub(TOKEN);
        self.is_above_half(*tokens)
    }

    /// A success gives a little back.
    pub fn succeed(&self, tokens: &mut u64) {
        *tokens = (*tokens + self.refund()).min(self.full());
    }

    /// Whether more than half of the tokens are there.
    pub fn is_above_half(&self, tokens: u64) -> bool {
        2 * tokens > self.full()
    }
}

impl Budget for Grpc {
    /// Thousandths of a token.
    type Shared = u64;

    fn fresh(&self, _now: SimTime) -> u64 {
        self.full()
    }

    fn attempt_ended(&self, tokens: &mut u64, _paid: &mut Paid, ended: &Ended, _now: SimTime) {
        if ended.outcome.is_success() {
            self.succeed(tokens);
        } else if ended.is_retryable || ended.hint == Some(Hint::Never) {
            self.fail(tokens);
        }
    }

    fn allows(&self, tokens: &mut u64, _paid: &mut Paid, _asks: &Asks, _now: SimTime) -> bool {
        self.is_above_half(*tokens)
    }

    fn left(&self, tokens: &u64, _now: SimTime) -> f64 {
        (tokens.saturating_sub(self.full() / 2) as f64) / TOKEN as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=1_000).contains(&self.max_tokens) {
            complaints.push(complaint("max_tokens", format!("gRPC takes 1 to 1000 tokens, not {}", self.max_tokens)));
        }
        if !(0.001..=1_000.0).contains(&self.token_ratio) {
            let message = format!("a success gives 0.001 to 1000 tokens back, not {}: gRPC keeps three decimals", self.token_ratio);
            complaints.push(complaint("token_ratio", message));
        }
        complaints
    }
}
