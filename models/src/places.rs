//! Which nodes, domains, populations and kinds of message do the names in a fault mean?

use crate::builder::normalised;
use crate::environment::ConnectionPool;
use crate::ids::{EdgeId, NodeId, PopulationId};
use crate::plan::{EdgePlan, GroupPlan, NodePlan, Role, ServicePlan};
use crate::protocols::{Group, Number};
use crate::registry::Complaint;
use crate::services::{LOG_EVENTS, SAGA_EVENTS};
use crate::strategies::Shift;
use crate::topology::lies_in;
use crate::workloads::Clients;

/// The names a fault may refer to.
pub struct Places<'a> {
    nodes: &'a [NodePlan],
    services: &'a [ServicePlan],
    group: Option<&'a GroupPlan>,
    domains: &'a [String],
    places: &'a [String],
    kinds: &'a [String],
    clients: &'a [(String, Clients)],
    edges: &'a [EdgePlan],
}

impl<'a> Places<'a> {
    /// The names of a system.
    pub const fn new(
        nodes: &'a [NodePlan],
        services: &'a [ServicePlan],
        group: Option<&'a GroupPlan>,
        (domains, places): (&'a [String], &'a [String]),
        kinds: &'a [String],
        clients: &'a [(String, Clients)],
        edges: &'a [EdgePlan],
    ) -> Self {
        Self { nodes, services, group, domains, places, kinds, clients, edges }
    }

    /// Everybody of this name: servers as in [`servers`](Self::servers), a client population, or all nodes in a domain.
    ///
    /// # Errors
    /// A complaint about `field` if nothing is called that.
    pub fn everybody(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        let numbered = || (0..).map(NodeId).zip(self.nodes);
        let named = |node: &NodePlan| match node.role {
            Role::Clients(_) => node.name == name,
            Role::Replica(service) => node.name == name || self.services[service as usize].name == name,
            Role::Member(_) => node.name == name || self.group.is_some_and(|group| group.name == name),
        };
        let mut all: Vec<_> = numbered().filter(|(_, node)| named(node)).map(|(id, _)| id).collect();
        if all.is_empty() {
            all = numbered().filter(|(_, node)| lies_in(&self.domains[node.domain as usize], name)).map(|(id, _)| id).collect();
        }
        if !all.is_empty() {
            return Ok(all);
        }
        let mut known: Vec<&str> = self.nodes.iter().map(|node| node.name.split('[').next().unwrap_or_default()).collect();
        known.extend(self.domains.iter().map(String::as_str));
        known.dedup();
        Err(self.out_of_range(field, name).unwrap_or_else(|| Complaint::unknown(field, "node or domain", name, known)))
    }

    /// A number that nobody has, of a service or a group that there is.
    fn out_of_range(&self, field: &str, name: &str) -> Option<Complaint> {
        let (of, index) = name.strip_suffix(']')?.split_once('[')?;
        let begin = format!("{of}[");
        let count = self.nodes.iter().filter(|node| node.name.starts_with(&begin)).count();
        let last = count.checked_sub(1)?;
        let message = format!("`{of}` has nobody with the number {index}: they are `{of}[0]` to `{of}[{last}]`");
        Some(Complaint { field: field.to_owned(), message, unknown: None })
    }

    /// The places an end of a way means: the domain of this name, or where everybody of this name stands.
    ///
    /// # Errors
    /// A complaint about `field` if nothing is called that.
    pub fn end(&self, field: &str, name: &str) -> Result<Vec<String>, Complaint> {
        if self.domain(field, name).is_ok() {
            return Ok(vec![name.to_owned()]);
        }
        let nodes = self.everybody(field, name)?;
        let mut places: Vec<&String> = nodes.into_iter().map(|node| &self.places[self.nodes[node.index()].domain as usize]).collect();
        places.sort_unstable();
        places.dedup();
        // A replica that is named apart stands inside the place of its service.
        let is_inside = |place: &str| places.iter().any(|outer| *outer != place && lies_in(place, outer));
        Ok(places.iter().filter(|place| !is_inside(place)).map(|place| (*place).clone()).collect())
    }

    /// Every node there is: clients, replicas and members.
    pub fn all(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The number of a kind of message.
    ///
    /// # Errors
    /// A complaint about `field` if nothing of that kind is sent.
    pub fn kind(&self, field: &str, name: &str) -> Result<u8, Complaint> {
        let number = self.kinds.iter().position(|kind| kind == name).and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| Complaint::unknown(field, "kind of message", name, self.kinds.iter().map(String::as_str)))
    }

