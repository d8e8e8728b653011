//! Slow node: work takes longer, by a constant or growing factor, for all requests or for a share of them.
//!
//! Work in progress is slowed and sped up from the instant the factor changes. Messages are not touched. Where slow
//! faults of one node overlap, the slowest factor counts.
//!
//! Which requests belong to the share is settled for each call, and by nothing else: a retry is slow again, at the same node
//! and at every other one that is struck, and the next strike of any such fault hits the same calls if it comes in their time.
//! It is something about the request that is slow (the rows it reads, the path it takes through the code), not a jitter that
//! is drawn anew for each message and that a retry would cure. This is a gray failure (P. Huang et al., "Gray
//! Failure: The Achilles' Heel of Cloud-Scale Systems", HotOS 2017): a health check that is not among the slow ones sees nothing.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, NodeEffect, SlowRequests, Slowness, Within};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// All work at a node takes `factor` times as long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowNode {
    /// The node: a service or group (all its members) or one of them, `"checkout[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// By how much work is slower: 1 to 1,000,000, in thousandths.
    pub factor: f64,
    /// The factor it grows to, in ten equal steps over the length of the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growing_to: Option<f64>,
    /// Only this share of requests is slow; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// A growing factor takes so many steps.
const STEPS: u32 = 10;

impl SlowNode {
    fn effect(&self, factor: f64) -> NodeEffect {
        let slowness = Slowness::from_factor(factor);
        self.share.map_or(NodeEffect::Slow(slowness), |share| NodeEffect::SlowShare(SlowRequests { slowness, share, within: Within::ALL }))
    }

    /// When each step begins, as a part of the length, and its factor.
    fn steps(&self, lasts: SimDuration) -> Vec<(SimDuration, f64)> {
        let Some(most) = self.growing_to else { return vec![(SimDuration::ZERO, self.factor)] };
        let step = |step: u32| {
            let factor = self.factor + (most - self.factor) * f64::from(step) / f64::from(STEPS - 1);
            (lasts.scaled(u64::from(step), u64::from(STEPS)), factor)
        };
        (0..STEPS).map(step).collect()
    }
}

/// What is wrong with a factor, if anything.
pub(super) fn check_factor(field: &str, factor: f64) -> Option<Complaint> {
    let possible = (1.0..=1e6).contains(&factor);
    (!possible).then(|| complaint(field, format!("a factor lies between 1 and 1000000, not at {factor}")))
}

impl Registered for SlowNode {
    const NAME: &'static str = "SlowNode";
    const SUMMARY: &'static str = "work at a node takes longer by a factor, constant or growing, for all requests or a share of them";
}

impl Fault for SlowNode {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Work at the node takes `factor` times as long, work in progress included, from the instant the factor changes. With `growing_to` the \
                  factor grows in ten equal steps over the length of the fault. With `share` only some requests are slow (a gray failure): always the \
                  same ones, by their call. A retry is slow again, at the same node and at every other one that is struck, in this strike and \
                  in others; a larger share holds all that a smaller one does.",
        in_flight: "Messages are not touched.",
        overlap: "The slowest factor counts, for each request.",
        parameters: &[
            parameter("node", "service, group, replica, or a list", "required without `domain`", "who is slow"),
            parameter("domain", "domain, or a list", "none", "every server in it is slow"),
            parameter("factor", "number, 1 to 1000000", "required", "how many times as long work takes"),
            parameter("growing_to", "number, above `factor`", "none", "the factor of the last tenth of the fault, which needs `lasts`"),
            parameter("share", "share", "all requests", "how many of the requests are slow"),
        ],
        example: "SlowNode(node: \"shop\", factor: 8, at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        target::members(&self.node, &self.domain, places, |_| self.effect(self.factor))
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, _luck: Luck<'_>) -> Vec<Span> {
        let nodes: Vec<_> = member.effects.iter().filter_map(Effect::node).collect();
        // Each step stays on until the end, and the slowest counts: so nothing is fast for an instant between two of them.
        let span = |(from, factor)| {
            let effects = nodes.iter().map(|&node| Effect::Node(node, self.effect(factor))).collect();
            Span { from, until: lasts, effects }
        };
        self.steps(lasts.unwrap_or_default()).into_iter().map(span).collect()
    }

    fn weakened(&self, strength: Share) -> Self {
        Self { factor: 1.0 + (self.factor - 1.0) * strength.as_f64(), ..self.clone() }
    }

    fn label(&self) -> String {
        let share = self.share.map_or(String::new(), |share| format!(" for {share} of requests"));
        let growing = self.growing_to.map_or(String::new(), |most| format!(" to {most}"));
        format!("{} {}{growing} times slower{share}", target::in_words(&self.node, &self.domain), self.factor)
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints: Vec<_> = check_factor("factor", self.factor).into_iter().collect();
        if let Some(most) = self.growing_to {
            complaints.extend(check_factor("growing_to", most));
            if most <= self.factor {
                complaints.push(complaint("growing_to", format!("it grows to more than the factor it begins with, {}", self.factor)));
            }
            if timing.lasts.is_none() && timing.renewal.is_none() {
                complaints.push(complaint("lasts", "a factor that grows needs a length: write how long the fault `lasts`"));
            }
        }
        if self.share.is_some_and(|share| share == Share::NONE) {
            complaints.push(complaint("share", "no request is no fault; write a share such as \"10%\""));
        }
        complaints
    }
}
