//! When has a system recovered from its faults?
//!
//! Open load: s(bin) is the share of the calls started in a bin that succeed. Closed load: the successes completed in a
//! bin. The *level* is s before the first fault and after the warm-up, or that of the *twin*: the same bins of the same run without faults, which
//! is exact because a fault re-rolls no draw. A rolling window of the hold time is *below* if its
//! s is less than 95 % of the level, and by more than chance, of which there is some in each of the many windows of a run
//! (`docs/decisions/0005-below-by-more-than-chance.md`). Once a whole window behind the fault has been above, service is back: a later one counts only if it is
//! below the same window of the twin as well, or queues that are long now and then would look like a fault that never ends. Recovery is the end of the last window below, minus the
//! end of the last fault of the episode; at least one whole hold time above must follow, else the episode is censored by the next one or the horizon.

mod curve;
mod stuck;

use super::{Bin, Episode, Recovery, StuckEvidence};
use crate::plan::Clockwork;
use curve::{Curve, Level, Sums, Tally};
use sim_core::time::{SimDuration, SimTime};
use stuck::Ending;

/// What is known of the same run without faults.
pub enum Twin<'a> {
    /// Its bins are the level.
    Level(&'a [Bin]),
    /// Its bins can be had, and are asked for only if service falls below its level again after it was back.
    AtHand(&'a mut dyn FnMut() -> Vec<Bin>),
    /// Nothing.
    Unknown,
}

/// Recovery after each episode of faults; and of a run that has not recovered at its end what says whether it is stuck.
pub fn episodes(
    times: &Clockwork,
    faults: &[(SimTime, Option<SimTime>)],
    bins: &[Bin],
    closed: bool,
    twin: Twin<'_>,
) -> (Vec<Episode>, Option<StuckEvidence>) {
    let judged = |level: Option<&[Bin]>, calm: Option<&[Bin]>| judged(times, faults, bins, closed, level, calm);
    match twin {
        Twin::Level(level) => judged(Some(level), None),
        Twin::Unknown => judged(None, None),
        Twin::AtHand(calm) => {
            let alone = judged(None, None);
            if alone.0.iter().any(|episode| episode.relapses > 0) { judged(None, Some(&calm())) } else { alone }
        }
    }
}

fn judged(
    times: &Clockwork,
    faults: &[(SimTime, Option<SimTime>)],
    bins: &[Bin],
    closed: bool,
    twin: Option<&[Bin]>,
    calm: Option<&[Bin]>,
) -> (Vec<Episode>, Option<StuckEvidence>) {
    let spans = united(faults, times.hold);
    let Some(&(first, ..)) = spans.first() else { return (Vec::new(), None) };
    // The last bin may be cut short by the horizon: only whole ones are looked at.
    let whole = (times.horizon / times.bin) as usize;
    let bins = &bins[..whole.min(bins.len())];
    let twin = twin.map(|twin| &twin[..whole.min(twin.len())]);
    let before =
        times.warm_up.as_nanos().div_ceil(times.bin.as_nanos()) as usize..((first.since_start() / times.bin) as usize).min(bins.len());
    let sums = Sums::of(bins, closed);
    let (level, known) = match twin {
        Some(twin) => (Level::Twin(Sums::of(twin, closed)), Sums::of(twin, closed).window(0, twin.len())),
        None => {
            let level = if before.start < before.end { sums.window(before.start, before.end) } else { sums.window(0, 0) };
            (Level::Before(level), level)
        }
    };
    if let Some(reason) = nothing_to_come_back_to(known, closed, twin.is_some()) {
        return (spans.iter().map(|span| undecided(span, &reason)).collect(), None);
    }
    let calm = calm.map(|calm| Sums::of(&calm[..whole.min(calm.len())], closed));
    let curve = Curve { bins: bins.len(), closed, level, calm, bin: times.bin, sums };
    let hold = (times.hold / times.bin) as usize;
    let horizon = curve.start_of(bins.len());
    let next = |index: usize| spans.get(index + 1).map(|next| next.0).filter(|next| *next < horizon);
    let episodes: Vec<_> = spans.iter().enumerate().map(|(index, span)| episode(&curve, hold, span, next(index), horizon)).collect();
    let all_over = spans.iter().all(|&(_, end, ends)| ends && end < horizon);
    let trigger_ended = spans.iter().map(|span| span.1).max().filter(|_| all_over);
    let is_down = matches!(episodes.last().map(|episode| &episode.recovery), Some(Recovery::Censored(_)));
    let evidence = is_down.then(|| Ending { curve: &curve, bins, before, twin, hold, trigger_ended }.evidence());
    (episodes, evidence)
}

/// Why there is no level that a run could come back to, if there is none. A share of less than a half is that of a system that is down already: a
/// fault that leaves it there has not left it unharmed.
fn nothing_to_come_back_to(known: Tally, closed: bool, of_twin: bool) -> Option<String> {
    let (without, before) = ("without the faults", "in a whole bin between the warm-up and the first fault");
    match known {
        Tally { good: 0, .. } | Tally { all: 0, .. } if of_twin => {
            Some(format!("no level to come back to: {without} no call succeeds either"))
        }
        Tally { good: 0, .. } | Tally { all: 0, .. } => Some(format!("no level to come back to: no call succeeded {before}")),
        Tally { good, all } if !closed && good * 2 < all => {
            let thousandths = good * 1000 / all;
            let share = format!("{}.{} % of calls succeed", thousandths / 10, thousandths % 10);
            let when = if of_twin { without } else { "before the first fault" };
            Some(format!("no level to come back to: {when} only {share}, so that service is down already"))
        }
        Tally { .. } => None,
    }
}

/// An episode of a run without a level.
fn undecided(&(begin, end, _): &(SimTime, SimTime, bool), reason: &str) -> Episode {
    let recovery = Recovery::Undecided(reason.to_owned());
    Episode { begin, end, recovery, downtime: SimDuration::ZERO, calls_lost: 0, relapses: 0 }
}

/// Fault windows between which no recovery could be seen, united: begin, end, and whether it ends at all. To be seen, even the fastest takes a hold time
/// until the last window that knows of the fault is over, and one more above.
fn united(faults: &[(SimTime, Option<SimTime>)], hold: SimDuration) -> Vec<(SimTime, SimTime, bool)> {
    let mut windows: Vec<_> = faults.iter().map(|&(begin, end)| (begin, end.unwrap_or(begin), end.is_some())).collect();
    windows.sort_unstable();
    let mut spans: Vec<(SimTime, SimTime, bool)> = Vec::new();
    for (begin, end, ends) in windows {
        match spans.last_mut() {
            Some(last) if begin < last.1.saturating_add(hold * 2) => *last = (last.0, last.1.max(end), last.2 && ends),
            _ => spans.push((begin, end, ends)),
        }
    }
    spans
}

/// One episode, up to the begin of the next one or the horizon.
fn episode(curve: &Curve, hold: usize, &(begin, end, ends): &(SimTime, SimTime, bool), next: Option<SimTime>, horizon: SimTime) -> Episode {
    let limit = next.unwrap_or(horizon);
    let first_bin = (begin.since_start() / curve.bin) as usize;
    let last_bin = ((limit.since_start() / curve.bin) as usize).min(curve.bins);
    // Calls of the last bin may still be under way when the next fault strikes them: what becomes of them is the next episode's.
    let last_bin = if next.is_some() { last_bin.saturating_sub(1) } else { last_bin };
    let (mut last_below, mut relapses, mut was_below, mut was_back) = (None, 0, true, false);
    for window in (first_bin + 1).saturating_sub(hold)..(last_bin + 1).saturating_sub(hold) {
        let below = curve.is_below(window, window + hold) && (!was_back || curve.is_below_calm(window, window + hold));
        let is_behind = curve.start_of(window) >= end;
        if below {
            last_below = Some(curve.start_of(window + hold));
            relapses += u32::from(!was_below && is_behind);
        }
        was_back |= is_behind && !below;
        was_below = below;
    }
    let hold_time = curve.bin * hold as u64;
    let recovery = match last_below {
        None => Recovery::Unharmed,
        Some(at) if at.saturating_add(hold_time) <= limit => Recovery::After(at.saturating_since(end)),
        // Even service that is back at once cannot be seen to be.
        Some(_) if ends && next.is_none() && limit.saturating_since(end).saturating_add(curve.bin) < hold_time * 2 => {
            Recovery::Undecided(format!(
                "the horizon comes {} after the last fault, and no recovery can be seen sooner than twice `hold`, {}, after it: let the run go on for longer",
                limit.saturating_since(end),
                hold_time * 2
            ))
        }
        Some(_) => Recovery::Censored(limit.saturating_since(end)),
    };
    let until = match &recovery {
        Recovery::After(length) => end.saturating_add(*length).max(last_below.unwrap_or(end)),
        Recovery::Censored(_) | Recovery::Undecided(_) => limit,
        Recovery::Unharmed => begin,
    };
    let down = || (first_bin..last_bin).filter(|&bin| curve.start_of(bin) < until && curve.is_below(bin, bin + 1));
    let downtime = down().fold(SimDuration::ZERO, |time, _| time.saturating_add(curve.bin));
    let calls_lost = curve.lost(down());
    Episode { begin, end, recovery, downtime, calls_lost, relapses }
}

#[cfg(test)]
mod tests;
