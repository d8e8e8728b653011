//! Which calls does a cache answer of which nothing is known but its hit ratio?
//!
//! Own definition. So large a share of the calls is about one of a number of objects, each of them alike, which a full cache has; the
//! others are about something that nobody asked for before. What a call is about does not depend on who sees it, nor on the
//! how-manieth try it is: a retry of a miss is a miss, until somebody has fetched what it is about. An emptied cache gets its objects
//! back one by one, as they are fetched: after n answers about them it has 1 - (1 - 1/m)^n of its m objects.

use super::store::Store;
use sim_core::draw::{Key, Seed};
use sim_core::time::SimTime;
use sim_core::units::Share;

/// What a cache with a given hit ratio remembers: which of its objects it has.
#[derive(Clone, Debug)]
pub struct GivenRatio {
    /// Which it has got back since it was emptied; none as long as it has them all.
    refilled: Option<Store>,
    objects: u32,
}

impl GivenRatio {
    /// A cache that has all its objects.
    pub const fn full(objects: u32) -> Self {
        Self { refilled: None, objects }
    }

    /// Which of the objects of a cache a call is about; none if it is about something else. `of` names the layer, and `call` the call
    /// of a client that everything is done for.
    pub fn object(&self, ratio: Share, (seed, of, call): (&Seed, Key, Key)) -> Option<u64> {
        let draw = seed.draws(of.child(call.bits()), 0).choice();
        ratio.holds(draw).then(|| draw.further(1).index(u64::from(self.objects)))
    }

    /// Whether it has one of its objects.
    pub fn has(&mut self, object: u64) -> bool {
        self.refilled.as_mut().is_none_or(|refilled| refilled.touch(object).is_some())
    }

    /// One of its objects was fetched.
    pub fn fetched(&mut self, object: u64, now: SimTime) {
        if let Some(refilled) = &mut self.refilled {
            refilled.keep(object, now);
            if refilled.len() == self.objects as usize {
                self.refilled = None;
            }
        }
    }

    /// It has lost everything.
    pub fn clear(&mut self) {
        self.refilled = Some(Store::new(self.objects));
    }

    /// How many of its objects it has.
    pub fn len(&self) -> usize {
        self.refilled.as_ref().map_or(self.objects as usize, Store::len)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
