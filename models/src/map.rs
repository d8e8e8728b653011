//! What does a system look like from above? Who stands where, which links there are, and who calls whom.

use crate::links::Link;
use crate::plan::{Callee, Plan, Role};
use crate::topology::{domain_of, shown};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use std::collections::BTreeMap;

/// A system seen from above: what a drawing of its topology needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Everybody, in the order of the scenario: all replicas of a service in one place are one of these.
    pub stations: Vec<Station>,
    /// Links, in the order of the scenario.
    pub links: Vec<MapLink>,
    /// Who calls whom, as positions in [`stations`](Self::stations).
    pub calls: Vec<(usize, usize)>,
}

/// A population, a group, or the replicas of a service that stand in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// What it is called: `checkout`, `checkout x 3`, or `checkout[1]`.
    pub label: String,
    /// The domain it stands in.
    pub domain: String,
    /// Whether it is a population of clients.
    pub is_population: bool,
    /// Whether it is a broker, which keeps messages.
    pub is_broker: bool,
    /// The replicas that stand here, `checkout[1]`, where others of the same service stand elsewhere; else none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// A link between two domains or stations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapLink {
    /// Where it begins.
    pub from: MapEnd,
    /// Where it ends.
    pub to: MapEnd,
    /// Delay, losses and whatever else was written.
    pub label: String,
    /// Whether messages travel one way only.
    pub one_way: bool,
}

/// An end of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapEnd {
    /// A domain.
    Domain(String),
    /// Stations, by position: more than one if replicas stand in several places.
    Stations(Vec<usize>),
}

impl Station {
    /// Whose it is, however many of them stand there.
    pub fn owner(&self) -> &str {
        self.label.split(" x ").next().and_then(|label| label.split('[').next()).unwrap_or_default()
    }
}

impl Map {
    /// Adds whom another system has beside this one, with their links and calls: of several arms, whatever any of them has. What both
    /// have is drawn as it is in this one.
    pub fn join(&mut self, other: Self) {
        let place = |station: &Station, all: &mut Vec<Station>| {
            let is_same = |known: &Station| (known.owner(), &known.domain) == (station.owner(), &station.domain);
            all.iter().position(is_same).unwrap_or_else(|| {
                all.push(station.clone());
                all.len() - 1
            })
        };
        let places: Vec<usize> = other.stations.iter().map(|station| place(station, &mut self.stations)).collect();
        let end = |end: MapEnd| match end {
            MapEnd::Stations(stations) => MapEnd::Stations(stations.into_iter().map(|station| places[station]).collect()),
            MapEnd::Domain(name) => MapEnd::Domain(name),
        };
        for link in other.links {
            let link = MapLink { from: end(link.from), to: end(link.to), ..link };
            if !self.links.iter().any(|known| (&known.from, &known.to) == (&link.from, &link.to)) {
                self.links.push(link);
            }
        }
        for (from, to) in other.calls {
            let call = (places[from], places[to]);
            if !self.calls.contains(&call) {
                self.calls.push(call);
            }
        }
    }
}

impl Plan {
    /// The system from above.
    pub fn map(&self) -> Map {
        let mut map = Map::default();
        // By owner and place, the names of those who stand there.
        let mut seen: BTreeMap<(String, u32), usize> = BTreeMap::new();
        let mut members: Vec<Vec<&str>> = Vec::new();
        for node in &self.nodes {
            let owner = self.owner(node.role).to_owned();
            let station = *seen.entry((owner, node.domain)).or_insert_with(|| {
                let domain = domain_of(&self.places[node.domain as usize]).to_owned();
                let is_population = matches!(node.role, Role::Clients(_));
                let is_broker = matches!(node.role, Role::Replica(service) if self.services[service as usize].broker.is_some());
                map.stations.push(Station { label: String::new(), domain, is_population, is_broker, members: Vec::new() });
                members.push(Vec::new());
                map.stations.len() - 1
            });
            members[station].push(&node.name);
        }
        for ((owner, _), &station) in &seen {
            let all = self.nodes.iter().filter(|node| self.owner(node.role) == owner).count();
            if members[station].len() < all {
                map.stations[station].members = members[station].iter().map(|name| (*name).to_owned()).collect();
            }
            map.stations[station].label = match members[station].as_slice() {
                [_] if all == 1 => owner.clone(),
                [only] => (*only).to_owned(),
                several => format!("{owner} x {}", several.len()),
            };
        }
        let of = |name: &str| -> Vec<usize> {
            let wanted = seen.iter().filter(|((owner, place), station)| {
                owner == name || shown(&self.places[*place as usize]) == name && members[**station].contains(&name)
            });
            wanted.map(|(_, &station)| station).collect()
        };
        for edge in &self.edges {
            let caller = edge.name.split(" -> ").next().unwrap_or_default();
            let callee = match edge.callee {
                Callee::Service(service) | Callee::Own(service) => &self.services[service as usize].name,
                Callee::Group => &self.group.as_ref().expect("an edge leads to a group that exists").name,
            };
            for from in of(caller) {
                map.calls.extend(of(callee).into_iter().map(|to| (from, to)));
            }
        }
        let is_domain = |name: &str| self.places.iter().any(|place| crate::topology::lies_in(domain_of(place), name));
        let end = |name: &str| match of(name) {
            stations if !stations.is_empty() && !is_domain(name) => MapEnd::Stations(stations),
            _ => MapEnd::Domain(name.to_owned()),
        };
        map.links = self
            .links
            .iter()
            .map(|link| MapLink { from: end(&link.from), to: end(&link.to), label: label_of(link), one_way: link.one_way })
            .collect();
        map
    }

    fn owner(&self, role: Role) -> &str {
        match role {
            Role::Clients(population) => &self.populations[population.index()].name,
            Role::Replica(service) => &self.services[service as usize].name,
            Role::Member(_) => self.group.as_ref().map_or("", |group| &group.name),
        }
    }
}

/// What is worth knowing of a link, in a few words.
fn label_of(link: &Link) -> String {
    let back = link.way_back();
    let both = |there: String, back: String| if there == back || link.one_way { there } else { format!("{there} there, {back} back") };
    // A mean may be the result of a formula, to the nanosecond.
    let mean = |link: &Link| link.delay.compile().mean().to_digits(3).to_string();
    let is_drawn = [link, &back].iter().any(|way| !matches!(way.delay, Distribution::Constant(_)));
    let mut words = vec![format!("{}{}", both(mean(link), mean(&back)), if is_drawn { " on average" } else { "" })];
    let none = sim_core::units::Share::NONE;
    for (what, there, back) in [
        ("loss", link.loss, back.loss),
        ("duplicate", link.duplicate, back.duplicate),
        ("reorder", link.reorder, back.reorder),
        ("corrupt", link.corrupt, back.corrupt),
        ("corrupt undetected", link.corrupt_undetected, back.corrupt_undetected),
    ] {
        if there != none || back != none && !link.one_way {
            words.push(format!("{what} {}", both(there.to_string(), back.to_string())));
        }
    }
    words.extend(link.burst.map(|length| format!("in bursts of {length}")));
    words.extend(link.bandwidth.map(|bandwidth| bandwidth.to_string()));
    words.extend(link.queue.map(|queue| format!("queue {queue}")));
    words.extend(link.fifo.then(|| "first in, first out".to_owned()));
    if !link.kinds.is_empty() {
        words.push(format!("for {} only", link.kinds.join(", ")));
    }
    words.join(", ")
}
