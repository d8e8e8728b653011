//! How does a run come through its faults?

use super::{Better, Fixed, Reading, Unit};
use models::measure::{Recovery, RunMeasures};
use sim_core::time::SimDuration;

/// All of them.
pub(super) const ALL: [Fixed; 4] = [
    Fixed {
        name: "recovery time",
        unit: Unit::Time,
        better: Better::Less,
        summary: "from the end of the last fault of an episode until service is back for good, the longest of the run",
        of: |run, _| longest(run),
    },
    Fixed {
        name: "downtime",
        unit: Unit::Time,
        better: Better::Less,
        summary: "time below the level, over all episodes",
        of: |run, _| run.downtime().map_or(Reading::Missing, Reading::time),
    },
    Fixed {
        name: "calls lost",
        unit: Unit::Count,
        better: Better::Less,
        summary: "successes missing against the level, over all episodes",
        of: |run, _| run.calls_lost().map_or(Reading::Missing, Reading::count),
    },
    Fixed {
        name: "relapses",
        unit: Unit::Count,
        better: Better::Less,
        summary: "how often service came back and fell below its level again",
        // What could not be lost could not be lost again.
        of: |run, _| {
            let relapses = || Reading::count(run.episodes.iter().map(|one| u64::from(one.relapses)).sum());
            run.downtime().map_or(Reading::Missing, |_| relapses())
        },
    },
];

/// A failure that was seen outweighs what could not be judged; a recovery does not.
fn longest(run: &RunMeasures) -> Reading {
    let (mut slowest, mut is_down, mut is_cut_off, mut unknown) = (SimDuration::ZERO, run.stuck, false, run.episodes.is_empty());
    for episode in &run.episodes {
        match &episode.recovery {
            Recovery::Unharmed => {}
            Recovery::After(length) => slowest = slowest.max(*length),
            Recovery::Censored(length) => (slowest, is_down) = (slowest.max(*length), true),
            Recovery::CutOff { after, above, .. } => (slowest, is_cut_off) = (slowest.max(after.saturating_sub(*above)), true),
            Recovery::Undecided(_) => unknown = true,
        }
    }
    match (is_down, unknown, is_cut_off) {
        (true, ..) => Reading::Beyond(i128::from(slowest.as_nanos())),
        (_, true, _) => Reading::Missing,
        (_, _, true) => Reading::AtLeast(i128::from(slowest.as_nanos())),
        (false, false, false) => Reading::time(slowest),
    }
}
