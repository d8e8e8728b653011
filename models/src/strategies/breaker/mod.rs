//! Should the callee be tried at all? Circuit breakers, one file per product.
//!
//! A breaker is asked before each try and told how it ended. All its transitions are found out when it is touched; what a timer
//! would have done meanwhile it does then, as of the instant the timer would have fired.

mod consecutive_failures;
mod failsafe;
mod finagle_accrual;
mod gobreaker;
mod hystrix;
mod last_results;
mod last_seconds;
mod linkerd_accrual;
mod penalties;
mod polly;
mod refusals;
mod resilience4j;
mod resilience4j_ring;

pub use consecutive_failures::ConsecutiveFailures;
pub use failsafe::Failsafe;
pub use finagle_accrual::FinagleAccrual;
pub use gobreaker::{Gobreaker, ReadyToTrip};
pub use hystrix::Hystrix;
pub use linkerd_accrual::LinkerdAccrual;
pub use polly::Polly;
pub use resilience4j::{Resilience4j, SlidingWindowType};
pub use resilience4j_ring::Resilience4jRing;

use crate::about::{About, Explained};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, registry};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// A circuit breaker.
pub trait Breaker: Explained {
    /// What it remembers for all calls of a scope. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, now: SimTime) -> Self::Shared;
    /// A try asks to pass. The stamp it gets says in which state, or generation, it was admitted; it comes back with the result.
    fn admit(&self, shared: &mut Self::Shared, luck: &Luck<'_>, now: SimTime) -> Admission;
    /// A try that was admitted ended.
    fn ended(&self, shared: &mut Self::Shared, tried: &Tried, luck: &Luck<'_>, now: SimTime);
    /// A try that was admitted was given up by its caller before it ended. Unless the product counts that, its permit is free again.
    fn given_up(&self, shared: &mut Self::Shared, stamp: Stamp, luck: &Luck<'_>, now: SimTime);
    /// The state it is in now: `Open` as long as a try would be rejected whatever happens, `HalfOpen` from the instant one would be let
    /// through. Moves on what is due, and changes nothing else: to be asked makes no difference to what follows.
    fn state(&self, shared: &mut Self::Shared, now: SimTime) -> State;
    /// What an outcome is to it: every failure is a failure, unless the product says otherwise.
    fn verdict(&self, outcome: Outcome) -> Verdict {
        if outcome.is_success() { Verdict::Success } else { Verdict::Failure }
    }
    /// By whom it is shared.
    fn scope(&self) -> Scope;
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a breaker knows an admitted try by: a number of its own choosing.
pub type Stamp = u64;

/// The answer of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Go ahead.
    Admitted(Stamp),
    /// Not now.
    Rejected,
}

/// How an admitted try ended.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// The stamp of its admission.
    pub stamp: Stamp,
    /// What its outcome is to the breaker.
    pub verdict: Verdict,
    /// How long it took.
    pub took: SimDuration,
}

/// What an outcome is to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It speaks for the callee.
    Success,
    /// It speaks against it.
    Failure,
    /// It says nothing about it.
    Ignored,
}

/// What a breaker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Everything passes.
    #[default]
    Closed,
    /// A few pass, to find out.
    HalfOpen,
    /// Nothing passes.
    Open,
}

/// A state that is forced upon breakers by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lever {
    /// Nothing passes, and nothing is counted.
    ForcedOpen,
    /// Everything passes, and nothing is counted.
    Disabled,
}

registry! {
    /// A circuit breaker, as a scenario writes it.
    AnyBreaker as "breaker", each_breaker;
    /// The memory of one scope of any breaker.
    BreakerMemory = Breaker::Shared, with_breaker:
    ConsecutiveFailures, Resilience4j, Resilience4jRing, Hystrix, Polly, Gobreaker, Failsafe, FinagleAccrual, LinkerdAccrual,
}

impl AnyBreaker {
    /// Name, summary and explanation of every breaker, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_breaker!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }

    /// See [`Breaker::fresh`].
    pub fn fresh(&self, now: SimTime) -> BreakerMemory {
        with_breaker!(make self, breaker => breaker.fresh(now))
    }

    /// See [`Breaker::admit`].
    pub fn admit(&self, memory: &mut BreakerMemory, luck: &Luck<'_>, now: SimTime) -> Admission {
        with_breaker!(self, memory, breaker, shared => breaker.admit(shared, luck, now))
    }

    /// See [`Breaker::ended`].
    pub fn ended(&self, memory: &mut BreakerMemory, tried: &Tried, luck: &Luck<'_>, now: SimTime) {
        with_breaker!(self, memory, breaker, shared => breaker.ended(shared, tried, luck, now));
    }

    /// See [`Breaker::given_up`].
    pub fn given_up(&self, memory: &mut BreakerMemory, stamp: Stamp, luck: &Luck<'_>, now: SimTime) {
        with_breaker!(self, memory, breaker, shared => breaker.given_up(shared, stamp, luck, now));
    }

    /// See [`Breaker::state`].
    pub fn state(&self, memory: &mut BreakerMemory, now: SimTime) -> State {
        with_breaker!(self, memory, breaker, shared => breaker.state(shared, now))
    }

    /// See [`Breaker::verdict`].
    pub fn verdict(&self, outcome: Outcome) -> Verdict {
        each_breaker!(self, breaker => breaker.verdict(outcome))
    }

    /// See [`Breaker::scope`].
    pub fn scope(&self) -> Scope {
        each_breaker!(self, breaker => breaker.scope())
    }

    /// See [`Breaker::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_breaker!(self, breaker => breaker.check())
    }
}

/// The verdict of a product that has a list of failures it ignores.
pub(crate) fn unless_ignored(outcome: Outcome, ignored: &[Failure]) -> Verdict {
    match outcome {
        Outcome::Success => Verdict::Success,
        Outcome::Failed(failure) if ignored.contains(&failure) => Verdict::Ignored,
        Outcome::Failed(_) => Verdict::Failure,
    }
}

#[cfg(test)]
mod tests;
