//! What is a scenario about, in words and seen from above, for those who read a report and not the scenario?
//!
//! Own definition. Everything is said of the first cell and made from the plan that is run, so that it cannot differ from it; what an arm
//! changes stands as it was written. The load and the parts are those of the first arm; the map has whatever any arm has.

mod settings;

use crate::numbers::{for_readers, grouped};
use crate::plan_text::written;
use crate::scenario::Scenario;
use crate::text::path::{Path, locate};
use models::map::Map;
use models::plan::{Plan, PopulationPlan, ServicePlan};
use models::services::{LateWork, Threads, UNLIMITED};
use models::strategies::Layer;
use models::workloads::ArrivalProcess;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// A scenario in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Who calls whom, how often and whether they wait: one sentence for each population, without a full stop.
    pub load: Vec<String>,
    /// What each service, broker and group is, and what stands out of its settings.
    pub parts: Vec<Part>,
    /// By caller and callee: the layers between them that every arm has, and what they do; nothing where no arm shares any with all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stacks: Vec<Stack>,
    /// By arm: what it changes, as the scenario writes it; empty if it changes nothing.
    pub arms: Vec<String>,
    /// The system from above: whatever any arm has.
    pub map: Map,
    /// The share of calls that should succeed, if the scenario says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Share>,
}

/// A part of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it is, in a few words.
    pub words: String,
    /// What else the scenario says of it, as it is written there: `restarts: (after: Constant("10s"))`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

/// What callers do in every arm when they call one callee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// `checkout -> payments`.
    pub edge: String,
    /// The layers, outermost first: each as a scenario writes it, and what it does.
    pub layers: Vec<Part>,
    /// Whether every arm has these layers and no others.
    pub is_all: bool,
}

/// Tells a scenario.
pub fn story(scenario: &Scenario) -> Story {
    let Some(cell) = scenario.cells.first() else { return Story::default() };
    let Some(first) = cell.arms.first().map(|arm| &*arm.plan) else { return Story::default() };
    let mut map = first.map();
    cell.arms.iter().skip(1).for_each(|arm| map.join(arm.plan.map()));
    let groups = first.group.iter().map(|group| {
        let kind = format!("{:?}", group.spec);
        let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
        let words = format!("a group of {} that speaks {kind}", counted(group.members, "member"));
        Part { settings: settings::untold(scenario, "groups", &group.name), name: group.name.clone(), words }
    });
    let callers = first.populations.iter().filter_map(|population| {
        let settings = settings::untold(scenario, "nodes", &population.name);
        let words = counted(population.count, "client");
        (!settings.is_empty()).then(|| Part { name: population.name.clone(), words, settings })
    });
    Story {
        load: first.populations.iter().map(|population| load(first, population)).collect(),
        parts: callers.chain(first.services.iter().map(|service| part(scenario, first, service))).chain(groups).collect(),
        stacks: stacks(&cell.arms.iter().map(|arm| &*arm.plan).collect::<Vec<_>>()),
        arms: scenario.arms.iter().map(|arm| changes(scenario, arm)).collect(),
        map,
        objective: first.objective,
    }
}

/// What one population does.
fn load(plan: &Plan, population: &PopulationPlan) -> String {
    let callee = plan.edges[population.edge.index()].name.split(" -> ").nth(1).unwrap_or_default();
    let PopulationPlan { name, count, starts_within, .. } = population;
    let who = format!("{} \"{name}\"", counted(*count, "client"));
    let (call, wait, its, think_for) = if *count == 1 { ("calls", "waits", "its", "thinks") } else { ("call", "wait", "their", "think") };
    let within = if starts_within.is_zero() { String::new() } else { format!(", spread over {}", length(*starts_within)) };
    let said = match &population.arrivals {
        ArrivalProcess::Once => {
            let when = if starts_within.is_zero() {
                "all at the same instant".to_owned()
            } else {
                format!("spread over {}", length(*starts_within))
            };
            format!("{who} {call} \"{callee}\" once each, {when}")
        }
        ArrivalProcess::Closed { think } => format!(
            "{who} {call} \"{callee}\", {wait} for the end of {its} call, {think_for} for {}, and {call} again (closed load{within})",
            think.finite_mean().map_or("a time without a mean".to_owned(), |mean| format!("{} on average", length(mean)))
        ),
        open @ ArrivalProcess::Open(gaps) => {
            let rate = open.mean_rate(SimTime::ZERO, SimTime::ZERO + plan.clockwork.horizon).map_or(String::new(), per_second);
            let together = if *count == 1 { "" } else { " together" };
            let how = match gaps {
                models::workloads::Gaps::Exponential(_) => ", at random (Poisson)",
                models::workloads::Gaps::Equal(_) => ", evenly spaced",
                models::workloads::Gaps::Course(_) => " on average, at a rate that changes",
            };
            format!("{who} {call} \"{callee}\" {rate}{together}{how}, whether or not earlier calls have been answered (open load)")
        }
    };
    let probes = if population.synthetic { "; they are probes and no users, and counted apart" } else { "" };
    format!("{said}{probes}")
}

