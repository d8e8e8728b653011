//! How many successes does a stretch of time have, and how many ought it to have?

use super::super::Bin;
use sim_core::stats::{likelihood, ln};
use sim_core::time::{SimDuration, SimTime};

/// The share of the level that counts as recovered.
const SHARE_PERCENT: u128 = 95;

/// The chance at most that, of all windows of a run, any is called below its level though only luck has put it there.
const LUCK: f64 = 0.05;

/// What is looked for: successes, and out of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub good: u128,
    pub all: u128,
}

impl Tally {
    /// Under open load the share of successes counts, under closed load their number per bin.
    fn of(bin: &Bin, closed: bool) -> Self {
        if closed {
            Self { good: u128::from(bin.completed), all: 1 }
        } else {
            Self { good: u128::from(bin.succeeded), all: u128::from(bin.started) }
        }
    }

    fn add(self, other: Self) -> Self {
        Self { good: self.good + other.good, all: self.all + other.all }
    }
}

/// Bins, so that a stretch of them costs the same however long it is.
pub(super) struct Sums(Vec<Tally>);

impl Sums {
    pub(super) fn of(bins: &[Bin], closed: bool) -> Self {
        let running = |sum: &mut Tally, bin: &Bin| {
            *sum = sum.add(Tally::of(bin, closed));
            Some(*sum)
        };
        Self(std::iter::once(Tally::default()).chain(bins.iter().scan(Tally::default(), running)).collect())
    }

    /// The same of successes when they are answered.
    pub(super) fn of_answers(bins: &[Bin]) -> Self {
        Self::of(bins, true)
    }

    /// The bins from one up to another, together, as far as there are so many.
    pub(super) fn window(&self, from: usize, to: usize) -> Tally {
        let last = self.0.len() - 1;
        let (before, after) = (self.0[from.min(last)], self.0[to.min(last)]);
        Tally { good: after.good - before.good, all: after.all - before.all }
    }
}

/// Whether a count is under the share of its level that is allowed: good / all < 95 % of level.good / level.all, without division.
fn is_under(tally: Tally, level: Tally) -> bool {
    let (seen, expected) = (tally.good * level.all, level.good * tally.all);
    tally.all > 0 && level.all > 0 && seen * 100 < SHARE_PERCENT * expected
}

/// Whether more is missing than luck takes from any of so many windows of a run.
pub(super) fn is_beyond(evidence: f64, windows: usize) -> bool {
    evidence > ln(windows as f64 / LUCK)
}

/// What service ought to be like.
pub(super) enum Level {
    /// As it was before the first fault.
    Before(Tally),
    /// As it was at the same time in the same run without faults.
    Twin(Sums),
}

/// Service over time, beside its level.
pub(super) struct Curve {
    pub bins: usize,
    pub closed: bool,
    pub level: Level,
    /// The same run without faults, where it is known: what it lacks as well is not the faults' doing.
    pub calm: Option<Sums>,
    pub bin: SimDuration,
    pub sums: Sums,
    /// Successes when they are answered, whenever their calls were started.
    pub answered: Sums,
}

impl Curve {
    /// The bins from one up to another, together.
    pub(super) fn window(&self, from: usize, to: usize) -> Tally {
        self.sums.window(from, to)
    }

    /// What these bins ought to be like.
    pub(super) fn level(&self, from: usize, to: usize) -> Tally {
        match &self.level {
            Level::Before(tally) => *tally,
            Level::Twin(sums) => sums.window(from, to),
        }
    }

    /// Whether these bins are below the level by more than the share allowed, and by more than chance.
    pub(super) fn is_below(&self, from: usize, to: usize) -> bool {
        self.is_worse(self.window(from, to), self.level(from, to), matches!(self.level, Level::Twin(_)))
    }

    /// Whether they are below what they would have been without faults, as far as that is known.
    pub(super) fn is_below_calm(&self, from: usize, to: usize) -> bool {
        self.calm.as_ref().is_none_or(|calm| self.is_worse(self.window(from, to), calm.window(from, to), true))
    }

    /// Whether a count is under the share of another that is allowed, and by more than chance.
    pub(super) fn is_worse(&self, tally: Tally, level: Tally, of_twin: bool) -> bool {
        is_under(tally, level) && is_beyond(self.evidence(tally, level, of_twin), self.bins)
    }

