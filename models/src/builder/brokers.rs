//! Who brings messages to which broker, who fetches them, and to whom are they passed on?

use super::classes::number_of;
use super::{Builder, Callees, domain_of, quoted};
use crate::brokers::{AnyBroker, BacklogPlan, BrokerPlan, Consume, ConsumerPlan, Order, PushPlan, Redelivery, Rule, Rules};
use crate::ids::EdgeId;
use crate::plan::{Callee, ClassPlan, EdgePlan, INSIDE, NodePlan, ServicePlan, Zones};
use crate::registry::{Complaint, complaint};
use crate::services::{Service, Step, TaskPlan};
use sim_core::draw::Key;
use sim_core::time::SimDuration;

/// How long a broker waits before it offers a dead letter again, and how many it offers at once.
const DEAD_LETTERS_AT_ONCE: u32 = 10;

impl Builder<'_> {
    /// Brokers as those who call them see them.
    pub(super) fn brokers_as_services(&self) -> Vec<(String, Service)> {
        self.spec.brokers.iter().map(|(name, broker)| (name.clone(), broker.service())).collect()
    }

    /// Edges over which messages are fetched, worked on and passed on; and what brokers and consumers do at the end of their work.
    pub(super) fn add_edges_of_brokers(
        &mut self,
        callees: &Callees,
        nodes: &[NodePlan],
        services: &mut [ServicePlan],
        edges: &mut Vec<EdgePlan>,
    ) {
        let spec = self.spec;
        for (index, (name, service)) in spec.services.iter().enumerate() {
            for (position, consume) in service.consumes.iter().enumerate() {
                let path = format!("nodes.{}.consumes[{position}]", quoted(name));
                self.connect_consumer((index, name), (consume, &path), callees, nodes, services, edges);
            }
            if !service.consumes.is_empty() {
                services[index].program.push(TaskPlan::Settle.into());
            }
        }
        for (index, (name, broker)) in spec.brokers.iter().enumerate() {
            let index = spec.services.len() + index;
            if self.complaints.is_empty() {
                let keeping = broker.keeping();
                let store = keeping.store.compile();
                let store = if keeping.durable { TaskPlan::Write(store) } else { TaskPlan::Work(store) };
                services[index].program = [TaskPlan::Broker, store, TaskPlan::Broker].map(Step::from).to_vec();
            }
            for (target, path) in self.targets(name, broker) {
                if target == name {
                    self.complaints.push(complaint(&path, format!("`{name}` cannot pass messages on to itself")));
                    continue;
                }
                self.add_edge((name, &services[index]), target, &path, callees, nodes, edges);
            }
        }
    }

    /// To whom a broker passes messages on, each with the path of the field that says so.
    fn targets<'b>(&mut self, name: &str, broker: &'b AnyBroker) -> Vec<(&'b str, String)> {
        let node = format!("nodes.{}", quoted(name));
        let mut all: Vec<(&str, String)> = match broker {
            AnyBroker::Broker(_) => Vec::new(),
            AnyBroker::Topic(topic) => {
                (0..).zip(&topic.subscribers).map(|(index, to)| (to.as_str(), format!("{node}.subscribers[{index}]"))).collect()
            }
            AnyBroker::Router(router) => (0..)
                .zip(&router.rules)
                .map(|(index, rule): (usize, &Rule)| (rule.to.as_str(), format!("{node}.rules[{index}].to")))
                .collect(),
        };
        if let Some(to) = broker.keeping().dead_letters {
            let path = format!("{node}.dead_letters");
            if self.spec.brokers.iter().any(|(known, _)| known == to) {
                all.push((to, path));
            } else {
                let known = self.spec.brokers.iter().map(|(known, _)| known.as_str());
                self.complaints.push(Complaint::unknown(&path, "broker", to, known));
            }
        }
        all
    }

    /// An edge from a service to a callee, unless there is one.
    pub(super) fn add_edge(
        &mut self,
        (caller, service): (&str, &ServicePlan),
        callee: &str,
        path: &str,
        callees: &Callees,
        nodes: &[NodePlan],
        edges: &mut Vec<EdgePlan>,
    ) {
        let name = format!("{caller} -> {callee}");
        if edges.iter().all(|edge| edge.name != name) {
            let callers = &nodes[service.first.index()..][..service.replicas as usize];
            let edge = self.edge(caller, callers, callee, path, callees, nodes);
            edges.push(edge);
        }
    }

    fn connect_consumer(
        &mut self,
        (index, name): (usize, &str),
        (consume, path): (&Consume, &str),
        callees: &Callees,
        nodes: &[NodePlan],
        services: &[ServicePlan],
        edges: &mut Vec<EdgePlan>,
    ) {
        let queues =
            || self.spec.brokers.iter().filter(|(_, broker)| matches!(broker, AnyBroker::Broker(_))).map(|(name, _)| name.as_str());
        if !queues().any(|queue| queue == consume.from) {
            let unknown = Complaint::unknown(&format!("{path}.from"), "queue", &consume.from, queues());
            return self.complaints.push(unknown);
        }
        let own = format!("{} -> {name}", consume.from);
        if edges.iter().any(|edge| edge.name == own) {
            let sentence = format!("`{name}` fetches from `{}` already; write more pollers, or a larger batch", consume.from);
            return self.complaints.push(complaint(&format!("{path}.from"), sentence));
        }
        let service = &services[index];
        self.add_edge((name, service), &consume.from, &format!("{path}.from"), callees, nodes, edges);
        let replicas = &nodes[service.first.index()..][..service.replicas as usize];
        let domains: Vec<_> = replicas.iter().map(|node| domain_of(&self.domains[node.domain as usize])).collect();
        let keys = replicas.iter().map(|node| Key::named(&node.name).bits()).collect();
        let (zones, callee) = (Zones::new(&domains, &domains), Callee::Own(index as u32));
        edges.push(EdgePlan::new(own, service.first, callee, keys, zones, vec![((0, 0), (INSIDE, INSIDE))]));
    }

    /// Brokers, what they keep, and who fetches it.
    pub(super) fn brokers(
        &mut self,
        services: &[ServicePlan],
        classes: &[ClassPlan],
        edges: &[EdgePlan],
    ) -> (Vec<BrokerPlan>, Vec<BacklogPlan>, Vec<ConsumerPlan>) {
        let (mut brokers, mut backlogs, mut consumers) = (Vec::new(), Vec::new(), Vec::new());
        self.check_classes_of_rules(classes);
        if !self.complaints.is_empty() {
            return (brokers, backlogs, consumers);
        }
        let edge = |caller: &str, callee: &str| edge_named(edges, caller, callee);
        for (index, (name, broker)) in (0..).zip(&self.spec.brokers) {
            let first = backlogs.len() as u32;
            let keeping = broker.keeping();
            let keeps = (keeping.durable, keeping.retention);
            match broker {
                AnyBroker::Broker(queue) => {
                    let rules = Rules {
                        limit: queue.limit,
                        order: queue.order,
                        visibility: queue.visibility,
                        max_receives: queue.most_receives(),
                        deduplication: queue.deduplication,
                        retention: queue.retention,
                        durable: queue.durable,
                    };
                    let fetched = edges
                        .iter()
                        .position(|edge| matches!(edge.callee, Callee::Own(_)) && edge.name.starts_with(&format!("{name} -> ")));
                    let brought = edges.iter().position(|edge| edge.name.ends_with(&format!(" -> {name}")));
                    let shown_on = fetched.or(brought).map(|position| EdgeId(position as u32));
                    backlogs.push(BacklogPlan { name: name.clone(), broker: index, rules, classes: Vec::new(), push: None, shown_on });
                }
                AnyBroker::Topic(topic) => {
                    for to in &topic.subscribers {
                        let to = Rule::all_to(to);
                        backlogs.push(self.pushed((name, index), &to, keeps, classes, edge(name, &to.to)));
                    }
                }
                AnyBroker::Router(router) => {
                    for rule in &router.rules {
                        backlogs.push(self.pushed((name, index), rule, keeps, classes, edge(name, &rule.to)));
                    }
                }
            }
            let last = backlogs.len() as u32;
            let dead_letters = keeping.dead_letters.map(|to| {
                let rule = Rule { at_once: DEAD_LETTERS_AT_ONCE, redelivery: Redelivery::default(), ..Rule::all_to(to) };
                let mut backlog = self.pushed((name, index), &rule, (keeping.durable, None), classes, edge(name, to));
                backlog.name = format!("{name} dead letters to {to}");
                backlogs.push(backlog);
                last
            });
            let node = services[self.spec.services.len() + index as usize].first;
            brokers.push(BrokerPlan { name: name.clone(), node, backlogs: first..last, dead_letters });
        }
        for (index, (name, service)) in (0..).zip(&self.spec.services) {
            for consume in &service.consumes {
                let position = self.spec.brokers.iter().position(|(known, _)| *known == consume.from).unwrap_or_default();
                consumers.push(ConsumerPlan {
                    service: index,
                    broker: position as u32,
                    backlog: brokers[position].backlogs.start,
                    polls: edge(name, &consume.from),
                    deliveries: edge(&consume.from, name),
                    batch: consume.batch,
                    pollers: consume.pollers,
                    wait: consume.wait,
                    rest: consume.rest,
                    timeout: consume.timeout,
                    together: consume.together,
                    after_failure: consume.after_failure,
                    poison: consume.poison,
                });
            }
        }
        (brokers, backlogs, consumers)
    }

    /// The backlog of what a broker passes on to one target.
    fn pushed(
        &self,
        (name, broker): (&str, u32),
        rule: &Rule,
        (durable, retention): (bool, Option<SimDuration>),
        classes: &[ClassPlan],
        edge: EdgeId,
    ) -> BacklogPlan {
        let rules = Rules {
            limit: None,
            order: Order::Standard,
            visibility: SimDuration::ZERO,
            max_receives: None,
            deduplication: None,
            retention,
            durable,
        };
        let mut wanted: Vec<u8> = rule.classes.iter().map(|class| number_of(classes, class)).collect();
        wanted.sort_unstable();
        let push = PushPlan {
            edge,
            completes: self.spec.brokers.iter().all(|(known, _)| *known != rule.to),
            interval: rule.rate.map_or(SimDuration::ZERO, |rate| rate.mean_interval()),
            at_once: rule.at_once,
            timeout: rule.timeout,
            redelivery: rule.redelivery.clone(),
        };
        BacklogPlan { name: format!("{name} to {}", rule.to), broker, rules, classes: wanted, push: Some(push), shown_on: Some(edge) }
    }

    /// A rule for a class that no call has would never be used.
    fn check_classes_of_rules(&mut self, classes: &[ClassPlan]) {
        for (name, broker) in &self.spec.brokers {
            let AnyBroker::Router(router) = broker else { continue };
            for (index, rule) in router.rules.iter().enumerate() {
                for (position, class) in rule.classes.iter().enumerate() {
                    let known = || classes.iter().map(|class| class.name.as_str()).filter(|name| !name.is_empty());
                    if !known().any(|known| known == class) {
                        let path = format!("nodes.{}.rules[{index}].classes[{position}]", quoted(name));
                        self.complaints.push(Complaint::unknown(&path, "class of calls", class, known()));
                    }
                }
            }
        }
    }
}

/// An edge that was added before.
fn edge_named(edges: &[EdgePlan], caller: &str, callee: &str) -> EdgeId {
    let name = format!("{caller} -> {callee}");
    let position = edges.iter().position(|edge| edge.name == name).expect("the edges of brokers were added before");
    EdgeId(position as u32)
}
