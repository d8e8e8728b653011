//! Which replicas are left alone for a while? Outlier detection and failure accrual of balancers, one file per product.

mod envoy;
mod grpc;
mod statistics;

pub use envoy::Envoy;
pub use grpc::{FailurePercentage, Grpc, SuccessRate};

use super::Luck;
use crate::about::{About, Explained};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, registry};
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// A rule that takes replicas out of the choice of a balancer, and puts them back.
pub trait Ejector: Explained {
    /// What it remembers for all calls of a scope, of all replicas. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, replicas: u32, now: SimTime) -> Self::Shared;
    /// Does what is due by now: periodic sweeps, each as of the instant it was due at.
    fn settle(&self, shared: &mut Self::Shared, luck: &Luck<'_>, now: SimTime);
    /// Whether a replica may be chosen now. Called after `settle`.
    fn admits(&self, shared: &Self::Shared, replica: u32, now: SimTime) -> bool;
    /// A try was sent to a replica: a probe, if the replica is on probation.
    fn sent(&self, _shared: &mut Self::Shared, _replica: u32, _now: SimTime) {}
    /// A try at a replica ended; one that was given up has no outcome. Called after `settle`.
    fn ended(&self, shared: &mut Self::Shared, tried: &TriedAt, luck: &Luck<'_>, now: SimTime);
    /// An active health check of a replica passed, and it counts as well. Most do not care.
    fn checked(&self, _shared: &mut Self::Shared, _replica: u32, _now: SimTime) {}
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// The instant of the next periodic sweep, if it is due by now; the one after it is next then. Of a memory that is idle nothing can
/// come of the sweeps that were missed: they are stepped over at once.
fn due_sweep(next: &mut SimTime, interval: SimDuration, now: SimTime, is_idle: impl FnOnce() -> bool) -> Option<SimTime> {
    if *next > now {
        return None;
    }
    let due = *next;
    if is_idle() {
        let missed = now.saturating_since(due).as_nanos() / interval.as_nanos();
        *next = due.saturating_add(interval.saturating_mul(missed + 1));
        return None;
    }
    *next = due.saturating_add(interval);
    Some(due)
}

/// How a try at a replica ended.
#[derive(Clone, Copy, Debug)]
pub struct TriedAt {
    /// Which replica.
    pub replica: u32,
    /// When it was sent.
    pub since: SimTime,
    /// Its outcome, unless it was given up.
    pub outcome: Option<Outcome>,
    /// How long it took.
    pub took: SimDuration,
}

registry! {
    /// A rule that takes replicas out of the choice, as a scenario writes it.
    AnyEjector as "ejector", each_ejector;
    /// The memory of one scope of any ejector.
    EjectorMemory = Ejector::Shared, with_ejector: Envoy, Grpc,
}

impl AnyEjector {
    /// See [`Ejector::fresh`].
    pub fn fresh(&self, replicas: u32, now: SimTime) -> EjectorMemory {
        with_ejector!(make self, ejector => ejector.fresh(replicas, now))
    }

    /// See [`Ejector::settle`].
    pub fn settle(&self, memory: &mut EjectorMemory, luck: &Luck<'_>, now: SimTime) {
        with_ejector!(self, memory, ejector, shared => ejector.settle(shared, luck, now));
    }

    /// See [`Ejector::admits`].
    pub fn admits(&self, memory: &EjectorMemory, replica: u32, now: SimTime) -> bool {
        with_ejector!(self, memory, ejector, shared => ejector.admits(shared, replica, now))
    }

    /// See [`Ejector::sent`].
    pub fn sent(&self, memory: &mut EjectorMemory, replica: u32, now: SimTime) {
        with_ejector!(self, memory, ejector, shared => ejector.sent(shared, replica, now));
    }

    /// See [`Ejector::ended`].
    pub fn ended(&self, memory: &mut EjectorMemory, tried: &TriedAt, luck: &Luck<'_>, now: SimTime) {
        with_ejector!(self, memory, ejector, shared => ejector.ended(shared, tried, luck, now));
    }

    /// See [`Ejector::checked`].
    pub fn checked(&self, memory: &mut EjectorMemory, replica: u32, now: SimTime) {
        with_ejector!(self, memory, ejector, shared => ejector.checked(shared, replica, now));
    }

    /// See [`Ejector::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_ejector!(self, ejector => ejector.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_ejector!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}
