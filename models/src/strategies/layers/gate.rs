//! What have the layers in common that let a flight pass, make it wait, or turn it back?

use crate::outcome::{Failure, Outcome};
use crate::strategies::{Pass, Step};
use sim_core::time::SimTime;

/// How far a flight has come at a gate.
#[derive(Clone, Copy, Debug, Default)]
pub enum AtGate {
    /// It has not asked, or is over.
    #[default]
    Outside,
    /// It has a place, and passes when its time comes.
    Waiting,
    /// It was turned back, and hears of it when its time comes.
    TurnedBack,
    /// It has passed.
    Inside(SimTime),
}

impl AtGate {
    /// What comes of the answer of a gate.
    pub(super) fn answered(&mut self, pass: Pass, now: SimTime) -> Step {
        let (state, step) = match pass {
            Pass::Now => (Self::Inside(now), Step::Inner { wake: None }),
            Pass::After(wait) if wait.is_zero() => (Self::Inside(now), Step::Inner { wake: None }),
            Pass::After(wait) => (Self::Waiting, Step::Wait(now.saturating_add(wait))),
            Pass::Refused(wait) if wait.is_zero() => (Self::Outside, Step::End(Outcome::Failed(Failure::Limited))),
            Pass::Refused(wait) => (Self::TurnedBack, Step::Wait(now.saturating_add(wait))),
        };
        *self = state;
        step
    }

    /// Its time has come.
    pub(super) fn due(&mut self, now: SimTime) -> Step {
        match self {
            Self::Waiting => {
                *self = Self::Inside(now);
                Step::Inner { wake: None }
            }
            Self::Outside | Self::TurnedBack | Self::Inside(_) => {
                *self = Self::Outside;
                Step::End(Outcome::Failed(Failure::Limited))
            }
        }
    }

    /// It is over: when it had passed, if it had.
    pub(super) fn leave(&mut self) -> Option<SimTime> {
        match std::mem::take(self) {
            Self::Inside(since) => Some(since),
            Self::Outside | Self::Waiting | Self::TurnedBack => None,
        }
    }
}

/// The behaviour of a layer that asks a family of gates: `$memory` is the family's memory.
macro_rules! gate_layer {
    ($name:ident, $memory:ty) => {
        impl Strategy for $name {
            type Flight = AtGate;
            type Shared = Box<$memory>;

            fn scope(&self) -> Option<Scope> {
                Some(self.0.scope())
            }

            fn flight(&self) -> AtGate {
                AtGate::default()
            }

            fn fresh(&self, site: &Site<'_>) -> Self::Shared {
                Box::new(self.0.fresh(site.now))
            }

            fn start(&self, flight: &mut AtGate, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
                let pass = self.0.ask(shared, moment.draw(), moment.now);
                flight.answered(pass, moment.now)
            }

            fn inner_ended(&self, flight: &mut AtGate, shared: &mut Self::Shared, end: End, moment: &mut Moment<'_>) -> Step {
                if let Some(since) = flight.leave() {
                    self.0.ended(shared, since, Some(end.outcome), end.hint, moment.now);
                }
                Step::End(end.outcome)
            }

            fn timer(&self, flight: &mut AtGate, _shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
                flight.due(moment.now)
            }

            fn given_up(&self, flight: &mut AtGate, shared: &mut Self::Shared, moment: &mut Moment<'_>) {
                if let Some(since) = flight.leave() {
                    self.0.ended(shared, since, None, None, moment.now);
                }
            }

            fn gauges(&self, shared: &mut Self::Shared, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
                let (name, value) = self.0.gauge(shared, site.now);
                show(name, value);
            }

            fn check(&self) -> Vec<Complaint> {
                self.0.check()
            }
        }
    };
}
pub(super) use gate_layer;
