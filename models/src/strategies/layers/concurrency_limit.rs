//! ConcurrencyLimit: a layer whose limit on calls under way finds its own level.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::concurrency::{AnyConcurrency, ConcurrencyMemory, Sample};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Lets only so many flights inside be under way at once as a limit allows that follows what they experience; the others fail at once with
/// `limited`. A success is a sample of the time it took; a timeout, an overload, a throttled or a given-up call is a drop; any other
/// failure says nothing about the load, and is no sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurrencyLimit(
    /// Which.
    pub AnyConcurrency,
);

/// The memory of a scope.
#[derive(Clone, Debug)]
pub struct Limited {
    memory: Box<ConcurrencyMemory>,
    /// How many are under way.
    inflight: u32,
}

/// What a flight that was let in knows: when, and how many were then under way.
pub type LetIn = Option<(SimTime, u32)>;

impl Registered for ConcurrencyLimit {
    const NAME: &'static str = "ConcurrencyLimit";
    const SUMMARY: &'static str = "lets as many calls be under way at once as an adaptive limit allows";
}

impl Explained for ConcurrencyLimit {
    const ABOUT: About = About {
        meaning: "Lets as many calls be under way at once as a limit allows that follows what they experience: a bulkhead that nobody \
                  has to tune.",
        formula: "A flight goes on if fewer than the limit are under way, and fails at once with limited otherwise. A success is a \
                  sample of the time it took; a timeout, deadline, overload, throttled or given-up call is a drop; other failures are no \
                  samples. Draws only where the limit does.",
        parameters: &[parameter("(one value)", "a concurrency limit", "required", "which (stormglass list concurrency-limits)")],
        memory: "What the limit remembers, per scope, and 24 bytes per call under way.",
        source: "see the concurrency limits.",
        example: "ConcurrencyLimit(Gradient2(max_concurrency: 500))",
    };
}

impl ConcurrencyLimit {
    fn leave(&self, flight: &mut LetIn, shared: &mut Limited, is_dropped: Option<bool>, moment: &Moment<'_>) {
        let Some((since, inflight)) = flight.take() else { return };
        shared.inflight -= 1;
        if let Some(is_dropped) = is_dropped {
            let sample = Sample { since, rtt: moment.now.saturating_since(since), inflight, is_dropped };
            self.0.sample(&mut shared.memory, &sample, &moment.site.luck, moment.now);
        }
    }
}

impl Strategy for ConcurrencyLimit {
    type Flight = LetIn;
    type Shared = Limited;

    fn scope(&self) -> Option<Scope> {
        Some(self.0.scope())
    }

    fn flight(&self) -> LetIn {
        None
    }

    fn fresh(&self, site: &Site<'_>) -> Limited {
        Limited { memory: Box::new(self.0.fresh(&site.luck, site.now)), inflight: 0 }
    }

    fn start(&self, flight: &mut LetIn, shared: &mut Limited, moment: &mut Moment<'_>) -> Step {
        if shared.inflight >= self.0.limit(&mut shared.memory, &moment.site.luck, moment.now) {
            return Step::End(Outcome::Failed(Failure::Limited));
        }
        shared.inflight += 1;
        *flight = Some((moment.now, shared.inflight));
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut LetIn, shared: &mut Limited, end: End, moment: &mut Moment<'_>) -> Step {
        let is_dropped = match end.outcome {
            Outcome::Success => Some(false),
            Outcome::Failed(Failure::Timeout | Failure::Deadline | Failure::Overload | Failure::Throttled) => Some(true),
            Outcome::Failed(_) => None,
        };
        self.leave(flight, shared, is_dropped, moment);
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut LetIn, _shared: &mut Limited, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a concurrency limit sets no timer")
    }

    fn given_up(&self, flight: &mut LetIn, shared: &mut Limited, moment: &mut Moment<'_>) {
        self.leave(flight, shared, Some(true), moment);
    }

    fn gauges(&self, shared: &mut Limited, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        show("concurrency limit", f64::from(self.0.limit(&mut shared.memory, &site.luck, site.now)));
        show("calls under way", f64::from(shared.inflight));
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.check()
    }
}
