//! What does a scenario expect, and of what that is there?

use super::Reader;
use crate::expect::{Clause, Owners, unknown_alert};
use crate::problem::{Problem, Problems, Span};
use crate::scenario::{ArmPlan, Cell};
use crate::text::parse::{parse, parse_as};
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;

impl Reader<'_> {
    /// The clauses that can be read, with what is wrong with any of them.
    pub(super) fn expect(&self, arms: &[String], problems: &mut Problems) -> Vec<Clause> {
        let Some(section) = self.field("expect") else { return Vec::new() };
        let (mut clauses, titles) = (Vec::new(), self.titles());
        for item in problems.note(section.list()).unwrap_or_default() {
            let Some(mut clause) = problems.note(parse_as::<Clause>(item, "expectation")) else { continue };
            clause.name_property(&titles);
            for arm in clause.arms().into_iter().flatten().filter(|arm| !arms.contains(arm)) {
                let place = arm_in(item, arm).unwrap_or(item.head());
                let problem = Problem::new(format!("no arm is called `{arm}`")).at(place);
                let listed: Vec<String> = arms.iter().map(|arm| format!("`{arm}`")).collect();
                let problem = problem.expected(crate::problem::one_of(listed.iter().map(String::as_str)));
                problems.push(problem.suggest(arm, arms.iter().map(String::as_str)));
            }
            if let Err(sentence) = clause.check() {
                problems.push(Problem::new(sentence).at(item.head()));
            }
            if let Clause::Measure(bounds) = clause.bare() {
                problems.extend(bounds.problems(arms).into_iter().map(|(field, problem)| problem.at(in_clause(item, field))));
            }
            if let Some((other, sentence)) = clauses.iter().find_map(|(other, earlier)| Some((other, clause.contradicts(earlier)?))) {
                problems.push(Problem::new(sentence).at(item.head()).also(Element::head(*other), "the other"));
            }
            clauses.push((item, clause));
        }
        clauses.into_iter().map(|(_, clause)| clause).collect()
    }

    /// An expectation about members, an edge or a class speaks of a service, a group, an edge or a class that exists.
    pub(super) fn refuse_unknown_names<'p>(&self, arms: impl Iterator<Item = &'p ArmPlan> + Clone, problems: &mut Problems) {
        let Some(arm) = arms.clone().next() else { return };
        let fleets = arm.plan.fleets();
        let mut alerts: Vec<&str> = arms.clone().flat_map(|arm| &arm.plan.alerts).map(|alert| alert.name.as_str()).collect();
        alerts.sort_unstable();
        alerts.dedup();
        let names = crate::edges::names(arms.map(|arm| &*arm.plan));
        let edges: Vec<&str> = names.iter().map(String::as_str).collect();
        let services: Vec<&str> = arm.plan.services.iter().map(|service| service.name.as_str()).collect();
        let classes: Vec<&str> = arm.plan.classes.iter().skip(1).map(|class| class.name.as_str()).collect();
        let counted = arm.plan.populations.iter().filter(|population| population.counts_each);
        let populations: Vec<&str> = counted.map(|population| population.name.as_str()).collect();
        let members: Vec<&str> = fleets.iter().map(|(name, _)| name.as_str()).collect();
        let owners =
            Owners { edges: &edges, services: &services, fleets: &members, classes: &classes, alerts: &alerts, populations: &populations };
        let titles = self.titles();
        for item in self.field("expect").and_then(|section| section.items().ok()).into_iter().flatten() {
            let Ok(mut clause) = parse_as::<Clause>(item, "expectation") else { continue };
            clause.name_property(&titles);
            let (field, problem) = match clause.bare() {
                Clause::Uptime(bounds) => ("of", bounds.unknown(&fleets)),
                Clause::Amplification(limits) => ("edge", limits.unknown(&edges)),
                clause if clause.alert().is_some() => ("alert", clause.alert().and_then(|name| unknown_alert(name, &alerts))),
                Clause::Measure(bounds) => ("of", bounds.unknown(&owners)),
                Clause::Violated(bounds) => ("property", bounds.unknown(&titles)),
                clause if clause.class().is_some() => ("class", clause.unknown_class(&arm.plan.classes)),
                _ => continue,
            };
            if let Some(problem) = problem {
                problems.push(problem.at(in_clause(item, field)));
            }
        }
    }

    /// An expectation about cells speaks of some that exist.
    pub(super) fn refuse_unknown_cells(&self, axes: &[String], cells: &[Cell], problems: &mut Problems) {
        let values: Vec<Vec<String>> = cells.iter().map(|cell| cell.values.clone()).collect();
        for item in self.field("expect").and_then(|section| section.items().ok()).into_iter().flatten() {
            if let Ok(Clause::In(clause)) = parse_as::<Clause>(item, "expectation")
                && let Some(sentence) = clause.unknown(axes, &values)
            {
                problems.push(Problem::new(sentence).at(in_clause(item, "cell")));
            }
        }
    }
}

/// Where a field of the clause is written, or else the clause.
fn in_clause(clause: Element<'_>, field: &str) -> Span {
    locate_in(clause, &Path::from(Step::Name(field.to_owned()))).map_or(clause.head(), Element::span)
}

/// Where the clause names this arm.
fn arm_in(clause: Element<'_>, arm: &str) -> Option<Span> {
    let list = locate_in(clause, &Path::from(Step::Name("arms".to_owned()))).ok()?;
    let items = list.items().ok()?;
    items.into_iter().find(|item| parse::<String>(*item).is_ok_and(|name| name == arm)).map(Element::span)
}
