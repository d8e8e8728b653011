//! What is a saga? Calls whose effects are taken back one by one if a later one fails.
//!
//! Source: Garcia-Molina and Salem, "Sagas" (SIGMOD 1987): steps run in order, and when one fails the compensations of those before it run in
//! the reverse order; the one that failed had no effect and is not compensated. That a step which timed out may have had one, and a
//! coordinator may die, is what the options are about. The retries of a compensation are those of AWS Step Functions unless said
//! (1 s, doubling), with a ceiling of a minute of our own.

use crate::ids::EdgeId;
use crate::registry::{Complaint, complaint, within};
use crate::strategies::backoff::{AnyBackoff, Exponential};
use crate::strategies::{Attempts, Retry};
use serde::{Deserialize, Serialize};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;
use std::sync::Arc;

/// Steps at other services, in this order, of which all take effect or, in the end, none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saga {
    /// The steps, 1 to 16.
    pub steps: Vec<SagaStep>,
    /// Where the coordinator keeps how far a saga has come; in memory unless said.
    #[serde(default)]
    pub log: SagaLog,
    /// Which way a new life of the coordinator goes with the sagas that its log knows; backward unless said.
    #[serde(default)]
    pub resumes: Resumes,
    /// Whether a step of which nobody knows if it was executed, because not all attempts at it were answered, is compensated
    /// as well; it is unless said.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub undo_unknown: bool,
    /// Whether participants look, before they compensate a step, if they have executed it: if not, they do nothing, and refuse the step
    /// should it come later. They do not unless said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo_checks: bool,
    /// How many calls are made for one compensation, or `"unlimited"`, as it is unless said. Each goes through the stack of its edge.
    #[serde(default = "unlimited")]
    pub undo_attempts: Attempts,
    /// How long to wait between them.
    #[serde(default = "doubling")]
    pub undo_backoff: AnyBackoff,
}

/// A step of a saga.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Step", deny_unknown_fields)]
pub struct SagaStep {
    /// The service that executes it.
    pub call: String,
    /// The service that takes it back; there is nothing to be taken back unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// How much money it puts on accounts of the service that executes it, or takes from there if below 0; its compensation does the opposite.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub amount: i64,
}

/// Where a coordinator keeps how far a saga has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum SagaLog {
    /// In its memory, which a crash ends: the saga stays as it is for ever.
    #[default]
    Memory,
    /// On the disk of its node.
    Durable(DurableLog),
}

/// A log on the disk of a node: written before the first step, and after the end of each step and each compensation, before the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DurableLog {
    /// How long a record takes to be safe; 1 ms unless said, the order of magnitude of a sync on a solid state disk of a data centre.
    pub write: Distribution,
}

impl Default for DurableLog {
    fn default() -> Self {
        Self { write: Distribution::Constant(SimDuration::from_millis(1)) }
    }
}

