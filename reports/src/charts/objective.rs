//! How soon is a run expected to be back, and where does that stand in the picture?
//!
//! The limits of `expect: Recovery` as points that a curve has to pass above or to the left of: `p90: "13s"` stands at 13 s and 90 %.

use super::plane::Plane;
use super::sheet::Mark;
use crate::number;
use scenarios::expect::Clause;
use scenarios::results::Manifest;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A share of the runs that is to be back within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objective {
    within: SimDuration,
    percent: u32,
}

impl Objective {
    /// All that a comparison expects, whichever arms it speaks of; each once, the earliest first.
    pub fn of(manifest: &Manifest) -> Vec<Self> {
        let limits = manifest.expect.iter().filter_map(|clause| match clause.bare() {
            Clause::Recovery(limits) => Some([(50, limits.p50), (90, limits.p90), (99, limits.p99)]),
            _ => None,
        });
        let mut all: Vec<Self> = limits.flatten().filter_map(|(percent, limit)| limit.map(|within| Self { within, percent })).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How much time it leaves, in seconds.
    pub fn seconds(self) -> f64 {
        self.within.as_secs_f64()
    }

    /// Draws it as a dashed line up to its share, with a ring there and its words beside.
    pub fn draw(self, plane: &Plane<'_, '_>, end: f64) {
        const DASHES: u32 = 34;
        if self.seconds() > end {
            return;
        }
        let (share, ink) = (f64::from(self.percent) / 100.0, plane.ink());
        for dash in 0..DASHES {
            let at = |part: f64| share * (f64::from(dash) + part) / f64::from(DASHES);
            plane.whisker(self.seconds(), (at(0.0), at(0.55)), (0.0, 0.0), ink);
        }
        plane.mark((self.seconds(), share), Mark::Ring, ink);
        let words = format!("p{} within {}", self.percent, number::length(self.within));
        // Below the curves, which have gone up by then; objectives of one time would write over each other otherwise.
        plane.note_within((self.seconds(), 0.04 + 0.06 * f64::from(self.percent == 50)), &words);
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
