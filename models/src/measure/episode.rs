//! What came of the faults of a run, episode by episode?

use super::RunMeasures;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// One episode: faults whose windows are closer than twice the hold time, and what came after them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// The instant the first fault of the episode begins.
    pub begin: SimTime,
    /// The instant the last fault of the episode ends, or its begin if it never ends.
    pub end: SimTime,
    /// How long recovery took after `end`.
    pub recovery: Recovery,
    /// Time below the level, from `begin` to recovery (or to the censoring instant).
    pub downtime: SimDuration,
    /// Successes missing against the level while below it.
    pub calls_lost: u64,
    /// How often service came back to the level and fell below it again, after `end`.
    pub relapses: u32,
    /// Whether a fault of it never ends, so that nothing is counted from its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub endless: bool,
    /// Whether service was below its level already when the episode began: what was lost in it is the doing of earlier ones as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub began_below: bool,
    /// Whether nothing could be measured, since there is no level or too few calls: downtime, calls lost and relapses are none for want of a number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmeasured: bool,
}

impl Episode {
    /// Time below the level; `None` if it could not be measured.
    pub fn measured_downtime(&self) -> Option<SimDuration> {
        (!self.unmeasured).then_some(self.downtime)
    }

    /// Successes missing against the level; `None` if they could not be counted.
    pub fn measured_loss(&self) -> Option<u64> {
        (!self.unmeasured).then_some(self.calls_lost)
    }
}

/// How an episode ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovery {
    /// No rolling window fell below the level.
    #[default]
    Unharmed,
    /// Back at the level, for good, this long after the last fault ended.
    After(SimDuration),
    /// Still below the level when the next episode or the horizon came, this long after the last fault ended.
    Censored(SimDuration),
    /// Above the level when the next episode or the horizon came, but not yet for the hold time: neither back nor down.
    CutOff {
        /// How long after the last fault ended that was.
        after: SimDuration,
        /// Since when service was above its level then.
        above: SimDuration,
        /// Whether it was the horizon that came.
        by_horizon: bool,
    },
    /// It cannot be said, and why.
    Undecided(String),
}

impl RunMeasures {
    /// Why nothing can be said of how the run came through its faults, if it cannot: none struck, or there is no level, or there are too few calls.
    pub fn untold(&self) -> Option<&str> {
        if self.episodes.is_empty() {
            return Some("no fault struck");
        }
        self.episodes
            .iter()
            .find_map(|episode| if let Recovery::Undecided(reason) = &episode.recovery { Some(reason.as_str()) } else { None })
    }

    /// Time below the level, over all episodes; `None` if no fault struck, or it could not be measured in one of them.
    pub fn downtime(&self) -> Option<SimDuration> {
        let all = || self.episodes.iter().map(Episode::measured_downtime);
        all().next()?;
        all().try_fold(SimDuration::ZERO, |sum, one| Some(sum.saturating_add(one?)))
    }

    /// Successes missing against the level, over all episodes; `None` like [`downtime`](Self::downtime).
    pub fn calls_lost(&self) -> Option<u64> {
        let all = || self.episodes.iter().map(Episode::measured_loss);
        all().next()?;
        all().sum()
    }
}
