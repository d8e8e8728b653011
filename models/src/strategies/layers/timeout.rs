//! Timeout: give up on one attempt after a time.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Cause, End, Moment, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// Fails with `timeout` when what lies inside has not ended after this time; it is then abandoned, though its request
/// may still be worked on. The clock starts when the flight inside is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout(
    /// How long to wait for an answer.
    pub SimDuration,
);

impl Timeout {
    /// What it does at this instant: it remembers nothing, and needs to know nothing but the time.
    #[inline(always)]
    pub(in crate::strategies) fn at_once(&self, cause: Cause, now: SimTime) -> Step {
        match cause {
            Cause::Start => Step::Inner { wake: Some(now.saturating_add(self.0)) },
            Cause::InnerEnded(end) => Step::End(end.outcome),
            Cause::Timer => Step::End(Outcome::Failed(Failure::Timeout)),
            Cause::Granted => unreachable!("a timeout has no queue"),
        }
    }
}

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
        self.at_once(Cause::Start, moment.now)
    }

    fn inner_ended(&self, _flight: &mut (), _shared: &mut (), end: End, moment: &mut Moment<'_>) -> Step {
        self.at_once(Cause::InnerEnded(end), moment.now)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut (), moment: &mut Moment<'_>) -> Step {
        self.at_once(Cause::Timer, moment.now)
    }

    fn check(&self) -> Vec<Complaint> {
        let zero = self.0.is_zero().then(|| complaint("", "a timeout of zero gives up before anything is sent"));
        zero.into_iter().collect()
    }
}
