//! Whom may a fault of nodes strike? Names in the fields `node` and `domain`, each one text or a list of texts.

use super::Member;
use crate::environment::{Effect, NodeEffect};
use crate::ids::NodeId;
use crate::names::NameList;
use crate::plan::Places;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};

/// Names of services, groups, replicas or members (`"shop"`, `"shop[1]"`), or of domains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NameList", into = "NameList")]
pub struct Names(pub Vec<String>);

impl From<NameList> for Names {
    fn from(list: NameList) -> Self {
        Self(list.0)
    }
}

impl From<Names> for NameList {
    fn from(names: Names) -> Self {
        Self(names.0)
    }
}

impl Names {
    /// One name.
    pub fn one(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, for a reader.
    pub fn in_words(&self) -> String {
        self.0.join(", ")
    }
}

/// The nodes that are named, each once, in the order of the system.
///
/// # Errors
/// Complaints about names that name nothing, or if neither field names anything.
pub fn nodes(node: &Names, domain: &Names, places: &Places<'_>) -> Result<Vec<NodeId>, Vec<Complaint>> {
    let mut found = Vec::new();
    let mut complaints = Vec::new();
    let named = node.0.iter().map(|name| places.servers("node", name));
    let within = domain.0.iter().map(|name| places.servers_in("domain", name));
    for nodes in named.chain(within) {
        match nodes {
            Ok(nodes) => found.extend(nodes),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if node.is_empty() && domain.is_empty() {
        complaints.push(complaint("", "whom does it strike? Write node: \"shop\", node: \"shop[1]\" or domain: \"zone-a\""));
    }
    found.sort_unstable();
    found.dedup();
    if complaints.is_empty() { Ok(found) } else { Err(complaints) }
}

/// Everybody who is named, clients as well, each once and ascending; nobody if nothing is named.
///
/// # Errors
/// Complaints about names that name nothing.
pub fn everybody(field: &str, names: &Names, places: &Places<'_>) -> Result<Vec<NodeId>, Vec<Complaint>> {
    let mut found = Vec::new();
    let mut complaints = Vec::new();
    for name in &names.0 {
        match places.everybody(field, name) {
            Ok(nodes) => found.extend(nodes),
            Err(complaint) => complaints.push(complaint),
        }
    }
    found.sort_unstable();
    found.dedup();
    if complaints.is_empty() { Ok(found) } else { Err(complaints) }
}

/// Everybody in either field, clients as well, is a member of its own: everybody has a clock.
///
/// # Errors
/// Complaints about names that name nothing, or if neither field names anything.
pub fn owners_of_clocks(node: &Names, domain: &Names, places: &Places<'_>, effect: NodeEffect) -> Result<Vec<Member>, Vec<Complaint>> {
    let mut complaints: Vec<_> = domain.0.iter().filter_map(|name| places.domain("domain", name).err()).collect();
    if node.is_empty() && domain.is_empty() {
        complaints.push(complaint("", "whose clock is it? Write node: \"shop\", node: \"shop[1]\" or domain: \"zone-a\""));
    }
    let mut found = everybody("node", node, places).unwrap_or_else(|wrong| {
        complaints.extend(wrong);
        Vec::new()
    });
    if !complaints.is_empty() {
        return Err(complaints);
    }
    found.extend(everybody("domain", domain, places)?);
    found.sort_unstable();
    found.dedup();
    let member = |id| Member { name: places.name(id).to_owned(), effects: vec![Effect::Node(id, effect.clone())] };
    Ok(found.into_iter().map(member).collect())
}

/// Every named node is a member of its own, with the effect that is asked for.
///
/// # Errors
/// See [`nodes`].
pub fn members(
    node: &Names,
    domain: &Names,
    places: &Places<'_>,
    effect: impl Fn(NodeId) -> NodeEffect,
) -> Result<Vec<Member>, Vec<Complaint>> {
    let member = |id| Member { name: places.name(id).to_owned(), effects: vec![Effect::Node(id, effect(id))] };
    Ok(nodes(node, domain, places)?.into_iter().map(member).collect())
}

/// The names in both fields, for a label: `shop`, or `domain zone-a`.
pub fn in_words(node: &Names, domain: &Names) -> String {
    match (node.is_empty(), domain.is_empty()) {
        (false, true) => node.in_words(),
        (true, _) => format!("domain {}", domain.in_words()),
        (false, false) => format!("{} and domain {}", node.in_words(), domain.in_words()),
    }
}
