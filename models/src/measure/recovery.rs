//! When has a system recovered from its faults, and when is it stuck?
//!
//! Open load: s(bin) is the share of the calls started in a bin that succeed. Closed load: the successes completed in a
//! bin. The *level* is s before the first fault and after the warm-up. A rolling window of the hold time is *below* if its
//! s is less than 95 % of the level, and by more than chance: the successes missing are more than three standard deviations
//! of their count (`docs/decisions/0005-below-by-more-than-chance.md`). Recovery is the end of the last window below, minus the end of the last fault of the
//! episode; at least one whole hold time above must follow, else the episode is censored by the next one or the horizon.

use super::{Bin, Episode, Recovery};
use crate::plan::Clockwork;
use sim_core::time::{SimDuration, SimTime};

/// The share of the level that counts as recovered.
const SHARE_PERCENT: u128 = 95;

/// A window that is this far from the level has not got there by chance.
const STANDARD_DEVIATIONS: u128 = 3;

/// What is looked for: successes, and out of how many.
#[derive(Clone, Copy, Default)]
struct Tally {
    good: u128,
    all: u128,
}

impl Tally {
    fn add(self, other: Self) -> Self {
        Self { good: self.good + other.good, all: self.all + other.all }
    }
}

struct Curve<'a> {
    bins: &'a [Bin],
    closed: bool,
    level: Tally,
    bin: SimDuration,
    /// What the bins before each one hold together, so that a window costs the same however long it is.
    sums: Vec<Tally>,
}

impl Curve<'_> {
    /// Under open load the share of successes counts, under closed load their number per bin.
    fn tally(&self, bin: usize) -> Tally {
        tally(&self.bins[bin], self.closed)
    }

    /// The bins from one up to another, together.
    fn window(&self, from: usize, to: usize) -> Tally {
        let (before, after) = (self.sums[from], self.sums[to]);
        Tally { good: after.good - before.good, all: after.all - before.all }
    }

    fn is_below(&self, tally: Tally) -> bool {
        // good / all < 95 % of level.good / level.all, without division: everything is multiplied by level.all.
        let (seen, expected) = (tally.good * self.level.all, self.level.good * tally.all);
        if tally.all == 0 || seen * 100 >= SHARE_PERCENT * expected {
            return false;
        }
        let missing = expected - seen;
        missing * missing > STANDARD_DEVIATIONS * STANDARD_DEVIATIONS * expected * self.spread()
    }

    /// The variance of a count of successes, divided by the count and multiplied by `level.all`: that of a Poisson count
    /// where successes are counted, of a binomial one where a share of the calls is.
    fn spread(&self) -> u128 {
        if self.closed { self.level.all } else { self.level.all - self.level.good.min(self.level.all) }
    }

    /// Successes missing against the level, rounded down.
    fn lost(&self, tally: Tally) -> u64 {
        let expected = self.level.good * tally.all / self.level.all;
        u64::try_from(expected.saturating_sub(tally.good)).expect("a bin loses fewer than 2^64 calls")
    }

    fn start_of(&self, bin: usize) -> SimTime {
        SimTime::ZERO.saturating_add(self.bin.saturating_mul(bin as u64))
    }
}

fn tally(bin: &Bin, closed: bool) -> Tally {
    if closed {
        Tally { good: u128::from(bin.completed), all: 1 }
    } else {
        Tally { good: u128::from(bin.succeeded), all: u128::from(bin.started) }
    }
}

/// Recovery after each episode of faults, and whether the run is stuck at its end.
pub fn episodes(times: &Clockwork, faults: &[(SimTime, Option<SimTime>)], bins: &[Bin], closed: bool) -> (Vec<Episode>, bool) {
    let spans = united(faults, times.hold);
    let Some(&(first, ..)) = spans.first() else { return (Vec::new(), false) };
    // The last bin may be cut short by the horizon: only whole ones are looked at.
    let whole = (times.horizon / times.bin) as usize;
    let bins = &bins[..whole.min(bins.len())];
    let before =
        times.warm_up.as_nanos().div_ceil(times.bin.as_nanos()) as usize..((first.since_start() / times.bin) as usize).min(bins.len());
    let level = bins.get(before.clone()).unwrap_or_default().iter().fold(Tally::default(), |sum, bin| sum.add(tally(bin, closed)));
    if level.good == 0 || level.all == 0 {
        let reason = "no level to come back to: no call succeeded in a whole bin between the warm-up and the first fault".to_owned();
        let undecided = |&(begin, end, _): &(SimTime, SimTime, bool)| Episode {
            begin,
            end,
            recovery: Recovery::Undecided(reason.clone()),
            downtime: SimDuration::ZERO,
            calls_lost: 0,
            relapses: 0,
        };
        return (spans.iter().map(undecided).collect(), false);
    }
    let running = |sum: &mut Tally, bin: &Bin| {
        *sum = sum.add(tally(bin, closed));
        Some(*sum)
    };
    let sums = std::iter::once(Tally::default()).chain(bins.iter().scan(Tally::default(), running)).collect();
    let curve = Curve { bins, closed, level, bin: times.bin, sums };
    let hold = (times.hold / times.bin) as usize;
    let horizon = curve.start_of(bins.len());
    let next = |index: usize| spans.get(index + 1).map(|next| next.0).filter(|next| *next < horizon);
    let episodes: Vec<_> =
        spans.iter().enumerate().map(|(index, &(begin, end, _))| episode(&curve, hold, (begin, end), next(index), horizon)).collect();
    let all_over = spans.iter().all(|&(_, end, ends)| ends && end < horizon);
    let censored = matches!(episodes.last().map(|episode| &episode.recovery), Some(Recovery::Censored(_)));
    let stuck = censored && all_over && (closed || is_offered_as_before(bins, before, hold));
    (episodes, stuck)
}

