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
    /// Money that sagas move.
    pub money: Money,
}

/// What the accounts of all services come to, beside what there was at the beginning: whatever is under way in a saga apart, which comes to nothing
/// when that is over.
#[derive(Clone, Debug, Default)]
pub struct Money {
    /// How many sagas that move money are over.
    sagas: u64,
    /// How many of them have made or lost some.
    wrong: u64,
    /// By how much the accounts differ from what there was.
    off: i64,
    /// The first that has made or lost some: when it ended, as what, and what it left.
    first: Option<(Ending, i64)>,
}

/// The end of a saga.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// When.
    pub(crate) at: SimTime,
    /// As what.
    pub(crate) ended_as: &'static str,
    /// On behalf of which call of its client's it went: what it is announced by.
    pub(crate) saga: u32,
    /// The number of the announcement.
    pub(crate) announced: u64,
}

impl Ending {
    fn witness(self, rest: &str) -> Witness {
        Witness::new(self.at, format!("saga {} ended as {}{rest}", self.saga, self.ended_as)).shown_by(self.announced)
    }
}

impl Money {
    /// A saga that moves money is over; so much of it was made, or lost if below 0.
    pub(crate) fn saga_is_over(&mut self, ending: Ending, made: i64) {
        self.sagas += 1;
        self.off = self.off.saturating_add(made);
        if made != 0 {
            self.wrong += 1;
            if self.first.is_none_or(|(first, _)| ending.at < first.at) {
                self.first = Some((ending, made));
            }
        }
    }

    /// Whether accounts that held so much come to that after every saga.
    pub(super) fn judge(&self, total: u64) -> Judged {
        let Some((ending, made)) = self.first else { return Judged::of_violations(Vec::new(), self.sagas) };
        let word = if made > 0 { "made" } else { "lost" };
        let now = i128::from(total) + i128::from(self.off);
        let rest = format!(" and {word} {}; when the run was over all accounts came to {now} instead of {total}", made.unsigned_abs());
        Judged { count: self.wrong, ..Judged::of_violations(vec![ending.witness(&rest)], 0) }
    }
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
        self.is_wrong_by(at, || Witness::new(at, sentence()));
    }

    /// A saga has ended so, and wrongly, as the rest of the sentence says.
    pub(crate) fn ends_wrongly(&mut self, ending: Ending, rest: impl FnOnce() -> String) {
        self.is_wrong_by(ending.at, || ending.witness(&rest()));
    }

    fn is_wrong_by(&mut self, at: SimTime, witness: impl FnOnce() -> Witness) {
        self.count += 1;
        self.wrong += 1;
        if self.first.as_ref().is_none_or(|first| at < first.at) {
            self.first = Some(witness());
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
