//! What is the system of each arm, and where in the text is what it complains about?

use super::Reader;
use super::gaps::Gaps;
use super::properties::of_arm;
use crate::problem::{Problem, Problems, Span};
use crate::scenario::ArmPlan;
use crate::text::overlay::{Overlay, SECTIONS, overlay};
use crate::text::parse::parse_as;
use crate::text::path::{Path, Step, locate_in, path_below};
use crate::text::tree::{Element, Shape};
use models::alerts::AnyAlert;
use models::brokers::{AnyBroker, Broker, Router, Topic};
use models::clocks::AnyClock;
use models::faults::{Experiment, PlannedFault, Storm};
use models::links::Link;
use models::plan::{Clockwork, Plan, RecoveryLevel, Routing, SystemSpec};
use models::properties::USUAL_HISTORY;
use models::protocols::Group;
use models::quoted;
use models::registry::Complaint;
use models::services::{LoadBalancer, Service, Task};
use models::strategies::Layer;
use models::workloads::{Arrivals, Clients};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::units::Share;
use std::sync::Arc;

/// A node, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "node")]
#[allow(clippy::large_enum_variant, reason = "a scenario has a handful of nodes, looked at in place")]
enum NodeSpec {
    Clients(Clients),
    Service(Service),
    LoadBalancer(LoadBalancer),
    Broker(Broker),
    Topic(Topic),
    Router(Router),
}

