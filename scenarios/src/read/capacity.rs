//! Can the system of a scenario do what is asked of it, by arithmetic alone?
//!
//! What `check` says and a run does not repeat: services and queues that are offered more than can be done, callers that give up
//! before those they call can be done, or before any answer can come, and retries that multiply from layer to layer. Each is said once, of the cell and arm where it
//! is worst, with the numbers that it follows from. `flow` knows how much comes where, `messages` how much of it brokers let through,
//! `findings` says what is too much.

mod findings;
mod flow;
mod messages;
mod sums;

pub(super) use sums::sums;

use super::Reader;
use crate::problem::{Problem, Problems, Span};
use crate::scenario::Scenario;
use crate::text::overlay::{Overlay, overlay};
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;
use findings::{About, Finding};
use flow::System;
use std::collections::{BTreeMap, BTreeSet};

/// Something found, with its cell and arm.
type Found = (usize, usize, Finding);

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
    let (section, key, field) = match about {
        About::Service(name) => ("nodes", name, "workers"),
        About::Work(name) => ("nodes", name, "demand"),
        About::Fetched { node, .. } => ("nodes", node, "consumes"),
        About::Passed { node, .. } => ("nodes", node, "rules"),
        About::Time(edge) | About::Never(edge) | About::Attempts(edge) => ("stacks", edge, ""),
    };
    let piece = pieces.section(section).iter().find(|piece| piece.key.as_ref() == Some(key))?;
    let within = locate_in(piece.value, &Path::from(Step::Name(field.to_owned()))).ok().filter(|_| section == "nodes");
    Some(within.map_or(piece.key_span, Element::span))
}
