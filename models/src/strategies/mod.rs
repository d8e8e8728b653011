//! What may stand between a caller and the link? One folder per family, one file per strategy.
//!
//! A strategy is a small state machine over the events of a call: it is started, a flight inside it ends, its timer is
//! due. It answers with a [`Step`] and never sees the network. Its state has three lifetimes: the configuration (the
//! struct a scenario writes), what is shared within a scope ([`Strategy::Shared`]: budgets, breakers), and what belongs to one
//! flight of one call ([`Strategy::Flight`]).

pub mod backoff;
pub mod balance;
pub mod breaker;
pub mod budget;
pub mod bulkhead;
pub mod cache;
pub mod concurrency;
pub mod ejection;
mod families;
mod gate;
pub mod health;
pub mod hedge;
pub mod latencies;
mod layers;
pub mod limiter;
pub mod patience;
pub mod profiles;
mod strategy;
pub mod throttle;
mod worst_case;

pub use cache::{Cache, Coalesce};
pub use families::{Family, families};
pub use gate::{Gate, Pass};
pub use layers::{
    Attempts, Balance, Breaker, Bulkhead, ConcurrencyLimit, Deadline, External, ExternalBackoff, ExternalLayer, Fallback, Hedge, Makeshift,
    Named, RateLimiter, Retry, Throttle, Timeout, Vocabulary, Words,
};
pub use profiles::{AwsRetry, EnvoyRetry, GrpcRetry};
pub(crate) use strategy::root_of;
pub use strategy::{End, Luck, Moment, Notes, Scope, Shift, ShiftAt, Site, Step, Strategy, Ticket};
pub use worst_case::WorstCase;

use crate::about::{About, Explained};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, registry};
use health::{AnyHealthCheck, Check};
use sim_core::time::SimTime;

