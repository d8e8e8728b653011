//! Can the system of a scenario do what is asked of it, by arithmetic alone?
//!
//! What `check` says and a run does not repeat: services that are offered more work than their workers can do, callers that give up
//! before those they call can be done, and retries that multiply from layer to layer. Each is said once, of the cell and arm where it
//! is worst, with the numbers that it follows from.

use super::Reader;
use super::demands::{Asked, asked, part};
use crate::problem::{Problem, Problems, Span};
use crate::scenario::Scenario;
use crate::text::overlay::{Overlay, overlay};
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;
use models::plan::{Callee, Plan, Role};
use models::services::{LateWork, Threads, UNLIMITED};
use models::strategies::{Layer, WorstCase};
use models::topology::Topology;
use models::workloads::ArrivalProcess;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer attempts at the bottom than this, from several layers that retry, are not worth a warning.
const MANY_ATTEMPTS: u64 = 8;

/// A service that needs just all of its workers needs a little more or less by arithmetic: mean gaps are whole nanoseconds.
const FULL: f64 = 1.001;

/// Something found in one system.
struct Finding {
    /// What it is about, so that other arms and cells say it of the same.
    about: About,
    /// How bad it is.
    degree: f64,
    sentence: String,
    hint: &'static str,
}

/// Something found, with its cell and arm.
type Found = (usize, usize, Finding);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// The service of this name.
    Service(String),
    /// The edge of this name: what it may take.
    Time(String),
    /// The edge of this name: how often it is tried.
    Attempts(String),
}

