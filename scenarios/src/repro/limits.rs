//! What is too much for a file from somewhere else?
//!
//! A scenario of one's own may be as large as the machine bears. A repro file comes from others, so it may ask for no more than this; what is
//! larger is refused with the limit, before anything is made.

use crate::scenario::Scenario;

/// The largest repro file, in bytes: the largest scenario, with room for its data and fingerprints.
pub const LARGEST_FILE: u64 = 32 * 1024 * 1024;

/// The most events a run may have: some minutes of work.
pub const MOST_EVENTS: u64 = 1_000_000_000;

/// The most calls and attempts that may be under way at one instant, about a kilobyte each.
pub const MOST_RECORDS: usize = 4_000_000;

/// The most clients of all populations together.
const MOST_CLIENTS: u64 = 1_000_000;

/// The most nodes.
const MOST_NODES: usize = 100_000;

/// The most time bins.
const MOST_BINS: u64 = 10_000_000;

/// What a scenario asks too much of, if anything.
pub fn too_much(scenario: &Scenario, arm: usize) -> Option<String> {
    let plan = &scenario.cells[0].arms[arm].plan;
    let clients: u64 = plan.populations.iter().map(|population| u64::from(population.count)).sum();
    let bins = scenario.clockwork.horizon.as_nanos().div_ceil(scenario.clockwork.bin.as_nanos().max(1));
    let asked = [("clients", clients, MOST_CLIENTS), ("nodes", plan.nodes.len() as u64, MOST_NODES as u64), ("time bins", bins, MOST_BINS)];
    let (what, count, most) = asked.into_iter().find(|(_, count, most)| count > most)?;
    Some(format!("its scenario has {count} {what}, and a repro file may have {most}; save its scenario to a file of your own to run it"))
}
