//! Is a run that has not recovered stuck, and what says so?
//!
//! Metastable failures (N. Bronson and others, 2021) outlast what has triggered them: the *trigger is gone*, which is that no fault is on; the
//! *load is as before*, which is that first tries come at least at nine tenths of the earlier rate, or miss that by no more than chance; and
//! *service stays down*, which is that both of the last two windows are below the level. One window alone may be so by luck, and there are many.

use super::super::Bin;
use super::curve::Curve;
use crate::measure::StuckEvidence;
use sim_core::time::{SimDuration, SimTime};
use std::ops::Range;

/// How many windows before the horizon have to be below the level, one after the other.
const WINDOWS: usize = 2;

/// Calls that are this far fewer than before are so not by chance.
const STANDARD_DEVIATIONS: u128 = 3;

/// The time that is looked at, and what it is held against.
pub(super) struct Ending<'a> {
    pub curve: &'a Curve,
    pub bins: &'a [Bin],
    /// The bins between the warm-up and the first fault.
    pub before: Range<usize>,
    /// The bins of the same run without faults, if its level is theirs.
    pub twin: Option<&'a [Bin]>,
    /// Bins of a window.
    pub hold: usize,
    /// The end of the last fault, unless one is on at the horizon.
    pub trigger_ended: Option<SimTime>,
}

impl Ending<'_> {
    /// What speaks for and against it that this run is stuck. Nobody asks that has recovered.
    pub(super) fn evidence(&self) -> StuckEvidence {
        let count = self.bins.len();
        let horizon = self.curve.start_of(count);
        let last = count.saturating_sub(WINDOWS * self.hold)..count;
        let (seen, level) = (self.curve.window(last.start, last.end), self.curve.level(last.start, last.end));
        let whole = |number: u128| u64::try_from(number).expect("a run has fewer than 2^64 calls");
        let (offered, wanted) = self.offered(&last);
        StuckEvidence {
            trigger_gone: self.trigger_ended.map(|ended| horizon.saturating_since(ended)),
            watched: self.curve.bin * last.len() as u64,
            offered,
            offered_before: wanted,
            load_as_before: self.curve.closed || self.is_offered_as_before(&last),
            succeeded: whole(seen.good),
            level: whole(Curve::expected(seen, level)),
            stays_down: self.stays_down(count),
        }
    }

    /// Whether each of the last windows is below the level, and lies behind the last fault.
    fn stays_down(&self, count: usize) -> bool {
        let Some(first) = count.checked_sub(WINDOWS * self.hold) else { return false };
        let is_after = self.trigger_ended.is_some_and(|ended| ended <= self.curve.start_of(first));
        is_after && (0..WINDOWS).all(|window| self.curve.is_below(first + window * self.hold, first + (window + 1) * self.hold))
    }

    /// First tries in these bins, and how many the earlier rate comes to in as much time, rounded down.
    fn offered(&self, last: &Range<usize>) -> (u64, u64) {
        let wanted = match self.twin {
            Some(twin) => calls(twin, last.clone()),
            None => (calls(self.bins, self.before.clone()) * last.len() as u128).checked_div(self.before.len() as u128).unwrap_or(0),
        };
        let whole = |number: u128| u64::try_from(number).expect("a run has fewer than 2^64 calls");
        (whole(calls(self.bins, last.clone())), whole(wanted))
    }

    /// Whether first tries come at least at nine tenths of the rate they had, or miss that by no more than chance: few calls come unevenly.
    fn is_offered_as_before(&self, last: &Range<usize>) -> bool {
        let seen = calls(self.bins, last.clone());
        // Everything is multiplied by ten times the length of what was before.
        let (wanted, length) = match self.twin {
            Some(twin) => (9 * calls(twin, last.clone()), 1),
            None => (9 * calls(self.bins, self.before.clone()) * last.len() as u128, self.before.len() as u128),
        };
        let missing = wanted.saturating_sub(seen * length * 10);
        missing * missing <= STANDARD_DEVIATIONS * STANDARD_DEVIATIONS * wanted * length * 10
    }
}

/// Calls that are started in these bins.
fn calls(bins: &[Bin], range: Range<usize>) -> u128 {
    bins.get(range).unwrap_or_default().iter().map(|bin| u128::from(bin.started)).sum()
}

impl StuckEvidence {
    /// Whether the run is stuck.
    pub const fn is_stuck(&self) -> bool {
        self.trigger_gone.is_some() && self.load_as_before && self.stays_down
    }

    /// Why the run is not stuck though it has not recovered, in words; nothing if it is.
    pub const fn objection(&self) -> Option<&'static str> {
        match self {
            Self { trigger_gone: None, .. } => Some("a fault was still on"),
            Self { load_as_before: false, .. } => Some("fewer calls came than before"),
            Self { stays_down: false, .. } => Some("it was not below its level for the last two windows"),
            _ => None,
        }
    }
}

/// What a run has whose time is too short for any window.
impl Default for StuckEvidence {
    fn default() -> Self {
        Self {
            trigger_gone: None,
            watched: SimDuration::ZERO,
            offered: 0,
            offered_before: 0,
            load_as_before: false,
            succeeded: 0,
            level: 0,
            stays_down: false,
        }
    }
}
