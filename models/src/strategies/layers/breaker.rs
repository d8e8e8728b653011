//! Breaker: a layer that asks a circuit breaker before it lets a flight inside begin.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::breaker::{Admission, AnyBreaker, BreakerMemory, Lever, Stamp, State, Tried};
use crate::strategies::{End, Moment, Scope, Shift, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Lets what is inside begin only as a circuit breaker says, and fails at once with `breaker open` otherwise. A flight given up by a
/// layer further out is to the breaker what the product makes of a cancelled call; mostly nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breaker(
    /// Which.
    pub AnyBreaker,
);

/// The memory of a scope.
#[derive(Clone, Debug)]
pub struct Guarded {
    memory: Box<BreakerMemory>,
    /// The state that was last seen: a change is a line in the trace.
    seen: State,
}

/// What a flight knows of its admission.
#[derive(Clone, Copy, Debug, Default)]
pub struct Admitted {
    stamp: Option<Stamp>,
    since: SimTime,
}

impl Registered for Breaker {
    const NAME: &'static str = "Breaker";
    const SUMMARY: &'static str = "asks a circuit breaker whether the callee should be tried at all";
}

impl Explained for Breaker {
    const ABOUT: About = About {
        meaning: "Asks a circuit breaker whether the callee should be tried at all. Spares a callee that fails, and its callers the \
                  wait.",
        formula: "A flight that the breaker lets pass goes on inside, and its end is told to the breaker; the others fail at once with \
                  breaker open. One that is given up further out is what the product makes of a cancelled call. EmergencyLever may force \
                  it open or disable it. Draws only where the breaker does.",
        parameters: &[parameter("(one value)", "a breaker", "required", "which (stormglass list breakers)")],
        memory: "What the breaker remembers, per scope.",
        source: "see the breakers.",
        example: "Breaker(ConsecutiveFailures(failures: 5, open_for: \"10s\"))",
    };
}

impl Breaker {
    /// Notes a change of state since the last look.
    fn look(&self, shared: &mut Guarded, moment: &mut Moment<'_>) {
        let state = self.0.state(&mut shared.memory, moment.now);
        if state != shared.seen {
            shared.seen = state;
            moment.notes.shift(Shift::Breaker(state));
        }
    }
}

impl Strategy for Breaker {
    type Flight = Admitted;
    type Shared = Guarded;

    fn scope(&self) -> Option<Scope> {
        Some(self.0.scope())
    }

    fn flight(&self) -> Admitted {
        Admitted::default()
    }

    fn fresh(&self, site: &Site<'_>) -> Guarded {
        Guarded { memory: Box::new(self.0.fresh(site.now)), seen: State::Closed }
    }

    fn start(&self, flight: &mut Admitted, shared: &mut Guarded, moment: &mut Moment<'_>) -> Step {
        match moment.site.lever {
            Some(Lever::ForcedOpen) => return Step::End(Outcome::Failed(Failure::BreakerOpen)),
            Some(Lever::Disabled) => return Step::Inner { wake: None },
            None => {}
        }
        // A timer of the breaker that was due meanwhile is seen apart from what the admission does.
        self.look(shared, moment);
        let admission = self.0.admit(&mut shared.memory, &moment.site.luck, moment.now);
        self.look(shared, moment);
        match admission {
            Admission::Admitted(stamp) => {
                *flight = Admitted { stamp: Some(stamp), since: moment.now };
                Step::Inner { wake: None }
            }
            Admission::Rejected => Step::End(Outcome::Failed(Failure::BreakerOpen)),
        }
    }

    fn inner_ended(&self, flight: &mut Admitted, shared: &mut Guarded, end: End, moment: &mut Moment<'_>) -> Step {
        if let Some(stamp) = flight.stamp.take() {
            self.look(shared, moment);
            let took = moment.now.saturating_since(flight.since);
            let tried = Tried { stamp, verdict: self.0.verdict(end.outcome), took };
            self.0.ended(&mut shared.memory, &tried, &moment.site.luck, moment.now);
            self.look(shared, moment);
        }
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut Admitted, _shared: &mut Guarded, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a breaker sets no timer")
    }

    fn given_up(&self, flight: &mut Admitted, shared: &mut Guarded, moment: &mut Moment<'_>) {
        if let Some(stamp) = flight.stamp.take() {
            self.0.given_up(&mut shared.memory, stamp, &moment.site.luck, moment.now);
            self.look(shared, moment);
        }
    }

    fn gauges(&self, shared: &mut Guarded, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        let state = match site.lever {
            Some(Lever::ForcedOpen) => State::Open,
            Some(Lever::Disabled) => State::Closed,
            None => self.0.state(&mut shared.memory, site.now),
        };
        show("share of breakers open", f64::from(u8::from(state == State::Open)));
        show("share of breakers half open", f64::from(u8::from(state == State::HalfOpen)));
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.check()
    }
}
