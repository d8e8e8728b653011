//! Which ways do messages take in vain just now? Cuts unite.

use super::Effect;
use crate::ids::RouteId;
use crate::topology::{Topology, lies_in};

/// The state of every route.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ways {
    blocked: Vec<bool>,
    any_blocked: bool,
}

impl Ways {
    pub(super) fn new(routes: usize) -> Self {
        Self { blocked: vec![false; routes], any_blocked: false }
    }

    #[inline]
    pub(super) fn is_blocked(&self, route: RouteId) -> bool {
        self.any_blocked && self.blocked[route.index()]
    }

    pub(super) fn derive<'a>(&mut self, effects: impl Iterator<Item = &'a Effect>, topology: &Topology) {
        self.blocked.fill(false);
        for effect in effects {
            let Effect::Cut { from, to } = effect else { continue };
            for (route, blocked) in topology.routes().iter().zip(&mut self.blocked) {
                *blocked |= route.legs().any(|(leg_from, leg_to)| {
                    // Where one domain lies inside the other, what stays in the inner one does not pass between them.
                    let stays_inside = lies_in(leg_from, to) && lies_in(leg_to, from);
                    lies_in(leg_from, from) && lies_in(leg_to, to) && !stays_inside
                });
            }
        }
        self.any_blocked = self.blocked.contains(&true);
    }
}
