//! How long did calls take, over all runs of one arm and cell together: the whole distribution, and quantiles over time?

use crate::table::{Cell, Column, Table};
use scenarios::results::{CellSeries, FineHistogram, Manifest};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;

/// The quantiles of latency over time.
pub const QUANTILES: [(&str, Quantile); 4] =
    [("p50", Quantile::MEDIAN), ("p90", Quantile::new(90, 100)), ("p99", Quantile::P99), ("p99.9", Quantile::new(999, 1000))];

/// One row per bucket that holds a call: successes, then failures. Nothing if no call has ended.
pub fn distribution(series: &CellSeries) -> Option<Table> {
    let columns = vec![
        Column::text("calls"),
        Column::number("latency from", "s"),
        Column::number("latency to", "s"),
        Column::number("count", ""),
        Column::number("share up to here", "0..1"),
    ];
    let mut table = Table::new("Latency of calls over all runs together, from the intended start, in buckets 0.8 % wide", columns);
    rows(&mut table, "success", &series.latencies.successes);
    rows(&mut table, "failure", &series.latencies.failures);
    (!table.rows.is_empty()).then_some(table)
}

fn rows(table: &mut Table, name: &str, histogram: &FineHistogram) {
    let (all, mut so_far) = (histogram.len(), 0);
    for (least, greatest, count) in histogram.rows() {
        so_far += count;
        let length = |nanos| Cell::Length(SimDuration::from_nanos(nanos));
        table.push(vec![Cell::text(name), length(least), length(greatest), Cell::Count(count), Cell::Ratio(so_far, all)]);
    }
}

/// One row per stretch of time: quantiles of the latency of the calls started in it that succeeded. Nothing if none did.
pub fn over_time(manifest: &Manifest, series: &CellSeries) -> Option<Table> {
    let mut columns = vec![Column::number("calls started from", "s"), Column::number("successes", "")];
    columns.extend(QUANTILES.map(|(name, _)| Column::number(format!("latency {name}"), "s")));
    let mut table = Table::new("Latency of successful calls by the time they were started, over all runs together", columns);
    let stretch = manifest.bin.saturating_mul(u64::from(series.latencies.bins_of_stretch));
    for (index, histogram) in (0..).zip(&series.latencies.over_time) {
        let mut row = vec![Cell::Length(stretch.saturating_mul(index)), Cell::Count(histogram.len())];
        row.extend(
            QUANTILES
                .map(|(_, quantile)| Cell::or_missing(histogram.about(quantile), |nanos| Cell::Length(SimDuration::from_nanos(nanos)))),
        );
        table.push(row);
    }
    series.latencies.over_time.iter().any(|histogram| !histogram.is_empty()).then_some(table)
}
