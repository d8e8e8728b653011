//! Late answers: a node does its work in time and holds its answers back.
//!
//! This is a timing fault (Cristian, "Understanding Fault-Tolerant Distributed Systems", 1991): the answer is right and comes
//! outside the time its receiver counts on. Members of groups are refused: they speak their protocol, and are made late by a
//! [`BadLink`](super::BadLink) or a [`Pause`](super::Pause). The worker is free while the answer is held. An answer that is held when the fault
//! ends is still held for its time. Overlapping delays add up. (An answer that comes *earlier* than its receiver counts on is
//! made by a [`BadLink`](super::BadLink) with `reorder`.)

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{Effect, MessageEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;

/// A node's answers leave it later than they should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateAnswers {
    /// The node: a service (all its replicas) or one of them; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How long each answer is held back.
    pub by: Distribution,
}

impl Registered for LateAnswers {
    const NAME: &'static str = "LateAnswers";
    const SUMMARY: &'static str = "a node does its work in time and holds its answers back";
}

impl Fault for LateAnswers {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every answer leaves the node later by a time that is drawn for it; the worker is free meanwhile. A timing fault: what is \
                  answered is right. Answers that come earlier than their receiver counts on are made by a BadLink with `reorder`.",
        in_flight: "Answers already sent are not touched; one that is held back when the fault ends is still held for its time.",
        overlap: "The times by which answers are held back add up.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "who answers late"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("by", "distribution", "required", "how long each answer is held back"),
        ],
        example: "LateAnswers(node: \"shop\", by: Uniform(low: \"0ms\", high: \"800ms\"), at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let effect = |node| Effect::Messages(MessageEffect::AnswersLate(node, self.by.clone()));
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        let field = if self.node.is_empty() { "domain" } else { "node" };
        places.answer_requests(field, &nodes).map_err(|complaint| vec![complaint])?;
        Ok(nodes.into_iter().map(|node| Member { name: places.name(node).to_owned(), effects: vec![effect(node)] }).collect())
    }

    fn label(&self) -> String {
        format!("late answers of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        within("by", self.by.check()).collect()
    }
}
