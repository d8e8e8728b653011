//! What became of one run?
//!
//! Own definition. A run recovered if each of its episodes did, and took as long as its slowest one. One that is stuck, or down when the next episode or the
//! horizon came, has not; one that was above its level when it was cut off, and is not known to be down, is neither.

use super::arm::{all_attempts, violated};
use scenarios::measure::{Recovery, RunMeasures};
use sim_core::stats::survival::Observed;
use sim_core::time::SimDuration;
use std::cmp::Reverse;

/// Service that was above its level when nobody could look any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CutOff {
    /// Since when.
    pub above: SimDuration,
    /// How long after the fault that was.
    pub after: SimDuration,
    /// Whether the horizon came, and not the next episode.
    pub by_horizon: bool,
}

/// How one run came through its episodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Unharmed,
    After(SimDuration),
    /// Still down when it was last seen, this long after the fault.
    Not(SimDuration),
    /// Above its level when it was last seen, and not for long enough.
    CutOff(CutOff),
    /// No fault struck.
    Unstruck,
    /// It cannot be said.
    Unknown,
}

impl Fate {
    pub(super) fn of(run: &RunMeasures) -> Self {
        let (mut slowest, mut harmed, mut down, mut cut_off, mut unknown) = (SimDuration::ZERO, false, run.stuck, None, false);
        for episode in &run.episodes {
            match &episode.recovery {
                Recovery::Unharmed => {}
                Recovery::After(length) => (slowest, harmed) = (slowest.max(*length), true),
                Recovery::Censored(length) => (slowest, down) = (slowest.max(*length), true),
                Recovery::CutOff { after, above, by_horizon } => {
                    let one = CutOff { above: *above, after: *after, by_horizon: *by_horizon };
                    cut_off = cut_off.filter(|other: &CutOff| other.after >= one.after).or(Some(one));
                }
                Recovery::Undecided(_) => unknown = true,
            }
        }
        // A failure that was seen outweighs what could not be judged; a recovery does not.
        match (down, unknown, cut_off) {
            (true, ..) => Self::Not(slowest),
            _ if run.episodes.is_empty() => Self::Unstruck,
            (_, true, _) => Self::Unknown,
            // What took longer than it was watched was longer.
            (_, _, Some(cut_off)) => Self::CutOff(CutOff { after: cut_off.after.max(slowest), ..cut_off }),
            _ if harmed => Self::After(slowest),
            _ => Self::Unharmed,
        }
    }

    pub(super) fn recovered_after(&self) -> Option<SimDuration> {
        match self {
            Self::Unharmed => Some(SimDuration::ZERO),
            Self::After(length) => Some(*length),
            Self::Not(_) | Self::CutOff(_) | Self::Unstruck | Self::Unknown => None,
        }
    }

    pub(super) fn observed(&self) -> Option<Observed> {
        match self {
            Self::Not(length) | Self::CutOff(CutOff { after: length, .. }) => Some(Observed { time: length.as_nanos(), censored: true }),
            _ => self.recovered_after().map(|length| Observed { time: length.as_nanos(), censored: false }),
        }
    }

    /// Whether it can be said if the run recovered.
    pub(super) const fn is_judged(&self) -> bool {
        matches!(self, Self::Unharmed | Self::After(_) | Self::Not(_))
    }
}

/// Orders runs by how badly they went: properties violated, not back, late, few successes, many attempts; the first such seed.
pub(super) fn badness(run: &RunMeasures, fate: &Fate, seed: u64) -> (u64, bool, SimDuration, u64, u64, Reverse<u64>) {
    let (down, length) = match fate {
        Fate::Not(length) => (true, *length),
        Fate::CutOff(cut_off) => (false, cut_off.after),
        _ => (false, fate.recovered_after().unwrap_or_default()),
    };
    let missing = u128::from(run.calls.saturating_sub(run.succeeded)) * 1_000_000_000;
    let missing = missing.checked_div(u128::from(run.calls)).unwrap_or(0) as u64;
    (violated(run), down, length, missing, all_attempts(run), Reverse(seed))
}