/// Which way a new life of the coordinator goes with a saga that had not been compensating yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resumes {
    /// It takes back what was done; of the step that may have been under way nobody knows if it was executed.
    #[default]
    Backward,
    /// It asks again for the step that may have been under way, under the key it had, and goes on.
    Forward,
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_true(value: &bool) -> bool {
    *value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_nothing(amount: &i64) -> bool {
    *amount == 0
}

/// No step moves more.
const MOST_AMOUNT: i64 = 1_000_000_000;

const fn unlimited() -> Attempts {
    Attempts::Unlimited
}

fn doubling() -> AnyBackoff {
    AnyBackoff::Exponential(Exponential { base: SimDuration::from_secs(1), cap: SimDuration::from_secs(60), multiplier: 2.0 })
}

/// What coordinators announce.
pub const SAGA_EVENTS: [&str; 5] = ["SagaBegun", "SagaCompleted", "SagaCompensated", "SagaLeftHalfway", "SagaResumed"];

/// At most so many steps.
const MOST_STEPS: usize = 16;

impl Saga {
    /// A saga of these steps, and everything else as it is unless said.
    pub fn new(steps: Vec<SagaStep>) -> Self {
        Self {
            steps,
            log: SagaLog::Memory,
            resumes: Resumes::Backward,
            undo_unknown: true,
            undo_checks: false,
            undo_attempts: unlimited(),
            undo_backoff: doubling(),
        }
    }

    /// Everything wrong with the numbers as written; names are looked up elsewhere.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1..=MOST_STEPS).contains(&self.steps.len()) {
            complaints.push(complaint("steps", format!("a saga has 1 to {MOST_STEPS} steps, not {}", self.steps.len())));
        }
        for (index, step) in self.steps.iter().enumerate().filter(|(_, step)| step.amount.abs() > MOST_AMOUNT) {
            let sentence = format!("a step moves {MOST_AMOUNT} at most, not {}", step.amount);
            complaints.push(complaint(&format!("steps[{index}].amount"), sentence));
        }
        let sum: i64 = self.steps.iter().take(MOST_STEPS).map(|step| step.amount.clamp(-MOST_AMOUNT, MOST_AMOUNT)).sum();
        if sum != 0 {
            let sentence = format!(
                "the amounts of the steps come to {sum}: every saga that is completed would make or lose money; let them come to 0"
            );
            complaints.push(complaint("steps", sentence));
        }
        if let SagaLog::Durable(log) = &self.log {
            complaints.extend(within("log.write", log.write.check()));
        }
        if self.undo_attempts == Attempts::AtMost(0) {
            complaints.push(complaint("undo_attempts", "a compensation needs at least one call; write a number, or \"unlimited\""));
        }
        complaints.extend(within("undo_backoff", self.undo_backoff.check()));
        if Retry::new(self.undo_attempts, self.undo_backoff.clone()).never_rests() {
            let sentence =
                "to compensate without a limit and without a wait would never let time pass; write a wait such as Constant(delay: \"1s\")";
            complaints.push(complaint("undo_backoff", sentence));
        }
        complaints
    }

    /// The distributions that may name files, with their paths inside it.
    pub fn distributions(&mut self) -> impl Iterator<Item = (&'static str, &mut Distribution)> {
        match &mut self.log {
            SagaLog::Durable(log) => Some(("log.write", &mut log.write)).into_iter(),
            SagaLog::Memory => None.into_iter(),
        }
    }

    /// As a run needs it, over these edges.
    pub fn plan(&self, steps: Vec<StepPlan>) -> Arc<SagaPlan> {
        Arc::new(SagaPlan {
            steps,
            write: match &self.log {
                SagaLog::Memory => None,
                SagaLog::Durable(log) => Some(log.write.compile()),
            },
            resumes: self.resumes,
            undo_unknown: self.undo_unknown,
            undo_checks: self.undo_checks,
            undo_attempts: self.undo_attempts,
            undo_backoff: self.undo_backoff.clone(),
        })
    }
}

/// A saga with every name looked up.
#[derive(Clone, Debug)]
pub struct SagaPlan {
    /// Its steps.
    pub steps: Vec<StepPlan>,
    /// How long a record of its log takes, if it is on a disk.
    pub write: Option<Sampler>,
    /// See [`Resumes`].
    pub resumes: Resumes,
    /// Whether what may have been executed is compensated.
    pub undo_unknown: bool,
    /// Whether what was not executed is not compensated.
    pub undo_checks: bool,
    /// How many calls are made for one compensation.
    pub undo_attempts: Attempts,
    /// How long to wait between them.
    pub undo_backoff: AnyBackoff,
}

/// A step with every name looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepPlan {
    /// The edge to the service that executes it.
    pub call: EdgeId,
    /// The edge to the one that takes it back.
    pub undo: Option<EdgeId>,
    /// How much money it puts on accounts.
    pub amount: i64,
}
