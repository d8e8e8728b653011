//! What does one run say for itself?

use crate::number;
use crate::table::{Cell, Column, Table};
use scenarios::measure::{Fold, LatencySummary, Observation, Recovery, RunMeasures, Unit};
use scenarios::results::Manifest;
use sim_core::time::SimDuration;
use sim_core::units::SignedDuration;

/// The measures of one run, each with its meaning in one line.
pub fn single_run(manifest: &Manifest, run: &RunMeasures) -> Table {
    let mut table = Table::new("Measures of the run", vec![Column::text("measure"), Column::number("value", ""), Column::text("meaning")]);
    let mut say = |measure: &str, value: Cell, meaning: &str| {
        if value != Cell::Missing {
            table.push(vec![Cell::text(measure), value, Cell::text(meaning)]);
        }
    };
    say("calls", Cell::Count(run.calls), "client calls started after the warm-up and before the horizon");
    say("availability", Cell::Ratio(run.succeeded, run.calls), "the share of them that succeeded; unfinished ones did not");
    say("failed", Cell::Count(run.failed.iter().sum()), "calls that ended in failure");
    say("unfinished", Cell::Count(run.unfinished), "calls not decided when the drain was over");
    let seen = run.messages;
    for (measure, count, meaning) in [
        (
            "wrong answers",
            run.wrong,
            "successful calls whose answer was altered on the way or given by a dishonest node, or rests on one that was",
        ),
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
    for (index, episode) in run.episodes.iter().enumerate() {
        let name = |measure: &str| if run.episodes.len() == 1 { measure.to_owned() } else { format!("{measure}, episode {}", index + 1) };
        let (value, meaning) = recovery(manifest, &episode.recovery);
        say(&name("recovery"), value, &meaning);
        say(&name("downtime"), Cell::Length(episode.downtime), "time below the level, from the begin of the fault");
        say(&name("calls lost"), Cell::Count(episode.calls_lost), "successes missing against the level while below it");
        say(&name("relapses"), Cell::Count(u64::from(episode.relapses)), "times service came back and fell below the level again");
    }
    if !run.episodes.is_empty() {
        let meaning = "whether it stays below the level with no fault active and the load as before";
        say("stuck", Cell::text(if run.stuck { "yes" } else { "no" }), meaning);
    }
    for observation in &run.observations {
        let meaning = match observation.fold {
            Fold::Sum => "added up, as the protocol or the clocks observed it",
            Fold::Least => "the least that was observed",
            Fold::Most => "the most that was observed",
        };
        say(&observation.title(), observed(observation), meaning);
    }
    let share = Cell::Ratio(run.wasted_work.as_nanos(), run.work.as_nanos());
    say("wasted work", if run.work.is_zero() { Cell::Missing } else { share }, "share of server time spent on attempts nobody waited for");
    say("events", Cell::Count(run.events), "events handled by the kernel");
    say("ended", Cell::Length(run.ended.since_start()), "when nothing was left to do, or the end of the drain");
    table
}

/// The number of an observation; a length may be negative.
pub fn observed(observation: &Observation) -> Cell {
    let value = observation.value;
    match observation.unit {
        Unit::Count => Cell::Count(value.unsigned_abs()),
        Unit::Time if value < 0 => {
            let length = SignedDuration::from_nanos(value);
            Cell::Written(length.to_string(), value as f64 / 1e9)
        }
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

fn recovery(manifest: &Manifest, recovery: &Recovery) -> (Cell, String) {
    match recovery {
        Recovery::Unharmed => (Cell::text("unharmed"), "no rolling window fell below the level".to_owned()),
        Recovery::After(length) => {
            let hold = number::length(manifest.hold);
            let meaning =
                format!("from the fault's end to the end of the last {hold} window below the level: back at once reads up to {hold}");
            (Cell::Length(*length), meaning)
        }
        Recovery::Censored(length) => {
            (Cell::Censored(*length), "not recovered: still below the level when the horizon or the next episode came".to_owned())
        }
        Recovery::Undecided(reason) => (Cell::text("undecided"), reason.clone()),
    }
}
