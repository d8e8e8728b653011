//! How old is what reads answer?

use super::objects::{Register, registers, witness_of};
use super::{Evidence, Judged, Property, Stands, Witness};
use crate::about::{About, Explained, parameter};
use crate::history::Operation;
use crate::measure::{Fold, Observation, Unit};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Reads answer nothing that is too old: by versions, by time, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundedStaleness {
    /// At most so many writes that were done before a read was invoked are newer than what it answers: 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<u64>,
    /// What was done so long before a read was invoked, it answers, or something newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<SimDuration>,
}

impl Registered for BoundedStaleness {
    const NAME: &'static str = "BoundedStaleness";
    const SUMMARY: &'static str = "reads answer nothing that is too old, by versions (k) or by time (t), and how old it is is counted";
}

impl Explained for BoundedStaleness {
    const ABOUT: About = About {
        meaning: "How far behind reads are, as the probabilistic bounds of partial quorums put it: k-staleness in versions, t-visibility in time. \
                  Beside the verdict a run counts its reads (`reads judged`), those that missed a write which was done when they were invoked \
                  (`stale reads`), how many writes they missed at most (`versions missed`), and for how long the first of these had been done \
                  (`staleness`).",
        formula: "A read misses a write that was done at or before its invocation and is certainly newer than what it answers: the answer was \
                  there before all writes, or its write was done before the other was invoked. Violated if it misses more than `versions` \
                  writes, or one that was done `age` or longer before.",
        parameters: &[
            parameter("versions", "number", "no limit", "How many writes a read may miss."),
            parameter("age", "duration", "no limit", "How long before a read the writes that it may miss were done, at most."),
        ],
        memory: "All operations of the run, about 100 bytes each, at most `history_limit`.",
        source: "P. Bailis et al., \"Probabilistically Bounded Staleness for Practical Partial Quorums\", VLDB 2012.",
        example: "BoundedStaleness(versions: 1, age: \"1s\")",
    };
}

/// How far behind a read is.
struct Behind<'a> {
    /// How many writes it misses.
    versions: u64,
    /// The one of those that was done first.
    oldest: &'a Operation,
    age: SimDuration,
}

fn behind<'a>(register: &Register<'a>, read: &Operation) -> Option<Behind<'a>> {
    let missed: Vec<&Operation> = register.newer_than(read.answer()?, read.invoked).collect();
    let oldest = missed.iter().copied().min_by_key(|write| write.done())?;
    let age = read.invoked.saturating_since(oldest.done()?);
    Some(Behind { versions: missed.len() as u64, oldest, age })
}

impl BoundedStaleness {
    fn is_too_old(&self, behind: &Behind<'_>) -> bool {
        self.versions.is_some_and(|most| behind.versions > most) || self.age.is_some_and(|age| behind.age >= age)
    }

    fn witness(register: &Register<'_>, read: &Operation, behind: &Behind<'_>) -> Witness {
        let answered = read.answer().and_then(|value| register.writes.get(&value).copied());
        let sentence = match behind.versions {
            1 => format!("a read missed a write that had been done {} before", behind.age),
            many => format!("a read missed {many} writes, of which the first had been done {} before", behind.age),
        };
        let operations: Vec<&Operation> = answered.into_iter().chain([behind.oldest, read]).collect();
        witness_of(sentence, &operations)
    }
}

impl Property for BoundedStaleness {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let mut violations = Vec::new();
        let mut spoke = 0;
        for register in registers(evidence.history).values() {
            spoke += register.reads.len() as u64;
            for read in &register.reads {
                if let Some(behind) = behind(register, read).filter(|behind| self.is_too_old(behind)) {
                    violations.push(Self::witness(register, read, &behind));
                }
            }
        }
        Judged::of_violations(violations, spoke)
    }

    fn observe(&self, evidence: &Evidence<'_>) -> Vec<Observation> {
        let (mut reads, mut stale, mut most, mut longest) = (0_i64, 0_i64, 0_i64, 0_i64);
        for register in registers(evidence.history).values() {
            reads += register.reads.len() as i64;
            for behind in register.reads.iter().filter_map(|read| behind(register, read)) {
                stale += 1;
                most = most.max(behind.versions as i64);
                longest = longest.max(behind.age.as_nanos() as i64);
            }
        }
        let observed = |name: &str, fold, unit, value| Observation { name: name.to_owned(), fold, unit, value };
        vec![
            observed("reads judged", Fold::Sum, Unit::Count, reads),
            observed("stale reads", Fold::Sum, Unit::Count, stale),
            observed("versions missed", Fold::Most, Unit::Count, most),
            observed("staleness", Fold::Most, Unit::Time, longest),
        ]
    }

    fn title(&self) -> String {
        let versions = self.versions.map(|versions| format!("{versions} versions"));
        let age = self.age.map(|age| age.to_string());
        let limits: Vec<String> = versions.into_iter().chain(age).collect();
        format!("BoundedStaleness {}", limits.join(", "))
    }

    fn check(&self) -> Vec<Complaint> {
        let none = self.versions.is_none() && self.age.is_none();
        none.then(|| complaint("", "say how old is too old: `versions: 1`, or `age: \"1s\"`")).into_iter().collect()
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}
