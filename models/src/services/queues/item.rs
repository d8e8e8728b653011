//! What does a queue know of those who wait in it?

use sim_core::time::SimTime;

/// One that waits for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whoever put it in knows it by this number; no two in one queue have the same.
    pub slot: u32,
    /// When it came to the queue.
    pub entered: SimTime,
    /// What it is.
    pub standing: Standing,
    /// How important its class is: 0 is the most important.
    pub priority: u8,
    /// Its class, by its number in the plan.
    pub class: u8,
    /// How many turns in a row its class has, in a queue that is fair; at least 1.
    pub weight: u32,
    /// The client on whose behalf it is, by its number among all clients.
    pub client: u32,
    /// The node that called.
    pub caller: u32,
    /// When its caller gives up, if that was told; else the end of time.
    pub deadline: SimTime,
}

/// What one that waits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A request that has not been begun: it may be refused.
    Newcomer,
    /// A request that goes on after a call downstream: it is never refused.
    Begun,
    /// Background work of the server itself: it is never refused.
    Background,
}

impl Item {
    /// Whether it may be turned away while it waits.
    pub const fn may_be_shed(&self) -> bool {
        matches!(self.standing, Standing::Newcomer)
    }
}
