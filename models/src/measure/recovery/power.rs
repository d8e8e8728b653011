//! Could a total outage be told from luck at all?
//!
//! Own definition. A window in which nothing succeeds is below its level by more than luck from so many calls on, which is asked of the same test that judges
//! windows. Calls come unevenly: if less than nineteen windows of twenty have so many, by the normal approximation to Poisson's distribution, what no window
//! shows did not not happen, and the run says nothing of recovery. Under closed load the successes of a window are held against none.

use super::curve::{Curve, Level, Tally, is_beyond};
use sim_core::stats::likelihood;
use sim_core::time::SimDuration;

/// The square of how many standard deviations below its mean one window in twenty lies: 1.645.
const SQUARE: f64 = 2.706;

/// More calls than this in a window, all of which fail, are no luck wherever there is a level.
const MOST: u64 = 10_000;

/// How many calls of a window have to fail, if all do, before that is more than luck among so many windows: against a level of calls that succeed and how many
/// there were, which is a guess unless it is `known`. `None` if no number would be enough: too few calls tell the level.
pub fn fewest_calls(level: (u128, u128), known: bool, windows: usize) -> Option<u64> {
    let evidence = |count: u64| match known {
        true => likelihood::of_known_share((0, u128::from(count)), level),
        false => likelihood::of_shares((0, u128::from(count)), level),
    };
    (1..=MOST).find(|count| is_beyond(evidence(*count), windows))
}

/// Whether nineteen windows of twenty have so many calls at least, if they have so many on average.
pub fn is_enough(mean: f64, fewest: u64) -> bool {
    let spare = mean - fewest as f64;
    spare >= 0.0 && spare * spare >= SQUARE * mean
}

/// The shortest `hold`, in whole bins, whose windows have enough calls, if so many start in a bin.
pub fn hold_for(fewest: u64, calls_of_bin: f64, bin: SimDuration) -> Option<SimDuration> {
    let is_long_enough = |bins: &u64| is_enough(calls_of_bin * *bins as f64, fewest);
    (calls_of_bin > 0.0).then(|| (1..=MOST * 100).find(is_long_enough)).flatten().map(|bins| bin.saturating_mul(bins))
}

/// Why no window could show an outage, if none could, with a remedy.
pub(super) fn lacking(curve: &Curve, hold: usize, measured: usize, level: Tally) -> Option<String> {
    let width = curve.bin.saturating_mul(hold as u64);
    let remedy = |hold: Option<SimDuration>| {
        let longer = hold.map_or_else(String::new, |hold| format!(", or a larger `hold`: {hold} would do"));
        format!("have more calls made{longer}")
    };
    let said = |per_window: f64, of: &str, hold: Option<SimDuration>| {
        format!(
            "too few calls: a window of `hold`, {width}, has {per_window:.1} {of} on average, so that even an outage of all of them is not told from luck; {}",
            remedy(hold)
        )
    };
    if curve.closed {
        let is_seen = |bins: usize| curve.is_worse(Tally { good: 0, all: bins as u128 }, level, false);
        if is_seen(hold) {
            return None;
        }
        let per_window = level.good as f64 * hold as f64 / level.all as f64;
        let longer = (hold..=curve.bins).find(|bins| is_seen(*bins)).map(|bins| curve.bin.saturating_mul(bins as u64));
        return Some(said(per_window, "successes", longer));
    }
    let bins = curve.bins.saturating_sub(measured);
    let per_bin = curve.sums.window(measured, curve.bins).all as f64 / bins.max(1) as f64;
    let Some(fewest) = fewest_calls((level.good, level.all), matches!(curve.level, Level::Twin(_)), curve.bins) else {
        return Some(format!(
            "too few calls before the first fault: {} of them do not tell what is usual well enough for any outage to be told from luck; have more calls \
             made, or let the first fault begin later",
            level.all
        ));
    };
    let per_window = per_bin * hold as f64;
    (!is_enough(per_window, fewest)).then(|| said(per_window, "calls", hold_for(fewest, per_bin, curve.bin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_calls_that_all_fail_are_no_luck_and_one_less_may_be_some() {
        // By hand: 20 of 20 before, none of n in the window: (20 + n) H(n / (20 + n)) is 8.9 for 3 and 6.7 for 2, and ln(180 / 0.05) is 8.19.
        assert_eq!(fewest_calls((20, 20), false, 180), Some(3));
        // Where every call is known to succeed one failure is proof, and where half do it takes more.
        assert_eq!(fewest_calls((20, 20), true, 180), Some(1));
        assert_eq!(fewest_calls((50, 100), true, 180), Some(12));
        // A single call tells no level.
        assert_eq!(fewest_calls((1, 1), false, 180_000), None);
    }

    #[test]
    fn a_window_has_enough_calls_if_few_by_chance_are_enough_too() {
        assert!(!is_enough(2.9, 3) && !is_enough(6.0, 3) && is_enough(8.0, 3));
        let hold = hold_for(3, 0.1, SimDuration::from_secs(1)).expect("calls are made");
        assert!((SimDuration::from_secs(70)..=SimDuration::from_secs(80)).contains(&hold), "{hold}");
        assert_eq!(hold_for(3, 0.0, SimDuration::from_secs(1)), None);
    }
}
