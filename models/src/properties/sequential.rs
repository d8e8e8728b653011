//! Sequential: is there one order of all operations that every client's own order and all answers agree with, whatever the time?

use super::objects::{no_registers, processes, written};
use super::{Evidence, Judged, Property, Stands, Verdict, causal, linearizable};
use crate::about::{About, Explained, parameter};
use crate::history::{Action, History, Operation};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All clients could have seen one and the same order of all operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// How many states the search may look at; 100,000 unless said.
    #[serde(default = "usual_states", skip_serializing_if = "is_usual")]
    pub states: u64,
}

const USUAL_STATES: u64 = 100_000;

const fn usual_states() -> u64 {
    USUAL_STATES
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_usual(states: &u64) -> bool {
    *states == USUAL_STATES
}

impl Registered for Sequential {
    const NAME: &'static str = "Sequential";
    const SUMMARY: &'static str = "all operations stand in one order that agrees with every client's own, whatever the real time";
}

impl Explained for Sequential {
    const ABOUT: About = About {
        meaning: "One order of all reads and writes of all objects explains every answer, and each client's operations stand in it as the client made them; \
                  but what is read may be old, as long as everybody is behind in the same way. Unlike linearizability it does not hold for \
                  all objects because it holds for each.",
        formula: "Holds if the history is linearizable, and is violated if it is not causal: both are found out first. What lies between is looked \
                  for by a search that remembers where it has been, and gives up after `states` positions: deciding it is NP-complete.",
        parameters: &[parameter("states", "number", "100000", "How many states the search may look at.")],
        memory: "All operations of the run, about 100 bytes each, and what the search remembers.",
        source: "L. Lamport, \"How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs\", IEEE ToC 28 (1979); P. Gibbons, \
                 E. Korach, SIAM J. Computing 26 (1997).",
        example: "Sequential()",
    };
}

impl Property for Sequential {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let reads = evidence.history.operations.iter().filter(|operation| operation.answer().is_some()).count() as u64;
        match sequential(evidence.history, self.states) {
            Verdict::Holds => Judged::of_violations(Vec::new(), reads),
            Verdict::Unknown | Verdict::NotReached => {
                Judged::unknown(evidence.ended, "the search for an order of all operations was given up")
            }
            Verdict::Violated => {
                let witness = causal(evidence.history).and_then(|(violations, _)| violations.into_iter().min_by_key(|witness| witness.at));
                let sentence = "no order of all operations agrees with what every client saw";
                let witness = witness.unwrap_or_else(|| super::Witness::new(evidence.ended, sentence));
                Judged::of_violations(vec![witness], reads)
            }
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

/// Whether the reads and writes of a history stand in one order.
pub fn sequential(history: &History, states: u64) -> Verdict {
    let found = linearizable(history, states);
    if found.violations.is_empty() && found.undecided.is_none() {
        return Verdict::Holds;
    }
    if causal::verdict(history) == Verdict::Violated {
        return Verdict::Violated;
    }
    let others = no_registers(history);
    let says = |operation: &&Operation| written(operation).is_some() || operation.action == Action::Read && operation.answer().is_some();
    let of_registers = history.operations.iter().filter(|operation| !others.contains(&operation.object));
    search(&processes(of_registers.filter(says)), states)
}

/// How far each process has come, and what every object holds.
type Position = (Vec<u32>, BTreeMap<u64, u64>);

fn search(processes: &[Vec<&Operation>], most: u64) -> Verdict {
    // Nobody needs a write of which nothing is known.
    let needed: Vec<usize> =
        processes.iter().map(|list| list.iter().rposition(|operation| operation.done().is_some()).map_or(0, |last| last + 1)).collect();
    let mut seen: BTreeSet<Position> = BTreeSet::new();
    let mut open: Vec<Position> = vec![(vec![0; processes.len()], BTreeMap::new())];
    let mut looked = 0;
    while let Some(mut position) = open.pop() {
        take_reads(processes, &mut position);
        if position.0.iter().zip(&needed).all(|(at, needed)| *at as usize >= *needed) {
            return Verdict::Holds;
        }
        if !seen.insert(position.clone()) {
            continue;
        }
        looked += 1;
        if looked > most {
            return Verdict::Unknown;
        }
        for (process, list) in processes.iter().enumerate() {
            let Some(next) = list.get(position.0[process] as usize) else { continue };
            let Some(objects) = after(next, &position.1) else { continue };
            let mut places = position.0.clone();
            places[process] += 1;
            open.push((places, objects));
        }
    }
    Verdict::Violated
}

/// A read that answers what is there can be taken at once: it changes nothing.
fn take_reads(processes: &[Vec<&Operation>], position: &mut Position) {
    for (place, list) in position.0.iter_mut().zip(processes) {
        while let Some(read) = list.get(*place as usize).filter(|operation| operation.action == Action::Read) {
            if after(read, &position.1).is_none() {
                break;
            }
            *place += 1;
        }
    }
}

/// What the objects hold after an operation, if it can be the next.
fn after(operation: &Operation, objects: &BTreeMap<u64, u64>) -> Option<BTreeMap<u64, u64>> {
    let holds = objects.get(&operation.object).copied().unwrap_or(0);
    let with = |value: u64| {
        let mut objects = objects.clone();
        objects.insert(operation.object, value);
        objects
    };
    match operation.action {
        Action::Read => (operation.answer() == Some(holds)).then(|| objects.clone()),
        Action::Write(value) => Some(with(value)),
        Action::CompareAndSet { expected, new } => match (holds == expected, operation.answer()) {
            (true, None | Some(1)) => Some(with(new)),
            (false, None | Some(0)) => Some(objects.clone()),
            _ => None,
        },
        _ => None,
    }
}
