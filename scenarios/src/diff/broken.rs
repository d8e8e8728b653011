//! What does one of two runs break that the other does not, what led to that, and what does the other do in its place?
//!
//! Own definition. Of a violation with operations: what those who made them were answered, event by event, with what the same caller was
//! answered by the same node in the other run. Of any other: what led to it, the latest first, and whether the other run has the same.

use super::chains::{Link, chains};
use super::source::{Source, SourceError};
use crate::trace::TraceEvent;
use crate::why::{Named, Showed, collect, named, showed_at};
use models::history::{Action, End, Operation};
use models::properties::{Finding, Witness};
use models::protocols::Beginning;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Of an operation, so many answers are told.
const MOST_ANSWERS: usize = 12;

/// So many properties are told of.
const MOST_PROPERTIES: usize = 3;

/// Of a witness, so many operations are told, the last ones: for each of them both runs are made several times.
const MOST_OPERATIONS: usize = 8;

/// An event with what led to it, the latest first, and whether the other run has the same.
pub type Chain = Vec<(Link, bool)>;

/// What one run breaks and the other does not.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which of the two runs breaks it: 0 or 1.
    pub side: usize,
    /// The property.
    pub property: String,
    /// When it showed first, in nanoseconds.
    pub at: u64,
    /// What was seen, in a sentence without its full stop.
    pub sentence: String,
    /// The operations that show it, in the order in which they were invoked; none where events show it.
    pub operations: Vec<Told>,
    /// How many operations of the witness come before those.
    pub left_out: usize,
    /// What led to it, the latest first, and whether the other run has the same; nothing where operations show it.
    pub chain: Chain,
    /// What that event is at odds with, each with what led to it in the same way.
    pub against: Vec<Chain>,
    /// The first messages that each node heard and that say what the sentence names; nothing where operations show it.
    pub named: Named,
}

/// An operation, and what was answered to those who made it.
#[derive(Clone, Debug)]
pub struct Told {
    /// In words: `clients -> register #3.5 reads key 0 and is told 5f3a21`.
    pub sentence: String,
    /// Each answer, and in the other run the answer of the same node to the same attempt, if there is one.
    pub answers: Vec<(TraceEvent<'static>, Option<TraceEvent<'static>>)>,
}

/// What the first of these runs breaks and the second does not, or the other way round: the earliest violations first.
///
/// # Errors
/// If one of the runs cannot be told.
pub fn broken(sources: [&dyn Source; 2], findings: [&[Finding]; 2]) -> Result<Vec<Broken>, SourceError> {
    let is_kept = |by: usize, property: &str| findings[by].iter().any(|other| other.property == property && !other.is_violated());
    let alone = |side: usize| {
        let violated = findings[side].iter().filter(move |finding| finding.is_violated());
        violated.filter(move |finding| is_kept(1 - side, &finding.property)).map(move |finding| (side, finding))
    };
    let seen = alone(0).chain(alone(1)).filter_map(|(side, finding)| Some((side, finding, finding.first.as_ref()?)));
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by_key(|(_, _, witness)| witness.at);
    seen.into_iter().take(MOST_PROPERTIES).map(|(side, finding, witness)| told_of(sources, (side, finding, witness))).collect()
}

fn told_of(sources: [&dyn Source; 2], (side, finding, witness): (usize, &Finding, &Witness)) -> Result<Broken, SourceError> {
    let (mine, theirs) = (sources[side], sources[1 - side]);
    let first = witness.operations.len().saturating_sub(MOST_OPERATIONS);
    let operations = witness.operations[first..].iter().map(|operation| told(operation, mine, theirs)).collect::<Result<_, _>>()?;
    let mut chains = if witness.operations.is_empty() { chains_of(witness, mine, theirs)? } else { Vec::new() };
    let against = chains.split_off(chains.len().min(1));
    let chain = chains.pop().unwrap_or_default();
    let (property, sentence, at) = (finding.property.clone(), witness.sentence.clone(), witness.at.as_nanos());
    let named = if witness.operations.is_empty() { named(mine, &sentence, at)? } else { Named::default() };
    Ok(Broken { side, property, at, sentence, operations, left_out: first, chain, against, named })
}

