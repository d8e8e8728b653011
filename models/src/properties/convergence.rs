//! Do replicas agree in the end, and is nothing lost that was said to be done?

use super::objects::{objects_of, registers, witness_of, written};
use super::{Evidence, Judged, Property};
use crate::about::{About, Explained, Parameter, parameter};
use crate::history::{Action, History, Operation};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};

const MEMORY: &str = "All operations of the run, about 100 bytes each, at most `history_limit`.";

const SETTLE: Parameter =
    parameter("within", "duration", "required", "How long after the last fault, and after a write, the system has time to settle.");

/// When writes and faults are over, all reads soon answer the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventualConvergence {
    /// How soon.
    pub within: SimDuration,
}

/// A write that a client was told is done is read, or something newer, as soon as the system has settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoLostAcknowledgedWrite {
    /// How soon.
    pub within: SimDuration,
}

impl Registered for EventualConvergence {
    const NAME: &'static str = "EventualConvergence";
    const SUMMARY: &'static str = "when writes and faults are over, all reads of an object soon answer the same";
}

impl Registered for NoLostAcknowledgedWrite {
    const NAME: &'static str = "NoLostAcknowledgedWrite";
    const SUMMARY: &'static str = "a write that was said to be done is read, or something newer, when the system has settled";
}

impl Explained for EventualConvergence {
    const ABOUT: About = About {
        meaning: "The promise of eventually consistent stores: replicas that hear of no more writes come to agree, whatever they agree on. Objects \
                  that are written until the end, and those that nobody reads afterwards, say nothing.",
        formula: "For each object: reads invoked `within` or longer after it was last written or added to (when that ended, or was invoked if nobody knows its end) and after \
                  the end of the last fault; violated if two of them answer different values. Not reached if there are not two such reads of any object.",
        parameters: &[SETTLE],
        memory: MEMORY,
        source: "W. Vogels, \"Eventually Consistent\", CACM 52 (2009).",
        example: "EventualConvergence(within: \"5s\")",
    };
}

impl Explained for NoLostAcknowledgedWrite {
    const ABOUT: About = About {
        meaning: "What a client was told is done stays done. A read that comes long enough after it, when no fault has been on for as long, answers \
                  the write or something that is not certainly older. Stale reads before that are no loss.",
        formula: "Violated by a read and a write if the read was invoked `within` or longer after the write was done and after the last fault \
                  ended, and answers a value that was there before all writes, or whose write was done before the other was invoked. Counted \
                  once for each write.",
        parameters: &[SETTLE],
        memory: MEMORY,
        source: "Jepsen, \"lost update\" and \"lost write\" in https://jepsen.io/consistency; B. Kingsbury's analyses of 2013.",
        example: "NoLostAcknowledgedWrite(within: \"5s\")",
    };
}

impl Property for EventualConvergence {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let (mut violations, mut spoke) = (Vec::new(), 0);
        for Object { reads, last } in objects(evidence.history).into_values() {
            let settled = last.max(evidence.faults_end).saturating_add(self.within);
            let reads: Vec<&Operation> = reads.into_iter().filter(|read| read.invoked >= settled).collect();
            let [first, rest @ ..] = reads.as_slice() else { continue };
            spoke += rest.len() as u64;
            let other = rest.iter().find(|read| read.answer() != first.answer());
            violations.extend(other.map(|other| witness_of("reads do not agree though nothing is written any more", &[first, other])));
        }
        Judged::of_violations(violations, spoke)
    }

    fn title(&self) -> String {
        format!("EventualConvergence within {}", self.within)
    }

    fn check(&self) -> Vec<Complaint> {
        positive(self.within)
    }
}

impl Property for NoLostAcknowledgedWrite {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let (mut violations, mut spoke) = (Vec::new(), 0);
        for register in registers(evidence.history).values() {
            let mut lost = BTreeSet::new();
            for read in &register.reads {
                let Some(value) = read.answer() else { continue };
                let settled = SimTime::ZERO.saturating_add(read.invoked.since_start().saturating_sub(self.within));
                if settled < evidence.faults_end || read.invoked.since_start() < self.within {
                    continue;
                }
                spoke += u64::from(!register.done_by(settled).is_empty());
                for write in register.newer_than(value, settled) {
                    if !lost.insert((write.call, write.attempt)) {
                        continue;
                    }
                    let answered = register.writes.get(&value).copied();
                    let operations: Vec<&Operation> = answered.into_iter().chain([write, *read]).collect();
                    violations.push(witness_of("a write that had been acknowledged is lost: a read answered something older", &operations));
                }
            }
        }
        Judged::of_violations(violations, spoke)
    }

    fn title(&self) -> String {
        format!("NoLostAcknowledgedWrite within {}", self.within)
    }

    fn check(&self) -> Vec<Complaint> {
        positive(self.within)
    }
}

/// An object that is read, and when it was changed last.
#[derive(Default)]
struct Object<'a> {
    reads: Vec<&'a Operation>,
    last: SimTime,
}

/// All objects: a counter is changed by what is added to it as a register is by what is written.
fn objects(history: &History) -> BTreeMap<u64, Object<'_>> {
    let mut objects: BTreeMap<u64, Object<'_>> = BTreeMap::new();
    for operation in history.operations.iter().filter(|operation| operation.may_count()) {
        match operation.action {
            Action::Read if operation.answer().is_some() => objects.entry(operation.object).or_default().reads.push(operation),
            Action::Read | Action::Total => {}
            Action::CompareAndSet { .. } if written(operation).is_none() => {}
            _ => {
                let ended = operation.ended().unwrap_or(operation.invoked);
                for object in objects_of(operation) {
                    let object = objects.entry(object).or_default();
                    object.last = object.last.max(ended);
                }
            }
        }
    }
    objects.values_mut().for_each(|object| object.reads.sort_by_key(|read| read.invoked));
    objects
}

fn positive(within: SimDuration) -> Vec<Complaint> {
    let none = within.is_zero().then(|| complaint("within", "nothing settles in no time; write how long, such as \"5s\""));
    none.into_iter().collect()
}
