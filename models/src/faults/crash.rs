//! Crash: a node stops, its memory is lost, and it comes back empty.
//!
//! Messages on their way to the node are lost when they arrive while it is down. Work it had begun or queued is gone, and
//! whoever waits for it hears nothing. Answers it sent before it died still arrive. Overlapping crashes of one node are one
//! crash, from the first begin to the last end; if one of them is silent, the node is silent.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{DiskLoss, NodeEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// A node is down for as long as the crash lasts (and its restart takes); then a new life begins with empty queues.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// What callers meet meanwhile.
    #[serde(default)]
    pub while_down: WhileDown,
    /// What it leaves of what a member of a group had written. Of services `AllLost` takes the logs of sagas and of states that are
    /// rebuilt; they keep nothing else on a disk.
    #[serde(default, skip_serializing_if = "is_kept")]
    pub disk: DiskLoss,
    /// How long a restart takes, on top of `lasts`, drawn for each node and strike apart; no time unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Distribution>,
}

/// What callers of a dead node meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhileDown {
    /// Nothing: the machine is gone, and requests to it vanish.
    #[default]
    Silence,
    /// A refusal: the process is gone, but its machine answers that nobody listens.
    Refusal,
}

fn is_kept(disk: &DiskLoss) -> bool {
    *disk == DiskLoss::Kept
}

impl Registered for Crash {
    const NAME: &'static str = "Crash";
    const SUMMARY: &'static str = "a node stops, loses its memory, and comes back empty";
}

impl Fault for Crash {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The node stops at once. What it had queued or begun is gone; nobody is told. When the fault ends (and the restart is done) a \
                  new life begins with empty queues. Without `lasts` and `restart` it never comes back (fail-stop).",
        in_flight: "Requests that arrive while it is down vanish, or are refused with `while_down: Refusal`. Answers sent before still arrive.",
        overlap: "The node is down from the first begin to the last end, and silent as long as one of the faults is. The worst loss of its disk counts.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who crashes"),
            parameter("domain", "domain, or a list", "none", "every server in it crashes"),
            parameter("while_down", "Silence or Refusal", "Silence", "what callers meet meanwhile"),
            parameter(
                "disk",
                "Kept, UnsyncedLost or AllLost",
                "Kept",
                "what it leaves of what a protocol had written; of services AllLost takes the logs of sagas and states",
            ),
            parameter("restart", "distribution", "no time", "how much longer than `lasts` the restart of each node takes"),
        ],
        example: "Crash(node: \"shop[0]\", at: \"60s\", lasts: \"10s\", restart: Exponential(mean: \"2s\"))",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let refuses = self.while_down == WhileDown::Refusal;
        target::members(&self.node, &self.domain, places, |_| NodeEffect::Down { refuses, disk: self.disk })
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let until = match &self.restart {
            Some(restart) => Some(lasts.unwrap_or_default().saturating_add(restart.compile().sample(luck.draws(0).wait()))),
            None => lasts,
        };
        vec![Span { from: SimDuration::ZERO, until, effects: member.effects.clone() }]
    }

    fn label(&self) -> String {
        format!("crash of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints: Vec<_> =
            self.restart.iter().flat_map(|restart| within("restart", restart.check()).collect::<Vec<_>>()).collect();
        if self.restart.is_some() && timing.renewal.is_some() {
            complaints.push(complaint("restart", "`renewal` says how long a repair takes; leave `restart` out"));
        }
        complaints
    }
}
