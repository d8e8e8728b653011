//! How many calls may be under way at once? Limits that find their own level, one file per algorithm.

use super::{Luck, Scope};
use crate::about::Explained;
use crate::registry::Complaint;
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
