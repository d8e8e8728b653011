//! Is what the program explains about faults and strategies true, and all of it?

mod fields;

use fields::{Probe, assert_fields, fields, sorted};
use models::alerts::AnyAlert;
use models::brokers::{Broker, Consume, Router, Topic};
use models::faults::{AnyFault, Explanation, Parameter, TIMING, Timing};
use models::nodes;
use models::properties::AnyProperty;
use models::registry::{Complaint, Registered};
use models::services::data::{Optimistic, Replication};
use models::services::{AnyAdmission, AnyPartition, Connections, LoadBalancer, Queue, Service, Task, told};
use models::strategies::backoff::AnyBackoff;
use models::strategies::balance::AnyBalancer;
use models::strategies::breaker::AnyBreaker;
use models::strategies::budget::AnyBudget;
use models::strategies::bulkhead::AnyBulkhead;
use models::strategies::concurrency::AnyConcurrency;
use models::strategies::ejection::AnyEjector;
use models::strategies::health::AnyHealthCheck;
use models::strategies::hedge::AnyHedge;
use models::strategies::limiter::AnyLimiter;
use models::strategies::throttle::AnyThrottle;
use models::strategies::{ExternalBackoff, ExternalLayer, Layer, Vocabulary, Words, families};
use models::workloads::Clients;
use models::{About, Explained};
use scenarios::text::Source;
use scenarios::{Extent, read, read_with};
use serde::Deserialize;
use std::cell::Cell;
use std::sync::Arc;

type Explanations = Vec<(&'static str, &'static str, About)>;

/// Every strategy, layers apart.
fn strategies() -> Explanations {
    families().into_iter().flat_map(|family| family.members).collect()
}

/// What services have of strategies.
fn of_services() -> Explanations {
    [AnyPartition::explanations(), Queue::explanations(), AnyAdmission::explanations()].concat()
}

#[test]
fn the_parameters_of_every_fault_are_the_fields_it_reads() {
    for (name, _, Explanation { parameters, .. }) in AnyFault::explanations() {
        assert!(!parameters.is_empty(), "{name}");
        assert_fields::<AnyFault>(name, parameters);
    }
    assert_eq!(TIMING.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), Timing::FIELDS);
}

#[test]
fn the_parameters_of_every_kind_of_node_and_of_every_task_are_the_fields_it_reads() {
    fn of<'de, Node: Deserialize<'de>>(name: &str) {
        let found = Cell::new(None);
        assert!(Node::deserialize(Probe { variant: "", fields: &found }).is_err(), "there is nothing to be read");
        let (_, _, about) = nodes::explanations().into_iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name}"));
        let fields = found.get().unwrap_or_else(|| panic!("{name} was not asked for"));
        assert_eq!(sorted(about.parameters.iter().map(|parameter| parameter.name)), sorted(fields.iter().copied()), "{name}");
    }
    of::<Clients>("Clients");
    of::<Service>("Service");
    of::<LoadBalancer>("LoadBalancer");
    of::<Broker>("Broker");
    of::<Topic>("Topic");
    of::<Router>("Router");
    assert_eq!(nodes::explanations().len(), 6);
    for (name, _, About { parameters, .. }) in told::explanations() {
        match (name, fields::<Task>(name)) {
            ("Consume", _) => of_consume(parameters),
            (_, Some(_)) => assert_fields::<Task>(name, parameters),
            // What is written without a name stands in brackets.
            (_, None) => assert!(parameters.len() == 1 && parameters[0].name.starts_with('('), "{name}"),
        }
    }
}

fn of_consume(parameters: &[Parameter]) {
    let found = Cell::new(None);
    assert!(Consume::deserialize(Probe { variant: "", fields: &found }).is_err(), "there is nothing to be read");
    let fields = found.get().expect("it has fields");
    assert_eq!(sorted(parameters.iter().map(|parameter| parameter.name)), sorted(fields.iter().copied()));
}

