//! How well was the objective kept, over the run and bin by bin?
//!
//! An objective of 99.9% leaves an *error budget* of 0.1% of the calls. Used of it is what was not successful, divided by what
//! might have been unsuccessful.

use super::{Bin, RunMeasures};
use crate::plan::Clockwork;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

/// How many time bins kept the objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveMeasures {
    /// The share of calls that should succeed.
    pub objective: Share,
    /// Time bins between the warm-up and the horizon in which a call was started.
    pub bins: u64,
    /// Those of them of whose calls at least that share succeeded.
    pub kept: u64,
}

impl ObjectiveMeasures {
    /// Of a run with these bins.
    pub(super) fn of(objective: Share, bins: &[Bin], times: &Clockwork) -> Self {
        let first = times.warm_up.as_nanos().div_ceil(times.bin.as_nanos()) as usize;
        let measured = bins.iter().skip(first).filter(|bin| bin.started > 0);
        let keeps = |bin: &Bin| {
            u128::from(bin.succeeded) * u128::from(Share::ALL.parts()) >= u128::from(objective.parts()) * u128::from(bin.started)
        };
        let (count, kept) = measured.fold((0, 0), |(count, kept), bin| (count + 1, kept + u64::from(keeps(bin))));
        Self { objective, bins: count, kept }
    }
}

impl RunMeasures {
    /// What was used of the error budget, and all of it, in parts of a call; nothing without an objective or a call.
    pub fn error_budget(&self) -> Option<(u128, u128)> {
        let objective = self.objective.as_ref()?.objective;
        let used = u128::from(self.calls - self.succeeded) * u128::from(Share::ALL.parts());
        (self.calls > 0).then(|| (used, u128::from(self.calls) * u128::from(objective.complement().parts())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimDuration;

    #[test]
    fn a_bin_keeps_the_objective_if_exactly_that_share_succeeds_and_counts_only_with_calls_after_the_warm_up() {
        let bin = |started, succeeded| Bin { started, succeeded, ..Bin::default() };
        let bins = [bin(100, 0), bin(100, 99), bin(0, 0), bin(100, 98), bin(7, 7)];
        let times = Clockwork { warm_up: SimDuration::from_secs(1), ..Clockwork::default() };
        let measures = ObjectiveMeasures::of(Share::percent(99), &bins, &times);
        assert_eq!((measures.bins, measures.kept), (3, 2));
    }

    #[test]
    fn the_budget_is_what_may_fail_and_a_call_that_is_not_decided_uses_it_up() {
        let objective = Some(ObjectiveMeasures { objective: Share::percent(99), bins: 0, kept: 0 });
        let run = RunMeasures { calls: 1000, succeeded: 970, unfinished: 10, objective, ..RunMeasures::default() };
        let (used, all) = run.error_budget().expect("there were calls");
        assert_eq!((used / all, used % all), (3, 0), "thirty failures of ten that may be");
        assert_eq!(RunMeasures { calls: 1000, ..RunMeasures::default() }.error_budget(), None);
    }
}
