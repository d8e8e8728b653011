//! What ought a reader know before the numbers of a comparison are believed?
//!
//! Own definition. A *beginning* that was measured: service, or the number of calls under way, had not settled when the warm-up was
//! over. A horizon that comes too soon: no run could be seen to come back, an expected recovery lies beyond what is seen, or most runs that had not come back
//! were on their way; or that recovery cannot be judged at all. Arms that meet different loads. Arms and cells of which the same is to be said are counted, and the one that shows it best is named.

use super::cell_label;
use crate::number;
use scenarios::course::{Beginning, Quantity};
use scenarios::expect::Clause;
use scenarios::measure::{NO_LEVEL, Recovery, RunMeasures};
use scenarios::results::{Manifest, Results};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeSet;

/// One sentence for each doubt, with a remedy; usually none.
pub fn doubts(results: &Results) -> Vec<String> {
    let manifest = &results.manifest;
    let of_load = unequal_load(results);
    beginnings(results).into_iter().chain(of_load).chain(horizon(manifest)).chain(untold(results)).chain(on_their_way(results)).collect()
}

/// Arms that do not meet the same number of calls, though these come whatever becomes of earlier ones: an arm may have other clients.
fn unequal_load(results: &Results) -> Option<String> {
    let manifest = &results.manifest;
    if manifest.load != "open" {
        return None;
    }
    let found = (0..manifest.cells.len() as u32).find_map(|cell| {
        let of = |arm: u32| {
            let (calls, runs) = results.runs_of(cell, arm).fold((0, 0), |(calls, runs), (_, run)| (calls + run.calls, runs + 1));
            calls.checked_div(runs).map(|mean| (mean, arm))
        };
        let arms = 0..manifest.arms.len() as u32;
        let (least, most) = (arms.clone().filter_map(of).min()?, arms.filter_map(of).max()?);
        // Bursts of the same mean differ by luck.
        (least.0 * 10 < most.0 * 9).then_some((cell, least, most))
    })?;
    let (cell, least, most) = found;
    let told = |(calls, arm): (u64, u32), of: &str| format!("{}{of} in \"{}\"", number::count(calls), manifest.arms[arm as usize]);
    let with = cell_label(manifest, cell);
    let with = if with.is_empty() { String::new() } else { format!("with {with} ") };
    Some(format!(
        "arms do not meet the same load: {with}a run has {}, and {}, on average; what is said of their differences holds for the load as well as for what else \
         differs; give all arms the same clients, or vary the load in a sweep",
        told(least, " calls"),
        told(most, "")
    ))
}

/// What the first runs of a scenario show of its warm-up, for a single run as well.
fn beginnings(results: &Results) -> Option<String> {
    let manifest = &results.manifest;
    let found: Vec<(u32, u32, Beginning)> = results
        .series
        .iter()
        .filter_map(|series| Some((series.cell, series.arm, series.course.beginning(manifest, series.cell)?)))
        .collect();
    // What never settled needs most, and then what settled last.
    let worst = found.iter().max_by_key(|(cell, arm, seen)| (seen.settled.is_none(), seen.settled, std::cmp::Reverse((*cell, *arm))))?;
    let others = match found.len() {
        1 => String::new(),
        count => format!(" (worst of {count} such arms and cells)"),
    };
    Some(beginning(manifest, worst.0, worst.1, &worst.2, &others))
}

fn beginning(manifest: &Manifest, cell: u32, arm: u32, seen: &Beginning, others: &str) -> String {
    let place = format!("{}{others} ", place(manifest, cell, arm).trim_end());
    let place = place.trim_start();
    let (before, after) = (shown(seen.quantity, seen.before), shown(seen.quantity, seen.after));
    let what = match seen.quantity {
        Quantity::UnderWay => "calls under way",
        Quantity::Share => "calls that succeed",
        Quantity::Goodput => "successes per bin",
        Quantity::Started => "calls started per bin",
    };
    let is_service = matches!(seen.quantity, Quantity::Share | Quantity::Goodput);
    if is_service && seen.after * 2.0 < seen.before {
        let when = seen.settled.map_or_else(String::new, |at| format!(" at about {}", number::length(at.since_start())));
        return format!(
            "service goes down by itself, without a fault: {place}the {what} fall{when} from {before} on average to {after}; the load is more than is borne \
             for long, or something is used up and never given back (a worker or a client that waits for an answer without a `Timeout`), so that what comes later \
             says little about faults; lower the load, or look for the load from which it goes down (`Bisect` in a sweep), or end the wait"
        );
    }
    let before_what = if manifest.faults_of(cell).is_empty() { "the horizon" } else { "the first fault" };
    match seen.settled {
        Some(at) => format!(
            "the warm-up ({}) is too short: {place}the {what} settle at about {} only, {before} on average before and {after} after, \
             and what is measured holds the beginning; write `warm_up: \"{}\"`{}",
            number::length(manifest.warm_up),
            number::length(at.since_start()),
            whole_seconds(at),
            if manifest.faults_of(cell).is_empty() { "" } else { " and let the faults begin as much later" }
        ),
        None => format!(
            "nothing settles before {before_what}: {place}the {what} are {before} on average in the first half of the measured time \
             and {after} in the second; measure for longer, or take what is measured for this stretch of time only"
        ),
    }
}

/// In whole seconds, if that loses nothing worth keeping.
fn whole_seconds(at: SimTime) -> SimDuration {
    const SECOND: u64 = 1_000_000_000;
    let nanos = at.as_nanos();
    SimDuration::from_nanos(if nanos < 10 * SECOND { nanos } else { nanos.div_ceil(SECOND) * SECOND })
}

