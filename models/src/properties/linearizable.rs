//! Linearizable: is there, for each object, one order of its operations that everybody's answers and the real time agree with?

pub(super) mod registers;
mod search;

use super::{Evidence, Judged, Property, Stands, Witness};
use crate::about::{About, Explained, parameter};
use crate::history::{Action, History, Operation};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Every object behaves as if there were one copy of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linearizable {
    /// How many states the search may look at for one object that is no plain register; one million unless said.
    #[serde(default = "usual_states", skip_serializing_if = "is_usual")]
    pub states: u64,
}

const USUAL_STATES: u64 = 1_000_000;

const fn usual_states() -> u64 {
    USUAL_STATES
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_usual(states: &u64) -> bool {
    *states == USUAL_STATES
}

impl Registered for Linearizable {
    const NAME: &'static str = "Linearizable";
    const SUMMARY: &'static str = "every object behaves as if there were one copy of it, and every operation took effect at one instant";
}

impl Explained for Linearizable {
    const ABOUT: About = About {
        meaning: "The strongest claim about single objects: every operation takes effect at one instant between its invocation and its answer, \
                  and each read answers what was written last before that instant. An operation whose outcome is unknown takes effect at some \
                  instant after its invocation, or never; one that is known to have failed never does. Judges reads, writes, \
                  compare-and-set, counters and locks, each object apart, and nothing that spans several objects.",
        formula: "Plain registers, on which no value is written twice, by zones: of a value, f is the first end and s the last invocation among \
                  its write and its reads. Two values conflict if f1 < s2 and f2 < s1; a history without a conflict, in which no read ends \
                  before its write is invoked, is linearizable, and the other way round: this takes n log n steps. Other objects by a search \
                  over orders that remembers where it has been; it gives up after `states` states, and the verdict is unknown.",
        parameters: &[parameter(
            "states",
            "number",
            "1000000",
            "How many states the search may look at for one object that is no plain register.",
        )],
        memory: "All operations of the run, about 100 bytes each, at most `history_limit`.",
        source: "M. Herlihy, J. Wing, \"Linearizability\", ACM TOPLAS 1990. Zones: P. Gibbons, E. Korach, \"Testing Shared Memories\", SIAM J. \
                 Computing 26 (1997). Search: J. Wing, C. Gong, JPDC 17 (1993), and G. Lowe, \"Testing for Linearizability\", 2017.",
        example: "Linearizable()",
    };
}

impl Property for Linearizable {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let found = linearizable(evidence.history, self.states);
        if !found.violations.is_empty() {
            return Judged::of_violations(found.violations, 1);
        }
        match found.undecided {
            Some(object) => {
                Judged::unknown(evidence.ended, format!("the search for an order of the operations on object {object} was given up"))
            }
            None => Judged::of_violations(Vec::new(), found.judged),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let none = (self.states == 0).then(|| complaint("states", "a search that may look at nothing finds nothing; leave it out"));
        none.into_iter().collect()
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

/// What was found of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Violations, object by object.
    pub violations: Vec<Witness>,
    /// An object for which it could not be found out.
    pub undecided: Option<u64>,
    /// How many operations were judged.
    pub judged: u64,
}

/// Judges a history, each object apart.
pub fn linearizable(history: &History, states: u64) -> Found {
    let mut found = Found::default();
    for (object, operations) in by_object(history) {
        found.judged += operations.len() as u64;
        let is_register = operations.iter().all(|operation| matches!(operation.action, Action::Read | Action::Write(_)));
        if is_register && registers::has_unique_writes(&operations) {
            found.violations.extend(registers::violations(&operations));
            continue;
        }
        match search::is_linearizable(&operations, states) {
            Some(true) => {}
            Some(false) => found.violations.push(search::witness(&operations, states)),
            None => found.undecided = found.undecided.or(Some(object)),
        }
    }
    found
}

/// The operations of every object that may have had an effect or have answered something, in the order in which they were invoked.
pub(super) fn by_object(history: &History) -> BTreeMap<u64, Vec<&Operation>> {
    let mut objects: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
    let is_of_one = |operation: &&Operation| !matches!(operation.action, Action::Transfer { .. } | Action::Total);
    // A read of which nobody heard says nothing. A write that failed is kept: somebody may read what it says was never written.
    let says = |operation: &&Operation| operation.action != Action::Read || operation.done().is_some();
    for operation in history.operations.iter().filter(is_of_one).filter(says) {
        objects.entry(operation.object).or_default().push(operation);
    }
    objects.values_mut().for_each(|operations| operations.sort_by_key(|operation| operation.invoked));
    objects
}

/// The shortest part of these operations that still cannot be explained, as `is_violated` says, by leaving out one after the other.
fn shortest<'a>(operations: &[&'a Operation], is_violated: &dyn Fn(&[&'a Operation]) -> bool) -> Vec<&'a Operation> {
    let mut kept = operations.to_vec();
    // From the end: what came last is least likely to have caused anything.
    for index in (0..kept.len()).rev() {
        let without: Vec<&Operation> = kept.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, kept)| *kept).collect();
        if is_violated(&without) {
            kept = without;
        }
    }
    kept
}

/// A witness made of operations: at the instant at which the last of them was over.
fn witness(sentence: String, mut operations: Vec<&Operation>) -> Witness {
    operations.sort_by_key(|operation| operation.invoked);
    let at = operations.iter().filter_map(|operation| operation.ended()).max().unwrap_or(SimTime::ZERO);
    Witness { operations: operations.into_iter().copied().collect(), ..Witness::new(at, sentence) }
}

/// Whether so few operations can be explained; they are few enough for any search.
fn can_be_explained(operations: &[&Operation]) -> bool {
    search::is_linearizable(operations, u64::MAX) != Some(false)
}
