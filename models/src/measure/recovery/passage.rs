//! How does service come through one episode of faults after the other?
//!
//! Own definition. An episode is watched up to the next one or the horizon. Cut off there it is *down* if service was still below its level, and *cut off* if
//! calls had begun to succeed again: if the last window below its level falls into a part that is worse than the level and one after it that is not, and
//! which differ by more than luck, and if calls were answered in that part before the horizon. If then the next episode leaves service unharmed, it is looked through: the one before it is watched for longer.

use super::super::{Episode, Recovery};
use super::curve::Curve;
use sim_core::time::{SimDuration, SimTime};

/// The faults of one episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// When the first of them begins.
    pub begin: SimTime,
    /// When the last of them ends, or the begin of one that never does.
    pub end: SimTime,
    /// Whether all of them end.
    pub ends: bool,
}

impl Span {
    /// An episode of which nothing can be said.
    pub(super) fn undecided(&self, reason: &str) -> Episode {
        let recovery = Recovery::Undecided(reason.to_owned());
        Episode { begin: self.begin, end: self.end, recovery, unmeasured: true, endless: !self.ends, ..Episode::default() }
    }
}

/// Service over a run in which faults struck.
pub(super) struct Watch<'a> {
    pub curve: &'a Curve,
    /// Bins of a window.
    pub hold: usize,
    pub horizon: SimTime,
}

/// From when on, and until when, an episode is watched.
#[derive(Clone, Copy)]
struct Limits {
    /// No window begins before this bin: what was lost there is the doing of an earlier episode.
    from: usize,
    until: SimTime,
    /// Whether another episode begins then, and not the horizon comes.
    is_next: bool,
}

impl Watch<'_> {
    /// All episodes, in order of time.
    pub(super) fn over(&self, spans: &[Span]) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = Vec::new();
        // Those that were above their level when they were cut off, each with the first bin of its windows.
        let mut waiting: Vec<(usize, usize)> = Vec::new();
        let mut from = 0;
        for (index, span) in spans.iter().enumerate() {
            let next = spans.get(index + 1).map(|next| next.begin).filter(|next| *next < self.horizon);
            let limits = Limits { from, until: next.unwrap_or(self.horizon), is_next: next.is_some() };
            let began_below = matches!(episodes.last().map(|before| &before.recovery), Some(Recovery::Censored(_)));
            let seen = Episode { began_below, ..self.through(span, limits) };
            if seen.recovery == Recovery::Unharmed {
                for (earlier, from) in std::mem::take(&mut waiting) {
                    let began_below = episodes[earlier].began_below;
                    let longer = Episode { began_below, ..self.through(&spans[earlier], Limits { from, ..limits }) };
                    waiting.extend(matches!(longer.recovery, Recovery::CutOff { .. }).then_some((earlier, from)));
                    episodes[earlier] = longer;
                }
            } else {
                waiting.clear();
            }
            if let Recovery::CutOff { above, .. } = seen.recovery {
                waiting.push((index, from));
                // What is lost from here on is the next one's doing.
                from = (limits.until.since_start().saturating_sub(above) / self.curve.bin) as usize;
            } else if waiting.is_empty() {
                from = 0;
            }
            episodes.push(seen);
        }
        episodes
    }

    /// One episode, as far as it is watched.
    fn through(&self, &Span { begin, end, ends }: &Span, limits: Limits) -> Episode {
        let (curve, hold, limit) = (self.curve, self.hold, limits.until);
        let first_bin = (begin.since_start() / curve.bin) as usize;
        let whole = ((limit.since_start() / curve.bin) as usize).min(curve.bins);
        // Calls of the last bin may still be under way when the next fault strikes them: what becomes of them is the next episode's.
        let last_bin = if limits.is_next { whole.saturating_sub(1) } else { whole };
        let (mut last_below, mut relapses, mut was_below, mut was_back) = (None, 0, true, false);
        for window in (first_bin + 1).saturating_sub(hold).max(limits.from)..(last_bin + 1).saturating_sub(hold) {
            let below = curve.is_below(window, window + hold) && (!was_back || curve.is_below_calm(window, window + hold));
            let is_behind = curve.start_of(window) >= end;
            if below {
                last_below = Some(window);
                relapses += u32::from(!was_below && is_behind);
            }
            was_back |= is_behind && !below;
            was_below = below;
        }
        let hold_time = curve.bin * hold as u64;
        let after = limit.saturating_since(end);
        let end_of = |window: usize| curve.start_of(window + hold);
        let recovery = match last_below {
            None => Recovery::Unharmed,
            Some(window) if end_of(window).saturating_add(hold_time) <= limit => Recovery::After(end_of(window).saturating_since(end)),
            // Even service that is back at once cannot be seen to be.
            Some(_) if ends && !limits.is_next && after.saturating_add(curve.bin) < hold_time * 2 => Recovery::Undecided(format!(
                "the horizon comes {after} after the last fault, and no recovery can be seen sooner than twice `hold`, {}, after it: let the run go on for longer",
                hold_time * 2
            )),
            Some(window) => match curve.turns(window, (whole, !limits.is_next), hold) {
                Some(bin) => {
                    let above = limit.saturating_since(curve.start_of(bin));
                    Recovery::CutOff { after, above, by_horizon: !limits.is_next }
                }
                None => Recovery::Censored(after),
            },
        };
        let until = match &recovery {
            Recovery::After(length) => end.saturating_add(*length).max(last_below.map_or(end, end_of)),
            Recovery::Censored(_) | Recovery::CutOff { .. } | Recovery::Undecided(_) => limit,
            Recovery::Unharmed => begin,
        };
        let down = || (first_bin..last_bin).filter(|&bin| curve.start_of(bin) < until && curve.is_below(bin, bin + 1));
        let downtime = down().fold(SimDuration::ZERO, |time, _| time.saturating_add(curve.bin));
        let calls_lost = curve.lost(down());
        Episode { begin, end, recovery, downtime, calls_lost, relapses, endless: !ends, ..Episode::default() }
    }
}
