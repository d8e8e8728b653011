//! How is the edge of every seed found with few runs?
//!
//! All seeds of all cells and arms are looked for together, in rounds: first both ends, then the middle of what is left, and at last a value
//! well before and one well beyond the edge. Runs of a round are made in parallel and folded in order, and every run is kept in the journal
//! under its content key, as runs of a grid are.

use super::{Edge, Edges, Threshold, ThresholdSearch};
use crate::journal::{ContentKey, Journal, KnownRuns, content_key};
use crate::parallel::map_in_index_order;
use crate::results::Manifest;
use crate::run::run;
use crate::scenario::{ArmPlan, Scenario};
use crate::sweep::SweepOptions;
use crate::{Extent, read};
use sim_core::simulation::TieBreak;
use std::collections::BTreeMap;
use std::io;

/// The search for the edge of one seed.
struct Hunt {
    cell: usize,
    arm: usize,
    seed: u64,
    /// Sound here.
    low: Option<u32>,
    /// Fails here.
    high: Option<u32>,
    edge: Option<Edge>,
    /// Values still to be looked at behind and beyond the edge, and what is expected there.
    checks: Vec<(u32, bool)>,
    checked: u32,
    contradictions: u32,
}

impl Hunt {
    /// The value to look at next; `None` if nothing is left to be looked at.
    fn next(&self, steps: u32) -> Option<u32> {
        match (&self.edge, self.low, self.high) {
            (Some(_), ..) => self.checks.last().map(|(index, _)| *index),
            (None, None, _) => Some(0),
            (None, Some(_), None) => Some(steps),
            (None, Some(low), Some(high)) => Some(low + (high - low) / 2),
        }
    }

    /// A run at the value it wanted to look at fails, or not.
    fn learn(&mut self, index: u32, fails: Result<bool, String>, steps: u32) {
        if self.edge.is_some() {
            let Some((_, expected)) = self.checks.pop() else { return };
            self.checked += 1;
            self.contradictions += u32::from(fails != Ok(expected));
            return;
        }
        match fails {
            Err(reason) => self.edge = Some(Edge::Unknown(reason)),
            Ok(true) if index == 0 => self.edge = Some(Edge::Before),
            Ok(false) if index == steps => self.edge = Some(Edge::Beyond),
            Ok(true) => self.high = Some(index),
            Ok(false) => self.low = Some(index),
        }
        if let (None, Some(low), Some(high)) = (&self.edge, self.low, self.high)
            && high - low == 1
        {
            self.edge = Some(Edge::At(high));
            let before = Some((low / 2, false)).filter(|_| low > 1);
            let beyond = Some((high + (steps - high) / 2, true)).filter(|_| steps > high + 1);
            self.checks = before.into_iter().chain(beyond).collect();
        }
    }
}

/// One run to be made.
struct Task<'a> {
    hunt: usize,
    index: u32,
    plan: &'a ArmPlan,
    key: ContentKey,
}

/// Looks for the edges of every cell, arm and seed of a scenario. `None` if it was told to stop.
///
/// # Errors
/// What the file system says of the journal, or that a value between the ends is refused, or that no threads can be started.
pub fn search(
    scenario: &Scenario,
    search: &ThresholdSearch,
    known: &KnownRuns,
    journal: &mut Journal,
    options: SweepOptions<'_>,
) -> io::Result<Option<Threshold>> {
    let steps = search.scale.steps();
    let manifest = crate::sweep::manifest(scenario);
    let mut hunts = hunts(scenario);
    // Both ends, the halvings, and two checks: seeds that end earlier make the bar jump at the end.
    let expected = hunts.len() * (4 + steps.ilog2() as usize + 1);
    let mut done = 0;
    loop {
        let wanted: Vec<(usize, u32)> = hunts.iter().enumerate().filter_map(|(place, hunt)| Some((place, hunt.next(steps)?))).collect();
        if wanted.is_empty() {
            break;
        }
        let systems = systems(scenario, search, wanted.iter().map(|(_, index)| *index))?;
        let task = |&(hunt, index): &(usize, u32)| {
            let plan = &systems[&index].cells[hunts[hunt].cell].arms[hunts[hunt].arm];
            Task { hunt, index, plan, key: content_key(&plan.content, hunts[hunt].seed) }
        };
        let tasks: Vec<Task<'_>> = wanted.iter().map(task).collect();
        let seeds: Vec<u64> = wanted.iter().map(|(hunt, _)| hunts[*hunt].seed).collect();
        let mut learnt = Vec::new();
        let mut kept = Ok(());
        let work = |place: usize| {
            let task = &tasks[place];
            let made = known.get(&task.key);
            let is_new = made.is_none();
            (made.unwrap_or_else(|| run(task.plan, seeds[place], TieBreak::ByRank, None)), is_new)
        };
        let fold = |place: usize, made: Result<(crate::run::Run, bool), String>| {
            let fails = made.and_then(|(run, is_new)| {
                if let Some(stalled) = &run.stalled {
                    return Err(stalled.to_string());
                }
                if is_new && kept.is_ok() {
                    kept = journal.keep(&tasks[place].key, seeds[place], &run);
                }
                search.until.holds(&run.measures, &manifest)
            });
            learnt.push((tasks[place].hunt, tasks[place].index, fails));
            done += 1;
            (options.progress)(done.min(expected), expected);
        };
        map_in_index_order(options.jobs, tasks.len(), options.go_on, work, fold).map_err(io::Error::other)?;
        kept?;
        if learnt.len() < wanted.len() {
            return Ok(None);
        }
        for (hunt, index, fails) in learnt {
            hunts[hunt].learn(index, fails, steps);
        }
    }
    Ok(Some(found(search, &manifest, hunts)))
}

