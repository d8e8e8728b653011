//! Pause: a node stands still for a while, and does not know it.
//!
//! A garbage collection that stops the world, a process stopped by a signal, a virtual machine that is moved. Nothing is lost:
//! messages wait at its door, work in progress waits for the rest of its time. When it goes on it first fires the timers that
//! came due meanwhile, in the order in which they were due, and then handles what has arrived, in order of arrival: answers
//! whose time ran out during the pause come too late, and requests whose callers have gone are worked on all the same.
//! Answers that [`LateAnswers`](super::LateAnswers) holds back have left the process and go out in time.

use super::{Explanation, Fault, Member, Names, parameter, target};
use crate::environment::NodeEffect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};

/// A node stands still.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
}

impl Registered for Pause {
    const NAME: &'static str = "Pause";
    const SUMMARY: &'static str = "a node stands still for a while, and goes on as if nothing had been (garbage collection, SIGSTOP)";
}

impl Fault for Pause {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The node stands still: nothing is worked on, sent or noticed. When it goes on, work in progress needs the rest of its time; \
                  timers that came due meanwhile fire late, in the order in which they were due; then what has arrived is handled in order of \
                  arrival, so an answer counts as late if its timer ran out during the pause.",
        in_flight: "Messages to it wait until it goes on; callers hear nothing.",
        overlap: "It stands still as long as one of the faults is on. A crash comes before a pause: what waited is lost (or refused).",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who stands still"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
        ],
        example: "Pause(node: \"shop[0]\", at: \"60s\", lasts: \"2s\", every: \"20s\", times: 3)",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::members(&self.node, &self.domain, places, |_| NodeEffect::Paused)
    }

    fn label(&self) -> String {
        format!("pause of {}", target::in_words(&self.node, &self.domain))
    }
}
