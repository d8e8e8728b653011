//! The retry budget of tower, which Linkerd uses for service profiles: Finagle's, with other roundings.
//!
//! Source: tower-rs/tower `retry/budget/tps_budget.rs` (2026-02), linkerd/linkerd2-proxy `http/retry` (2026-08).

use super::finagle::check_window;
use super::slices::Slices;
use super::{Budget, Ended, Paid};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};

/// Deposits by calls, debits by retries, both within a window. The defaults are those of a Linkerd service profile. Remembers 12
/// numbers per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tower {
    /// How long deposits and debits count, 1 s to 60 s.
    pub ttl: SimDuration,
    /// How many retries a second are allowed whatever the load.
    pub min_per_sec: u32,
    /// How many retries per deposit are allowed beyond that, 0 to 1000.
    pub retry_percent: f32,
    /// Who deposits.
    pub deposits: Deposits,
    /// By whom it is shared.
    pub per: Scope,
}

/// Who adds to a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deposits {
    /// Every result that is not retried for what it is: a success, or a failure of a kind that is never retried (Linkerd).
    #[default]
    NotRetried,
    /// Every call, before its first attempt (Finagle).
    EveryCall,
}

impl Default for Tower {
    fn default() -> Self {
        let deposits = Deposits::NotRetried;
        Self { ttl: SimDuration::from_secs(10), min_per_sec: 10, retry_percent: 0.2, deposits, per: Scope::Process }
    }
}

impl Registered for Tower {
    const NAME: &'static str = "Tower";
    const SUMMARY: &'static str = "the budget of tower and of Linkerd's service profiles: results that are not retried pay for retries";
}

impl Explained for Tower {
    const ABOUT: About = About {
        meaning: "The retry budget of the Rust library tower, as Linkerd uses it for service profiles (retryRatio, minRetriesPerSecond, ttl). \
                  Like Finagle's, but results pay instead of calls: under a total failure nobody deposits any more, and the floor alone is \
                  left.",
        formula: "retry_percent r <= 1: a deposit is 1 and a retry costs c = trunc(1 / r); r > 1: 1000 and trunc(1000 / r); r = 0: 0 and 1. \
                  All in f32, so 0.3 costs 3 and allows 33 %. A retry is allowed if the sum of the window + min_per_sec * whole seconds of \
                  ttl * c >= c. The window is 10 closed slots and the live one, each w = ttl / 10; a touch (deposit or withdrawal) that finds \
                  the live slot a >= w old commits it, empties ceil(a / w) - 1 further slots, and begins the next at the touch: touches \
                  a little more than w apart halve the window. NotRetried: a \
                  success deposits, and so does a failure of a kind that is not retried. No draws.",
        parameters: &[
            parameter("ttl", "duration, 1s to 60s", "10s", "how long deposits and debits count"),
            parameter("min_per_sec", "number", "10", "retries a second that are allowed whatever the load"),
            parameter("retry_percent", "number, 0 to 1000", "0.2", "retries per deposit beyond that; 0.2 is 20 %"),
            parameter("deposits", "NotRetried, EveryCall", "NotRetried", "who deposits"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "12 numbers and an instant per scope, for the whole run.",
        source: "tower-rs/tower retry budget (2026-02); linkerd/linkerd2-proxy retry (2026-08)",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: Tower(ttl: \"10s\", min_per_sec: 10, retry_percent: 0.2, deposits: NotRetried, per: Process))",
    };
}

impl Tower {
    /// What a deposit adds, and what a retry takes.
    fn amounts(&self) -> (i64, i64) {
        let ratio = self.retry_percent;
        if ratio <= 0.0 {
            (0, 1)
        } else if ratio <= 1.0 {
            (1, (1.0 / ratio) as i64)
        } else {
            (1_000, (1_000.0 / ratio) as i64)
        }
    }

    fn reserve(&self) -> i64 {
        let seconds = (self.ttl.as_nanos() / NANOS_PER_SECOND) as i64;
        (i64::from(self.min_per_sec) * seconds).saturating_mul(self.amounts().1)
    }

    fn touch(&self, window: &mut Slices<10>, now: SimTime) {
        window.touch(self.ttl / 10, |age, slot| age.div_ceil(slot) - 1, now);
    }

    /// Adds a deposit.
    pub fn deposit(&self, window: &mut Slices<10>, now: SimTime) {
        self.touch(window, now);
        window.add(self.amounts().0);
    }

    /// Takes a retry, if there is one.
    pub fn withdraw(&self, window: &mut Slices<10>, now: SimTime) -> bool {
        self.touch(window, now);
        let cost = self.amounts().1;
        let is_allowed = window.sum().saturating_add(self.reserve()) >= cost;
        if is_allowed {
            window.add(-cost);
        }
        is_allowed
    }
}

impl Budget for Tower {
    type Shared = Slices<10>;

    fn fresh(&self, now: SimTime) -> Slices<10> {
        Slices::new(now)
    }

    fn call_started(&self, window: &mut Slices<10>, now: SimTime) {
        if self.deposits == Deposits::EveryCall {
            self.deposit(window, now);
        }
    }

    fn attempt_ended(&self, window: &mut Slices<10>, _paid: &mut Paid, ended: &Ended, now: SimTime) {
        let is_final = ended.outcome.is_success() || !ended.is_retryable;
        if self.deposits == Deposits::NotRetried && is_final {
            self.deposit(window, now);
        }
    }

    fn allows(&self, window: &mut Slices<10>, _paid: &mut Paid, _asks: &Asks, now: SimTime) -> bool {
        self.withdraw(window, now)
    }

    fn left(&self, window: &Slices<10>, now: SimTime) -> f64 {
        let mut window = window.clone();
        self.touch(&mut window, now);
        (window.sum().saturating_add(self.reserve()) / self.amounts().1.max(1)) as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        check_window(self.ttl, ("retry_percent", f64::from(self.retry_percent)), ("min_per_sec", self.min_per_sec))
    }
}
