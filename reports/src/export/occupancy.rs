//! How full was each service over time, over the runs of one arm and cell?

use super::series::{BAND, Band};
use crate::table::{Cell, Column, Table};
use scenarios::results::{CellSeries, LevelTotals, Manifest, THOUSANDTHS};

/// One row per service and bin: workers that were busy and requests that waited for one, each the mean over the runs of its average over
/// the bin, and quantiles over the runs. Nothing without services.
pub fn over_time(manifest: &Manifest, series: &CellSeries) -> Option<Table> {
    let mut columns =
        vec![Column::text("service"), Column::number("start of bin", "s"), Column::number("runs", ""), Column::number("workers", "")];
    for of in ["busy workers", "waiting"] {
        columns.extend(["mean", "p5", "median", "p95"].map(|name| Column::number(format!("{of} {name}"), "")));
    }
    columns.push(Column::number("utilisation mean", "0..1"));
    let mut table = Table::new("Busy workers and queue of each service, per time bin", columns);
    for service in &series.occupancies {
        for (index, (busy, waiting)) in (0..).zip(service.busy.iter().zip(&service.waiting)) {
            let workers = if service.workers == 0 { Cell::Missing } else { Cell::Count(service.workers) };
            let mut row =
                vec![Cell::text(&service.service), Cell::Length(manifest.bin.saturating_mul(index)), Cell::Count(service.runs), workers];
            for level in [busy, waiting] {
                row.push(Cell::Factor(level.sum, THOUSANDTHS * service.runs));
                row.extend(band(level).map(|value| Cell::or_missing(value, |thousandths| Cell::Factor(thousandths, THOUSANDTHS))));
            }
            let all = THOUSANDTHS * service.workers * service.runs;
            row.push(if all == 0 { Cell::Missing } else { Cell::Ratio(busy.sum, all) });
            table.push(row);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Over the runs, in one bin: the quantiles of a level, in thousandths.
pub(crate) fn band(level: &LevelTotals) -> Band<u64> {
    BAND.map(|quantile| level.runs.about(quantile))
}
