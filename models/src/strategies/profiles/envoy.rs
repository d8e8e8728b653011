//! How does Envoy decide whether to try again?
//!
//! Source: envoyproxy/envoy `router/retry_state_impl.cc` and `router/router.cc`; envoyproxy/data-plane-api `route_components.proto`
//! (2026-01).

use super::{Condition, Decision, RetryOn};
use crate::about::{About, Explained, parameter};
use crate::outcome::Failure;
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::budget::{Budget, Envoy, Paid, RetryBudget, UnderWay};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// A `retry_policy` of an Envoy route, with what the cluster's circuit breakers say of retries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvoyRetry {
    /// After which failures it tries again: the product's words, with commas between them.
    pub retry_on: RetryOn,
    /// How often it tries again at most.
    pub num_retries: u32,
    /// The statuses that `retriable-status-codes` means.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retriable_status_codes: Vec<u16>,
    /// How long an attempt may take; as long as the call, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<SimDuration>,
    /// How long it waits.
    pub retry_back_off: BackOff,
    /// Whether a second attempt is made beside the first when that has not ended in time, in the place of giving it up.
    pub hedge_on_per_try_timeout: bool,
    /// How many retries there may be at a time; of no effect where there is a `retry_budget`.
    pub max_retries: u32,
    /// A share of what is under way instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<RetryBudget>,
    /// By whom these limits are shared: one cluster in one proxy, which stands beside one process, unless said.
    pub per: Scope,
}

/// How long Envoy waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackOff {
    /// The bound of the first wait; below a millisecond it becomes one.
    pub base_interval: SimDuration,
    /// The bound of the longest wait; ten times the base unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_interval: Option<SimDuration>,
}

/// What it remembers of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnvoyRetrying {
    /// How many retries were spent, those that found no slot included.
    pub spent: u32,
    /// What its [`Envoy`] limit remembers of the call.
    pub paid: Paid,
}

/// What asks for a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// An attempt that failed.
    Failed {
        /// How.
        failure: Failure,
        /// Whether the response says that a rate limit turned the request away (`x-envoy-ratelimited`).
        is_rate_limited: bool,
    },
    /// An attempt that has not ended in time, and goes on: the next would be its hedge.
    Late,
}

impl Default for EnvoyRetry {
    fn default() -> Self {
        Self {
            retry_on: RetryOn::default(),
            num_retries: 1,
            retriable_status_codes: Vec::new(),
            per_try_timeout: None,
            retry_back_off: BackOff::default(),
            hedge_on_per_try_timeout: false,
            max_retries: 3,
            retry_budget: None,
            per: Scope::Process,
        }
    }
}

impl Default for BackOff {
    fn default() -> Self {
        Self { base_interval: SimDuration::from_millis(25), max_interval: None }
    }
}

impl BackOff {
    /// The bounds of the first and of the longest wait, as Envoy takes them: whole milliseconds, at least one.
    pub fn bounds(&self) -> (SimDuration, SimDuration) {
        let whole = |length: SimDuration| SimDuration::from_millis((length.as_nanos() / 1_000_000).max(1));
        let base = whole(self.base_interval);
        (base, self.max_interval.map_or(base.saturating_mul(10), whole))
    }
}

impl Registered for EnvoyRetry {
    const NAME: &'static str = "EnvoyRetry";
    const SUMMARY: &'static str = "tries again as Envoy does: conditions of retry_on, a number of retries, and a limit on concurrent ones";
}

