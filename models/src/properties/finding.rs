//! What came of a property in a run?

use crate::history::Operation;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// Whether a property holds in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, and there is a witness.
    Violated,
    /// What it speaks of never came about, so that the run says nothing of it.
    NotReached,
    /// It could not be found out: a bound of the checker or of the history was reached.
    Unknown,
}

impl Verdict {
    /// The word in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::NotReached => "not reached",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a property is violated, or what it reached first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// When.
    pub at: SimTime,
    /// In a sentence without its full stop.
    pub sentence: String,
    /// The operations that cannot be explained together, in the order in which they were invoked; none where no history is judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The number of the announcement that shows it, of all of the run from 1, if that is known; it does not if it was made at another instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<u64>,
    /// The numbers of earlier announcements that this one is at odds with, and of which the sentence speaks, too; none if that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<u64>,
}

impl Witness {
    /// A witness without operations.
    pub fn new(at: SimTime, sentence: impl Into<String>) -> Self {
        Self { at, sentence: sentence.into(), operations: Vec::new(), announced: None, against: Vec::new() }
    }

    /// The same, shown by the announcement with this number.
    #[must_use]
    pub const fn shown_by(mut self, announced: u64) -> Self {
        self.announced = Some(announced);
        self
    }
}

/// What a checker says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether it holds.
    pub verdict: Verdict,
    /// How often it was violated, or reached.
    pub count: u64,
    /// The first violation, or what was reached first, or why it is not known.
    pub first: Option<Witness>,
}

impl Judged {
    /// It holds, which so many operations or events speak for.
    pub const fn holds(count: u64) -> Self {
        Self { verdict: Verdict::Holds, count, first: None }
    }

    /// What it speaks of never came about.
    pub const fn not_reached() -> Self {
        Self { verdict: Verdict::NotReached, count: 0, first: None }
    }

    /// It cannot be said, for this reason.
    pub fn unknown(at: SimTime, reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, count: 0, first: Some(Witness::new(at, reason)) }
    }

    /// It is violated by these, of which the first in time is kept; it holds if there are none, which `spoke` operations speak for, and is
    /// not reached if those are none either.
    pub fn of_violations(violations: Vec<Witness>, spoke: u64) -> Self {
        let count = violations.len() as u64;
        match violations.into_iter().min_by_key(|witness| witness.at) {
            Some(first) => Self { verdict: Verdict::Violated, count, first: Some(first) },
            None if spoke == 0 => Self::not_reached(),
            None => Self::holds(spoke),
        }
    }
}

/// What came of a property in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Its name, with its numbers if it has any.
    pub property: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// How often it was violated, if it was; else how many operations or events speak for it.
    pub count: u64,
    /// The first violation, or what was reached first, or why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Witness>,
}

impl Finding {
    /// What a checker says of the property of this name.
    pub fn of(property: String, judged: Judged) -> Self {
        Self { property, verdict: judged.verdict, count: judged.count, first: judged.first }
    }

    /// Whether it is violated.
    pub fn is_violated(&self) -> bool {
        self.verdict == Verdict::Violated
    }

    /// By what kind of witness it is violated, in words that are the same for violations of the same kind: the property, and the kinds of
    /// operations that cannot be explained together. Nothing if it is not violated.
    pub fn kind_of_violation(&self) -> Option<String> {
        let first = self.first.as_ref().filter(|_| self.is_violated())?;
        let mut kinds: Vec<&str> = first.operations.iter().map(|operation| operation.action.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Some(if kinds.is_empty() { self.property.clone() } else { format!("{} ({})", self.property, kinds.join(", ")) })
    }
}
