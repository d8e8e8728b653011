//! What did every single run measure?
//!
//! One row per run in grid order. Lengths are in seconds, exact to the nanosecond.

use crate::summary;
use crate::table::{Cell, Column, Table};
use scenarios::measure::{Episode, Fold, LatencySummary, Observation, Recovery, RunMeasures, Unit, Uptime};
use scenarios::outcome::Failure;
use scenarios::results::{Manifest, Results, RunOutcome, RunRow};
use scenarios::uptime::Quorum;
use sim_core::time::SimDuration;
use std::collections::BTreeMap;

/// Columns of one latency summary.
const LATENCY: [&str; 7] = ["count", "mean", "p50", "p90", "p99", "p999", "max"];

/// Columns of what became of messages.
const MESSAGES: [&str; 9] = ["sent", "copied", "arrived", "lost", "cut", "full", "corrupt", "dead", "altered"];

/// One row per run, in grid order.
pub fn table(results: &Results) -> Table {
    let observed = observed(results);
    let classes = summary::classes::names(results.runs.iter().filter_map(finished));
    let populations = summary::fairness::names(results.runs.iter().filter_map(finished));
    let services = summary::services::names(results.runs.iter().filter_map(finished));
    let fleets = fleets(results);
    let mut columns = columns(&results.manifest);
    let width = columns.len();
    columns.extend(summary::detection::columns());
    columns.extend(summary::fairness::columns_of_objective());
    columns.extend(summary::edges::columns(&results.manifest));
    columns.extend(populations.iter().flat_map(|name| summary::fairness::columns(name)));
    columns.extend(services.iter().flat_map(|service| summary::services::columns(service)));
    columns.extend(classes.iter().flat_map(|class| class_columns(class)));
    columns.extend(fleets.iter().flat_map(summary::columns_of_uptime).map(|(_, column)| column));
    for (title, kind) in &observed {
        let unit = if kind.unit == Unit::Time { "s" } else { "" };
        // Every column has a name of its own, whatever a run observes.
        let is_taken = columns.iter().any(|column| column.name == *title);
        columns.push(Column::number(if is_taken { format!("observed: {title}") } else { title.clone() }, unit));
    }
    let mut table = Table::new("Every run", columns);
    for row in &results.runs {
        let mut cells = cells(&results.manifest, row);
        cells.resize(width, Cell::Missing);
        cells.extend(summary::detection::cells(finished(row)));
        cells.extend(summary::fairness::cells_of_objective(&results.manifest, finished(row)));
        cells.extend(summary::edges::cells(&results.manifest, finished(row)));
        cells.extend(populations.iter().flat_map(|name| summary::fairness::cells(finished(row), name)));
        cells.extend(services.iter().flat_map(|service| summary::services::cells(finished(row), service)));
        cells.extend(classes.iter().flat_map(|class| class_cells(row, class)));
        cells.extend(fleets.iter().flat_map(|fleet| uptimes(row, fleet)));
        cells.extend(observed.iter().map(|(title, kind)| observation(row, title, kind)));
        table.push(cells);
    }
    table
}

/// The services and groups whose members were counted in any run.
fn fleets(results: &Results) -> Vec<Uptime> {
    let mut fleets: Vec<Uptime> = Vec::new();
    for up in results.runs.iter().filter_map(finished).flat_map(|run| &run.up) {
        match fleets.iter_mut().find(|fleet| fleet.of == up.of) {
            // Arms may have more members or fewer.
            Some(fleet) => fleet.members = fleet.members.max(up.members),
            None => fleets.push(up.clone()),
        }
    }
    fleets
}

fn uptimes(row: &RunRow, fleet: &Uptime) -> Vec<Cell> {
    let up = finished(row).and_then(|run| run.up.iter().find(|up| up.of == fleet.of));
    let share = |quorum: Quorum| {
        Cell::or_missing(up, |up| {
            let (part, whole) = up.at_least(quorum.of(up.members));
            // A year in nanoseconds fits many times over.
            Cell::Ratio(part as u64, whole as u64)
        })
    };
    summary::columns_of_uptime(fleet).into_iter().map(|(quorum, _)| share(quorum)).collect()
}