impl Explained for EnvoyRetry {
    const ABOUT: About = About {
        meaning: "The retry layer of an Envoy route, with the limits on retries of its cluster. A retry that finds no free slot fails the call \
                  at once with the failure it would have mended. With hedge_on_per_try_timeout a late attempt goes on beside its retry.",
        formula: "In this order: the slot of the retry before is freed; would retry_on retry this (a rate-limited response: envoy-ratelimited \
                  alone; never after the deadline of the call, nor what a breaker or a limit of the caller turned back)? retries left? one is \
                  spent; is a slot free (retries under way < limit)? If not, the call ends, and the retry stays spent. Then it waits r mod \
                  next, whole milliseconds: next begins at base_interval and doubles up to max_interval. A hedge asks only for a retry left \
                  and a slot, and does not wait. One draw per wait.",
        parameters: &[
            parameter("retry_on", "words with commas between them, such as \"5xx,reset\"", "none", "after which failures it tries again"),
            parameter("num_retries", "number", "1", "retries at most"),
            parameter("retriable_status_codes", "list of HTTP statuses", "none", "what retriable-status-codes means"),
            parameter("per_try_timeout", "duration", "none", "how long an attempt may take"),
            parameter("retry_back_off", "(base_interval, max_interval)", "25ms, and ten times the base", "how long it waits"),
            parameter("hedge_on_per_try_timeout", "true, false", "false", "a late attempt goes on beside its retry"),
            parameter("max_retries", "number", "3", "retries at a time; of no effect beside a retry_budget"),
            parameter("retry_budget", "(budget_percent, min_retry_concurrency)", "none", "a share of what is under way instead"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom the limits are shared"),
        ],
        memory: "16 bytes per call under way, and 16 per scope.",
        source: "envoyproxy/envoy retry_state_impl.cc, router.cc; data-plane-api route_components.proto (2026-01)",
        example: "EnvoyRetry(retry_on: \"5xx,connect-failure\", num_retries: 2, per_try_timeout: \"400ms\", retry_budget: (budget_percent: 20.0))",
    };
}

impl EnvoyRetry {
    /// What comes after an attempt that failed or is late. `under_way` is the memory of [`limit`](Self::limit), told already that the
    /// attempt ended; `wait` gives the wait before the next retry.
    pub fn decide(
        &self,
        call: &mut EnvoyRetrying,
        under_way: &mut UnderWay,
        candidate: Candidate,
        wait: impl FnOnce() -> SimDuration,
    ) -> Decision {
        Envoy::free_slot(under_way, &mut call.paid);
        let would_retry = match candidate {
            Candidate::Failed { failure, is_rate_limited } => self.retry_on.holds(failure, is_rate_limited, &self.retriable_status_codes),
            Candidate::Late => self.hedge_on_per_try_timeout,
        };
        if !would_retry || call.spent >= self.num_retries {
            return Decision::End;
        }
        call.spent += 1;
        if !self.limit().take_slot(under_way, &mut call.paid) {
            return Decision::End;
        }
        match candidate {
            Candidate::Failed { .. } => Decision::Retry { after: wait() },
            Candidate::Late => Decision::Retry { after: SimDuration::ZERO },
        }
    }

    /// The limit on retries of all calls together.
    pub fn limit(&self) -> Envoy {
        Envoy { max_retries: self.max_retries, retry_budget: self.retry_budget.clone(), per: self.per }
    }

    /// What Envoy refuses, and what nothing here could ever mean.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.retry_on.0.is_empty() {
            complaints.push(complaint("retry_on", "without conditions Envoy never tries again; write some such as \"5xx\""));
        }
        if self.retry_on.0.contains(&Condition::RetriableHeaders) {
            complaints
                .push(complaint("retry_on", "nothing here has headers; write retriable-status-codes, or leave retriable-headers out"));
        }
        let lists_codes = self.retry_on.0.contains(&Condition::RetriableStatusCodes);
        if lists_codes == self.retriable_status_codes.is_empty() {
            let message = "`retriable_status_codes` and retriable-status-codes in `retry_on` mean nothing without each other";
            complaints.push(complaint("retriable_status_codes", message));
        }
        if let Some(bad) = self.retriable_status_codes.iter().find(|code| !(100..=599).contains(*code)) {
            complaints.push(complaint("retriable_status_codes", format!("{bad} is no HTTP status")));
        }
        if self.retry_back_off.base_interval.is_zero() {
            complaints.push(complaint("retry_back_off.base_interval", "Envoy refuses a base of zero; write a time such as \"25ms\""));
        }
        if let Some(longest) = self.retry_back_off.max_interval.filter(|longest| *longest < self.retry_back_off.base_interval) {
            let message = format!("Envoy refuses a longest interval ({longest}) below the base ({})", self.retry_back_off.base_interval);
            complaints.push(complaint("retry_back_off.max_interval", message));
        }
        if self.per_try_timeout.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("per_try_timeout", "no attempt ends in no time; leave it out to have no such timeout"));
        }
        if self.hedge_on_per_try_timeout && self.per_try_timeout.is_none() {
            complaints.push(complaint("hedge_on_per_try_timeout", "there is no hedge without a `per_try_timeout`"));
        }
        complaints.extend(self.limit().check());
        complaints
    }
}
