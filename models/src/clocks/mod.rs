//! What time is it, as a node knows it? One file per clock.
//!
//! A node has two views of time. Its *monotonic* clock counts from the start of the run, never goes back, and is what all
//! its timers run on: drift affects it, steps do not. Its *wall* clock is the monotonic one, moved by an offset, by steps
//! and by what synchronisation corrects: it may jump in either direction. Nothing a node does depends on the true time; a
//! simulator that measures may look at both.
//!
//! Instants and rates are whole numbers (nanoseconds, parts of 10^12), so that readings are the same on every machine and
//! conversions between true and local time lose nothing (`oscillator`). What clocks are made of adds up (`parts`), and a
//! running clock (`clock`) also takes the changes that faults make for a while. Left out: oscillators that depend on
//! temperature or age, and clocks that are corrected by running faster instead of by a step.

mod bounded;
mod clock;
mod combined;
mod drift;
mod jump;
mod leap;
mod offset;
mod oscillator;
mod parts;
mod perfect;
mod random_walk;
mod strobe;
mod synchronised;
mod wall;

pub use bounded::Bounded;
pub use clock::{Awaited, Clock, ClockChange, Exchange, Reading};
pub use combined::Combined;
pub use drift::Drift;
pub use jump::Jump;
pub use leap::Leap;
pub use offset::Offset;
pub use oscillator::Oscillator;
pub use parts::{Bound, Parts, Polling, Steps, Walk};
pub(crate) use parts::{refuse_nothing, refuse_rate};
pub use perfect::Perfect;
pub use random_walk::RandomWalk;
pub use strobe::Strobe;
pub use synchronised::Synchronised;
pub use wall::WallTime;

use crate::registry::{Complaint, Registered, registry};

/// A way in which a clock is wrong, or kept right.
pub trait ClockKind: Registered {
    /// Adds what it does to what the clock is made of.
    fn add_to(&self, parts: &mut Parts);
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

registry! {
    /// A clock, as a scenario writes it.
    AnyClock as "clock", each_clock: Perfect, Offset, Drift, RandomWalk, Jump, Strobe, Leap, Synchronised, Bounded, Combined,
}

impl AnyClock {
    /// What the clock is made of.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        self.add_to(&mut parts);
        parts
    }

    /// Adds what it does to what a clock is made of.
    pub fn add_to(&self, parts: &mut Parts) {
        each_clock!(self, clock => clock.add_to(parts));
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        each_clock!(self, clock => clock.check())
    }
}
