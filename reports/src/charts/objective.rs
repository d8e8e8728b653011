//! How soon is a run expected to be back, and where does that stand in the picture?
//!
//! The limits of `expect: Recovery` as points that a curve has to pass above or to the left of: `p90: "13s"` stands at 13 s and 90 %.

use super::plane::Plane;
use super::sheet::Mark;
use crate::number;
use crate::theme::Theme;
use scenarios::expect::Clause;
use scenarios::results::Manifest;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A share of the runs that is to be back within a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objective {
    within: SimDuration,
    percent: u32,
    /// Of whom it is expected; empty: of every arm.
    arms: Vec<u32>,
}

impl Objective {
    /// All that is expected in a cell, each once, the earliest first.
    pub fn of(manifest: &Manifest, cell: u32) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for clause in manifest.expect.iter().filter(|clause| clause.speaks_of_cell(manifest, cell)) {
            let Clause::Recovery(limits) = clause.bare() else { continue };
            let spoken_of = (0..).zip(&manifest.arms).filter(|(_, name)| clause.speaks_of(name)).map(|(arm, _)| arm);
            let arms: Vec<u32> = spoken_of.collect();
            for (percent, limit) in [(50, limits.p50), (90, limits.p90), (99, limits.p99)] {
                let Some(within) = limit else { continue };
                match all.iter_mut().find(|one| (one.within, one.percent) == (within, percent)) {
                    Some(known) => known.arms.extend(&arms),
                    None => all.push(Self { within, percent, arms: arms.clone() }),
                }
            }
        }
        for one in &mut all {
            one.arms.sort_unstable();
            one.arms.dedup();
            if one.arms.len() == manifest.arms.len() {
                one.arms.clear();
            }
        }
        all.sort_unstable();
        all
    }

    /// How much time it leaves, in seconds.
    pub fn seconds(&self) -> f64 {
        self.within.as_secs_f64()
    }

    /// Whether it is expected of every arm.
    pub fn is_of_all(&self) -> bool {
        self.arms.is_empty()
    }

    /// Whether it is expected of this arm, and not of all.
    pub fn is_of(&self, arm: u32) -> bool {
        self.arms.contains(&arm)
    }

    /// What is expected.
    pub fn said(&self) -> String {
        format!("p{} within {}", self.percent, number::length(self.within))
    }

    /// Draws it as a dashed line up to its share, with a ring there: in the colour of its arm if it is of one.
    pub fn draw(&self, plane: &Plane<'_, '_>, end: f64, theme: &Theme) {
        const DASHES: u32 = 34;
        if self.seconds() > end {
            return;
        }
        let share = f64::from(self.percent) / 100.0;
        let colour = if let [arm] = self.arms[..] { theme.arm(arm as usize) } else { theme.ink };
        for dash in 0..DASHES {
            let at = |part: f64| share * (f64::from(dash) + part) / f64::from(DASHES);
            plane.whisker(self.seconds(), (at(0.0), at(0.55)), (0.0, 0.0), colour);
        }
        plane.mark((self.seconds(), share), Mark::Ring, colour);
    }
}

/// The shares of calls that should succeed: the objective of the scenario, and what is expected of the availability of all calls. Each once,
/// ascending.
pub(crate) fn of_availability(manifest: &Manifest) -> Vec<Share> {
    let expected = manifest.expect.iter().filter_map(|clause| match clause.bare() {
        Clause::Availability(bounds) if bounds.class.is_none() => bounds.at_least,
        _ => None,
    });
    let mut all: Vec<Share> = manifest.story.objective.into_iter().chain(expected).collect();
    all.sort_unstable_by_key(|share| share.parts());
    all.dedup();
    all
}

/// The same in a caption; nothing without any.
pub(super) fn said_of_availability(manifest: &Manifest) -> String {
    let all: Vec<String> = of_availability(manifest).iter().map(ToString::to_string).collect();
    if all.is_empty() { String::new() } else { format!(" Dashed across: what should succeed, {}.", all.join(" and ")) }
}

/// Draws them as dashed lines across all of the time.
pub(super) fn draw_availability(plane: &Plane<'_, '_>, manifest: &Manifest) {
    const DASHES: u32 = 80;
    let horizon = manifest.horizon.as_secs_f64();
    for share in of_availability(manifest) {
        for dash in 0..DASHES {
            let at = |part: f64| (horizon * (f64::from(dash) + part) / f64::from(DASHES), share.as_f64());
            plane.thin(&[at(0.0), at(0.5)], plane.ink());
        }
    }
}