    /// The servers of this name: all replicas of a service, all members of a group, or one of either.
    ///
    /// # Errors
    /// A complaint about `field` if nothing is called that, or if it is a client population.
    pub fn servers(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        let numbered = (0..).map(NodeId).zip(self.nodes);
        let all: Vec<_> = numbered
            .filter(|(_, node)| match node.role {
                Role::Clients(_) => false,
                Role::Replica(service) => node.name == name || self.services[service as usize].name == name,
                Role::Member(_) => node.name == name || self.group.is_some_and(|group| group.name == name),
            })
            .map(|(id, _)| id)
            .collect();
        if all.is_empty() {
            if let Some(service) = self.services.iter().find(|service| name.split('[').next() == Some(service.name.as_str())) {
                let sentence = format!("`{}` has {} replicas, counted from 0; there is no `{name}`", service.name, service.replicas);
                return Err(crate::registry::complaint(field, sentence));
            }
            let known = self.services.iter().map(|service| service.name.as_str()).chain(self.group.map(|group| group.name.as_str()));
            return Err(self.out_of_range(field, name).unwrap_or_else(|| Complaint::unknown(field, "service or group", name, known)));
        }
        Ok(all)
    }

    /// The servers in the domain of this name and those inside it.
    ///
    /// # Errors
    /// A complaint about `field` if there is no such domain, or no server in it.
    pub fn servers_in(&self, field: &str, name: &str) -> Result<Vec<NodeId>, Complaint> {
        self.domain(field, name)?;
        let numbered = (0..).map(NodeId).zip(self.nodes);
        let all: Vec<_> = numbered
            .filter(|(_, node)| !matches!(node.role, Role::Clients(_)) && lies_in(&self.domains[node.domain as usize], name))
            .map(|(id, _)| id)
            .collect();
        if all.is_empty() {
            return Err(crate::registry::complaint(field, format!("no service and no group stands in the domain `{name}`")));
        }
        Ok(all)
    }

    /// How many replicas call over an edge; `None` if clients do.
    pub fn processes(&self, edge: EdgeId) -> Option<u32> {
        match self.nodes[self.edges[edge.index()].caller.index()].role {
            Role::Replica(service) => Some(self.services[service as usize].replicas),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    /// The edge of this name, however many blanks are around its arrow.
    ///
    /// # Errors
    /// A complaint about `field` if there is no such edge.
    pub fn edge(&self, field: &str, name: &str) -> Result<EdgeId, Complaint> {
        let wanted = normalised(name);
        let found = (0..).map(EdgeId).zip(self.edges).find(|(_, edge)| edge.name == wanted);
        found.map(|(id, _)| id).ok_or_else(|| Complaint::unknown(field, "edge", name, self.edges.iter().map(|edge| edge.name.as_str())))
    }

    /// The layers of an edge that keep a pool of connections, and how many each pool has.
    pub fn pools(&self, edge: EdgeId) -> Vec<(ConnectionPool, u32)> {
        let plan = &self.edges[edge.index()];
        let layers = plan.homes.iter().zip(&plan.stack);
        layers.filter_map(|(&(edge, layer), of)| Some((ConnectionPool { edge, layer }, of.connections()?))).collect()
    }

    /// What may be announced in a run of this system, by name.
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        let has_layers = self.edges.iter().any(|edge| !edge.stack.is_empty());
        announced(self.services, self.group).chain(Shift::ALL.into_iter().filter(move |_| has_layers))
    }

    /// What is wrong with aiming at whoever leads among these members of a fault.
    pub fn check_primary<'b>(&self, field: &str, members: impl IntoIterator<Item = &'b str>) -> Option<Complaint> {
        let with_primary = Group::with_primary().join(", ");
        for name in members {
            let role = self.nodes.iter().find(|node| node.name == name).map(|node| node.role);
            let sentence = match (role, self.group) {
                (Some(Role::Member(_)), Some(group)) if group.spec.primary().is_some() => continue,
                (Some(Role::Member(_)), Some(group)) => {
                    format!("no member of `{}` leads the others; somebody does in: {with_primary}", group.name)
                }
                (Some(_), _) => format!("`{name}` is no member of a group, so that it never leads one; name a group ({with_primary})"),
                (None, _) => "this fault does not strike members one by one; an Omission of all messages cuts off whoever leads".to_owned(),
            };
            return Some(crate::registry::complaint(field, sentence));
        }
        None
    }

