//! Does the system go on when the faults are over?

use super::{Evidence, Judged, Property, Stands, Witness};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// After the last fault operations are done, and never again is nothing done for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// For how long nothing may be done while somebody wants something.
    pub within: SimDuration,
    /// From when on that is demanded, whatever is broken for ever by then; from the end of the last fault unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SimDuration>,
}

impl Registered for Progress {
    const NAME: &'static str = "Progress";
    const SUMMARY: &'static str = "after the last fault, or an instant, operations are done, and never again is nothing done for long";
}

impl Explained for Progress {
    const ABOUT: About = About {
        meaning: "Liveness with a bound: what is safe by doing nothing is of no use. With `after` it is demanded of whatever works by then, \
                  though the rest be dead for ever.",
        formula: "From the end of the last fault, or from `after`, to the horizon: violated if from the invocation of some \
                  operation on none is done for `within` or longer. Not reached if the horizon comes before the first \
                  `within` is over, if a fault never ends and there is no `after`, or if nothing is invoked.",
        parameters: &[
            parameter("within", "duration", "required", "For how long nothing may be done while somebody wants something."),
            parameter("after", "duration", "the end of the last fault", "From when on, since the start of the run."),
        ],
        memory: "All operations of the run, about 100 bytes each, at most `history_limit`.",
        source: "B. Alpern, F. Schneider, \"Defining Liveness\", 1985; TigerBeetle's simulator, liveness mode, for a healed core.",
        example: "Progress(within: \"10s\")",
    };
}

impl Property for Progress {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let from = self.after.map_or(evidence.faults_end, |after| SimTime::ZERO.saturating_add(after));
        let until = evidence.horizon.min(evidence.ended);
        let operations = &evidence.history.operations;
        // What is tried again is wanted once more.
        let again = evidence.history.tried_again.iter().copied();
        let mut invoked: Vec<SimTime> = operations.iter().map(|operation| operation.invoked).chain(again).collect();
        invoked.sort_unstable();
        if from.saturating_add(self.within) > until || !invoked.iter().any(|at| *at >= from && *at < until) {
            return Judged::not_reached();
        }
        let mut done: Vec<SimTime> =
            operations.iter().filter_map(|operation| operation.done()).filter(|at| *at >= from && *at < until).collect();
        done.sort_unstable();
        let spoke = done.len() as u64;
        // From one operation that is done to the next, somebody waits from the first invocation on.
        let begins = std::iter::once(from).chain(done.iter().copied());
        let ends = done.iter().copied().chain([until]);
        let mut violations = Vec::new();
        for (begin, end) in begins.zip(ends) {
            // The first to ask after the last success, for the first time or again.
            let waits = invoked.get(invoked.partition_point(|at| *at < begin)).copied();
            let Some(waits) = waits.filter(|waits| end.saturating_since(*waits) >= self.within) else { continue };
            let sentence = format!("nothing was done for {} though somebody wanted something", end.saturating_since(waits));
            violations.push(Witness::new(waits.saturating_add(self.within), sentence));
        }
        Judged::of_violations(violations, spoke.max(1))
    }

    fn title(&self) -> String {
        match self.after {
            Some(after) => format!("Progress within {} after {after}", self.within),
            None => format!("Progress within {}", self.within),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let none = self.within.is_zero().then(|| complaint("within", "nothing is done in no time; write how long, such as \"10s\""));
        none.into_iter().collect()
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}
