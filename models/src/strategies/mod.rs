//! What may stand between a caller and the link? One folder per family, one file per strategy.
//!
//! A strategy is a small state machine over the events of a call: it is started, a flight inside it ends, its timer is
//! due. It answers with a [`Step`] and never sees the network. Its state has three lifetimes: the configuration (the
//! struct a scenario writes), what is shared within a scope ([`Strategy::Shared`]: budgets), and what belongs to one flight
//! of one call ([`Strategy::Flight`]).

pub mod backoff;
pub mod balance;
pub mod breaker;
pub mod budget;
pub mod bulkhead;
pub mod cache;
pub mod concurrency;
mod deadline;
pub mod ejection;
mod gate;
pub mod health;
pub mod hedge;
pub mod latencies;
mod retry;
mod timeout;

pub use deadline::Deadline;
pub use gate::{Gate, Pass};
pub use retry::{Attempts, Retry};
pub use timeout::Timeout;

use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, registry};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Draws, Key, Seed};
use sim_core::time::SimTime;

/// One layer of a stack.
pub trait Strategy: Registered {
    /// What the layer remembers of one flight; dropped with the call.
    type Flight: Clone + Default + Send;
    /// What the layer remembers for all calls of a scope; made on first use.
    type Shared: Clone + Send;
    /// The shared memory of a scope at its first use.
    fn fresh(&self) -> Self::Shared;
    /// A flight of this layer is started.
    fn start(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, moment: &Moment<'_>) -> Step;
    /// A flight inside ended, and this layer still waited for it.
    fn inner_ended(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, outcome: Outcome, moment: &Moment<'_>) -> Step;
    /// The timer of the flight is due.
    fn timer(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, moment: &Moment<'_>) -> Step;
    /// A result came for a flight that had been given up. Most layers do not care.
    fn late(&self, _shared: &mut Self::Shared, _outcome: Outcome, _moment: &Moment<'_>) {}
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a layer wants to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start a flight inside; wake the layer at this instant, if given.
    Inner {
        /// When the layer's timer is due.
        wake: Option<SimTime>,
    },
    /// Wake the layer at this instant.
    Wait(SimTime),
    /// The flight ends with this outcome; what is still open inside is abandoned.
    End(Outcome),
}

/// What a layer may know when it is asked.
pub struct Moment<'a> {
    /// The present instant.
    pub now: SimTime,
    /// When the call was started.
    pub call_started: SimTime,
    /// How many attempts the call has put on the wire.
    pub attempts: u32,
    /// The key of the call.
    pub key: Key,
    /// The seed of the run.
    pub seed: &'a Seed,
}

impl Moment<'_> {
    /// The draws of the attempt that would be put on the wire next: the wait before a retry is read from them.
    pub fn next_attempt(&self) -> Draws {
        self.seed.draws(self.key, self.attempts + 1)
    }
}

/// Where what is shared within a scope takes its random numbers from: the how-manieth that it takes names each of them.
#[derive(Clone, Copy, Debug)]
pub struct Luck<'a> {
    /// The seed of the run.
    pub seed: &'a Seed,
    /// The key of the edge, the layer and the scope.
    pub key: Key,
}

impl Luck<'_> {
    /// The random number with this ordinal: the same whenever, and by whichever call, it is taken.
    pub fn nth(&self, ordinal: u64) -> Draw {
        self.seed.draws(self.key.child(ordinal / 8), 0).numbered((ordinal % 8) as usize)
    }
}

/// By whom shared state is shared: sharing a budget among 1 or 1000 clients changes the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Each client has its own; for calls made by a service, each of its replicas.
    Client,
    /// All calls made from one process: a whole client population, or one replica of a service.
    Process,
    /// All calls over the edge, from all replicas.
    Edge,
    /// All calls of a process to one replica of the callee; only inside a layer that chooses the replica.
    Endpoint,
}

registry! {
    /// A layer of a stack, as a scenario writes it.
    Layer as "layer", each_layer: Deadline, Retry, Timeout,
}

/// What any layer remembers of one flight.
#[derive(Clone, Debug, Default)]
pub enum FlightMemory {
    /// Nothing: deadlines and timeouts.
    #[default]
    Nothing,
    /// Of a [`Retry`].
    Retry(<Retry as Strategy>::Flight),
}

/// What any layer remembers for a scope.
#[derive(Clone, Debug)]
pub enum SharedMemory {
    /// Nothing: deadlines and timeouts.
    Nothing,
    /// Of a [`Retry`].
    Retry(<Retry as Strategy>::Shared),
}

/// Why a layer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its flight is started.
    Start,
    /// A flight inside ended.
    InnerEnded(Outcome),
    /// Its timer is due.
    Timer,
}

impl Layer {
    /// The memory of a new flight.
    pub fn new_flight(&self) -> FlightMemory {
        match self {
            Self::Deadline(_) | Self::Timeout(_) => FlightMemory::Nothing,
            Self::Retry(_) => FlightMemory::Retry(Default::default()),
        }
    }

    /// The memory of a new scope.
    pub fn fresh(&self) -> SharedMemory {
        match self {
            Self::Deadline(_) | Self::Timeout(_) => SharedMemory::Nothing,
            Self::Retry(retry) => SharedMemory::Retry(retry.fresh()),
        }
    }

    /// Whether the layer remembers anything for a scope.
    pub const fn shares(&self) -> bool {
        match self {
            Self::Deadline(_) | Self::Timeout(_) => false,
            Self::Retry(_) => true,
        }
    }

    /// By whom the shared memory is shared, if there is any worth sharing.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::Deadline(_) | Self::Timeout(_) => None,
            Self::Retry(retry) => retry.budget.as_ref().map(|budget| budget.scope()),
        }
    }

    /// Asks the layer what to do.
    pub fn ask(&self, cause: Cause, flight: &mut FlightMemory, shared: &mut SharedMemory, moment: &Moment<'_>) -> Step {
        fn put<S: Strategy>(layer: &S, cause: Cause, flight: &mut S::Flight, shared: &mut S::Shared, moment: &Moment<'_>) -> Step {
            match cause {
                Cause::Start => layer.start(flight, shared, moment),
                Cause::InnerEnded(outcome) => layer.inner_ended(flight, shared, outcome, moment),
                Cause::Timer => layer.timer(flight, shared, moment),
            }
        }
        match (self, flight, shared) {
            (Self::Deadline(layer), ..) => put(layer, cause, &mut (), &mut (), moment),
            (Self::Timeout(layer), ..) => put(layer, cause, &mut (), &mut (), moment),
            (Self::Retry(layer), FlightMemory::Retry(flight), SharedMemory::Retry(shared)) => put(layer, cause, flight, shared, moment),
            (Self::Retry(_), ..) => unreachable!("a layer's memory is made by the layer"),
        }
    }

    /// Offers a late result to the layer.
    pub fn offer_late(&self, outcome: Outcome, shared: &mut SharedMemory, moment: &Moment<'_>) {
        if let (Self::Retry(layer), SharedMemory::Retry(shared)) = (self, shared) {
            layer.late(shared, outcome, moment);
        }
    }

    /// See [`Strategy::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_layer!(self, layer => layer.check())
    }
}
