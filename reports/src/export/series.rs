//! What happened in each time bin, over the runs of one arm and cell?

use crate::table::{Cell, Column, Table};
use scenarios::results::{BinTotals, CellSeries, Manifest};
use sim_core::stats::quantile::Quantile;
use sim_core::time::SimDuration;
use std::collections::BTreeMap;

/// The quantiles of every band: 5th percentile, median, 95th percentile.
pub const BAND: [Quantile; 3] = [Quantile::P5, Quantile::MEDIAN, Quantile::P95];

/// What columns of attempts are called: a call that passes two edges is two attempts or more.
pub const ATTEMPTS_ON_ALL_EDGES: &str = "attempts on all edges";

/// One row per bin: sums over the runs, and quantiles over the runs of availability, goodput and attempts.
pub fn table(manifest: &Manifest, series: &CellSeries) -> Table {
    let mut columns = vec![Column::number("start of bin", "s"), Column::number("runs", "")];
    columns.extend(["started", "succeeded", "completed", "failed", ATTEMPTS_ON_ALL_EDGES].map(|name| Column::number(name, "")));
    for (of, unit) in [("availability", "0..1"), ("goodput", "1/s"), ("attempts per second on all edges", "1/s")] {
        columns.extend(["p5", "median", "p95"].map(|name| Column::number(format!("{of} {name}"), unit)));
    }
    let mut table = Table::new("Sums and quantiles over the runs, per time bin", columns);
    for (index, bin) in series.bins.iter().enumerate() {
        let mut row = vec![Cell::Length(manifest.bin.saturating_mul(index as u64)), Cell::Count(series.runs)];
        row.extend([bin.started, bin.succeeded, bin.completed, bin.failed, bin.attempts].map(Cell::Count));
        let (availability, goodput, attempts) = bands(bin, manifest.bin);
        row.extend(availability.map(|value| Cell::or_missing(value, |thousandths| Cell::Ratio(thousandths, 1000))));
        row.extend(goodput.into_iter().chain(attempts).map(|value| Cell::or_missing(value, Cell::Rate)));
        table.push(row);
    }
    table
}

/// The three quantiles of [`BAND`], each `None` where no run has a value.
pub(crate) type Band<T> = [Option<T>; 3];

/// Over the runs, in one bin: availability in thousandths, goodput per second, attempts per second on all edges together.
pub(crate) fn bands(bin: &BinTotals, width: SimDuration) -> (Band<u64>, Band<f64>, Band<f64>) {
    let availability =
        BAND.map(|quantile| quantile.of_counted(bin.availability.iter().map(|(value, runs)| (u64::from(*value), u64::from(*runs)))));
    let rates = |counted: &BTreeMap<u64, u32>| {
        let of = |quantile: Quantile| quantile.of_counted(counted.iter().map(|(value, runs)| (*value, u64::from(*runs))));
        BAND.map(|quantile| of(quantile).filter(|_| !width.is_zero()).map(|count| count as f64 / width.as_secs_f64()))
    };
    (availability, rates(&bin.goodput), rates(&bin.offered))
}
