//! Errors: a service answers a share of its requests with an error.
//!
//! The commonest partial failure: the process runs, and some of what it is asked for fails (an HTTP 500 or 503). A fast error
//! is given before any work and costs nothing; a slow one is given after all the work and costs everything. Which requests
//! fail is drawn for each attempt apart, so a retry may succeed.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{Failing, Stage};
use crate::outcome::Failure;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A share of the requests to a service is answered with an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// The service (all its replicas) or one of them, `"shop[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of the requests fail.
    pub share: Share,
    /// Whether a request fails after its work is done instead of before.
    #[serde(default)]
    pub after_work: bool,
    /// Only requests of these callers fail: client populations, services, replicas or domains; all unless said.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub caller: Names,
    /// What they are answered with: `ServerError`, `Overload`, `Throttled` or `ClientError`.
    #[serde(default = "server_error", skip_serializing_if = "is_server_error")]
    pub answer: Failure,
    /// When the callers may come again, as the answer says (`Retry-After`); it says nothing unless this is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<SimDuration>,
}

const fn server_error() -> Failure {
    Failure::ServerError
}

const fn is_server_error(failure: &Failure) -> bool {
    matches!(failure, Failure::ServerError)
}

impl Registered for Errors {
    const NAME: &'static str = "Errors";
    const SUMMARY: &'static str = "a service answers a share of its requests with an error, before or after the work";
}

impl Fault for Errors {
    const EXPLANATION: Explanation = Explanation {
        meaning: "A share of the requests that reach the service is answered with `answer` (an HTTP 500, 503, 429 or 400): at once and without any \
                  work, or with `after_work: true` when all the work is done. Each attempt is drawn apart. With `caller` only the requests of \
                  some callers fail: one edge of the system.",
        in_flight: "Requests that arrive while it is on are struck; with `after_work`, those whose work ends while it is on. An error is an \
                    answer like any other: it may be lost, or held back.",
        overlap: "Each fault fails its share of what the others leave. A refused handshake comes before an error at once; a dishonest node \
                  treats errors as it treats all its answers.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "who answers with errors"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
            parameter("share", "share", "required", "how many of the requests fail"),
            parameter("after_work", "true or false", "false", "whether they fail after the work instead of at once"),
            parameter("caller", "client population, service, replica, domain, or a list", "all", "whose requests fail"),
            parameter("answer", "ServerError, Overload, Throttled, ClientError", "ServerError", "what they are answered with"),
            parameter("retry_after", "duration", "nothing is said", "when the callers may come again, as the answer says"),
        ],
        example: "Errors(node: \"shop\", share: \"30%\", caller: \"internet\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let callers = target::everybody("caller", &self.caller, places);
        let stage = if self.after_work { Stage::AfterWork } else { Stage::AtOnce };
        let failing = Failing {
            stage,
            share: self.share,
            callers: callers.as_ref().cloned().unwrap_or_default(),
            answer: self.answer,
            retry_after: self.retry_after,
        };
        match (target::failing(&self.node, &self.domain, places, &failing), callers) {
            (members, Ok(_)) => members,
            (Ok(_), Err(complaints)) => Err(complaints),
            (Err(mut complaints), Err(more)) => {
                complaints.extend(more);
                Err(complaints)
            }
        }
    }

    fn label(&self) -> String {
        let when = if self.after_work { "slow errors" } else { "errors" };
        let to = if self.caller.is_empty() { String::new() } else { format!(" to {}", self.caller.in_words()) };
        format!("{when} of {}{to}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.share.parts() == 0 {
            complaints.push(complaint("share", "a share of 0 % fails nothing; remove the fault if nothing should fail"));
        }
        if self.answer.status().is_none() || matches!(self.answer, Failure::Dependency | Failure::Conflict) {
            let sentence = "a service answers with `ServerError`, `Overload`, `Throttled` or `ClientError`; the other failures are what a caller finds out";
            complaints.push(complaint("answer", sentence));
        }
        complaints
    }
}
