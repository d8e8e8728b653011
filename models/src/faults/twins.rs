//! Twins: a second instance of an identity runs.
//!
//! Two machines believe that they are the same member: a backup that was started while the first still lived, a virtual machine that
//! was cloned. Each of them is correct. Source: S. Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021, who find with it most of
//! what a Byzantine member can do: it says one thing to some and another to others, with a good signature.

use super::{Explanation, Fault, Member, Names, Timing, parameter, target};
use crate::environment::{NodeEffect, Twin};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};

/// A second instance of a member runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twins {
    /// The member of a group, `"db[1]"`; or a group (all its members), or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every member in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// What the twin starts with.
    #[serde(default)]
    pub starts: Start,
    /// Whose messages reach the first instance alone, and whose the second; all reach both unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Names>,
}

/// What a twin starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// With what the first has on its disk and keeps over a crash.
    #[default]
    Restored,
    /// With nothing, as at the first start of a member.
    Fresh,
}

impl Registered for Twins {
    const NAME: &'static str = "Twins";
    const SUMMARY: &'static str = "a second instance of a member runs: both are correct, and sign as the same";
}

impl Fault for Twins {
    const EXPLANATION: Explanation = Explanation {
        meaning: "A second instance of the member starts, `Restored` from what the first keeps over a crash (its disk included) or `Fresh`. Both are \
                  correct and sign as the same member. What is sent to the member reaches both, or with `splits: [[..], [..]]` only the first of them if \
                  its sender is in the first list, and only the second if it is in the second; what either says reaches everybody. They share clock and \
                  place. At the end the second is gone.",
        in_flight: "A message reaches those instances that run when it arrives. What the twin sent before it ended still arrives; callers it held are \
                    never answered.",
        overlap: "A member has one twin as long as one of the faults is on; the fault that began first says who hears whom. Other faults of the node \
                  strike both instances.",
        parameters: &[
            parameter("node", "member, group, or a list", "required without `domain`", "who has a twin"),
            parameter("domain", "domain, or a list", "none", "every member in it"),
            parameter("starts", "Restored or Fresh", "Restored", "what the twin starts with"),
            parameter(
                "splits",
                "two lists of nodes, populations or domains",
                "all reach both",
                "whose messages reach only the first, and only the second",
            ),
        ],
        example: "Twins(node: \"db[0]\", splits: [\"shoppers\", \"db[1]\"], at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut split = |index: usize| match self.splits.get(index) {
            None => Vec::new(),
            Some(names) => target::everybody(&format!("splits[{index}]"), names, places).unwrap_or_else(|wrong| {
                complaints.extend(wrong);
                Vec::new()
            }),
        };
        let (first, second) = (split(0), split(1));
        if let Some(&both) = first.iter().find(|node| second.binary_search(node).is_ok()) {
            let sentence =
                format!("`{}` is in both lists; name it in one of them, or in none if its messages reach both", places.name(both));
            complaints.push(complaint("splits", sentence));
        }
        let twin = NodeEffect::Twin(Twin { fresh: self.starts == Start::Fresh, first, second });
        let members = target::members(&self.node, &self.domain, places, |_| twin.clone());
        let field = if self.node.is_empty() { "domain" } else { "node" };
        match &members {
            Ok(_) => {
                let nodes = target::nodes(&self.node, &self.domain, places)?;
                if let Some(service) = nodes.iter().find_map(|&node| places.service(node)) {
                    let sentence =
                        format!("`{}` is a service, whose replicas are no identities; a member of a group can have a twin", service.name);
                    complaints.push(complaint(field, sentence));
                }
            }
            Err(wrong) => complaints.extend(wrong.iter().cloned()),
        }
        if complaints.is_empty() { members } else { Err(complaints) }
    }

    fn label(&self) -> String {
        format!("twin of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let are_two = self.splits.is_empty() || (self.splits.len() == 2 && self.splits.iter().all(|names| !names.is_empty()));
        let sentence = "write two lists: whose messages reach only the first instance, and whose only the second";
        (!are_two).then(|| complaint("splits", sentence)).into_iter().collect()
    }
}