/// What one service is.
fn part(scenario: &Scenario, plan: &Plan, service: &ServicePlan) -> Part {
    let name = service.name.clone();
    let settings = settings::untold(scenario, "nodes", &name);
    if service.broker.is_some() {
        return Part { name, words: format!("a broker of {}", counted(service.replicas, "replica")), settings };
    }
    let mut words = vec![counted(service.replicas, "replica")];
    let held = match service.threads {
        Threads::Held => "held until it has answered",
        Threads::Released => "free while others are asked",
    };
    let waits = !service.program.is_empty();
    match service.workers {
        UNLIMITED => words.push("as many workers as it takes".to_owned()),
        workers if waits => words.push(format!("{}, each {held}", each(service.replicas, &counted(workers, "worker")))),
        workers => words.push(each(service.replicas, &counted(workers, "worker"))),
    }
    if service.demand.mean() > SimDuration::ZERO {
        words.push(match service.demand.finite_mean() {
            Some(mean) => format!("{} of work per request on average", length(mean)),
            None => "work per request that has no mean".to_owned(),
        });
    }
    if service.workers != UNLIMITED && service.queue_limit != u32::MAX {
        words.push(format!("at most {} waiting at each", grouped(&service.queue_limit.to_string())));
    }
    if service.late_work != LateWork::Finish {
        words.push(format!("late work: {:?}", service.late_work));
    }
    let callees: Vec<String> = plan
        .edges
        .iter()
        .filter_map(|edge| edge.name.split_once(" -> "))
        .filter(|(caller, _)| *caller == name)
        .map(|(_, callee)| format!("\"{callee}\""))
        .collect();
    if !callees.is_empty() {
        words.push(format!("calls {}", callees.join(", ")));
    }
    Part { name, words: words.join("; "), settings }
}

/// The layers that are the same in all of these systems, edge by edge; of an edge, as far as they have it.
fn stacks(arms: &[&Plan]) -> Vec<Stack> {
    let mut told: Vec<Stack> = Vec::new();
    for edge in arms.iter().flat_map(|plan| &plan.edges) {
        if told.iter().any(|known| known.edge == edge.name) {
            continue;
        }
        let same: Vec<_> = arms.iter().filter_map(|plan| plan.edges.iter().find(|other| other.name == edge.name)).collect();
        let is_common = |layer: &&Layer| same.iter().all(|other| other.stack.contains(layer));
        let layers: Vec<&Layer> = edge.stack.iter().filter(is_common).collect();
        let is_all = same.iter().all(|other| other.stack == edge.stack);
        told.push(Stack { edge: edge.name.clone(), layers: layers.into_iter().map(layer).collect(), is_all });
    }
    told.retain(|stack| !stack.layers.is_empty());
    told
}

/// A layer as it is written, and what it does.
fn layer(layer: &Layer) -> Part {
    let does = Layer::ALL.iter().find(|(name, _)| *name == layer.name()).map_or("", |(_, summary)| summary);
    Part { name: written(layer), words: does.to_owned(), settings: Vec::new() }
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", grouped(&count.to_string())) }
}

fn each(replicas: u32, what: &str) -> String {
    if replicas == 1 { what.to_owned() } else { format!("{what} at each") }
}

/// A length to three digits.
fn length(length: SimDuration) -> String {
    for_readers(&length.to_digits(3).to_string())
}

