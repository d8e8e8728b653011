//! Bulkhead: a layer that lets so many calls be under way at once.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::bulkhead::{AnyBulkhead, BulkheadMemory, Entry};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy, Ticket};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Lets only so many flights inside be under way at once; the others wait for their turn, or fail with `limited`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bulkhead(
    /// Which.
    pub AnyBulkhead,
);

/// How far a flight has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// It has not asked, or has left.
    #[default]
    Outside,
    /// It waits for its turn.
    Waiting,
    /// It has been let in.
    Inside,
}

impl Registered for Bulkhead {
    const NAME: &'static str = "Bulkhead";
    const SUMMARY: &'static str = "lets so many calls be under way at once; others wait for their turn or fail";
}

impl Explained for Bulkhead {
    const ABOUT: About = About {
        meaning: "Lets so many calls be under way at once, so that one slow callee cannot take up a caller whole.",
        formula: "A flight enters if there is a place; else it waits for its turn, first come first served, as long as the kind allows, \
                  or fails at once with limited. Whoever leaves, or is given up inside, hands its place to the next in the same instant. \
                  PoolExhausted may take places for a while, as a leak takes the connections of a pool. No draws.",
        parameters: &[parameter("(one value)", "a bulkhead", "required", "which (stormglass list bulkheads)")],
        memory: "What the kind remembers, per scope, and 8 bytes per call that waits.",
        source: "see the bulkheads.",
        example: "Bulkhead(Semaphore(max_concurrent_calls: 25))",
    };
}

impl Bulkhead {
    /// A flight leaves, and whose turn it is then hears of it.
    fn leave(&self, flight: &mut Place, shared: &mut BulkheadMemory, moment: &mut Moment<'_>) {
        if std::mem::take(flight) == Place::Inside
            && let Some(next) = self.0.leave(shared, moment.now)
        {
            moment.notes.grant(next);
        }
    }
}

impl Strategy for Bulkhead {
    type Flight = Place;
    type Shared = Box<BulkheadMemory>;

    fn scope(&self) -> Option<Scope> {
        Some(self.0.scope())
    }

    fn pool(&self) -> Option<&str> {
        self.0.pool()
    }

    fn flight(&self) -> Place {
        Place::default()
    }

    fn fresh(&self, site: &Site<'_>) -> Self::Shared {
        Box::new(self.0.fresh(site.now))
    }

    fn start(&self, flight: &mut Place, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        match self.0.enter(shared, moment.ticket, moment.now) {
            Entry::Admitted => {
                *flight = Place::Inside;
                Step::Inner { wake: None }
            }
            Entry::Waiting(until) => {
                *flight = Place::Waiting;
                Step::Wait(until.unwrap_or(SimTime::MAX))
            }
            Entry::Rejected => Step::End(Outcome::Failed(Failure::Limited)),
        }
    }

    fn granted(&self, flight: &mut Place, _shared: &mut Self::Shared, _moment: &mut Moment<'_>) -> Step {
        *flight = Place::Inside;
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, flight: &mut Place, shared: &mut Self::Shared, end: End, moment: &mut Moment<'_>) -> Step {
        self.leave(flight, shared, moment);
        Step::End(end.outcome)
    }

    fn timer(&self, flight: &mut Place, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step {
        *flight = Place::Outside;
        self.0.give_up(shared, moment.ticket);
        Step::End(Outcome::Failed(Failure::Limited))
    }

    fn given_up(&self, flight: &mut Place, shared: &mut Self::Shared, moment: &mut Moment<'_>) {
        // One whose turn has come, but who has not heard of it, is no longer among those who wait.
        if *flight == Place::Waiting && !self.0.give_up(shared, moment.ticket) {
            *flight = Place::Inside;
        }
        self.leave(flight, shared, moment);
    }

    fn connections(&self) -> Option<u32> {
        Some(self.0.places())
    }

    fn take(&self, shared: &mut Self::Shared, taken: u32, now: SimTime) -> Vec<Ticket> {
        self.0.take(shared, taken, now)
    }

    fn gauges(&self, shared: &mut Self::Shared, _site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        let (inside, waiting) = self.0.occupied(shared);
        show("calls under way", f64::from(inside));
        show("calls that wait", f64::from(waiting));
    }

    fn check(&self) -> Vec<Complaint> {
        self.0.check()
    }
}