impl<'a> Reader<'a> {
    /// What the system cannot do, by arithmetic.
    pub(super) fn capacity(&self, scenario: &Scenario, arms: &[(String, Option<Element<'a>>)]) -> Problems {
        let mut all: BTreeMap<About, Vec<(usize, usize, Finding)>> = BTreeMap::new();
        for (cell, of_cell) in scenario.cells.iter().enumerate() {
            for (arm, system) in of_cell.arms.iter().enumerate() {
                for finding in System::of(&system.plan).findings() {
                    all.entry(finding.about.clone()).or_default().push((cell, arm, finding));
                }
            }
        }
        let mut problems = Problems::new();
        for found in all.into_values() {
            // Of those that are equally bad, the first.
            let worse = |one: &Found, other: &Found| one.2.degree.total_cmp(&other.2.degree);
            let Some((cell, arm, finding)) = found.iter().rev().max_by(|one, other| worse(one, other)) else { continue };
            let pieces = overlay(self.root, arms[*arm].1, &[], &mut Problems::new());
            let sentence = finding.sentence.clone() + &where_found(scenario, (*cell, *arm), &found);
            problems.push(Problem { place: place_of(&finding.about, &pieces), ..Problem::new(sentence).hint(finding.hint) });
        }
        problems
    }
}

/// In which arms, and with which values, if not everywhere alike.
fn where_found(scenario: &Scenario, (cell, arm): (usize, usize), found: &[Found]) -> String {
    let mut places = Vec::new();
    let in_arms: BTreeSet<usize> = found.iter().map(|(_, arm, _)| *arm).collect();
    if in_arms.len() < scenario.arms.len() {
        let more = if in_arms.len() > 1 { format!(" and {} more", in_arms.len() - 1) } else { String::new() };
        places.push(format!("in the arm `{}`{more}", scenario.arms[arm]));
    }
    let of_arm = || found.iter().filter(|(_, of, _)| *of == arm);
    let degree = found.iter().map(|(.., finding)| finding.degree).fold(0.0, f64::max);
    if of_arm().count() < scenario.cells.len() || of_arm().any(|(.., finding)| finding.degree < degree) {
        let values = scenario.axes.iter().zip(&scenario.cells[cell].values).map(|(axis, value)| format!("{axis} = {value}"));
        places.push(format!("at worst with {}", values.collect::<Vec<_>>().join(", ")));
    }
    if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
}

fn place_of(about: &About, pieces: &Overlay<'_>) -> Option<Span> {
    let (section, key) = match about {
        About::Service(name) => ("nodes", name),
        About::Time(edge) | About::Attempts(edge) => ("stacks", edge),
    };
    let piece = pieces.section(section).iter().find(|piece| piece.key.as_ref() == Some(key))?;
    let workers = locate_in(piece.value, &Path::from(Step::Name("workers".to_owned()))).ok().filter(|_| section == "nodes");
    Some(workers.map_or(piece.key_span, Element::span))
}

/// A system, seen as a graph of calls.
struct System<'p> {
    plan: &'p Plan,
    asked: Vec<Asked>,
    /// For each service: for how long a request is there on average, where nobody has to wait.
    time: Vec<SimDuration>,
    /// For each service: how long all that it calls for a request may take one after the other, if all of it is limited.
    below: Vec<Option<SimDuration>>,
    /// For each service: requests per second that open populations ask for, as far as they get through those between.
    rate: Vec<f64>,
    /// For each edge: the way to it from a population on which most attempts are made, with what each edge of it makes of one.
    ways: Vec<Vec<(usize, Option<u64>)>>,
}

impl<'p> System<'p> {
    fn of(plan: &'p Plan) -> Self {
        let services = plan.services.len();
        let mut system = Self {
            plan,
            asked: plan.services.iter().map(|service| asked(plan, service)).collect(),
            time: vec![SimDuration::ZERO; services],
            below: vec![None; services],
            rate: vec![0.0; services],
            ways: vec![Vec::new(); plan.edges.len()],
        };
        // No service calls itself by way of others, so that each is looked at once, after those it calls.
        let order = system.callees_first();
        for &service in &order {
            let waits = || system.asked[service].waits.iter();
            // Of calls at once the longest is waited for.
            let mean = |(share, calls): &(f64, Vec<usize>)| {
                part(calls.iter().map(|call| system.round_trip(*call)).max().unwrap_or_default(), *share)
            };
            let time = waits().fold(system.asked[service].work, |sum, wait| sum.saturating_add(mean(wait)));
            let longest = |(_, calls): &(f64, Vec<usize>)| {
                let times: Option<Vec<SimDuration>> = calls.iter().map(|call| system.worst(*call).time).collect();
                times?.into_iter().max()
            };
            let below: Option<Vec<SimDuration>> = waits().filter(|(share, _)| *share > 0.0).map(longest).collect();
            let below = below.filter(|all| !all.is_empty()).map(|all| all.into_iter().fold(SimDuration::ZERO, SimDuration::saturating_add));
            (system.time[service], system.below[service]) = (time, below);
        }
        for (index, population) in plan.populations.iter().enumerate() {
            system.follow(population.edge.index(), &[], open_rate(&plan.populations[index].arrivals, plan));
        }
        for &service in order.iter().rev() {
            let load = system.load(service).max(1.0);
            let busiest =
                (0..plan.edges.len()).filter(|edge| system.ends(*edge).1 == Some(service)).max_by_key(|edge| product(&system.ways[*edge]));
            let way = busiest.map_or_else(Vec::new, |edge| system.ways[edge].clone());
            let rate = system.rate[service] / load;
            for (call, times) in system.asked[service].calls.clone() {
                system.follow(call, &way, rate * times);
            }
        }
        system
    }

    /// So many calls a second are made over an edge, on behalf of what came this way.
    fn follow(&mut self, edge: usize, way: &[(usize, Option<u64>)], rate: f64) {
        if let Some(callee) = self.ends(edge).1 {
            self.rate[callee] += rate;
        }
        let attempts = WorstCase::of(&self.plan.edges[edge].stack, None).attempts;
        self.ways[edge] = way.iter().copied().chain([(edge, attempts)]).collect();
    }

    fn callees_first(&self) -> Vec<usize> {
        fn visit(system: &System<'_>, service: usize, seen: &mut [bool], order: &mut Vec<usize>) {
            if std::mem::replace(&mut seen[service], true) {
                return;
            }
            for (call, _) in &system.asked[service].calls {
                system.ends(*call).1.into_iter().for_each(|callee| visit(system, callee, seen, order));
            }
            order.push(service);
        }
        let (mut seen, mut order) = (vec![false; self.asked.len()], Vec::new());
        (0..self.asked.len()).for_each(|service| visit(self, service, &mut seen, &mut order));
        order
    }

    fn findings(&self) -> Vec<Finding> {
        let services = 0..self.plan.services.len();
        let mut found: Vec<Finding> = services.filter_map(|service| self.overload(service)).collect();
        found.extend((0..self.plan.edges.len()).filter_map(|edge| self.impatience(edge)));
        found.extend(self.ways.iter().filter_map(|way| self.multiplied(way)));
        found
    }