/// Fault windows closer than the hold time, united: begin, end, and whether it ends at all.
fn united(faults: &[(SimTime, Option<SimTime>)], hold: SimDuration) -> Vec<(SimTime, SimTime, bool)> {
    let mut windows: Vec<_> = faults.iter().map(|&(begin, end)| (begin, end.unwrap_or(begin), end.is_some())).collect();
    windows.sort_unstable();
    let mut spans: Vec<(SimTime, SimTime, bool)> = Vec::new();
    for (begin, end, ends) in windows {
        match spans.last_mut() {
            Some(last) if begin < last.1.saturating_add(hold) => *last = (last.0, last.1.max(end), last.2 && ends),
            _ => spans.push((begin, end, ends)),
        }
    }
    spans
}

/// One episode, up to the begin of the next one or the horizon.
fn episode(curve: &Curve<'_>, hold: usize, (begin, end): (SimTime, SimTime), next: Option<SimTime>, horizon: SimTime) -> Episode {
    let limit = next.unwrap_or(horizon);
    let first_bin = (begin.since_start() / curve.bin) as usize;
    let last_bin = ((limit.since_start() / curve.bin) as usize).min(curve.bins.len());
    // Calls of the last bin may still be under way when the next fault strikes them: what becomes of them is the next episode's.
    let last_bin = if next.is_some() { last_bin.saturating_sub(1) } else { last_bin };
    let (mut last_below, mut relapses, mut was_below) = (None, 0, true);
    for window in (first_bin + 1).saturating_sub(hold)..(last_bin + 1).saturating_sub(hold) {
        let below = curve.is_below(curve.window(window, window + hold));
        if below {
            last_below = Some(curve.start_of(window + hold));
            relapses += u32::from(!was_below && curve.start_of(window) >= end);
        }
        was_below = below;
    }
    let hold_time = curve.bin * hold as u64;
    let recovery = match last_below {
        None => Recovery::Unharmed,
        Some(at) if at.saturating_add(hold_time) <= limit => Recovery::After(at.saturating_since(end)),
        Some(_) => Recovery::Censored(limit.saturating_since(end)),
    };
    let until = match &recovery {
        Recovery::After(length) => end.saturating_add(*length).max(last_below.unwrap_or(end)),
        Recovery::Censored(_) => limit,
        Recovery::Unharmed | Recovery::Undecided(_) => begin,
    };
    let down = (first_bin..last_bin).filter(|&bin| curve.start_of(bin) < until && curve.is_below(curve.tally(bin)));
    // Against the level of all these bins together: bin by bin up to one call each would be cut off.
    let (downtime, in_it) =
        down.fold((SimDuration::ZERO, Tally::default()), |(time, sum), bin| (time.saturating_add(curve.bin), sum.add(curve.tally(bin))));
    let calls_lost = curve.lost(in_it);
    Episode { begin, end, recovery, downtime, calls_lost, relapses }
}

