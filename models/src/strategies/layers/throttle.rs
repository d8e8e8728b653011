//! Throttle: a layer that holds calls back by what became of those before.

use super::rate_limiter::AtGate;
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered};
use crate::strategies::throttle::{AnyThrottle, ThrottleMemory};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};

/// Lets what is inside begin only as far as the callee seems to be able to bear it: the others fail with `limited`, or wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throttle(
    /// Which.
    pub AnyThrottle,
);

impl Registered for Throttle {
    const NAME: &'static str = "Throttle";
    const SUMMARY: &'static str = "turns calls back by what became of those before";
}

impl Explained for Throttle {
    const ABOUT: About = About {
        meaning: "Holds calls back by what became of those before: the more are turned away over there, the more fail here already.",
        formula: "The throttle is asked when a flight begins: it passes, waits, or fails with limited; it hears how each that passed \
                  ended, or that it was given up. One draw per flight.",
        parameters: &[parameter("(one value)", "a throttle", "required", "which (stormglass list throttles)")],
        memory: "What the throttle remembers, per scope.",
        source: "see the throttles.",
        example: "Throttle(Sre(k: 2.0))",
    };
}

impl Strategy for Throttle {
    type Flight = AtGate;
    type Shared = Box<ThrottleMemory>;

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
