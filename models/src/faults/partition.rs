//! Partition: nodes fall into groups, and messages between the groups vanish.
//!
//! What is on the wire between two groups when it begins, and would arrive before it ends, is lost as well. Nodes that no group
//! names talk to everybody. Overlapping partitions unite: a message gets through if none of them parts its ends.

use super::{Explanation, Fault, Member, Names, Timing, parameter};
use crate::environment::{Effect, MessageEffect};
use crate::ids::NodeId;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};

/// Nodes are parted into groups that do not hear each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Two or more groups: each a name (service, group, replica, member, client population or domain) or a list of names.
    pub groups: Vec<Names>,
    /// Whether only messages from earlier groups to later ones vanish.
    #[serde(default)]
    pub one_way: bool,
}

impl Registered for Partition {
    const NAME: &'static str = "Partition";
    const SUMMARY: &'static str = "nodes fall into groups, and messages between the groups vanish";
}

impl Fault for Partition {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Messages between nodes of different groups vanish, and nobody is told. Nodes that no group names talk to everybody.",
        in_flight: "Messages on the wire that would arrive while it is on are lost.",
        overlap: "Partitions unite: a message gets through if none of them parts its ends.",
        parameters: &[
            parameter(
                "groups",
                "list of names, or of lists of names",
                "required",
                "who stays together: nodes, services, client populations, domains",
            ),
            parameter("one_way", "true or false", "false", "whether only messages from earlier groups to later ones vanish"),
        ],
        example: "Partition(groups: [\"internet\", [\"shop[0]\", \"shop[1]\"]], at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let groups = self.look_up(places)?;
        let mut effects = Vec::new();
        for (earlier, from) in groups.iter().enumerate() {
            for to in &groups[earlier + 1..] {
                effects.push(severed(from, to));
                if !self.one_way {
                    effects.push(severed(to, from));
                }
            }
        }
        Ok(vec![Member { name: self.label(), effects }])
    }

    fn label(&self) -> String {
        let groups: Vec<String> = self.groups.iter().map(Names::in_words).collect();
        format!("partition {}", groups.join(if self.one_way { " -> " } else { " | " }))
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.groups.len() < 2 {
            complaints.push(complaint("groups", "a partition has at least two groups"));
        }
        let empty = (0..).zip(&self.groups).filter(|(_, group)| group.is_empty());
        complaints.extend(empty.map(|(index, _): (usize, _)| complaint(&format!("groups[{index}]"), "a group names at least one node")));
        complaints
    }
}

impl Partition {
    fn look_up(&self, places: &Places<'_>) -> Result<Vec<Vec<NodeId>>, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut groups: Vec<Vec<NodeId>> = Vec::new();
        for (index, names) in self.groups.iter().enumerate() {
            let field = format!("groups[{index}]");
            let mut nodes = Vec::new();
            for name in &names.0 {
                match places.everybody(&field, name) {
                    Ok(found) => nodes.extend(found),
                    Err(complaint) => complaints.push(complaint),
                }
            }
            nodes.sort_unstable();
            nodes.dedup();
            if let Some((other, both)) =
                (0..).zip(&groups).find_map(|(other, group)| Some((other, nodes.iter().find(|node| group.contains(node))?)))
            {
                let sentence =
                    format!("`{}` is in group {index} and in group {other}; groups of a partition must not overlap", places.name(*both));
                complaints.push(complaint(&field, sentence));
            }
            groups.push(nodes);
        }
        if complaints.is_empty() { Ok(groups) } else { Err(complaints) }
    }
}

/// Messages of some to others vanish. Both lists ascend.
pub(super) fn severed(from: &[NodeId], to: &[NodeId]) -> Effect {
    Effect::Messages(MessageEffect::Severed { from: from.to_vec(), to: to.to_vec() })
}
