//! Which arms violate what the scenario states of every run?
//!
//! Own definition. Said before anything else: an arm that breaks its word is nobody's best, however many calls it answers. What is undecided, or
//! was never reached, is not violated.

use super::across::every_one;
use super::arm::ArmSummary;
use super::fates::{listed as counted_up, named};
use super::ranking::Ranking;
use super::returning::of_runs;
use crate::number;

/// More arms, and more properties of an arm, than this are counted and not told.
const TOLD: usize = 4;

/// What one arm violates, in how many of the runs that were asked.
pub(super) struct Violations {
    arm: String,
    properties: Vec<(String, u64)>,
    runs: u64,
    /// In how many of how many cells; nothing where there is only one.
    cells: Option<(usize, usize)>,
}

impl Violations {
    /// Of one arm in one cell; nothing if it keeps everything.
    pub fn of(arm: &ArmSummary) -> Option<Self> {
        let runs = arm.violated_by_seed.len() as u64;
        (!arm.is_sound()).then(|| Self { arm: arm.name.clone(), properties: arm.violations.clone(), runs, cells: None })
    }

    /// Of one arm in several cells.
    pub fn over<'a>(cells: impl Iterator<Item = &'a ArmSummary>) -> Option<Self> {
        let mut sum: Option<Self> = None;
        let (mut violating, mut all, mut runs) = (0, 0, 0);
        for arm in cells {
            (all, runs) = (all + 1, runs + arm.violated_by_seed.len() as u64);
            let Some(own) = Self::of(arm) else { continue };
            violating += 1;
            let Some(sum) = &mut sum else {
                sum = Some(own);
                continue;
            };
            for (property, runs) in own.properties {
                match sum.properties.iter_mut().find(|(name, _)| *name == property) {
                    Some((_, count)) => *count += runs,
                    None => sum.properties.push((property, runs)),
                }
            }
        }
        sum.map(|sum| Self { runs, cells: Some((violating, all)), ..sum })
    }

    /// `Linearizable in 3 of 30 runs`, `Linearizable and OneHolder in all 30 runs`, `Linearizable in 3 and OneHolder in 2 of 30 runs`.
    fn words(&self) -> String {
        let mut text = match self.properties.as_slice() {
            [(_, runs), others @ ..] if others.iter().all(|(_, other)| other == runs) => {
                let told: Vec<String> = self.properties.iter().take(TOLD).map(|(name, _)| name.clone()).collect();
                format!("{} in {}", counted_up(&told), of_runs(*runs, self.runs))
            }
            several => {
                let told: Vec<String> =
                    several.iter().take(TOLD).map(|(name, runs)| format!("{name} in {}", number::count(*runs))).collect();
                format!("{} of {} runs", counted_up(&told), number::count(self.runs))
            }
        };
        match self.properties.len().saturating_sub(TOLD) {
            0 => {}
            1 => text += ", and one further property",
            more => text += &format!(", and {more} further properties"),
        }
        match self.cells {
            Some((violating, all)) if violating == all => text += &format!(", in {}", every_one(all)),
            Some((violating, all)) => text += &format!(", in {violating} of {all} cells"),
            None => {}
        }
        text
    }

    /// What became of the arm, to be followed by everything else.
    pub fn fate(&self) -> String {
        format!("violates {}", self.words())
    }
}

/// What is said before the best arm is named; nothing if every run of every arm keeps what was stated.
pub(super) fn opening(ranking: &Ranking) -> Option<String> {
    let ranked: Vec<Violations> = ranking.arms.iter().filter_map(Violations::of).collect();
    let apart: Vec<Violations> = ranking.set_apart.iter().filter_map(Violations::of).collect();
    let aside = (!apart.is_empty()).then(|| format!("Set apart, and violating what is stated: {}.", listed(&apart)));
    let said: Vec<String> = said(&ranked, ranking.arms.len()).into_iter().chain(aside).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

fn said(violating: &[Violations], arms: usize) -> Option<String> {
    match (violating, arms - violating.len()) {
        ([], _) => None,
        ([only], 0) => Some(format!("{} {}.", named(&only.arm), only.fate())),
        (all, 0) => Some(format!("Every arm violates a stated property: {}.", listed(all))),
        ([only], 1) => Some(format!("{} {}, and ranks behind the arm that does not.", named(&only.arm), only.fate())),
        ([only], _) => Some(format!("{} {}, and ranks behind the arms that do not.", named(&only.arm), only.fate())),
        (some, _) => Some(format!("Arms that violate a stated property rank behind those that do not: {}.", listed(some))),
    }
}

/// What is said before any cell; `arms` are those of the scenario that were ranked anywhere.
pub(super) fn opening_over_cells(rankings: &[Ranking], arms: usize) -> Option<String> {
    let of = |arm: usize| {
        let seen =
            rankings.iter().flat_map(|ranking| ranking.arms.iter().chain(&ranking.set_apart)).filter(move |one| one.arm as usize == arm);
        Violations::over(seen)
    };
    let violating: Vec<Violations> = (0..arms).filter_map(of).collect();
    match (violating.as_slice(), arms - violating.len()) {
        ([], _) => None,
        ([only], 0) => Some(format!("{} {}.", named(&only.arm), only.fate())),
        ([only], _) => Some(format!("{} {}, and ranks behind arms that do not.", named(&only.arm), only.fate())),
        (all, 0) => {
            Some(format!("Every arm violates a stated property somewhere, and ranks there behind arms that do not: {}.", listed(all)))
        }
        (some, _) => Some(format!("Arms that violate a stated property rank behind those that do not: {}.", listed(some))),
    }
}

fn listed(all: &[Violations]) -> String {
    let mut parts: Vec<String> = all.iter().take(TOLD).map(|one| format!("{} ({})", named(&one.arm), one.words())).collect();
    let more = all.len().saturating_sub(TOLD);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    parts.join("; ")
}
