//! Whom may a fault of nodes strike? Names in the fields `node` and `domain`, each one text or a list of texts.

use super::{Luck, Member};
use crate::environment::{Effect, Failing, LoadEffect, MessageEffect, NodeEffect};
use crate::ids::{NodeId, PopulationId};
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

/// Every named replica is a member of its own, and fails requests.
///
/// # Errors
/// See [`nodes`]; a member of a group does not answer requests.
pub fn failing(node: &Names, domain: &Names, places: &Places<'_>, failing: &Failing) -> Result<Vec<Member>, Vec<Complaint>> {
    let nodes = nodes(node, domain, places)?;
    places.answer_requests(if node.is_empty() { "domain" } else { "node" }, &nodes).map_err(|complaint| vec![complaint])?;
    let effect = |node| Effect::Messages(MessageEffect::Fails(node, failing.clone()));
    Ok(nodes.into_iter().map(|node| Member { name: places.name(node).to_owned(), effects: vec![effect(node)] }).collect())
}

/// The client populations that are named, each once and in the order of the system.
///
/// # Errors
/// Complaints about names that name none, or if there are none.
pub fn populations(clients: &Names, places: &Places<'_>) -> Result<Vec<PopulationId>, Vec<Complaint>> {
    let (mut found, mut complaints) = (Vec::new(), Vec::new());
    for name in &clients.0 {
        match places.population_named("clients", name) {
            Ok(population) => found.push(population),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if clients.is_empty() {
        complaints.push(complaint("clients", "whose calls? Name a client population"));
    }
    found.sort_unstable();
    found.dedup();
    if complaints.is_empty() { Ok(found) } else { Err(complaints) }
}

/// Every population is a member of its own.
pub fn by_population(populations: Vec<PopulationId>, places: &Places<'_>, effect: impl Fn(PopulationId) -> Effect) -> Vec<Member> {
    let member = |population| Member { name: places.population(population).0.to_owned(), effects: vec![effect(population)] };
    populations.into_iter().map(member).collect()
}

/// The effects of a member on the load, with the name of the strike in them.
pub fn of_strike(member: &Member, luck: Luck<'_>) -> Vec<Effect> {
    let mut effects = member.effects.clone();
    for effect in &mut effects {
        if let Effect::Load(
            LoadEffect::Factor { key, .. } | LoadEffect::Herd { key, .. } | LoadEffect::Hot { key, .. } | LoadEffect::Job { key, .. },
        ) = effect
        {
            *key = luck.name();
        }
    }
    effects
}

/// The names in both fields, for a label: `shop`, or `domain zone-a`.
pub fn in_words(node: &Names, domain: &Names) -> String {
    match (node.is_empty(), domain.is_empty()) {
        (false, true) => node.in_words(),
        (true, _) => format!("domain {}", domain.in_words()),
        (false, false) => format!("{} and domain {}", node.in_words(), domain.in_words()),
    }
}
