//! Which smaller scenarios are tried, and in which order?
//!
//! What shortens every later run comes first: the horizon, whole faults, clients. What only makes the result easier to read comes last.

use super::draft::{Draft, Section};
use super::edits::{Edit, at_a_glance, constant, fewer, left_out, rounded, sooner};
use models::faults::PlannedFault;
use models::plan::Clockwork;
use sim_core::time::SimDuration;

/// A smaller or simpler scenario.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What was done, in words.
    pub what: String,
    /// The scenario.
    pub draft: Draft,
    /// What it is good for.
    pub gain: Gain,
}

/// What a proposal is good for, which says how many events it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gain {
    /// There is less of it, so that it may have as many events.
    Less,
    /// It is easier to read, and may have a few events more.
    Simpler,
    /// It only says something else, and is worth that if it has fewer events.
    Shorter,
}

impl Gain {
    /// The most events that are accepted where there are so many now.
    pub const fn most_events(self, now: u64) -> u64 {
        match self {
            Self::Less => now,
            Self::Simpler => now.saturating_add(now / 10),
            Self::Shorter => now.saturating_sub(1 + now / 50),
        }
    }
}

impl Proposal {
    pub(super) fn smaller(what: String, draft: Draft) -> Self {
        Self { what, draft, gain: Gain::Less }
    }

    fn simpler(what: String, draft: Draft) -> Self {
        Self { what, draft, gain: Gain::Simpler }
    }

    fn shorter(what: String, draft: Draft) -> Self {
        Self { what, draft, gain: Gain::Shorter }
    }
}

/// Everything a pass proposes, the boldest first. What it proposes gets less with everything that is accepted, so that it comes to an end.
pub type Pass = fn(&Draft) -> Vec<Proposal>;

/// Those that make it smaller, in order.
pub const REDUCING: [Pass; 14] = [
    shorter_horizon,
    fewer_faults,
    fewer_strikes,
    fewer_of_everything,
    whole_entries,
    parts_of_entries,
    plain_fields,
    shorter_times_around,
    merged_faults,
    shorter_faults,
    everything_earlier,
    earlier_faults,
    closer_together,
    shorter_lengths,
];

/// Those worth trying under another seed: each of them makes every event after it another one.
pub const BOLD: [Pass; 6] = [shorter_horizon, fewer_faults, everything_earlier, closer_together, fewer_of_everything, shorter_lengths];

/// The boldest of all: most runs have an end that has nothing to do with what came first. Worth many seeds.
pub fn much_earlier(draft: &Draft) -> Vec<Proposal> {
    everything_earlier(draft).into_iter().take(2).collect()
}

/// Those that only make it easier to read.
pub const ROUNDING: [Pass; 2] = [round_faults, round_horizon];

/// No fault is made shorter than this: who reads it does not care.
const SHORTEST: SimDuration = SimDuration::from_millis(1);

/// The run is over earlier: faults that would come later are left out.
fn shorter_horizon(draft: &Draft) -> Vec<Proposal> {
    let Some(horizon) = draft.length("horizon") else { return Vec::new() };
    let parts = [(1, 16), (1, 8), (1, 4), (3, 8), (1, 2), (5, 8), (3, 4), (7, 8), (15, 16)];
    let shorter = |(part, whole): (u64, u64)| {
        let length = rounded(horizon.scaled(part, whole));
        (!length.is_zero() && length < horizon).then(|| Proposal::smaller(format!("a horizon of {length}"), until(draft, length)))
    };
    parts.into_iter().filter_map(shorter).collect()
}

fn until(draft: &Draft, horizon: SimDuration) -> Draft {
    let mut other = draft.with_field("horizon", format!("\"{horizon}\""));
    other.faults.retain(|fault| fault.timing.at.is_none_or(|at| at < horizon));
    if other.length("warm_up").is_some_and(|warm_up| warm_up >= horizon) {
        other = other.with_field("warm_up", "\"0s\"".to_owned());
    }
    other
}

