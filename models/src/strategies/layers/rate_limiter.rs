//! RateLimiter: a layer that lets so many calls pass in a time.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::limiter::{AnyLimiter, LimiterMemory};
use crate::strategies::{End, Moment, Pass, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Lets what is inside begin only at the rate of a limiter: some calls wait, and those that would wait too long fail with `limited`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimiter(
    /// Which.
    pub AnyLimiter,
);

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

impl Registered for RateLimiter {
    const NAME: &'static str = "RateLimiter";
    const SUMMARY: &'static str = "lets so many calls pass in a time; others wait or fail";
}

impl Explained for RateLimiter {
    const ABOUT: About = About {
        meaning: "Lets so many calls pass in a time, whatever becomes of them.",
        formula: "The limiter is asked when a flight begins: it passes, waits for its time, or fails with limited, at once or, where the \
                  product does so, after the wait that it was allowed. One draw per flight, which only some limiters look at.",
        parameters: &[parameter("(one value)", "a limiter", "required", "which (stormglass list limiters)")],
        memory: "What the limiter remembers, per scope.",
        source: "see the limiters.",
        example: "RateLimiter(TokenBucket(rate: \"100/s\", burst: 10))",
    };
}

impl Strategy for RateLimiter {
    type Flight = AtGate;
    type Shared = Box<LimiterMemory>;

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
