//! Which families of strategies are there, and what does every one of a family say of itself?

use super::backoff::AnyBackoff;
use super::balance::AnyBalancer;
use super::breaker::AnyBreaker;
use super::budget::AnyBudget;
use super::bulkhead::AnyBulkhead;
use super::concurrency::AnyConcurrency;
use super::ejection::AnyEjector;
use super::health::AnyHealthCheck;
use super::hedge::AnyHedge;
use super::limiter::AnyLimiter;
use super::throttle::AnyThrottle;
use crate::about::About;

/// Strategies that do the same thing in different ways.
#[derive(Clone, Debug)]
pub struct Family {
    /// The word for them in `list`.
    pub name: &'static str,
    /// What one of them is.
    pub one: &'static str,
    /// Name, summary and explanation of each, in the order of its list. The example of an explanation is a layer that has it.
    pub members: Vec<(&'static str, &'static str, About)>,
}

/// Every family, layers themselves apart.
pub fn families() -> Vec<Family> {
    let family = |name, one, members| Family { name, one, members };
    vec![
        family("backoffs", "a backoff", AnyBackoff::explanations()),
        family("budgets", "a budget", AnyBudget::explanations()),
        family("breakers", "a breaker", AnyBreaker::explanations()),
        family("limiters", "a rate limiter", AnyLimiter::explanations()),
        family("throttles", "a throttle", AnyThrottle::explanations()),
        family("bulkheads", "a bulkhead", AnyBulkhead::explanations()),
        family("probes", "a probe", AnyHealthCheck::explanations()),
        family("concurrency-limits", "a concurrency limit", AnyConcurrency::explanations()),
        family("hedges", "a hedge", AnyHedge::explanations()),
        family("balancers", "a balancer", AnyBalancer::explanations()),
        family("ejectors", "an ejector", AnyEjector::explanations()),
    ]
}
