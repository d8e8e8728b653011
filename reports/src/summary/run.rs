//! What does one run say for itself?

use crate::table::{Cell, Column, Table};
use scenarios::measure::{Bin, Fold, LatencySummary, Observation, RunMeasures, Unit, Uptime};
use scenarios::results::{FaultWindow, Manifest};
use scenarios::uptime::Quorum;
use sim_core::time::SimDuration;

/// The measures of one run, each with its meaning in one line. `bins` are what happened in its time bins.
pub fn single_run(manifest: &Manifest, run: &RunMeasures, bins: &[Bin]) -> Table {
    let mut table = Table::new("Measures of the run", vec![Column::text("measure"), Column::number("value", ""), Column::text("meaning")]);
    let mut say = |measure: &str, value: Cell, meaning: &str| {
        if value != Cell::Missing {
            table.push(vec![Cell::text(measure), value, Cell::text(meaning)]);
        }
    };
    say("calls", Cell::Count(run.calls), "client calls started after the warm-up and before the horizon");
    say("availability", Cell::Ratio(run.succeeded, run.calls), "the share of them that succeeded; unfinished ones did not");
    for (edge, succeeded, calls) in synthetic(manifest, run) {
        say(
            &format!("availability, {edge}"),
            Cell::Ratio(succeeded, calls),
            "the share of synthetic calls that succeeded, which are counted apart",
        );
    }
    say("failed", Cell::Count(run.failed.iter().sum()), "calls that ended in failure");
    say("unfinished", Cell::Count(run.unfinished), "calls not decided when the drain was over");
    let seen = run.messages;
    for (measure, count, meaning) in [
        (
            "wrong answers",
            run.wrong,
            "successful calls whose answer was altered on the way or given by a dishonest node, or rests on one that was",
        ),
        ("degraded answers", run.degraded, "successful calls that ended with a default value or an old answer, or rest on one"),
        ("messages copied", seen.copied, "second copies that links made"),
        ("messages without room", seen.full, "dropped because the queue of a line was full"),
        ("messages omitted", seen.omitted, "not sent by their sender, or not heard by their receiver, because of a fault"),
        ("messages corrupt", seen.corrupt, "dropped by their receiver because they had been altered on the way"),
        ("messages altered", seen.altered, "delivered though they had been altered on the way"),
    ] {
        say(measure, if count == 0 { Cell::Missing } else { Cell::Count(count) }, meaning);
    }
    if run.latency.count > 0 {
        say("latency mean", Cell::Length(run.latency.mean), "of successful calls, from the intended start");
    }
    for (quantile, value) in quantiles(&run.latency) {
        say(&format!("latency {quantile}"), value, "of successful calls, from the intended start");
    }
    super::fairness::of_run(manifest, run, &mut say);
    super::classes::of_run(run, &mut say);
    for (edge, measures) in manifest.edges.iter().zip(&run.edges) {
        say(
            &format!("attempts/call, {edge}"),
            Cell::Factor(measures.attempts, measures.calls),
            "attempts on the wire per call of this edge",
        );
    }
    if let Some(last) = run.last_success.filter(|_| manifest.load == "one-shot") {
        say("last success", Cell::Length(last.since_start()), "when the last call succeeded: how long it took until everybody was done");
    }
    super::run_episodes::of_run(manifest, (run, bins), &mut say);
    if !run.episodes.is_empty() {
        super::detection::of_run(run, &mut say);
        super::stuck::of_run(run, &mut say);
    }
    if let Some(outcome) = run.experiment {
        let word = |held: bool| Cell::text(if held { "held" } else { "failed" });
        let meaning = if outcome.held_before { "so that the faults struck" } else { "so that no fault struck" };
        say("hypothesis before", word(outcome.held_before), meaning);
        let aborted = Cell::or_missing(outcome.aborted, |at| Cell::Length(at.since_start()));
        say("aborted at", aborted, "when a measure lifted all faults at once");
        say("hypothesis after", word(outcome.held_after), "over the last stretch of time before the horizon");
    }
    run.up.iter().for_each(|up| uptime(up, &mut say));
    super::properties::of_run(run, &mut say);
    for observation in &run.observations {
        let meaning = match observation.fold {
            Fold::Sum => "added up, as it was observed",
            Fold::Least => "the least that was observed",
            Fold::Mean => "the mean of what was observed",
            Fold::Most => "the most that was observed",
            Fold::Percentile(50) => "half of what was observed is not greater",
            Fold::Percentile(_) => "so many per cent of what was observed are not greater",
        };
        say(&observation.title(), observed(observation), meaning);
    }
    let share = Cell::Ratio(run.wasted_work.as_nanos(), run.work.as_nanos());
    say("wasted work", if run.work.is_zero() { Cell::Missing } else { share }, "share of server time spent on attempts nobody waited for");
    say("events", Cell::Count(run.events), "events handled by the kernel");
    say("ended", Cell::Length(run.ended.since_start()), "when nothing was left to do, or the end of the drain");
    let columns = ["measure", "value", "unit", "meaning"].map(Column::text).to_vec();
    let mut in_files = Table::new(table.title.as_str(), columns);
    for row in &table.rows {
        if let [measure, value, meaning] = row.as_slice() {
            in_files.push(vec![measure.clone(), value.clone(), Cell::text(value.unit()), meaning.clone()]);
        }
    }
    table.files = Some(Box::new(in_files));
    table
}