impl<'a> Reader<'a> {
    /// The system of every arm, checked.
    pub(super) fn systems(
        &self,
        arms: &[(String, Option<Element<'a>>)],
        clockwork: Clockwork,
        problems: &mut Problems,
    ) -> Vec<(SystemSpec, ArmPlan)> {
        let faults = self.faults(problems);
        let storm = self.read::<Storm>("storm", problems);
        let experiment = self.read::<Experiment>("experiment", problems);
        let objective = self.read::<Share>("objective", problems);
        let properties = self.properties(problems);
        let history_limit = self.history_limit(problems);
        let mut systems = Vec::new();
        let mut read = Vec::new();
        for (_, arm) in arms {
            let pieces = overlay(self.root, *arm, &[], problems);
            refuse_one_name_for_two(&pieces, problems);
            let (spec, gaps) = self.system(&pieces, &faults, clockwork, problems);
            read.push((pieces, spec, gaps));
        }
        let first_group = |spec: &SystemSpec| spec.groups.first().map(|(_, group)| group.clone());
        let groups: Vec<Option<Group>> = read.iter().map(|(_, spec, _)| first_group(spec)).collect();
        for ((pieces, mut spec, gaps), group) in read.into_iter().zip(&groups) {
            let (places, stated): (Vec<usize>, Vec<_>) = of_arm(&properties, group.as_ref(), &groups).into_iter().unzip();
            (spec.properties, spec.history_limit) = (stated, history_limit);
            spec.storm.clone_from(&storm);
            spec.experiment.clone_from(&experiment);
            spec.objective = objective;
            match Plan::new(&spec) {
                Ok(plan) => {
                    let group = group.clone();
                    let content = content_of(&spec);
                    let faults = spec.faults.clone();
                    systems.push((spec, ArmPlan { plan: Arc::new(plan), faults, group, content }));
                }
                Err(complaints) => {
                    let gaps =
                        Gaps { calls: complaints.iter().any(|one| one.unknown.is_some() && one.field.starts_with("nodes.")), ..gaps };
                    let complaints = complaints.into_iter().filter(|complaint| gaps.allow(complaint, &pieces));
                    let complaints = complaints.map(|complaint| of_property(complaint, &places));
                    complaints.for_each(|complaint| problems.push(self.placed(gaps.as_written(complaint), &pieces)));
                }
            }
        }
        systems
    }

    /// The faults that can be read, each with its position in the list.
    fn faults(&self, problems: &mut Problems) -> Vec<(usize, PlannedFault)> {
        let Some(section) = self.field("faults") else { return Vec::new() };
        let items = problems.note(section.list()).unwrap_or_default();
        items
            .into_iter()
            .enumerate()
            .filter_map(|(index, item)| problems.note(parse_as(item, "fault")).map(|fault| (index, fault)))
            .collect()
    }

    /// The system of an arm as far as it can be read, and what is missing in it.
    fn system(
        &self,
        pieces: &Overlay<'a>,
        faults: &[(usize, PlannedFault)],
        clockwork: Clockwork,
        problems: &mut Problems,
    ) -> (SystemSpec, Gaps) {
        let routing = self.read("routing", problems).unwrap_or_default();
        let mut spec =
            SystemSpec { routing, faults: faults.iter().map(|(_, fault)| fault.clone()).collect(), clockwork, ..SystemSpec::default() };
        let mut gaps = Gaps { faults: faults.iter().map(|&(index, _)| index).collect(), ..Gaps::default() };
        for piece in pieces.section("nodes") {
            let key = piece.key.clone().unwrap_or_default();
            match problems.note(parse_as::<NodeSpec>(piece.value, "kind of node")) {
                Some(NodeSpec::Clients(mut clients)) => {
                    self.read_arrivals(&mut clients, piece.value, problems);
                    spec.clients.push((key, clients));
                }
                Some(NodeSpec::Service(mut service)) => {
                    self.read_demands(&mut service, piece.value, problems);
                    spec.services.push((key, service));
                }
                Some(NodeSpec::LoadBalancer(mut balancer)) => {
                    self.read_data(&mut balancer.demand, piece.value, "demand", problems);
                    gaps.balancers.push(key.clone());
                    spec.services.push((key, balancer.service()));
                }
                Some(NodeSpec::Broker(broker)) => {
                    spec.brokers.push((key, self.read_broker(AnyBroker::Broker(broker), piece.value, problems)));
                }
                Some(NodeSpec::Topic(topic)) => spec.brokers.push((key, self.read_broker(AnyBroker::Topic(topic), piece.value, problems))),
                Some(NodeSpec::Router(router)) => {
                    spec.brokers.push((key, self.read_broker(AnyBroker::Router(router), piece.value, problems)));
                }
                None => {
                    gaps.nodes = true;
                    // Whoever calls it names something that is there; clients are called by nobody.
                    gaps.unread.extend((piece.value.variant_name() != Some("Clients")).then_some(key));
                }
            }
        }
        LoadBalancer::fit_sizes(&mut spec.services, &gaps.balancers);
        for piece in pieces.section("groups") {
            let key = piece.key.clone().unwrap_or_default();
            match problems.note(parse_as::<Group>(piece.value, "kind of group")) {
                Some(group) => spec.groups.push((key, group)),
                None => {
                    gaps.nodes = true;
                    gaps.unread.push(key);
                }
            }
        }
        for piece in pieces.section("clocks") {
            if let Some(clock) = problems.note(parse_as::<AnyClock>(piece.value, "kind of clock")) {
                spec.clocks.push((piece.key.clone().unwrap_or_default(), clock));
            }
        }
        for piece in pieces.section("alerts") {
            if let Some(alert) = problems.note(parse_as::<AnyAlert>(piece.value, "kind of alert")) {
                spec.alerts.push((piece.key.clone().unwrap_or_default(), alert));
            }
        }
        for (index, piece) in pieces.section("links").iter().enumerate() {
            if let Some(mut link) = problems.note(parse_link(piece.value)) {
                self.read_data(&mut link.delay, piece.value, "delay", problems);
                if let Some(delay) = link.back.as_mut().and_then(|back| back.delay.as_mut()) {
                    self.read_data(delay, piece.value, "back.delay", problems);
                }
                spec.links.push(link);
                gaps.links.push(index);
            }
        }
        gaps.some_link = gaps.links.len() < pieces.section("links").len();
        for piece in pieces.section("stacks") {
            let Some(items) = problems.note(piece.value.list()) else {
                gaps.some_stack = true;
                continue;
            };
            let layers: Vec<_> = items.into_iter().map(|item| self.layer(item, problems)).collect();
            // A stack that lacks a layer is left out, so that positions in the others stay those of the text.
            match layers.into_iter().collect::<Option<Vec<_>>>() {
                Some(layers) => spec.stacks.push((piece.key.clone().unwrap_or_default(), layers)),
                None => gaps.some_stack = true,
            }
        }
        (spec, gaps)
    }

    /// A layer, with what it names from outside looked up.
    fn layer(&self, item: Element<'a>, problems: &mut Problems) -> Option<Layer> {
        let mut layer = problems.note(parse_as::<Layer>(item, "layer"))?;
        layer.look_up(self.vocabulary);
        Some(layer)
    }

    fn read_arrivals(&self, clients: &mut Clients, element: Element<'a>, problems: &mut Problems) {
        match &mut clients.arrivals {
            Arrivals::ClosedLoop(closed) => self.read_data(&mut closed.think, element, "arrivals.think", problems),
            Arrivals::OnOff(bursts) => {
                self.read_data(&mut bursts.on, element, "arrivals.on", problems);
                self.read_data(&mut bursts.off, element, "arrivals.off", problems);
            }
            Arrivals::Trace(trace) => match trace.file.as_deref().map(|name| self.data.arrivals(name)) {
                None => {}
                Some(Ok(recorded)) => trace.take(recorded),
                Some(Err(problem)) => {
                    let place = Path::parse("arrivals.file").and_then(|path| locate_in(element, &path)).unwrap_or(element);
                    problems.push(problem.at(short(place)));
                }
            },
            _ => {}
        }
    }

    fn read_demands(&self, service: &mut Service, element: Element<'a>, problems: &mut Problems) {
        self.read_data(&mut service.demand, element, "demand", problems);
        for (class, demand) in &mut service.demand_of {
            self.read_data(demand, element, &format!("demand_of.{}", quoted(class)), problems);
        }
        Task::each_distribution(&mut service.does, "does", &mut |path, work| self.read_data(work, element, path, problems));
    }

    fn read_broker(&self, mut broker: AnyBroker, element: Element<'a>, problems: &mut Problems) -> AnyBroker {
        for (field, work) in broker.distributions() {
            self.read_data(work, element, field, problems);
        }
        broker
    }

    /// Puts measured values in the place of the files that a distribution names. `field` is its path inside the element.
    fn read_data(&self, distribution: &mut Distribution, element: Element<'a>, field: &str, problems: &mut Problems) {
        let failures = distribution.read_files(&mut |name| self.data.observations(name));
        for (inner, problem) in failures {
            let place = Path::parse(&format!("{field}.{inner}")).and_then(|path| locate_in(element, &path)).unwrap_or(element);
            problems.push(problem.at(short(place)));
        }
    }

    /// Finds the place in the text that a complaint is about: the innermost part of its path that is written.
    fn placed(&self, complaint: Complaint, pieces: &Overlay<'a>) -> Problem {
        let mut problem = Problem::new(complaint.message).path(complaint.field.clone());
        if let Some((word, known)) = &complaint.unknown {
            problem = problem.suggest(word, known.iter().map(String::as_str));
        }
        let Ok(path) = Path::parse(&complaint.field) else { return problem };
        if let Some(inside) = self.path_in_arm(&path, pieces) {
            problem = problem.path(inside.to_string());
        }
        let mut element = self.root;
        let mut place = None;
        for (depth, step) in path.steps().iter().enumerate() {
            let found = match (depth, path.steps(), step) {
                (1, [Step::Name(section), ..], Step::Name(key)) if SECTIONS.iter().any(|known| known.name == section) => {
                    let piece = pieces.section(section).iter().find(|piece| piece.key.as_ref() == Some(key));
                    piece.map(|piece| (piece.value, piece.key_span))
                }
                (1, [Step::Name(section), ..], Step::Index(index)) if !pieces.section(section).is_empty() => {
                    pieces.section(section).get(*index).map(|piece| (piece.value, piece.key_span))
                }
                _ => locate_in(element, &Path::from(step.clone())).ok().map(|inner| (inner, inner.span())),
            };
            // A section that only arms write has its entries in the pieces alone.
            let found = found.or_else(|| match step {
                Step::Name(section) if depth == 0 && !pieces.section(section).is_empty() => Some((self.root, self.root.head())),
                _ => None,
            });
            let Some((inner, span)) = found else { break };
            element = inner;
            let is_last = depth + 1 == path.steps().len();
            place = Some(if is_last && element.span() == span { short(element) } else { span });
        }
        match place {
            Some(place) => problem.at(place),
            // The usual bins are only too many because of the horizon.
            None if complaint.field == "bin" => problem.at(self.cause_of("bin")).path("horizon"),
            // The one default that does not fit to what is written beside it.
            None if complaint.field == "hold" => problem.at(self.cause_of("hold")).hint("`hold` is 5s unless it is written, too"),
            None => problem.at(self.cause_of(&complaint.field)),
        }
    }

    /// The path of something that an arm has written, as a user would type it: `arms."full jitter".stacks."a -> b"[0]`.
    fn path_in_arm(&self, path: &Path, pieces: &Overlay<'a>) -> Option<Path> {
        let [Step::Name(section), entry, ..] = path.steps() else { return None };
        let pieces = pieces.section(section);
        let piece = match entry {
            Step::Name(key) => pieces.iter().find(|piece| piece.key.as_ref() == Some(key)),
            Step::Index(index) => pieces.get(*index),
        };
        let place = piece.filter(|piece| piece.is_from_arm)?.value.span().start();
        Some(path.tail().tail().below(path_below(self.root, place).up_to(4).steps()))
    }

    /// What a complaint about something that is not written points at: that which makes it a problem.
    fn cause_of(&self, field: &str) -> Span {
        let cause = match field {
            "hold" => "bin",
            "bin" => "horizon",
            _ => "nodes",
        };
        self.fields.iter().find(|field| field.name == cause).map_or(self.root.head(), |field| field.name_span)
    }
}

/// A complaint about a property of an arm, as one about the property with its place in the text.
fn of_property(complaint: Complaint, places: &[usize]) -> Complaint {
    let written = complaint.field.strip_prefix("properties[").and_then(|rest| rest.split_once(']'));
    let place = written.and_then(|(index, rest)| Some((places.get(index.parse::<usize>().ok()?)?, rest)));
    let field = place.map(|(place, rest)| format!("properties[{place}]{rest}"));
    Complaint { field: field.unwrap_or_else(|| complaint.field.clone()), ..complaint }
}

/// A node and a group are both called by their names.
fn refuse_one_name_for_two(pieces: &Overlay<'_>, problems: &mut Problems) {
    for group in pieces.section("groups") {
        if let Some(node) = pieces.section("nodes").iter().find(|node| node.key == group.key) {
            let name = group.key.as_deref().unwrap_or_default();
            let problem = Problem::new(format!("`{name}` is the name of a node and of a group")).at(group.key_span);
            problems.push(problem.also(node.key_span, "the node").hint("rename one of the two: callers could not tell them apart"));
        }
    }
}

/// What a problem with a whole element points at.
fn short(element: Element<'_>) -> Span {
    if element.text().contains('\n') || element.shape() == Shape::Map { element.head() } else { element.span() }
}

fn parse_link(element: Element<'_>) -> Result<Link, Problem> {
    /// The only kind of link there is, so that `Link(...)` reads like everything else.
    #[derive(Deserialize)]
    #[serde(rename = "link")]
    enum LinkSpec {
        Link(Link),
    }
    parse_as::<LinkSpec>(element, "kind of link").map(|LinkSpec::Link(link)| link)
}

/// Hash of everything that decides a run besides its seed: names, comments and other arms are not part of it, except
/// names that draws are keyed by.
fn content_of(spec: &SystemSpec) -> String {
    let text = serde_json::to_vec(&(
        models::BEHAVIOUR_VERSION,
        (&spec.clients, &spec.services, &spec.groups),
        (&spec.links, &spec.stacks, &spec.faults),
        (&spec.storm, &spec.experiment),
        (spec.clockwork.warm_up, spec.clockwork.horizon, spec.clockwork.drain, spec.clockwork.bin, spec.clockwork.hold),
    ));
    let mut text = text.expect("a system can be written as JSON");
    if spec.routing != Routing::default() {
        text.extend(serde_json::to_vec(&spec.routing).expect("routing can be written as JSON"));
    }
    if !spec.brokers.is_empty() {
        text.extend(serde_json::to_vec(&spec.brokers).expect("brokers can be written as JSON"));
    }
    if spec.objective.is_some() || !spec.alerts.is_empty() {
        text.extend(serde_json::to_vec(&(&spec.objective, &spec.alerts)).expect("alerts can be written as JSON"));
    }
    if spec.clockwork.level != RecoveryLevel::default() {
        text.extend(serde_json::to_vec(&spec.clockwork.level).expect("a level can be written as JSON"));
    }
    if !spec.clocks.is_empty() {
        text.extend(serde_json::to_vec(&spec.clocks).expect("clocks can be written as JSON"));
    }
    if !spec.properties.is_empty() {
        text.extend(serde_json::to_vec(&spec.properties).expect("properties can be written as JSON"));
    }
    if spec.history_limit() != USUAL_HISTORY {
        text.extend(spec.history_limit().to_le_bytes());
    }
    blake3::hash(&text).to_hex()[..32].to_owned()
}
