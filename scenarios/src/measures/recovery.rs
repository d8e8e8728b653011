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
        of: |run, _| {
            of_episodes(
                run,
                Reading::time(run.episodes.iter().map(|one| one.downtime).fold(SimDuration::ZERO, SimDuration::saturating_add)),
            )
        },
    },
    Fixed {
        name: "calls lost",
        unit: Unit::Count,
        better: Better::Less,
        summary: "successes missing against the level, over all episodes",
        of: |run, _| of_episodes(run, Reading::count(run.episodes.iter().map(|one| one.calls_lost).sum())),
    },
    Fixed {
        name: "relapses",
        unit: Unit::Count,
        better: Better::Less,
        summary: "how often service came back and fell below its level again",
        of: |run, _| of_episodes(run, Reading::count(run.episodes.iter().map(|one| u64::from(one.relapses)).sum())),
    },
];

fn of_episodes(run: &RunMeasures, reading: Reading) -> Reading {
    if run.episodes.is_empty() { Reading::Missing } else { reading }
}

/// A failure that was seen outweighs what could not be judged; a recovery does not.
fn longest(run: &RunMeasures) -> Reading {
    let (mut slowest, mut cut_off, mut unknown) = (SimDuration::ZERO, run.stuck, run.episodes.is_empty());
    for episode in &run.episodes {
        match &episode.recovery {
            Recovery::Unharmed => {}
            Recovery::After(length) => slowest = slowest.max(*length),
            Recovery::Censored(length) => (slowest, cut_off) = (slowest.max(*length), true),
            Recovery::Undecided(_) => unknown = true,
        }
    }
    match (cut_off, unknown) {
        (true, _) => Reading::Beyond(i128::from(slowest.as_nanos())),
        (false, true) => Reading::Missing,
        (false, false) => Reading::time(slowest),
    }
}
