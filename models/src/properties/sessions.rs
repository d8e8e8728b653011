//! What may each client rely on, by itself? Guarantees of sessions.

use super::objects::{Register, follows, processes, registers, witness_of, written};
use super::{Evidence, Judged, Property, Stands, Witness};
use crate::about::{About, Explained};
use crate::history::{History, Operation};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};

const SOURCE: &str = "D. Terry et al., \"Session Guarantees for Weakly Consistent Replicated Data\", PDIS 1994.";

const MEMORY: &str = "All operations of the run, about 100 bytes each, at most `history_limit`.";

/// A client that has written something reads it, or something newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadYourWrites {}

/// A client that has read something never reads anything older later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonotonicReads {}

/// Everybody sees the writes of a client in the order in which it made them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonotonicWrites {}

impl Registered for ReadYourWrites {
    const NAME: &'static str = "ReadYourWrites";
    const SUMMARY: &'static str = "a client that has written something reads it, or something newer";
}

impl Registered for MonotonicReads {
    const NAME: &'static str = "MonotonicReads";
    const SUMMARY: &'static str = "a client that has read something reads nothing older later";
}

impl Registered for MonotonicWrites {
    const NAME: &'static str = "MonotonicWrites";
    const SUMMARY: &'static str = "nobody reads a client's earlier write after its later one";
}

impl Explained for ReadYourWrites {
    const ABOUT: About = About {
        meaning: "The least that a user expects who has just saved something. Judged for each client and object: a read that is invoked after a \
                  write of the same client was done answers that write, or one that is not certainly older.",
        formula: "Older: there before all writes, or its write was done before the other was invoked, or the same client wrote both in that \
                  order. What is concurrent with the write violates nothing.",
        parameters: &[],
        memory: MEMORY,
        source: SOURCE,
        example: "ReadYourWrites()",
    };
}

impl Explained for MonotonicReads {
    const ABOUT: About = About {
        meaning: "Time does not run backwards for a reader: once a client has read a value, its later reads of the same object answer nothing \
                  that is certainly older. A client that changes replicas meets it where quorums of reads and writes do not overlap.",
        formula: "Violated by two reads of a client, one after the other, if the second answers a value older than the first one's (see \
                  ReadYourWrites), or one that the client had read before the first one's took its place.",
        parameters: &[],
        memory: MEMORY,
        source: SOURCE,
        example: "MonotonicReads()",
    };
}

impl Explained for MonotonicWrites {
    const ABOUT: About = About {
        meaning: "The writes of a client take effect in the order in which it made them, for everybody who looks.",
        formula: "Violated by two reads of one client, one after the other, of which the second answers an earlier write of another client than \
                  the first, both writes being of one client, one after the other.",
        parameters: &[],
        memory: MEMORY,
        source: SOURCE,
        example: "MonotonicWrites()",
    };
}

impl Property for ReadYourWrites {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        judged(evidence.history, read_your_writes)
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

impl Property for MonotonicReads {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        judged(evidence.history, monotonic_reads)
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

impl Property for MonotonicWrites {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        judged(evidence.history, monotonic_writes)
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

type Checker = fn(&Register<'_>, &[&Operation]) -> Vec<Witness>;

/// Judges the operations of every process with every object.
fn judged(history: &History, check: Checker) -> Judged {
    let mut violations = Vec::new();
    let mut spoke = 0;
    for (object, register) in registers(history) {
        spoke += register.reads.len() as u64;
        for process in processes(history.operations.iter().filter(|operation| operation.object == object)) {
            violations.extend(check(&register, &process));
        }
    }
    Judged::of_violations(violations, spoke)
}

fn read_your_writes(register: &Register<'_>, process: &[&Operation]) -> Vec<Witness> {
    let mut found = Vec::new();
    let mut last: Option<&Operation> = None;
    for operation in process {
        if written(operation).is_some() && operation.done().is_some() {
            last = Some(operation);
        }
        if let (Some(value), Some(write)) = (read_value(operation), last)
            && register.is_older(value, write)
        {
            let of = register.writes.get(&value).copied();
            let operations: Vec<&Operation> = of.into_iter().chain([write, *operation]).collect();
            found.push(witness_of("a client read something older than what it had written itself", &operations));
        }
    }
    found
}

fn monotonic_reads(register: &Register<'_>, process: &[&Operation]) -> Vec<Witness> {
    let mut found = Vec::new();
    let mut before: Vec<&Operation> = Vec::new();
    for read in process.iter().filter(|operation| read_value(operation).is_some()) {
        let Some(value) = read_value(read) else { continue };
        if let Some(last) = before.last().copied() {
            let newer = read_value(last).and_then(|value| register.writes.get(&value).copied());
            let is_older = newer.is_some_and(|newer| register.is_older(value, newer));
            let is_again = read_value(last) != Some(value) && before.iter().any(|earlier| read_value(earlier) == Some(value));
            if is_older || is_again {
                let of = register.writes.get(&value).copied();
                let operations: Vec<&Operation> = of.into_iter().chain(newer).chain([last, *read]).collect();
                found.push(witness_of("a client read something older than what it had read before", &operations));
                // What it read is not newer than what it had read: the next read is held against that.
                continue;
            }
            if read_value(last) == Some(value) {
                continue;
            }
        }
        before.push(read);
        // Enough to find a value that comes again soon; older ones are found by the order of their writes.
        if before.len() > MOST_LOOKED_BACK {
            before.remove(0);
        }
    }
    found
}

/// So many values that a client has read are remembered for one that comes again: own choice.
const MOST_LOOKED_BACK: usize = 64;

fn monotonic_writes(register: &Register<'_>, process: &[&Operation]) -> Vec<Witness> {
    let mut found = Vec::new();
    let mut last: Option<(&Operation, &Operation)> = None;
    for read in process {
        let Some(write) = read_value(read).and_then(|value| register.writes.get(&value).copied()) else { continue };
        if let Some((newer, reader)) = last
            && newer.client == write.client
            && written(newer) != written(write)
            && follows(write, newer)
        {
            found.push(witness_of("a client's earlier write was read after its later one", &[write, newer, reader, read]));
            continue;
        }
        last = Some((write, read));
    }
    found
}

fn read_value(operation: &Operation) -> Option<u64> {
    matches!(operation.action, crate::history::Action::Read).then(|| operation.answer()).flatten()
}
