//! What have services really done, which no caller can know?
//!
//! Services that count what they execute, that have keys, keep a log, or take part in sagas are watched: of each request that one of them executes
//! the world knows whether it had executed it before, and of each saga whether what its steps have done fits together. In a system of services
//! properties are judged by that, as they are by the history of operations where there is a group.

use super::{Judged, Witness};
use sim_core::time::SimTime;

/// What services have done.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Requests that were executed; wrong is one that had been executed before.
    pub executed: Tally,
    /// Sagas that are over; wrong is one of which neither everything nor nothing is left.
    pub sagas: Tally,
}

/// How often something was done, how often it was wrong, and the first time that it was.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    count: u64,
    wrong: u64,
    first: Option<Witness>,
}

impl Tally {
    /// It is done as it should be.
    pub(crate) const fn is_right(&mut self) {
        self.count += 1;
    }

    /// It is done, and wrong, as this sentence says.
    pub(crate) fn is_wrong(&mut self, at: SimTime, sentence: impl FnOnce() -> String) {
        self.count += 1;
        self.wrong += 1;
        if self.first.as_ref().is_none_or(|first| at < first.at) {
            self.first = Some(Witness::new(at, sentence()));
        }
    }

    /// Whether nothing is ever wrong.
    pub(super) fn judge(&self) -> Judged {
        match &self.first {
            Some(first) => Judged { first: Some(first.clone()), count: self.wrong, ..Judged::of_violations(vec![first.clone()], 0) },
            None => Judged::of_violations(Vec::new(), self.count),
        }
    }
}