/// What was answered for the sake of an operation, in both runs.
fn told(operation: &Operation, mine: &dyn Source, theirs: &dyn Source) -> Result<Told, SourceError> {
    let key = format!("{:016x}", operation.call);
    let wanted = BTreeSet::from([key.clone()]);
    let (here, there) = (collect(mine, &wanted)?.in_order(), collect(theirs, &wanted)?.in_order());
    let mut others: BTreeMap<_, Vec<&TraceEvent<'static>>> = BTreeMap::new();
    // Answers to earlier calls of the same client led to this one, and are not what was asked for.
    let is_answer = |event: &&TraceEvent<'static>| is_answer(event) && event.call.as_ref().is_none_or(|call| call.key == key.as_str());
    there.iter().filter(is_answer).for_each(|event| others.entry(who(event)).or_default().push(event));
    others.values_mut().for_each(|events| events.reverse());
    let answers = here.iter().filter(is_answer);
    let answers = answers.map(|event| (event.clone(), others.get_mut(&who(event)).and_then(Vec::pop).cloned()));
    let name = here.iter().filter_map(|event| event.call.as_ref()).find(|call| call.key == key.as_str());
    let name = name.map_or_else(|| key.clone(), |call| call.name.to_string());
    Ok(Told { sentence: format!("{name} {}", InWords(operation)), answers: answers.take(MOST_ANSWERS).collect() })
}

/// Whether an event tells what a message says that somebody was waiting for.
fn is_answer(event: &TraceEvent<'_>) -> bool {
    event.says.is_some() && matches!(event.kind.as_ref(), "reply" | "hear")
}

/// What the same event of the other run has in common with one.
fn who<'e>(event: &'e TraceEvent<'_>) -> (&'e str, Option<&'e str>, Option<&'e str>, Option<&'e str>, u32) {
    let attempt = event.call.as_ref().and_then(|call| call.attempt).unwrap_or_default();
    (event.kind.as_ref(), event.node.as_deref(), event.peer.as_deref(), event.message.as_deref(), attempt)
}

/// An operation in words.
struct InWords<'a>(&'a Operation);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operation { object, action, end, .. } = self.0;
        match action {
            Action::Read => write!(f, "reads key {object}")?,
            Action::Write(value) => write!(f, "writes {} to key {object}", Beginning(*value))?,
            Action::CompareAndSet { expected, new } => {
                write!(f, "sets key {object} to {} if it is {}", Beginning(*new), Beginning(*expected))?;
            }
            Action::Add(amount) => write!(f, "adds {amount} to key {object}")?,
            Action::Acquire => write!(f, "acquires key {object}")?,
            Action::Release => write!(f, "releases key {object}")?,
            Action::Transfer { to, amount } => write!(f, "moves {amount} from key {object} to key {to}")?,
            Action::Total => f.write_str("asks for the total")?,
        }
        match end {
            End::Ok { value: Some(value), .. } if matches!(action, Action::Read) => write!(f, " and is told {}", Beginning(*value)),
            End::Ok { .. } => f.write_str(" and is told that it is done"),
            End::Failed { .. } => f.write_str(" and is told that it failed"),
            End::Unknown => f.write_str(" and never hears of it"),
        }
    }
}

/// What led to the event at which something showed, and then to each of those that it is at odds with; and whether the other run has the same.
fn chains_of(witness: &Witness, mine: &dyn Source, theirs: &dyn Source) -> Result<Vec<Chain>, SourceError> {
    let at = witness.at.as_nanos();
    let Showed { event, against, causes } = showed_at(mine, (at, witness.announced), &witness.against)?;
    let first = event.into_iter().chain(against);
    let told = first.map(|id| chains(mine, &causes, Some(id))).collect::<Result<Vec<Vec<Link>>, _>>()?;
    let mut shared: BTreeMap<u64, bool> = told.iter().flatten().map(|link| (link.event.fingerprint(), false)).collect();
    theirs.tell(&mut |event| {
        if event.at <= at
            && let Some(is_shared) = shared.get_mut(&event.fingerprint())
        {
            *is_shared = true;
        }
    })?;
    let with_shared = |link: Link| (shared[&link.event.fingerprint()], link);
    Ok(told.into_iter().map(|links| links.into_iter().map(with_shared).map(|(is_shared, link)| (link, is_shared)).collect()).collect())
}
