//! Bad deploy: a new version behaves badly, and goes out and comes back replica by replica.
//!
//! Replicas get the new version one after another, in their order, every `rollout`. The rollback begins at the end of the
//! fault, in the same order and at the same pace; a replica that the new version has not reached by then is left alone. How
//! many replicas are hurt is therefore how long nobody noticed, divided by the pace.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, Failing, MessageEffect, NodeEffect, Slowness, Stage};
use crate::outcome::Failure;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Replicas behave badly one after another, and are rolled back one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadDeploy {
    /// The service (all its replicas) or one of them, `"shop[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of the requests the new version answers with an error at once; none unless said.
    #[serde(default)]
    pub errors: Share,
    /// How many times as long all work takes in the new version; no longer unless said.
    #[serde(default = "as_fast")]
    pub slow: f64,
    /// How long after one replica the next one gets the new version, and the old one again; all at once unless said.
    #[serde(default)]
    pub rollout: SimDuration,
}

const fn as_fast() -> f64 {
    1.0
}

impl Registered for BadDeploy {
    const NAME: &'static str = "BadDeploy";
    const SUMMARY: &'static str = "a new version errs or is slow, rolled out and rolled back replica by replica";
}

impl Fault for BadDeploy {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The replicas get a new version one after another, every `rollout`: it answers a share of requests with `server error` at \
                  once, or works slower, or both. When the fault ends, those that have it are rolled back at the same pace, in the same order; \
                  the others never get it. Requests are not interrupted by a deploy.",
        in_flight: "Messages are not touched. Work in progress changes its speed with the version; requests that had arrived are not failed.",
        overlap: "As of Errors and SlowNode: each fault fails its share of what the others leave, and the slowest factor counts.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "what is deployed"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
            parameter("errors", "share", "0%", "how many of the requests the new version fails"),
            parameter("slow", "number, 1 to 1000000", "1", "how many times as long work takes in it"),
            parameter("rollout", "duration", "0s", "the time between one replica and the next, out and back"),
        ],
        example: "BadDeploy(node: \"shop\", errors: \"20%\", slow: 2, rollout: \"10s\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let failing =
            Failing { stage: Stage::AtOnce, share: self.errors, callers: Vec::new(), answer: Failure::ServerError, retry_after: None };
        let replicas = target::failing(&self.node, &self.domain, places, &failing)?;
        // One member, so that the replicas follow each other within one strike.
        Ok(vec![Member { name: self.label(), effects: replicas.into_iter().flat_map(|replica| replica.effects).collect() }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, _luck: Luck<'_>) -> Vec<Span> {
        let slowness = Slowness::from_factor(self.slow);
        let starts = (0..).map(|position| self.rollout.saturating_mul(position));
        let reached = starts.zip(&member.effects).take_while(|(from, _)| lasts.is_none_or(|lasts| *from < lasts));
        let span = |(from, failing): (SimDuration, &Effect)| {
            let Effect::Messages(MessageEffect::Fails(node, what)) = failing else { unreachable!("a deploy knows its replicas") };
            let mut effects = Vec::new();
            if what.share.parts() > 0 {
                effects.push(failing.clone());
            }
            if slowness > Slowness::NONE {
                effects.push(Effect::Node(*node, NodeEffect::Slow(slowness)));
            }
            Span { from, until: lasts.map(|lasts| lasts.saturating_add(from)), effects }
        };
        reached.map(span).collect()
    }

    fn label(&self) -> String {
        format!("bad deploy of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(1.0..=1e6).contains(&self.slow) {
            complaints.push(complaint("slow", format!("a factor lies between 1 and 1000000, not at {}", self.slow)));
        } else if self.errors.parts() == 0 && Slowness::from_factor(self.slow) == Slowness::NONE {
            complaints.push(complaint("", "what is bad about it? Write errors: \"20%\", slow: 2, or both"));
        }
        if timing.pick.is_some() {
            complaints.push(complaint("pick", "a deploy goes to all its replicas one after another; name fewer of them instead"));
        }
        complaints
    }
}