    /// The service that calls over an edge, if one does, and the one that is called.
    fn ends(&self, edge: usize) -> (Option<usize>, Option<usize>) {
        let edge = &self.plan.edges[edge];
        let caller = match self.plan.nodes[edge.caller.index()].role {
            Role::Replica(service) => Some(service as usize),
            Role::Clients(_) | Role::Member(_) => None,
        };
        let callee = match edge.callee {
            Callee::Service(service) => Some(service as usize),
            // What is fetched from a queue comes at the pace of who fetches it.
            Callee::Group | Callee::Own(_) => None,
        };
        (caller, callee)
    }

    /// For how long a request needs a worker of a service, on average, where nobody has to wait.
    fn worker_time(&self, service: usize) -> SimDuration {
        match self.plan.services[service].threads {
            Threads::Released => self.asked[service].work,
            Threads::Held => self.time[service],
        }
    }

    /// How long a call takes on average, where nobody has to wait.
    fn round_trip(&self, call: usize) -> SimDuration {
        let edge = &self.plan.edges[call];
        let way = edge.routes.first().map_or(SimDuration::ZERO, |(_, (there, back))| {
            mean_delay(&self.plan.topology, *there).saturating_add(mean_delay(&self.plan.topology, *back))
        });
        let whole = self.ends(call).1.map_or(way, |callee| way.saturating_add(self.time[callee]));
        WorstCase::of(&edge.stack, Some(whole)).time.map_or(whole, |longest| longest.min(whole))
    }

    /// What a call may come to at worst.
    fn worst(&self, call: usize) -> WorstCase {
        WorstCase::of(&self.plan.edges[call].stack, self.ends(call).1.and_then(|callee| self.below[callee]))
    }

    /// The share of its workers, or of the cores that they share, that a service needs: whichever is more.
    fn load(&self, service: usize) -> f64 {
        self.needs(service).0
    }

    /// The same, with what is needed, how long for each request, and how many of it a replica has.
    fn needs(&self, service: usize) -> (f64, &'static str, SimDuration, u32) {
        let plan = &self.plan.services[service];
        let load = |time: SimDuration, count: u32| self.rate[service] * time.as_secs_f64() / (f64::from(plan.replicas) * f64::from(count));
        let (held, work) = (self.worker_time(service), self.asked[service].work);
        let of_workers = if plan.workers == UNLIMITED { 0.0 } else { load(held, plan.workers) };
        match plan.cores {
            Some(cores) if load(work, cores) > of_workers => (load(work, cores), "core", work, cores),
            _ => (of_workers, "worker", held, plan.workers),
        }
    }

    /// A service that cannot keep up.
    fn overload(&self, service: usize) -> Option<Finding> {
        let (plan, rate) = (&self.plan.services[service], self.rate[service]);
        let (load, what, time, count) = self.needs(service);
        if load <= FULL {
            return None;
        }
        let held = if time > self.asked[service].work { " (held while it waits for others)" } else { "" };
        let all = f64::from(plan.replicas) * f64::from(count);
        let have = if plan.replicas > 1 { format!("{} x {count}", plan.replicas) } else { count.to_string() };
        let sentence = format!(
            "`{}` is asked for more than it can do: {} requests a second, each {time} of a {what}{held}, need {} {what}s, and it has {have} ({:.0} %)",
            plan.name,
            short(rate),
            short(load * all),
            load * 100.0
        );
        let hint = "counted: first attempts of open load at its mean rate, all answers from the services themselves (none from a cache), nobody \
                    waiting, no faults. Its queue grows until something else gives way";
        Some(Finding { about: About::Service(plan.name.clone()), degree: load, sentence, hint })
    }

