//! How many calls may be under way at once? Limits that find their own level, one file per algorithm.

mod aimd;
mod envoy_gradient;
mod gradient2;
mod vegas;
mod windowed;

pub use aimd::Aimd;
pub use envoy_gradient::EnvoyGradient;
pub use gradient2::Gradient2;
pub use vegas::Vegas;
pub use windowed::{Window, Windowed};

use super::{Luck, Scope};
use crate::about::{About, Explained};
use crate::registry::{Complaint, Registered, complaint, registry};
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// A limit on calls under way that follows what they experience.
pub trait ConcurrencyLimit: Explained {
    /// What it remembers for all calls of a scope. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, luck: &Luck<'_>, now: SimTime) -> Self::Shared;
    /// How many may be under way now. Moves on what is due.
    fn limit(&self, shared: &mut Self::Shared, luck: &Luck<'_>, now: SimTime) -> u32;
    /// A call ended.
    fn sample(&self, shared: &mut Self::Shared, sample: &Sample, luck: &Luck<'_>, now: SimTime);
    /// By whom it is shared.
    fn scope(&self) -> Scope;
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What one call experienced.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When it was started.
    pub since: SimTime,
    /// How long it took.
    pub rtt: SimDuration,
    /// How many were under way when it was started, itself included.
    pub inflight: u32,
    /// Whether it was dropped: it timed out, was given up, or the callee turned it away.
    pub is_dropped: bool,
}

registry! {
    /// A limit on calls under way that finds its own level, as a scenario writes it.
    AnyConcurrency as "limit", each_concurrency;
    /// The memory of one scope of any of them.
    ConcurrencyMemory = ConcurrencyLimit::Shared, with_concurrency: Vegas, Gradient2, Aimd, EnvoyGradient,
}

impl AnyConcurrency {
    /// See [`ConcurrencyLimit::fresh`].
    pub fn fresh(&self, luck: &Luck<'_>, now: SimTime) -> ConcurrencyMemory {
        with_concurrency!(make self, limit => limit.fresh(luck, now))
    }

    /// See [`ConcurrencyLimit::limit`].
    pub fn limit(&self, memory: &mut ConcurrencyMemory, luck: &Luck<'_>, now: SimTime) -> u32 {
        with_concurrency!(self, memory, limit, shared => limit.limit(shared, luck, now))
    }

    /// See [`ConcurrencyLimit::sample`].
    pub fn sample(&self, memory: &mut ConcurrencyMemory, sample: &Sample, luck: &Luck<'_>, now: SimTime) {
        with_concurrency!(self, memory, limit, shared => limit.sample(shared, sample, luck, now));
    }

    /// See [`ConcurrencyLimit::scope`].
    pub fn scope(&self) -> Scope {
        each_concurrency!(self, limit => limit.scope())
    }

    /// See [`ConcurrencyLimit::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_concurrency!(self, limit => limit.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_concurrency!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// No limit of the family goes beyond this.
const MOST: u32 = 1_000_000;

/// What is wrong with the bounds of a limit, each with the name of its field.
fn check_bounds(least: (&str, u32), initial: (&str, u32), most: (&str, u32)) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if least.1 == 0 {
        complaints.push(complaint(least.0, "a limit of 0 lets nothing pass, and is never left again; write at least 1"));
    }
    if most.1 > MOST || most.1 < least.1 {
        let message = format!("the largest limit lies between the smallest, {}, and {MOST}, not at {}", least.1, most.1);
        complaints.push(complaint(most.0, message));
    }
    if !(least.1..=most.1.max(least.1)).contains(&initial.1) {
        let message = format!("the first limit lies between the smallest, {}, and the largest, {}, not at {}", least.1, most.1, initial.1);
        complaints.push(complaint(initial.0, message));
    }
    complaints
}

/// What is wrong with a factor that must lie above 0 and not above a bound.
fn check_factor(field: &str, factor: f64, most: f64) -> Option<Complaint> {
    let is_right = factor > 0.0 && factor <= most;
    (!is_right).then(|| complaint(field, format!("it lies above 0 and not above {most}, not at {factor}")))
}

/// By whom a limit is shared, unless said.
const fn process() -> Scope {
    Scope::Process
}
