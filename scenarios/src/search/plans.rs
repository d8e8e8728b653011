//! Which storms are tried again with other luck, and how altered?
//!
//! Own definition, after the way fuzzers keep a corpus: a storm under which a run showed a new behaviour is worth more runs. A *bred* run
//! has the strikes of such a storm, as they were or with some left out or one shortened, and the luck of its own seed in everything else.
//! What was fair stays so: fewer and shorter strikes break no budget that more and longer ones kept, and prolong no quiet; what lasts longer
//! under the other luck, such as a restart, and would break one then, is left out. Which storm, and which change, is drawn from the seed of the bred run.

use models::faults::{FaultPlan, PlannedFault};
use models::plan::Plan;
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::SimDuration;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// A storm's strikes: each as a scenario would write it, and with its names looked up.
pub type Strikes = Vec<(PlannedFault, FaultPlan)>;

/// The latest so many storms are bred from.
const KEPT: usize = 64;

/// Where a run's faults come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the scenario and the run's own seed: `run` with that seed makes it again.
    Own,
    /// From the storm of another seed, altered like this: only its repro file makes it again.
    Bred {
        /// The seed whose storm it was.
        of: u64,
        /// What was changed, in words.
        change: String,
    },
}

/// Storms worth more runs.
#[derive(Debug, Default)]
pub struct Corpus {
    storms: VecDeque<(u64, Strikes)>,
}

impl Corpus {
    /// Takes note of a storm under which something new was seen.
    pub fn keep(&mut self, of: u64, strikes: Strikes) {
        if strikes.is_empty() {
            return;
        }
        if self.storms.len() == KEPT {
            self.storms.pop_front();
        }
        self.storms.push_back((of, strikes));
    }

    /// A storm for the run of a seed of this plan; none if there is nothing to breed from.
    pub fn breed(&self, seed: u64, plan: &Plan) -> Option<(Origin, Strikes)> {
        let count = self.storms.len() as u64;
        if count == 0 {
            return None;
        }
        let luck = Seed::new(seed).draws(Key::named("search"), 0);
        let (of, strikes) = &self.storms[luck.choice().index(count) as usize];
        let (mut change, strikes) = changed(strikes, &luck);
        let before = strikes.len();
        let strikes = plan.allowed_strikes(&Seed::new(seed), strikes);
        if strikes.len() < before {
            let _ = write!(change, ", less {} that would be too much under this seed", before - strikes.len());
        }
        Some((Origin::Bred { of: *of, change }, strikes))
    }
}

/// A strike as a reader knows it.
fn label((planned, _): &(PlannedFault, FaultPlan)) -> String {
    planned.label()
}

fn changed(strikes: &Strikes, luck: &Draws) -> (String, Strikes) {
    let chosen = luck.share().index(strikes.len() as u64) as usize;
    let as_it_was = || ("as it was".to_owned(), strikes.clone());
    match luck.wait().index(4) {
        0 => as_it_was(),
        1 if strikes.len() > 1 => {
            let rest = strikes.iter().enumerate().filter(|(index, _)| *index != chosen).map(|(_, strike)| strike.clone()).collect();
            (format!("without `{}`", label(&strikes[chosen])), rest)
        }
        2 if strikes.len() > 2 => {
            // A coin for each; the chosen one stays, so that something does.
            let coins = luck.demand().bits();
            let stays = |index: usize| index == chosen || coins >> (index % 64) & 1 == 1;
            let rest: Strikes = strikes.iter().enumerate().filter(|(index, _)| stays(*index)).map(|(_, strike)| strike.clone()).collect();
            (format!("{} of its {} strikes", rest.len(), strikes.len()), rest)
        }
        _ => shortened(strikes, chosen).unwrap_or_else(as_it_was),
    }
}

/// With one strike half as long, in whole milliseconds where there is room for them.
fn shortened(strikes: &Strikes, chosen: usize) -> Option<(String, Strikes)> {
    let (planned, plan) = &strikes[chosen];
    let half = planned.timing.lasts? / 2;
    let rest = half % SimDuration::from_millis(1);
    let half = if half > rest { half - rest } else { half };
    let plan = plan.shortened(half).filter(|_| !half.is_zero())?;
    let mut strikes = strikes.clone();
    let change = format!("with half of `{}`", planned.label());
    strikes[chosen].0.timing.lasts = Some(half);
    strikes[chosen].1 = plan;
    Some((change, strikes))
}

/// The plan of a run with these strikes.
pub fn plan_with(plan: &Plan, strikes: &Strikes) -> Plan {
    plan.with_strikes(strikes.iter().map(|(_, plan)| plan.clone()))
}
