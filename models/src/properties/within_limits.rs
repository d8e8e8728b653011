//! How much may a run take down, and what is said of one that needs more?
//!
//! Own definition. A history of operations and the logs of protocols grow with what is asked, and are bounded by the scenario. A run that comes to a
//! bound is left where it is, with a finding: what would come next can neither be kept nor be judged.

use super::{Finding, Judged, Verdict};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

/// By this name the finding goes that a run has come to a limit. A run that stays within its limits has none.
pub const WITHIN_LIMITS: &str = "WithinLimits";

/// A history has at most so many operations, and attempts that asked for one again, unless the scenario says otherwise: about 100 MB.
pub const USUAL_HISTORY: u32 = 1_000_000;

/// No scenario may allow more: about 2 GB.
pub const MOST_HISTORY: u32 = 20_000_000;

/// The log of a member has at most so many entries, unless the scenario says otherwise.
pub const USUAL_LOG: u32 = 1_000_000;

/// No scenario may allow more.
pub const MOST_LOG: u32 = 20_000_000;

/// A limit that a run has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceeded {
    /// When.
    pub at: SimTime,
    /// What there is so much of, in words: `operations in the history`.
    pub what: String,
    /// The field of the scenario that says how much there may be.
    pub field: String,
    /// How much that is.
    pub limit: u32,
    /// What to do beside writing a larger one, in words.
    pub remedy: String,
}

impl Exceeded {
    /// Why nothing more can be said of the run.
    fn sentence(&self) -> String {
        let Self { at, what, field, limit, remedy } = self;
        format!("the run was stopped at {at}: there are {limit} {what}, as many as `{field}` allows; write a larger one, {remedy}")
    }

    /// The finding that the run was stopped.
    pub fn finding(&self) -> Finding {
        Finding::of(WITHIN_LIMITS.to_owned(), Judged::unknown(self.at, self.sentence()))
    }

    /// What is left of a finding about a run of which only the beginning was made: what is for good, and otherwise nothing.
    pub(super) fn leaves(&self, judged: Judged, stands: Stands) -> Judged {
        let is_for_good = match judged.verdict {
            Verdict::Violated => stands.violated,
            Verdict::Holds => stands.holds,
            Verdict::NotReached | Verdict::Unknown => false,
        };
        if is_for_good { judged } else { Judged::unknown(self.at, self.sentence()) }
    }
}

/// Which verdicts on the beginning of a run are verdicts on the whole, however it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// That something is violated.
    pub violated: bool,
    /// That something holds.
    pub holds: bool,
}

impl Stands {
    /// Neither.
    pub const NOT: Self = Self { violated: false, holds: false };
    /// What has happened has happened: something that must not.
    pub const VIOLATED: Self = Self { violated: true, holds: false };
    /// The same: something that may.
    pub const REACHED: Self = Self { violated: false, holds: true };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::Witness;

    #[test]
    fn of_the_beginning_of_a_run_only_what_is_for_good_is_left() {
        let exceeded = Exceeded {
            at: SimTime::from_nanos(5_000_000_000),
            what: "operations in the history".to_owned(),
            field: "history_limit".to_owned(),
            limit: 1_000,
            remedy: "or a shorter `horizon`".to_owned(),
        };
        let violated = || Judged::of_violations(vec![Witness::new(SimTime::ZERO, "it is wrong")], 0);
        let verdict = |judged, stands| exceeded.leaves(judged, stands).verdict;
        assert_eq!(verdict(violated(), Stands::VIOLATED), Verdict::Violated);
        assert_eq!(verdict(violated(), Stands::NOT), Verdict::Unknown);
        assert_eq!(verdict(Judged::holds(7), Stands::VIOLATED), Verdict::Unknown, "it may be violated later");
        assert_eq!(verdict(Judged::holds(7), Stands::REACHED), Verdict::Holds, "what was reached was reached");
        assert_eq!(verdict(Judged::not_reached(), Stands::REACHED), Verdict::Unknown);
        let finding = exceeded.finding();
        assert_eq!((finding.property.as_str(), finding.verdict), (WITHIN_LIMITS, Verdict::Unknown));
        assert_eq!(
            finding.first.map(|first| first.sentence).unwrap_or_default(),
            "the run was stopped at 5s: there are 1000 operations in the history, as many as `history_limit` allows; write a larger one, or a shorter `horizon`"
        );
    }
}
