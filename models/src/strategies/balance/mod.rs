//! Which replica does a try go to? Load balancers, one file per policy.

use crate::about::Explained;
use crate::outcome::Outcome;
use crate::registry::Complaint;
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// A policy that chooses one of the replicas of a callee.
pub trait Balancer: Explained {
    /// What it remembers for all calls of a scope, of all replicas. Bounded: its documentation says by what.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use. `draw` is for a random start.
    fn fresh(&self, fleet: &Fleet<'_>, draw: Draw) -> Self::Shared;
    /// Chooses one of `choice.among`, which is never empty.
    fn pick(&self, shared: &mut Self::Shared, choice: &Choice<'_>) -> u32;
    /// A try was sent to a replica.
    fn sent(&self, _shared: &mut Self::Shared, _replica: u32, _now: SimTime) {}
    /// A try at a replica ended, after `took`; one that was given up has no outcome.
    fn ended(&self, _shared: &mut Self::Shared, _replica: u32, _took: SimDuration, _outcome: Option<Outcome>, _now: SimTime) {}
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// The replicas of a callee, as a caller knows them.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// The weight of each, at least 1; all are 1 unless the scenario says otherwise.
    pub weights: &'a [u32],
    /// The key of the name of each: what consistent hashing places on its ring.
    pub names: &'a [u64],
}

/// What a balancer may know when it chooses.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// All replicas.
    pub fleet: Fleet<'a>,
    /// Those among which to choose, by number, rising: healthy, not ejected, of the zone that was decided for.
    pub among: &'a [u32],
    /// What the call is about, hashed: consistent hashing sends equal ones to the same replica.
    pub object: u64,
    /// The one random number that belongs to this choice; further ones are expanded from it.
    pub draw: Draw,
    /// The present instant.
    pub now: SimTime,
}
