//! Cache as a layer: what is fresh is answered at once, what is stale is fetched anew in the background.

use crate::outcome::Outcome;
use crate::registry::Complaint;
use crate::strategies::cache::{Cache, Freshness, GivenRatio, Store};
use crate::strategies::{End, Moment, Scope, Site, Step, Strategy};
use sim_core::draw::Key;
use sim_core::time::SimTime;

/// The memory of a scope.
#[derive(Clone, Debug)]
pub struct Shelf {
    answers: Answers,
    hits: u64,
    stale: u64,
    misses: u64,
}

#[derive(Clone, Debug)]
enum Answers {
    /// By object, as calls come.
    Kept(Store),
    /// Of a given hit ratio.
    Given(GivenRatio),
}

/// Where the draws of given hit ratios lie among the keys of an edge.
const GIVEN: Key = Key::named("hit ratio");

impl Cache {
    /// Which of the objects of a given hit ratio a call is about.
    fn given_object(&self, given: &GivenRatio, moment: &Moment<'_>) -> Option<u64> {
        let layer = moment.site.edge.child(GIVEN.bits()).child(u64::from(moment.layer));
        given.object(self.hit_ratio?, (moment.site.luck.seed, layer, moment.root()))
    }
}

impl Strategy for Cache {
    type Flight = ();
    type Shared = Box<Shelf>;

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) -> Box<Shelf> {
        let answers = match self.hit_ratio {
            None => Answers::Kept(Self::fresh(self)),
            Some(_) => Answers::Given(GivenRatio::full(self.max_objects)),
        };
        Box::new(Shelf { answers, hits: 0, stale: 0, misses: 0 })
    }

    fn start(&self, _flight: &mut (), shared: &mut Box<Shelf>, moment: &mut Moment<'_>) -> Step {
        if moment.writes {
            return Step::Inner { wake: None };
        }
        let found = match &mut shared.answers {
            Answers::Kept(store) => self.look_up(store, moment.object, moment.now),
            Answers::Given(given) => match self.given_object(given, moment) {
                Some(object) if given.has(object) => Freshness::Fresh,
                _ => Freshness::Miss,
            },
        };
        match found {
            Freshness::Fresh => {
                shared.hits += 1;
                Step::End(Outcome::Success)
            }
            Freshness::Stale { refresh } => {
                shared.stale += 1;
                if refresh {
                    moment.notes.refresh();
                }
                Step::End(Outcome::Success)
            }
            Freshness::Miss => {
                shared.misses += 1;
                Step::Inner { wake: None }
            }
        }
    }

    fn inner_ended(&self, _flight: &mut (), shared: &mut Box<Shelf>, end: End, moment: &mut Moment<'_>) -> Step {
        match &mut shared.answers {
            Answers::Kept(store) if moment.writes => store.forget(moment.object),
            Answers::Given(_) if moment.writes => {}
            Answers::Kept(store) if end.outcome.is_success() => self.answered(store, moment.object, moment.now),
            Answers::Kept(store) => {
                if self.failed(store, moment.object, moment.now) {
                    shared.stale += 1;
                    moment.notes.degraded();
                    return Step::End(Outcome::Success);
                }
            }
            Answers::Given(given) => {
                if let Some(object) = self.given_object(given, moment).filter(|_| end.outcome.is_success()) {
                    given.fetched(object, moment.now);
                }
            }
        }
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut Box<Shelf>, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a cache sets no timer")
    }

    fn refreshed(&self, shared: &mut Box<Shelf>, object: u64, outcome: Outcome, now: SimTime) {
        let Answers::Kept(store) = &mut shared.answers else { return };
        if outcome.is_success() {
            self.answered(store, object, now);
        } else {
            self.failed(store, object, now);
        }
    }

    fn flush(&self, shared: &mut Box<Shelf>) {
        match &mut shared.answers {
            Answers::Kept(store) => store.clear(),
            Answers::Given(given) => given.clear(),
        }
    }

    /// Its answers are gone; what was counted is not.
    fn dies(&self, shared: &mut Box<Shelf>) -> bool {
        self.flush(shared);
        true
    }

    fn gauges(&self, shared: &mut Box<Shelf>, _site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        let kept = match &shared.answers {
            Answers::Kept(store) => store.len(),
            Answers::Given(given) => given.len(),
        };
        show("objects kept", kept as f64);
    }

    fn counted(&self, shared: &Box<Shelf>, count: &mut dyn FnMut(&'static str, u64)) {
        count("cache hits", shared.hits);
        count("cache misses", shared.misses);
        count("stale answers from caches", shared.stale);
    }

    fn check(&self) -> Vec<Complaint> {
        Self::check(self)
    }
}
