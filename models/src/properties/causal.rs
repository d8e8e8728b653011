//! Causal: does nobody read what was overwritten by something that came before, as far as anybody could know?

use super::objects::{no_registers, processes, witness_of, written};
use super::{Evidence, Judged, Property, Stands, Verdict, Witness};
use crate::about::{About, Explained};
use crate::history::{Action, History, Operation};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whoever reads something has also seen everything that it may rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Causal {}

impl Registered for Causal {
    const NAME: &'static str = "Causal";
    const SUMMARY: &'static str = "whoever reads something has also seen everything that it may rest on";
}

impl Explained for Causal {
    const ABOUT: About = About {
        meaning: "An answer is seen only by those who see the question. One operation comes before another if the same client did both in that \
                  order, if the second read what the first wrote, or by several such steps. What is not so related, everybody may see in an \
                  order of their own. Spans all objects; real time does not matter.",
        formula: "With values that are written once, four patterns are all that can go wrong: operations that come before themselves, a read of what nobody wrote, \
                  a read of nothing after a write that comes before it, and a read of a write with another write of that object between the two. \
                  A client that has several operations under way counts as several.",
        parameters: &[],
        memory: "A number for every operation and process; above 50000000 of them the verdict is unknown.",
        source: "M. Ahamad et al., \"Causal Memory\", Distributed Computing 9 (1995); A. Bouajjani et al., \"On Verifying Causal Consistency\", \
                 POPL 2017, for the patterns.",
        example: "Causal()",
    };
}

impl Property for Causal {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        match causal(evidence.history) {
            Some((violations, spoke)) => Judged::of_violations(violations, spoke),
            None => Judged::unknown(evidence.ended, "there are too many operations and clients to compare"),
        }
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

const MOST: usize = 50_000_000;

/// The operations in processes, and what comes before what.
struct Order<'a> {
    operations: Vec<&'a Operation>,
    /// Process and place in it, of every operation.
    place: Vec<(usize, u32)>,
    /// The write that each read answers, by its index.
    source: Vec<Option<usize>>,
    /// How many operations of each process come before an operation, itself included.
    seen: Vec<Vec<u32>>,
    /// By object: for every process its writes as place and index, in order.
    writes: BTreeMap<u64, BTreeMap<usize, Vec<(u32, usize)>>>,
}

/// Every violation, and how many reads were looked at; nothing if there is too much to compare.
pub fn causal(history: &History) -> Option<(Vec<Witness>, u64)> {
    let others = no_registers(history);
    let is_of_registers =
        |operation: &&Operation| (written(operation).is_some() || is_read(operation)) && !others.contains(&operation.object);
    let processes = processes(history.operations.iter().filter(is_of_registers));
    let count: usize = processes.iter().map(Vec::len).sum();
    if count.saturating_mul(processes.len()) > MOST {
        return None;
    }
    let (order, mut violations) = Order::of(&processes);
    let order = match order {
        Ok(order) => order,
        Err(cycle) => return Some((vec![witness_of("operations that rest on each other in a circle", &cycle)], 1)),
    };
    let mut reads = 0;
    for (index, operation) in order.operations.iter().enumerate().filter(|(_, operation)| is_read(operation)) {
        reads += 1;
        violations.extend(order.overwritten(index).map(|between| {
            let source = order.source[index].map(|source| order.operations[source]);
            let operations: Vec<&Operation> = source.into_iter().chain([between, *operation]).collect();
            let sentence = if source.is_some() {
                "a read answered a write that another one had overwritten, which it must have seen"
            } else {
                "a read answered that nothing was written, though it must have seen a write"
            };
            witness_of(sentence, &operations)
        }));
    }
    Some((violations, reads))
}

fn is_read(operation: &Operation) -> bool {
    operation.action == Action::Read && operation.answer().is_some()
}

type Built<'a> = Result<Order<'a>, Vec<&'a Operation>>;

