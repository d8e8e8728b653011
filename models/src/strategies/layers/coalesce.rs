//! Coalesce as a layer: followers wait in it until their leader ends.

use crate::outcome::Outcome;
use crate::strategies::cache::{Coalesce, Flights, Joined};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy, Ticket};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The memory of a scope.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    flights: Flights,
    /// How it ended for followers who have not heard of it.
    ends: BTreeMap<Ticket, Outcome>,
}

impl Strategy for Coalesce {
    type Flight = ();
    type Shared = Box<Crowd>;

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) -> Box<Crowd> {
        Box::default()
    }

    fn start(&self, _flight: &mut (), shared: &mut Box<Crowd>, moment: &mut Moment<'_>) -> Step {
        if moment.writes {
            // Nobody else writes the same.
            return Step::Inner { wake: None };
        }
        match shared.flights.join(moment.object, moment.ticket) {
            Joined::Leads => Step::Inner { wake: None },
            Joined::Follows => Step::Wait(SimTime::MAX),
        }
    }

    fn inner_ended(&self, _flight: &mut (), shared: &mut Box<Crowd>, end: End, moment: &mut Moment<'_>) -> Step {
        for follower in shared.flights.ended(moment.object, moment.ticket) {
            shared.ends.insert(follower, end.outcome);
            moment.notes.grant(follower);
        }
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut Box<Crowd>, _moment: &mut Moment<'_>) -> Step {
        unreachable!("coalescing sets no timer")
    }

    fn granted(&self, _flight: &mut (), shared: &mut Box<Crowd>, moment: &mut Moment<'_>) -> Step {
        // Without an end to share it is the lead that was handed over.
        shared.ends.remove(&moment.ticket).map_or(Step::Inner { wake: None }, Step::End)
    }

    fn given_up(&self, _flight: &mut (), shared: &mut Box<Crowd>, moment: &mut Moment<'_>) {
        if shared.ends.remove(&moment.ticket).is_some() {
            return;
        }
        if let Some(next) = shared.flights.give_up(moment.object, moment.ticket) {
            moment.notes.grant(next);
        }
    }

    fn gauges(&self, shared: &mut Box<Crowd>, _site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        show("objects being asked for", shared.flights.len() as f64);
    }
}
