//! Whom may a fault of nodes strike? Names in the fields `node` and `domain`, each one text or a list of texts.

use super::{Luck, Member};
use crate::environment::{Effect, Failing, LoadEffect, MessageEffect, NodeEffect};
use crate::ids::{NodeId, PopulationId};
use crate::names::NameList;
use crate::places::Places;
use crate::plan::ServicePlan;
use crate::registry::{Complaint, complaint};
use crate::services::UNLIMITED;
use serde::{Deserialize, Serialize};
use sim_core::units::Share;

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

/// Every named replica of a service is a member of its own, with the effect that is asked for; members of groups are refused.
///
/// # Errors
/// See [`nodes`].
pub fn members_of_services(
    node: &Names,
    domain: &Names,
    places: &Places<'_>,
    effect: impl Fn(&ServicePlan) -> Result<NodeEffect, Complaint>,
) -> Result<Vec<Member>, Vec<Complaint>> {
    let mut members = Vec::new();
    let mut complaints = Vec::new();
    for id in nodes(node, domain, places)? {
        let name = places.name(id);
        let found = places.service(id).ok_or_else(|| {
            let sentence = format!("`{name}` is a member of a group; this fault strikes workers, queues and disks of services");
            complaint("node", sentence)
        });
        match found.and_then(&effect) {
            Ok(effect) => members.push(Member { name: name.to_owned(), effects: vec![Effect::Node(id, effect)] }),
            Err(complaint) => complaints.push(complaint),
        }
    }
    // All replicas of a service have the same complaint.
    complaints.dedup();
    if complaints.is_empty() { Ok(members) } else { Err(complaints) }
}

/// Every named node is a member of its own, with an effect on its disk. Members of a group have one if their protocol writes;
/// replicas of services write (`Write`, and logs) and keep no records that could rot, so that only faults that concern `writing` strike them.
///
/// # Errors
/// See [`nodes`]; complaints about nodes that have no disk, or keep nothing on it.
pub fn owners_of_disks(
    node: &Names,
    domain: &Names,
    places: &Places<'_>,
    writing: bool,
    effect: &NodeEffect,
) -> Result<Vec<Member>, Vec<Complaint>> {
    let nodes = nodes(node, domain, places)?;
    let mut complaints = Vec::new();
    for &id in nodes.iter().filter(|&&id| !places.group(id).is_some_and(|group| group.spec.writes())) {
        match places.service(id) {
            Some(_) if writing => {}
            Some(service) => complaints.push(format!(
                "`{}` is a service, which keeps nothing on a disk; name a group whose members write, such as KeyValue",
                service.name
            )),
            None => complaints.push(format!("`{}` is a member of a group that writes nothing, and has no disk", places.name(id))),
        }
    }
    complaints.dedup();
    if !complaints.is_empty() {
        let field = if node.is_empty() { "domain" } else { "node" };
        return Err(complaints.into_iter().map(|sentence| complaint(field, sentence)).collect());
    }
    let member = |id| Member { name: places.name(id).to_owned(), effects: vec![Effect::Node(id, effect.clone())] };
    Ok(nodes.into_iter().map(member).collect())
}

/// The effects of a member on a disk, told apart from those of other strikes and members.
pub fn chosen(member: &Member, luck: Luck<'_>) -> Vec<Effect> {
    let choice = luck.draws(0).choice().bits();
    let mut effects = member.effects.clone();
    for effect in &mut effects {
        if let Effect::Node(_, NodeEffect::DiskRots(mishap) | NodeEffect::DiskLosesWrites(mishap) | NodeEffect::DiskMisdirects(mishap)) =
            effect
        {
            mishap.choice = choice;
        }
    }
    effects
}

/// A part of what a node has several of: so many, or a share of them, or all.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// So many.
    pub count: Option<u32>,
    /// Or a share, rounded to the nearest number.
    pub share: Option<Share>,
}

impl Part {
    /// How many of `all` that is.
    ///
    /// # Errors
    /// A complaint about `field` if there are fewer.
    pub fn of(self, field: &str, all: u32) -> Result<u32, Complaint> {
        if all == UNLIMITED && (self.count.is_some() || self.share.is_some()) {
            let field = if self.count.is_some() { field } else { "share" };
            return Err(complaint(
                field,
                "there are unlimited workers here, and no part of them can be missed; give the service a number of them",
            ));
        }
        match (self.count, self.share) {
            (Some(count), _) if count > all => Err(complaint(field, format!("{count} of {all} {field}: there are not so many"))),
            (Some(count), _) => Ok(count),
            (None, Some(share)) => match (f64::from(all) * share.as_f64() + 0.5) as u32 {
                0 => Err(complaint("share", format!("{share} of {all} {field} is none; write at least 1"))),
                count => Ok(count),
            },
            (None, None) => Ok(all),
        }
    }

    /// Everything wrong with it as written.
    pub fn check(self, field: &str, is_required: bool) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.count.is_some() && self.share.is_some() {
            complaints.push(complaint("share", format!("write either `{field}` or `share`")));
        }
        if is_required && self.count.is_none() && self.share.is_none() {
            complaints.push(complaint(field, format!("how many? Write `{field}: 2` or `share: \"50%\"`")));
        }
        if self.count == Some(0) {
            complaints.push(complaint(field, "none is no fault; write at least 1"));
        }
        if self.share.is_some_and(|share| share == Share::NONE) {
            complaints.push(complaint("share", "nothing of it is no fault; write a share such as \"50%\""));
        }
        complaints
    }

    /// For a label: `2 workers`, `50% of the workers` or `all workers`.
    pub fn in_words(self, what: &str) -> String {
        match (self.count, self.share) {
            (Some(count), _) => format!("{count} {what}"),
            (None, Some(share)) => format!("{share} of {what}"),
            (None, None) => format!("all {what}"),
        }
    }
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
        (true, true) => "nobody".to_owned(),
        (false, true) => node.in_words(),
        (true, false) => format!("domain {}", domain.in_words()),
        (false, false) => format!("{} and domain {}", node.in_words(), domain.in_words()),
    }
}