/// A scenario with everything that the examples of nodes and tasks name.
fn everybody(node: &str, does: &str, consumes: &str) -> String {
    let others = ["shop", "payments", "payment", "refund", "parcel", "stock", "prices", "tips", "audit", "mailer"]
        .map(|name| format!("\"{name}\": Service(workers: 4, demand: Constant(\"1ms\")),"));
    format!(
        "(schema: 1, name: \"x\", horizon: \"10s\", nodes: {{ {others} \"carts\": Service(workers: 4, demand: Constant(\"1ms\"), data: (writes: Share(\"10%\"), optimistic: ())), \"archive\": Broker(), \"unworkable\": Broker(), \"orders\": Broker(), \
         \"users\": Clients(count: 1, arrivals: Poisson(rate: \"1/s\"), calls: \"front\", classes: {{\"buy\": (), \"order\": ()}}), \
         \"front\": Service(workers: 4, demand: Constant(\"1ms\"), does: [{does}], consumes: [{consumes}]), {node} }}, \
         links: [Link(from: \"default\", to: \"zone-a\", delay: Constant(\"1ms\"))])",
        others = others.concat()
    )
}

#[test]
fn the_examples_of_nodes_and_tasks_can_be_written_as_they_stand() {
    let reads = |text: String| {
        let read = read(Source::new("x.ron", text.as_str()), "x.ron", &[], Extent::Grid);
        read.unwrap_or_else(|(_, problems)| panic!("{text}: {problems:?}"));
    };
    for (_, _, about) in nodes::explanations() {
        reads(everybody(&format!("\"it\": {}", about.example), "", ""));
    }
    for (name, _, about) in told::explanations() {
        let (does, consumes) = if name == "Consume" { ("", about.example) } else { (about.example, "") };
        reads(everybody("", does, consumes));
    }
}

/// What every member of a family explains are the fields it reads.
fn assert_fields_of<'de, Any: Deserialize<'de>>(explanations: Explanations) {
    for (name, _, About { parameters, .. }) in explanations {
        // What comes from outside is written as a whole.
        if name != "External" {
            assert_fields::<Any>(name, parameters);
        }
    }
}

#[test]
fn the_parameters_of_every_strategy_are_the_fields_it_reads() {
    assert_fields_of::<AnyBackoff>(AnyBackoff::explanations());
    assert_fields_of::<AnyBudget>(AnyBudget::explanations());
    assert_fields_of::<AnyBreaker>(AnyBreaker::explanations());
    assert_fields_of::<AnyLimiter>(AnyLimiter::explanations());
    assert_fields_of::<AnyThrottle>(AnyThrottle::explanations());
    assert_fields_of::<AnyBulkhead>(AnyBulkhead::explanations());
    assert_fields_of::<AnyHealthCheck>(AnyHealthCheck::explanations());
    assert_fields_of::<AnyConcurrency>(AnyConcurrency::explanations());
    assert_fields_of::<AnyHedge>(AnyHedge::explanations());
    assert_fields_of::<AnyBalancer>(AnyBalancer::explanations());
    assert_fields_of::<AnyEjector>(AnyEjector::explanations());
    assert_fields_of::<Queue>(Queue::explanations());
    assert_fields_of::<AnyAdmission>(AnyAdmission::explanations());
    assert_fields_of::<AnyPartition>(AnyPartition::explanations());
    for (name, _, About { parameters, .. }) in Layer::explanations() {
        match (name, fields::<Layer>(name)) {
            // Both are read word by word: one may be a mere duration, the other is looked up.
            ("Deadline", _) => assert_eq!(parameters.iter().map(|one| one.name).collect::<Vec<_>>(), ["after", "propagate"]),
            (_, Some(_)) => assert_fields::<Layer>(name, parameters),
            // A layer around one thing without a name.
            (_, None) => assert_eq!(parameters.iter().map(|one| one.name).collect::<Vec<_>>(), ["(one value)"], "{name}"),
        }
    }
}