/// Delta debugging: none, halves, quarters, ..., single ones left out.
fn fewer_faults(draft: &Draft) -> Vec<Proposal> {
    let count = draft.faults.len();
    let mut all = Vec::new();
    let mut size = count;
    while size > 0 {
        for start in (0..count).step_by(size) {
            let range = start..(start + size).min(count);
            let what = match range.len() {
                1 => format!("without `{}`", draft.faults[start].label()),
                some => format!("without {some} of {count} faults"),
            };
            let mut other = draft.clone();
            other.faults.drain(range);
            all.push(Proposal::smaller(what, other));
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    all
}

/// A fault that strikes again and again strikes less often, or once.
fn fewer_strikes(draft: &Draft) -> Vec<Proposal> {
    let mut all = Vec::new();
    for (index, fault) in draft.faults.iter().enumerate() {
        let Some(again) = again(fault) else { continue };
        for times in again {
            let mut other = draft.clone();
            let timing = &mut other.faults[index].timing;
            if times == 1 {
                (timing.every, timing.times) = (None, None);
            } else {
                timing.times = Some(times);
            }
            let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            all.push(Proposal::smaller(format!("`{}` {often}", fault.label()), other));
        }
    }
    all
}

/// How often a fault might strike that strikes more often, the fewest first.
fn again(fault: &PlannedFault) -> Option<Vec<u32>> {
    let timing = &fault.timing;
    let now = match (timing.times, timing.every, &timing.when) {
        (Some(times), _, _) => times,
        // Until the horizon.
        (None, Some(_), _) => u32::MAX,
        (None, None, _) => return None,
    };
    let mut fewer = vec![1, 2, 3, 4, 6, 8, now / 4, now / 2];
    fewer.retain(|times| (1..now).contains(times) && *times < 1_000);
    fewer.sort_unstable();
    fewer.dedup();
    Some(fewer)
}

/// Fewer clients, replicas, members, workers, attempts, and calls per second.
fn fewer_of_everything(draft: &Draft) -> Vec<Proposal> {
    edited(draft, &["nodes", "groups", "stacks"], fewer, Gain::Less)
}

/// Whole entries are left out: nodes with what is said about their edges, links, stacks, clocks, alerts, expectations.
fn whole_entries(draft: &Draft) -> Vec<Proposal> {
    let mut all = Vec::new();
    for (place, section) in draft.sections.iter().enumerate() {
        for (index, (key, value)) in section.entries.iter().enumerate() {
            let mut other = draft.clone();
            other.sections[place].entries.remove(index);
            if section.name == "nodes" || section.name == "groups" {
                other.sections.iter_mut().filter(|section| section.name == "stacks").for_each(|stacks| forget(stacks, key));
            }
            let name = if section.is_list { at_a_glance(value) } else { key.clone() };
            all.push(Proposal::smaller(format!("{} without `{name}`", section.name), other));
        }
    }
    all
}

/// No stack stands on an edge of this node any more.
fn forget(stacks: &mut Section, node: &str) {
    stacks.entries.retain(|(edge, _)| edge.split("->").all(|end| end.trim() != node));
}

/// Fields and items inside of entries are left out.
fn parts_of_entries(draft: &Draft) -> Vec<Proposal> {
    edited(draft, &["nodes", "groups", "links", "stacks", "clocks", "alerts"], left_out, Gain::Simpler)
}

/// What takes a while takes less: leases, pauses, waits.
fn shorter_lengths(draft: &Draft) -> Vec<Proposal> {
    edited(draft, &["nodes", "groups", "stacks"], sooner, Gain::Shorter)
}

/// Lengths are always their mean.
pub fn constants(draft: &Draft) -> Vec<Proposal> {
    edited(draft, &["nodes", "groups", "links", "stacks", "clocks"], constant, Gain::Simpler)
}

/// Every edit of every entry of some sections.
fn edited(draft: &Draft, sections: &[&str], edits: fn(&str) -> Vec<Edit>, gain: Gain) -> Vec<Proposal> {
    let mut all = Vec::new();
    for (place, section) in draft.sections.iter().enumerate().filter(|(_, section)| sections.contains(&section.name.as_str())) {
        for (index, (key, value)) in section.entries.iter().enumerate() {
            for (text, what) in edits(value) {
                let mut other = draft.clone();
                other.sections[place].entries[index].1 = text;
                let owner = if section.is_list { section.name.as_str() } else { key.as_str() };
                all.push(Proposal { what: format!("{owner}: {what}"), draft: other, gain });
            }
        }
    }
    all
}

/// Plain fields are left out, and so fall back to what is usual. A drain that was made shorter than that stays: to and fro between the two would
/// be endless.
fn plain_fields(draft: &Draft) -> Vec<Proposal> {
    let is_short = draft.length("drain").is_some_and(|drain| drain < Clockwork::default().drain);
    let needed = |name: &str| ["schema", "name", "horizon"].contains(&name) || (name == "drain" && is_short);
    let optional = draft.fields.iter().enumerate().filter(|(_, (name, _))| !needed(name));
    optional
        .map(|(index, (name, _))| {
            let mut other = draft.clone();
            other.fields.remove(index);
            Proposal::simpler(format!("without `{name}`"), other)
        })
        .collect()
}

/// The drain is shorter; one that nobody wrote only if that is worth a line.
fn shorter_times_around(draft: &Draft) -> Vec<Proposal> {
    let written = draft.length("drain");
    let drain = written.unwrap_or_else(|| Clockwork::default().drain);
    let shorter = [SimDuration::ZERO, rounded(drain / 10), rounded(drain / 2)].into_iter().filter(|shorter| *shorter < drain);
    let propose = if written.is_some() { Proposal::smaller } else { Proposal::shorter };
    shorter.map(|drain| propose(format!("a drain of {drain}"), draft.with_field("drain", format!("\"{drain}\"")))).collect()
}

/// Two strikes of the same fault at the same members become one that lasts from the begin of the first to the end of the last.
fn merged_faults(draft: &Draft) -> Vec<Proposal> {
    let mut all = Vec::new();
    for first in 0..draft.faults.len() {
        for second in first + 1..draft.faults.len() {
            if let Some(both) = merged(&draft.faults[first], &draft.faults[second]) {
                let mut other = draft.clone();
                let what = format!("`{}` and `{}` in one", other.faults[first].label(), other.faults[second].label());
                other.faults[first] = both;
                other.faults.remove(second);
                all.push(Proposal::simpler(what, other));
            }
        }
    }
    all
}

fn merged(a: &PlannedFault, b: &PlannedFault) -> Option<PlannedFault> {
    let plain = |one: &PlannedFault| one.timing.every.is_none() && one.timing.when.is_none() && one.timing.renewal.is_none();
    if a.fault != b.fault || a.timing.only != b.timing.only || a.timing.pick != b.timing.pick || !plain(a) || !plain(b) {
        return None;
    }
    let (from, end) = (a.timing.at?.min(b.timing.at?), (a.timing.at? + a.timing.lasts?).max(b.timing.at? + b.timing.lasts?));
    let mut both = a.clone();
    both.timing.at = Some(from);
    both.timing.lasts = Some(end - from);
    Some(both)
}

/// Faults last half as long, or less.
fn shorter_faults(draft: &Draft) -> Vec<Proposal> {
    changed_faults(draft, Gain::Less, |fault| {
        let Some(lasts) = fault.timing.lasts else { return Vec::new() };
        let shorter = [lasts / 10, lasts / 2, lasts.scaled(3, 4)].map(rounded);
        shorter
            .into_iter()
            .filter(|shorter| (SHORTEST..lasts).contains(shorter))
            .map(|shorter| with_times(fault, fault.timing.at, Some(shorter)))
            .collect()
    })
}

/// All faults and the horizon come earlier by the same length.
fn everything_earlier(draft: &Draft) -> Vec<Proposal> {
    let (Some(horizon), Some(first)) = (draft.length("horizon"), draft.faults.iter().filter_map(|fault| fault.timing.at).min()) else {
        return Vec::new();
    };
    let by = [(9, 10), (3, 4), (1, 2), (1, 4)].map(|(part, whole)| rounded(first.scaled(part, whole)));
    let by = by.into_iter().filter(|by| *by >= SHORTEST && *by < first && *by < horizon);
    by.map(|by| {
        let mut other = draft.with_field("horizon", format!("\"{}\"", horizon - by));
        for fault in &mut other.faults {
            fault.timing.at = fault.timing.at.map(|at| at.saturating_sub(by));
        }
        Proposal::smaller(format!("everything {by} earlier"), other)
    })
    .collect()
}

/// The time between a fault and the one before it is shorter, so that everything behind it comes earlier.
fn closer_together(draft: &Draft) -> Vec<Proposal> {
    let Some(horizon) = draft.length("horizon") else { return Vec::new() };
    let mut begins: Vec<SimDuration> = draft.faults.iter().filter_map(|fault| fault.timing.at).collect();
    begins.sort_unstable();
    begins.dedup();
    let mut all = Vec::new();
    for pair in begins.windows(2) {
        let gap = pair[1] - pair[0];
        let by = [(3, 4), (1, 2), (1, 4)].map(|(part, whole)| rounded(gap.scaled(part, whole)));
        for by in by.into_iter().filter(|by| *by >= SHORTEST && *by < gap && *by < horizon) {
            let mut other = draft.with_field("horizon", format!("\"{}\"", horizon - by));
            let later = other.faults.iter_mut().filter(|fault| fault.timing.at.is_some_and(|at| at >= pair[1]));
            later.for_each(|fault| fault.timing.at = fault.timing.at.map(|at| at - by));
            all.push(Proposal::shorter(format!("everything from {} on {by} earlier", pair[1]), other));
        }
    }
    all
}

/// Faults begin earlier, so that the horizon may come earlier, too.
fn earlier_faults(draft: &Draft) -> Vec<Proposal> {
    changed_faults(draft, Gain::Less, |fault| {
        let Some(at) = fault.timing.at else { return Vec::new() };
        let earlier = [at / 10, at / 4, at / 2].map(rounded);
        earlier
            .into_iter()
            .filter(|earlier| (SHORTEST..at).contains(earlier))
            .map(|earlier| with_times(fault, Some(earlier), fault.timing.lasts))
            .collect()
    })
}

/// Faults begin and last for round times: the fewer digits, the earlier they come.
fn round_faults(draft: &Draft) -> Vec<Proposal> {
    changed_faults(draft, Gain::Simpler, |fault| {
        let units = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000];
        let rounder = units.into_iter().filter_map(|unit| {
            let (at, lasts) = (fault.timing.at.map(|at| to(at, unit)), fault.timing.lasts.map(|lasts| to(lasts, unit)));
            let is_other = (at, lasts) != (fault.timing.at, fault.timing.lasts);
            (is_other && at.is_none_or(|at| !at.is_zero()) && lasts.is_none_or(|lasts| !lasts.is_zero()))
                .then(|| with_times(fault, at, lasts))
        });
        rounder.collect()
    })
}

/// The nearest whole multiple.
const fn to(length: SimDuration, unit: u64) -> SimDuration {
    SimDuration::from_nanos((length.as_nanos() + unit / 2) / unit * unit)
}

fn with_times(fault: &PlannedFault, at: Option<SimDuration>, lasts: Option<SimDuration>) -> PlannedFault {
    let mut other = fault.clone();
    other.timing.at = at;
    other.timing.lasts = lasts;
    other
}

fn changed_faults(draft: &Draft, gain: Gain, changes: fn(&PlannedFault) -> Vec<PlannedFault>) -> Vec<Proposal> {
    let mut all = Vec::new();
    for (index, fault) in draft.faults.iter().enumerate() {
        for changed in changes(fault) {
            let time = |word: &str, length: Option<SimDuration>| length.map_or_else(String::new, |length| format!(" {word} {length}"));
            let what = format!("`{}`{}{}", fault.label(), time("at", changed.timing.at), time("for", changed.timing.lasts));
            let mut other = draft.clone();
            other.faults[index] = changed;
            all.push(Proposal { what, draft: other, gain });
        }
    }
    all
}

/// A horizon in whole seconds.
fn round_horizon(draft: &Draft) -> Vec<Proposal> {
    let Some(horizon) = draft.length("horizon") else { return Vec::new() };
    let second = SimDuration::from_secs(1);
    let rest = horizon % second;
    if rest.is_zero() {
        return Vec::new();
    }
    let round = horizon - rest + second;
    vec![Proposal::simpler(format!("a horizon of {round}"), draft.with_field("horizon", format!("\"{round}\"")))]
}
