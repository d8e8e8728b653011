//! Deadline: give up on the whole call after a time, retries and waits included.

use super::{Moment, Step, Strategy};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Fails with `deadline` when the call has not ended this long after it was started, and at once if it is asked for another
/// try after that. It does not travel with the request: a callee knows nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline(
    /// How long the call may take.
    pub SimDuration,
);

impl Registered for Deadline {
    const NAME: &'static str = "Deadline";
    const SUMMARY: &'static str = "gives up on the whole call after a time, retries and waits included";
}

impl Strategy for Deadline {
    type Flight = ();
    type Shared = ();

    fn fresh(&self) {}

    fn start(&self, _flight: &mut (), _shared: &mut (), moment: &Moment<'_>) -> Step {
        let over = moment.call_started.saturating_add(self.0);
        // A retry outside may come back when the time of the call is up.
        if over <= moment.now { Step::End(Outcome::Failed(Failure::Deadline)) } else { Step::Inner { wake: Some(over) } }
    }

    fn inner_ended(&self, _flight: &mut (), _shared: &mut (), outcome: Outcome, _moment: &Moment<'_>) -> Step {
        Step::End(outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut (), _moment: &Moment<'_>) -> Step {
        Step::End(Outcome::Failed(Failure::Deadline))
    }

    fn check(&self) -> Vec<Complaint> {
        let zero = self.0.is_zero().then(|| complaint("", "a deadline of zero gives up before anything is sent"));
        zero.into_iter().collect()
    }
}
