//! Which replica does a try go to? Load balancers, one file per policy.
//!
//! A balancer is asked once per try, among the replicas that are left to choose from: those that are healthy and not
//! [ejected](super::ejection), or all if too few are ([`panic`](mod@panic)), and of the zone that was decided for ([`zones`]).

mod bounded_load;
mod least_request;
mod load;
mod maglev;
pub mod panic;
mod peak_ewma;
mod power_of_two_choices;
mod random;
mod ring;
mod ring_hash;
mod round_robin;
mod schedule;
pub mod slow_start;
mod weighted_round_robin;
pub mod zones;

pub use bounded_load::BoundedLoad;
pub use least_request::{LeastRequest, SelectionMethod};
pub use maglev::Maglev;
pub use peak_ewma::PeakEwma;
pub use power_of_two_choices::PowerOfTwoChoices;
pub use random::Random;
pub use ring_hash::RingHash;
pub use round_robin::RoundRobin;
pub use weighted_round_robin::WeightedRoundRobin;

use crate::about::{About, Explained};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, registry};
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

registry! {
    /// A policy that chooses a replica, as a scenario writes it.
    AnyBalancer as "balancer", each_balancer;
    /// The memory of one scope of any balancer.
    BalancerMemory = Balancer::Shared, with_balancer:
        RoundRobin, Random, WeightedRoundRobin, LeastRequest, PowerOfTwoChoices, PeakEwma, RingHash, Maglev, BoundedLoad,
}

impl AnyBalancer {
    /// See [`Balancer::fresh`].
    pub fn fresh(&self, fleet: &Fleet<'_>, draw: Draw) -> BalancerMemory {
        with_balancer!(make self, balancer => balancer.fresh(fleet, draw))
    }

    /// See [`Balancer::pick`].
    pub fn pick(&self, memory: &mut BalancerMemory, choice: &Choice<'_>) -> u32 {
        with_balancer!(self, memory, balancer, shared => balancer.pick(shared, choice))
    }

    /// See [`Balancer::sent`].
    pub fn sent(&self, memory: &mut BalancerMemory, replica: u32, now: SimTime) {
        with_balancer!(self, memory, balancer, shared => balancer.sent(shared, replica, now));
    }

    /// See [`Balancer::ended`].
    pub fn ended(&self, memory: &mut BalancerMemory, replica: u32, took: SimDuration, outcome: Option<Outcome>, now: SimTime) {
        with_balancer!(self, memory, balancer, shared => balancer.ended(shared, replica, took, outcome, now));
    }

    /// See [`Balancer::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_balancer!(self, balancer => balancer.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_balancer!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}
