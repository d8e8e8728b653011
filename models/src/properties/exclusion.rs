//! Is what must happen alone, or once, done alone, or once?

use super::objects::witness_of;
use super::{Evidence, Judged, Property, Stands};
use crate::about::{About, Explained, Parameter, parameter};
use crate::history::{Action, Operation};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

const MEMORY: &str = "All operations of the run, about 100 bytes each, at most `history_limit`.";

/// No two clients hold a lock at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusiveHolding {}

/// What a call adds is added once, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtMostOnce {}

/// Money is moved, and neither made nor lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConservationOfMoney {
    /// How much there is.
    pub total: u64,
}

impl Registered for ExclusiveHolding {
    const NAME: &'static str = "ExclusiveHolding";
    const SUMMARY: &'static str = "no two clients hold a lock at once, as far as they know themselves";
}

impl Registered for AtMostOnce {
    const NAME: &'static str = "AtMostOnce";
    const SUMMARY: &'static str = "what a call adds is added once, however often it is tried";
}

impl Registered for ConservationOfMoney {
    const NAME: &'static str = "ConservationOfMoney";
    const SUMMARY: &'static str = "whoever adds up all accounts finds what there always was";
}

impl Explained for ExclusiveHolding {
    const ABOUT: About = About {
        meaning: "What a lock is for. A client holds a lock from when it was told so until it begins to give it back; one that never does holds it \
                  for ever, as far as anybody can say. A client that takes it again while it holds it holds it once.",
        formula: "Violated by two answered acquisitions of one lock by different clients, the later of which was answered before the holder of the \
                  earlier one had begun to release it.",
        parameters: &[],
        memory: MEMORY,
        source: "E. Dijkstra, \"Solution of a Problem in Concurrent Programming Control\", CACM 8 (1965).",
        example: "ExclusiveHolding()",
    };
}

impl Explained for AtMostOnce {
    const ABOUT: About = About {
        meaning: "A payment that is tried three times is charged once. At a group judged where somebody reads the sum: it is not more than all calls \
                  come to that had begun by then, each counted once. In a system of services judged by what those have really executed that count \
                  their executions, have idempotency keys, keep a log or take part in sagas.",
        formula: "Of an object to which calls add amounts above 0: violated by an answer, of a read or of an addition, that is greater than the \
                  sum over the calls that had begun before the answer came; one that is known to have had no effect does not count. \
                  Of services: violated by every request that is executed again, and every step or compensation of a saga.",
        parameters: &[],
        memory: MEMORY,
        source: "B. Liskov, S. Zilles; at-most-once calls: A. Birrell, B. Nelson, \"Implementing Remote Procedure Calls\", ACM TOCS 2 (1984).",
        example: "AtMostOnce()",
    };
}

const TOTAL: Parameter = parameter("total", "number", "required", "What all accounts come to.");

impl Explained for ConservationOfMoney {
    const ABOUT: About = About {
        meaning: "Transfers between accounts take effect as a whole or not at all: whoever adds up all accounts finds the same sum, whenever that is. \
                  At a group judged by what callers are answered who add them up; in a system of services by what the steps of sagas have really moved, \
                  where a saga is over and nothing of it is under way any more.",
        formula: "Violated by every answered sum of all accounts that is not `total`. Not reached if nobody adds them up. Of services: a step that is \
                  executed n times and taken back m times has moved (n - m) times its `amount`; violated by every saga whose steps have moved together \
                  anything but 0. Not reached if no saga whose steps have amounts is over.",
        parameters: &[TOTAL],
        memory: MEMORY,
        source: "J. Gray, \"The Transaction Concept\", VLDB 1981.",
        example: "ConservationOfMoney(total: 1000)",
    };
}

/// Who holds a lock, and until when.
struct Holding<'a> {
    acquired: &'a Operation,
    /// When its holder begins to give it back; the end of time if it does not.
    until: SimTime,
}