    /// The service that a node is a replica of, if it is one.
    pub fn service(&self, node: NodeId) -> Option<&'a ServicePlan> {
        match self.nodes[node.index()].role {
            Role::Replica(service) => Some(&self.services[service as usize]),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    /// Checks that these nodes are replicas of services, which answer requests one by one; members of a group speak its protocol.
    ///
    /// # Errors
    /// A complaint about `field` if one of them is not.
    pub fn answer_requests(&self, field: &str, nodes: &[NodeId]) -> Result<(), Complaint> {
        let member = nodes.iter().find(|node| !matches!(self.nodes[node.index()].role, Role::Replica(_)));
        member.map_or(Ok(()), |&node| {
            let sentence = format!(
                "`{}` is a member of a group, which speaks its protocol; only replicas of services are meant here",
                self.name(node)
            );
            Err(crate::registry::complaint(field, sentence))
        })
    }

    /// The client population of this name.
    ///
    /// # Errors
    /// A complaint about `field` if none is called that.
    pub fn population_named(&self, field: &str, name: &str) -> Result<PopulationId, Complaint> {
        let found = (0..).map(PopulationId).zip(self.clients).find(|(_, (known, _))| known == name);
        found
            .map(|(id, _)| id)
            .ok_or_else(|| Complaint::unknown(field, "client population", name, self.clients.iter().map(|(known, _)| known.as_str())))
    }

    /// The name of a population, and whether its load is `open`, `closed` or `one-shot`.
    pub fn population(&self, population: PopulationId) -> (&str, &'static str) {
        let (name, clients) = &self.clients[population.index()];
        (name, clients.arrivals.load())
    }

    /// The group that a node is a member of, if it is one.
    pub fn group(&self, node: NodeId) -> Option<&'a GroupPlan> {
        self.group.filter(|_| matches!(self.nodes[node.index()].role, Role::Member(_)))
    }

    /// The service that a node is a replica of, by its index, and how many replicas it has.
    pub fn service_of(&self, node: NodeId) -> Option<(u32, u32)> {
        match self.nodes[node.index()].role {
            Role::Replica(service) => Some((service, self.services[service as usize].replicas)),
            Role::Clients(_) | Role::Member(_) => None,
        }
    }

    /// The name of a node.
    pub fn name(&self, node: NodeId) -> &str {
        &self.nodes[node.index()].name
    }

    /// Checks that a domain of this name, or one inside it, exists.
    ///
    /// # Errors
    /// A complaint about `field` if not.
    pub fn domain(&self, field: &str, name: &str) -> Result<(), Complaint> {
        if self.domains.iter().any(|domain| lies_in(domain, name)) {
            return Ok(());
        }
        let mut known: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        known.dedup();
        Err(Complaint::unknown(field, "domain", name, known))
    }
}

/// The number that comes with an announcement, in words: what it is depends on who says it.
pub(crate) fn number_announced(group: Option<&GroupPlan>, what: &str, value: i64) -> String {
    let of_group = || group.and_then(|group| group.spec.announces().iter().find(|(name, _)| *name == what)).map(|(_, number)| *number);
    let of_services = || {
        Some(match what {
            _ if crate::world::ANNOUNCED.contains(&what) => Number::Count("starts"),
            _ if SAGA_EVENTS.contains(&what) => Number::Of("of call"),
            _ if LOG_EVENTS.contains(&what) => Number::Count("events"),
            PROMOTED => Number::Count("writes lost"),
            _ => return None,
        })
    };
    of_group().or_else(of_services).unwrap_or(Number::Of("number")).told(value)
}

/// What is announced of a follower that takes the place of the primary of its store, with the number of acknowledged writes that are lost.
pub(crate) const PROMOTED: &str = "FollowerPromoted";

/// What nodes of these may announce, by name.
pub(crate) fn announced(services: &[ServicePlan], group: Option<&GroupPlan>) -> impl Iterator<Item = &'static str> + use<> {
    let of_group = group.map_or(&[][..], |group| group.spec.announces()).iter().map(|(name, _)| *name);
    let comes_and_goes = services.iter().any(|service| service.comes_and_goes);
    let of_replicas = crate::world::ANNOUNCED.into_iter().filter(move |_| comes_and_goes);
    let has_sagas = services.iter().any(|service| service.sagas().next().is_some());
    let has_logs = services.iter().any(|service| service.log.is_some());
    let of_services = SAGA_EVENTS.into_iter().filter(move |_| has_sagas).chain(LOG_EVENTS.into_iter().filter(move |_| has_logs));
    let fails_over = |service: &ServicePlan| {
        service.data.as_ref().and_then(|data| data.replication.as_ref()).is_some_and(|replication| replication.fails_over.is_some())
    };
    let of_stores = services.iter().any(fails_over).then_some(PROMOTED);
    of_group.chain(of_replicas).chain(of_services).chain(of_stores)
}