    /// The bin within the last window below the level from which on, up to a cut, service was above it again: that which parts best what was worse from
    /// what was not. Nothing if service was not, or if luck parts as well. If the cut is the horizon, behind which nobody calls any more, most of what succeeds
    /// from then on has to be answered before it: a crowd that is served only once no others come is no service that is back.
    pub(super) fn turns(&self, window: usize, (cut, is_horizon): (usize, bool), hold: usize) -> Option<usize> {
        let parted = |bin: usize| {
            let (down, up) = (self.window(window, bin), self.window(bin, cut));
            let is_served = !is_horizon || self.closed || self.answered.window(bin, cut).good * 2 >= up.good;
            let is_up = up.all > 0 && is_served && !is_under(up, self.level(bin, cut)) && is_under(down, self.level(window, bin));
            let is_parted = is_up && self.is_worse(down, up, false);
            is_parted.then(|| (self.evidence(down, up, false), bin))
        };
        let better = |kept: (f64, usize), other: (f64, usize)| if other.0 > kept.0 { other } else { kept };
        (window + 1..cut.min(window + hold + 1)).filter_map(parted).reduce(better).map(|(_, bin)| bin)
    }

    /// How much speaks against luck alone: of successes where they are counted, of a share where that is. The twin
    /// makes the same calls under open load, so that its share is no guess; under closed load each run has luck of its own.
    fn evidence(&self, tally: Tally, level: Tally, of_twin: bool) -> f64 {
        let [seen, ought] = [tally, level].map(|tally| (tally.good, tally.all));
        match (self.closed, of_twin) {
            (true, _) => likelihood::of_counts(seen, ought),
            (false, true) => likelihood::of_known_share(seen, ought),
            (false, false) => likelihood::of_shares(seen, ought),
        }
    }

    /// How many successes the level comes to in bins like these, rounded down.
    pub(super) fn expected(tally: Tally, level: Tally) -> u128 {
        (level.good * tally.all).checked_div(level.all).unwrap_or(0)
    }

    /// Successes missing against the level in these bins together, rounded down: bin by bin up to one call each would be cut off.
    pub(super) fn lost(&self, bins: impl Iterator<Item = usize>) -> u64 {
        let both = |sum: (Tally, Tally), bin: usize| (sum.0.add(self.window(bin, bin + 1)), sum.1.add(self.level(bin, bin + 1)));
        let (seen, level) = bins.fold((Tally::default(), Tally::default()), both);
        u64::try_from(Self::expected(seen, level).saturating_sub(seen.good)).expect("a bin loses fewer than 2^64 calls")
    }

    pub(super) fn start_of(&self, bin: usize) -> SimTime {
        SimTime::ZERO.saturating_add(self.bin.saturating_mul(bin as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bin, Recovery, Twin, episodes};
    use super::*;
    use crate::plan::Clockwork;

    #[test]
    fn who_is_served_only_when_nobody_calls_any_more_is_no_sign_that_service_is_back() {
        let horizon = 60;
        let times = Clockwork { horizon: SimDuration::from_secs(horizon), ..Clockwork::default() };
        let fault = (SimTime::from_nanos(20_000_000_000), Some(SimTime::from_nanos(30_000_000_000)));
        // Of the calls of the last two seconds all succeed: within them, or when the horizon has come.
        let recovery = |answered: u64| {
            let bin = |second: u64| match second {
                20..58 => Bin { started: 100, ..Bin::default() },
                58.. => Bin { started: 100, succeeded: 100, completed: answered, ..Bin::default() },
                _ => Bin { started: 100, succeeded: 100, completed: 100, ..Bin::default() },
            };
            let bins: Vec<Bin> = (0..horizon).map(bin).collect();
            episodes(&times, &[fault], &bins, false, Twin::Unknown).0.remove(0).recovery
        };
        let (after, above) = (SimDuration::from_secs(30), SimDuration::from_secs(2));
        assert_eq!(recovery(90), Recovery::CutOff { after, above, by_horizon: true });
        assert_eq!(recovery(5), Recovery::Censored(after));
    }
}
