//! Cache as a layer: what is fresh is answered at once, what is stale is fetched anew in the background.

use crate::outcome::Outcome;
use crate::registry::Complaint;
use crate::strategies::cache::{Cache, Freshness, Store};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use sim_core::time::SimTime;

impl Strategy for Cache {
    type Flight = ();
    type Shared = Box<Store>;

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) -> Box<Store> {
        Box::new(Self::fresh(self))
    }

    fn start(&self, _flight: &mut (), shared: &mut Box<Store>, moment: &mut Moment<'_>) -> Step {
        match self.look_up(shared, moment.object, moment.now) {
            Freshness::Fresh => Step::End(Outcome::Success),
            Freshness::Stale { refresh } => {
                if refresh {
                    moment.notes.refresh();
                }
                Step::End(Outcome::Success)
            }
            Freshness::Miss => Step::Inner { wake: None },
        }
    }

    fn inner_ended(&self, _flight: &mut (), shared: &mut Box<Store>, end: End, moment: &mut Moment<'_>) -> Step {
        if end.outcome.is_success() {
            self.answered(shared, moment.object, moment.now);
            return Step::End(end.outcome);
        }
        if self.failed(shared, moment.object, moment.now) {
            moment.notes.degraded();
            return Step::End(Outcome::Success);
        }
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut Box<Store>, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a cache sets no timer")
    }

    fn refreshed(&self, shared: &mut Box<Store>, object: u64, outcome: Outcome, now: SimTime) {
        if outcome.is_success() {
            self.answered(shared, object, now);
        } else {
            self.failed(shared, object, now);
        }
    }

    fn flush(&self, shared: &mut Box<Store>) {
        shared.clear();
    }

    fn gauges(&self, shared: &mut Box<Store>, _site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        show("objects kept", shared.len() as f64);
    }

    fn check(&self) -> Vec<Complaint> {
        Self::check(self)
    }
}
