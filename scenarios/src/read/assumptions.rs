//! Which defaults decide verdicts, and which of them has the scenario written itself?

use crate::results::Assumption;
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;
use models::plan::{RecoveryLevel, SystemSpec};
use models::services::{Service, Task};
use std::collections::BTreeMap;

/// Defaults that decide verdicts, with what holds in the baseline.
pub(super) fn assumptions(spec: &SystemSpec, root: Element<'_>) -> Vec<Assumption> {
    // Each entry once: to look every path up from the root would read the whole text for each of them.
    let nodes = locate_in(root, &Path::from(Step::Name("nodes".to_owned()))).and_then(Element::entries).unwrap_or_default();
    let nodes: BTreeMap<&str, Element<'_>> = nodes.iter().map(|entry| (entry.key.as_str(), entry.value)).collect();
    let mut list = Vec::new();
    for (name, service) in &spec.services {
        let node = nodes.get(name.as_str()).copied();
        let is_written = |path: &str| node.is_some_and(|node| Path::parse(path).is_ok_and(|path| locate_in(node, &path).is_ok()));
        let is_balancer = node.and_then(Element::variant_name) == Some("LoadBalancer");
        let of_node = if is_balancer { of_balancer(service) } else { of_service(service) };
        list.extend(of_node.into_iter().map(|(field, value)| Assumption {
            written: is_written(&field),
            path: format!("nodes.{}.{field}", models::quoted(name)),
            value,
        }));
    }
    let field = |name: &str| locate_in(root, &Path::from(Step::Name(name.to_owned()))).is_ok();
    let mut add = |name: &str, value: String| list.push(Assumption { written: field(name), path: name.to_owned(), value });
    add("warm_up", spec.clockwork.warm_up.to_string());
    add("drain", spec.clockwork.drain.to_string());
    let level = match spec.clockwork.level {
        RecoveryLevel::WarmUp => "the level before the fault",
        RecoveryLevel::Twin => "what it is without the faults",
    };
    add("hold", format!("{}, recovered at 95 % of {level}", spec.clockwork.hold));
    list
}

/// Those of a service, each with the path of its field.
fn of_service(service: &Service) -> Vec<(String, String)> {
    let mut all = vec![
        ("threads".to_owned(), format!("{:?}", service.threads)),
        ("late_work".to_owned(), format!("{:?}", service.late_work)),
        ("demand_of_retry".to_owned(), format!("{:?}", service.demand_of_retry)),
        ("queue".to_owned(), queue_of(service)),
    ];
    all.extend(Task::choices(&service.does, "does"));
    all
}

/// Those of a load balancer, which is a service with defaults of its own.
fn of_balancer(service: &Service) -> Vec<(String, String)> {
    let workers = if service.workers == models::services::UNLIMITED { "unlimited".to_owned() } else { service.workers.to_string() };
    vec![
        ("workers".to_owned(), workers),
        ("demand".to_owned(), service.demand.compile().finite_mean().map_or("no mean".to_owned(), |mean| format!("{mean} on average"))),
        ("late_work".to_owned(), format!("{:?}", service.late_work)),
        ("queue".to_owned(), queue_of(service)),
    ]
}

fn queue_of(service: &Service) -> String {
    let queue = &service.queue;
    let limit = queue.limit().map_or("without limit".to_owned(), |limit| format!("limit {limit}, {}", queue.when_full().in_words()));
    format!("{}, {limit}", queue.name())
}