impl<'a> Order<'a> {
    /// The order, or a circle in it; and reads of what nobody wrote.
    fn of(processes: &[Vec<&'a Operation>]) -> (Built<'a>, Vec<Witness>) {
        let operations: Vec<&Operation> = processes.iter().flatten().copied().collect();
        let place: Vec<(usize, u32)> =
            processes.iter().enumerate().flat_map(|(process, list)| (0..list.len() as u32).map(move |place| (process, place))).collect();
        let mut by_value: BTreeMap<(u64, u64), usize> = BTreeMap::new();
        let mut writes: BTreeMap<u64, BTreeMap<usize, Vec<(u32, usize)>>> = BTreeMap::new();
        for (index, operation) in operations.iter().enumerate() {
            if let Some(value) = written(operation) {
                by_value.insert((operation.object, value), index);
                writes.entry(operation.object).or_default().entry(place[index].0).or_default().push((place[index].1, index));
            }
        }
        let mut unwritten = Vec::new();
        let mut source = vec![None; operations.len()];
        for (index, read) in operations.iter().enumerate().filter(|(_, operation)| is_read(operation)) {
            let value = read.answer().unwrap_or_default();
            source[index] = by_value.get(&(read.object, value)).copied();
            if source[index].is_none() && value != 0 {
                unwritten.push(witness_of("a read answered a value that nobody ever wrote", &[read]));
            }
        }
        let mut order = Self { seen: vec![Vec::new(); operations.len()], operations, place, source, writes };
        let built = if order.propagate(processes.len()) { Ok(order) } else { Err(order.circle()) };
        (built, unwritten)
    }

    /// Finds out what comes before every operation; answers whether nothing comes before itself.
    fn propagate(&mut self, processes: usize) -> bool {
        let count = self.operations.len();
        let before = |index: usize| (self.place[index].1 > 0).then(|| index - 1);
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut missing: Vec<u8> =
            (0..count).map(|index| u8::from(before(index).is_some()) + u8::from(self.source[index].is_some())).collect();
        for (index, source) in self.source.iter().enumerate() {
            if let Some(source) = source {
                readers[*source].push(index);
            }
        }
        let mut ready: Vec<usize> = (0..count).filter(|index| missing[*index] == 0).collect();
        let mut done = 0;
        while let Some(index) = ready.pop() {
            done += 1;
            let mut seen = match before(index) {
                Some(previous) => self.seen[previous].clone(),
                None => vec![0; processes],
            };
            if let Some(source) = self.source[index] {
                seen.iter_mut().zip(&self.seen[source]).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
            }
            let (process, place) = self.place[index];
            seen[process] = place + 1;
            self.seen[index] = seen;
            let next = (index + 1 < count && self.place[index + 1].1 > 0).then_some(index + 1);
            for later in next.into_iter().chain(readers[index].iter().copied()) {
                missing[later] -= 1;
                if missing[later] == 0 {
                    ready.push(later);
                }
            }
        }
        done == count
    }

    /// Some operations that come before themselves, when not all could be ordered: walks back from one that was not.
    fn circle(&self) -> Vec<&'a Operation> {
        let is_open = |index: &usize| self.seen[*index].is_empty();
        let back = |index: usize| {
            let previous = (self.place[index].1 > 0).then(|| index - 1).filter(is_open);
            self.source[index].filter(is_open).or(previous)
        };
        let Some(mut at) = (0..self.operations.len()).find(is_open) else { return Vec::new() };
        // Bounded: after as many steps as there are operations one stands in the circle.
        for _ in 0..self.operations.len() {
            at = back(at).unwrap_or(at);
        }
        let mut circle = vec![self.operations[at]];
        let mut next = back(at);
        while let Some(index) = next.filter(|index| *index != at && circle.len() < 20) {
            circle.push(self.operations[index]);
            next = back(index);
        }
        circle
    }

    /// A write that a read must have seen and that must have seen the one that the read answers.
    fn overwritten(&self, read: usize) -> Option<&'a Operation> {
        let object = self.operations[read].object;
        let source = self.source[read];
        let value = self.operations[read].answer();
        if source.is_none() && value != Some(0) {
            return None;
        }
        let by_process = self.writes.get(&object)?;
        by_process.iter().find_map(|(process, writes)| {
            // The last of each process is enough: what comes before it comes before the read, too.
            let known = writes.partition_point(|(place, _)| *place < self.seen[read][*process]);
            let (_, last) = writes[..known].last()?;
            let comes_after = match source {
                None => true,
                Some(source) => *last != source && self.seen[*last][self.place[source].0] > self.place[source].1,
            };
            comes_after.then(|| self.operations[*last])
        })
    }
}

/// Whether a history is causal, as far as can be said: for those who ask several checkers.
pub(super) fn verdict(history: &History) -> Verdict {
    match causal(history) {
        None => Verdict::Unknown,
        Some((violations, _)) if violations.is_empty() => Verdict::Holds,
        Some(_) => Verdict::Violated,
    }
}
