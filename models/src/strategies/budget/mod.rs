//! May one retry at all? Budgets are shared by all calls of their scope. One file per budget.

mod aws;
mod envoy;
mod finagle;
mod grpc;
mod slices;
mod token_bucket;
mod tower;

pub use aws::{Aws, Costs};
pub use envoy::{Envoy, RetryBudget, UnderWay};
pub use finagle::Finagle;
pub use grpc::Grpc;
pub use slices::Slices;
pub use token_bucket::TokenBucket;
pub use tower::{Deposits, Tower};

use super::backoff::Asks;
use crate::about::{About, Explained};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered, registry};
use crate::strategies::Scope;
use sim_core::time::SimTime;
use std::fmt::Debug;

/// A limit on retries, shared by all calls of a scope.
pub trait Budget: Explained {
    /// What the budget of one scope remembers: tokens, in units of the budget's own choosing.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, now: SimTime) -> Self::Shared;
    /// A call begins, before its first attempt.
    fn call_started(&self, _shared: &mut Self::Shared, _now: SimTime) {}
    /// An attempt of a call is handed to the link: the first at once, a retry after its wait, a hedge beside another.
    fn attempt_started(&self, _shared: &mut Self::Shared, _paid: &mut Paid, _now: SimTime) {}
    /// An attempt of a call ended, before it is asked whether it is retried.
    fn attempt_ended(&self, _shared: &mut Self::Shared, _paid: &mut Paid, _ended: &Ended, _now: SimTime) {}
    /// Whether a retry may be made now; if so, it is paid for. Asked only when the retry would otherwise be made, before its
    /// wait is drawn.
    fn allows(&self, shared: &mut Self::Shared, paid: &mut Paid, asks: &Asks, now: SimTime) -> bool;
    /// A call is over: with this outcome, or given up by its caller.
    fn call_ended(&self, _shared: &mut Self::Shared, _paid: &mut Paid, _outcome: Option<Outcome>, _now: SimTime) {}
    /// By whom the budget is shared.
    fn scope(&self) -> Scope;
    /// How many retries it would allow now: the series on charts. To look changes nothing, also where the product's own gauge would.
    fn left(&self, shared: &Self::Shared, now: SimTime) -> f64;
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a budget remembers of one call, in units of its own choosing: what was paid last, whether a slot is held. 0 at first.
pub type Paid = u64;

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Its outcome.
    pub outcome: Outcome,
    /// What the callee said about asking again.
    pub hint: Option<Hint>,
    /// Whether failures of this kind are retried at all.
    pub is_retryable: bool,
}

registry! {
    /// A limit on retries, as a scenario writes it.
    AnyBudget as "budget", each_budget;
    /// The memory of one scope of any budget.
    BudgetMemory = Budget::Shared, with_budget: TokenBucket, Finagle, Tower, Grpc, Aws, Envoy,
}

impl AnyBudget {
    /// See [`Budget::fresh`].
    pub fn fresh(&self, now: SimTime) -> BudgetMemory {
        with_budget!(make self, budget => budget.fresh(now))
    }

    /// See [`Budget::call_started`].
    pub fn call_started(&self, memory: &mut BudgetMemory, now: SimTime) {
        with_budget!(self, memory, budget, shared => budget.call_started(shared, now));
    }

    /// See [`Budget::attempt_started`].
    pub fn attempt_started(&self, memory: &mut BudgetMemory, paid: &mut Paid, now: SimTime) {
        with_budget!(self, memory, budget, shared => budget.attempt_started(shared, paid, now));
    }

    /// See [`Budget::attempt_ended`].
    pub fn attempt_ended(&self, memory: &mut BudgetMemory, paid: &mut Paid, ended: &Ended, now: SimTime) {
        with_budget!(self, memory, budget, shared => budget.attempt_ended(shared, paid, ended, now));
    }

    /// See [`Budget::allows`].
    pub fn allows(&self, memory: &mut BudgetMemory, paid: &mut Paid, asks: &Asks, now: SimTime) -> bool {
        with_budget!(self, memory, budget, shared => budget.allows(shared, paid, asks, now))
    }

    /// See [`Budget::call_ended`].
    pub fn call_ended(&self, memory: &mut BudgetMemory, paid: &mut Paid, outcome: Option<Outcome>, now: SimTime) {
        with_budget!(self, memory, budget, shared => budget.call_ended(shared, paid, outcome, now));
    }

    /// See [`Budget::left`].
    pub fn left(&self, memory: &BudgetMemory, now: SimTime) -> f64 {
        with_budget!(self, memory, budget, shared => budget.left(shared, now))
    }

    /// See [`Budget::scope`].
    pub fn scope(&self) -> Scope {
        each_budget!(self, budget => budget.scope())
    }

    /// See [`Budget::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_budget!(self, budget => budget.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_budget!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}