/// A rate to three digits.
fn per_second(rate: f64) -> String {
    let digits = if rate >= 100.0 {
        0
    } else if rate >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{rate:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "1" { "once a second".to_owned() } else { format!("{} times a second", for_readers(text)) }
}

/// What an arm changes, as it stands in the text, without the blanks that all its lines begin with.
fn changes(scenario: &Scenario, arm: &str) -> String {
    let path = Path::of_names(&["arms", arm]);
    let Ok(element) = locate(&scenario.source, &path) else { return String::new() };
    let text = element.text();
    let indent = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len()).min();
    let line = |(number, line): (usize, &str)| {
        let cut = if number == 0 { 0 } else { indent.unwrap_or(0).min(line.len()) };
        line.get(cut..).unwrap_or(line).trim_end().to_owned()
    };
    let lines: Vec<String> = text.lines().enumerate().map(line).collect();
    let text = lines.join("\n");
    if text.trim() == "()" { String::new() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, read};

    #[test]
    fn a_scenario_is_told_as_it_is_run() {
        let text = r#"(schema: 1, name: "x", horizon: "20s", nodes: {
            "people": Clients(count: 200, arrivals: Poisson(rate: "90/s"), calls: "front"),
            "robots": Clients(count: 1, arrivals: ClosedLoop(think: Constant("2s")), calls: "back", starts_within: "3s"),
            "crowd": Clients(count: 3, arrivals: AllAtOnce(), calls: "back"),
            "probe": Clients(count: 1, arrivals: Constant(rate: "1/s"), calls: "front", synthetic: true),
            "front": Service(replicas: 2, workers: 4, threads: Released, queue: Fifo(limit: 50), demand: Constant("10ms"), does: [Call("back")]),
            "back": Service(workers: 1, demand: Constant("10ms")) },
            stacks: { "people -> front": [Deadline("2s"), Timeout("1s")], "front -> back": [Timeout("500ms")] },
            arms: { "plain": (), "one try more": (stacks: {
                "front -> back": [
                    Retry(attempts: 2, backoff: Immediate()), Timeout("500ms")] }) })"#;
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound");
        let told = story(&scenario);
        assert_eq!(
            told.load,
            [
                "200 clients \"people\" call \"front\" 90 times a second together, at random (Poisson), whether or not earlier calls have been answered (open load)",
                "1 client \"robots\" calls \"back\", waits for the end of its call, thinks for 2 s on average, and calls again (closed load, spread over 3 s)",
                "3 clients \"crowd\" call \"back\" once each, all at the same instant",
                "1 client \"probe\" calls \"front\" once a second, evenly spaced, whether or not earlier calls have been answered (open load); they are probes and no users, and counted apart",
            ]
        );
        let parts: Vec<String> = told.parts.iter().map(|part| format!("{}: {}", part.name, part.words)).collect();
        assert_eq!(
            parts[0],
            "front: 2 replicas; 4 workers at each, each free while others are asked; 10 ms of work per request on average; at most 50 waiting at each; calls \"back\""
        );
        assert!(parts[1].starts_with("back: 1 replica; 1 worker; 10 ms of work per request on average"), "{}", parts[1]);
        assert_eq!(
            told.arms,
            ["", "(stacks: {\n\"front -> back\": [\n    Retry(attempts: 2, backoff: Immediate()), Timeout(\"500ms\")] })"]
        );
        let shared = |stack: &Stack| {
            let layers: Vec<String> = stack.layers.iter().map(|layer| format!("{}: {}", layer.name, layer.words)).collect();
            (stack.edge.clone(), layers.join("; "), stack.is_all)
        };
        let timeout = |time: &str| format!("Timeout(\"{time}\"): gives up on an attempt after a time");
        let deadline = "Deadline(\"2s\"): gives up on the whole call after a time, retries and waits included";
        assert_eq!(
            told.stacks.iter().map(shared).collect::<Vec<_>>(),
            [
                ("people -> front".to_owned(), format!("{deadline}; {}", timeout("1s")), true),
                ("front -> back".to_owned(), timeout("500ms"), false)
            ]
        );
        assert_eq!(told.map.stations.len(), 6);
        let again: Story = serde_json::from_str(&serde_json::to_string(&told).expect("it is written")).expect("it is read");
        assert_eq!(again, told);
    }
}
