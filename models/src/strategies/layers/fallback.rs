//! Fallback: what to answer when everything inside has failed.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::strategies::{End, Moment, Site, Step, Strategy};
use serde::{Deserialize, Serialize};

/// Answers a failure of what lies inside with a makeshift: a success that is counted as degraded. (An old answer is the makeshift of a
/// `Cache` with `stale_if_error`.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The failures that are answered so; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Failure>>,
    /// What is answered instead; a default value unless said.
    #[serde(default, skip_serializing_if = "is_default_value")]
    pub to: Makeshift,
}

/// What is answered in the place of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Makeshift {
    /// A value that is known beforehand, at once.
    #[default]
    DefaultValue,
    /// Whatever another service answers. Its edge, `"caller -> other"`, may have a stack of its own.
    Service(String),
}

fn is_default_value(makeshift: &Makeshift) -> bool {
    *makeshift == Makeshift::DefaultValue
}

impl Registered for Fallback {
    const NAME: &'static str = "Fallback";
    const SUMMARY: &'static str = "answers a failure with a default value, or by another service, as a degraded success";
}

impl Explained for Fallback {
    const ABOUT: About = About {
        meaning: "Answers a failure of what is inside with a makeshift. The call is a success that is counted as degraded.",
        formula: "After a failure among on: a default value is answered at once; or the other service is called, once per flight, over \
                  an edge that may have a stack of its own, and its answer is this one's, failure included. No draws.",
        parameters: &[
            parameter("on", "list of failures", "all", "the failures that are answered so"),
            parameter("to", "DefaultValue, Service(\"name\")", "DefaultValue", "what is answered instead"),
        ],
        memory: "A bit per call under way.",
        source: "own definition.",
        example: "Fallback(on: [Timeout, BreakerOpen], to: DefaultValue)",
    };
}

impl Strategy for Fallback {
    /// Whether the other service has been asked.
    type Flight = bool;
    type Shared = ();

    fn flight(&self) -> bool {
        false
    }

    fn fresh(&self, _site: &Site<'_>) {}

    fn start(&self, _flight: &mut bool, _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }

    fn inner_ended(&self, has_asked: &mut bool, _shared: &mut (), end: End, moment: &mut Moment<'_>) -> Step {
        if *has_asked && end.outcome.is_success() {
            moment.notes.degraded();
            return Step::End(end.outcome);
        }
        match end.outcome {
            Outcome::Failed(failure) if !*has_asked && self.on.as_ref().is_none_or(|on| on.contains(&failure)) => match self.to {
                Makeshift::DefaultValue => {
                    moment.notes.degraded();
                    Step::End(Outcome::Success)
                }
                Makeshift::Service(_) => {
                    *has_asked = true;
                    Step::Elsewhere
                }
            },
            outcome => Step::End(outcome),
        }
    }

    fn timer(&self, _flight: &mut bool, _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        unreachable!("a fallback sets no timer")
    }

    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }

    fn elsewhere(&self) -> Option<&str> {
        match &self.to {
            Makeshift::DefaultValue => None,
            Makeshift::Service(service) => Some(service),
        }
    }
}