    /// A caller that gives an attempt up before what that leads to can be over.
    fn impatience(&self, edge: usize) -> Option<Finding> {
        let (edge, callee) = (&self.plan.edges[edge], self.ends(edge).1?);
        // Whoever is told of a deadline stops in time, and so does whoever is told that its caller has gone.
        let tells = |layer: &Layer| matches!(layer, Layer::Deadline(deadline) if deadline.propagate);
        if self.plan.edges.iter().any(|edge| edge.stack.iter().any(tells)) || self.plan.services[callee].late_work == LateWork::Cancel {
            return None;
        }
        let patience = patience(&edge.stack)?;
        let sum = self.below[callee]?;
        if sum <= patience {
            return None;
        }
        let of_call = |call: &usize| format!("`{}` may take {}", self.plan.edges[*call].name, self.worst(*call).arithmetic);
        let waits = self.asked[callee].waits.iter().filter(|(share, _)| *share > 0.0);
        let longest = waits.filter_map(|(_, calls)| calls.iter().max_by_key(|call| self.worst(**call).time));
        let parts: Vec<String> = longest.map(of_call).collect();
        let together = if parts.len() > 1 { format!(", {sum} together") } else { String::new() };
        let sentence = format!(
            "`{}` gives an attempt up after {patience}, but {}{together}: the rest is work for nobody",
            edge.name,
            parts.join(", ")
        );
        let hint = "let what is inside end sooner, let a deadline travel (`Deadline(after: ..., propagate: true)`), or let the callee cancel late work";
        let degree = sum.as_secs_f64() / patience.as_secs_f64();
        Some(Finding { about: About::Time(edge.name.clone()), degree, sentence, hint })
    }

    /// Retries that multiply on the way down, said where the last of the layers retries, not of all that lies below it as well.
    fn multiplied(&self, way: &[(usize, Option<u64>)]) -> Option<Finding> {
        if way.last()?.1 == Some(1) {
            return None;
        }
        let several: Vec<&(usize, Option<u64>)> = way.iter().filter(|(_, attempts)| *attempts != Some(1)).collect();
        let all = product(way);
        if several.len() < 2 || all < MANY_ATTEMPTS {
            return None;
        }
        let edge = &self.plan.edges[way.last()?.0];
        let count = |attempts: Option<u64>| attempts.map_or_else(|| "any number".to_owned(), |attempts| attempts.to_string());
        let together = if all == u64::MAX { "any number of".to_owned() } else { all.to_string() };
        let factors: Vec<String> = several.iter().map(|(_, attempts)| count(*attempts)).collect();
        let names: Vec<String> = several.iter().map(|(edge, _)| format!("`{}`", self.plan.edges[*edge].name)).collect();
        let sentence = format!(
            "retries multiply: {} = {together} attempts over `{}` for one call, if all of them fail ({})",
            factors.join(" x "),
            edge.name,
            names.join(", ")
        );
        let hint = "retry in one layer only, or give retries a budget";
        Some(Finding { about: About::Attempts(edge.name.clone()), degree: all as f64, sentence, hint })
    }
}

/// How many attempts one call makes of itself along a way; the greatest number if nothing limits them.
fn product(way: &[(usize, Option<u64>)]) -> u64 {
    way.iter().fold(1, |product: u64, (_, attempts)| product.saturating_mul(attempts.unwrap_or(u64::MAX)))
}

/// How long a caller waits for an attempt, if not for ever.
fn patience(stack: &[Layer]) -> Option<SimDuration> {
    let of_layer = |layer: &Layer| match layer {
        Layer::Timeout(timeout) => Some(timeout.0),
        Layer::Deadline(deadline) => Some(deadline.after),
        Layer::EnvoyRetry(retry) => retry.per_try_timeout,
        _ => None,
    };
    stack.iter().filter_map(of_layer).min()
}

/// Calls a second of an open population; what closed and one-shot load asks for depends on the answers.
pub(super) fn open_rate(arrivals: &ArrivalProcess, plan: &Plan) -> f64 {
    let clockwork = plan.clockwork;
    arrivals.mean_rate(SimTime::ZERO.saturating_add(clockwork.warm_up), SimTime::ZERO.saturating_add(clockwork.horizon)).unwrap_or(0.0)
}

fn mean_delay(topology: &Topology, route: models::ids::RouteId) -> SimDuration {
    let legs = topology.route(route).legs().iter().filter_map(|leg| topology.lines()[leg.usual() as usize].delay());
    legs.fold(SimDuration::ZERO, |sum, delay| sum.saturating_add(delay.mean()))
}

/// A number with as many digits as a reader needs.
fn short(number: f64) -> String {
    if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.1}").trim_end_matches(".0").to_owned() }
}
