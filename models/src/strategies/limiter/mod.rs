//! How many calls may pass in a time? Rate limiters, one file per algorithm.
//!
//! All of them reckon in whole nanoseconds and whole parts of a call, so that nothing is rounded in the long run.

mod gcra;
mod leaky_bucket;
mod resilience4j;
mod token_bucket;

pub use gcra::Gcra;
pub use leaky_bucket::LeakyBucket;
pub use resilience4j::{Permissions, Resilience4j};
pub use token_bucket::{TokenBucket, Tokens};

use crate::about::{About, Explained};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered, complaint, registry};
use crate::strategies::{Gate, Pass, Scope};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Rate;

registry! {
    /// A rate limiter, as a scenario writes it.
    AnyLimiter as "limiter", each_limiter;
    /// The memory of one scope of any rate limiter.
    LimiterMemory = Gate::Shared, with_limiter: TokenBucket, LeakyBucket, Gcra, Resilience4j,
}

impl AnyLimiter {
    /// See [`Gate::fresh`].
    pub fn fresh(&self, now: SimTime) -> LimiterMemory {
        with_limiter!(make self, limiter => limiter.fresh(now))
    }

    /// See [`Gate::ask`].
    pub fn ask(&self, memory: &mut LimiterMemory, draw: Draw, now: SimTime) -> Pass {
        with_limiter!(self, memory, limiter, shared => limiter.ask(shared, draw, now))
    }

    /// See [`Gate::ended`].
    pub fn ended(&self, memory: &mut LimiterMemory, since: SimTime, outcome: Option<Outcome>, hint: Option<Hint>, now: SimTime) {
        with_limiter!(self, memory, limiter, shared => limiter.ended(shared, since, outcome, hint, now));
    }

    /// See [`Gate::gauge`].
    pub fn gauge(&self, memory: &mut LimiterMemory, now: SimTime) -> (&'static str, f64) {
        with_limiter!(self, memory, limiter, shared => limiter.gauge(shared, now))
    }

    /// See [`Gate::ready_in`].
    pub fn ready_in(&self, memory: &LimiterMemory, now: SimTime) -> Option<SimDuration> {
        with_limiter!(self, memory, limiter, shared => limiter.ready_in(shared, now))
    }

    /// See [`Gate::scope`].
    pub fn scope(&self) -> Scope {
        each_limiter!(self, limiter => limiter.scope())
    }

    /// See [`Gate::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_limiter!(self, limiter => limiter.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_limiter!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// The complaint of all that follow a rate.
fn check_rate(rate: Rate) -> Option<Complaint> {
    rate.is_zero().then(|| complaint("rate", "a rate of zero lets nothing pass, ever; write a rate such as \"100/s\""))
}

/// What is shared by one process unless a scenario says otherwise.
const fn process() -> Scope {
    Scope::Process
}
