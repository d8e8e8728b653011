//! Hedge: a layer that sends further copies of a call before the first has ended.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::budget::{Budget as _, Grpc as Throttling};
use crate::strategies::hedge::{AnyHedge, FailedCopy, HedgeMemory, HedgedCall, Orders};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Starts further flights inside beside the first, by a rule; the first success ends the call, and the others are given up. Copies that
/// are to go out at one instant go out a nanosecond after each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hedge(
    /// Which rule.
    pub AnyHedge,
);

/// The memory of a scope.
#[derive(Clone, Debug)]
pub struct Guarded {
    memory: Box<HedgeMemory>,
    /// Of gRPC's throttle, in thousandths.
    tokens: u64,
}

/// What a flight knows.
#[derive(Clone, Debug, Default)]
pub struct Hedged(Option<Box<Copies>>);

#[derive(Clone, Debug)]
struct Copies {
    call: HedgedCall,
    /// When each was sent.
    sent: Vec<SimTime>,
    /// How many are to be sent still.
    due: u32,
    /// When the rule wants to be asked.
    wake: Option<SimTime>,
}

impl Copies {
    /// Sends the next copy.
    fn send(&mut self, now: SimTime) -> Step {
        self.due -= 1;
        self.sent.push(now);
        let wake = if self.due > 0 { Some(now.saturating_add(SimDuration::NANOSECOND)) } else { self.wake };
        Step::Inner { wake }
    }

    /// Does what the rule wants.
    fn obey(&mut self, orders: Orders, now: SimTime) -> Step {
        if let Some(outcome) = orders.end {
            return Step::End(outcome);
        }
        self.due += orders.copies;
        self.wake = orders.wake;
        if self.due > 0 { self.send(now) } else { Step::Wait(self.wake.unwrap_or(SimTime::MAX)) }
    }
}

impl Registered for Hedge {
    const NAME: &'static str = "Hedge";
    const SUMMARY: &'static str = "sends further copies of a slow call; the first success counts";
}

impl Explained for Hedge {
    const ABOUT: About = About {
        meaning: "Sends further copies of a call that is slow, or that failed, before the first has ended. Buys a short tail of \
                  latencies with extra load.",
        formula: "Copy 1 goes out at once; the rule says when others do. The first success ends the flight, and the other copies are \
                  given up. Copies that are to go out at one instant go out a nanosecond after each other. No draws.",
        parameters: &[parameter("(one value)", "a hedge", "required", "which rule (stormglass list hedges)")],
        memory: "Per call under way, 8 bytes per copy; what the rule remembers of latencies and of its budget, per scope.",
        source: "see the rules.",
        example: "Hedge(AfterDelay(delay: \"50ms\"))",
    };
}

impl Hedge {
    /// The throttle of gRPC, which limits copies of all calls together.
    fn throttling(&self) -> Option<&Throttling> {
        match &self.0 {
            AnyHedge::Grpc(grpc) => grpc.retry_throttling.as_ref(),
            _ => None,
        }
    }

    /// Whether the throttle allows another copy.
    fn allows(&self, tokens: u64) -> bool {
        self.throttling().is_none_or(|throttling| throttling.is_above_half(tokens))
    }

    /// A copy ended: the throttle takes note.
    fn note(&self, tokens: &mut u64, end: End) {
        let (Some(throttling), AnyHedge::Grpc(grpc)) = (self.throttling(), &self.0) else { return };
        if end.outcome.is_success() {
            throttling.succeed(tokens);
        } else if grpc.is_worth_more(end.outcome) || end.hint == Some(Hint::Never) {
            throttling.fail(tokens);
        }
    }
}

impl Strategy for Hedge {
    type Flight = Hedged;
    type Shared = Guarded;

    fn scope(&self) -> Option<Scope> {
        self.0.scope()
    }

    fn flight(&self) -> Hedged {
        Hedged::default()
    }

    fn fresh(&self, site: &Site<'_>) -> Guarded {
        let tokens = self.throttling().map_or(0, |throttling| throttling.fresh(site.now));
        Guarded { memory: Box::new(self.0.fresh(site.now)), tokens }
    }

    fn start(&self, flight: &mut Hedged, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        let allowed = self.allows(shared.tokens);
        let (call, orders) = self.0.started(&mut shared.memory, &mut || allowed, moment.now);
        let copies = Copies { call, sent: Vec::new(), due: 1 + orders.copies, wake: orders.wake };
        flight.0.insert(Box::new(copies)).send(moment.now)
    }

    fn inner_ended(&self, flight: &mut Hedged, shared: &mut Self::Shared, end: End, moment: &mut Moment<'_>) -> Step {
        self.note(&mut shared.tokens, end);
        let allowed = self.allows(shared.tokens);
        let copies = flight.0.as_mut().expect("a flight that has copies was started");
        let copy = end.inner - 1;
        let took = moment.now.saturating_since(copies.sent[copy as usize]);
        match end.outcome {
            Outcome::Success => {
                self.0.succeeded(&mut shared.memory, &copies.call, copy, took, moment.now);
                Step::End(Outcome::Success)
            }
            outcome => {
                let failed = FailedCopy { copy, outcome, hint: end.hint, in_flight: end.open + copies.due, took };
                let orders = self.0.failed(&mut shared.memory, &mut copies.call, &failed, &mut || allowed, moment.now);
                copies.obey(orders, moment.now)
            }
        }
    }

    fn timer(&self, flight: &mut Hedged, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        let copies = flight.0.as_mut().expect("a flight that has copies was started");
        if copies.due > 0 {
            return copies.send(moment.now);
        }
        let allowed = self.allows(shared.tokens);
        let orders = self.0.due(&mut shared.memory, &mut copies.call, &mut || allowed, moment.now);
        copies.obey(orders, moment.now)
    }

    fn gauges(&self, shared: &mut Guarded, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        if let Some(throttling) = self.throttling() {
            show("retries left", throttling.left(&shared.tokens, site.now));
        }
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.check()
    }
}
