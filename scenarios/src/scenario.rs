//! What is a scenario once every doubt is removed?

use crate::problem::Problems;
use crate::text::Source;
use crate::threshold::ThresholdSearch;
use models::faults::PlannedFault;
use models::plan::{Clockwork, Plan};
use models::protocols::Group;
use sim_core::draw::Seed;
use sim_core::time::SimDuration;
use std::sync::Arc;

/// A scenario with every field meaningful and every name looked up: ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The text it was read from, with all changes applied.
    pub source: Source,
    /// What a user types to name it again.
    pub origin: String,
    /// Its name.
    pub name: String,
    /// Its first comment, as plain text.
    pub description: String,
    /// Changes that were applied to the text: path and value.
    pub changes: Vec<(String, String)>,
    /// Times and measuring.
    pub clockwork: Clockwork,
    /// `open`, `closed`, `one-shot`, or a mixture of them.
    pub load: String,
    /// What is compared, the baseline first.
    pub arms: Vec<String>,
    /// Paths that are varied.
    pub axes: Vec<String>,
    /// The cells of the grid, in order.
    pub cells: Vec<Cell>,
    /// How often, and from which seed on.
    pub sweep: SweepSize,
    /// Paths along which the edge of the stable region is looked for.
    pub searches: Vec<ThresholdSearch>,
    /// Clauses that a comparison must fulfil.
    pub expect: Vec<crate::expect::Clause>,
    /// The properties that it states of its runs, in order, as tables name them.
    pub properties: Vec<String>,
    /// Defaults that decide verdicts.
    pub assumptions: Vec<crate::results::Assumption>,
    /// What is allowed and probably not meant, each with its place in the text.
    pub warnings: Problems,
    /// What the system cannot do, by arithmetic alone: said by `check`, and not again by every run, because it may be what is studied.
    pub advice: Problems,
    /// What loads and capacities come to, by arithmetic alone, in the first cell.
    pub sums: Vec<crate::results::Sum>,
}

/// One point of the swept grid.
#[derive(Clone, Debug)]
pub struct Cell {
    /// One value, as text, for each axis.
    pub values: Vec<String>,
    /// The system of every arm, in their order.
    pub arms: Vec<ArmPlan>,
}

/// One arm of one cell.
#[derive(Clone, Debug)]
pub struct ArmPlan {
    /// The system.
    pub plan: Arc<Plan>,
    /// The faults as written.
    pub faults: Vec<PlannedFault>,
    /// The group whose protocol the world speaks, if there is one.
    pub group: Option<Group>,
    /// Hash of everything that decides a run besides its seed, as hexadecimal digits.
    pub content: String,
}

impl ArmPlan {
    /// The system in the run of this seed: with the faults of its storm, if it has one.
    pub fn of_run(&self, seed: u64) -> Arc<Plan> {
        self.plan.of_run(&Seed::new(seed))
    }
}

/// How many runs a sweep makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepSize {
    /// Runs per cell and arm.
    pub replications: u32,
    /// The seed of the first.
    pub first_seed: u64,
}

impl Scenario {
    /// The index of an arm.
    pub fn arm(&self, name: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm == name)
    }

    /// Hash of the text with all changes applied, as hexadecimal digits.
    pub fn hash(&self) -> String {
        blake3::hash(self.source.text.as_bytes()).to_hex()[..32].to_owned()
    }

    /// How long a run may go on at most.
    pub fn longest(&self) -> SimDuration {
        self.clockwork.horizon.saturating_add(self.clockwork.drain)
    }
}