fn shown(quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::Share => number::percent((value.clamp(0.0, 1.0) * 1e9) as u64, 1_000_000_000),
        Quantity::UnderWay | Quantity::Goodput | Quantity::Started => number::significant(value),
    }
}

fn place(manifest: &Manifest, cell: u32, arm: u32) -> String {
    let with = cell_label(manifest, cell);
    let arm = match manifest.arms.len() {
        1 => String::new(),
        _ => format!("in \"{}\" ", manifest.arms[arm as usize]),
    };
    if with.is_empty() { arm } else { format!("with {with} {arm}") }
}

/// What the plan alone says of the horizon.
fn horizon(manifest: &Manifest) -> Vec<String> {
    // What the run decides may end faults sooner than they are planned to.
    if manifest.load == "one-shot" || manifest.wears || manifest.instants_differ {
        return Vec::new();
    }
    let horizon = SimTime::ZERO.saturating_add(manifest.horizon);
    // The cell whose last fault ends latest; faults beyond the horizon are a warning of their own.
    let ends = (0..manifest.cells.len() as u32)
        .filter_map(|cell| manifest.faults_of(cell).iter().map(|fault| fault.end.unwrap_or(fault.begin)).max());
    let Some(end) = ends.max().filter(|end| *end <= horizon) else { return Vec::new() };
    let left = horizon.saturating_since(end);
    let mut said = Vec::new();
    let (needed, hold) = (manifest.hold.saturating_mul(2), manifest.hold);
    if left < needed {
        said.push(format!(
            "the horizon is too near: {} are left after the last fault, and to see that a run has come back takes a window (`hold`, {}) and \
             another one after it; move the horizon to {} at least",
            number::length(left),
            number::length(hold),
            number::length(end.saturating_add(needed).since_start())
        ));
    }
    let limits = manifest.expect.iter().filter_map(|clause| match clause.bare() {
        Clause::Recovery(limits) => [limits.p50, limits.p90, limits.p99].into_iter().flatten().max(),
        _ => None,
    });
    if let Some(limit) = limits.max().filter(|limit| limit.saturating_add(hold) > left && left >= needed) {
        said.push(format!(
            "the horizon is too near: a recovery of {} is expected, and only what recovers within {} after the last fault can be seen to; \
             move the horizon to {} at least",
            number::length(limit),
            number::length(left.saturating_sub(hold)),
            number::length(end.saturating_add(limit).saturating_add(hold).since_start())
        ));
    }
    said
}

/// Runs of which it cannot be said how they came through their faults for want of calls, or since they go down without them, with the reason of the first
/// of them: most often it is that of all. Who has no level says so in the headline; who states properties, and expects nothing of recovery, does not ask.
fn untold(results: &Results) -> Option<String> {
    let manifest = &results.manifest;
    let is_of_recovery = |clause: &Clause| match clause.bare() {
        Clause::Recovery(_) | Clause::Stuck(_) => true,
        Clause::Measure(bounds) => ["recovery time", "downtime", "calls lost", "relapses", "stuck"].contains(&bounds.of.as_str()),
        _ => false,
    };
    let is_asked = manifest.properties.is_empty() || manifest.expect.iter().any(is_of_recovery);
    if !is_asked || manifest.load == "one-shot" || manifest.wears {
        return None;
    }
    let reason = |run: &RunMeasures| {
        let unmeasured = run.episodes.iter().find(|episode| episode.unmeasured)?;
        if let Recovery::Undecided(reason) = &unmeasured.recovery {
            Some(reason.clone()).filter(|reason| !reason.starts_with(NO_LEVEL))
        } else {
            None
        }
    };
    // One run of many that goes down by itself is left out where the others are counted, and no reason to doubt these.
    let is_rare = |cell: u32, arm: u32| {
        let found = results.runs_of(cell, arm).filter(|(_, run)| reason(run).is_some()).count();
        found * 20 < results.runs_of(cell, arm).count()
    };
    let places = (0..manifest.cells.len() as u32).flat_map(|cell| (0..manifest.arms.len() as u32).map(move |arm| (cell, arm)));
    let often: BTreeSet<(u32, u32)> = places.filter(|&(cell, arm)| !is_rare(cell, arm)).collect();
    let runs =
        || results.runs.iter().filter(|row| often.contains(&(row.cell, row.arm))).filter_map(|row| row.measures().map(|run| (row, run)));
    let (row, said) = runs().find_map(|(row, run)| reason(run).map(|reason| (row, reason)))?;
    let count = runs().filter(|(_, run)| reason(run).is_some()).count() as u64;
    let first =
        if count > 1 { format!(" (the first of them: {}seed {})", place(manifest, row.cell, row.arm), row.seed) } else { String::new() };
    let all = number::counted(&number::count(results.runs.iter().filter(|row| row.measures().is_some()).count() as u64), "run");
    Some(format!("recovery cannot be judged in {} of {all}: {said}{first}", number::count(count)))
}

/// Arms of which many runs had not come back at the horizon, most of them on their way.
fn on_their_way(results: &Results) -> Option<String> {
    let manifest = &results.manifest;
    if manifest.wears {
        return None;
    }
    let found = results.series.iter().filter_map(|series| {
        let (judged, censored, improving) = series.course.at_the_end();
        (10 * censored >= judged && 2 * improving > censored).then_some((improving, censored, judged, series))
    });
    let (improving, censored, judged, series) = found.max_by_key(|(improving, ..)| *improving)?;
    Some(format!(
        "the horizon is too near: {}{} of {} had not come back, and in {} of these more and more calls succeeded up to the end; \
         move the horizon ({}) to see whether they recover",
        place(manifest, series.cell, series.arm),
        number::count(censored),
        number::counted(&number::count(judged), "run"),
        number::count(improving),
        number::length(manifest.horizon)
    ))
}