/// One of its kind of everything that was observed in any run, by title.
fn observed(results: &Results) -> BTreeMap<String, &Observation> {
    let measures = results.runs.iter().filter_map(finished);
    measures.flat_map(|run| &run.observations).map(|one| (one.title(), one)).collect()
}

fn finished(row: &RunRow) -> Option<&RunMeasures> {
    match &row.outcome {
        RunOutcome::Finished { measures, .. } => Some(measures),
        RunOutcome::Stalled(_) | RunOutcome::Panicked(_) => None,
    }
}

/// What a run observed under a title. What was not counted did not happen, and an extreme of nothing is nothing.
fn observation(row: &RunRow, title: &str, kind: &Observation) -> Cell {
    let Some(run) = finished(row) else { return Cell::Missing };
    match run.observations.iter().find(|one| one.title() == title) {
        Some(one) => summary::observed(one),
        None if kind.fold == Fold::Sum => summary::observed(&Observation { value: 0, ..kind.clone() }),
        None => Cell::Missing,
    }
}

/// Columns of one class of requests.
fn class_columns(class: &str) -> [Column; 5] {
    let count = |name: &str| Column::number(format!("class {class}: {name}"), "");
    let length = |name: &str| Column::number(format!("class {class}: latency {name}"), "s");
    [count("calls"), count("succeeded"), length("mean"), length("p50"), length("p99")]
}

fn class_cells(row: &RunRow, class: &str) -> [Cell; 5] {
    let Some(measures) = finished(row).and_then(|run| run.classes.iter().find(|measures| measures.class == class)) else {
        return [const { Cell::Missing }; 5];
    };
    let latency = |of: SimDuration| if measures.latency.count == 0 { Cell::Missing } else { Cell::Length(of) };
    let seen = &measures.latency;
    [Cell::Count(measures.calls), Cell::Count(measures.succeeded), latency(seen.mean), latency(seen.p50), latency(seen.p99)]
}

fn columns(manifest: &Manifest) -> Vec<Column> {
    let mut columns = vec![Column::text("arm")];
    columns.extend(manifest.axes.iter().map(|axis| Column::text(axis.as_str())));
    columns.extend(["seed", "outcome", "digest"].map(Column::text));
    columns.extend(["calls", "succeeded", "unfinished"].map(|name| Column::number(name, "")));
    columns.push(Column::number("availability", "0..1"));
    columns.extend(Failure::ALL.map(|failure| Column::number(format!("failed: {}", failure.name()), "")));
    for edge in &manifest.edges {
        columns.extend(["calls", "succeeded", "attempts"].map(|name| Column::number(format!("{edge}: {name}"), "")));
    }
    for of in ["latency", "failure latency"] {
        columns.extend(LATENCY.map(|name| Column::number(format!("{of} {name}"), if name == "count" { "" } else { "s" })));
    }
    columns.extend([Column::number("wasted work", "s"), Column::number("work", "s")]);
    columns.extend([Column::number("episodes", ""), Column::text("recovery"), Column::number("recovery time", "s")]);
    columns.extend([
        Column::number("downtime", "s"),
        Column::number("calls lost", ""),
        Column::number("relapses", ""),
        Column::text("stuck"),
    ]);
    columns.extend([Column::number("last success", "s"), Column::number("ended", "s"), Column::number("events", "")]);
    columns.extend(["wrong", "degraded"].map(|name| Column::number(name, "")));
    columns.extend(MESSAGES.map(|name| Column::number(format!("messages {name}"), "")));
    columns
}

fn cells(manifest: &Manifest, row: &RunRow) -> Vec<Cell> {
    let mut cells = vec![Cell::text(manifest.arms.get(row.arm as usize).map_or("", String::as_str))];
    let values = manifest.cells.get(row.cell as usize).map_or(&[][..], Vec::as_slice);
    cells.extend((0..manifest.axes.len()).map(|axis| Cell::or_missing(values.get(axis), Cell::text)));
    cells.push(Cell::text(row.seed.to_string()));
    match &row.outcome {
        RunOutcome::Finished { measures, digest } => {
            cells.extend([Cell::text("finished"), Cell::text(format!("{digest:016x}"))]);
            cells.extend(measured(manifest, measures));
        }
        RunOutcome::Stalled(message) => cells.push(Cell::text(format!("stalled: {message}"))),
        RunOutcome::Panicked(message) => cells.push(Cell::text(format!("panicked: {message}"))),
    }
    cells.resize(columns(manifest).len(), Cell::Missing);
    cells
}

