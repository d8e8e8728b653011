//! Finagle's retry budget: a leaky window of deposits, debits included.
//!
//! Source: twitter/finagle `RetryBudget.scala` and twitter/util `TokenBucket.scala`, `WindowedAdder.scala` (2024-10).

use super::slices::Slices;
use super::{Budget, Paid};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::Scope;
use crate::strategies::backoff::Asks;
use serde::{Deserialize, Serialize};
use sim_core::time::{NANOS_PER_SECOND, SimDuration, SimTime};

/// What a call adds, in the product's own unit.
const DEPOSIT: i64 = 1_000;

/// Each call adds to a window, each retry takes from it; what is added and what is taken both lapse. Remembers 11 numbers per scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Finagle {
    /// How long deposits and debits count, 1 s to 60 s.
    pub ttl: SimDuration,
    /// How many retries a second are allowed whatever the load.
    pub min_retries_per_sec: u32,
    /// How many retries per call are allowed beyond that, 0 to 1000: 0.2 is one for five calls.
    pub percent_can_retry: f64,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for Finagle {
    fn default() -> Self {
        Self { ttl: SimDuration::from_secs(10), min_retries_per_sec: 10, percent_can_retry: 0.2, per: Scope::Process }
    }
}

impl Registered for Finagle {
    const NAME: &'static str = "Finagle";
    const SUMMARY: &'static str = "allows retries in proportion to the calls of the last seconds, and a few a second in any case";
}

impl Explained for Finagle {
    const ABOUT: About = About {
        meaning: "The retry budget of Finagle: retries are at most a share of the calls of the last seconds, with a floor so that a quiet \
                  caller may retry too. When a callee fails altogether, the load on it grows by that share and no more.",
        formula: "Every call deposits 1000 before its first attempt; a retry costs c = trunc(1000 / percent_can_retry). It is allowed if the \
                  sum of the window + min_retries_per_sec * whole seconds of ttl * c >= c, and -c is added to the window, so that debits \
                  lapse as well. The window is 9 closed slices and the live one, each w = ttl / 10. A touch that finds the live slice \
                  a >= w old closes it, empties floor(a / w) - 1 further slices, and begins the next slice at the touch: not on a grid. With \
                  percent_can_retry 0 nothing is deposited and c is 1; with both 0 no retry is ever made. No draws.",
        parameters: &[
            parameter("ttl", "duration, 1s to 60s", "10s", "how long deposits and debits count"),
            parameter("min_retries_per_sec", "number", "10", "retries a second that are allowed whatever the load"),
            parameter("percent_can_retry", "number, 0 to 1000", "0.2", "retries per call beyond that; 0.2 is 20 %"),
            parameter("per", "Client, Process, Edge, Endpoint", "Process", "by whom it is shared"),
        ],
        memory: "11 numbers and an instant per scope, for the whole run.",
        source: "twitter/finagle RetryBudget.scala; twitter/util TokenBucket.scala, WindowedAdder.scala (2024-10)",
        example: "Retry(attempts: 4, backoff: FullJitter(base: \"100ms\", cap: \"2s\"), budget: Finagle(ttl: \"10s\", min_retries_per_sec: 10, percent_can_retry: 0.2, per: Process))",
    };
}

impl Finagle {
    /// What a call adds.
    fn deposit(&self) -> i64 {
        if self.percent_can_retry > 0.0 { DEPOSIT } else { 0 }
    }

    /// What a retry takes.
    fn cost(&self) -> i64 {
        if self.percent_can_retry > 0.0 { i64::from((DEPOSIT as f64 / self.percent_can_retry) as i32) } else { 1 }
    }

    fn reserve(&self) -> i64 {
        let seconds = (self.ttl.as_nanos() / NANOS_PER_SECOND) as i64;
        (i64::from(self.min_retries_per_sec) * seconds).saturating_mul(self.cost())
    }

    fn touch(&self, window: &mut Slices<9>, now: SimTime) {
        window.touch(self.ttl / 10, |age, slice| age / slice - 1, now);
    }

    /// How many retries are left, as the product reads it: to read it is a touch, too.
    pub fn balance(&self, window: &mut Slices<9>, now: SimTime) -> i64 {
        self.touch(window, now);
        window.sum().saturating_add(self.reserve()) / self.cost().max(1)
    }

    /// Takes a retry, if there is one.
    pub fn withdraw(&self, window: &mut Slices<9>, now: SimTime) -> bool {
        self.touch(window, now);
        if self.deposit() == 0 && self.min_retries_per_sec == 0 {
            return false;
        }
        let is_allowed = window.sum().saturating_add(self.reserve()) >= self.cost();
        if is_allowed {
            window.add(-self.cost());
        }
        is_allowed
    }
}

impl Budget for Finagle {
    type Shared = Slices<9>;

    fn fresh(&self, now: SimTime) -> Slices<9> {
        Slices::new(now)
    }

    fn call_started(&self, window: &mut Slices<9>, now: SimTime) {
        self.touch(window, now);
        window.add(self.deposit());
    }

    fn allows(&self, window: &mut Slices<9>, _paid: &mut Paid, _asks: &Asks, now: SimTime) -> bool {
        self.withdraw(window, now)
    }

    fn left(&self, window: &Slices<9>, now: SimTime) -> f64 {
        self.balance(&mut window.clone(), now) as f64
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let ratio = ("percent_can_retry", self.percent_can_retry);
        check_window(self.ttl, ratio, ("min_retries_per_sec", self.min_retries_per_sec))
    }
}

/// What Finagle and tower refuse alike.
pub(super) fn check_window(ttl: SimDuration, (ratio_name, ratio): (&str, f64), (floor_name, floor): (&str, u32)) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if !(SimDuration::from_secs(1)..=SimDuration::from_secs(60)).contains(&ttl) {
        complaints.push(complaint("ttl", format!("a budget looks back 1s to 60s, not {ttl}")));
    }
    if !(0.0..=1_000.0).contains(&ratio) {
        complaints
            .push(complaint(ratio_name, format!("a budget allows 0 to 1000 retries per call, not {ratio}; one for five calls is 0.2")));
    }
    if floor > 1_000_000 {
        complaints.push(complaint(floor_name, format!("a floor of {floor} retries a second limits nothing; write at most 1000000")));
    }
    complaints
}
