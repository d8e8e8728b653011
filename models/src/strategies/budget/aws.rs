//! The retry quota of the AWS SDKs: retries are paid for, and a success gives back what the last one cost.
//!
//! Source: boto/botocore `retries/quota.py`, `retries/standard.py` (2026-08); AWS SDKs and Tools Reference Guide, "Retry behavior".

use super::{Budget, Paid};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::Registered;
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// What the quota holds at first and at most.
const CAPACITY: u64 = 500;

/// A quota of 500 that retries are paid from. Remembers 8 bytes per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// What retries cost.
    pub costs: Costs,
    /// By whom it is shared: one client object, of which a process has one, unless said.
    pub per: Scope,
}

/// What retries cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Costs {
    /// 5, and 10 after a timeout: the standard and adaptive modes.
    #[default]
    Standard,
    /// 14, and 5 after a throttled answer: with `AWS_NEW_RETRIES_2026=true`.
    Standard2026,
}

impl Default for Aws {
    fn default() -> Self {
        Self { costs: Costs::Standard, per: Scope::Process }
    }
}

impl Registered for Aws {
    const NAME: &'static str = "Aws";
    const SUMMARY: &'static str = "the retry quota of AWS SDKs: 500 to spend on retries, and a success gives back what the last one cost";
}

impl Explained for Aws {
    const ABOUT: About = About {
        meaning: "The retry quota of the AWS SDKs. In a total outage a client makes a hundred retries and then none; every success earns \
                  a little, so that retries come back when the service does.",
        formula: "The quota starts at 500. A retry costs 5, or 10 after a timeout (Standard2026: 14, or 5 after a throttled answer); if the \
                  cost > what is left, the failure is final. A call that succeeds gives back the cost of its last retry, or 1 if it had \
                  none, up to 500; a call that fails gives nothing back. No draws.",
        parameters: &[
            parameter("costs", "Standard, Standard2026", "Standard", "what retries cost"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "8 bytes per scope, for the whole run, and 8 per call under way.",
        source: "boto/botocore retries/quota.py, retries/standard.py (2026-08); AWS SDKs and Tools Reference Guide, \"Retry behavior\"",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: Aws(costs: Standard, per: Process))",
    };
}

impl Aws {
    /// What a retry after this failure costs.
    pub const fn cost(&self, failure: Failure) -> u64 {
        match (self.costs, failure) {
            (Costs::Standard, Failure::Timeout) => 10,
            (Costs::Standard, _) | (Costs::Standard2026, Failure::Throttled) => 5,
            (Costs::Standard2026, _) => 14,
        }
    }

    /// Pays for a retry after this failure, if enough is left.
    pub fn acquire(&self, left: &mut u64, paid: &mut Paid, failure: Failure) -> bool {
        let cost = self.cost(failure);
        let is_allowed = cost <= *left;
        if is_allowed {
            *left -= cost;
            *paid = cost;
        }
        is_allowed
    }
}

impl Budget for Aws {
    /// What is left.
    type Shared = u64;

    fn fresh(&self, _now: SimTime) -> u64 {
        CAPACITY
    }

    fn allows(&self, left: &mut u64, paid: &mut Paid, asks: &Asks, _now: SimTime) -> bool {
        self.acquire(left, paid, asks.failure)
    }

    fn call_ended(&self, left: &mut u64, paid: &mut Paid, outcome: Option<Outcome>, _now: SimTime) {
        let paid = std::mem::take(paid);
        if outcome.is_some_and(Outcome::is_success) {
            *left = (*left + paid.max(1)).min(CAPACITY);
        }
    }

    fn left(&self, left: &u64, _now: SimTime) -> f64 {
        (*left / self.cost(Failure::ServerError)) as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }
}
