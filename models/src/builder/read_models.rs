//! Which services publish what they commit, and does it reach those that are read models of it?

use super::{Builder, Callees, quoted};
use crate::brokers::AnyBroker;
use crate::ids::EdgeId;
use crate::plan::{EdgePlan, NodePlan, ServicePlan};
use crate::registry::{Complaint, complaint};
use std::collections::BTreeSet;

impl Builder<'_> {
    /// Looks up of which service's data others are read models.
    pub(super) fn add_read_models(&mut self, services: &mut [ServicePlan]) {
        let spec = self.spec;
        for (index, (name, service)) in spec.services.iter().enumerate() {
            let Some(model) = &service.read_model else { continue };
            let path = format!("nodes.{}.read_model.of", quoted(name));
            let Some(source) = spec.services.iter().position(|(known, _)| *known == model.of) else {
                let known = spec.services.iter().map(|(known, _)| known.as_str()).filter(|known| known != name);
                self.complaints.push(Complaint::unknown(&path, "service", &model.of, known));
                continue;
            };
            services[index].read_model = Some(source as u32);
            let publishes = spec.services[source].1.data.as_ref().and_then(|data| data.publishes.as_ref());
            let Some(broker) = publishes else {
                let sentence = if model.of == *name {
                    format!("`{name}` cannot be a read model of itself")
                } else {
                    format!("`{}` tells nobody of its writes; write `publishes: \"a queue\"` in its `data`", model.of)
                };
                self.complaints.push(complaint(&path, sentence));
                continue;
            };
            if spec.brokers.iter().any(|(known, _)| known == broker) && !self.reached_from(broker).contains(name.as_str()) {
                let sentence = format!(
                    "no message of a write of `{}` ever comes to `{name}`: they go to `{broker}`; let it consume from there, or subscribe",
                    model.of
                );
                self.complaints.push(complaint(&path, sentence));
            }
        }
    }

    /// All brokers and services to which messages go on from a broker, dead letters included.
    fn reached_from<'b>(&'b self, broker: &'b str) -> BTreeSet<&'b str> {
        let mut reached = BTreeSet::from([broker]);
        let mut ahead = vec![broker];
        while let Some(name) = ahead.pop() {
            let broker = self.spec.brokers.iter().find(|(known, _)| known == name).map(|(_, broker)| broker);
            let pushed: Vec<&str> = match broker {
                Some(AnyBroker::Topic(topic)) => topic.subscribers.iter().map(String::as_str).collect(),
                Some(AnyBroker::Router(router)) => router.rules.iter().map(|rule| rule.to.as_str()).collect(),
                Some(AnyBroker::Broker(_)) | None => Vec::new(),
            };
            let dead_letters = broker.and_then(|broker| broker.keeping().dead_letters);
            let fetches = |of: &&(String, crate::services::Service)| of.1.consumes.iter().any(|consume| consume.from == name);
            let fetched = self.spec.services.iter().filter(fetches).map(|(name, _)| name.as_str());
            for next in pushed.into_iter().chain(dead_letters).chain(fetched) {
                if reached.insert(next) {
                    ahead.push(next);
                }
            }
        }
        reached
    }

    /// Edges over which services tell of their writes: those of their programs if these call the same broker, and otherwise new ones.
    pub(super) fn add_publications(
        &mut self,
        callees: &Callees,
        nodes: &[NodePlan],
        services: &mut [ServicePlan],
        edges: &mut Vec<EdgePlan>,
    ) {
        let spec = self.spec;
        for (index, (name, service)) in spec.services.iter().enumerate() {
            let Some(broker) = service.data.as_ref().and_then(|data| data.publishes.as_ref()) else { continue };
            let path = format!("nodes.{}.data.publishes", quoted(name));
            if spec.brokers.iter().all(|(known, _)| known != broker) {
                let known = spec.brokers.iter().map(|(known, _)| known.as_str());
                self.complaints.push(Complaint::unknown(&path, "broker", broker, known));
                continue;
            }
            self.add_edge((name, &services[index]), broker, &path, callees, nodes, edges);
            let wanted = format!("{name} -> {broker}");
            let position = edges.iter().position(|edge| edge.name == wanted).expect("the edge was added, or known");
            if let Some(data) = &mut services[index].data {
                data.publishes = Some(EdgeId(position as u32));
            }
        }
    }
}