/// Nothing is empty, and sentences end.
fn assert_says_all(name: &str, summary: &str, about: &About) {
    let About { meaning, formula, parameters, memory, source, example } = *about;
    assert!(!summary.is_empty() && !summary.ends_with('.'), "{name}: {summary:?}");
    for text in [meaning, formula] {
        assert!(text.len() > 20 && text.ends_with('.'), "{name}: {text:?}");
    }
    assert!(memory.len() > 4 && memory.ends_with('.'), "{name}: {memory:?}");
    assert!(source.len() > 7, "{name}: {source:?}");
    assert!(example.contains(name), "{name}: {example:?}");
    for parameter in parameters {
        let said = [parameter.unit, parameter.default, parameter.meaning];
        assert!(said.iter().all(|text| !text.is_empty()), "{name}: {parameter:?}");
    }
}

#[test]
fn every_strategy_says_what_it_does_what_it_remembers_and_whether_it_draws() {
    for (name, summary, about) in strategies().into_iter().chain(Layer::explanations()).chain(of_services()) {
        assert_says_all(name, summary, &about);
    }
    for (name, _, about) in AnyBackoff::explanations() {
        let draws = ["One draw", "one draw", "No draw", "no draw"];
        assert!(draws.iter().any(|words| about.formula.contains(words)), "{name}: {:?}", about.formula);
    }
}

/// A backoff and a layer from outside, as the examples name them.
#[derive(Debug)]
struct Outsider;

impl ExternalBackoff for Outsider {
    fn wait(&self, _memory: &mut [u64; 2], _asks: &models::strategies::backoff::Asks) -> models::strategies::backoff::Wait {
        models::strategies::backoff::Wait::Stop
    }
}

impl ExternalLayer for Outsider {}

fn vocabulary() -> Vocabulary {
    let layer = |_: &Words| -> Result<Arc<dyn ExternalLayer>, Vec<Complaint>> { Ok(Arc::new(Outsider)) };
    let backoff = |_: &Words| -> Result<Arc<dyn ExternalBackoff>, Vec<Complaint>> { Ok(Arc::new(Outsider)) };
    Vocabulary::default().layer("my-layer", layer).backoff("Quadratic", backoff)
}

#[test]
fn every_example_of_a_strategy_is_a_layer_that_can_be_written_and_shows_that_name() {
    for (name, _, About { example, .. }) in strategies().into_iter().chain(Layer::explanations()) {
        let chooses = if example.contains("Accrual(") { "Balance(policy: Random()), " } else { "" };
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m",
                nodes: {{
                    "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop", domain: "internet"),
                    "shop": Service(workers: 4, demand: Constant("1ms"), domain: "zone-a"),
                }},
                links: [Link(from: "internet", to: "zone-a", delay: Constant("1ms"))],
                stacks: {{ "shoppers -> shop": [{chooses}{example}] }})"#
        );
        if let Err((source, problems)) = read_with(Source::new(name, text), name, &[], Extent::AsWritten, &vocabulary()) {
            panic!("{name}: {}", problems.render(&source, false));
        }
        assert!(example.contains(&format!("{name}(")), "{name}: {example}");
    }
}

#[test]
fn every_example_of_connections_and_data_is_a_field_of_a_service_and_names_all_its_fields() {
    fn parameters_of<T: Explained>() -> Vec<&'static str> {
        sorted(T::ABOUT.parameters.iter().map(|parameter| parameter.name))
    }
    let abouts = [
        (Connections::NAME, Connections::SUMMARY, Connections::ABOUT),
        (Replication::NAME, Replication::SUMMARY, Replication::ABOUT),
        (Optimistic::NAME, Optimistic::SUMMARY, Optimistic::ABOUT),
    ];
    for (name, summary, About { meaning, formula, example, .. }) in abouts {
        assert!(!summary.is_empty() && meaning.ends_with('.') && formula.contains("draw"), "{name}");
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m",
                nodes: {{
                    "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop"),
                    "shop": Service(replicas: 3, workers: 4, demand: Constant("1ms"), {example}),
                }})"#
        );
        if let Err((source, problems)) = read(Source::new(name, text), name, &[], Extent::AsWritten) {
            panic!("{name}: {}", problems.render(&source, false));
        }
    }
    assert_eq!(parameters_of::<Connections>(), ["idle", "most"]);
    assert_eq!(parameters_of::<Replication>(), ["fails_over", "lag", "pins", "reads", "waits_for"]);
    assert_eq!(parameters_of::<Optimistic>(), ["reads"]);
}

