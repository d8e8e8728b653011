//! How do the AWS SDKs decide whether to try again?
//!
//! Source: boto/botocore `retries/standard.py`, `retries/adaptive.py`, `retryhandler.py`, `data/_retry.json` (2026-08); AWS SDKs and
//! Tools Reference Guide, "Retry behavior".

use super::Decision;
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::budget::{Aws, Costs, Paid};
use crate::strategies::throttle::AwsAdaptive;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// A retry mode of the AWS SDKs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsRetry {
    /// Which.
    pub mode: Mode,
    /// How many attempts at most, the first included; the mode's own number unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Whether the callee is DynamoDB, for which some modes have numbers of their own.
    pub dynamodb: bool,
    /// By whom quota and limiter are shared: one client object, of which a process has one, unless said.
    pub per: Scope,
}

/// A retry mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// 3 attempts, a quota.
    #[default]
    Standard,
    /// Standard, and a limiter before every attempt.
    Adaptive,
    /// 5 attempts (DynamoDB 10), no quota: botocore's default.
    Legacy,
    /// 3 attempts (DynamoDB 4), shorter waits, other costs: with `AWS_NEW_RETRIES_2026=true`.
    Standard2026,
}

/// What it remembers of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AwsRetrying {
    /// How many attempts have failed.
    pub attempts: u32,
    /// What its quota remembers of the call.
    pub paid: Paid,
}

impl Default for AwsRetry {
    fn default() -> Self {
        Self { mode: Mode::Standard, max_attempts: None, dynamodb: false, per: Scope::Process }
    }
}

impl Registered for AwsRetry {
    const NAME: &'static str = "AwsRetry";
    const SUMMARY: &'static str = "tries again as the AWS SDKs do: a mode, its number of attempts, its quota of retries";
}

impl Explained for AwsRetry {
    const ABOUT: About = About {
        meaning: "The retry layer of the AWS SDKs, by mode. Standard pays for retries from a quota of 500; Adaptive also limits the rate of \
                  attempts once the service has throttled; Legacy tries five times and has no quota; Standard2026 is the opt-in of 2026.",
        formula: "In this order: is the failure retryable (500, 502, 503, 504, no connection, no answer, throttled), and is an attempt left? \
                  is the quota enough for its cost (see the budget Aws)? then it waits. The last attempt takes no quota. With a = failed \
                  attempts: Standard and Adaptive wait U * min(2^(a-1), 20) s; Standard2026 U * min(x * 2^(a-1), 20) s, x = 0.05 (DynamoDB \
                  0.025, throttled 1), and a hint of r makes it max(d, min(r, d + 5 s)); Legacy U * 2^(a-1) s (DynamoDB 0.05 * 2^(a-1) s \
                  without jitter). One draw per wait.",
        parameters: &[
            parameter("mode", "Standard, Adaptive, Legacy, Standard2026", "Standard", "which mode"),
            parameter(
                "max_attempts",
                "number, at least 1",
                "3; Legacy 5; DynamoDB: Legacy 10, Standard2026 4",
                "attempts, the first included",
            ),
            parameter("dynamodb", "true, false", "false", "whether the callee is DynamoDB"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom quota and limiter are shared"),
        ],
        memory: "16 bytes per call under way; 8 per scope for the quota, 88 more in mode Adaptive.",
        source: "boto/botocore retries/standard.py, adaptive.py, retryhandler.py, data/_retry.json (2026-08)",
        example: "AwsRetry(mode: Standard, max_attempts: 3)",
    };
}

impl AwsRetry {
    /// What comes after an attempt. `quota` is the memory of [`quota`](Self::quota); `wait` gives the wait after so many failed attempts.
    pub fn decide(
        &self,
        call: &mut AwsRetrying,
        quota: Option<&mut u64>,
        outcome: Outcome,
        wait: impl FnOnce(u32) -> SimDuration,
    ) -> Decision {
        let Outcome::Failed(failure) = outcome else { return Decision::End };
        call.attempts = call.attempts.saturating_add(1);
        if !Self::is_retryable(failure) || call.attempts >= self.attempts() {
            return Decision::End;
        }
        if let Some((config, left)) = self.quota().zip(quota)
            && !config.acquire(left, &mut call.paid, failure)
        {
            return Decision::End;
        }
        Decision::Retry { after: wait(call.attempts) }
    }

    /// Whether a failure of this kind is retried.
    pub const fn is_retryable(failure: Failure) -> bool {
        match failure {
            Failure::Timeout
            | Failure::Refused
            | Failure::Reset
            | Failure::Dependency
            | Failure::ServerError
            | Failure::Overload
            | Failure::Throttled => true,
            Failure::Deadline | Failure::Conflict | Failure::BreakerOpen | Failure::Limited | Failure::ClientError => false,
        }
    }

    /// How many attempts there are at most.
    pub fn attempts(&self) -> u32 {
        self.max_attempts.unwrap_or(match (self.mode, self.dynamodb) {
            (Mode::Standard | Mode::Adaptive, _) | (Mode::Standard2026, false) => 3,
            (Mode::Standard2026, true) => 4,
            (Mode::Legacy, false) => 5,
            (Mode::Legacy, true) => 10,
        })
    }

    /// The quota that retries are paid from, if the mode has one.
    pub const fn quota(&self) -> Option<Aws> {
        let costs = match self.mode {
            Mode::Legacy => return None,
            Mode::Standard | Mode::Adaptive => Costs::Standard,
            Mode::Standard2026 => Costs::Standard2026,
        };
        Some(Aws { costs, per: self.per })
    }

    /// The limiter before every attempt, if the mode has one.
    pub fn limiter(&self) -> Option<AwsAdaptive> {
        (self.mode == Mode::Adaptive).then_some(AwsAdaptive { per: self.per })
    }

    /// What the SDKs refuse.
    pub fn check(&self) -> Vec<Complaint> {
        let none = self.max_attempts == Some(0);
        none.then(|| complaint("max_attempts", "0 attempts never call anything; 1 is a call without retries")).into_iter().collect()
    }
}
