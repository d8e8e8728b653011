//! What may a storm draw a strike from?
//!
//! A family is a fault without its timing, for a storm says when. It strikes one of those whom the fault may strike, drawn
//! evenly; or, with `pick: Leader`, whoever leads the group at the instant of the strike, which is seen when it strikes.

use super::{AnyFault, Pick, PlannedFault, Timing};
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A fault that a storm may draw, as a scenario writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// What happens.
    pub fault: AnyFault,
    /// The fields of a timing that are written beside it: no more than a `pick`.
    timing: Timing,
}

impl Family {
    /// Whether it strikes whoever leads.
    pub const fn aims(&self) -> bool {
        matches!(self.timing.pick, Some(Pick::Primary))
    }

    /// What it is called: what it does, and that it aims.
    pub fn label(&self) -> String {
        Self::label_of(&self.fault, self.aims())
    }

    /// What a family of this fault is called.
    pub(super) fn label_of(fault: &AnyFault, aims: bool) -> String {
        let label = fault.label();
        if aims { format!("{label}, whoever leads") } else { label }
    }

    /// Everything wrong with it as written, if it strikes at these times.
    pub(super) fn check(&self, times: &Timing) -> Vec<Complaint> {
        let mut complaints = self.fault.check(&Timing { pick: self.timing.pick, ..times.clone() });
        let Timing { label, at, lasts, every, when, after, times, renewal, stagger, pick, only } = &self.timing;
        let written = [
            ("label", label.is_some(), "a storm gives its strikes names"),
            ("at", at.is_some(), WHEN),
            ("lasts", lasts.is_some(), "a storm draws how long a strike lasts, between `shortest` and `longest`"),
            ("every", every.is_some(), WHEN),
            ("when", when.is_some(), WHEN),
            ("after", after.is_some(), WHEN),
            ("times", times.is_some(), "a storm draws how often its families strike"),
            ("renewal", renewal.is_some(), WHEN),
            ("stagger", stagger.is_some(), WHOM),
            ("only", only.is_some(), "the fault itself names whom a family may strike"),
        ];
        let refused = written.into_iter().filter(|(_, is_written, _)| *is_written);
        complaints.extend(refused.map(|(field, _, sentence)| complaint(field, format!("{sentence}; leave `{field}` out"))));
        if pick.is_some_and(|pick| pick != Pick::Primary) {
            complaints.push(complaint("pick", format!("{WHOM}; leave `pick` out, or write `pick: Leader` for whoever leads a group")));
        }
        complaints
    }
}

const WHEN: &str = "a storm draws when its families strike";
const WHOM: &str = "a storm draws one of those whom a family may strike";

impl<F: Into<AnyFault>> From<F> for Family {
    fn from(fault: F) -> Self {
        Self { fault: fault.into(), timing: Timing::default() }
    }
}

impl<'de> Deserialize<'de> for Family {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PlannedFault::deserialize(deserializer).map(|PlannedFault { fault, timing }| Self { fault, timing })
    }
}

/// One that does not aim is written as its fault alone: what is known of runs by what their scenario says stays known.
impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.timing == Timing::default() { self.fault.serialize(serializer) } else { (&self.fault, &self.timing).serialize(serializer) }
    }
}