#[test]
fn every_example_of_an_alert_can_be_written_and_its_parameters_are_the_fields_it_reads() {
    assert_fields_of::<AnyAlert>(AnyAlert::explanations());
    for (name, _, About { example, .. }) in AnyAlert::explanations() {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m",
                nodes: {{
                    "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop"),
                    "shop": Service(workers: 4, demand: Constant("1ms")),
                }},
                alerts: {{ "page": {example} }})"#
        );
        if let Err((source, problems)) = read(Source::new(name, text), name, &[], Extent::AsWritten) {
            panic!("{name}: {}", problems.render(&source, false));
        }
    }
}

#[test]
fn every_example_of_a_property_can_be_written_and_its_parameters_are_the_fields_it_reads() {
    assert_fields_of::<AnyProperty>(AnyProperty::explanations());
    for (name, summary, about) in AnyProperty::explanations() {
        let example = about.example;
        // What is announced is announced by these.
        let group = match () {
            () if example.contains("Holds") => "Lease(holders: 2, length: \"10s\")",
            () if example.contains("Suspects") => "Swim(members: 5, period: \"1s\", timeout: \"200ms\", helpers: 1, order: Random)",
            () => "QuorumRegister()",
        };
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m", nodes: {{ "app": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "group") }},
                groups: {{ "group": {group} }}, properties: [{example}])"#
        );
        if let Err((source, problems)) = read(Source::new(name, text), name, &[], Extent::AsWritten) {
            panic!("{name}: {}", problems.render(&source, false));
        }
        assert!(
            !summary.ends_with('.') && about.meaning.ends_with('.') && about.formula.ends_with('.') && !about.source.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn every_example_of_a_partition_is_a_field_of_a_service() {
    for (name, _, About { example, .. }) in AnyPartition::explanations() {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m",
                nodes: {{
                    "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop"),
                    "shop": Service(replicas: 8, partition: {example}, workers: 4, demand: Constant("1ms")),
                }})"#
        );
        if let Err((source, problems)) = read(Source::new(name, text), name, &[], Extent::AsWritten) {
            panic!("{name}: {}", problems.render(&source, false));
        }
        assert!(example.starts_with(&format!("{name}(")), "{name}: {example}");
    }
}

#[test]
fn every_example_can_be_written_and_is_a_fault_of_that_name() {
    for (name, _, Explanation { example, .. }) in AnyFault::explanations() {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "10m",
                nodes: {{
                    "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop", domain: "internet"),
                    "shop": Service(replicas: 3, workers: 4, queue: Fifo(limit: 100), demand: Constant("1ms"), domain: "zone-a",
                        does: [Flag(name: "new-prices", does: [Work(Constant("1ms"))])]),
                }},
                groups: {{ "db": KeyValue(members: 2, domain: "zone-a") }},
                links: [Link(from: "internet", to: "zone-a", delay: Constant("1ms"))],
                stacks: {{ "shoppers -> shop": [Bulkhead(Semaphore(max_concurrent_calls: 10))] }},
                faults: [{example}])"#
        );
        let scenario = read(Source::new(name, text), name, &[], Extent::AsWritten)
            .unwrap_or_else(|(source, problems)| panic!("{name}: {}", problems.render(&source, false)));
        assert_eq!(scenario.cells[0].arms[0].faults[0].fault.name(), name);
    }
}

#[test]
fn nothing_is_left_unsaid() {
    for (name, summary, explanation) in AnyFault::explanations() {
        let Explanation { meaning, in_flight, overlap, parameters, .. } = explanation;
        for text in [meaning, in_flight, overlap] {
            assert!(text.len() > 20 && text.ends_with('.'), "{name}: {text:?}");
        }
        assert!(!summary.is_empty());
        for parameter in parameters {
            let said = [parameter.unit, parameter.default, parameter.meaning];
            assert!(said.iter().all(|text| !text.is_empty()), "{name}: {parameter:?}");
        }
    }
}
