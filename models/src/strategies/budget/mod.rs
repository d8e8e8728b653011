//! May one retry at all? Budgets are shared by all calls of their scope. One file per budget.

mod token_bucket;

pub use token_bucket::TokenBucket;

use crate::registry::{Complaint, Registered, registry};
use crate::strategies::Scope;
use sim_core::time::SimTime;

/// A limit on retries, shared by all calls of a scope.
pub trait Budget: Registered {
    /// What the budget of one scope remembers: tokens, in units of the budget's own choosing.
    type Shared: Clone + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self) -> Self::Shared;
    /// A call begins.
    fn call_started(&self, shared: &mut Self::Shared, now: SimTime);
    /// Whether a retry may be made now; if so, it is paid for.
    fn allows(&self, shared: &mut Self::Shared, now: SimTime) -> bool;
    /// By whom the budget is shared.
    fn scope(&self) -> Scope;
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

registry! {
    /// A limit on retries, as a scenario writes it.
    AnyBudget, each_budget: TokenBucket,
}

/// The memory of one scope of any budget.
#[derive(Clone, Debug)]
pub enum BudgetMemory {
    /// Of a [`TokenBucket`].
    TokenBucket(<TokenBucket as Budget>::Shared),
}

impl AnyBudget {
    /// See [`Budget::fresh`].
    pub fn fresh(&self) -> BudgetMemory {
        match self {
            Self::TokenBucket(budget) => BudgetMemory::TokenBucket(budget.fresh()),
        }
    }

    /// See [`Budget::call_started`].
    pub fn call_started(&self, memory: &mut BudgetMemory, now: SimTime) {
        match (self, memory) {
            (Self::TokenBucket(budget), BudgetMemory::TokenBucket(shared)) => budget.call_started(shared, now),
        }
    }

    /// See [`Budget::allows`].
    pub fn allows(&self, memory: &mut BudgetMemory, now: SimTime) -> bool {
        match (self, memory) {
            (Self::TokenBucket(budget), BudgetMemory::TokenBucket(shared)) => budget.allows(shared, now),
        }
    }

    /// See [`Budget::scope`].
    pub fn scope(&self) -> Scope {
        each_budget!(self, budget => budget.scope())
    }

    /// See [`Budget::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_budget!(self, budget => budget.check())
    }
}
