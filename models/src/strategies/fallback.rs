//! Fallback: what to answer when everything inside has failed.

use super::{End, Moment, Site, Step, Strategy};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// Answers a failure of what lies inside with a default value: at once, as a success that is counted as degraded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The failures that are answered so; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Failure>>,
}

impl Registered for Fallback {
    const NAME: &'static str = "Fallback";
    const SUMMARY: &'static str = "answers a failure with a default value, as a degraded success";
}

impl Strategy for Fallback {
    type Flight = ();
    type Shared = ();

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) {}

    fn start(&self, _flight: &mut (), _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, _flight: &mut (), _shared: &mut (), end: End, moment: &mut Moment<'_>) -> Step {
        match end.outcome {
            Outcome::Failed(failure) if self.on.as_ref().is_none_or(|on| on.contains(&failure)) => {
                moment.notes.degraded();
                Step::End(Outcome::Success)
            }
            outcome => Step::End(outcome),
        }
    }

    fn timer(&self, _flight: &mut (), _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        unreachable!("a fallback sets no timer")
    }

    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}