fn hunts(scenario: &Scenario) -> Vec<Hunt> {
    let seeds = || (0..u64::from(scenario.sweep.replications)).map(|replication| scenario.sweep.first_seed.wrapping_add(replication));
    let (cells, arms) = (scenario.cells.len(), scenario.arms.len());
    let places = (0..cells).flat_map(|cell| (0..arms).map(move |arm| (cell, arm)));
    let hunt =
        |(cell, arm, seed)| Hunt { cell, arm, seed, low: None, high: None, edge: None, checks: Vec::new(), checked: 0, contradictions: 0 };
    places.flat_map(|(cell, arm)| seeds().map(move |seed| (cell, arm, seed))).map(hunt).collect()
}

/// The scenario with each of these values.
fn systems(scenario: &Scenario, search: &ThresholdSearch, wanted: impl Iterator<Item = u32>) -> io::Result<BTreeMap<u32, Scenario>> {
    let mut systems = BTreeMap::new();
    for index in wanted {
        if systems.contains_key(&index) {
            continue;
        }
        systems.insert(index, with(scenario, search, index).map_err(io::Error::other)?);
    }
    Ok(systems)
}

/// The scenario with the value of this index.
fn with(scenario: &Scenario, search: &ThresholdSearch, index: u32) -> Result<Scenario, String> {
    // Changes of the command line are in the text already.
    let change = [(search.path.clone(), search.scale.text(index))];
    read(scenario.source.clone(), &scenario.origin, &change, Extent::Grid).map_err(|(source, problems)| {
        format!("{} = {} is refused: {}", search.path, search.scale.text(index), problems.render(&source, false).trim())
    })
}

fn found(search: &ThresholdSearch, manifest: &Manifest, hunts: Vec<Hunt>) -> Threshold {
    let places = (0..manifest.cells.len() as u32).flat_map(|cell| (0..manifest.arms.len() as u32).map(move |arm| (cell, arm)));
    let mut edges: Vec<Edges> = places.map(|(cell, arm)| Edges { cell, arm, of_seeds: Vec::new(), checks: 0, contradictions: 0 }).collect();
    for hunt in hunts {
        let own = &mut edges[hunt.cell * manifest.arms.len() + hunt.arm];
        own.checks += hunt.checked;
        own.contradictions += hunt.contradictions;
        own.of_seeds.push((hunt.seed, hunt.edge.unwrap_or(Edge::Unknown("it was not looked for".to_owned()))));
    }
    let values = (0..=search.scale.steps()).map(|index| search.scale.text(index)).collect();
    Threshold { path: search.path.clone(), until: search.until.in_words(), values, edges }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks for the edge of a seed that fails at these values.
    fn hunted(steps: u32, fails: impl Fn(u32) -> bool) -> (Edge, u32, u32, u32) {
        let mut hunt =
            Hunt { cell: 0, arm: 0, seed: 1, low: None, high: None, edge: None, checks: Vec::new(), checked: 0, contradictions: 0 };
        let mut runs = 0;
        while let Some(index) = hunt.next(steps) {
            hunt.learn(index, Ok(fails(index)), steps);
            runs += 1;
        }
        (hunt.edge.expect("it was found"), runs, hunt.checked, hunt.contradictions)
    }

    #[test]
    fn every_edge_is_found_with_a_run_for_each_halving_and_four_more_at_most() {
        for steps in [1, 2, 3, 7, 100] {
            for edge in 1..=steps {
                let (found, runs, checks, contradictions) = hunted(steps, |index| index >= edge);
                assert_eq!((found, contradictions), (Edge::At(edge), 0));
                assert!(runs <= 2 + steps.ilog2() + 1 + checks, "{runs} runs for {steps} steps");
            }
            assert_eq!(hunted(steps, |_| true).0, Edge::Before);
            assert_eq!(hunted(steps, |_| false).0, Edge::Beyond);
        }
    }

    #[test]
    fn a_region_with_a_hole_is_contradicted() {
        let (edge, _, checks, contradictions) = hunted(100, |index| (20..=30).contains(&index) || index >= 60);
        assert_eq!((edge, checks, contradictions), (Edge::At(60), 2, 1), "half of 59 lies in the hole");
    }
}