impl Property for ExclusiveHolding {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let mut locks: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
        for operation in &evidence.history.operations {
            if matches!(operation.action, Action::Acquire | Action::Release) {
                locks.entry(operation.object).or_default().push(operation);
            }
        }
        let (mut violations, mut spoke) = (Vec::new(), 0);
        for operations in locks.values() {
            let held = holdings(operations);
            spoke += held.len() as u64;
            // In the order in which they began: it is enough to remember the one that lasts longest.
            let mut longest: Option<&Holding<'_>> = None;
            for holding in &held {
                let since = holding.acquired.done();
                if let Some(other) = longest.filter(|other| other.acquired.client != holding.acquired.client && since < Some(other.until)) {
                    violations.push(witness_of("two clients held a lock at once", &[other.acquired, holding.acquired]));
                }
                if longest.is_none_or(|other| other.until <= holding.until) {
                    longest = Some(holding);
                }
            }
        }
        Judged::of_violations(violations, spoke)
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

/// Every time that a lock was held, in the order in which that began.
fn holdings<'a>(operations: &[&'a Operation]) -> Vec<Holding<'a>> {
    let mut acquired: Vec<&Operation> =
        operations.iter().copied().filter(|operation| operation.action == Action::Acquire && operation.done().is_some()).collect();
    acquired.sort_by_key(|operation| operation.done());
    let mut releases: BTreeMap<u32, Vec<SimTime>> = BTreeMap::new();
    for release in operations.iter().filter(|operation| operation.action == Action::Release) {
        releases.entry(release.client).or_default().push(release.invoked);
    }
    releases.values_mut().for_each(|times| times.sort_unstable());
    let until = |acquired: &Operation| {
        let times = releases.get(&acquired.client).map_or(&[][..], Vec::as_slice);
        let next = times.partition_point(|time| Some(*time) < acquired.done());
        times.get(next).copied().unwrap_or(SimTime::MAX)
    };
    acquired.into_iter().map(|acquired| Holding { acquired, until: until(acquired) }).collect()
}

impl Property for AtMostOnce {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        if evidence.history.operations.is_empty() {
            return evidence.books.executed.judge();
        }
        let mut objects: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
        for operation in &evidence.history.operations {
            if matches!(operation.action, Action::Add(_) | Action::Read) {
                objects.entry(operation.object).or_default().push(operation);
            }
        }
        let (mut violations, mut spoke) = (Vec::new(), 0);
        for operations in objects.into_values().filter(|all| all.iter().any(|one| matches!(one.action, Action::Add(_)))) {
            let mut begun: BTreeMap<u64, (SimTime, u64)> = BTreeMap::new();
            for operation in operations.iter().filter(|operation| operation.may_count()) {
                if let Action::Add(amount) = operation.action {
                    let first = begun.entry(operation.call).or_insert((operation.invoked, amount.unsigned_abs()));
                    first.0 = first.0.min(operation.invoked);
                }
            }
            let mut begun: Vec<(SimTime, u64)> = begun.into_values().collect();
            begun.sort_unstable();
            let mut answered: Vec<(SimTime, u64, &Operation)> =
                operations.iter().filter_map(|one| Some((one.done()?, one.answer()?, *one))).collect();
            answered.sort_by_key(|(at, ..)| *at);
            let (mut next, mut sum) = (0, 0_u64);
            for (at, answer, operation) in answered {
                while next < begun.len() && begun[next].0 <= at {
                    sum = sum.saturating_add(begun[next].1);
                    next += 1;
                }
                spoke += 1;
                if answer > sum {
                    let sentence =
                        format!("the sum is {answer}, and all calls that had begun come to {sum}: one was executed more than once");
                    violations.push(witness_of(sentence, &[operation]));
                }
            }
        }
        Judged::of_violations(violations, spoke)
    }

    fn is_of_services_too(&self) -> bool {
        true
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

impl Property for ConservationOfMoney {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        if evidence.history.operations.is_empty() {
            return evidence.books.money.judge(self.total);
        }
        let totals = evidence.history.operations.iter().filter(|operation| operation.action == Action::Total);
        let answered: Vec<(&Operation, u64)> = totals.filter_map(|operation| Some((operation, operation.answer()?))).collect();
        let wrong = answered.iter().filter(|(_, sum)| *sum != self.total);
        let witnesses =
            wrong.map(|(operation, sum)| witness_of(format!("all accounts came to {sum} instead of {}", self.total), &[operation]));
        Judged::of_violations(witnesses.collect(), answered.len() as u64)
    }

    fn is_of_services_too(&self) -> bool {
        true
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}