/// Turns the list of layers into what RON reads, what each remembers, and the one place that asks them.
macro_rules! layers {
    ($($name:ident),+ $(,)?) => {
        registry! {
            /// A layer of a stack, as a scenario writes it.
            Layer as "layer", each_layer: $($name),+
        }

        /// What any layer remembers of one flight.
        #[derive(Clone, Debug, Default)]
        pub enum FlightMemory {
            /// Nothing: an attempt on the wire is of no layer, and some layers have nothing to remember.
            #[default]
            Nothing,
            $(
                #[doc = concat!("Of a [`", stringify!($name), "`].")]
                $name(<$name as Strategy>::Flight),
            )+
        }

        /// What any layer remembers for a scope.
        #[derive(Clone, Debug)]
        pub enum SharedMemory {
            $(
                #[doc = concat!("Of a [`", stringify!($name), "`].")]
                $name(<$name as Strategy>::Shared),
            )+
        }

        impl Layer {
            /// The memory of a new flight.
            pub fn new_flight(&self) -> FlightMemory {
                match self {
                    $(Self::$name(layer) => FlightMemory::$name(Strategy::flight(layer)),)+
                }
            }

            /// The memory of a new scope.
            pub fn fresh(&self, site: &Site<'_>) -> SharedMemory {
                match self {
                    $(Self::$name(layer) => SharedMemory::$name(Strategy::fresh(layer, site)),)+
                }
            }

            /// Asks the layer what to do.
            pub fn ask(&self, cause: Cause, flight: &mut FlightMemory, shared: &mut SharedMemory, moment: &mut Moment<'_>) -> Step {
                match (self, flight, shared) {
                    $((Self::$name(layer), FlightMemory::$name(flight), SharedMemory::$name(shared)) => {
                        put(layer, cause, flight, shared, moment)
                    })+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::given_up`].
            pub fn given_up(&self, flight: &mut FlightMemory, shared: &mut SharedMemory, moment: &mut Moment<'_>) {
                match (self, flight, shared) {
                    $((Self::$name(layer), FlightMemory::$name(flight), SharedMemory::$name(shared)) => {
                        layer.given_up(flight, shared, moment);
                    })+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::refreshed`].
            pub fn refreshed(&self, shared: &mut SharedMemory, object: u64, outcome: Outcome, now: SimTime) {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.refreshed(shared, object, outcome, now),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::checked`].
            pub fn checked(&self, shared: &mut SharedMemory, check: &Check, site: &Site<'_>, notes: &mut Notes) -> SimTime {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.checked(shared, check, site, notes),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::flush`].
            pub fn flush(&self, shared: &mut SharedMemory) {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.flush(shared),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::take`].
            pub fn take(&self, shared: &mut SharedMemory, taken: u32, now: SimTime) -> Vec<Ticket> {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.take(shared, taken, now),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::dies`].
            pub fn dies(&self, shared: &mut SharedMemory) -> bool {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.dies(shared),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::counted`].
            pub fn counted(&self, shared: &SharedMemory, count: &mut dyn FnMut(&'static str, u64)) {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.counted(shared, count),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }

            /// See [`Strategy::gauges`].
            pub fn gauges(&self, shared: &mut SharedMemory, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
                match (self, shared) {
                    $((Self::$name(layer), SharedMemory::$name(shared)) => layer.gauges(shared, site, show),)+
                    _ => unreachable!("a layer's memory is made by the layer"),
                }
            }
        }
    };
}

layers! {
    Deadline, Timeout, Retry, GrpcRetry, EnvoyRetry, AwsRetry, Hedge, Breaker, Bulkhead, ConcurrencyLimit, RateLimiter, Throttle, Balance,
    Fallback, Cache, Coalesce, External,
}

/// Why a layer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its flight is started.
    Start,
    /// A flight inside ended.
    InnerEnded(End),
    /// Its timer is due.
    Timer,
    /// What it waited for in a queue is granted.
    Granted,
}

#[inline(always)]
fn put<S: Strategy>(layer: &S, cause: Cause, flight: &mut S::Flight, shared: &mut S::Shared, moment: &mut Moment<'_>) -> Step {
    match cause {
        Cause::Start => layer.start(flight, shared, moment),
        Cause::InnerEnded(end) => layer.inner_ended(flight, shared, end, moment),
        Cause::Timer => layer.timer(flight, shared, moment),
        Cause::Granted => layer.granted(flight, shared, moment),
    }
}

impl Layer {
    /// Whether it may turn a call back at the instant at which it comes.
    pub const fn turns_back(&self) -> bool {
        match self {
            Self::Breaker(_) | Self::Bulkhead(_) | Self::ConcurrencyLimit(_) | Self::RateLimiter(_) | Self::Throttle(_) => true,
            Self::Balance(_) | Self::External(_) => true,
            Self::Deadline(_) | Self::Timeout(_) | Self::Retry(_) | Self::GrpcRetry(_) | Self::EnvoyRetry(_) | Self::AwsRetry(_) => false,
            Self::Hedge(_) | Self::Fallback(_) | Self::Cache(_) | Self::Coalesce(_) => false,
        }
    }

    /// What the layer does, if it remembers nothing, says nothing beside its step and needs to know nothing but the time: then
    /// nothing has to be looked up for it. Asked before [`ask`](Self::ask), which answers the same.
    #[inline(always)]
    pub fn at_once(&self, cause: Cause, now: SimTime) -> Option<Step> {
        match self {
            Self::Timeout(layer) => Some(layer.at_once(cause, now)),
            _ => None,
        }
    }

    /// Whether it answers the end of what is inside with the same outcome, whatever that is and whenever it comes.
    pub const fn passes_outcomes(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }

    /// Whether it has something at its first use that a process which starts again lacks.
    pub const fn begins_full(&self) -> bool {
        match self {
            Self::Cache(cache) => cache.hit_ratio.is_some(),
            _ => false,
        }
    }

    /// Name, summary and explanation of every layer, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_layer!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }

    /// Finds the strategies from outside that the layer names.
    pub fn look_up(&mut self, vocabulary: &Vocabulary) {
        match self {
            Self::External(layer) => layer.look_up(vocabulary),
            Self::Retry(layer) => layer.look_up(vocabulary),
            _ => {}
        }
    }

    /// See [`Strategy::scope`].
    pub fn scope(&self) -> Option<Scope> {
        each_layer!(self, layer => Strategy::scope(layer))
    }

    /// See [`Strategy::health`].
    pub fn health(&self) -> Option<&AnyHealthCheck> {
        each_layer!(self, layer => layer.health())
    }

    /// See [`Strategy::connections`].
    pub fn connections(&self) -> Option<u32> {
        each_layer!(self, layer => layer.connections())
    }

    /// See [`Strategy::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_layer!(self, layer => Strategy::check(layer))
    }

    /// See [`Strategy::check_on`].
    pub fn check_on(&self, replicas: u32) -> Vec<Complaint> {
        each_layer!(self, layer => layer.check_on(replicas))
    }

    /// See [`Strategy::pool`].
    pub fn pool(&self) -> Option<&str> {
        each_layer!(self, layer => layer.pool())
    }

    /// See [`Strategy::elsewhere`].
    pub fn elsewhere(&self) -> Option<&str> {
        each_layer!(self, layer => layer.elsewhere())
    }
}
