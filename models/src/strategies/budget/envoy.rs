//! Envoy's limits on concurrent retries: a number, or a share of what is under way.
//!
//! Source: envoyproxy/envoy `upstream/resource_manager_impl.h`, `router/retry_state_impl.cc`; envoyproxy/data-plane-api
//! `circuit_breaker.proto` (2026-01).

use super::{Budget, Ended, Paid};
use crate::about::{About, Explained, parameter};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// What is in [`Paid`]: whether the call holds a slot, and beyond it how many attempts of the call are under way.
const SLOT: Paid = 1;
const ATTEMPT: Paid = 2;

/// At most so many retries at a time. Remembers 16 bytes per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Envoy {
    /// How many retries there may be at a time; of no effect where there is a `retry_budget`. Istio sets 4294967295.
    pub max_retries: u32,
    /// A share of what is under way instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<RetryBudget>,
    /// By whom it is shared: one cluster in one proxy, which stands beside one process, unless said.
    pub per: Scope,
}

/// A share of what is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudget {
    /// How many percent of the attempts under way may be retries, 0 to 100.
    pub budget_percent: f64,
    /// How many retries there may be at a time however little is under way.
    pub min_retry_concurrency: u32,
}

/// What is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Attempts on the wire or in a queue of the connection.
    pub attempts: u64,
    /// Retries, from the moment they are decided on: those that still wait included.
    pub retries: u64,
}

impl Default for Envoy {
    fn default() -> Self {
        Self { max_retries: 3, retry_budget: None, per: Scope::Process }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { budget_percent: 20.0, min_retry_concurrency: 3 }
    }
}

impl Registered for Envoy {
    const NAME: &'static str = "Envoy";
    const SUMMARY: &'static str = "at most so many retries at a time: a number, or a share of what is under way";
}

impl Explained for Envoy {
    const ABOUT: About = About {
        meaning: "Envoy's circuit breaker for retries: so many may be under way at a time, waits included; one more fails at once with the \
                  failure that it would have mended. With `retry_budget` the number follows the load.",
        formula: "A retry is allowed if the retries under way < limit. The limit is max_retries; with a retry_budget it is \
                  max(trunc((budget_percent / 100) * attempts under way), min_retry_concurrency), in f64, so that 29 % of 100 are 28. A retry \
                  counts from the moment it is decided on, its wait included, until it ends. An attempt that has just ended is not under \
                  way. No draws.",
        parameters: &[
            parameter("max_retries", "number", "3", "retries at a time; of no effect beside a retry_budget"),
            parameter(
                "retry_budget",
                "(budget_percent: 0 to 100, min_retry_concurrency)",
                "none",
                "20.0 and 3, of those that are not written",
            ),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "16 bytes per scope, for the whole run, and 8 per call under way.",
        source: "envoyproxy/envoy resource_manager_impl.h, retry_state_impl.cc; data-plane-api circuit_breaker.proto (2026-01)",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: Envoy(retry_budget: (budget_percent: 20.0, min_retry_concurrency: 3), per: Process))",
    };
}

impl Envoy {
    /// How many retries there may be at a time, of so many attempts under way.
    pub fn limit(&self, attempts: u64) -> u64 {
        match &self.retry_budget {
            None => u64::from(self.max_retries),
            Some(budget) => ((budget.budget_percent / 100.0 * attempts as f64) as u64).max(u64::from(budget.min_retry_concurrency)),
        }
    }

    /// Takes a slot, if one is free.
    pub fn take_slot(&self, under_way: &mut UnderWay, paid: &mut Paid) -> bool {
        let is_free = under_way.retries < self.limit(under_way.attempts);
        if is_free {
            under_way.retries += 1;
            *paid |= SLOT;
        }
        is_free
    }

    /// Frees the slot that a call holds, if it holds one.
    pub const fn free_slot(under_way: &mut UnderWay, paid: &mut Paid) {
        under_way.retries -= *paid & SLOT;
        *paid &= !SLOT;
    }
}

impl Budget for Envoy {
    type Shared = UnderWay;

    fn fresh(&self, _now: SimTime) -> UnderWay {
        UnderWay::default()
    }

    fn attempt_started(&self, under_way: &mut UnderWay, paid: &mut Paid, _now: SimTime) {
        under_way.attempts += 1;
        *paid += ATTEMPT;
    }

    fn attempt_ended(&self, under_way: &mut UnderWay, paid: &mut Paid, _ended: &Ended, _now: SimTime) {
        if *paid >= ATTEMPT {
            under_way.attempts -= 1;
            *paid -= ATTEMPT;
        }
        // While a hedge is on its way the slot is that of the hedge.
        if *paid < ATTEMPT {
            Self::free_slot(under_way, paid);
        }
    }

    fn allows(&self, under_way: &mut UnderWay, paid: &mut Paid, _asks: &Asks, _now: SimTime) -> bool {
        Self::free_slot(under_way, paid);
        self.take_slot(under_way, paid)
    }

    fn call_ended(&self, under_way: &mut UnderWay, paid: &mut Paid, _outcome: Option<Outcome>, _now: SimTime) {
        Self::free_slot(under_way, paid);
        under_way.attempts -= std::mem::take(paid) / ATTEMPT;
    }

    fn left(&self, under_way: &UnderWay, _now: SimTime) -> f64 {
        self.limit(under_way.attempts).saturating_sub(under_way.retries) as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let percent = self.retry_budget.as_ref().map_or(0.0, |budget| budget.budget_percent);
        if (0.0..=100.0).contains(&percent) {
            return Vec::new();
        }
        vec![complaint("retry_budget.budget_percent", format!("Envoy takes 0 to 100 percent, not {percent}"))]
    }
}
