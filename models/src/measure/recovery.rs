//! When has a system recovered from its faults?
//!
//! Open load: s(bin) is the share of the calls started in a bin that succeed. Closed load: the successes completed in a
//! bin. The *level* is s before the first fault and after the warm-up, or that of the *twin*: the same bins of the same run without faults, which
//! is exact because a fault re-rolls no draw. A rolling window of the hold time is *below* if its
//! s is less than 95 % of the level, and by more than chance, of which there is some in each of the many windows of a run
//! (`docs/decisions/0005-below-by-more-than-chance.md`). Once a whole window behind the fault has been above, service is back: a later one counts only if it is
//! below the same window of the twin as well, or queues that are long now and then would look like a fault that never ends. Recovery is the end of the last window below, minus the
//! end of the last fault of the episode; at least one whole hold time above must follow, else the episode is censored by the next one or the horizon. A next
//! one that harms nothing is looked through, and service that was above its level when it was cut off, for less than the hold time, is neither back nor down.
//! Nothing is said where even a total outage could not be told from luck, or where service goes down without the faults as well.

mod curve;
mod passage;
mod power;
mod stuck;

use super::{Bin, Episode, Recovery, StuckEvidence};
use crate::plan::Clockwork;
use curve::{Curve, Level, Sums, Tally};
use passage::{Span, Watch};
pub use power::{fewest_calls, hold_for, is_enough};
use sim_core::time::{SimDuration, SimTime};
use stuck::Ending;

/// How the reason begins why recovery is undecided where there is nothing to come back to.
pub const NO_LEVEL: &str = "no level to come back to";

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
    let Some(first) = spans.first().map(|span| span.begin) else { return (Vec::new(), None) };
    // The last bin may be cut short by the horizon: only whole ones are looked at.
    let whole = (times.horizon / times.bin) as usize;
    let bins = &bins[..whole.min(bins.len())];
    let twin = twin.map(|twin| &twin[..whole.min(twin.len())]);
    let measured = times.warm_up.as_nanos().div_ceil(times.bin.as_nanos()) as usize;
    let before = measured..((first.since_start() / times.bin) as usize).min(bins.len());
    let sums = Sums::of(bins, closed);
    let (level, known) = match twin {
        Some(twin) => (Level::Twin(Sums::of(twin, closed)), Sums::of(twin, closed).window(0, twin.len())),
        None => {
            let level = if before.start < before.end { sums.window(before.start, before.end) } else { sums.window(0, 0) };
            (Level::Before(level), level)
        }
    };
    if let Some(reason) = nothing_to_come_back_to(known, closed, twin.is_some()) {
        return (spans.iter().map(|span| span.undecided(&reason)).collect(), None);
    }
    let calm = calm.map(|calm| Sums::of(&calm[..whole.min(calm.len())], closed));
    let answered = Sums::of_answers(bins);
    let curve = Curve { bins: bins.len(), closed, level, calm, bin: times.bin, sums, answered };
    let hold = (times.hold / times.bin) as usize;
    let mut episodes = Watch { curve: &curve, hold, horizon: curve.start_of(bins.len()) }.over(&spans);
    let horizon = curve.start_of(bins.len());
    if let Some(reason) = power::lacking(&curve, hold, measured, known) {
        // Whoever is seen to be down is down, however few calls say so.
        doubt(&mut episodes, &spans, |episode| !matches!(episode.recovery, Recovery::Censored(_)), &reason);
    } else if let Some(reason) = goes_down_by_itself(&curve, hold, known) {
        let begin = episodes.last().map(|episode| episode.begin);
        let is_last = |episode: &Episode| Some(episode.begin) == begin && !matches!(episode.recovery, Recovery::Censored(_));
        doubt(&mut episodes, &spans, is_last, &reason);
    }
    let all_over = spans.iter().all(|span| span.ends && span.end < horizon);
    let trigger_ended = spans.iter().map(|span| span.end).max().filter(|_| all_over);
    let is_down = matches!(episodes.last().map(|episode| &episode.recovery), Some(Recovery::Censored(_)));
    let evidence = is_down.then(|| Ending { curve: &curve, bins, before, twin, hold, trigger_ended }.evidence());
    (episodes, evidence)
}

/// Takes back what was said of some episodes, unless it could not be said anyhow.
fn doubt(episodes: &mut [Episode], spans: &[Span], is_meant: impl Fn(&Episode) -> bool, reason: &str) {
    for (episode, span) in episodes.iter_mut().zip(spans) {
        if is_meant(episode) && !matches!(episode.recovery, Recovery::Undecided(_)) {
            *episode = span.undecided(reason);
        }
    }
}

/// Why the time before the first fault is no level, if it is none: in the run without faults less than half of it is left in the last two windows.
fn goes_down_by_itself(curve: &Curve, hold: usize, known: Tally) -> Option<String> {
    let calm = curve.calm.as_ref()?;
    let last = calm.window(curve.bins.checked_sub(2 * hold)?, curve.bins);
    let is_halved = last.good * known.all * 2 < known.good * last.all;
    (is_halved && curve.is_worse(last, known, false)).then(|| {
        format!(
            "service goes down by itself: without the faults it is below its level at the horizon as well, with {} of what it was before the first \
             fault, so that nothing can be said of the faults; lower the load, or give the system time to settle in `warm_up`",
            in_percent(last.good * known.all, known.good * last.all)
        )
    })
}

/// A share with one digit behind the point.
fn in_percent(part: u128, whole: u128) -> String {
    let thousandths = (part * 1000).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// Why there is no level that a run could come back to, if there is none. A share of less than a half is that of a system that is down already: a
/// fault that leaves it there has not left it unharmed.
fn nothing_to_come_back_to(known: Tally, closed: bool, of_twin: bool) -> Option<String> {
    let (without, before) = ("without the faults", "in a whole bin between the warm-up and the first fault");
    match known {
        Tally { good: 0, .. } | Tally { all: 0, .. } if of_twin => Some(format!("{NO_LEVEL}: {without} no call succeeds either")),
        Tally { good: 0, .. } | Tally { all: 0, .. } => Some(format!("{NO_LEVEL}: no call succeeded {before}")),
        Tally { good, all } if !closed && good * 2 < all => {
            let share = format!("{} of calls succeed", in_percent(good, all));
            let when = if of_twin { without } else { "before the first fault" };
            Some(format!("{NO_LEVEL}: {when} only {share}, so that service is down already"))
        }
        Tally { .. } => None,
    }
}

/// Fault windows between which no recovery could be seen, united. To be seen, even the fastest takes a hold time
/// until the last window that knows of the fault is over, and one more above.
fn united(faults: &[(SimTime, Option<SimTime>)], hold: SimDuration) -> Vec<Span> {
    let mut windows: Vec<_> = faults.iter().map(|&(begin, end)| (begin, end.unwrap_or(begin), end.is_some())).collect();
    windows.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for (begin, end, ends) in windows {
        match spans.last_mut() {
            Some(last) if begin < last.end.saturating_add(hold * 2) => {
                *last = Span { begin: last.begin, end: last.end.max(end), ends: last.ends && ends };
            }
            _ => spans.push(Span { begin, end, ends }),
        }
    }
    spans
}

#[cfg(test)]
mod tests;
