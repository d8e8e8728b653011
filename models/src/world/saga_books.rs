//! What have the steps of a saga really done? The books that no node can see, and what is counted from them.
//!
//! A step is executed when its participant has done all its work and answers with success; so is a compensation. An entry lives as long as
//! anything of the saga is under way, so that what comes late is still booked; then its verdict is given and it is gone.

use crate::measure::Observations;
use crate::plan::Plan;

/// What is counted of sagas, in runs that have any; 0 is counted as well.
const COUNTED: [&str; 10] = [
    "sagas begun",
    "sagas completed",
    "sagas compensated",
    "sagas left half-way",
    "sagas resumed",
    "sagas inconsistent",
    "saga steps executed again",
    "saga steps executed after their compensation",
    "compensations executed again",
    "compensations executed without their step",
];

/// Everything that is counted begins with 0 if a plan has sagas.
pub(super) fn begin_counting(plan: &Plan, observations: &mut Observations) {
    if plan.services.iter().any(|service| service.sagas().next().is_some()) {
        COUNTED.iter().for_each(|name| observations.count(name, 0));
    }
}

/// What became of one step of one saga.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StepBook {
    /// How often it was executed.
    pub(super) done: u32,
    /// How often its compensation was.
    pub(super) undone: u32,
    /// Whether its participant refuses it from now on.
    is_fenced: bool,
    /// Attempts put on the wire so far: for the step, and for its compensation. They go on counting over the lives of the coordinator.
    pub(super) attempts: [u32; 2],
    /// How many of the step's were answered that they were not executed.
    pub(super) refused: u32,
}

impl StepBook {
    /// The step is executed, unless its participant knows better.
    pub(super) fn is_executed(&mut self, observations: &mut Observations) -> u32 {
        if self.is_fenced {
            return 0;
        }
        self.done += 1;
        if self.done > 1 {
            observations.count("saga steps executed again", 1);
        }
        if self.undone > 0 {
            observations.count("saga steps executed after their compensation", 1);
        }
        self.done
    }

    /// The compensation is executed, unless its participant looks first and finds nothing to take back.
    pub(super) fn is_undone(&mut self, checks: bool, observations: &mut Observations) -> u32 {
        if checks {
            self.is_fenced = true;
            if self.done <= self.undone {
                return 0;
            }
        }
        if self.done == 0 {
            observations.count("compensations executed without their step", 1);
        }
        self.undone += 1;
        if self.undone > 1 {
            observations.count("compensations executed again", 1);
        }
        self.undone
    }

    /// Its effect: 1 if it was executed once and not taken back.
    pub(super) const fn effect(&self) -> i64 {
        self.done as i64 - self.undone as i64
    }
}

/// How a saga ended, as its coordinator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SagaEnd {
    /// All steps were executed.
    Completed,
    /// Everything was taken back.
    Compensated,
    /// Neither, and nobody will go on with it.
    LeftHalfway,
}

impl SagaEnd {
    /// In one word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::LeftHalfway => "left half-way",
        }
    }

    /// What it is counted and announced as.
    pub(super) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Completed => ("sagas completed", "SagaCompleted"),
            Self::Compensated => ("sagas compensated", "SagaCompensated"),
            Self::LeftHalfway => ("sagas left half-way", "SagaLeftHalfway"),
        }
    }
}

/// Whether the effects of all steps fit together, and with what the coordinator believes. `can_undo` says which steps have a compensation: one
/// that has none leaves nothing that would have to be taken back.
pub(super) fn is_consistent(steps: &[StepBook], can_undo: impl Fn(usize) -> bool, end: SagaEnd) -> bool {
    let all = steps.iter().all(|step| step.effect() == 1);
    let none = steps.iter().enumerate().all(|(index, step)| step.effect() == 0 || !can_undo(index));
    match end {
        SagaEnd::Completed => all,
        SagaEnd::Compensated => none,
        SagaEnd::LeftHalfway => all || none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(done: u32, undone: u32) -> StepBook {
        StepBook { done, undone, ..StepBook::default() }
    }

    #[test]
    fn a_saga_is_consistent_if_all_of_it_was_done_once_or_nothing_is_left() {
        let judge = |steps: &[StepBook], end| is_consistent(steps, |index| index != 2, end);
        let (whole, undone, half) = ([book(1, 0); 3], [book(1, 1), book(0, 0), book(1, 0)], [book(1, 0), book(0, 0), book(0, 0)]);
        use SagaEnd::{Compensated, Completed, LeftHalfway};
        assert!(judge(&whole, Completed) && !judge(&whole, Compensated) && judge(&whole, LeftHalfway));
        assert!(!judge(&undone, Completed) && judge(&undone, Compensated), "what has no compensation leaves nothing behind");
        assert!([Completed, Compensated, LeftHalfway].iter().all(|&end| !judge(&half, end)));
        let twice = [book(2, 0), book(1, 0), book(1, 0)];
        assert!(!judge(&twice, Completed), "to be executed twice is not to be executed");
        assert!(!judge(&[book(0, 1), book(0, 0), book(0, 0)], Compensated), "to take back what was never done is a loss as well");
    }

    #[test]
    fn a_participant_that_looks_first_takes_back_what_is_there_and_refuses_what_comes_after() {
        let mut seen = Observations::default();
        let mut careful = StepBook::default();
        assert_eq!((careful.is_undone(true, &mut seen), careful.is_executed(&mut seen)), (0, 0));
        assert!(seen.list().is_empty(), "nothing happened: {seen:?}");
        let mut careless = StepBook::default();
        assert_eq!((careless.is_undone(false, &mut seen), careless.is_executed(&mut seen)), (1, 1));
        let counted: Vec<String> = seen.list().into_iter().map(|one| one.name).collect();
        assert_eq!(counted, ["compensations executed without their step", "saga steps executed after their compensation"]);
    }
}
