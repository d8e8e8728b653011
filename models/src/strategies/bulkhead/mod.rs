//! How many calls may one callee take up? Bulkheads: fixed limits on calls under way, one file per product.
//!
//! A call enters with a ticket of its caller's choosing, and is let in, told to wait, or turned away; a ticket that waits is let in when
//! another leaves. Who has been let in is told by [`Bulkhead::leave`]. Places may be taken by somebody else for a while, as the connections of a
//! pool are by a leak; whoever has been let in stays.

mod hystrix_semaphore;
mod semaphore;
mod thread_pool;

pub use hystrix_semaphore::HystrixSemaphore;
pub use semaphore::Semaphore;
pub use thread_pool::ThreadPool;

use super::{Scope, Ticket};
use crate::about::{About, Explained};
use crate::registry::{Complaint, Registered, registry};
use sim_core::time::SimTime;
use std::fmt::Debug;

/// A fixed limit on calls under way.
pub trait Bulkhead: Explained {
    /// What it remembers for all calls of a scope: a few numbers, and the tickets that wait.
    type Shared: Clone + Debug + Send;
    /// The memory of a scope at its first use.
    fn fresh(&self, now: SimTime) -> Self::Shared;
    /// A call asks to be let in.
    fn enter(&self, shared: &mut Self::Shared, ticket: Ticket, now: SimTime) -> Entry;
    /// A call that had been let in ended, or was given up. Says whose turn it is then.
    fn leave(&self, shared: &mut Self::Shared, now: SimTime) -> Option<Ticket>;
    /// A call that waits no longer does: its time is up, or its caller has gone. Says whether it had still been waiting.
    fn give_up(&self, shared: &mut Self::Shared, ticket: Ticket) -> bool;
    /// From now on somebody else holds so many of its places, all of them at most, and each as soon as it is free. Says whose turn it is
    /// because there are fewer than before, the first first.
    fn take(&self, shared: &mut Self::Shared, taken: u32, now: SimTime) -> Vec<Ticket>;
    /// How many it lets in at once, if nobody else holds a place.
    fn places(&self) -> u32;
    /// How many are let in, and how many wait.
    fn occupied(&self, shared: &Self::Shared) -> (u32, u32);
    /// By whom it is shared.
    fn scope(&self) -> Scope;
    /// The name under which edges of one caller share it, if they do.
    fn pool(&self) -> Option<&str> {
        None
    }
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// The answer of a bulkhead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Go ahead.
    Admitted,
    /// Wait for your turn; if it has not come by this instant, give up.
    Waiting(Option<SimTime>),
    /// Turned away.
    Rejected,
}

registry! {
    /// A fixed limit on calls under way, as a scenario writes it.
    AnyBulkhead as "bulkhead", each_bulkhead;
    /// The memory of one scope of any bulkhead.
    BulkheadMemory = Bulkhead::Shared, with_bulkhead: Semaphore, ThreadPool, HystrixSemaphore,
}

impl AnyBulkhead {
    /// See [`Bulkhead::fresh`].
    pub fn fresh(&self, now: SimTime) -> BulkheadMemory {
        with_bulkhead!(make self, bulkhead => bulkhead.fresh(now))
    }

    /// See [`Bulkhead::enter`].
    pub fn enter(&self, memory: &mut BulkheadMemory, ticket: Ticket, now: SimTime) -> Entry {
        with_bulkhead!(self, memory, bulkhead, shared => bulkhead.enter(shared, ticket, now))
    }

    /// See [`Bulkhead::leave`].
    pub fn leave(&self, memory: &mut BulkheadMemory, now: SimTime) -> Option<Ticket> {
        with_bulkhead!(self, memory, bulkhead, shared => bulkhead.leave(shared, now))
    }

    /// See [`Bulkhead::give_up`].
    pub fn give_up(&self, memory: &mut BulkheadMemory, ticket: Ticket) -> bool {
        with_bulkhead!(self, memory, bulkhead, shared => bulkhead.give_up(shared, ticket))
    }

    /// See [`Bulkhead::take`].
    pub fn take(&self, memory: &mut BulkheadMemory, taken: u32, now: SimTime) -> Vec<Ticket> {
        with_bulkhead!(self, memory, bulkhead, shared => bulkhead.take(shared, taken, now))
    }

    /// See [`Bulkhead::places`].
    pub fn places(&self) -> u32 {
        each_bulkhead!(self, bulkhead => bulkhead.places())
    }

    /// See [`Bulkhead::occupied`].
    pub fn occupied(&self, memory: &BulkheadMemory) -> (u32, u32) {
        with_bulkhead!(self, memory, bulkhead, shared => bulkhead.occupied(shared))
    }

    /// See [`Bulkhead::scope`].
    pub fn scope(&self) -> Scope {
        each_bulkhead!(self, bulkhead => bulkhead.scope())
    }

    /// See [`Bulkhead::pool`].
    pub fn pool(&self) -> Option<&str> {
        each_bulkhead!(self, bulkhead => bulkhead.pool())
    }

    /// See [`Bulkhead::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_bulkhead!(self, bulkhead => bulkhead.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_bulkhead!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

/// By whom a bulkhead is shared, unless said.
const fn process() -> Scope {
    Scope::Process
}
