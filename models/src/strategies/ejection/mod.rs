//! Which replicas are left alone for a while? Outlier detection and failure accrual of balancers, one file per product.

use super::Luck;
use crate::about::Explained;
use crate::outcome::Outcome;
use crate::registry::Complaint;
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
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
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