fn measured(manifest: &Manifest, run: &RunMeasures) -> Vec<Cell> {
    let mut cells = [run.calls, run.succeeded, run.unfinished].map(Cell::Count).to_vec();
    cells.push(Cell::Ratio(run.succeeded, run.calls));
    cells.extend(Failure::ALL.map(|failure| Cell::Count(run.failed.get(failure.index()).copied().unwrap_or(0))));
    for edge in 0..manifest.edges.len() {
        let counts = run.edges.get(edge).map(|edge| [edge.calls, edge.succeeded, edge.attempts]);
        cells.extend(counts.map_or([Cell::Missing, Cell::Missing, Cell::Missing], |counts| counts.map(Cell::Count)));
    }
    cells.extend(latency(&run.latency));
    cells.extend(latency(&run.failure_latency));
    cells.extend([Cell::Length(run.wasted_work), Cell::Length(run.work), Cell::Count(run.episodes.len() as u64)]);
    cells.extend(recovery(&run.episodes));
    // Without a fault nothing was lost to one; where there is no level nobody knows.
    let is_known = run.episodes.is_empty() || run.downtime().is_some();
    let known = |cell: Cell| if is_known { cell } else { Cell::Missing };
    cells.push(known(Cell::Length(run.downtime().unwrap_or_default())));
    cells.push(known(Cell::Count(run.calls_lost().unwrap_or_default())));
    cells.push(known(Cell::Count(run.episodes.iter().map(|episode| u64::from(episode.relapses)).sum())));
    cells.push(Cell::text(if run.stuck { "yes" } else { "no" }));
    cells.push(Cell::or_missing(run.last_success, |instant| Cell::Length(instant.since_start())));
    cells.extend([Cell::Length(run.ended.since_start()), Cell::Count(run.events), Cell::Count(run.wrong), Cell::Count(run.degraded)]);
    let seen = run.messages;
    let counts = [seen.sent, seen.copied, seen.arrived, seen.lost, seen.cut, seen.full, seen.corrupt, seen.dead, seen.altered];
    cells.extend(counts.map(Cell::Count));
    cells
}

fn latency(latency: &LatencySummary) -> [Cell; 7] {
    if latency.count == 0 {
        return std::array::from_fn(|index| if index == 0 { Cell::Count(0) } else { Cell::Missing });
    }
    let lengths = [latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
    std::array::from_fn(|index| if index == 0 { Cell::Count(latency.count) } else { Cell::Length(lengths[index - 1]) })
}

/// The word and the time of the slowest episode; each episode's own are in the journal.
fn recovery(episodes: &[Episode]) -> [Cell; 2] {
    let rank = |episode: &&Episode| match &episode.recovery {
        Recovery::Unharmed => (0, SimDuration::ZERO),
        Recovery::After(length) => (1, *length),
        Recovery::CutOff { after, .. } => (2, *after),
        Recovery::Undecided(_) => (3, SimDuration::ZERO),
        Recovery::Censored(length) => (4, *length),
    };
    let Some(worst) = episodes.iter().max_by_key(rank) else {
        return [Cell::Missing, Cell::Missing];
    };
    match &worst.recovery {
        Recovery::Unharmed => [Cell::text("unharmed"), Cell::Length(SimDuration::ZERO)],
        Recovery::After(length) => [Cell::text("recovered"), Cell::Length(*length)],
        Recovery::CutOff { after, .. } => [Cell::text("cut off"), Cell::Censored(*after)],
        Recovery::Undecided(_) => [Cell::text("undecided"), Cell::Missing],
        Recovery::Censored(length) => [Cell::text("not recovered"), Cell::Censored(*length)],
    }
}
