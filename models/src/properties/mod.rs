//! Was what a system did correct? Claims about a run, and what came of each.
//!
//! A *property* is a claim that a scenario makes of every run: that what clients saw is linearizable, that no two members ever led in one
//! term, that something was reached at all. Some are judged by the history of operations when the run is over, some by what was announced,
//! some by what services have really executed, and those that belong to a protocol by its own witness. What comes of a property is a [`Finding`]; a violation has the first witness of
//! it, and the run goes on.
//!
//! One file per property: a struct that a scenario writes, and a pure function over what is known of the run.

mod all_or_nothing;
mod announced;
mod books;
mod causal;
mod convergence;
mod evidence;
mod exclusion;
mod finding;
mod linearizable;
mod objects;
mod progress;
mod sequential;
mod sessions;
mod staleness;
mod stated;
mod within_limits;

pub use all_or_nothing::AllOrNothing;
pub use announced::{Eventually, Never, Reachable};
pub(crate) use books::Ending;
pub use books::{Books, Money, Tally};
pub use causal::{Causal, causal};
pub use convergence::{EventualConvergence, NoLostAcknowledgedWrite};
pub use evidence::{Evidence, Heard, MOST_REMEMBERED};
pub use exclusion::{AtMostOnce, ConservationOfMoney, ExclusiveHolding};
pub use finding::{Finding, Judged, Verdict, Witness};
pub use linearizable::{Linearizable, linearizable};
pub use progress::Progress;
pub use sequential::{Sequential, sequential};
pub use sessions::{MonotonicReads, MonotonicWrites, ReadYourWrites};
pub use staleness::BoundedStaleness;
pub use stated::{Stated, Watched, of_protocols};
pub use within_limits::{Exceeded, MOST_HISTORY, MOST_LOG, Stands, USUAL_HISTORY, USUAL_LOG, WITHIN_LIMITS};

use crate::about::{About, Explained};
use crate::measure::Observation;
use crate::registry::{Complaint, Registered, registry};

registry! {
    /// A property that any system may have, as a scenario writes it.
    AnyProperty as "property", each_property:
        Linearizable, Sequential, Causal, ReadYourWrites, MonotonicReads, MonotonicWrites, BoundedStaleness, EventualConvergence,
        NoLostAcknowledgedWrite, AtMostOnce, AllOrNothing, ExclusiveHolding, ConservationOfMoney, Progress, Never, Eventually, Reachable,
}

/// A claim about a run.
pub trait Property: Explained {
    /// What came of it.
    fn judge(&self, evidence: &Evidence<'_>) -> Judged;
    /// What a run counts beside, because of it.
    fn observe(&self, _evidence: &Evidence<'_>) -> Vec<Observation> {
        Vec::new()
    }
    /// Whether it is judged by the history of operations.
    fn needs_history(&self) -> bool {
        true
    }
    /// Whether it is judged by the history where there is a group, and elsewhere by what services have executed.
    fn is_of_services_too(&self) -> bool {
        false
    }
    /// The announcement it waits for, if it waits for one.
    fn waits_for(&self) -> Option<&str> {
        None
    }
    /// What it says of the beginning of a run and is true of the whole.
    fn stands(&self) -> Stands {
        Stands::NOT
    }
    /// Its name in tables: with its numbers, if it has any.
    fn title(&self) -> String {
        Self::NAME.to_owned()
    }
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

impl AnyProperty {
    /// See [`Property::judge`].
    pub fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        each_property!(self, property => property.judge(evidence))
    }

    /// See [`Property::observe`].
    pub fn observe(&self, evidence: &Evidence<'_>) -> Vec<Observation> {
        each_property!(self, property => property.observe(evidence))
    }

    /// See [`Property::needs_history`].
    pub fn needs_history(&self) -> bool {
        each_property!(self, property => property.needs_history())
    }

    /// See [`Property::is_of_services_too`].
    pub fn is_of_services_too(&self) -> bool {
        each_property!(self, property => property.is_of_services_too())
    }

    /// See [`Property::waits_for`].
    pub fn waits_for(&self) -> Option<&str> {
        each_property!(self, property => property.waits_for())
    }

    /// See [`Property::stands`].
    pub fn stands(&self) -> Stands {
        each_property!(self, property => property.stands())
    }

    /// See [`Property::title`].
    pub fn title(&self) -> String {
        each_property!(self, property => property.title())
    }

    /// See [`Property::check`].
    pub fn check(&self) -> Vec<Complaint> {
        each_property!(self, property => property.check())
    }

    /// Name, summary and explanation of each, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
        each_property!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::ABOUT))
    }
}

#[cfg(test)]
mod tests;
