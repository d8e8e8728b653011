//! Timeout: give up on one attempt after a time.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{End, Moment, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Fails with `timeout` when what lies inside has not ended after this time; it is then abandoned, though its request
/// may still be worked on. The clock starts when the flight inside is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout(
    /// How long to wait for an answer.
    pub SimDuration,
);

impl Registered for Timeout {
    const NAME: &'static str = "Timeout";
    const SUMMARY: &'static str = "gives up on an attempt after a time";
}

impl Explained for Timeout {
    const ABOUT: About = About {
        meaning: "How long one try of what is inside may take. Inside a Retry it makes a silent loss a failure that can be tried again; \
                  the callee may go on working on what was given up.",
        formula: "A flight of it fails with timeout as soon as now >= start of the flight + the value; what is open inside is given up. \
                  No draws.",
        parameters: &[parameter("(one value)", "duration, above 0", "required", "how long to wait for an answer")],
        memory: "Nothing beside its timer.",
        source: "own definition.",
        example: "Timeout(\"1s\")",
    };
}

impl Strategy for Timeout {
    type Flight = ();
    type Shared = ();

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) {}

    fn start(&self, _flight: &mut (), _shared: &mut (), moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: Some(moment.now.saturating_add(self.0)) }
    }

    fn inner_ended(&self, _flight: &mut (), _shared: &mut (), end: End, _moment: &mut Moment<'_>) -> Step {
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        Step::End(Outcome::Failed(Failure::Timeout))
    }

    fn check(&self) -> Vec<Complaint> {
        let zero = self.0.is_zero().then(|| complaint("", "a timeout of zero gives up before anything is sent"));
        zero.into_iter().collect()
    }
}