/// What happened to client calls in each time bin of one run.
pub fn over_time(manifest: &Manifest, bins: &[Bin]) -> Table {
    let mut columns = vec![Column::number("start of bin", "s")];
    columns.extend(["started", "succeeded of those", "completed", "failed", "attempts"].map(|name| Column::number(name, "")));
    let mut table = Table::new("The run over time", columns);
    for (index, bin) in (0..).zip(bins) {
        let counts = [bin.started, bin.succeeded, bin.completed, bin.failed, bin.attempts].map(Cell::Count);
        table.push(std::iter::once(Cell::Length(manifest.bin.saturating_mul(index))).chain(counts).collect());
    }
    table
}

/// When the faults of one run struck.
pub fn strikes(windows: &[FaultWindow]) -> Table {
    let columns = vec![Column::text("fault"), Column::number("begin", "s"), Column::number("end", "s")];
    let mut table = Table::new("The faults of the run", columns);
    for window in windows {
        let end = Cell::or_missing(window.end, |end| Cell::Length(end.since_start()));
        table.push(vec![Cell::text(window.told()), Cell::Length(window.begin.since_start()), end]);
    }
    table
}

/// What clients that are no users met: the edge, and how many of how many calls succeeded.
pub fn synthetic<'a>(manifest: &'a Manifest, run: &'a RunMeasures) -> impl Iterator<Item = (&'a str, u64, u64)> {
    manifest.synthetic.iter().filter_map(|edge| {
        let (name, measures) = (manifest.edges.get(*edge as usize)?, run.edges.get(*edge as usize)?);
        Some((name.as_str(), measures.succeeded, measures.calls))
    })
}

pub(super) type Say<'a> = &'a mut dyn FnMut(&str, Cell, &str);

/// The columns of a service or group in a file of runs: of all its members, of a majority and of any, where these are not the same.
pub(crate) fn columns_of_uptime(up: &Uptime) -> Vec<(Quorum, Column)> {
    let all = [(Quorum::All, ""), (Quorum::Majority, "a majority of "), (Quorum::One, "any of ")];
    let told = match up.members {
        0 | 1 => &all[..1],
        2 => &[all[0], all[2]],
        _ => &all[..],
    };
    told.iter().map(|(quorum, who)| (*quorum, Column::number(format!("uptime of {who}{}", up.of), "0..1"))).collect()
}

/// Shares of time in which members were up, where any was down.
fn uptime(up: &Uptime, say: Say<'_>) {
    let most = up.members;
    if up.exactly.iter().all(|&(members, _)| members == most) {
        return;
    }
    let share = |members: u32| {
        let (part, whole) = up.at_least(members);
        // A year in nanoseconds fits many times over.
        Cell::Ratio(part as u64, whole as u64)
    };
    let (all, majority) = (Quorum::All.of(most), Quorum::Majority.of(most));
    let meaning =
        if most == 1 { "share of the measured time that it was up" } else { "share of the measured time that every member was up" };
    say(&format!("uptime of {}", up.of), share(all), meaning);
    if most > 2 {
        let name = format!("uptime of a majority of {}", up.of);
        say(&name, share(majority), &format!("share of the measured time that at least {majority} of {most} members were up"));
    }
    if most > 1 {
        say(&format!("uptime of any of {}", up.of), share(1), "share of the measured time that at least one member was up");
    }
}

/// The number of an observation; a length may be negative.
pub fn observed(observation: &Observation) -> Cell {
    let value = observation.value;
    match observation.unit {
        Unit::Count => Cell::Count(value.unsigned_abs()),
        Unit::Time if value < 0 => Cell::Signed(value),
        Unit::Time => Cell::Length(SimDuration::from_nanos(value.unsigned_abs())),
    }
}

fn quantiles(latency: &LatencySummary) -> Vec<(&'static str, Cell)> {
    if latency.count == 0 {
        return Vec::new();
    }
    let named = [("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("p99.9", latency.p999), ("max", latency.max)];
    named.into_iter().map(|(name, value)| (name, Cell::Length(value))).collect()
}
