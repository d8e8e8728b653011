//! How is a history recorded while a run goes on?

use super::operation::{Action, End, Operation};
use crate::record::AttemptName;
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// At most so many operations are recorded in a run: about 100 MB. A history that is cut short proves nothing, and properties that are
/// judged by it stay undecided.
pub const MOST_OPERATIONS: usize = 1_000_000;

/// The operations of a run, in the order in which they were invoked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The operations.
    pub operations: Vec<Operation>,
    /// How many more there were than can be recorded.
    pub missing: u64,
}

/// What a turn of a caller says of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins: with this object, this is to be done.
    Invoked(u64, Action),
    /// It is done, and answered so.
    Returned(Option<u64>),
    /// It certainly had no effect.
    HadNoEffect,
}

/// A history in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    history: History,
    /// The operation that is open in the record of an attempt, by its slot. An attempt that is given up closes nothing: what comes after
    /// it in the same record begins with an operation of its own.
    open: BTreeMap<u32, usize>,
}

impl Recorder {
    /// An attempt of a client says something of its operation.
    pub(crate) fn note(&mut self, slot: u32, (name, client): (AttemptName, u32), step: Step, now: SimTime) {
        match step {
            Step::Invoked(object, action) => {
                self.open.remove(&slot);
                if self.history.operations.len() >= MOST_OPERATIONS {
                    self.history.missing += 1;
                    return;
                }
                self.open.insert(slot, self.history.operations.len());
                let (call, attempt) = (name.call.key.bits(), name.number);
                self.history.operations.push(Operation { client, call, attempt, object, action, invoked: now, end: End::Unknown });
            }
            Step::Returned(value) => self.close(slot, End::Ok { at: now, value }),
            Step::HadNoEffect => self.close(slot, End::Failed { at: now }),
        }
    }

    fn close(&mut self, slot: u32, end: End) {
        if let Some(index) = self.open.remove(&slot) {
            self.history.operations[index].end = end;
        }
    }

    /// What was recorded.
    pub(crate) fn into_history(self) -> History {
        self.history
    }
}
