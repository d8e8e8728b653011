//! Who is let in at the door of a service? Admission controls, one file each.
//!
//! They are asked in the order in which the scenario names them, before anything else is done for a request: the first that turns it
//! away decides. Each replica has its own memory of them, gone when its life ends. Health checks pass unseen.

mod dagor;
mod health_throttle;
mod rate_limit;
mod shedding;

pub use dagor::{Dagor, Levels, USER_LEVELS, level};
pub use health_throttle::HealthThrottle;
pub use rate_limit::{Buckets, RateLimit};
pub use shedding::{Load, Shedding};

use crate::about::{About, Explained};
use crate::outcome::Outcome;
use crate::registry::{Complaint, Registered, registry};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use std::fmt::Debug;

/// What an admission control may know of a request and of the replica that it has come to.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The client on whose behalf it is, by its number among all clients.
    pub client: u32,
    /// The node that called: a replica of a service, or a whole population.
    pub caller: u32,
    /// The edge it came over.
    pub edge: u32,
    /// The name of its class; empty if it has none.
    pub class: &'a str,
    /// How important its class is: 0 is the most important.
    pub priority: u8,
    /// The one random number that belongs to this question.
    pub draw: Draw,
    /// Workers that are busy or held, and workers in all.
    pub workers: (u32, u32),
}

/// The answer of an admission control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may come in.
    Admitted,
    /// It is answered with `throttled`, and perhaps told when to come again.
    Throttled(Option<SimDuration>),
    /// It is answered with `overload`.
    Refused,
    /// Somebody is to be sent away with `overload`: of those that wait and this one, somebody of the least important class.
    SomebodyGoes,
}

/// Something that decides at the door of a replica whether a request is let in.
pub trait Admission: Explained {
    /// What it remembers. Bounded: its documentation says by what.
    type Memory: Clone + Debug + Send;
    /// The memory at the first request.
    fn fresh(&self, now: SimTime) -> Self::Memory;
    /// A request has come.
    fn ask(&self, memory: &mut Self::Memory, visitor: &Visitor<'_>, now: SimTime) -> Answer;
    /// A worker took a request that had waited so long; one that found a free worker has not waited.
    fn begun(&self, _memory: &mut Self::Memory, _waited: SimDuration, _now: SimTime) {}
    /// A request that had been let in at `since` was answered, or given up.
    fn ended(&self, _memory: &mut Self::Memory, _since: SimTime, _outcome: Option<Outcome>, _now: SimTime) {}
    /// Up to which level requests are let in, if callers are told.
    fn cut(&self, _memory: &Self::Memory) -> Option<u16> {
        None
    }
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

registry! {
    /// An admission control, as a scenario writes it.
    AnyAdmission as "admission", each_admission;
    /// The memory of any admission control.
    AdmissionMemory = Admission::Memory, with_admission: RateLimit, HealthThrottle, Shedding, Dagor,
}

impl AnyAdmission {
    /// See [`Admission::fresh`].
    pub fn fresh(&self, now: SimTime) -> AdmissionMemory {
        with_admission!(make self, control => control.fresh(now))
    }

    /// See [`Admission::ask`].
    pub fn ask(&self, memory: &mut AdmissionMemory, visitor: &Visitor<'_>, now: SimTime) -> Answer {
        with_admission!(self, memory, control, kept => control.ask(kept, visitor, now))
    }

    /// See [`Admission::begun`].
    pub fn begun(&self, memory: &mut AdmissionMemory, waited: SimDuration, now: SimTime) {
        with_admission!(self, memory, control, kept => control.begun(kept, waited, now));
    }

    /// See [`Admission::ended`].
    pub fn ended(&self, memory: &mut AdmissionMemory, since: SimTime, outcome: Option<Outcome>, now: SimTime) {
        with_admission!(self, memory, control, kept => control.ended(kept, since, outcome, now));
    }

    /// See [`Admission::cut`].
    pub fn cut(&self, memory: &AdmissionMemory) -> Option<u16> {
        with_admission!(self, memory, control, kept => control.cut(kept))
    }

    /// For how long callers go by the cut that they were told last, if they are told.
    pub const fn cut_is_kept_for(&self) -> Option<SimDuration> {
        match self {
            Self::Dagor(dagor) => Some(dagor.forgotten_after),
            _ => None,
        }
    }

    /// Classes that it names, with the field in which it does.
    pub fn classes(&self) -> Vec<(&'static str, &String)> {
        match self {
            Self::Shedding(shedding) => {
                let by_load = shedding.utilisation.keys().map(|class| ("utilisation", class));
                by_load.chain(shedding.queue_wait.keys().map(|class| ("queue_wait", class))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// See [`Admission::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_admission!(self, control => control.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_admission!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}
