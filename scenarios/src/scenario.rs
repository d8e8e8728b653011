//! What is a scenario once every doubt is removed?

use crate::text::Source;
use models::faults::PlannedFault;
use models::plan::{Clockwork, Plan};
use models::protocols::Group;
use models::workloads::ArrivalProcess;
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
    /// Clauses that a comparison must fulfil.
    pub expect: Vec<crate::expect::Clause>,
    /// Defaults that decide verdicts.
    pub assumptions: Vec<crate::results::Assumption>,
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

    /// What is allowed and probably not meant, in sentences: what the measures of a sweep will not be able to say.
    pub fn warnings(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for cell in &self.cells {
            for arm in &cell.arms {
                let sentence = no_level(&arm.plan).filter(|sentence| !sentences.contains(sentence));
                sentences.extend(sentence);
            }
            sentences.extend(self.same_arms(cell));
        }
        sentences
    }

    /// Which two arms of a cell do not differ at all: a path that is varied may level them.
    fn same_arms(&self, cell: &Cell) -> Option<String> {
        let numbered = || cell.arms.iter().zip(&self.arms);
        let mut pairs = numbered().enumerate().flat_map(|(nth, one)| numbered().take(nth).map(move |other| (other, one)));
        let ((_, one), (_, other)) = pairs.find(|((one, _), (other, _))| one.content == other.content)?;
        let values: Vec<String> = self.axes.iter().zip(&cell.values).map(|(axis, value)| format!("{axis} = {value}")).collect();
        let place = if values.is_empty() { String::new() } else { format!("with {}, ", values.join(", ")) };
        Some(format!("{place}the arms `{one}` and `{other}` are the same system, so that comparing them says nothing"))
    }

    /// How long a run may go on at most.
    pub fn longest(&self) -> SimDuration {
        self.clockwork.horizon.saturating_add(self.clockwork.drain)
    }
}

/// Why the recovery of this system cannot be judged: there is no whole bin between the warm-up and the first fault.
fn no_level(plan: &Plan) -> Option<String> {
    let windows = plan.faults.iter().filter_map(|fault| fault.windows(plan.clockwork.horizon).first().map(|window| window.0));
    let first = windows.chain(plan.storm.iter().map(|storm| storm.window().0)).min()?;
    // One-shot contention has a completion time, and no recovery.
    if plan.populations.iter().all(|population| matches!(population.arrivals, ArrivalProcess::Once)) {
        return None;
    }
    let times = plan.clockwork;
    let width = times.bin.as_nanos();
    if times.warm_up.as_nanos().div_ceil(width) < first.as_nanos() / width {
        return None;
    }
    let warm_up = if times.warm_up.is_zero() { "start".to_owned() } else { format!("end of the warm-up ({})", times.warm_up) };
    Some(format!(
        "recovery cannot be judged: no whole bin of {} lies between the {warm_up} and the first fault ({first}); let the fault begin later, or shorten `warm_up` or `bin`",
        times.bin
    ))
}