/// Whether first tries come at least at nine tenths of the rate they had before the first fault, or miss that by no more than chance: few calls
/// come unevenly.
fn is_offered_as_before(bins: &[Bin], before: std::ops::Range<usize>, hold: usize) -> bool {
    let calls = |range: std::ops::Range<usize>| bins[range].iter().map(|bin| u128::from(bin.started)).sum::<u128>();
    let (length, last) = (before.len() as u128, bins.len().saturating_sub(hold)..bins.len());
    // Everything is multiplied by ten times the length of what was before.
    let (seen, wanted) = (calls(last.clone()) * length * 10, 9 * calls(before) * last.len() as u128);
    let missing = wanted.saturating_sub(seen);
    missing * missing <= STANDARD_DEVIATIONS * STANDARD_DEVIATIONS * wanted * length * 10
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(horizon: u64) -> Clockwork {
        Clockwork { horizon: SimDuration::from_secs(horizon), ..Clockwork::default() }
    }

    const fn at(second: u64) -> SimTime {
        SimTime::from_nanos(second * 1_000_000_000)
    }

    /// A hundred calls start each second; so many of them succeed.
    fn bins(succeeded: impl Fn(u64) -> u64, horizon: u64) -> Vec<Bin> {
        (0..horizon)
            .map(|second| Bin { started: 100, succeeded: succeeded(second), completed: succeeded(second), ..Bin::default() })
            .collect()
    }

    #[test]
    fn recovery_is_counted_from_the_end_of_the_fault_to_the_end_of_the_last_window_below() {
        let bins = bins(|second| if (20..33).contains(&second) { 0 } else { 100 }, 60);
        let (episodes, stuck) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false);
        // The last window that holds a bad second is that of 32..37.
        assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(7)));
        assert_eq!(episodes[0].downtime, SimDuration::from_secs(13));
        assert_eq!(episodes[0].calls_lost, 1300);
        assert!(!stuck);
    }

    #[test]
    fn a_run_that_stays_down_is_censored_and_stuck() {
        let bins = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
        let (episodes, stuck) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false);
        assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(30)));
        assert!(stuck);
    }

    #[test]
    fn a_run_that_stays_down_because_nobody_calls_is_not_stuck() {
        let mut bins = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
        bins[40..].iter_mut().for_each(|bin| *bin = Bin { started: 50, succeeded: 0, ..Bin::default() });
        assert!(!episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
    }

    #[test]
    fn few_calls_that_come_unevenly_are_offered_as_before() {
        let down = |second: u64| if second >= 20 { 0 } else { 10 };
        let mut bins: Vec<Bin> =
            (0..60).map(|second| Bin { started: 10, succeeded: down(second), completed: down(second), ..Bin::default() }).collect();
        // 35 in the last window instead of 45, which is nine tenths of 50: chance. 20 are none.
        bins[55..].iter_mut().for_each(|bin| bin.started = 7);
        assert!(episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
        bins[55..].iter_mut().for_each(|bin| bin.started = 4);
        assert!(!episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
    }

    #[test]
    fn calls_that_the_next_fault_overtakes_do_not_make_the_one_before_last() {
        // A call takes half a second: half of those that start in the second before a strike are struck.
        let succeed = |second: u64| match second {
            20..25 | 40..45 => 0,
            19 | 39 => 50,
            _ => 100,
        };
        let bins = bins(succeed, 80);
        let strikes = [(at(20), Some(at(25))), (at(40), Some(at(45)))];
        let (episodes, _) = episodes(&times(80), &strikes, &bins, false);
        assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(4)));
    }

    #[test]
    fn a_fault_that_nobody_noticed_leaves_the_run_unharmed() {
        let bins = bins(|second| if second == 21 { 90 } else { 100 }, 60);
        let (episodes, _) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false);
        assert_eq!(episodes[0].recovery, Recovery::Unharmed);
        assert_eq!(episodes[0].calls_lost, 0);
    }

    #[test]
    fn recovery_needs_a_whole_hold_time_above_before_the_horizon() {
        let bins = bins(|second| if (20..53).contains(&second) { 0 } else { 100 }, 60);
        let (episodes, _) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false);
        assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(30)));
    }

    #[test]
    fn faults_closer_than_the_hold_time_are_one_episode_and_others_censor_each_other() {
        let bins = bins(|second| if (20..50).contains(&second) { 0 } else { 100 }, 80);
        let near = [(at(20), Some(at(25))), (at(28), Some(at(30)))];
        let (united, _) = episodes(&times(80), &near, &bins, false);
        assert_eq!(united.len(), 1);
        assert_eq!((united[0].begin, united[0].end), (at(20), at(30)));
        let far = [(at(20), Some(at(25))), (at(40), Some(at(45)))];
        let (apart, _) = episodes(&times(80), &far, &bins, false);
        assert_eq!(apart[0].recovery, Recovery::Censored(SimDuration::from_secs(15)));
        assert_eq!(apart[1].recovery, Recovery::After(SimDuration::from_secs(9)));
    }

    #[test]
    fn falling_below_again_after_the_fault_is_a_relapse() {
        let bins = bins(|second| if (20..30).contains(&second) || (40..43).contains(&second) { 0 } else { 100 }, 80);
        let (episodes, _) = episodes(&times(80), &[(at(20), Some(at(30)))], &bins, false);
        assert_eq!(episodes[0].relapses, 1);
        assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(17)));
    }

    #[test]
    fn without_a_level_it_cannot_be_said() {
        let bins = bins(|_| 100, 60);
        let (episodes, stuck) = episodes(&times(60), &[(at(0), Some(at(30)))], &bins, false);
        assert!(matches!(&episodes[0].recovery, Recovery::Undecided(reason) if reason.contains("no level")));
        assert!(!stuck);
    }

    #[test]
    fn chance_alone_pushes_no_window_below_the_level() {
        // Five clients' worth of calls: a window holds 25 of them, and 22 are less than 95 % of that.
        let few = |second: u64| Bin { started: 5, succeeded: 5 - second % 2, completed: 5 - second % 2, ..Bin::default() };
        let bins: Vec<Bin> = (0..60).map(few).collect();
        let (episodes, stuck) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, true);
        assert_eq!(episodes[0].recovery, Recovery::Unharmed);
        assert!(!stuck);
    }

    #[test]
    fn closed_load_is_judged_by_the_number_of_successes() {
        let mut bins = bins(|second| if second >= 30 { 50 } else { 100 }, 60);
        bins.iter_mut().for_each(|bin| bin.started = bin.succeeded);
        let (episodes, stuck) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, true);
        assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(30)));
        assert!(stuck);
    }
}
