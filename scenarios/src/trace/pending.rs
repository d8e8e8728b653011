//! Which record led to each event that is still to come?
//!
//! The side table of causes. It holds an entry for every pending event that was scheduled while somebody followed the run, and
//! nothing for those of the past, so that it is as large as what is pending.

use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Records by their numbers, for events by instant and rank.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The cause, and how many events of this instant and rank there are.
    causes: BTreeMap<(SimTime, u64), (u64, u32)>,
}

impl Pending {
    /// An event was scheduled because of the record with this number.
    pub(super) fn add(&mut self, at: SimTime, rank: u64, cause: u64) {
        // Two events of one rank and instant are about the same thing, and of the same cause for all anybody could tell.
        self.causes.entry((at, rank)).or_insert((cause, 0)).1 += 1;
    }

    /// An event is handled: which record led to it, if that is known?
    pub(super) fn take(&mut self, at: SimTime, rank: u64) -> Option<u64> {
        // What was promised and never came, as a timer that was set anew.
        while self.causes.first_key_value().is_some_and(|((due, _), _)| *due < at) {
            self.causes.pop_first();
        }
        let (cause, count) = self.causes.get_mut(&(at, rank))?;
        *count -= 1;
        let (cause, is_last) = (*cause, *count == 0);
        if is_last {
            self.causes.remove(&(at, rank));
        }
        Some(cause)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.causes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_once_for_every_event_and_then_forgotten() {
        let (mut pending, at) = (Pending::default(), SimTime::from_nanos(5));
        pending.add(at, 1, 10);
        pending.add(at, 2, 11);
        pending.add(at, 2, 12);
        assert_eq!((pending.take(at, 2), pending.take(at, 2), pending.take(at, 2)), (Some(11), Some(11), None));
        assert_eq!((pending.take(at, 1), pending.len()), (Some(10), 0));
        assert_eq!(pending.take(SimTime::from_nanos(6), 1), None);
        pending.add(SimTime::from_nanos(7), 3, 13);
        assert_eq!((pending.take(SimTime::from_nanos(8), 4), pending.len()), (None, 0), "what lies behind is forgotten");
    }
}
