//! Where does everybody stand, as far as links can tell?
//!
//! A link may end at a domain or at a node: a population, a service or a group, or one replica (`checkout[1]`). A name that is
//! both means the domain. A node that some link names stands in a place of its own, one step inside its domain, so that its
//! links are more specific than those of the domain; all others of a domain share one place. So does a node that a fault of
//! links names (a cut, say), for which that place is only an address: it is reached as its domain is, and nothing passes it.

use crate::faults::AnyFault;
use crate::links::KINDS;
use crate::plan::SystemSpec;
use crate::protocols::MOST_MEMBERS;
use crate::registry::{Complaint, complaint};
use crate::topology::{Surroundings, lies_in, place_of_node};
use std::collections::{BTreeMap, BTreeSet};

/// The names that links use for nodes.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Names of nodes that links end at, with the services and groups they belong to.
    named: BTreeSet<String>,
    /// Names of nodes that faults of links end at.
    struck: BTreeSet<String>,
    /// Ends of links that look like a node and are none.
    unknown: Vec<(usize, &'static str, String)>,
}

impl Addresses {
    /// Looks through the ends of all links, and of all faults of links.
    pub fn of(spec: &SystemSpec) -> Self {
        let domains: BTreeSet<&str> = members(spec).map(|(_, _, domain)| domain).collect();
        let is_domain = |end: &str| domains.range(end..).take_while(|domain| domain.starts_with(end)).any(|domain| lies_in(domain, end));
        let mut owners: BTreeMap<&str, u32> = spec.clients.iter().map(|(name, _)| (name.as_str(), 0)).collect();
        owners.extend(spec.services.iter().map(|(name, service)| (name.as_str(), service.sizes().0)));
        owners.extend(spec.brokers.iter().map(|(name, _)| (name.as_str(), 1)));
        owners.extend(spec.groups.iter().map(|(name, group)| (name.as_str(), group.members())));
        let mut addresses = Self::default();
        for (index, link) in spec.links.iter().enumerate() {
            for (field, end) in [("from", &link.from), ("to", &link.to)] {
                if is_domain(end) || addresses.named.contains(end) {
                    continue;
                }
                let owner = end.split_once('[').map_or(end.as_str(), |(owner, _)| owner);
                let exists = match end.strip_prefix(owner).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.strip_suffix(']')) {
                    Some(number) => number.parse::<u32>().is_ok_and(|number| owners.get(owner).is_some_and(|&count| number < count)),
                    None => owners.contains_key(end.as_str()),
                };
                if exists {
                    addresses.named.insert(owner.to_owned());
                    addresses.named.insert(end.clone());
                } else if end.contains('[') {
                    addresses.unknown.push((index, field, end.clone()));
                }
            }
        }
        // What is wrong with an end of a fault, the fault says itself.
        let families = spec.storm.iter().flat_map(|storm| &storm.families).map(|family| &family.fault);
        let ends = spec.faults.iter().map(|planned| &planned.fault).chain(families).flat_map(AnyFault::ends);
        addresses.struck = ends.filter(|end| !is_domain(end) && !addresses.named.contains(end)).collect();
        addresses
    }

    /// Everything wrong with names that links use.
    pub fn check(&self, spec: &SystemSpec) -> Vec<Complaint> {
        let brokers = || spec.brokers.iter().map(|(name, _)| name.as_str());
        let groups = || spec.groups.iter().map(|(name, _)| name.as_str());
        let owners = || spec.services.iter().map(|(name, _)| name.as_str()).chain(brokers()).chain(groups());
        let mut complaints: Vec<_> = self
            .unknown
            .iter()
            .map(|(index, field, end)| match owners().find(|owner| end.split('[').next() == Some(owner)) {
                Some(owner) => {
                    complaint(&format!("links[{index}].{field}"), format!("there is no `{end}`; replicas of `{owner}` are counted from 0"))
                }
                None => Complaint::unknown(&format!("links[{index}].{field}"), "node", end, owners()),
            })
            .collect();
        let kinds = kinds(spec);
        for (index, link) in spec.links.iter().enumerate() {
            let unknown = link.kinds.iter().enumerate().filter(|(_, kind)| !kinds.contains(kind));
            complaints.extend(unknown.map(|(position, kind)| {
                let field = format!("links[{index}].kinds[{position}]");
                Complaint::unknown(&field, "kind of message", kind, kinds.iter().map(String::as_str))
            }));
        }
        complaints
    }

    /// The place of a population.
    pub fn of_population(&self, name: &str, domain: &str) -> String {
        if self.has_place(name) { place_of_node(domain, name) } else { domain.to_owned() }
    }

    /// The place of a replica of a service, or of a member of a group.
    pub fn of_member(&self, owner: &str, name: &str, domain: &str) -> String {
        let place = self.of_population(owner, domain);
        if name != owner && self.has_place(name) { place_of_node(&place, name) } else { place }
    }

    fn has_place(&self, name: &str) -> bool {
        self.named.contains(name) || self.struck.contains(name)
    }

    /// Everything a topology has to know of a system besides its links.
    pub fn surroundings(&self, spec: &SystemSpec) -> Surroundings {
        let mut surroundings = Surroundings { kinds: kinds(spec), convergence: spec.routing.convergence, ..Surroundings::default() };
        let of_links = Self { struck: BTreeSet::new(), ..self.clone() };
        for (owner, name, domain) in members(spec) {
            let place = self.of_member(owner, &name, domain);
            surroundings.places.insert(of_links.of_member(owner, &name, domain));
            if self.struck.contains(owner) || self.struck.contains(&name) {
                surroundings.dead_ends.insert(place.clone());
                surroundings.places.insert(place);
            }
            if self.named.contains(owner) {
                surroundings.ends.entry(owner.to_owned()).or_default().push(self.of_population(owner, domain));
            }
            if name != owner && self.named.contains(&name) {
                surroundings.ends.entry(name.clone()).or_default().push(self.of_member(owner, &name, domain));
            }
        }
        let polling = spec.clocks.iter().filter_map(|(_, clock)| clock.parts().polling);
        surroundings.places.extend(polling.map(|polling| polling.server));
        for places in surroundings.ends.values_mut() {
            places.sort_unstable();
            places.dedup();
        }
        surroundings
    }
}

/// Kinds of message by their numbers.
pub fn kinds(spec: &SystemSpec) -> Vec<String> {
    let of_groups = spec.groups.iter().flat_map(|(_, group)| group.kinds());
    KINDS.iter().chain(of_groups).map(|&kind| kind.to_owned()).collect()
}

/// Every node: the name of its population, service or group, its own name, and its domain.
fn members(spec: &SystemSpec) -> impl Iterator<Item = (&str, String, &str)> {
    let clients = spec.clients.iter().map(|(name, clients)| (name.as_str(), name.clone(), clients.domain.as_str()));
    let replicas = spec.services.iter().filter(|(_, service)| !service.domain.0.is_empty()).flat_map(|(name, service)| {
        (0..service.sizes().0.min(10_000)).map(move |replica| (name.as_str(), format!("{name}[{replica}]"), service.domain.of(replica)))
    });
    let brokers = spec.brokers.iter().map(|(name, broker)| (name.as_str(), format!("{name}[0]"), broker.keeping().domain));
    let groups = spec.groups.iter().filter(|(_, group)| !group.placement().0.is_empty());
    let groups = groups.flat_map(|(name, group)| {
        (0..group.members().min(MOST_MEMBERS)).map(move |member| (name.as_str(), format!("{name}[{member}]"), group.domain(member)))
    });
    clients.chain(replicas).chain(brokers).chain(groups)
}
